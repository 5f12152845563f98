"""How fast a prediction is: budgets with room for a busy machine, best of several tries."""

import subprocess
import sys
import time

import numpy

from tokenomics.deployment import deployment
from tokenomics.prediction import Workload, predict

PLACE = deployment("llama-3.3-70b", "H100-SXM-80GB", tensor=4, engine="vllm")


def best(call, tries: int, repeats: int) -> float:
    """Seconds of a call: the mean of some repeats, the best of some tries."""
    found = []
    for _ in range(tries):
        start = time.perf_counter()
        for _ in range(repeats):
            call()
        found.append((time.perf_counter() - start) / repeats)
    return min(found)


def test_a_scalar_prediction_takes_at_most_50_microseconds():
    work = Workload(input_tokens=2035, output_tokens=300, requests=64)
    predict(PLACE, work)
    assert best(lambda: predict(PLACE, work), tries=20, repeats=200) <= 50e-6


def test_a_sweep_takes_at_most_a_microsecond_a_point():
    random = numpy.random.default_rng(0)
    work = Workload(
        input_tokens=random.integers(1, 20_000, 1_000_000).astype(float),
        output_tokens=random.integers(1, 2000, 1_000_000).astype(float),
        requests=random.integers(1, 500, 1_000_000).astype(float),
    )
    assert best(lambda: predict(PLACE, work), tries=5, repeats=1) <= 1.0


def test_the_package_is_imported_in_a_fifth_of_a_second():
    def load(module):
        start = time.perf_counter()
        subprocess.run([sys.executable, "-c", f"import {module}"], check=True)
        return time.perf_counter() - start

    bare = min(load("sys") for _ in range(5))
    assert min(load("tokenomics, tokenomics.prediction") for _ in range(5)) - bare <= 0.2


def test_importing_does_not_drag_in_what_only_fitting_needs():
    code = "import sys, tokenomics.prediction, tokenomics.cli; print({'scipy', 'numpy', 'rich'} & set(sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "set()"
