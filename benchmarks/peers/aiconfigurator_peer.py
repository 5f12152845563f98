"""Ask AIConfigurator for vLLM on the H100, all requests of a burst together: its static mode, on measured kernels.

Its kernels are those of the one version of vLLM that it comes with, a year younger than the runs.
"""

import json
import logging
import sys
import time
from collections import Counter

from aiconfigurator.cli.api import cli_estimate

logging.disable(logging.CRITICAL)
NAMES = {80: "meta-llama/Meta-Llama-3.1-70B", 32: "meta-llama/Meta-Llama-3.1-8B"}
questions, rates, remarks = json.load(sys.stdin), [], Counter()
start = time.perf_counter()
for asked in questions:
    found = cli_estimate(
        NAMES[asked["config"]["num_hidden_layers"]],
        "h100_sxm",
        mode="static",
        backend_name="vllm",
        isl=int(asked["input"]),
        osl=int(asked["output"]),
        batch_size=int(asked["requests"]),
        tp_size=asked["devices"],
    )
    # It warns of a batch that does not fit and does not divide it into waves; let it run as if it fitted.
    if found.kv_cache_warning:
        remarks[found.kv_cache_warning.partition(". ")[0]] += 1
    seconds = (found.ttft + (asked["output"] - 1) * found.tpot) / 1e3
    rates.append(asked["requests"] * asked["mean_output"] / seconds)
duration = time.perf_counter() - start
print(json.dumps({"rates": rates, "milliseconds": 1e3 * duration / len(questions), "remarks": remarks}))
