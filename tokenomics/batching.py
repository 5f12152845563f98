"""A burst of requests on a server: what runs at once, how long it takes, what it yields."""

from .elementwise import ceil, maximum, minimum

__all__ = [
    "burst_time",
    "cache_read_time",
    "concurrency_limit",
    "eager_share",
    "pass_time",
    "stream_time",
    "utilisation",
    "waves",
]


def concurrency_limit(memory, memory_share, held_weights, cache_per_sequence, max_sequences):
    """Count the sequences that run at once.

    Parameters
    ----------
    memory : float or ndarray
        Memory of all devices. [byte]
    memory_share : float or ndarray
        Share of it that weights and cache may take. [-]
    held_weights : float or ndarray
        Weights that the devices hold. [byte]
    cache_per_sequence : float or ndarray
        Cache of one sequence at its end. [byte]
    max_sequences : float or ndarray
        What the engine allows. [-]

    Returns
    -------
    float or ndarray
        Sequences; below one when not even one fits. [-]

    Notes
    -----
    Equation :eq:`eq-concurrency`. Room is kept for whole replies, as an engine
    does that never evicts; one that admits on the prompt alone starts more and
    then computes some of them twice.

    Examples
    --------
    >>> round(concurrency_limit(320e9, 0.9, 141e9, 327680 * 2335, 256))
    192
    """
    return minimum((memory_share * memory - held_weights) / cache_per_sequence, max_sequences)


def waves(requests, limit):
    """Count the waves in which a burst of equal requests runs.

    Parameters
    ----------
    requests : float or ndarray
        Requests that arrive together. [-]
    limit : float or ndarray
        Sequences that run at once. [-]

    Returns
    -------
    float or ndarray
        Waves. [-]

    Notes
    -----
    Equation :eq:`eq-waves`. Equal requests that start together end together,
    so the next ones start together too.

    Examples
    --------
    >>> waves(512, 192)
    3
    """
    return ceil(requests / limit)


def stream_time(context, head_cache, heads, sequences, cores, rate):
    """Time the reading of a cache that is too small to fill the machine.

    Parameters
    ----------
    context : float or ndarray
        Tokens looked back at. [token]
    head_cache : float or ndarray
        Bytes that one query head reads for each of them. [byte/token]
    heads : float or ndarray
        Query heads on a device. [-]
    sequences : float or ndarray
        Sequences that decode together. [-]
    cores : float or ndarray
        Blocks of threads that the work is split into. [-]
    rate : float or ndarray
        Rate at which one block reads. [byte/s]

    Returns
    -------
    float or ndarray
        Time of one step. [s]

    Notes
    -----
    Equation :eq:`eq-stream`. A block of threads reads one head of one sequence
    at its own rate, waiting for memory more than moving it. With fewer heads
    than cores the context is split further until all cores have some; with more,
    blocks share a core and hide each other's waiting, at no cost until the
    bandwidth binds. Fitted on one engine; kernels that read a key-value head
    once for all its query heads do better.

    Examples
    --------
    >>> round(1e3 * stream_time(1000, 80 * 512, 16, 1, 132, 34e9), 3)
    0.146
    """
    return context * head_cache / rate * minimum(1.0, sequences * heads / cores)


def cache_read_time(traffic, bandwidth, share, streaming):
    """Time the reading of the KV cache in one step.

    Parameters
    ----------
    traffic : float or ndarray
        Cache read. [byte]
    bandwidth : float or ndarray
        Memory bandwidth of all devices that read it. [byte/s]
    share : float or ndarray
        Share of the bandwidth reached when enough is read at once. [-]
    streaming : float or ndarray
        Time that the blocks of threads need at their own rate. [s]

    Returns
    -------
    float or ndarray
        Time of one step. [s]

    Notes
    -----
    Equation :eq:`eq-cache-time`: the slower of the memory and its readers.

    Examples
    --------
    >>> cache_read_time(1e9, 1e12, 0.5, 0.001)
    0.002
    """
    return maximum(traffic / (bandwidth * share), streaming)


def eager_share(start, steps, limit):
    """Find the share of steps whose context is too long for a captured graph.

    Parameters
    ----------
    start : float or ndarray
        Context at the first step. [token]
    steps : float or ndarray
        Steps, each a token longer than the last. [-]
    limit : float or ndarray
        Longest context of a captured graph; 0 is no limit. [token]

    Returns
    -------
    float or ndarray
        Share of the steps. [-]

    Notes
    -----
    Equation :eq:`eq-eager`. vLLM's first engine captured graphs for contexts to
    8192 tokens (its option ``max_seq_len_to_capture``) and launched every kernel
    by itself beyond: the measured step jumps by 2.5 ms there.

    Examples
    --------
    >>> eager_share(8000, 400, 8192)
    0.52
    """
    limited = minimum(limit, 1.0)
    return limited * minimum(maximum((start + steps - limit) / maximum(steps, 1.0), 0.0), 1.0)


def pass_time(weight_time, matrix_time, cache_time, attention_time, overhead):
    """Time one pass through the model.

    Parameters
    ----------
    weight_time : float or ndarray
        Time to read the weights. [s]
    matrix_time : float or ndarray
        Time of the arithmetic with them. [s]
    cache_time : float or ndarray
        Time to read the cache. [s]
    attention_time : float or ndarray
        Time of the arithmetic with it. [s]
    overhead : float or ndarray
        What nothing hides: launches, collectives, scheduling. [s]

    Returns
    -------
    float or ndarray
        Time of the pass. [s]

    Notes
    -----
    Equation :eq:`eq-pass`: products with weights and attention take turns, each
    under its own roofline; the overhead comes on top.

    Examples
    --------
    >>> pass_time(0.010, 0.001, 0.002, 0.0001, 0.004)
    0.016
    """
    return maximum(weight_time, matrix_time) + maximum(cache_time, attention_time) + overhead


def burst_time(prefill_time, wave_count, steps, step_time, request_time):
    """Time a burst of equal requests, from the first byte to the last.

    Parameters
    ----------
    prefill_time : float or ndarray
        Time to read all prompts. [s]
    wave_count : float or ndarray
        Waves in which the burst runs. [-]
    steps : float or ndarray
        Decode steps of a request: its output less one. [-]
    step_time : float or ndarray
        Time of one step at the size of a wave. [s]
    request_time : float or ndarray
        Time around the burst. [s]

    Returns
    -------
    float or ndarray
        Time of the burst. [s]

    Notes
    -----
    Equation :eq:`eq-burst`. Prefill and decoding take turns on one machine, so
    their times add: at large batches prefill is most of it, and output per
    second stops growing.

    Examples
    --------
    >>> round(burst_time(0.2, 1, 299, 0.018, 0.02), 3)
    5.602
    """
    return prefill_time + wave_count * steps * step_time + request_time


def utilisation(work, time, devices, rate):
    """Find the share of a peak that was used.

    Parameters
    ----------
    work : float or ndarray
        Arithmetic done, or bytes read. [-]
    time : float or ndarray
        Time taken. [s]
    devices : float or ndarray
        Devices. [-]
    rate : float or ndarray
        Peak of one device, in the unit of the work a second. [-]

    Returns
    -------
    float or ndarray
        MFU of arithmetic, MBU of bytes. [-]

    Notes
    -----
    Equation :eq:`eq-utilisation`.

    Examples
    --------
    >>> utilisation(140e9, 0.05, 1, 3.5e12)
    0.8
    """
    return work / (time * devices * rate)
