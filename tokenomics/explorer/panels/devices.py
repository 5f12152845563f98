"""What further devices bring, by how the model is spread over them."""

from ...burst import times
from ...elementwise import ceil, maximum
from ...numerals import grouped, quantity, significant
from ..controls import (
    BATCHES,
    CONTEXTS,
    Calculator,
    Control,
    engine_control,
    machine_control,
    model_control,
    numbers_control,
    weights_control,
)
from .pieces import readout, segment, serve, share_reached

SPLITS = {"tensor": [1, 0, 0], "pipeline": [0, 1, 0], "replicas": [0, 0, 1]}


def spread_over(shelf, values, devices):
    """Spread the model over a number of devices in the chosen way."""
    ways = SPLITS[values["split"]]
    more = devices - 1
    return serve(shelf, values, 1 + ways[0] * more, 1 + ways[1] * more, 1 + ways[2] * more)


def step_on(shelf, values, place):
    """Time a step of the chosen batch; a reply of two tokens has the one step."""
    engine = shelf["engines"][values["engine"]]
    return times(place, engine, share_reached(shelf, values), values["context"], 2, values["batch"], 2)


def devices_panel(shelf, values):
    """Say what each device holds, what a step takes, and what it yields."""
    place = spread_over(shelf, values, values["devices"])
    if values["split"] == "replicas" and place.expert_weights == 0:
        return {
            "headline": "This model has no experts to spread: choose another way, or another model.",
            "readouts": [readout("Experts", "none")],
            "charts": [],
        }
    engine = shelf["engines"][values["engine"]]
    found = step_on(shelf, values, place)
    held = place.held_weights / place.devices
    room = engine.memory_share * place.memory
    left = maximum(room - held, 0)
    fit = maximum(-ceil(-found.limit), 0)
    messages = place.calls * engine.call_time + found.running / place.pipeline * place.sent / (place.link * engine.link)
    other = maximum(found.overhead - messages, 0)
    weights = maximum(found.weights, found.matrices)
    cache = maximum(found.cache, found.attention)
    name = "weights" if found.weights >= found.matrices else "arithmetic"
    rate = values["batch"] / (found.waves * found.step)
    fits = fit >= values["batch"]
    return {
        "headline": "A token every "
        + quantity(found.waves * found.step, "s")
        + " for each, "
        + significant(rate / place.devices)
        + " token/s for each device"
        + ("." if fits else ", if memory held the batch: " + grouped(fit) + " of it fit."),
        "readouts": [
            readout("Weights on each device", quantity(held, "B") + " of " + quantity(room, "B") + " that may be used"),
            readout("Sequences that fit", grouped(fit)),
            readout("Decode rate of all", significant(rate) + " token/s"),
            readout("Decode rate for each device", significant(rate / place.devices) + " token/s"),
            readout("Messages in a step", quantity(messages, "s") + ", " + grouped(place.calls) + " calls"),
            readout("Device-seconds for a million tokens, decoding alone", grouped(ceil(1e6 * place.devices / rate))),
        ],
        "charts": [
            {
                "kind": "bars",
                "title": "Memory of one device",
                "unit": "B",
                "bars": [
                    {
                        "label": "Held, and what is left for the cache",
                        "segments": [
                            segment("weights", held, quantity(held, "B"), 1),
                            segment("room for cache", left, quantity(left, "B"), 2),
                        ],
                    }
                ],
            },
            {
                "kind": "bars",
                "title": "One decode step",
                "unit": "s",
                "bars": [
                    {
                        "label": "All devices together",
                        "segments": [
                            segment(name, weights, quantity(weights, "s"), 1),
                            segment("cache", cache, quantity(cache, "s"), 2),
                            segment("messages", messages, quantity(messages, "s"), 3),
                            segment("launches and scheduling", other, quantity(other, "s"), 5),
                        ],
                    }
                ],
            },
        ],
    }


CALCULATOR = Calculator(
    name="devices",
    title="What do further devices bring?",
    controls=(
        model_control(),
        weights_control(),
        machine_control(),
        numbers_control("devices", "Devices", [1, 2, 4, 8, 16], 4),
        Control(
            name="split",
            label="How the model is spread",
            options=(
                ("tensor", "every layer over all (tensor)"),
                ("pipeline", "layers in turn (pipeline)"),
                ("replicas", "attention copied, experts spread"),
            ),
            default="tensor",
        ),
        engine_control(),
        numbers_control("context", "Context of each sequence, in tokens", CONTEXTS, 2048),
        numbers_control("batch", "Batch", BATCHES, 1),
    ),
    panel=devices_panel,
)
