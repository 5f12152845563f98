"""A sweep gives the same results wherever it runs: here, on other processes, on a real cluster."""

from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from functools import partial
from multiprocessing import get_context

import pytest

from tokenomics.capacity import capacity
from tokenomics.deployment import deployment
from tokenomics.objective import Objective
from tokenomics.rentals import rental
from tokenomics.serving import simulate
from tokenomics.sweeps import sweep
from tokenomics.traffic import draw, single
from tokenomics.uncertainty import price_draws

PLACE = deployment("llama-3.1-8b", "L40S")


def waiting(rate: float) -> tuple:
    """What a simulation at a rate comes to; another process finds it by its name."""
    found = simulate(PLACE, draw(single(500, 100).at(rate), 200, seed=1))
    return rate, float(found.ttft.mean()), float(found.end.max())


RATES = [0.5, 4.0, 1.0, 2.0]


def test_results_come_in_the_order_of_the_points():
    seen = []
    found = sweep(waiting, RATES, progress=seen.append)
    assert [rate for rate, _, _ in found] == RATES == seen


@pytest.mark.parametrize("kind", ["threads", "processes"])
def test_an_executor_changes_nothing(kind):
    # Not forked: other tests leave threads behind.
    executor = ThreadPoolExecutor(2) if kind == "threads" else ProcessPoolExecutor(2, get_context("spawn"))
    with executor:
        assert sweep(waiting, iter(RATES), executor) == sweep(waiting, RATES)


def test_an_error_in_a_point_is_the_error_of_the_sweep():
    with ThreadPoolExecutor(2) as executor, pytest.raises(ValueError, match="rate is -1"):
        sweep(waiting, [1.0, -1], executor)


def test_a_real_cluster_changes_nothing():
    """Processes of their own, a scheduler between, and the executor of its client as it comes."""
    distributed = pytest.importorskip("distributed")
    largest = partial(capacity, PLACE, objective=Objective(tpot=0.04), count=200)
    traffics = [single(500, 100), single(2000, 50)]
    with (
        distributed.LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=":0") as cluster,
        distributed.Client(cluster) as client,
        client.get_executor(pure=False, retries=1) as executor,
    ):
        assert sweep(waiting, RATES, executor) == sweep(waiting, RATES)
        there, here = sweep(largest, traffics, executor), sweep(largest, traffics)
        assert [found.rate for found in there] == [found.rate for found in here]
        drawn = partial(price_draws, PLACE, rental("L40S"), single(500, 100), seed=1, draws=40, running=8)
        assert (drawn(executor=executor).cost == drawn().cost).all()
