"""What the KV cache takes, and how many sequences fit."""

from ... import catalogue
from ...cache import cache_bytes, kv_bytes_per_token
from ...elementwise import maximum
from ...holding import held_cache_bytes
from ...numerals import grouped, quantity, significant
from ...parameters import total_parameters, weight_bytes
from ...work import decode_kv_traffic, decode_weight_traffic
from ..controls import (
    BATCHES,
    CONTEXTS,
    PRECISIONS,
    Calculator,
    Control,
    machine_control,
    model_control,
    numbers_control,
)
from .pieces import readout, segment


def cache_panel(shelf, values):
    """Lay the weights and the caches of some sequences into the memory of some machines."""
    architecture = shelf["models"][values["model"]]
    machine = shelf["machines"][values["machine"]]
    bits = values["kv_bits"]
    context = values["context"]
    sequences = values["sequences"]
    devices = values["devices"]
    memory = devices * machine.memory
    engine = memory / 10
    weights = weight_bytes(total_parameters(architecture), values["bits"])
    one = cache_bytes(architecture, context=context, bits=bits)
    held = held_cache_bytes(architecture, context=context, bits=bits, devices=devices)
    room = memory - engine - weights
    fit = maximum(room // held, 0)
    read = decode_kv_traffic(architecture, batch=sequences, context=context, bits=bits)
    step = read + decode_weight_traffic(architecture, bits=values["bits"], batch=sequences)
    place = grouped(devices) + " × " + machine.label
    if room <= 0:
        headline = "The weights alone do not fit in " + place + "."
    elif fit < 1:
        headline = "Not one sequence of " + grouped(context) + " tokens fits in " + place + "."
    elif fit == 1:
        headline = "One sequence of " + grouped(context) + " tokens fits in " + place + "."
    else:
        headline = grouped(fit) + " sequences of " + grouped(context) + " tokens fit in " + place + "."
    return {
        "headline": headline,
        "readouts": [
            readout("The first token leaves", quantity(kv_bytes_per_token(architecture, bits=bits), "B")),
            readout("One sequence needs", quantity(one, "B")),
            readout("The same on these devices, with copies", quantity(held, "B")),
            readout("Weights", quantity(weights, "B")),
            readout("Set aside for the engine, a tenth", quantity(engine, "B")),
            readout("Left for the cache", quantity(room, "B") if room > 0 else "nothing"),
            readout("Sequences that fit", grouped(fit)),
            readout("Cache in what a step reads", significant(100 * read / step) + " %"),
        ],
        "charts": [
            {
                "kind": "bars",
                "title": "Memory, drawn to scale",
                "unit": "B",
                "bars": [
                    {
                        "label": "Needed for " + grouped(sequences),
                        "segments": [
                            segment("weights", weights, quantity(weights, "B"), 1),
                            segment("KV cache", sequences * held, quantity(sequences * held, "B"), 2),
                            segment("engine", engine, quantity(engine, "B"), 4),
                        ],
                    },
                    {"label": place, "segments": [segment("memory", memory, quantity(memory, "B"), 5)]},
                ],
            },
            growth_chart(architecture, values, room),
        ],
    }


def growth_chart(architecture, values, room):
    """Draw the cache of all sequences against their context, with the room for it."""
    points = []
    # The contexts of the control, each twice the last.
    for power in range(7, 18):
        context = 2**power
        held = held_cache_bytes(architecture, context=context, bits=values["kv_bits"], devices=values["devices"])
        points.append([context, values["sequences"] * held])
    held = held_cache_bytes(
        architecture, context=values["context"], bits=values["kv_bits"], devices=values["devices"]
    )
    lines = [{"label": "cache", "series": 2, "points": points}]
    title = "Cache of all sequences as their context grows"
    if room > 0:
        lines.append({"label": "room", "series": 5, "points": [[128, room], [131072, room]]})
        title = title + "; the flat line is the room for it"
    return {
        "kind": "curve",
        "title": title,
        "x": {"label": "tokens of context", "low": 128, "high": 131072},
        "y": {"label": "B", "low": points[0][1] / 2, "high": 2 * maximum(points[10][1], room)},
        "lines": lines,
        "marks": [
            {"label": "these sequences", "x": values["context"], "y": values["sequences"] * held, "series": 4}
        ],
    }


def _models() -> Control:
    """The models of every calculator, and two whose caches are of other kinds: windows, states."""
    known = model_control()
    others = tuple((name, catalogue.model_entry(name)["label"]) for name in ("gemma-3-27b", "qwen3-next-80b-a3b"))
    return Control(name=known.name, label=known.label, options=known.options + others, default=known.default)


CALCULATOR = Calculator(
    name="cache",
    title="What does the cache take, and how many fit?",
    controls=(
        _models(),
        Control(name="bits", label="Precision of the weights", options=PRECISIONS[1:], default=16),
        Control(name="kv_bits", label="Precision of the cache", options=PRECISIONS[1:], default=16),
        machine_control(),
        numbers_control("devices", "Devices", [1, 2, 4, 8, 16], 4),
        numbers_control("context", "Context of each sequence, in tokens", CONTEXTS, 8192),
        numbers_control("sequences", "Sequences", BATCHES, 16),
    ),
    panel=cache_panel,
)
