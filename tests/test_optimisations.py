"""The optimisations against closed forms, limits, a lottery, and a published corollary."""

import random
from dataclasses import replace

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokenomics.catalogue import accelerator, model, models
from tokenomics.latency import decode_step, step_time
from tokenomics.levers import SCHEDULES, Levers, effects
from tokenomics.optimisations import (
    accepted_tokens,
    cycle_time,
    free_prompt_tokens,
    remaining_prefill_flops,
    speculative_time,
    stalled_token_time,
    transfer_time,
)
from tokenomics.prefill import prefill_flops
from tokenomics.work import decode_flops, head_flops

LLAMA, H100 = model("llama-3.3-70b"), accelerator("H100-SXM-80GB")
PLACE = {"devices": 4, "batch": 64, "prompt": 4096, "reply": 512, "overhead": 0.002}


def run(**levers):
    return effects(LLAMA, H100, Levers(**levers), **PLACE)


@given(acceptance=st.floats(0, 0.99), drafts=st.integers(0, 20))
def test_tokens_of_a_check_are_the_geometric_sum(acceptance, drafts):
    closed = (1 - acceptance ** (drafts + 1)) / (1 - acceptance)
    assert accepted_tokens(acceptance, drafts) == pytest.approx(closed, rel=1e-12)


def test_tokens_of_a_check_at_the_ends():
    assert accepted_tokens(0, 7) == 1
    assert accepted_tokens(1, 7) == 8
    assert list(accepted_tokens(numpy.array([0.0, 0.5, 1.0]), 1)) == [1, 1.5, 2]


def test_tokens_of_a_check_in_a_lottery():
    rng, checks = random.Random(12), 20_000
    total = 0
    for _ in range(checks):
        kept = 0
        while kept < 4 and rng.random() < 0.7:
            kept += 1
        total += kept + 1
    assert accepted_tokens(0.7, 4) == pytest.approx(total / checks, rel=0.02)


@pytest.mark.parametrize("acceptance", [-0.1, 1.1, float("nan"), "high"])
def test_an_acceptance_is_a_probability(acceptance):
    with pytest.raises(ValueError, match="speculation: acceptance is "):
        accepted_tokens(acceptance, 2)


@given(cost=st.floats(0, 1), acceptance=st.floats(0, 1), drafts=st.integers(1, 10))
def test_speculation_pays_at_all_only_if_drafts_are_kept_more_often_than_they_cost(cost, acceptance, drafts):
    """Corollary 3.9 of Leviathan et al., 2023: a gain exists if and only if acceptance exceeds cost."""
    if cost >= acceptance:
        assert speculative_time(acceptance, drafts, 1.0, cost) >= 1 - 1e-12
    else:
        assert speculative_time(acceptance, 1, 1.0, cost) <= 1


@pytest.mark.parametrize("name", models())
def test_what_remains_of_a_prefill(name):
    architecture = model(name)
    whole = prefill_flops(architecture, tokens=3000, attention="causal", logits="last")
    assert remaining_prefill_flops(architecture, prompt=3000, cached=0) == whole
    first = remaining_prefill_flops(architecture, prompt=1000, cached=0)
    second = remaining_prefill_flops(architecture, prompt=3000, cached=1000)
    assert first + second == pytest.approx(whole + head_flops(architecture), rel=1e-12)


def test_the_last_token_of_a_prompt_costs_a_decode_step():
    last = remaining_prefill_flops(LLAMA, prompt=4096, cached=4095)
    assert last == pytest.approx(decode_flops(LLAMA, batch=1, context=4096), rel=1e-12)


def test_a_free_chunk_fills_the_step_to_the_ridge():
    chunk = free_prompt_tokens(0.02, 0.005, 1e15, 140e9)
    assert 0.005 + chunk * 140e9 / 1e15 == pytest.approx(0.02)
    assert free_prompt_tokens(0.02, 0.03, 1e15, 140e9) == 0


def test_sending_takes_what_the_link_takes():
    assert transfer_time(50e9, 50e9) == 1
    assert transfer_time(0, 50e9, 0.001) == 0.001


@given(batch=st.integers(1, 500), prefill=st.floats(0, 1), reply=st.integers(2, 5000), token=st.floats(1e-4, 1))
def test_a_reply_and_its_own_prefill_fill_the_cycle(batch, prefill, reply, token):
    seen = prefill + (reply - 1) * stalled_token_time(token, prefill, batch, reply)
    assert cycle_time(batch, prefill, reply, token) == pytest.approx(seen)


def test_without_levers_a_pass_is_the_decode_step():
    plain = run()
    step = decode_step(LLAMA, H100, batch=64, context=4096 + 256, devices=4)
    assert (plain.weight_time, plain.cache_time, plain.compute_time) == pytest.approx(
        (step.weight_time, step.kv_time, step.compute_time)
    )
    alone = effects(LLAMA, H100, Levers(), **PLACE | {"batch": 1, "overhead": 0.0})
    assert alone.each == pytest.approx(step_time(decode_step(LLAMA, H100, context=4096 + 256, devices=4)))


@pytest.mark.parametrize("schedule", SCHEDULES)
@pytest.mark.parametrize("drafts", [0, 3])
def test_throughput_and_device_time_are_one_thing(schedule, drafts):
    result = run(schedule=schedule, drafts=drafts)
    assert result.throughput * result.device_time == pytest.approx(PLACE["devices"])


def test_each_lever_moves_its_own_terms():
    plain = run()

    def moved(**levers):
        result = run(**levers)
        names = ("weight_time", "cache_time", "compute_time", "prefill_time", "held")
        return {name for name in names if getattr(result, name) != pytest.approx(getattr(plain, name), rel=1e-9)}

    assert moved(weight_bits=8) == {"weight_time", "held"}
    assert moved(kv_bits=8) == {"cache_time", "held"}
    assert moved(precision="fp8") == {"compute_time", "prefill_time"}
    assert moved(cached=0.5) == {"prefill_time"}
    assert moved(drafts=4) == {"compute_time"}
    assert moved(schedule="chunked") == {"compute_time"}
    assert moved(schedule="apart") == set()


def test_apart_costs_what_turns_cost_and_frees_the_tokens_of_stalls():
    turns, apart = run(), run(schedule="apart")
    assert apart.device_time == pytest.approx(turns.device_time)
    assert apart.first == turns.first
    assert apart.each < turns.each


def test_chunks_never_cost_more_than_turns():
    for batch in (1, 4, 32, 256):
        for prompt in (128, 4096, 65536):
            place = PLACE | {"batch": batch, "prompt": prompt}
            turns, chunked = (effects(LLAMA, H100, Levers(schedule=each), **place) for each in ("in turns", "chunked"))
            assert chunked.device_time <= turns.device_time * (1 + 1e-12)


def test_arithmetic_bounds_what_drafts_gain():
    """No draft makes tokens with less arithmetic than one token needs."""
    for drafts in range(1, 12):
        result = effects(LLAMA, H100, Levers(drafts=drafts), **PLACE | {"batch": 256})
        plain = effects(LLAMA, H100, Levers(), **PLACE | {"batch": 256})
        assert result.compute_time / result.pass_tokens >= plain.compute_time


@pytest.mark.parametrize("batch", [1, 64, 512, 100_000])
def test_drafts_pay_at_any_batch_where_contexts_are_long(batch):
    place = {"devices": 4, "batch": batch, "prompt": 8191, "reply": 2}
    levers = (Levers(drafts=count, schedule="apart", link=1e30) for count in (0, 4))
    plain, guessed = (effects(LLAMA, H100, each, **place) for each in levers)
    assert guessed.each < plain.each


def test_four_times_the_batch_fits_once_everything_has_eight_bits():
    levers = Levers(weight_bits=8, precision="fp8", kv_bits=8, cached=0.9, schedule="chunked", drafts=4)
    fuller = effects(LLAMA, H100, levers, **{**PLACE, "batch": 4 * PLACE["batch"]})
    assert fuller.held < 0.9 * PLACE["devices"] * H100.memory


@pytest.mark.parametrize(
    ("field", "value"),
    [("weight_bits", 0), ("kv_bits", -8), ("precision", "fp7"), ("drafts", 1.5), ("drafts", -1), ("acceptance", 2),
     ("draft_cost", -1), ("cached", 1), ("schedule", "sometimes"), ("link", 0)],
)  # fmt: skip
def test_a_wrong_lever_is_named(field, value):
    with pytest.raises(ValueError, match=f"levers: {field} is"):
        replace(Levers(), **{field: value})


def test_a_machine_without_the_precision_is_named():
    with pytest.raises(ValueError, match="fp8"):
        effects(LLAMA, accelerator("A100-SXM-80GB"), Levers(precision="fp8"), **PLACE)
