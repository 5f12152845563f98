"""What the users of a server see of its load: simulations that were run before, looked up."""

from ...elementwise import maximum, minimum
from ...numerals import quantity, significant
from ...served import LOADS, PATTERNS, PLACES, POLICIES, TPOT_LIMITS, TTFT_LIMITS, served
from ...workloads import quadrants, workload_names
from ..controls import Calculator, Control
from .pieces import readout


def serving_panel(shelf, values):
    """Read what a server did with a workload, and how much of it kept two promises."""
    server = shelf["places"][values["place"]]
    runs = server.runs[values["workload"]][values["policy"]][values["pattern"]]
    load = values["load"]
    kept = runs["kept_" + values["ttft"] + "_" + values["tpot"]]
    arrive = runs["rate"][load]
    leave = runs["request_rate"][load]
    good = minimum(kept[load] * arrive, leave)
    share = significant(100 * kept[load]) + " %"
    # What leaves lags a little behind what comes while a server fills.
    if leave < 0.95 * arrive:
        headline = "More comes than this server can do: the queue grows for as long as the load lasts."
    else:
        headline = share + " of the requests keep both promises: a goodput of " + significant(good) + " request/s."
    return {
        "headline": headline,
        "readouts": [
            readout("Requests that arrive", significant(arrive) + " request/s"),
            readout("Requests that leave", significant(leave) + " request/s"),
            readout("Throughput", significant(runs["output_rate"][load]) + " token/s"),
            readout("TTFT of half, and of nine in ten", pair(runs, "ttft", load)),
            readout("TPOT of half, and of nine in ten", pair(runs, "tpot", load)),
            readout("Whole reply, nine in ten within", quantity(runs["end_to_end_90"][load], "s")),
            readout("Requests that run together", significant(runs["running"][load])),
            readout("Cache in use at the peak", significant(100 * runs["cache_peak"][load]) + " %"),
            readout("Preemptions for a hundred requests", significant(100 * runs["preemptions"][load])),
            readout("Requests within both promises", share),
        ],
        "charts": [rates_chart(runs, kept, server.largest[values["workload"]], load), times_chart(runs, load)],
    }


def pair(runs, measure, load):
    """Print the times that half and nine tenths of the requests keep."""
    return quantity(runs[measure + "_50"][load], "s") + ", " + quantity(runs[measure + "_90"][load], "s")


def mark(label, point, unit, series):
    """Make a mark of a chart, with what the legend says of it."""
    return {"label": label, "x": point[0], "y": point[1], "text": quantity(point[1], unit), "series": series}


def rates_chart(runs, kept, largest, load):
    """Draw what leaves, and what of it counts, against what arrives."""
    low = 0.02 * largest
    leaving = []
    counting = []
    for index in range(len(kept)):
        arrive = runs["rate"][index]
        leave = maximum(runs["request_rate"][index], low)
        leaving.append([arrive, leave])
        counting.append([arrive, maximum(minimum(kept[index] * arrive, leave), low)])
    return {
        "kind": "curve",
        "legend": True,
        "title": "What leaves, and what of it keeps both promises",
        "x": {"label": "requests that arrive [1/s]", "low": 0.1 * largest, "high": 1.5 * largest},
        "y": {"label": "request/s", "low": low, "high": 1.5 * largest},
        "lines": [
            {"label": "leaving", "series": 1, "points": leaving},
            {"label": "within both", "series": 3, "points": counting},
        ],
        "marks": [
            mark("leaving", leaving[load], "request/s", 1),
            mark("within both promises", counting[load], "request/s", 3),
        ],
    }


def times_chart(runs, load):
    """Draw the times that nine tenths of the requests keep, against what arrives."""
    first = []
    further = []
    last = runs["rate"][len(runs["rate"]) - 1]
    low = 1
    high = 0.1
    for index in range(len(runs["rate"])):
        first.append([runs["rate"][index], runs["ttft_90"][index]])
        further.append([runs["rate"][index], runs["tpot_90"][index]])
        low = minimum(low, minimum(runs["ttft_90"][index], runs["tpot_90"][index]))
        high = maximum(high, maximum(runs["ttft_90"][index], runs["tpot_90"][index]))
    return {
        "kind": "curve",
        "legend": True,
        "title": "Times that nine requests in ten keep",
        "x": {"label": "requests that arrive [1/s]", "low": runs["rate"][0] / 2, "high": 1.25 * last},
        "y": {"label": "s", "low": low / 2, "high": 2 * high},
        "lines": [
            {"label": "TTFT", "series": 4, "points": first},
            {"label": "TPOT", "series": 2, "points": further},
        ],
        "marks": [
            mark("TTFT", first[load], "s", 4),
            mark("TPOT", further[load], "s", 2),
        ],
    }


_POLICY_TEXTS = {
    "whole": "continuous, prompts whole and first",
    "wide": "continuous, passes of 2,048 tokens",
    "narrow": "continuous, passes of 512 tokens",
    "static": "static batches of 64",
}
_PATTERN_TEXTS = {"poisson": "each whenever it likes (Poisson)", "bursty": "in bursts"}
_WORKLOADS = {**{name: name.replace("-", " in, ") + " out" for name in quadrants()}, "mixed": "all four, mixed"}


def _limits(limits) -> tuple:
    return tuple((f"{limit:g}", quantity(limit, "s")) for limit in limits)


CALCULATOR = Calculator(
    name="serving",
    title="What does a server do under load?",
    controls=(
        Control(name="place", label="Server", options=tuple((n, served(n).label) for n in PLACES), default="large"),
        Control(
            name="workload",
            label="Requests",
            options=tuple((name, _WORKLOADS[name]) for name in workload_names()),
            default="mixed",
        ),
        Control(
            name="policy",
            label="Scheduling",
            options=tuple((name, _POLICY_TEXTS[name]) for name in POLICIES),
            default="whole",
        ),
        Control(
            name="pattern",
            label="Arrivals",
            options=tuple((name, _PATTERN_TEXTS[name]) for name in PATTERNS),
            default="poisson",
        ),
        Control(
            name="load",
            label="Load, as a share of the largest rate in closed form",
            options=tuple((index, f"{100 * load:.0f} %") for index, load in enumerate(LOADS)),
            default=2,
            slider=True,
        ),
        Control(name="ttft", label="Promised TTFT", options=_limits(TTFT_LIMITS), default="2", slider=True),
        Control(name="tpot", label="Promised TPOT", options=_limits(TPOT_LIMITS), default="0.05", slider=True),
    ),
    panel=serving_panel,
)
