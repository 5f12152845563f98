"""What holding a cache takes: copies on several devices, scales, its share of a step, and time."""

from .cache import cache_bytes, cached_numbers, cached_tokens
from .elementwise import wide
from .parallelism import busiest_share

__all__ = [
    "crossing_context",
    "full_step_time",
    "held_cache_bytes",
    "keeping_time",
    "scaled_bits",
]


def held_cache_bytes(architecture, *, context, bits, devices):
    """Count the bytes of one sequence's cache on all devices of a tensor-parallel group, copies included.

    Parameters
    ----------
    architecture : Architecture
        The model. [-]
    context : float or ndarray
        Tokens of the sequence. [token]
    bits : float or ndarray
        Stored size of one cached number. [bit]
    devices : int or ndarray
        Devices that share every layer. [-]

    Returns
    -------
    float or ndarray
        Bytes on all devices together, when each sets aside as much as the
        busiest. [byte]

    Notes
    -----
    Equation :eq:`eq-copies`. Heads divide among devices as long as there are
    enough of them; a latent and an indexer's key are one piece, and every
    device holds them whole. Recurrent states divide evenly.

    Examples
    --------
    >>> from tokenomics.catalogue import model
    >>> held_cache_bytes(model("deepseek-v3"), context=1, bits=16, devices=8) / 70272
    8.0
    """
    context = wide(context)
    held = cache_bytes(architecture, context=0, bits=bits)
    for layer in architecture.layers:
        attention = layer.attention
        if attention is not None:
            pieces = 1 if attention.kind == "latent" else attention.kv_heads
            numbers = cached_numbers(attention) * cached_tokens(attention, context)
            if attention.kind == "latent":
                numbers = numbers + attention.index_dim * context
            held = held + layer.count * numbers * wide(bits) / 8 * devices * busiest_share(pieces, devices)
    return held


def scaled_bits(bits, scale_bits, group):
    """Count the bits of a cached number with its share of the scales.

    Parameters
    ----------
    bits : float or ndarray
        Size of the number itself. [bit]
    scale_bits : float or ndarray
        Size of what a group has in common: scale, and zero point if any. [bit]
    group : int or ndarray
        Numbers that share it. [-]

    Returns
    -------
    float or ndarray
        Stored size of one number. [bit]

    Notes
    -----
    Equation :eq:`eq-scaled`.

    Examples
    --------
    >>> scaled_bits(4, 32, 32)
    5.0
    """
    return bits + scale_bits / group


def crossing_context(weight_traffic, batch, kv_bytes):
    """Find the context at which a batch reads as many bytes of cache as of weights.

    Parameters
    ----------
    weight_traffic : float or ndarray
        Weights that a step reads. [byte]
    batch : float or ndarray
        Sequences that decode together. [-]
    kv_bytes : float or ndarray
        Cache that one token leaves. [byte/token]

    Returns
    -------
    float or ndarray
        Tokens of each sequence. [token]

    Notes
    -----
    Equation :eq:`eq-cache-crossing`. Valid for a cache that grows in a straight
    line; a window bends it, and such a model may never get there.

    Examples
    --------
    >>> round(crossing_context(139e9, 32, 327680))
    13256
    """
    return weight_traffic / (batch * kv_bytes)


def full_step_time(memory, memory_share, bandwidth):
    """Time a decode step whose weights and caches fill the memory.

    Parameters
    ----------
    memory : float or ndarray
        Memory of a device. [byte]
    memory_share : float or ndarray
        Share of it that weights and cache take. [-]
    bandwidth : float or ndarray
        Its memory bandwidth. [byte/s]

    Returns
    -------
    float or ndarray
        Least time of the step. [s]

    Notes
    -----
    Equation :eq:`eq-full`. It holds while memory binds, and where a step reads
    nearly all that is stored: not for a mixture of experts at a small batch,
    nor for shared prefixes, which are read more often than they are stored.

    Examples
    --------
    >>> round(1000 * full_step_time(80e9, 0.9, 3.35e12), 1)
    21.5
    """
    return memory_share * memory / bandwidth


def keeping_time(room_tokens, prefill_rate):
    """Find how long a cached token is worth its place.

    Parameters
    ----------
    room_tokens : float or ndarray
        Tokens that the cache holds when it is full. [token]
    prefill_rate : float or ndarray
        Prompt tokens that the deployment computes in a second. [token/s]

    Returns
    -------
    float or ndarray
        Time until the next use, at which keeping it costs what computing it
        anew does. [s]

    Notes
    -----
    Equation :eq:`eq-keeping`: a share of the room for the whole time against
    all of the machine for a share of the time. It assumes that the room is
    short, so that another sequence is kept out, and that this one would have
    used the machine as well as the average.

    References
    ----------
    J. Gray, F. Putzolu, "The 5 minute rule for trading memory for disc accesses
    and the 10 byte rule for trading memory for CPU time", SIGMOD 1987, for the
    argument.

    Examples
    --------
    >>> keeping_time(450_000, 11_250)
    40.0
    """
    return room_tokens / prefill_rate
