"""How to draw the arguments of the formulas of the cache: copies on devices, and the calculator."""

from tokenomics import holding
from tokenomics.explorer.calculators import CALCULATORS, shelf
from tokenomics.explorer.panels import cache
from tokenomics.parallelism import busiest_share

from .draw import architecture, bits, count, positional, size, values

# This calculator offers two models more than the others.
SHELF = shelf(CALCULATORS["cache"].controls)


def growth(rng):
    chosen = values(rng, "cache")
    return [SHELF["models"][chosen["model"]], chosen, rng.choice([-1, 1]) * size(rng)], {}


INPUTS = {
    busiest_share: positional(count, count),
    holding.held_cache_bytes: lambda rng: (
        [architecture(rng)],
        {"context": count(rng, 10**6), "bits": bits(rng), "devices": count(rng, 64)},
    ),
    cache.growth_chart: growth,
    cache.cache_panel: lambda rng: ([SHELF, values(rng, "cache")], {}),
}
