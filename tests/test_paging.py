"""How a cache is kept: pages, copies, sharing, scales and time, against simulations, limits and counts by hand."""

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokenomics.cache import cache_bytes, fixed_state_bytes, kv_bytes_per_token
from tokenomics.catalogue import accelerator, model, models
from tokenomics.deployment import deployment
from tokenomics.holding import crossing_context, full_step_time, held_cache_bytes, keeping_time, scaled_bits
from tokenomics.latency import decode_step
from tokenomics.paging import page_bytes, page_waste, pages, reserved_tokens, running_tokens, shared_tokens
from tokenomics.work import decode_kv_traffic, decode_weight_traffic

LLAMA = model("llama-3.3-70b")


@given(st.integers(1, 10**6), st.integers(1, 4096))
def test_pages_hold_the_sequence_and_one_less_does_not(tokens, page):
    assert pages(tokens, page) * page >= tokens > (pages(tokens, page) - 1) * page


@pytest.mark.parametrize("page", [1, 2, 16, 256])
def test_waste_of_the_last_page_is_the_mean_over_its_fillings(page):
    lengths = numpy.arange(1, 10 * page + 1)
    assert (pages(lengths, page) * page - lengths).mean() == page_waste(page)


@pytest.mark.parametrize(("prompt", "mean"), [(0, 1), (30, 40), (512, 256)])
def test_running_sequences_by_simulation(prompt, mean):
    """Step by step through replies that end with the same chance at each step."""
    replies = numpy.random.default_rng(7).geometric(1 / mean, 200_000)
    steps = replies.sum()
    held = (prompt * replies + replies * (replies + 1) / 2).sum() / steps
    known = ((prompt + replies) * replies).sum() / steps
    numpy.testing.assert_allclose(held, running_tokens(prompt, mean), rtol=0.01)
    numpy.testing.assert_allclose(known, reserved_tokens(prompt, mean), rtol=0.01)


def test_one_block_of_an_engine():
    """vLLM issue 10517: Llama 3.1 8B, 1,952 blocks of 16 tokens in 3.81 GiB, 1,478 in 2.89 GiB."""
    page = page_bytes(kv_bytes_per_token(model("llama-3.1-8b"), bits=16), 16)
    assert [round(blocks * page / 2**30, 2) for blocks in (1952, 1478)] == [3.81, 2.89]


@pytest.mark.parametrize("name", models())
def test_one_device_holds_each_cache_once(name):
    assert held_cache_bytes(model(name), context=5000, bits=16, devices=1) == pytest.approx(
        cache_bytes(model(name), context=5000, bits=16), rel=1e-15
    )


@pytest.mark.parametrize("name", models())
def test_copies_only_add(name):
    once = cache_bytes(model(name), context=5000, bits=16)
    state = fixed_state_bytes(model(name), bits=16)
    for devices in (2, 3, 8, 64):
        held = held_cache_bytes(model(name), context=5000, bits=16, devices=devices)
        assert once * (1 - 1e-12) <= held <= (devices * (once - state) + state) * (1 + 1e-12)


@pytest.mark.parametrize(
    ("name", "devices", "copies"),
    [
        ("llama-3.3-70b", 8, 1),
        ("llama-3.3-70b", 16, 2),
        ("llama-3.3-70b", 6, 1.5),
        ("deepseek-v3", 8, 8),
        ("falcon-7b", 4, 4),
    ],
)
def test_copies_by_hand(name, devices, copies):
    held = held_cache_bytes(model(name), context=100, bits=16, devices=devices)
    assert held == copies * cache_bytes(model(name), context=100, bits=16)


@pytest.mark.parametrize("name", ["llama-3.3-70b", "deepseek-v3", "gpt-oss-120b"])
@pytest.mark.parametrize("tensor", [1, 4, 8, 16])
def test_copies_are_those_of_a_server(name, tensor):
    server = deployment(name, "H100-SXM-80GB", tensor=tensor).server
    held = server.cache[0] * 100 + server.cache[1] * min(100, server.window)
    assert held_cache_bytes(model(name), context=100, bits=16, devices=tensor) == pytest.approx(held, rel=1e-12)


@pytest.mark.parametrize("batch", [1, 8, 64])
def test_at_the_crossing_a_step_reads_as_much_cache_as_weights(batch):
    weights = decode_weight_traffic(LLAMA, bits=16)
    context = crossing_context(weights, batch, kv_bytes_per_token(LLAMA, bits=16))
    assert decode_kv_traffic(LLAMA, batch=batch, context=context, bits=16) == pytest.approx(weights)


def test_a_full_memory_takes_one_reading():
    """Two H100s full to the last byte with the 70B and its caches: the step of the law, but for the input embedding."""
    h100 = accelerator("H100-SXM-80GB")
    kv = kv_bytes_per_token(LLAMA, bits=16)
    batch = (2 * h100.memory - decode_weight_traffic(LLAMA, bits=16)) / (4096 * kv)
    step = decode_step(LLAMA, h100, batch=batch, context=4096, devices=2)
    assert step.weight_time + step.kv_time == pytest.approx(full_step_time(h100.memory, 1, h100.bandwidth))


@given(st.integers(2, 1000), st.integers(0, 10**5), st.integers(1, 10**5))
def test_sharing_saves_all_copies_but_one(sequences, shared, own):
    apart = sequences * (shared + own)
    assert apart - shared_tokens(sequences, shared, own) == (sequences - 1) * shared
    assert apart / shared_tokens(sequences, shared, own) <= (shared + own) / own * (1 + 1e-12)


def test_scales_add_their_share():
    assert scaled_bits(8, 0, 1) == 8
    assert scaled_bits(2, 32, 32) == 3
    assert scaled_bits(4, 16, 10**9) == pytest.approx(4)


def test_keeping_and_computing_cost_the_same_at_the_keeping_time():
    room, rate, tokens = 448_000, 14_800, 8192
    kept = tokens / room * keeping_time(room, rate)  # a share of the machine for the whole time
    assert kept == pytest.approx(tokens / rate)  # all of the machine for the time of a prefill
