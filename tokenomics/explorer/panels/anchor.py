"""A measured run between its bound and its prediction."""

from ...burst import largest_part, times
from ...elementwise import ceil, maximum, minimum
from ...numerals import decimal, quantity, significant
from ...passes import compute_share
from ...prediction import interval
from ..anchors import ANCHORS, anchor
from ..controls import Calculator, Control, numbers_control
from .batch import LIMITS, rate_mark
from .pieces import readout, segment


def anchor_panel(shelf, values):
    """Predict the runs of a series, and put what was measured beside."""
    chosen = shelf["anchors"][values["anchor"]]
    bound = shelf["engines"]["ceiling"]
    constants = shelf["engines"][values["engine"]]
    requests = values["requests"]
    reply = chosen.longest
    measured = 0
    for place in range(len(chosen.requests)):
        if chosen.requests[place] == requests:
            measured = chosen.rates[place]
            reply = chosen.replies[place]
    least = burst_of(chosen, bound, requests, reply)
    found = burst_of(chosen, constants, requests, reply)
    tokens = requests * reply
    factors = constants.spread["single"] if requests == 1 else constants.spread["batched"]
    ends = interval(found.total, factors[0], factors[1], found.prefill_floor + found.steps * found.step_floor)
    low = tokens / ends.high
    high = tokens / ends.low
    rate = tokens / found.total
    said = "not measured at this load"
    error = "–"
    verdict = "nobody measured this load."
    if measured > 0:
        off = 100 * (rate / measured - 1)
        inside = low <= measured and measured <= high
        said = significant(measured) + " token/s"
        error = decimal(off, 1) + " %"
        verdict = "measured " + said + (", inside the interval." if inside else ", outside the interval.")
    return {
        "headline": "Predicted " + significant(rate) + " token/s; " + verdict,
        "readouts": [
            readout("Bound, every peak reached", significant(tokens / least.total) + " token/s"),
            readout("Prediction", significant(rate) + " token/s"),
            readout("Its interval", significant(low) + " to " + significant(high) + " token/s"),
            readout("Measured", said),
            readout("Error of the prediction", error),
            readout("Most of the time goes to", LIMITS[largest_part(found)]),
        ],
        "charts": [
            {
                "kind": "bars",
                "title": "Time of the burst",
                "unit": "s",
                "bars": [
                    time_bar("Bound", least),
                    time_bar("Prediction", found),
                    {"label": "Measured", "segments": measured_segments(tokens, measured)},
                ],
            },
            anchor_chart(chosen, bound, constants, requests, tokens / least.total, rate, measured),
        ],
    }


def burst_of(chosen, constants, requests, reply):
    """Time a burst of a measured series with some constants."""
    share = compute_share(constants, "bf16")
    return times(chosen.server, constants, share, chosen.prompt, reply, requests, chosen.longest)


def time_bar(label, found):
    """Cut the time of a burst into reading prompts and all else."""
    rest = found.total - found.prefill
    return {
        "label": label,
        "segments": [
            segment(label + ", prefill", found.prefill, quantity(found.prefill, "s"), 0),
            segment(label + ", decoding and waiting", rest, quantity(rest, "s"), 1),
        ],
    }


def measured_segments(tokens, measured):
    """Draw a measured time, of which only the whole is known."""
    return [segment("Measured", tokens / measured, quantity(tokens / measured, "s"), 3)] if measured > 0 else []


def anchor_chart(chosen, bound, constants, requests, most, rate, measured):
    """Draw the output of all requests by load: the bound, the prediction and what was measured."""
    lines = [
        {"label": "bound", "series": 0, "points": []},
        {"label": "prediction", "series": 1, "points": []},
        {"label": "measured", "series": 3, "points": []},
    ]
    load = 1
    while load <= 512:
        tokens = load * chosen.longest
        lines[0]["points"].append([load, tokens / burst_of(chosen, bound, load, chosen.longest).total])
        lines[1]["points"].append([load, tokens / burst_of(chosen, constants, load, chosen.longest).total])
        load = maximum(load + 1, ceil(1.2 * load))
    low = minimum(lines[1]["points"][0][1], chosen.rates[0])
    high = lines[0]["points"][0][1]
    for point in lines[0]["points"]:
        high = maximum(high, point[1])
    for place in range(len(chosen.requests)):
        lines[2]["points"].append([chosen.requests[place], chosen.rates[place]])
    marks = [rate_mark("bound", requests, most, 0), rate_mark("prediction", requests, rate, 1)]
    if measured > 0:
        marks.append(rate_mark("measured", requests, measured, 3))
    return {
        "kind": "curve",
        "title": "Output of all requests: bound, prediction and measured runs",
        "legend": True,
        "x": {"label": "requests together", "low": 0.8, "high": 640},
        "y": {"label": "token/s", "low": low / 2, "high": 2 * high},
        "lines": lines,
        "marks": marks,
    }


CALCULATOR = Calculator(
    name="anchor",
    title="How near does a prediction come?",
    controls=(
        Control(
            name="anchor",
            label="Measured series",
            options=tuple((name, anchor(name).label) for name in ANCHORS),
            default=ANCHORS[0],
        ),
        numbers_control("requests", "Requests that arrive together", [2**power for power in range(10)], 16),
        Control(
            name="engine",
            label="Constants",
            options=(
                ("ceiling", "none: every peak, nothing added"),
                ("any engine, HBM GPU", "of many engines on such machines"),
                ("vllm, H100-SXM-80GB", "of vLLM on H100s"),
            ),
            default="vllm, H100-SXM-80GB",
        ),
    ),
    panel=anchor_panel,
)
