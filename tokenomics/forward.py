"""The arithmetic of a forward pass, part by part: matrices, pairs of tokens, and the small operations between."""

from .checks import choice
from .elementwise import wide
from .matrices import layer_matrices
from .prefill import attended_pairs, expanded_attention_flops
from .work import attended_tokens, attention_flops, head_flops

__all__ = ["decode_flops_by_part", "prefill_flops_by_part", "product_flops", "vector_flops"]


def product_flops(rows, inner, columns):
    """Count the arithmetic of a product of two matrices.

    Parameters
    ----------
    rows : int or ndarray
        Rows of the first matrix and of the product. [-]
    inner : int or ndarray
        Columns of the first matrix, which are the rows of the second. [-]
    columns : int or ndarray
        Columns of the second matrix and of the product. [-]

    Returns
    -------
    int or ndarray
        Arithmetic. [FLOP]

    Notes
    -----
    Equation :eq:`eq-product`: each element of the product is a sum of
    ``inner`` products. The first of them needs no addition, so the exact count
    is ``2 inner - 1``; a machine that fuses both adds it to zero.

    Examples
    --------
    >>> product_flops(2048, 8192, 28672)
    962072674304
    """
    return 2 * wide(rows) * wide(inner) * wide(columns)


def vector_flops(hidden_size: int, layer, *, tokens, pairs) -> dict:
    """Count the arithmetic of one layer that is no product of matrices.

    Parameters
    ----------
    hidden_size : int
        Width of the vector that runs through the layers. [-]
    layer : Layer
        The layer. [-]
    tokens : float or ndarray
        Tokens of the pass. [token]
    pairs : float or ndarray
        Pairs of a query and a key whose score is used. [-]

    Returns
    -------
    dict of str to float or ndarray
        Arithmetic by operation. [FLOP]

    Notes
    -----
    Equation :eq:`eq-vector-flops`: four for each number that a norm scales,
    three for each that is turned, five for each score of a softmax and each
    activation, one for each product with a gate and each residual addition.
    An exponential counts as one operation, which is a convention. Every number
    of a query and key is taken to be turned; some models turn a part, some none.
    Norms inside attention are left out.

    Examples
    --------
    >>> from tokenomics.catalogue import model
    >>> vector_flops(8192, model("llama-3.3-70b").layers[0], tokens=1, pairs=1)["norms"]
    65536
    """
    attention, feed_forward, experts = layer.attention, layer.feed_forward, layer.experts
    tokens = wide(tokens)
    turned = 0
    scores = 0
    if attention is not None:
        scores = attention.heads * wide(pairs)
        if attention.kind == "latent":
            turned = (attention.heads + 1) * attention.rope_dim
        else:
            turned = (attention.heads + attention.kv_heads) * attention.head_dim
    activated = 0
    gated = 0
    if feed_forward is not None:
        activated = feed_forward.intermediate_size
        gated = activated if feed_forward.gated else 0
    if experts is not None:
        widened = experts.active * experts.intermediate_size
        activated = activated + widened
        gated = gated + (widened if experts.gated else 0)
    return {
        "norms": 4 * layer.norms * hidden_size * tokens,
        "rotary embedding": 3 * turned * tokens,
        "softmax": 5 * scores,
        "activation": (5 * activated + gated) * tokens,
        "residual": 2 * hidden_size * tokens,
    }


def _matrices_by_part(architecture, tokens, positions) -> dict:
    """Sum the products with weights by part, and leave room for what attention and the vectors add."""
    hidden_size = architecture.hidden_size
    parts = {
        "attention": 0,
        "scores and values": 0,
        "feed-forward": 0,
        "output head": head_flops(architecture) * positions,
        "vectors": 4 * architecture.outer_norms * hidden_size * tokens,
    }
    if architecture.embedding_size is not None:
        parts["projections"] = 4 * architecture.embedding_size * hidden_size * tokens
    for layer in architecture.layers:
        for matrix in layer_matrices(hidden_size, layer):
            flops = layer.count * 2 * matrix.active * matrix.inputs * matrix.outputs * tokens
            parts[matrix.block] = parts.get(matrix.block, 0) + flops
        if layer.recurrence is not None:
            parts["state"] = parts.get("state", 0) + layer.count * layer.recurrence.flops * tokens
    return parts


def _vectors(hidden_size, layer, tokens, pairs):
    """Sum the small operations of the layers of one make."""
    small = vector_flops(hidden_size, layer, tokens=tokens, pairs=pairs)
    flops = 0
    for name in small:
        flops = flops + layer.count * small[name]
    return flops


def prefill_flops_by_part(architecture, *, tokens, attention="full", logits="every") -> dict:
    """Count the arithmetic of a prefill by part, the small operations included.

    Parameters
    ----------
    architecture : Architecture
        The model. [-]
    tokens : float or ndarray
        Tokens of the prompt. [token]
    attention, logits : str, optional
        Conventions, as in :func:`tokenomics.prefill.prefill_flops`. [-]

    Returns
    -------
    dict of str to float or ndarray
        Arithmetic by part; without ``vectors`` the parts sum to
        :func:`tokenomics.prefill.prefill_flops`. [FLOP]

    Raises
    ------
    ValueError
        If a convention is not among those named.

    Notes
    -----
    Equation :eq:`eq-full-count`, with the tokens and pairs of a prompt.

    Examples
    --------
    >>> from tokenomics.catalogue import model
    >>> parts = prefill_flops_by_part(model("llama-3.3-70b"), tokens=2048)
    >>> round(100 * parts["vectors"] / sum(parts.values()), 2)
    0.05
    """
    tokens = wide(tokens)
    choice("prefill", "logits", logits, ["every", "last"])
    parts = _matrices_by_part(architecture, tokens, tokens if logits == "every" else 1)
    for layer in architecture.layers:
        block = layer.attention
        pairs = 0
        if block is not None:
            pairs = attended_pairs(tokens, attended_tokens(block, tokens), attention=attention)
            scored = attended_pairs(tokens, tokens, attention=attention)
            flops = layer.count * expanded_attention_flops(block, pairs, scored)
            parts["scores and values"] = parts["scores and values"] + flops
        parts["vectors"] = parts["vectors"] + _vectors(architecture.hidden_size, layer, tokens, pairs)
    return parts


def decode_flops_by_part(architecture, *, context) -> dict:
    """Count the arithmetic of one decoded token by part, the small operations included.

    Parameters
    ----------
    architecture : Architecture
        The model. [-]
    context : float or ndarray
        Tokens that the new token attends to, itself included. [token]

    Returns
    -------
    dict of str to float or ndarray
        Arithmetic by part; without ``vectors`` the parts sum to
        :func:`tokenomics.work.decode_flops` at a batch of one. [FLOP]

    Notes
    -----
    Equation :eq:`eq-full-count`, with one token and as many pairs as it attends to.
    Latent attention is absorbed.

    Examples
    --------
    >>> from tokenomics.catalogue import model
    >>> parts = decode_flops_by_part(model("llama-3.3-70b"), context=2048)
    >>> round(parts["scores and values"] / 1e9, 1)
    5.4
    """
    context = wide(context)
    parts = _matrices_by_part(architecture, 1, 1)
    for layer in architecture.layers:
        block = layer.attention
        pairs = 0
        if block is not None:
            pairs = attended_tokens(block, context)
            flops = layer.count * attention_flops(block, pairs, context)
            parts["scores and values"] = parts["scores and values"] + flops
        parts["vectors"] = parts["vectors"] + _vectors(architecture.hidden_size, layer, 1, pairs)
    return parts
