"""A model of the reader's own making, counted."""

from ...architecture import Architecture, Attention, FeedForward, Layer
from ...numerals import counted, decimal, grouped, quantity, significant
from ...parameters import parameters_by_part, total_parameters, weight_bytes
from ..controls import Calculator, Control, numbers_control
from .pieces import parts_chart, readout


def build_panel(shelf, values):
    """Count a model of the reader's own making."""
    hidden_size = values["heads"] * values["head_dim"]
    attention = Attention(
        heads=values["heads"], kv_heads=values["heads"] // values["group"], head_dim=values["head_dim"]
    )
    feed_forward = FeedForward(intermediate_size=values["widening"] * hidden_size // 4)
    architecture = Architecture(
        name="yours",
        hidden_size=hidden_size,
        vocabulary_size=values["vocabulary"],
        layers=(Layer(count=values["layers"], attention=attention, feed_forward=feed_forward),),
    )
    parts = parameters_by_part(architecture)
    total = total_parameters(architecture)
    outside = parts["input embedding"] + parts["output head"]
    return {
        "headline": counted(total) + " parameters, " + quantity(weight_bytes(total, 16), "B") + " at 16 bits.",
        "readouts": [
            readout("Hidden size", grouped(hidden_size)),
            readout("Intermediate size", grouped(feed_forward.intermediate_size)),
            readout("Parameters", grouped(total)),
            readout("Share of the feed-forward blocks", significant(100 * parts["feed-forward"] / total) + " %"),
            readout("Share of embedding and head", significant(100 * outside / total) + " %"),
        ],
        "charts": [parts_chart(architecture)],
    }


CALCULATOR = Calculator(
    name="build",
    title="Build a model and count it",
    controls=(
        numbers_control("layers", "Layers", range(1, 161), 80),
        numbers_control("heads", "Query heads", range(8, 129, 8), 64),
        numbers_control("head_dim", "Width of a head", [64, 128, 256], 128),
        numbers_control("group", "Query heads that share a key-value head", [1, 2, 4, 8], 8),
        Control(
            name="widening",
            label="Intermediate over hidden size",
            options=tuple((quarters, decimal(quarters / 4, 2)) for quarters in range(4, 25)),
            default=14,
            slider=True,
        ),
        Control(
            name="vocabulary",
            label="Vocabulary",
            options=tuple((size, grouped(size)) for size in (32000, 50257, 128256, 152064, 256000)),
            default=128256,
            slider=True,
        ),
    ),
    panel=build_panel,
)
