"""What a larger batch brings, and what ends it."""

from ...burst import largest_part, times
from ...elementwise import ceil, maximum, minimum
from ...numerals import decimal, grouped, quantity, significant
from ..controls import (
    BATCHES,
    CONTEXTS,
    Calculator,
    engine_control,
    machine_control,
    model_control,
    numbers_control,
    weights_control,
)
from .pieces import readout, segment, serve, share_reached

LIMITS = {
    "prefill": "prefill",
    "weights": "reading weights",
    "cache": "reading the cache",
    "compute": "arithmetic",
    "overhead": "launches, messages and scheduling",
}


def batch_panel(shelf, values):
    """Time a burst of requests, and the bursts of other sizes beside it."""
    place = serve(shelf, values, values["devices"], 1, 1)
    engine = shelf["engines"][values["engine"]]
    share = share_reached(shelf, values)
    prompt = values["prompt"]
    reply = values["reply"]
    found = times(place, engine, share, prompt, reply, values["batch"], reply)
    fit = -ceil(-found.limit)
    if fit < 1:
        end = prompt + reply
        needed = place.held_weights + place.cache[0] * end + place.cache[1] * minimum(end, place.window)
        room = place.devices * place.memory * engine.memory_share
        return {
            "headline": "Not even one sequence fits: with the weights it needs " + quantity(needed, "B") + ".",
            "readouts": [readout("Memory that may be used", quantity(room, "B"))],
            "charts": [],
        }
    rate = values["batch"] * reply / found.total
    decoding = found.steps * found.step
    return {
        "headline": significant(rate)
        + " token/s for all, a token every "
        + quantity(found.step, "s")
        + " for each; most of the time goes to "
        + LIMITS[largest_part(found)]
        + ".",
        "readouts": [
            readout("Output of all requests, prefill included", significant(rate) + " token/s"),
            readout("Time per output token", quantity(found.step, "s")),
            readout("Sequences that fit", grouped(fit)),
            readout("Waves", grouped(found.waves)),
            readout("Time of the burst", quantity(found.total, "s")),
            readout("Share of prefill", decimal(100 * found.prefill / found.total, 0) + " %"),
            readout("Device-seconds for a million output tokens", grouped(ceil(1e6 * place.devices / rate))),
        ],
        "charts": [
            {
                "kind": "bars",
                "title": "Where the time goes",
                "unit": "s",
                "bars": [
                    {
                        "label": "The burst",
                        "segments": [
                            segment("prefill", found.prefill, quantity(found.prefill, "s"), 0),
                            segment("decoding", decoding, quantity(decoding, "s"), 4),
                        ],
                    }
                ],
            },
            {"kind": "bars", "title": "One decode step", "unit": "s", "bars": [step_bar(found)]},
            batch_chart(place, engine, share, values, found),
        ],
    }


def step_bar(found):
    """Cut a decode step into its parts."""
    weights = maximum(found.weights, found.matrices)
    cache = maximum(found.cache, found.attention)
    name = "weights" if found.weights >= found.matrices else "arithmetic"
    return {
        "label": "All devices together",
        "segments": [
            segment(name, weights, quantity(weights, "s"), 1),
            segment("cache", cache, quantity(cache, "s"), 2),
            segment("nothing hides", found.overhead, quantity(found.overhead, "s"), 5),
        ],
    }


def batch_chart(place, engine, share, values, found):
    """Draw the output of all requests against the batch."""
    reply = values["reply"]
    points = []
    top = 0
    batch = 1
    while batch <= 1024:
        rate = batch * reply / times(place, engine, share, values["prompt"], reply, batch, reply).total
        points.append([batch, rate])
        top = maximum(top, rate)
        batch = maximum(batch + 1, ceil(1.15 * batch))
    alone = points[0][1]
    high = 2 * top
    rate = values["batch"] * reply / found.total
    marks = [rate_mark("this batch", values["batch"], rate, 4)]
    fit = -ceil(-found.limit)
    if fit < 1024:
        full = fit * reply / times(place, engine, share, values["prompt"], reply, fit, reply).total
        marks.append(rate_mark("memory full", fit, full, 2))
    end = [minimum(high / alone, 1024), minimum(high, 1024 * alone)]
    return {
        "kind": "curve",
        "title": "Output of all requests by batch; the straight line is what sharing without end would give",
        "legend": True,
        "x": {"label": "batch", "low": 0.8, "high": 1300},
        "y": {"label": "token/s", "low": alone / 2, "high": high},
        "lines": [
            {"label": "in proportion", "series": 5, "points": [[1, alone], end]},
            {"label": "this deployment", "series": 1, "points": points},
        ],
        "marks": marks,
    }


def rate_mark(label, batch, rate, series):
    """Mark a rate on the curve."""
    return {"label": label, "x": batch, "y": rate, "series": series, "text": significant(rate) + " token/s"}


CALCULATOR = Calculator(
    name="batch",
    title="What does a larger batch bring?",
    controls=(
        model_control(),
        weights_control(),
        machine_control(),
        numbers_control("devices", "Devices that share each layer", [1, 2, 4, 8], 4),
        engine_control(),
        numbers_control("prompt", "Prompt, in tokens", CONTEXTS, 2048),
        numbers_control("reply", "Reply, in tokens", [32, 128, 256, 512, 1024, 4096], 256),
        numbers_control("batch", "Requests that arrive together", BATCHES, 16),
    ),
    panel=batch_panel,
)
