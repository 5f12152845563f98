"""The KV cache: what a token leaves in it, what a context fills, how many sequences fit."""

from .checks import between, positive
from .elementwise import maximum, minimum, wide
from .matrices import value_width
from .parameters import total_parameters, weight_bytes

__all__ = [
    "cache_bytes",
    "cached_numbers",
    "cached_tokens",
    "fixed_state_bytes",
    "kv_bytes_per_token",
    "sequences_that_fit",
]


def cached_numbers(attention) -> int:
    """Count the numbers that one token leaves in the cache of one layer.

    Parameters
    ----------
    attention : Attention or LatentAttention
        The attention block of the layer. [-]

    Returns
    -------
    int
        Numbers for each token. [-]

    Notes
    -----
    Equation :eq:`eq-kv`: one key and one value for each key-value head.
    Equation :eq:`eq-mla-cache`: of latent attention the latent and the one
    positional key alone, however many heads there are.

    References
    ----------
    DeepSeek-AI, *DeepSeek-V2*, arXiv:2405.04434, table 1.

    Examples
    --------
    >>> from tokenomics.catalogue import model
    >>> cached_numbers(model("llama-3.3-70b").layers[0].attention)
    2048
    >>> cached_numbers(model("deepseek-v3").layers[0].attention)
    576
    """
    if attention.kind == "latent":
        return attention.latent_rank + attention.rope_dim
    return attention.kv_heads * (attention.head_dim + value_width(attention))


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
    key-value head. It holds until a window is full; the keys of an indexer
    come on top. :func:`cache_bytes` knows both.

    Examples
    --------
    >>> from tokenomics.catalogue import model
    >>> kv_bytes_per_token(model("llama-3.3-70b"), bits=16)
    327680.0
    """
    numbers = 0
    for layer in architecture.layers:
        if layer.attention is not None:
            numbers = numbers + layer.count * cached_numbers(layer.attention)
    return numbers * wide(bits) / 8


def cached_tokens(attention, context):
    """Count the tokens of a context that one layer keeps.

    Parameters
    ----------
    attention : Attention or LatentAttention
        The attention block of the layer. [-]
    context : float or ndarray
        Tokens of the sequence. [token]

    Returns
    -------
    float or ndarray
        Tokens in the cache. [token]

    Notes
    -----
    Equation :eq:`eq-window`: a window keeps no more than its own length.

    Examples
    --------
    >>> from tokenomics.blocks import Attention
    >>> cached_tokens(Attention(heads=32, kv_heads=8, head_dim=128, window=4096), 131072)
    4096
    """
    return context if attention.window is None else minimum(context, attention.window)


def fixed_state_bytes(architecture, *, bits, state_bits=32):
    """Count the bytes of state that a sequence holds whatever its length.

    Parameters
    ----------
    architecture : Architecture
        The model. [-]
    bits : float or ndarray
        Stored size of one number of a convolution's tail. [bit]
    state_bits : float or ndarray, optional
        Stored size of one number of a recurrent state. [bit]

    Returns
    -------
    float or ndarray
        Bytes for each sequence; zero for a model of attention only. [byte]

    Notes
    -----
    Equation :eq:`eq-state`. States gather the whole past, so engines keep
    them at full precision.

    Examples
    --------
    >>> from tokenomics.catalogue import model
    >>> fixed_state_bytes(model("llama-3.3-70b"), bits=16)
    0.0
    """
    tails = 0
    states = 0
    for layer in architecture.layers:
        if layer.recurrence is not None:
            tails = tails + layer.count * layer.recurrence.tail
            states = states + layer.count * layer.recurrence.state
    return (tails * wide(bits) + states * wide(state_bits)) / 8


def cache_bytes(architecture, *, context, bits, state_bits=32):
    """Count the bytes that one sequence holds in the cache.

    Parameters
    ----------
    architecture : Architecture
        The model. [-]
    context : float or ndarray
        Tokens of the sequence. [token]
    bits : float or ndarray
        Stored size of one cached number. [bit]
    state_bits : float or ndarray, optional
        Stored size of one number of a recurrent state. [bit]

    Returns
    -------
    float or ndarray
        Bytes of keys, values, indexer keys and states. [byte]

    Notes
    -----
    Equations :eq:`eq-window` and :eq:`eq-mla-cache`. Pages that are not full
    are left out.

    Examples
    --------
    >>> from tokenomics.catalogue import model
    >>> cache_bytes(model("llama-3.3-70b"), context=131072, bits=16) / 1e9
    42.94967296
    """
    context = wide(context)
    numbers = 0
    for layer in architecture.layers:
        attention = layer.attention
        if attention is not None:
            numbers = numbers + layer.count * cached_numbers(attention) * cached_tokens(attention, context)
            if attention.kind == "latent":
                numbers = numbers + layer.count * attention.index_dim * context
    return numbers * wide(bits) / 8 + fixed_state_bytes(architecture, bits=bits, state_bits=state_bits)


def sequences_that_fit(architecture, *, memory, context, weight_bits, kv_bits, activations=0, reserve=0):
    """Count the sequences whose caches fit beside the weights.

    Parameters
    ----------
    architecture : Architecture
        The model. [-]
    memory : float or ndarray
        Memory of all devices together. [byte]
    context : float or ndarray
        Tokens of each sequence, prompt and reply. [token]
    weight_bits : float or ndarray
        Stored size of one parameter. [bit]
    kv_bits : float or ndarray
        Stored size of one cached number. [bit]
    activations : float or ndarray, optional
        What the engine sets aside for activations. [byte]
    reserve : float or ndarray, optional
        Share of the memory that the engine leaves alone. [-]

    Returns
    -------
    int or ndarray
        Sequences; zero where the weights alone do not fit. [-]

    Raises
    ------
    ValueError
        If a size is not above zero, or a share not from 0 to 1.

    Notes
    -----
    Equation :eq:`eq-capacity`: memory less reserve, weights and activations,
    over the cache of one sequence. One pool is assumed: each device holds its
    share of every part, and nothing is held twice.

    Examples
    --------
    >>> from tokenomics.catalogue import model
    >>> sequences_that_fit(model("llama-3.3-70b"), memory=2 * 80e9, context=4608, weight_bits=16, kv_bits=16)
    12.0
    """
    for field, value in (("memory", memory), ("context", context), ("weight_bits", weight_bits), ("kv_bits", kv_bits)):
        positive("sequences that fit", field, value)
    between("sequences that fit", "activations", activations, 0)
    between("sequences that fit", "reserve", reserve, 0, 1)
    weights = weight_bytes(total_parameters(architecture), weight_bits)
    free = wide(memory) * (1 - wide(reserve)) - weights - wide(activations)
    return maximum(free // cache_bytes(architecture, context=context, bits=kv_bits), 0)
