"""How to draw the arguments of the formulas of a pass and its two phases."""

from tokenomics import forward, phases, prefill
from tokenomics.explorer.panels import arithmetic, request

from .draw import SHELF, architecture, attention, bits, count, layer, positional, size, sizes, values

PAIRS = ("full", "causal")
LOGITS = ("every", "last")


def prompt(rng):
    return {"tokens": count(rng, 10**6), "attention": rng.choice(PAIRS), "logits": rng.choice(LOGITS)}


def parts(rng):
    return forward.decode_flops_by_part(architecture(rng), context=count(rng, 10**6))


def request_work(rng):
    return {"prompt": count(rng, 10**6), "weight_bits": bits(rng), "kv_bits": bits(rng)}


INPUTS = {
    prefill.attended_pairs: lambda rng: ([count(rng, 10**6), count(rng, 10**6)], {"attention": rng.choice(PAIRS)}),
    prefill.expanded_attention_flops: positional(attention, size, size),
    prefill.rule_of_thumb_flops: sizes(2),
    forward.vector_flops: lambda rng: ([count(rng), layer(rng)], {"tokens": count(rng, 10**6), "pairs": size(rng)}),
    forward._matrices_by_part: positional(architecture, count, count),
    forward._vectors: positional(count, layer, count, count),
    forward.prefill_flops_by_part: lambda rng: ([architecture(rng)], prompt(rng)),
    forward.decode_flops_by_part: lambda rng: ([architecture(rng)], {"context": count(rng, 10**6)}),
    prefill.prefill_flops: lambda rng: ([architecture(rng)], prompt(rng)),
    phases._attended_pairs: positional(attention, count),
    phases.prefill_work: lambda rng: ([architecture(rng)], request_work(rng)),
    phases.decode_work: lambda rng: ([architecture(rng)], {**request_work(rng), "reply": count(rng, 10**4)}),
    arithmetic.flops_segments: positional(parts),
    arithmetic.arithmetic_panel: lambda rng: ([SHELF, values(rng, "arithmetic")], {}),
    request.phase_bar: lambda rng: (["Time", "s", size(rng), size(rng)], {}),
    request.request_panel: lambda rng: ([SHELF, values(rng, "request")], {}),
}
