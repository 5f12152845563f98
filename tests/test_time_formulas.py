"""Closed forms and limits of the formulas of time: parallelism, a pass, a burst."""

import dataclasses

import numpy
import pytest

from tokenomics import batching
from tokenomics.burst import times
from tokenomics.catalogue import accelerator, model
from tokenomics.deployment import deployment
from tokenomics.efficiency import CEILING
from tokenomics.latency import decode_step, step_time
from tokenomics.parallelism import (
    Parallelism,
    all_reduce_bytes,
    all_reduce_time,
    busiest_share,
    exchange_bytes,
    microbatch,
    parallelism_from_text,
)
from tokenomics.prediction import Workload, predict

LLAMA = deployment("llama-3.3-70b", "H100-SXM-80GB", tensor=4, constants=CEILING)


def test_ring_all_reduce_moves_twice_the_share_of_the_others():
    assert all_reduce_bytes(1024, 1) == 0
    assert all_reduce_bytes(1024, 2) == 1024
    assert all_reduce_bytes(1024, 4) == 1536
    assert all_reduce_bytes(1024.0, 1e9) == pytest.approx(2048)


def test_one_device_calls_nobody():
    assert all_reduce_time(1024, 1, 450e9, 8e-6) == 0
    assert all_reduce_time(0, 4, 450e9, 8e-6) == 8e-6


def test_key_value_heads_are_copied_when_devices_outnumber_them():
    assert [busiest_share(8, devices) * devices for devices in (1, 2, 4, 8, 16, 32)] == [1, 1, 1, 1, 2, 4]


def test_uneven_heads_are_as_slow_as_the_fullest_device():
    assert busiest_share(8, 3) == pytest.approx(3 / 8)
    eight = deployment("llama-3.3-70b", "H100-SXM-80GB", tensor=8).server.cache[0]
    assert deployment("llama-3.3-70b", "H100-SXM-80GB", tensor=16).server.cache[0] == 2 * eight


def test_experts_on_one_device_exchange_nothing():
    assert exchange_bytes(14336, 8, 1) == 0
    assert deployment("mixtral-8x7b", "H100-SXM-80GB").server.sent == 0


def test_a_pipeline_does_not_speed_up_one_sequence():
    assert microbatch(1, 4) == 1
    one = deployment("llama-3.1-8b", "H100-SXM-80GB", constants=CEILING)
    four = deployment("llama-3.1-8b", "H100-SXM-80GB", pipeline=4, constants=CEILING)
    alone = Workload(input_tokens=100, output_tokens=10)
    assert predict(four, alone).time_per_output_token.value == pytest.approx(
        predict(one, alone).time_per_output_token.value
    )
    many = Workload(input_tokens=100, output_tokens=10, requests=64)
    assert predict(four, many).output_rate.value > 2 * predict(one, many).output_rate.value


@pytest.mark.parametrize(
    ("text", "devices", "expected"),
    [
        ("TP4", 4, Parallelism(tensor=4)),
        ("TP2PP4", 8, Parallelism(tensor=2, pipeline=4)),
        ("PP4", 4, Parallelism(pipeline=4)),
        ("layer-split2", 2, Parallelism(pipeline=2)),
        ("none", 1, Parallelism()),
        ("", 1, Parallelism()),
        ("DEP8", 8, Parallelism(replicas=8)),
        ("TP8EP8 attention-DP", 8, Parallelism(replicas=8)),
        ("TP8EP2", 8, Parallelism(tensor=8)),
        ("TP24 (NeuronCores)", 12, Parallelism(tensor=12)),
    ],
)
def test_the_short_names_of_tables_are_understood(text, devices, expected):
    assert parallelism_from_text(text, devices) == expected


def test_at_the_ceiling_a_step_is_the_roofline_of_the_book():
    """The whole machinery reduces to the lower bound of the decode law when nothing is lost."""
    found = times(LLAMA.server, CEILING, 1.0, 2048, 2, 1)
    bound = decode_step(model("llama-3.3-70b"), accelerator("H100-SXM-80GB"), context=2049, devices=4)
    # The link is the one thing that the bound leaves out.
    assert found.step - LLAMA.server.sent / LLAMA.server.link == pytest.approx(step_time(bound), rel=1e-3)


def test_a_burst_is_the_sum_of_its_parts():
    place = deployment("llama-3.3-70b", "H100-SXM-80GB", tensor=4, engine="vllm")
    t = predict(place, Workload(input_tokens=2035, output_tokens=300, requests=512)).times
    parts = max(t.weights, t.matrices) + max(t.cache, t.attention) + t.overhead
    assert t.step == pytest.approx(parts)
    assert t.total == pytest.approx(t.prefill + t.waves * 299 * t.step + place.efficiency.request_time)
    assert t.waves * t.running == 512


def test_one_expert_of_one_is_dense_and_a_large_batch_reads_all_experts():
    mixtral = deployment("mixtral-8x7b", "H200-SXM-141GB").server
    alone = mixtral.shared_traffic + mixtral.expert_weights * mixtral.expert_share
    assert alone / 2 == pytest.approx(12.88e9 - 32000 * 4096, rel=2e-3)
    place = deployment("mixtral-8x7b", "H200-SXM-141GB", constants=CEILING)
    step = times(place.server, CEILING, 1.0, 10, 2, 4096).weights * place.server.bandwidth
    assert step == pytest.approx(mixtral.shared_traffic + mixtral.expert_weights, rel=1e-9)


def test_sparse_models_are_predicted_as_the_sparse_models_they_are():
    """A dense reading of all weights would take 140 ms and 19 ms a token."""
    deepseek = deployment("deepseek-v3", "H200-SXM-141GB", tensor=8, weights="fp8")
    one = predict(deepseek, Workload(input_tokens=1024, output_tokens=256))
    assert deepseek.server.held_weights / (8 * 4.8e12) > 0.017
    assert 0.001 < one.times.weights < 0.002
    assert one.time_per_output_token.value < 0.015
    oss = deployment("gpt-oss-120b", "H100-SXM-80GB", weights="mxfp4")
    assert predict(oss, Workload(input_tokens=1024, output_tokens=256)).time_per_output_token.value < 0.010


def test_a_window_beyond_the_context_is_no_window():
    place = deployment("gpt-oss-120b", "H100-SXM-80GB", weights="mxfp4", constants=CEILING)
    open_server = dataclasses.replace(
        place.server,
        cache=(sum(place.server.cache), 0.0),
        prompt_attention=(sum(place.server.prompt_attention), 0.0),
        decode_attention=(sum(place.server.decode_attention), 0.0),
    )
    for prompt, same in ((60, True), (6000, False)):
        found = times(place.server, CEILING, 1.0, prompt, 20, 8)
        without = times(open_server, CEILING, 1.0, prompt, 20, 8)
        assert (found.cache == pytest.approx(without.cache)) is same
        assert found.total <= without.total


def test_captured_graphs_end_at_their_limit():
    assert batching.eager_share(100, 99, 8192) == 0
    assert batching.eager_share(9000, 100, 8192) == 1
    assert batching.eager_share(9000, 100, 0) == 0
    assert batching.eager_share(8092, 200, 8192) == 0.5


def test_few_streams_are_split_and_many_overlap():
    def stream(sequences):
        return batching.stream_time(1000, 512.0, 16, sequences, 132, 34e9)

    assert stream(2) == pytest.approx(2 * stream(1))
    assert stream(64) == stream(16) == pytest.approx(1000 * 512 / 34e9)


def test_arrays_and_numbers_go_through_the_same_formulas():
    place = deployment("mixtral-8x7b", "H100-SXM-80GB", tensor=2, engine="vllm")
    requests = numpy.array([1, 3, 17, 300])
    prompts = numpy.array([100, 5000, 2000, 900])
    together = predict(place, Workload(input_tokens=prompts, output_tokens=200, requests=requests))
    for position in range(4):
        alone = predict(
            place,
            Workload(input_tokens=int(prompts[position]), output_tokens=200, requests=int(requests[position])),
        )
        assert together.output_rate.value[position] == pytest.approx(alone.output_rate.value, rel=1e-12)
        assert together.time_per_output_token.high[position] == pytest.approx(alone.time_per_output_token.high)
        assert str(together.bound[position]) == alone.bound


def test_precisions_of_weights_cache_and_products_are_apart():
    bf16 = deployment("llama-3.3-70b", "H100-SXM-80GB", tensor=4).server
    fp8 = deployment("llama-3.3-70b", "H100-SXM-80GB", tensor=4, weights="fp8", kv_bits=8).server
    int4 = deployment("llama-3.3-70b", "H100-SXM-80GB", tensor=4, weights="int4-awq").server
    assert fp8.peak == 2 * bf16.peak + 1e12 and int4.peak == bf16.peak
    assert fp8.cache[0] * 2 == bf16.cache[0] == int4.cache[0]
    assert int4.held_weights < fp8.held_weights < bf16.held_weights
    # A machine without arithmetic for a format widens it first.
    assert deployment("llama-3.1-8b", "H100-SXM-80GB", weights="fp4").arithmetic == "bf16"
    assert deployment("llama-3.1-8b", "B200-180GB", weights="fp4").arithmetic == "fp4"
