"""Monte Carlo: the interval is the one that was put in, and chance depends on the seed alone."""

from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import fields
from multiprocessing import get_context

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokenomics.deployment import deployment
from tokenomics.pricing import bill
from tokenomics.quote import quote
from tokenomics.rentals import rental
from tokenomics.traffic import single
from tokenomics.uncertainty import price_draws, time_factor
from tokenomics.workloads import workload

PLACE = deployment("llama-3.3-70b", "H100-SXM-80GB", tensor=4, engine="vllm")
RENT = rental("H100-SXM-80GB", "Lambda")
ALIKE = single(2035, 300)


def same(one, other) -> bool:
    return all((getattr(one, entry.name) == getattr(other, entry.name)).all() for entry in fields(one))


@given(normal=st.floats(-4, 4), low=st.floats(0.1, 1), high=st.floats(1, 10))
def test_the_factor_rises_and_is_one_in_the_middle(normal, low, high):
    assert time_factor(0.0, low, high) == 1
    assert time_factor(normal, low, high) <= time_factor(normal + 0.1, low, high)
    assert time_factor(-1.2815515655446004, low, high) == pytest.approx(low)
    assert time_factor(1.2815515655446004, low, high) == pytest.approx(high)


def test_equal_requests_give_back_the_interval_of_the_engine():
    found = price_draws(PLACE, RENT, ALIKE, seed=1, draws=4000, running=16)
    quoted = quote(PLACE, RENT, input_tokens=2035, output_tokens=300, running=16)
    for name in ("cost", "input", "output", "cached"):
        # One in ten of four thousand is known to a twentieth of itself.
        assert found.interval(name) == pytest.approx(getattr(quoted, name), rel=0.05)
    assert found.input_ratio == pytest.approx(quoted.input_ratio)


@pytest.mark.parametrize("requests", [1, 50])
def test_every_draw_adds_up_to_its_cost(requests):
    found = price_draws(PLACE, RENT, single(2035, 300), seed=3, draws=50, requests=requests)
    assert bill(found.input, found.output, 2035, 300) == pytest.approx(found.cost)


def test_the_same_seed_draws_the_same_and_another_does_not():
    first, again, other = (price_draws(PLACE, RENT, workload("mixed"), seed=seed, draws=60) for seed in (5, 5, 6))
    assert same(first, again) and not same(first, other)


def test_more_draws_begin_with_the_same_ones():
    few, many = (price_draws(PLACE, RENT, workload("mixed"), seed=5, draws=draws) for draws in (30, 75))
    assert (many.cost[:30] == few.cost).all() and len(many.cost) == 75


@pytest.mark.parametrize("kind", ["threads", "processes"])
def test_any_executor_draws_the_same(kind):
    # Not forked: other tests leave threads behind.
    executor = ThreadPoolExecutor(2) if kind == "threads" else ProcessPoolExecutor(2, get_context("spawn"))
    with executor:
        spread = price_draws(PLACE, RENT, workload("mixed"), seed=5, draws=60, executor=executor)
    assert same(spread, price_draws(PLACE, RENT, workload("mixed"), seed=5, draws=60))


def test_a_mix_varies_less_than_its_requests():
    alone, mixed = (
        price_draws(PLACE, RENT, workload("mixed"), seed=5, draws=200, requests=requests, running=16)
        for requests in (1, 100)
    )
    width = [numpy.subtract(*found.interval("cost")[:0:-1]) / found.interval("cost").value for found in (alone, mixed)]
    assert width[0] > width[1]


def test_no_draw_beats_the_peaks():
    found = price_draws(PLACE, RENT, ALIKE, seed=1, draws=2000, running=64)
    matrices = 2 * 70e9 * 2335 / (4 * 989e12)
    assert found.cost.min() > RENT.rate(4) * matrices


@pytest.mark.parametrize(
    ("field", "value"),
    [("seed", -1), ("seed", 1.5), ("draws", 0), ("requests", 0), ("utilisation", 0), ("utilisation", 2)],
)
def test_draws_out_of_range_are_refused_by_their_field(field, value):
    with pytest.raises(ValueError, match=f"{field} is"):
        price_draws(PLACE, RENT, ALIKE, **{"seed": 1, field: value})
