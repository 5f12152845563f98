"""How to draw the arguments of the formulas of a pass and its two phases."""

from tokenomics import forward, prefill
from tokenomics.explorer.panels import arithmetic

from .draw import SHELF, architecture, attention, count, layer, positional, size, sizes, values

PAIRS = ("full", "causal")
LOGITS = ("every", "last")


def prompt(rng):
    return {"tokens": count(rng, 10**6), "attention": rng.choice(PAIRS), "logits": rng.choice(LOGITS)}


def parts(rng):
    return forward.decode_flops_by_part(architecture(rng), context=count(rng, 10**6))


INPUTS = {
    prefill.attended_pairs: lambda rng: ([count(rng, 10**6), count(rng, 10**6)], {"attention": rng.choice(PAIRS)}),
    prefill.expanded_attention_flops: positional(attention, size, size),
    prefill.rule_of_thumb_flops: sizes(2),
    forward.vector_flops: lambda rng: ([count(rng), layer(rng)], {"tokens": count(rng, 10**6), "pairs": size(rng)}),
    forward._matrices_by_part: positional(architecture, count, count),
    forward._vectors: positional(count, layer, count, count),
    forward.prefill_flops_by_part: lambda rng: ([architecture(rng)], prompt(rng)),
    forward.decode_flops_by_part: lambda rng: ([architecture(rng)], {"context": count(rng, 10**6)}),
    arithmetic.flops_segments: positional(parts),
    arithmetic.arithmetic_panel: lambda rng: ([SHELF, values(rng, "arithmetic")], {}),
}
