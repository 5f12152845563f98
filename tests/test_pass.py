"""One forward pass: parts sum to totals, limits hold, and more of anything never costs less."""

from dataclasses import replace

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokenomics.architecture import Architecture
from tokenomics.blocks import Attention, Experts, FeedForward, LatentAttention, Layer
from tokenomics.cache import cache_bytes, fixed_state_bytes, kv_bytes_per_token, sequences_that_fit
from tokenomics.catalogue import model, models
from tokenomics.operations import decode_operations, prefill_operations, total
from tokenomics.parameters import active_parameters, total_parameters, weight_bytes
from tokenomics.prefill import (
    attended_pairs,
    expanded_decode_flops,
    long_prefill_flops,
    prefill_flops,
    rule_of_thumb_flops,
)
from tokenomics.routing import experts_touched, touched_parameters
from tokenomics.work import attention_flops, decode_flops, decode_kv_traffic, decode_weight_traffic

every_model = pytest.mark.parametrize("name", models())
MIXTURES = [name for name in models() if any(layer.experts for layer in model(name).layers)]
counts = st.integers(1, 64)


def built(attention, feed_forward=None, experts=None):
    """A model of three layers."""
    layer = Layer(count=3, attention=attention, feed_forward=feed_forward, experts=experts)
    return Architecture(name="built", hidden_size=64, vocabulary_size=100, layers=(layer,))


PLAIN = Attention(heads=4, kv_heads=2, head_dim=16)
DENSE = FeedForward(intermediate_size=96)


@every_model
def test_the_operations_of_a_decode_step_sum_to_it(name):
    architecture = model(name)
    operations = decode_operations(architecture, batch=7, context=5000, bits=8, kv_bits=16)
    assert total(operations, "flops") == pytest.approx(decode_flops(architecture, batch=7, context=5000), rel=1e-12)
    weights = decode_weight_traffic(architecture, batch=7, bits=8)
    assert total(operations, "weight_bytes") == pytest.approx(weights, rel=1e-12)
    read = decode_kv_traffic(architecture, batch=7, context=5000, bits=16)
    assert total(operations, "kv_read") == pytest.approx(read, rel=1e-12)
    index = sum(layer.count * getattr(layer.attention, "index_dim", 0) for layer in architecture.layers) * 2
    assert total(operations, "kv_written") == 7 * (kv_bytes_per_token(architecture, bits=16) + index)
    assert total(operations, "activation_bytes") > 0


@every_model
@pytest.mark.parametrize("attention", ["full", "causal"])
@pytest.mark.parametrize("logits", ["every", "last"])
def test_the_operations_of_a_prefill_sum_to_it(name, attention, logits):
    architecture = model(name)
    conventions = {"tokens": 300, "batch": 3, "attention": attention, "logits": logits}
    operations = prefill_operations(architecture, bits=16, **conventions)
    assert total(operations, "flops") == pytest.approx(prefill_flops(architecture, **conventions), rel=1e-12)
    weights = weight_bytes(touched_parameters(architecture, 900), 16)
    assert total(operations, "weight_bytes") == pytest.approx(weights, rel=1e-12)
    assert total(operations, "kv_read") == 0


@every_model
def test_a_batch_of_one_reads_the_active_parameters(name):
    architecture = model(name)
    read = decode_weight_traffic(architecture, bits=8)
    positions = architecture.positions * architecture.hidden_size
    active = active_parameters(architecture, convention="without input embedding") - positions
    assert read == pytest.approx(active, rel=1e-12)


@pytest.mark.parametrize("name", MIXTURES)
def test_a_large_batch_reads_every_expert(name):
    architecture = model(name)
    batches = numpy.array([1, 2, 8, 64, 1e6])
    read = decode_weight_traffic(architecture, bits=8, batch=batches)
    assert (numpy.diff(read) > 0).all()
    table = 0 if architecture.tied_embeddings else architecture.vocabulary_size * architecture.hidden_size
    assert read[-1] == pytest.approx(total_parameters(architecture) - table, rel=1e-9)


@given(st.integers(1, 512), st.data())
def test_experts_touched_lie_between_those_of_one_token_and_all(count, data):
    active = data.draw(st.integers(1, count))
    tokens = data.draw(st.integers(1, 10**6))
    touched = experts_touched(count, active, tokens)
    assert touched <= count * (1 + 1e-12)
    assert touched >= active * (1 - 1e-9)
    assert experts_touched(count, active, 1) == pytest.approx(active, rel=1e-9)
    assert experts_touched(count, count, tokens) == count


def test_experts_touched_against_throwing_the_dice():
    chosen = numpy.argsort(numpy.random.default_rng(7).random((2000, 16, 32)), axis=-1)[..., :4]
    touched = numpy.mean([len(numpy.unique(batch)) for batch in chosen])
    assert experts_touched(32, 4, 16) == pytest.approx(touched, rel=0.01)


@given(counts, counts, counts)
def test_one_expert_is_dense_but_for_its_router(batch, context, tokens):
    dense = built(PLAIN, DENSE)
    mixture = built(PLAIN, experts=Experts(count=1, active=1, intermediate_size=96))
    router = 3 * 64
    assert total_parameters(mixture) == total_parameters(dense) + router == active_parameters(mixture)
    difference = decode_flops(mixture, batch=batch, context=context) - decode_flops(dense, batch=batch, context=context)
    assert difference == 2 * router * batch
    assert prefill_flops(mixture, tokens=tokens) - prefill_flops(dense, tokens=tokens) == 2 * router * tokens
    assert decode_weight_traffic(mixture, bits=8, batch=batch) == decode_weight_traffic(dense, bits=8) + router


@given(st.integers(1, 5000), st.integers(1, 5000))
def test_a_window_is_felt_only_beyond_it(window, context):
    full, sliding = built(PLAIN, DENSE), built(replace(PLAIN, window=window), DENSE)
    assert total_parameters(full) == total_parameters(sliding)
    seen = min(window, context)
    assert cache_bytes(sliding, context=context, bits=16) == cache_bytes(full, context=seen, bits=16)
    assert decode_flops(sliding, batch=2, context=context) == decode_flops(full, batch=2, context=seen)
    within = decode_kv_traffic(full, batch=2, context=seen, bits=8)
    assert decode_kv_traffic(sliding, batch=2, context=context, bits=8) == within


@given(st.integers(1, 60), st.integers(1, 80))
def test_causal_pairs_are_those_the_mask_leaves(tokens, reach):
    mask = [(query, key) for query in range(tokens) for key in range(tokens) if 0 <= query - key < reach]
    assert attended_pairs(tokens, reach, attention="causal") == len(mask)
    assert attended_pairs(tokens, reach) == tokens**2


@given(counts, counts)
def test_absorbing_the_latent_changes_the_order_of_products_not_the_result(heads, context):
    """Per head and cached token: rank + rope against nope + rope, and what expanding the cache costs beside."""
    attention = LatentAttention(heads=heads, latent_rank=32, rope_dim=8, nope_dim=16, value_dim=24, query_rank=40)
    architecture = built(attention, DENSE)
    absorbed = decode_flops(architecture, batch=1, context=context)
    expanded = expanded_decode_flops(architecture, batch=1, context=context)
    scores = 2 * heads * ((16 + 8 + 24) - (2 * 32 + 8)) * context
    assert expanded - absorbed == 3 * (scores + 2 * 32 * heads * (16 + 24) * (context - 1))


def test_a_latent_cache_knows_nothing_of_heads():
    sizes = {
        kv_bytes_per_token(
            built(LatentAttention(heads=heads, latent_rank=512, rope_dim=64, nope_dim=128, value_dim=128), DENSE),
            bits=16,
        )
        for heads in (1, 16, 128)
    }
    assert sizes == {3 * (512 + 64) * 2}


def test_an_indexer_bounds_what_is_attended_and_not_what_is_kept():
    sparse, full = model("deepseek-v3.2"), model("deepseek-v3")
    keys = 61 * 128 * 2
    for context in (100, 2048, 50_000):
        kept = cache_bytes(sparse, context=context, bits=16) - cache_bytes(full, context=context, bits=16)
        assert kept == keys * context
        read = decode_kv_traffic(sparse, batch=1, context=context, bits=16) - keys * context
        assert read == decode_kv_traffic(full, batch=1, context=min(context, 2048), bits=16)


@every_model
def test_more_is_never_less(name):
    architecture = model(name)
    steps = numpy.array([1, 2, 100, 4096, 4097, 200_000])
    for growing in (
        decode_flops(architecture, batch=1, context=steps),
        decode_flops(architecture, batch=steps, context=1),
        decode_kv_traffic(architecture, batch=1, context=steps, bits=16),
        cache_bytes(architecture, context=steps, bits=16),
        prefill_flops(architecture, tokens=steps, attention="causal", logits="last"),
        decode_weight_traffic(architecture, bits=16, batch=steps) + 0 * steps,
    ):
        assert (numpy.diff(growing) >= 0).all() and (numpy.asarray(growing) >= 0).all()
    whole = prefill_flops(architecture, tokens=300)
    assert whole >= prefill_flops(architecture, tokens=300, attention="causal")
    assert whole >= prefill_flops(architecture, tokens=300, logits="last")


@every_model
def test_an_array_gives_what_its_elements_give(name):
    architecture = model(name)
    batches, contexts = numpy.array([1, 3, 500]), numpy.array([1, 5000, 131072])
    for formula in (
        lambda batch, context: decode_flops(architecture, batch=batch, context=context),
        # Without experts the batch does not matter.
        lambda batch, context: decode_weight_traffic(architecture, bits=4.5, batch=batch) + 0 * batch,
        lambda batch, context: decode_kv_traffic(architecture, batch=batch, context=context, bits=8),
        lambda batch, context: cache_bytes(architecture, context=context, bits=8),
        lambda batch, context: prefill_flops(architecture, tokens=context * 1.0, batch=batch, attention="causal"),
        lambda batch, context: sequences_that_fit(
            architecture, memory=1e9 * batch, context=context, weight_bits=4, kv_bits=16, reserve=0.1
        ),
    ):
        each = [formula(int(batch), int(context)) for batch, context in zip(batches, contexts, strict=True)]
        assert numpy.asarray(formula(batches, contexts)) == pytest.approx(each, rel=1e-12)


def test_sequences_fit_until_the_memory_is_full():
    architecture = model("llama-3.1-8b")
    weights, one = weight_bytes(total_parameters(architecture), 16), cache_bytes(architecture, context=8192, bits=16)
    room = {"context": 8192, "weight_bits": 16, "kv_bits": 16}
    assert sequences_that_fit(architecture, memory=weights + 5 * one, **room) == 5
    assert sequences_that_fit(architecture, memory=weights + 5 * one - 1, **room) == 4
    assert sequences_that_fit(architecture, memory=weights - 1, **room) == 0
    assert sequences_that_fit(architecture, memory=weights + 5 * one, activations=one, **room) == 4
    assert sequences_that_fit(architecture, memory=2 * (weights + 5 * one), reserve=0.5, **room) == 5


def test_a_model_without_attention_has_no_growing_cache():
    hybrid = model("jamba-v0.1")
    fixed = fixed_state_bytes(hybrid, bits=16)
    assert fixed > 0 and fixed == cache_bytes(hybrid, context=0, bits=16)
    assert fixed_state_bytes(model("llama-3.1-8b"), bits=16) == 0


def test_the_long_count_adds_what_the_short_one_leaves_out():
    """Source: 10Sh + 25.5Sh2 + 4S2h + 5S2 heads in each layer, and the head; only Llama 3 70B has these proportions."""
    llama, tokens, hidden, heads = model("llama-3.3-70b"), 2048, 8192, 64
    layer = 10 * tokens * hidden + 25.5 * tokens * hidden**2 + 4 * tokens**2 * hidden + 5 * tokens**2 * heads
    assert long_prefill_flops(llama, tokens=tokens) == 80 * layer + 2 * tokens * hidden * 128256


def test_the_rule_of_two_errs_by_attention_and_the_table():
    llama = model("llama-3.3-70b")
    ruled = rule_of_thumb_flops(total_parameters(llama), 2048)
    attention = 80 * attention_flops(llama.layers[0].attention, 2048**2, 0)
    # The table and the norms are counted by the rule and multiplied by nothing.
    table, norms = 128256 * 8192, (2 * 80 + 1) * 8192
    assert ruled == prefill_flops(llama, tokens=2048) - attention + 2 * 2048 * (table + norms)
    assert ruled == pytest.approx(prefill_flops(llama, tokens=2048), rel=0.03)


def test_conventions_are_named_or_refused():
    for wrong in ({"attention": "half"}, {"logits": "some"}, {"latent": "melted"}):
        with pytest.raises(ValueError, match=f"{next(iter(wrong))} is '{next(iter(wrong.values()))}'"):
            prefill_flops(model("deepseek-v3"), tokens=8, **wrong)
