"""The arithmetic and the traffic of one decode step."""

from .parameters import active_parameters, layer_matrices, weight_bytes

__all__ = ["decode_flops", "decode_kv_traffic", "decode_weight_traffic", "kv_bytes_per_token"]


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
    rotary embedding are left out; together they stay below a percent.

    Examples
    --------
    >>> from tokenomics.catalogue import model
    >>> round(decode_flops(model("llama-3.3-70b"), batch=1, context=2048) / 1e9)
    144
    """
    per_token = 2 * architecture.vocabulary_size * architecture.hidden_size
    for layer in architecture.layers:
        for matrix in layer_matrices(architecture.hidden_size, layer):
            per_token = per_token + layer.count * 2 * matrix.inputs * matrix.outputs
        attention = layer.attention
        per_token = per_token + layer.count * 4 * attention.heads * attention.head_dim * context
    return batch * per_token


def decode_weight_traffic(architecture, *, bits):
    """Count the weight bytes that one decode step reads.

    Parameters
    ----------
    architecture : Architecture
        The model. [-]
    bits : float or ndarray
        Stored size of one parameter. [bit]

    Returns
    -------
    float or ndarray
        Bytes read, whatever the batch. [byte]

    Notes
    -----
    Equation :eq:`eq-decode-traffic`. Every weight is read once, but for the
    input embedding, of which each sequence reads a single row.

    Examples
    --------
    >>> from tokenomics.catalogue import model
    >>> decode_weight_traffic(model("llama-3.3-70b"), bits=16) / 1e9
    139.006066688
    """
    return weight_bytes(active_parameters(architecture, convention="without input embedding"), bits)


def kv_bytes_per_token(architecture, *, bits):
    """Count the bytes that one token leaves in the KV cache.

    Parameters
    ----------
    architecture : Architecture
        The model. [-]
    bits : float or ndarray
        Stored size of one cached number. [bit]

    Returns
    -------
    float or ndarray
        Bytes for each token of a sequence. [byte/token]

    Notes
    -----
    Equation :eq:`eq-kv`: in each layer one key and one value for each
    key-value head.

    Examples
    --------
    >>> from tokenomics.catalogue import model
    >>> kv_bytes_per_token(model("llama-3.3-70b"), bits=16)
    327680.0
    """
    numbers = 0
    for layer in architecture.layers:
        numbers = numbers + layer.count * 2 * layer.attention.kv_heads * layer.attention.head_dim
    return numbers * bits / 8


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
    cache of a sequence is its own.

    Examples
    --------
    >>> from tokenomics.catalogue import model
    >>> decode_kv_traffic(model("llama-3.3-70b"), batch=1, context=2048, bits=16)
    671088640.0
    """
    return batch * context * kv_bytes_per_token(architecture, bits=bits)
