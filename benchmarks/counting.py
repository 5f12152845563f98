"""How fast a model is counted, and how fast a sweep runs: ``python benchmarks/counting.py``."""

import statistics
import time

import numpy

from tokenomics.architecture import from_config
from tokenomics.cache import cache_bytes, kv_bytes_per_token
from tokenomics.catalogue import model_entry, models
from tokenomics.parameters import active_parameters, total_parameters
from tokenomics.work import decode_flops, decode_kv_traffic, decode_weight_traffic

POINTS = 1000
REPEATS = 200


def count(config: dict, name: str):
    """Everything that a table of models shows of one."""
    model = from_config(config, name=name)
    total_parameters(model)
    active_parameters(model)
    kv_bytes_per_token(model, bits=16)
    cache_bytes(model, context=131072, bits=16)


def seconds(function, *arguments) -> float:
    """The median time of a call."""
    times = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        function(*arguments)
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def sweep(name: str, batch, context) -> float:
    """The time of one pass over all points through the three formulas of a decode step."""
    model = from_config(model_entry(name)["config"], name=name)
    start = time.perf_counter()
    decode_flops(model, batch=batch, context=context)
    decode_weight_traffic(model, bits=16, batch=batch)
    decode_kv_traffic(model, batch=batch, context=context, bits=16)
    return time.perf_counter() - start


def main():
    """Print both."""
    configs = {name: model_entry(name)["config"] for name in models()}
    times = {name: seconds(count, config, name) for name, config in configs.items()}
    slowest = max(times, key=times.get)
    print(f"Reading and counting one model: median {1e6 * statistics.median(times.values()):.0f} us over {len(times)}")
    print(f"The slowest, {slowest}: {1e6 * times[slowest]:.0f} us")
    batch, context = numpy.meshgrid(numpy.arange(1, POINTS + 1), numpy.linspace(1, 131072, POINTS))
    batch, context = batch.ravel(), context.ravel()
    for name in ("llama-3.3-70b", "gpt-oss-120b", "deepseek-v3.2"):
        print(f"A sweep of {batch.size:,} points of {name}: {sweep(name, batch, context):.2f} s")


if __name__ == "__main__":
    main()
