"""The figures of the literature on time: rows F2 to F6, T1 and L1 of facts.csv, each recomputed by the package."""

import csv
from pathlib import Path

import pytest

from tokenomics.catalogue import accelerator, model
from tokenomics.hardware import peak_flops
from tokenomics.latency import reply_time
from tokenomics.parallelism import all_reduce_bytes, all_reduce_time
from tokenomics.parameters import total_parameters, weight_bytes
from tokenomics.prefill import long_prefill_flops
from tokenomics.roofline import operation_time
from tokenomics.work import decode_flops

with (Path(__file__).parent / "facts.csv").open(encoding="utf-8", newline="") as file:
    FACTS = {row["id"]: row for row in csv.DictReader(file)}

LLAMA, H100 = model("llama-3.3-70b"), accelerator("H100-SXM-80GB")
PEAK = peak_flops(H100, "bf16")
PREFILL = operation_time(long_prefill_flops(LLAMA, tokens=2048), 0, PEAK, H100.bandwidth)
READING = operation_time(0, weight_bytes(total_parameters(LLAMA), 16), PEAK, H100.bandwidth)
DECODE = decode_flops(LLAMA, batch=1, context=2048)
# What source 004 sends for a token: both vectors of each layer, three quarters of each, in one direction.
SENT = 2 * 80 * 2 * 8192 * 3 / 4

COMPUTED = {
    "F2": PREFILL,
    "F3": READING,
    "F4": PREFILL / READING,
    "F5": DECODE,
    "F6": operation_time(DECODE, 0, PEAK, H100.bandwidth),
    "T1": SENT / H100.link,
}


@pytest.mark.parametrize("fact", COMPUTED)
def test_the_figure_is_recomputed(fact):
    row = FACTS[fact]
    assert COMPUTED[fact] == pytest.approx(float(row["expected"]), rel=float(row["rel_tol"]))


def test_a_ring_sends_twice_what_the_source_counts_and_the_calls_dwarf_it():
    """T1, as its note corrects it."""
    vector = 2 * 8192
    assert 160 * all_reduce_bytes(vector, 4) == 2 * SENT
    calls = 160 * all_reduce_time(vector, 4, H100.link, 4e-6)
    assert 0.5e-3 < calls < 0.8e-3
    assert calls > 50 * 2 * SENT / H100.link


def test_the_first_token_comes_with_prefill():
    """L1: TTFT and N - 1 steps, not N."""
    assert "(N-1)" in FACTS["L1"]["expected"] + FACTS["L1"]["claim"] + FACTS["L1"]["inputs"]
    assert reply_time(0.5, 1, 0.02) == 0.5
    assert reply_time(0.5, 100, 0.02) == pytest.approx(0.5 + 99 * 0.02)
