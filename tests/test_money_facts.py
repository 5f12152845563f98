"""The figures of the literature on money: rows C1 to C5 of facts.csv, from the times that the source measured."""

import csv
from pathlib import Path

import pytest

from tokenomics import catalogue
from tokenomics.deployment import deployment
from tokenomics.marginal import marginal_times
from tokenomics.pricing import bill, output_price, price_ratio, rental_rate, request_cost
from tokenomics.rentals import rental

with (Path(__file__).parent / "facts.csv").open(encoding="utf-8", newline="") as file:
    FACTS = {row["id"]: row for row in csv.DictReader(file)}

GAMMA, INPUT, OUTPUT = 0.3, 2035, 300
BATCHES = (1, 2, 4, 8, 16, 32, 64)
# The measured seconds of a burst, by its size.
ELAPSED = {
    int(row["batch_or_concurrency"]): float(row["elapsed_s"])
    for row in catalogue.rows("vllm_grid")
    if row["series"] == "70B 2035/300"
}
RATE = rental_rate(4, rental("H100-SXM-80GB", "tugot17", term="assumed").hourly)
COSTS = {batch: request_cost(RATE, ELAPSED[batch], batch, 1.0) for batch in BATCHES}
BETA = {batch: output_price(COSTS[batch], GAMMA, INPUT, OUTPUT) for batch in BATCHES}

COMPUTED = {
    "C1": [RATE],
    "C2": [BETA[16]],
    "C3": [1e6 * BETA[batch] for batch in BATCHES],
    "C4": [1e6 * GAMMA * BETA[batch] for batch in BATCHES],
    "C5": [batch * (INPUT + OUTPUT) / ELAPSED[batch] for batch in BATCHES],
}
# The source prints cents, which is coarser than the tolerance where a price is small.
HALF_A_CENT = {"C3": 0.005, "C4": 0.005}


@pytest.mark.parametrize("fact", COMPUTED)
def test_the_figure_is_recomputed(fact):
    row = FACTS[fact]
    printed = [float(text) for text in row["expected"].split("|")]
    assert COMPUTED[fact] == [
        pytest.approx(value, rel=float(row["rel_tol"]), abs=HALF_A_CENT.get(fact)) for value in printed
    ]


@pytest.mark.parametrize("batch", BATCHES)
def test_the_pair_of_the_table_adds_up_to_the_cost(batch):
    assert bill(GAMMA * BETA[batch], BETA[batch], INPUT, OUTPUT) == pytest.approx(COSTS[batch])


def test_gamma_is_not_one_number():
    """Beside the assumed 0.3: far below it for small batches, reached by the time a server is nearly full."""
    place = deployment("llama-3.3-70b", "H100-SXM-80GB", tensor=4, engine="vllm")
    found = [marginal_times(place, INPUT, OUTPUT, 0, batch) for batch in BATCHES]
    derived = [price_ratio(entry.input, entry.output) for entry in found]
    assert derived == sorted(derived)
    assert derived[0] < 0.01 and all(gamma < GAMMA for gamma in derived)
    full = marginal_times(place, INPUT, OUTPUT)
    assert price_ratio(full.input, full.output) > GAMMA
