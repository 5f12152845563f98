"""Ask genz-llm for an H100 by its own datasheet figures, at the efficiency of 0.7 that its examples use."""

import json
import sys
import time
from collections import Counter

from GenZ import decode_moddeling, prefill_moddeling

NAMES = {80: "meta-llama/Llama-3.1-70B", 32: "meta-llama/Llama-3.1-8B"}
questions, rates, remarks = json.load(sys.stdin), [], Counter()
start = time.perf_counter()
for asked in questions:
    devices = asked["devices"]
    common = {
        "model": NAMES[asked["config"]["num_hidden_layers"]],
        "batch_size": int(asked["requests"]),
        "system_name": "H100_GPU",
        "system_eff": 0.7,
        "bits": "bf16",
        "tensor_parallel": devices,
        "parallelism_heirarchy": f"TP{{{devices}}}_EP{{1}}_PP{{1}}",
        # It does not divide a batch that does not fit into waves; let it run as if it fitted.
        "model_offload": True,
    }
    try:
        prefill = prefill_moddeling(input_tokens=int(asked["input"]), **common)
        step = decode_moddeling(
            input_tokens=int(asked["input"]), output_tokens=int(asked["output"] / 2), Bb=1, **common
        )
        seconds = (prefill["Latency"] + (asked["output"] - 1) * step["Latency"]) / 1e3
        rates.append(asked["requests"] * asked["mean_output"] / seconds)
    except (AssertionError, ValueError, ZeroDivisionError) as error:
        rates.append(None)
        remarks[f"refused: {error}"] += 1
duration = time.perf_counter() - start
print(json.dumps({"rates": rates, "milliseconds": 1e3 * duration / len(questions), "remarks": remarks}))
