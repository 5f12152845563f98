"""The simulations that a page looks up are those that the simulator gives, and are such as a server can have."""

import json
import random

import pytest

from tokenomics import catalogue
from tokenomics.served import (
    LOADS,
    PATTERNS,
    PLACES,
    POLICIES,
    TPOT_LIMITS,
    TTFT_LIMITS,
    loaded,
    place,
    row,
    served,
    settled_rates,
)
from tokenomics.serving import simulate
from tokenomics.steady_state import steady_state
from tokenomics.traffic import draw
from tokenomics.workloads import workload, workload_names

CASES = [
    (server, name, policy, pattern)
    for server in PLACES
    for name in workload_names()
    for policy in POLICIES
    for pattern in PATTERNS
]


def columns(server, name, policy, pattern):
    return served(server).runs[name][policy][pattern]


def test_the_file_says_where_it_comes_from():
    found = json.loads(catalogue.path("served.json").read_text(encoding="utf-8"))
    assert "scripts/served.py" in found["source"] and found["date"] >= "2026-11-21"
    assert set(found["places"]) == set(PLACES)


@pytest.mark.parametrize("case", random.Random(9).sample(CASES, 6), ids=" ".join)
def test_a_simulation_of_today_gives_what_is_kept(case):
    """Otherwise run scripts/served.py: the simulator, the constants or the workloads have changed."""
    server, name, policy, pattern = case
    number = random.Random(name).randrange(len(LOADS))
    where = place(server)
    found = row(where, loaded(where, name, pattern, LOADS[number]), POLICIES[policy])
    assert {key: column[number] for key, column in columns(*case).items()} == pytest.approx(found, rel=0.006)


@pytest.mark.parametrize("server", PLACES)
def test_the_largest_rates_are_those_of_the_closed_form(server):
    for name, largest in served(server).largest.items():
        assert largest == pytest.approx(steady_state(place(server), workload(name)).largest_rate, rel=1e-6)


@pytest.mark.parametrize("case", CASES, ids=" ".join)
def test_what_is_kept_can_be(case):
    found = columns(*case)
    assert {len(column) for column in found.values()} == {len(LOADS)}
    assert found["rate"] == sorted(found["rate"])
    for number in range(len(LOADS)):
        at = {key: column[number] for key, column in found.items()}
        assert 0 < at["ttft_50"] <= at["ttft_90"] <= at["end_to_end_90"] < float("inf")
        assert 0 < at["tpot_50"] <= at["tpot_90"]
        # What leaves in the window may be a little more than comes in it: it came before, in a burst above all.
        assert at["request_rate"] <= 1.2 * at["rate"]
        assert 0 < at["cache_peak"] <= 1
        kept = [[at[f"kept_{ttft:g}_{tpot:g}"] for tpot in TPOT_LIMITS] for ttft in TTFT_LIMITS]
        # A looser limit is kept by as many or more.
        assert all(0 <= share <= 1 for shares in kept for share in shares)
        assert all(list(shares) == sorted(shares) for shares in [*kept, *zip(*kept, strict=True)])


def test_settled_rates_are_the_arrivals_of_a_server_that_keeps_up():
    where = place("fast")
    traffic = workload("short-short", 8.0)
    outcome = simulate(where, draw(traffic, 3000, seed=4))
    requests, tokens = settled_rates(outcome)
    assert requests == pytest.approx(8.0, rel=0.06)
    assert tokens == pytest.approx(requests * outcome.requests.output_tokens.mean(), rel=0.06)
    # Filling and draining are not in it.
    assert requests > outcome.request_rate
