"""The figures of the literature, each recomputed by the package.

facts.csv holds what a source claims, what it recomputes to, how near the two must be, and a verdict. Where the source
is wrong, the value expected here is the corrected one.
"""

import csv
from pathlib import Path

import numpy
import pytest
import test_count_facts
import test_money_facts
import test_time_facts

from tokenomics.catalogue import accelerator, model, rows
from tokenomics.chip import chip
from tokenomics.hardware import devices_to_hold, peak_flops
from tokenomics.latency import (
    compute_only_rate,
    decode_rate,
    decode_step,
    decode_throughput,
    law_step_time,
    reply_time,
)
from tokenomics.measurements import from_row
from tokenomics.parameters import layer_parameters, total_parameters, weight_bytes
from tokenomics.roofline import arithmetic_intensity, operation_time, ridge_point
from tokenomics.work import decode_flops, decode_kv_traffic, kv_bytes_per_token

with (Path(__file__).parent / "facts.csv").open(encoding="utf-8", newline="") as file:
    FACTS = {row["id"]: row for row in csv.DictReader(file)}

LLAMA = model("llama-3.3-70b")
H100 = accelerator("H100-SXM-80GB")
BITS = numpy.array([16, 8, 4])
BATCHES = numpy.array([1, 8, 32, 128, 295, 512])
# "A 70B model at 16 bit", as the sources say it.
SEVENTY_BILLION = 70e9
STEP = law_step_time(SEVENTY_BILLION, 16, H100.bandwidth)
KV = kv_bytes_per_token(LLAMA, bits=16)


def rate_by_bits(parameters):
    return decode_rate(law_step_time(parameters, BITS, H100.bandwidth))


def batch_rate(batch):
    return decode_throughput(batch, operation_time(0, weight_bytes(SEVENTY_BILLION, 16), 1, H100.bandwidth))


def weights_only_intensity(batch, bits):
    """Two operations for each weight and sequence, over the bytes of the weight."""
    return arithmetic_intensity(2 * batch * SEVENTY_BILLION, weight_bytes(SEVENTY_BILLION, bits))


def idle_share():
    compute = 1 / compute_only_rate(SEVENTY_BILLION, peak_flops(H100, "bf16"))
    return 1 - compute / STEP


def requests_beside_the_weights():
    """Requests of 4,608 tokens on the fewest devices that hold the weights."""
    weights = weight_bytes(SEVENTY_BILLION, 16)
    left = devices_to_hold(weights, H100.memory) * H100.memory - weights
    return left // (4608 * KV)


def measured_alone():
    """The rate of one request on four H100s, as it was measured."""
    run = next(row for row in rows("measurements") if row["id"] == "tugot17-001")
    return from_row(run, "tugot17-001").value


RECOMPUTED = {
    "P1": lambda: total_parameters(LLAMA),
    "P2": lambda: weight_bytes(total_parameters(LLAMA), 16),
    "P3": lambda: (layer_parameters(8192, LLAMA.layers[0]) - 2 * 8192) / 8192**2,
    "P4": lambda: weight_bytes(total_parameters(LLAMA), 16) / (2 * H100.memory),
    "F3": lambda: operation_time(0, weight_bytes(total_parameters(LLAMA), 16), 1, H100.bandwidth),
    "F5": lambda: decode_flops(LLAMA, batch=1, context=2048),
    "F6": lambda: decode_step(LLAMA, H100, context=2048).compute_time,
    "F12": lambda: compute_only_rate(SEVENTY_BILLION, peak_flops(H100, "bf16")),
    "R1": lambda: ridge_point(peak_flops(H100, "bf16"), H100.bandwidth),
    "R2": lambda: ridge_point(peak_flops(H100, "fp8"), H100.bandwidth),
    "R3": lambda: weights_only_intensity(1, 16),
    "R4": lambda: weights_only_intensity(1, 8),
    "R5": lambda: weights_only_intensity(BATCHES, 16),
    "D1": lambda: rate_by_bits(7e9),
    "D2": lambda: rate_by_bits(70e9),
    "D3": lambda: rate_by_bits(175e9),
    "D4": lambda: reply_time(STEP, 1000, STEP),
    "D5": lambda: law_step_time(SEVENTY_BILLION, 16, H100.bandwidth),
    "D6": lambda: law_step_time(SEVENTY_BILLION, 4, H100.bandwidth),
    "D7": lambda: 1 / compute_only_rate(SEVENTY_BILLION, peak_flops(H100, "bf16")),
    "D8": idle_share,
    "D9": lambda: accelerator("B200-180GB").bandwidth / H100.bandwidth,
    "D10": lambda: weight_bytes(405e9, 16) / 1e9,
    # A step reads the active parameters only, so its time has their share.
    "D11": lambda: law_step_time(37e9, 8, H100.bandwidth) / law_step_time(671e9, 8, H100.bandwidth),
    "K1": lambda: decode_kv_traffic(LLAMA, batch=1, context=2048, bits=16),
    "K2": lambda: decode_kv_traffic(LLAMA, batch=1, context=4096, bits=16),
    "K3": lambda: decode_kv_traffic(LLAMA, batch=1, context=4608, bits=16) / 1e9,
    "K4": lambda: KV,
    "K5": lambda: decode_kv_traffic(LLAMA, batch=1, context=100000, bits=16) / 1e9,
    "K6": lambda: decode_kv_traffic(LLAMA, batch=1, context=131072, bits=16) / 1e9,
    "K7": lambda: decode_kv_traffic(LLAMA, batch=1, context=2 * BATCHES, bits=16) / (KV * BATCHES),
    "K8": lambda: (8 * 131072 * KV + weight_bytes(total_parameters(LLAMA), 16)) / 1e9,
    "K9": requests_beside_the_weights,
    "B1": lambda: batch_rate(32),
    "B2": lambda: batch_rate(128),
    "B3": lambda: 32 / compute_only_rate(SEVENTY_BILLION, 1),  # at one operation a second
    "B4": lambda: 128 / compute_only_rate(SEVENTY_BILLION, 1),
    "L1": lambda: reply_time(0.5, numpy.array([1, 2, 101]), 0.02),
    "L2": lambda: operation_time(0, weight_bytes(SEVENTY_BILLION, 16), 1, 7e9),
    "L3": lambda: decode_rate(numpy.array([0.1, 0.05])),
    "M1": measured_alone,
    "H1": lambda: chip("H100-SXM-80GB").processors * chip("H100-SXM-80GB").registers / 2**20,  # its MB are MiB
    "H2": lambda: [accelerator(name).bandwidth / 1e9 for name in ("L40S", "Apple-M3-Ultra")],
}

# What the column `expected` gives in words, leaves to the note or rounds.
IN_WORDS = {
    "R5": BATCHES,  # the intensity is the batch
    "K7": numpy.full(len(BATCHES), 2.0),  # linear: twice the context, twice the cache
    "K9": [13],
    "L1": [0.5, 0.52, 2.5],  # TTFT + (N - 1) TPOT
    "L3": [10, 20],  # tokens a second at the two ends
    # The file rounds these two more coarsely than their tolerance.
    "K6": [327680 * 131072 / 1e9],
    "B4": [128 * 140e9],
}


def expected(name):
    if name in IN_WORDS:
        return IN_WORDS[name]
    return [float(text) for text in FACTS[name]["expected"].split("|")]


@pytest.mark.parametrize("name", RECOMPUTED)
def test_fact(name):
    tolerance = float(FACTS[name]["rel_tol"])
    # A tolerance of zero means exact, up to the last bits of a division.
    values = numpy.atleast_1d(RECOMPUTED[name]())
    numpy.testing.assert_allclose(values, expected(name), rtol=max(tolerance, 1e-15))


def test_no_fact_is_left_out():
    elsewhere = {*test_count_facts.RECOMPUTED, *test_time_facts.COMPUTED, *test_money_facts.COMPUTED}
    assert set(FACTS) == set(RECOMPUTED) | elsewhere


def test_every_figure_that_errs_stands_among_the_corrections():
    """What the appendix on corrections lists comes from the table of printed figures."""
    printed = rows("printed_figures")
    listed = {row["fact"] for row in printed}
    assert {name for name, row in FACTS.items() if row["verdict"] != "reproduces"} <= listed <= set(FACTS)
    for row in printed:
        assert row["verdict"] in ("wrong", "loose", "rounded")
        assert row["verdict"] == "wrong" or FACTS[row["fact"]]["verdict"] != "wrong", row["name"]


def test_a_70b_model_on_one_bandwidth_writes_as_fast_as_one_reads():
    """L3: its floor lies just below the times at which text comes at reading speed."""
    assert float(FACTS["L3"]["expected"].split("-")[0]) > STEP


def test_405b_needs_eleven_devices():
    """The source of D10 says that four hold it."""
    assert devices_to_hold(weight_bytes(405e9, 16), H100.memory) == 11
