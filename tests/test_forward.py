"""A pass part by part: the parts sum to the counts that stand elsewhere, and the small ones to what is done by hand."""

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokenomics.catalogue import model, models
from tokenomics.forward import decode_flops_by_part, prefill_flops_by_part, product_flops, vector_flops
from tokenomics.prefill import long_prefill_flops, prefill_flops
from tokenomics.work import decode_flops

every_model = pytest.mark.parametrize("name", models())
sizes = st.integers(1, 9)


class Counted:
    """A number that keeps count of what is done with it."""

    done = 0

    def __mul__(self, other):
        Counted.done += 1
        return self

    def __add__(self, other):
        Counted.done += 1
        return self


@given(sizes, sizes, sizes)
def test_a_product_against_counting_each_operation(rows, inner, columns):
    Counted.done = 0
    first = numpy.full((rows, inner), Counted())
    second = numpy.full((inner, columns), Counted())
    for row in first:
        for column in second.T:
            terms = [left * right for left, right in zip(row, column, strict=True)]
            total = terms[0]
            for term in terms[1:]:
                total = total + term
    # The first term of each sum is added to nothing.
    assert product_flops(rows, inner, columns) == Counted.done + rows * columns


@every_model
@pytest.mark.parametrize("attention", ["full", "causal"])
@pytest.mark.parametrize("logits", ["every", "last"])
def test_the_parts_of_a_prefill_sum_to_it(name, attention, logits):
    conventions = {"tokens": 5000, "attention": attention, "logits": logits}
    parts = prefill_flops_by_part(model(name), **conventions)
    vectors = parts.pop("vectors")
    whole = prefill_flops(model(name), **conventions)
    assert sum(parts.values()) == pytest.approx(whole, rel=1e-12)
    assert 0 < vectors < 0.05 * whole


@every_model
def test_the_parts_of_a_decoded_token_sum_to_it(name):
    parts = decode_flops_by_part(model(name), context=5000)
    del parts["vectors"]
    assert sum(parts.values()) == pytest.approx(decode_flops(model(name), batch=1, context=5000), rel=1e-12)


@every_model
def test_arrays_give_what_their_elements_give(name):
    lengths = numpy.array([1, 4096, 200_000])
    for parts, each in (
        (
            prefill_flops_by_part(model(name), tokens=lengths, attention="causal"),
            [prefill_flops_by_part(model(name), tokens=int(length), attention="causal") for length in lengths],
        ),
        (
            decode_flops_by_part(model(name), context=lengths),
            [decode_flops_by_part(model(name), context=int(length)) for length in lengths],
        ),
    ):
        for part, values in parts.items():
            assert values + 0 * lengths == pytest.approx([one[part] for one in each], rel=1e-12)


def test_small_operations_of_a_layer_by_hand():
    """Llama 3.3 70B: hidden 8192, 64 query and 8 key heads of 128, intermediate 28672; 10 tokens and 55 pairs."""
    small = vector_flops(8192, model("llama-3.3-70b").layers[0], tokens=10, pairs=55)
    assert small == {
        "norms": 10 * 2 * 4 * 8192,
        "rotary embedding": 10 * 3 * (64 + 8) * 128,
        "softmax": 5 * 64 * 55,
        "activation": 10 * 6 * 28672,
        "residual": 10 * 2 * 8192,
    }


def test_what_the_long_count_of_the_literature_leaves_out():
    """It has one norm of two, turns 64 key heads where there are 8, has no activation, residual, nor last norm."""
    llama, tokens = model("llama-3.3-70b"), 2048
    ours = sum(prefill_flops_by_part(llama, tokens=tokens).values())
    layer = 4 * 8192 + 3 * (72 - 128) * 128 + 6 * 28672 + 2 * 8192
    assert ours - long_prefill_flops(llama, tokens=tokens) == tokens * (80 * layer + 4 * 8192)


# Latent attention expands in a prefill and absorbs in a step.
PLAIN = [
    name for name in models() if all(getattr(layer.attention, "kind", "") != "latent" for layer in model(name).layers)
]


@pytest.mark.parametrize("name", PLAIN)
def test_a_prompt_costs_its_last_token_more_than_one_shorter(name):
    """With the mask, each token costs what a decoded one costs at the same place, but for the logits."""
    longer, shorter = (
        prefill_flops_by_part(model(name), tokens=tokens, attention="causal", logits="every") for tokens in (6000, 5999)
    )
    step = decode_flops_by_part(model(name), context=6000)
    for part, flops in step.items():
        assert longer[part] - shorter[part] == pytest.approx(flops, rel=1e-9)


def test_conventions_are_named_or_refused():
    for wrong in ({"attention": "half"}, {"logits": "some"}):
        with pytest.raises(ValueError, match=f"{next(iter(wrong))} is '{next(iter(wrong.values()))}'"):
            prefill_flops_by_part(model("deepseek-v3"), tokens=8, **wrong)
