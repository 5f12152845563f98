"""The arithmetic and the traffic of one decode step."""

from .cache import cached_numbers, cached_tokens, kv_bytes_per_token
from .elementwise import minimum, wide
from .matrices import embedding_width, layer_matrices, value_width
from .parameters import weight_bytes
from .routing import touched_parameters

__all__ = [
    "attended_tokens",
    "attention_flops",
    "decode_flops",
    "decode_kv_traffic",
    "decode_weight_traffic",
    "head_flops",
    "kv_bytes_per_token",
    "matrix_flops",
]


def matrix_flops(hidden_size: int, layer) -> int:
    """Count the arithmetic of one token in the matrices of one layer.

    Parameters
    ----------
    hidden_size : int
        Width of the vector that runs through the layers. [-]
    layer : Layer
        The layer. [-]

    Returns
    -------
    int
        Arithmetic, of the experts that the token is sent to. [FLOP/token]

    Notes
    -----
    Equation :eq:`eq-matrix-flops`: one multiplication and one addition for
    each weight. A recurrent block adds its convolution and its state.

    Examples
    --------
    >>> from tokenomics.catalogue import model
    >>> matrix_flops(8192, model("llama-3.3-70b").layers[0])
    1711276032
    """
    flops = 0 if layer.recurrence is None else layer.recurrence.flops
    for matrix in layer_matrices(hidden_size, layer):
        flops = flops + 2 * matrix.active * matrix.inputs * matrix.outputs
    return flops


def head_flops(architecture) -> int:
    """Count the arithmetic of the logits of one position.

    Parameters
    ----------
    architecture : Architecture
        The model. [-]

    Returns
    -------
    int
        Arithmetic, of a tied head too. [FLOP/token]

    Notes
    -----
    Equation :eq:`eq-matrix-flops`.

    Examples
    --------
    >>> from tokenomics.catalogue import model
    >>> head_flops(model("llama-3.3-70b"))
    2101346304
    """
    return 2 * architecture.vocabulary_size * embedding_width(architecture)


def attention_flops(attention, attended, scored):
    """Count the arithmetic of scores and weighted values in one layer.

    Parameters
    ----------
    attention : Attention or LatentAttention
        The attention block. [-]
    attended : float or ndarray
        Pairs of a query and a key that are used. [-]
    scored : float or ndarray
        Pairs that the indexer of sparse attention looks at. [-]

    Returns
    -------
    float or ndarray
        Arithmetic. [FLOP]

    Notes
    -----
    Equation :eq:`eq-attention-flops`: two operations for each element of the
    key and of the value that a head reads. Latent attention reads the cached
    latent as both: its up-projections are absorbed into query and output.
    Softmax is left out.

    References
    ----------
    DeepSeek-AI, *DeepSeek-V2*, arXiv:2405.04434, section 2.1.2, for the absorption.

    Examples
    --------
    >>> from tokenomics.catalogue import model
    >>> attention_flops(model("llama-3.3-70b").layers[0].attention, 2048, 2048)
    67108864
    """
    attended = wide(attended)
    if attention.kind == "latent":
        read = 2 * attention.latent_rank + attention.rope_dim
        index = attention.index_heads * (attention.index_dim + 1)
        return 2 * attention.heads * read * attended + 2 * index * wide(scored)
    return 2 * attention.heads * (attention.head_dim + value_width(attention)) * attended


def attended_tokens(attention, context):
    """Count the tokens of a context that a new token attends to in one layer.

    Parameters
    ----------
    attention : Attention or LatentAttention
        The attention block of the layer. [-]
    context : float or ndarray
        Tokens of the sequence, the new one included. [token]

    Returns
    -------
    float or ndarray
        Those in its window, or those that its indexer leaves. [token]

    Notes
    -----
    Equation :eq:`eq-window`.

    Examples
    --------
    >>> from tokenomics.catalogue import model
    >>> attended_tokens(model("llama-3.3-70b").layers[0].attention, 2048)
    2048
    """
    if attention.kind == "latent" and attention.index_top is not None:
        return minimum(context, attention.index_top)
    return cached_tokens(attention, context)


def decode_flops(architecture, *, batch, context):
    """Count the arithmetic of one decode step.

    Parameters
    ----------
    architecture : Architecture
        The model. [-]
    batch : int or ndarray
        Sequences that decode together. [-]
    context : float or ndarray
        Tokens that each new token attends to, itself included. [token]

    Returns
    -------
    float or ndarray
        Arithmetic of one new token for every sequence. [FLOP]

    Notes
    -----
    Equation :eq:`eq-decode-flops`: two operations for each weight of each
    matrix, and for attention two for each element of the cached keys and of
    the cached values that a query head reads. Norms, activations, softmax and
    rotary embedding are left out; together they stay below a percent. Of
    chunked attention it is the most: a token early in its chunk reads less.
    Latent attention is absorbed; see :func:`tokenomics.prefill.expanded_decode_flops`.

    Examples
    --------
    >>> from tokenomics.catalogue import model
    >>> round(decode_flops(model("llama-3.3-70b"), batch=1, context=2048) / 1e9)
    144
    """
    context = wide(context)
    per_token = head_flops(architecture)
    if architecture.embedding_size is not None:
        per_token = per_token + 4 * architecture.embedding_size * architecture.hidden_size
    for layer in architecture.layers:
        per_token = per_token + layer.count * matrix_flops(architecture.hidden_size, layer)
        attention = layer.attention
        if attention is not None:
            flops = attention_flops(attention, attended_tokens(attention, context), context)
            per_token = per_token + layer.count * flops
    return wide(batch) * per_token


def decode_weight_traffic(architecture, *, bits, batch=1):
    """Count the weight bytes that one decode step reads.

    Parameters
    ----------
    architecture : Architecture
        The model. [-]
    bits : float or ndarray
        Stored size of one parameter. [bit]
    batch : float or ndarray, optional
        Sequences that decode together; it matters only where there are experts. [-]

    Returns
    -------
    float or ndarray
        Bytes read; of experts, what is to be expected. [byte]

    Notes
    -----
    Equation :eq:`eq-decode-traffic`. Every weight is read once, but for the
    input embedding, of which each sequence reads a single row, and for the
    experts that no sequence is sent to.

    Examples
    --------
    >>> from tokenomics.catalogue import model
    >>> decode_weight_traffic(model("llama-3.3-70b"), bits=16) / 1e9
    139.006066688
    """
    return weight_bytes(touched_parameters(architecture, batch), bits)


def decode_kv_traffic(architecture, *, batch, context, bits):
    """Count the bytes of KV cache that one decode step reads.

    Parameters
    ----------
    architecture : Architecture
        The model. [-]
    batch : int or ndarray
        Sequences that decode together. [-]
    context : float or ndarray
        Tokens in each sequence. [token]
    bits : float or ndarray
        Stored size of one cached number. [bit]

    Returns
    -------
    float or ndarray
        Bytes read. [byte]

    Notes
    -----
    Equation :eq:`eq-decode-traffic`. Weights are shared by the batch; the
    cache of a sequence is its own. An indexer reads its own keys of the whole
    context, and then only the tokens that it chose. The state of a recurrent
    block is not among these bytes: see :func:`tokenomics.cache.fixed_state_bytes`.

    Examples
    --------
    >>> from tokenomics.catalogue import model
    >>> decode_kv_traffic(model("llama-3.3-70b"), batch=1, context=2048, bits=16)
    671088640.0
    """
    context = wide(context)
    numbers = 0
    for layer in architecture.layers:
        attention = layer.attention
        if attention is not None:
            numbers = numbers + layer.count * cached_numbers(attention) * attended_tokens(attention, context)
            if attention.kind == "latent":
                numbers = numbers + layer.count * attention.index_dim * context
    return wide(batch) * (numbers * wide(bits) / 8)
