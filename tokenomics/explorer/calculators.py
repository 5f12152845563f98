"""The calculators of the book: what each asks, and how it answers.

A calculator answers with a panel: a headline, a few readouts and a few charts,
all plain lists and dictionaries. The panel functions are compiled to
JavaScript, so they use only what PScript knows.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass

from .. import catalogue
from ..architecture import Architecture, Attention, FeedForward, Layer
from ..elementwise import maximum
from ..hardware import devices_to_hold
from ..latency import decode_rate, decode_step, decode_throughput, step_time
from ..numerals import counted, decimal, grouped, quantity, significant
from ..parameters import parameters_by_part, total_parameters, weight_bytes
from ..roofline import arithmetic_intensity, ridge_point
from ..work import kv_bytes_per_token
from .controls import Control, machine_control, model_control, numbers_control

__all__ = ["CALCULATORS", "Calculator", "shelf"]

PRECISIONS = ((32, "fp32, 32 bit"), (16, "bf16, 16 bit"), (8, "fp8 or int8, 8 bit"), (4, "int4, 4 bit"))


@dataclass(frozen=True, kw_only=True)
class Calculator:
    """A question that the reader can vary.

    Parameters
    ----------
    name : str
        Its name, also in the address of a shared state. [-]
    title : str
        The question. [-]
    controls : tuple of Control
        What can be varied. [-]
    panel : callable
        The answer, a function of the shelf and of the values. [-]
    uses : tuple of str
        The parts of the shelf that the answer reads: ``models``, ``machines``. [-]

    Examples
    --------
    >>> CALCULATORS["weigh"].controls[0].name
    'model'
    """

    name: str
    title: str
    controls: tuple
    panel: Callable
    uses: tuple


def shelf(uses) -> dict:
    """Lay out the records of the catalogue as the page sees them.

    Parameters
    ----------
    uses : iterable of str
        ``models``, ``machines``. [-]

    Returns
    -------
    dict
        Records by name. [-]

    Examples
    --------
    >>> list(shelf(["machines"]))
    ['machines']
    """
    parts = {"models": (catalogue.models, catalogue.model), "machines": (catalogue.accelerators, catalogue.accelerator)}
    return {part: {name: parts[part][1](name) for name in parts[part][0]()} for part in uses}


def readout(label: str, text: str) -> dict:
    """Make one line of a panel's table of answers."""
    return {"label": label, "text": text}


def segment(label: str, value: float, text: str, series: int) -> dict:
    """Make one piece of a bar."""
    return {"label": label, "value": value, "text": text, "series": series}


def part_segments(architecture) -> list:
    """Cut a bar into the parts of a model."""
    segments = []
    series = 0
    parts = parameters_by_part(architecture)
    for part in parts.keys():
        if parts[part] > 0:
            segments.append(segment(part, parts[part], counted(parts[part]), series))
        series = series + 1
    return segments


def parts_chart(architecture) -> dict:
    """Draw the parts of a model as one bar."""
    return {
        "kind": "bars",
        "title": "Parameters by part",
        "unit": "parameters",
        "bars": [{"label": "All layers", "segments": part_segments(architecture)}],
    }


def weigh_panel(shelf, values):
    """Weigh a model at a precision, beside the memory of a machine."""
    architecture = shelf["models"][values["model"]]
    machine = shelf["machines"][values["machine"]]
    total = total_parameters(architecture)
    size = weight_bytes(total, values["bits"])
    devices = devices_to_hold(size, machine.memory)
    left = devices * machine.memory - size
    device = " device" if devices == 1 else " devices"
    return {
        "headline": quantity(size, "B") + " of weights: at least " + grouped(devices) + " × " + machine.label + ".",
        "readouts": [
            readout("Parameters", grouped(total)),
            readout("Weights", quantity(size, "B")),
            readout("Memory of one device", quantity(machine.memory, "B")),
            readout("Least number of devices", grouped(devices) + device),
            readout("Left on them for everything else", quantity(left, "B")),
        ],
        "charts": [
            parts_chart(architecture),
            {
                "kind": "bars",
                "title": "Weights beside the memory that holds them",
                "unit": "B",
                "bars": [
                    {"label": "Weights", "segments": [segment("weights", size, quantity(size, "B"), 1)]},
                    {
                        "label": grouped(devices) + device,
                        "segments": [
                            segment("memory", devices * machine.memory, quantity(devices * machine.memory, "B"), 5)
                        ],
                    },
                ],
            },
        ],
    }


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
        layers=[Layer(count=values["layers"], attention=attention, feed_forward=feed_forward)],
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


def decode_panel(shelf, values):
    """Time one decode step: arithmetic against memory, and the rates that follow."""
    architecture = shelf["models"][values["model"]]
    machine = shelf["machines"][values["machine"]]
    batch = values["batch"]
    devices = values["devices"]
    step = decode_step(
        architecture,
        machine,
        batch=batch,
        context=values["context"],
        devices=devices,
        weight_bits=values["bits"],
    )
    time = step_time(step)
    memory_time = step.weight_time + step.kv_time
    traffic = step.weight_traffic + step.kv_traffic
    cache = batch * values["context"] * kv_bytes_per_token(architecture, bits=16)
    needed = weight_bytes(total_parameters(architecture), values["bits"]) + cache
    available = devices * machine.memory
    has_peak = "bf16" in machine.peaks
    fits = "fits in " if needed <= available else "does not fit in "
    roof = "arithmetic" if step.compute_time > memory_time else "memory"
    readouts = [
        readout("Time of one step", quantity(time, "s")),
        readout("Each user sees at most", significant(decode_rate(time)) + " token/s"),
        readout("The batch gets at most", significant(decode_throughput(batch, time)) + " token/s"),
        readout("Roof that binds", roof),
        readout("Arithmetic intensity", significant(arithmetic_intensity(step.flops, traffic)) + " FLOP/byte"),
    ]
    if has_peak:
        ridge = ridge_point(machine.peaks["bf16"], machine.bandwidth)
        readouts.append(readout("Ridge point at bf16", significant(ridge) + " FLOP/byte"))
    else:
        readouts.append(readout("Ridge point at bf16", "no published peak"))
    readouts.append(readout("Weights and KV cache", quantity(needed, "B") + ", " + fits + quantity(available, "B")))
    charts = [
        {
            "kind": "bars",
            "title": "One decode step, drawn to scale",
            "unit": "s",
            "bars": [
                {"label": "Arithmetic", "segments": [segment("compute", step.compute_time, quantity(step.compute_time, "s"), 3)]},
                {
                    "label": "Memory",
                    "segments": [
                        segment("weights", step.weight_time, quantity(step.weight_time, "s"), 1),
                        segment("KV cache", step.kv_time, quantity(step.kv_time, "s"), 2),
                    ],
                },
            ],
        }
    ]
    if has_peak:
        charts.append(roofline_chart(machine, devices, step, time))
    return {
        "headline": "At most "
        + significant(decode_rate(time))
        + " token/s for each user; "
        + roof
        + " binds, and the model "
        + fits
        + grouped(devices)
        + " × "
        + machine.label
        + ".",
        "readouts": readouts,
        "charts": charts,
    }


def roofline_chart(machine, devices, step, time):
    """Draw a decode step under the roofline of its machine."""
    peak = devices * machine.peaks["bf16"]
    bandwidth = devices * machine.bandwidth
    ridge = ridge_point(peak, bandwidth)
    left = 0.1
    right = 10000
    intensity = arithmetic_intensity(step.flops, step.weight_traffic + step.kv_traffic)
    return {
        "kind": "curve",
        "title": "The step under the roofline",
        "x": {"label": "arithmetic intensity [FLOP/byte]", "low": left, "high": right},
        "y": {"label": "FLOP/s", "low": maximum(left * bandwidth / 10, 1e9), "high": 3 * peak},
        "lines": [
            {"label": "memory roof", "series": 1, "points": [[left, left * bandwidth], [ridge, peak]]},
            {"label": "compute roof", "series": 3, "points": [[ridge, peak], [right, peak]]},
        ],
        "marks": [{"label": "this step", "x": intensity, "y": step.flops / time, "series": 4}],
    }


CONTEXTS = [2**power for power in range(7, 18)]
BATCHES = [2**power for power in range(11)]

CALCULATORS = {
    calculator.name: calculator
    for calculator in (
        Calculator(
            name="weigh",
            title="What does a model weigh, and what holds it?",
            controls=(
                model_control(),
                Control(name="bits", label="Precision of the weights", options=PRECISIONS, default=16),
                machine_control(),
            ),
            panel=weigh_panel,
            uses=("models", "machines"),
        ),
        Calculator(
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
            uses=(),
        ),
        Calculator(
            name="decode",
            title="How fast can it decode?",
            controls=(
                model_control(),
                Control(name="bits", label="Precision of the weights", options=PRECISIONS[1:], default=16),
                machine_control(),
                numbers_control("devices", "Devices", [1, 2, 4, 8, 16], 1),
                numbers_control("batch", "Batch", BATCHES, 1),
                numbers_control("context", "Context of each sequence, in tokens", CONTEXTS, 2048),
            ),
            panel=decode_panel,
            uses=("models", "machines"),
        ),
    )
}


def plain(records: dict) -> dict:
    """Turn records into what JSON can hold."""
    return {part: {name: asdict(record) for name, record in named.items()} for part, named in records.items()}
