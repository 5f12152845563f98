"""How to draw the arguments of the formulas that put predictions beside measured runs."""

from tokenomics import prediction
from tokenomics.efficiency import CEILING
from tokenomics.explorer.anchors import ANCHORS
from tokenomics.explorer.calculators import CALCULATORS, shelf
from tokenomics.explorer.panels import anchor

from .draw import positional, size, sizes, values
from .serving import found

SHELF = shelf(CALCULATORS["anchor"].controls)


def chosen(rng):
    return SHELF["anchors"][rng.choice(ANCHORS)]


def constants(rng):
    return rng.choice(list(SHELF["engines"].values()))


def requests(rng):
    return rng.choice([1, 2, 16, 100, 512])


INPUTS = {
    prediction.interval: sizes(4),
    anchor.anchor_chart: positional(chosen, lambda rng: CEILING, constants, requests, size, size, size),
    anchor.anchor_panel: lambda rng: ([SHELF, values(rng, "anchor")], {}),
    anchor.burst_of: positional(chosen, constants, requests, lambda rng: rng.uniform(1, 1000)),
    anchor.measured_segments: lambda rng: ([size(rng), rng.choice([0, size(rng)])], {}),
    anchor.time_bar: positional(lambda rng: rng.choice(["Bound", "Prediction"]), found),
}
