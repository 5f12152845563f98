"""How fast a prediction is, how fast a sweep of them runs, and how soon the package is there."""

import statistics
import subprocess
import sys
import time

import numpy

from tokenomics.deployment import deployment
from tokenomics.prediction import Workload, predict

POINTS = 1_000_000
TARGETS = {"scalar": 50e-6, "point": 1e-6, "import": 0.2}  # seconds


def seconds(call, tries: int, repeats: int = 1) -> float:
    """The median, over some tries, of the mean time of some calls: [s]."""
    found = []
    for _ in range(tries):
        start = time.perf_counter()
        for _ in range(repeats):
            call()
        found.append((time.perf_counter() - start) / repeats)
    return statistics.median(found)


def load(module: str) -> None:
    subprocess.run([sys.executable, "-c", f"import {module}"], check=True)


def verdict(value: float, target: str) -> str:
    return "within the target" if value <= TARGETS[target] else "OVER the target"


def main() -> None:
    place = deployment("llama-3.3-70b", "H100-SXM-80GB", tensor=4, engine="vllm")
    work = Workload(input_tokens=2035, output_tokens=300, requests=64)
    scalar = seconds(lambda: predict(place, work), tries=20, repeats=200)
    print(f"One prediction: {1e6 * scalar:.0f} us, {verdict(scalar, 'scalar')}")
    random = numpy.random.default_rng(0)
    sweep = Workload(
        input_tokens=random.integers(1, 20_000, POINTS).astype(float),
        output_tokens=random.integers(1, 2000, POINTS).astype(float),
        requests=random.integers(1, 500, POINTS).astype(float),
    )
    point = seconds(lambda: predict(place, sweep), tries=5) / POINTS
    print(f"A point of a sweep of {POINTS:,}: {1e6 * point:.2f} us, {verdict(point, 'point')}")
    bare = seconds(lambda: load("sys"), tries=9)
    package = seconds(lambda: load("tokenomics, tokenomics.prediction"), tries=9) - bare
    print(f"Importing the package: {1e3 * package:.0f} ms more than nothing, {verdict(package, 'import')}")


if __name__ == "__main__":
    main()
