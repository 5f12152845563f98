"""How to draw the arguments of the formulas of the roofline: the operations of a pass, and the calculator."""

from tokenomics import operations, prefill
from tokenomics.explorer.panels import roofline
from tokenomics.matrices import layer_matrices

from .draw import SHELF, architecture, attention, bits, count, layer, positional, size, values


def some_matrix(rng):
    return rng.choice(layer_matrices(count(rng), layer(rng)))


def convention(rng):
    return {"attention": rng.choice(["full", "causal"])}


def options(rng):
    return {"bits": bits(rng), "kv_bits": bits(rng), "activation_bits": bits(rng), "batch": count(rng)}


def groups(rng):
    chosen = values(rng, "roofline")
    found = roofline.grouped_operations(SHELF["models"][chosen["model"]], chosen)
    return [found, size(rng), size(rng)], {}


def grouping(rng):
    chosen = values(rng, "roofline")
    return [SHELF["models"][chosen["model"]], chosen], {}


INPUTS = {
    prefill.attended_pairs: lambda rng: ([count(rng, 10**5), count(rng, 10**5)], convention(rng)),
    prefill.expanded_attention_flops: positional(attention, count, count),
    operations._matrix_operation: positional(some_matrix, count, count, bits, bits),
    operations._vectors_operation: positional(architecture, layer, count, bits, bits),
    operations._outer_operations: positional(architecture, count, count, bits, bits),
    operations._attention_operation: positional(layer, size, size, count, bits, bits),
    operations.decode_operations: lambda rng: ([architecture(rng)], {"context": count(rng, 10**5), **options(rng)}),
    operations.prefill_operations: lambda rng: (
        [architecture(rng)],
        {"tokens": count(rng, 10**5), "logits": rng.choice(["every", "last"]), **convention(rng), **options(rng)},
    ),
    roofline.grouped_operations: grouping,
    roofline.operations_chart: groups,
    roofline.roofline_panel: lambda rng: ([SHELF, values(rng, "roofline")], {}),
}
