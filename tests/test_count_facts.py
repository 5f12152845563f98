"""The figures of the sources on prefill and on room for the cache, recomputed; where a source errs, the corrected one.

tests/test_facts.py holds those of the chapters on weight and on decoding.
"""

import csv
from pathlib import Path

import pytest

from tokenomics.cache import cache_bytes, sequences_that_fit
from tokenomics.catalogue import accelerator, model
from tokenomics.hardware import peak_flops
from tokenomics.latency import law_step_time
from tokenomics.parameters import total_parameters
from tokenomics.prefill import long_prefill_flops, rule_of_thumb_flops

with (Path(__file__).parent / "facts.csv").open(encoding="utf-8", newline="") as file:
    FACTS = {row["id"]: row for row in csv.DictReader(file)}

LLAMA = model("llama-3.3-70b")
H100 = accelerator("H100-SXM-80GB")
PEAK = peak_flops(H100, "bf16")
LONG = long_prefill_flops(LLAMA, tokens=2048)
RULED = rule_of_thumb_flops(70e9, 4096)

RECOMPUTED = {
    "F1": LONG,
    "F2": LONG / PEAK,
    "F4": LONG / PEAK / law_step_time(total_parameters(LLAMA), 16, H100.bandwidth),
    "F5": LONG / 2048,
    "F7": RULED,
    "F8": RULED / (2 * 70e9),
    "F9": RULED / 989.5e12,
    "F10": rule_of_thumb_flops(70e9, 256) / (2 * 70e9),
    "F11": 4096 / round(RULED / 989.5e12, 2),
    "K1": cache_bytes(LLAMA, context=2048, bits=16),
    "K2": cache_bytes(LLAMA, context=4096, bits=16),
    "K3": cache_bytes(LLAMA, context=4608, bits=16) / 1e9,
    "K5": cache_bytes(LLAMA, context=100_000, bits=16) / 1e9,
    "K6": cache_bytes(LLAMA, context=131_072, bits=16) / 1e9,
}


@pytest.mark.parametrize("name", RECOMPUTED)
def test_a_figure_recomputes(name):
    row = FACTS[name]
    # The file rounds K6 more coarsely than its tolerance.
    tolerance = 2e-3 if row["verdict"] == "rounded" else 1e-3
    assert RECOMPUTED[name] == pytest.approx(float(row["expected"]), rel=max(float(row["rel_tol"]), tolerance))


def test_room_beside_the_weights():
    """Row K9: not 26 requests beside a 70B model, but 13, and none at all on one device."""
    room = {"context": 4608, "weight_bits": 16 * 70e9 / total_parameters(LLAMA), "kv_bits": 16}
    assert "13 requests" in FACTS["K9"]["note"]
    assert sequences_that_fit(LLAMA, memory=2 * H100.memory, **room) == 13
    assert sequences_that_fit(LLAMA, memory=H100.memory, **room) == 0


def test_the_cache_grows_in_proportion_to_the_context():
    """Row K7: a source calls the growth faster than that."""
    assert FACTS["K7"]["verdict"] == "wrong"
    assert cache_bytes(LLAMA, context=200_000, bits=16) == 2 * cache_bytes(LLAMA, context=100_000, bits=16)
