"""Counts against independent ones: the classes of transformers, published figures, closed forms."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokenomics.architecture import Architecture, Attention, FeedForward, Layer
from tokenomics.catalogue import model, models
from tokenomics.parameters import (
    active_parameters,
    layer_matrices,
    layer_parameters,
    matrix_parameters,
    parameters_by_part,
    total_parameters,
    weight_bytes,
)
from tokenomics.work import decode_flops, decode_kv_traffic, decode_weight_traffic, kv_bytes_per_token

COUNTS = json.loads((Path(__file__).parent / "dense_counts.json").read_text(encoding="utf-8"))["models"]
DENSE = ("llama-3.1-8b", "llama-3.3-70b", "llama-3.1-405b", "qwen2.5-7b", "qwen2.5-72b", "mistral-7b-v0.3")

sizes = st.integers(1, 4096)


@st.composite
def architectures(draw):
    kv_heads, group = draw(st.integers(1, 16)), draw(st.integers(1, 8))
    attention = Attention(
        heads=kv_heads * group,
        kv_heads=kv_heads,
        head_dim=draw(sizes),
        query_bias=draw(st.booleans()),
        key_value_bias=draw(st.booleans()),
        output_bias=draw(st.booleans()),
    )
    feed_forward = FeedForward(intermediate_size=draw(sizes), gated=draw(st.booleans()), bias=draw(st.booleans()))
    layer = Layer(count=draw(st.integers(1, 100)), attention=attention, feed_forward=feed_forward)
    return Architecture(
        name="drawn",
        hidden_size=draw(sizes),
        vocabulary_size=draw(sizes),
        layers=(layer,),
        tied_embeddings=draw(st.booleans()),
    )


@pytest.mark.parametrize("name", COUNTS)
def test_counts_equal_those_of_transformers(name):
    counted, architecture = COUNTS[name], model(name)
    assert total_parameters(architecture) == counted["total"]
    for convention, parameters in counted["active"].items():
        assert active_parameters(architecture, convention=convention) == parameters
    assert kv_bytes_per_token(architecture, bits=16) == counted["kv_bytes_per_token"]
    # The new token attends to the 128 before it and to itself.
    assert decode_flops(architecture, batch=1, context=129) == counted["decode_flops_after_128_tokens"]


@pytest.mark.parametrize(
    ("name", "published"), [("llama-3.3-70b", 70_553_706_496), ("llama-3.1-405b", 405_853_388_800)]
)
def test_totals_equal_the_published_ones(name, published):
    assert total_parameters(model(name)) == published


def test_llama_70b_by_hand():
    """The closed form of a gated, grouped-query layer without biases, written out."""
    hidden, vocabulary, layers, key_value, wide = 8192, 128256, 80, 8 * 128, 28672
    layer = 2 * hidden**2 + 2 * hidden * key_value + 3 * hidden * wide + 2 * hidden
    assert layer_parameters(hidden, model("llama-3.3-70b").layers[0]) == layer
    assert total_parameters(model("llama-3.3-70b")) == 2 * vocabulary * hidden + layers * layer + hidden


@pytest.mark.parametrize("name", DENSE)
def test_the_catalogue_has_the_model(name):
    assert name in models()


@given(architectures())
def test_parts_sum_to_the_total(architecture):
    layer = architecture.layers[0]
    outside = architecture.vocabulary_size * architecture.hidden_size * (1 if architecture.tied_embeddings else 2)
    layers = layer.count * layer_parameters(architecture.hidden_size, layer)
    assert total_parameters(architecture) == outside + layers + architecture.hidden_size
    assert sum(parameters_by_part(architecture).values()) == total_parameters(architecture)


@given(architectures())
def test_biases_add_one_vector_for_each_output(architecture):
    layer = architecture.layers[0]
    for matrix in layer_matrices(architecture.hidden_size, layer):
        assert matrix_parameters(matrix) == matrix.outputs * (matrix.inputs + int(matrix.bias))
    named = {matrix.name: matrix.bias for matrix in layer_matrices(architecture.hidden_size, layer)}
    attention, feed_forward = layer.attention, layer.feed_forward
    assert (named["query"], named["output"]) == (attention.query_bias, attention.output_bias)
    assert named["key"] == named["value"] == attention.key_value_bias
    assert named["up"] == named["down"] == feed_forward.bias
    assert ("gate" in named) == feed_forward.gated


@given(architectures())
def test_each_convention_counts_no_more_than_the_wider_one(architecture):
    conventions = ("with embeddings", "without input embedding", "without embedding and head")
    counts = [active_parameters(architecture, convention=convention) for convention in conventions]
    assert counts == sorted(counts, reverse=True)
    table = architecture.vocabulary_size * architecture.hidden_size
    assert counts[0] == total_parameters(architecture)
    # A tied table is also the head, which is read in full.
    assert counts[0] - counts[1] == (0 if architecture.tied_embeddings else table)
    assert counts[0] - counts[2] == table * (1 if architecture.tied_embeddings else 2)


@given(architectures(), st.integers(1, 512), st.integers(1, 10**6))
def test_a_decode_step_costs_two_operations_for_each_weight_it_multiplies(architecture, batch, context):
    layer = architecture.layers[0]
    weights = architecture.vocabulary_size * architecture.hidden_size + layer.count * sum(
        matrix.inputs * matrix.outputs for matrix in layer_matrices(architecture.hidden_size, layer)
    )
    attention = layer.count * 2 * 2 * layer.attention.heads * layer.attention.head_dim * context
    assert decode_flops(architecture, batch=batch, context=context) == batch * (2 * weights + attention)


@given(architectures(), st.integers(1, 512), st.integers(1, 10**6), st.sampled_from([4, 8, 16]))
def test_the_cache_grows_with_batch_and_context_and_the_weights_with_neither(architecture, batch, context, bits):
    once = decode_kv_traffic(architecture, batch=1, context=1, bits=bits)
    assert once == kv_bytes_per_token(architecture, bits=bits)
    assert decode_kv_traffic(architecture, batch=batch, context=context, bits=bits) == batch * context * once
    read = active_parameters(architecture, convention="without input embedding")
    assert decode_weight_traffic(architecture, bits=bits) == weight_bytes(read, bits)


def test_grouping_the_heads_shrinks_the_cache_by_the_group():
    full = Attention(heads=64, kv_heads=64, head_dim=128)
    grouped = Attention(heads=64, kv_heads=8, head_dim=128)
    wide = FeedForward(intermediate_size=28672)
    sizes = [
        kv_bytes_per_token(
            Architecture(
                name=name,
                hidden_size=8192,
                vocabulary_size=128256,
                layers=(Layer(count=80, attention=attention, feed_forward=wide),),
            ),
            bits=16,
        )
        for name, attention in (("full", full), ("grouped", grouped))
    ]
    assert sizes[0] == 8 * sizes[1]
