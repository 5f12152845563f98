"""Ask llm-analysis, at the efficiencies that its README suggests: 0.7 of the arithmetic, 0.9 of the memory."""

import json
import logging
import sys
import time
from collections import Counter

from llm_analysis.analysis import LLMAnalysis
from llm_analysis.config import ModelConfig, ParallelismConfig, get_dtype_config_by_name, get_gpu_config_by_name

logging.disable(logging.CRITICAL)
questions, rates, remarks = json.load(sys.stdin), [], Counter()
start = time.perf_counter()
for asked in questions:
    config = asked["config"]
    model = ModelConfig(
        name=f"{config['num_hidden_layers']} layers",
        num_layers=config["num_hidden_layers"],
        n_head=config["num_attention_heads"],
        hidden_dim=config["hidden_size"],
        vocab_size=config["vocab_size"],
        max_seq_len=131072,
        num_key_value_heads=config["num_key_value_heads"],
        # It counts two matrices of a feed-forward block; make them weigh as much as the three of a gated one.
        ffn_embed_dim=config["intermediate_size"] * 3 // 2,
        expansion_ratio=1.5 * config["intermediate_size"] / config["hidden_size"],
        model_type="llama",
    )
    analysis = LLMAnalysis(
        model,
        get_gpu_config_by_name("h100-sxm-80gb"),
        get_dtype_config_by_name("w16a16e16"),
        ParallelismConfig(tp_size=asked["devices"]),
        flops_efficiency=0.7,
        hbm_memory_efficiency=0.9,
    )
    try:
        found = analysis.inference(
            batch_size_per_gpu=int(asked["requests"]),
            seq_len=int(asked["input"]),
            num_tokens_to_generate=max(1, int(asked["output"])),
        )
        seconds = found["total_latency"]
        rates.append(asked["requests"] * asked["mean_output"] / seconds)
    except (AssertionError, ValueError) as error:
        rates.append(None)
        remarks[f"refused: {error}"] += 1
duration = time.perf_counter() - start
print(json.dumps({"rates": rates, "milliseconds": 1e3 * duration / len(questions), "remarks": remarks}))
