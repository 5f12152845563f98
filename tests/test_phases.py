"""The two phases of a request against the single step, the sum over steps, and a reply without a cache."""

from dataclasses import astuple, replace

import numpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tokenomics.cache import cache_bytes
from tokenomics.catalogue import accelerator, model, models
from tokenomics.latency import decode_step, step_time
from tokenomics.phases import Work, decode_work, prefill_work, uncached_flops
from tokenomics.prefill import prefill_flops
from tokenomics.roofline import operation_time
from tokenomics.work import decode_flops, decode_kv_traffic, decode_weight_traffic

every_model = pytest.mark.parametrize("name", models())


@every_model
def test_the_work_of_decoding_is_the_sum_over_the_steps(name):
    architecture = model(name)
    work = decode_work(architecture, prompt=4000, reply=201, weight_bits=8, kv_bits=16)
    contexts = numpy.arange(4001, 4201)
    assert work.flops == pytest.approx(decode_flops(architecture, batch=1, context=contexts).sum(), rel=1e-12)
    read = decode_kv_traffic(architecture, batch=1, context=contexts, bits=16) + 0 * contexts
    assert work.kv_traffic == pytest.approx(read.sum(), rel=1e-9)
    assert work.weight_traffic == pytest.approx(200 * decode_weight_traffic(architecture, bits=8), rel=1e-12)


@every_model
@settings(max_examples=10)
@given(prompt=st.integers(1, 200_000), first=st.integers(1, 3000), second=st.integers(1, 3000))
def test_a_reply_may_be_cut_in_two(name, prompt, first, second):
    architecture = model(name)
    whole = decode_work(architecture, prompt=prompt, reply=first + second - 1)
    halves = (
        decode_work(architecture, prompt=prompt, reply=first),
        decode_work(architecture, prompt=prompt + first - 1, reply=second),
    )
    for total, one, other in zip(astuple(whole), *map(astuple, halves), strict=True):
        assert one + other == pytest.approx(total, rel=1e-9)


def test_a_reply_of_one_token_has_no_decode_step():
    assert decode_work(model("llama-3.1-8b"), prompt=500, reply=1) == Work(flops=0, weight_traffic=0, kv_traffic=0)


def test_a_reply_of_two_tokens_takes_one_step():
    llama, h100 = model("llama-3.3-70b"), accelerator("H100-SXM-80GB")
    work = decode_work(llama, prompt=2048, reply=2)
    time = operation_time(work.flops, work.weight_traffic + work.kv_traffic, h100.peaks["bf16"], h100.bandwidth)
    assert time == pytest.approx(step_time(decode_step(llama, h100, context=2049)), rel=1e-12)


@every_model
def test_a_prefill_reads_no_less_than_a_step_and_writes_what_the_steps_read(name):
    architecture = model(name)
    one, many = prefill_work(architecture, prompt=1), prefill_work(architecture, prompt=4096)
    assert many.weight_traffic >= one.weight_traffic == pytest.approx(decode_weight_traffic(architecture, bits=16))
    assert many.kv_traffic == cache_bytes(architecture, context=4096, bits=16)
    assert many.flops > one.flops


def test_a_prompt_of_one_token_costs_what_a_step_costs():
    for name in ("llama-3.2-1b", "mixtral-8x7b", "gpt2"):
        assert prefill_work(model(name), prompt=1).flops == decode_flops(model(name), batch=1, context=1)


def test_without_experts_only_the_cache_grows_the_traffic_of_a_prefill():
    llama = model("llama-3.3-70b")
    lengths = numpy.array([1, 100, 10_000])
    work = prefill_work(llama, prompt=lengths)
    assert work.weight_traffic == decode_weight_traffic(llama, bits=16)
    assert work.kv_traffic == pytest.approx(327_680 * lengths)


@given(st.integers(1, 3000), st.integers(1, 200))
def test_what_no_cache_costs_in_closed_form(prompt, reply):
    """Tokens and pairs of the passes are triangular and tetrahedral numbers."""
    small = model("llama-3.2-1b")
    small = replace(small, layers=(replace(small.layers[0], count=1),))
    head = 2 * small.vocabulary_size * small.hidden_size
    each = prefill_flops(small, tokens=1, attention="causal", logits="last") - head - 4 * 2048

    def passes(last):
        return each * last * (last + 1) // 2 + 4 * 2048 * last * (last + 1) * (last + 2) // 6 + head * last

    expected = passes(prompt + reply - 1) - passes(prompt - 1)
    assert uncached_flops(small, prompt=prompt, reply=reply) == pytest.approx(expected, rel=1e-12)


def test_a_cache_never_costs_arithmetic():
    llama = model("llama-3.1-8b")
    for prompt, reply in ((1, 1), (1, 2), (100, 1), (1000, 50)):
        with_cache = prefill_work(llama, prompt=prompt).flops + decode_work(llama, prompt=prompt, reply=reply).flops
        without = uncached_flops(llama, prompt=prompt, reply=reply)
        assert without == pytest.approx(with_cache) if reply == 1 else without > with_cache
