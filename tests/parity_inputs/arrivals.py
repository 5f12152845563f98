"""How to draw the arguments of the calculator of a server under load."""

from tokenomics.explorer.calculators import CALCULATORS, shelf
from tokenomics.explorer.panels import serving

from .draw import size, values

SHELF = shelf(CALCULATORS["serving"].controls)


def chosen(rng):
    """Settings, the columns that they lead to, and the largest rate of the server."""
    found = values(rng, "serving")
    server = SHELF["places"][found["place"]]
    runs = server.runs[found["workload"]][found["policy"]][found["pattern"]]
    return found, runs, server.largest[found["workload"]]


def rates(rng):
    found, runs, largest = chosen(rng)
    return [runs, runs[f"kept_{found['ttft']}_{found['tpot']}"], largest, found["load"]], {}


def times(rng):
    found, runs, _ = chosen(rng)
    return [runs, found["load"]], {}


def pair(rng):
    found, runs, _ = chosen(rng)
    return [runs, rng.choice(["ttft", "tpot"]), found["load"]], {}


INPUTS = {
    serving.mark: lambda rng: (["TTFT", [size(rng), size(rng)], "s", rng.randrange(8)], {}),
    serving.pair: pair,
    serving.rates_chart: rates,
    serving.times_chart: times,
    serving.serving_panel: lambda rng: ([SHELF, values(rng, "serving")], {}),
}
