"""Time a burst of requests on a deployment in numbers: every term of the model, put together."""

from typing import NamedTuple

from .batching import burst_time, concurrency_limit, eager_share, waves
from .elementwise import ceil, maximum, minimum, where
from .parallelism import microbatch
from .passes import forward_pass, prompt_pairs

__all__ = ["Times", "largest_part", "times"]


class Times(NamedTuple):
    """Where the time of a burst goes.

    Parameters
    ----------
    running, waves : float or ndarray
        Sequences that run at once, and waves of them. [-]
    requests : float or ndarray
        Requests of the burst. [request]
    limit : float or ndarray
        Sequences that fit; below one when none does. [-]
    steps : float or ndarray
        Decode steps of all waves. [-]
    prefill : float or ndarray
        Time of all prompts. [s]
    weights, matrices, cache, attention, overhead : float or ndarray
        Parts of a decode step: reading weights and the arithmetic with them,
        reading the cache and the arithmetic with it, what nothing hides. [s]
    step : float or ndarray
        Time of a decode step. [s]
    total : float or ndarray
        Time of the burst. [s]
    prefill_floor, step_floor : float or ndarray
        What no machine with these peaks beats. [s]
    flops : float or ndarray
        Arithmetic of the burst. [FLOP]
    traffic : float or ndarray
        Bytes that decoding reads. [byte]

    Examples
    --------
    >>> Times._fields[:2]
    ('running', 'waves')
    """

    running: float
    waves: float
    requests: float
    limit: float
    steps: float
    prefill: float
    weights: float
    matrices: float
    cache: float
    attention: float
    overhead: float
    step: float
    total: float
    prefill_floor: float
    step_floor: float
    flops: float
    traffic: float


def times(server, constants, compute, input_tokens, output_tokens, requests=None, longest=None) -> Times:
    """Time a burst of equal requests on a deployment in numbers.

    Parameters
    ----------
    server : Server
        The deployment in numbers. [-]
    constants : Efficiency
        What the engine reaches and adds. [-]
    compute : float or ndarray
        Share of the peak arithmetic reached. [-]
    input_tokens, output_tokens : float or ndarray
        Lengths of prompt and mean reply. [token]
    requests : float, ndarray or None, optional
        Requests that arrive together; None is as many as run at once. [request]
    longest : float, ndarray or None, optional
        Longest reply; None is the mean. [token]

    Returns
    -------
    Times
        Where the time goes. [-]

    Notes
    -----
    Every term is a function of :mod:`tokenomics.batching` or of
    :mod:`tokenomics.passes`; this puts them together. A deployment that
    holds no sequence is timed as if it held one; `limit` tells.

    Examples
    --------
    >>> from tokenomics.deployment import deployment
    >>> place = deployment("llama-3.3-70b", "H100-SXM-80GB", tensor=4, engine="vllm")
    >>> round(times(place.server, place.efficiency, 0.5, 2035, 300, 1).step * 1000)
    18
    """
    s, c = server, constants
    longest = output_tokens if longest is None else longest
    end = input_tokens + longest
    cache_per_sequence = s.cache[0] * end + s.cache[1] * minimum(end, s.window)
    limit = concurrency_limit(
        s.devices * s.memory, c.memory_share, s.held_weights, cache_per_sequence, c.max_sequences
    )
    # Whole sequences: minus the rounded-up negative is the floor.
    most = maximum(-ceil(-limit), 1)
    requests = most if requests is None else requests
    wave_count = waves(requests, most)
    running = requests / wave_count
    staged = microbatch(running, s.pipeline)

    prompts = wave_count * staged
    pairs = prompt_pairs(s, input_tokens)
    prompt = forward_pass(
        s,
        c,
        compute,
        prompts=prompts,
        tokens=prompts * input_tokens,
        pairs=(prompts * pairs[0], prompts * pairs[1]),
        passes=maximum(requests * input_tokens / c.pass_tokens, wave_count),
    )

    steps = maximum(longest - 1, 0)
    context = input_tokens + longest / 2
    decode = forward_pass(
        s,
        c,
        compute,
        running=running,
        staged=staged,
        context=context,
        seen=minimum(context, s.window),
        eager=eager_share(input_tokens, steps, c.capture_limit),
    )
    total = burst_time(prompt.time, wave_count, steps, decode.time, c.request_time)
    bandwidth, peak = s.devices / s.pipeline * s.bandwidth, s.devices / s.pipeline * s.peak
    prompt_flops = prompt.matrix_flops + prompt.attention_flops
    decode_flops = decode.matrix_flops + decode.attention_flops
    traffic = decode.weight_traffic + decode.cache_traffic
    return Times(
        running=running,
        waves=wave_count,
        requests=requests,
        limit=limit,
        steps=wave_count * steps,
        prefill=prompt.time,
        weights=decode.weights,
        matrices=decode.matrices,
        cache=decode.cache,
        attention=decode.attention,
        overhead=decode.overhead,
        step=decode.time,
        total=total,
        prefill_floor=maximum(prompt.weight_traffic / bandwidth, prompt_flops / peak),
        step_floor=maximum(traffic / bandwidth, decode_flops / peak),
        flops=requests * (prompt_flops / prompts + maximum(output_tokens - 1, 0) * decode_flops / staged),
        traffic=wave_count * steps * running / staged * traffic,
    )


def largest_part(found: Times):
    """Name the largest part of the time of a burst.

    Parameters
    ----------
    found : Times
        Where the time goes. [s]

    Returns
    -------
    str or ndarray of str
        ``prefill``, or of decoding ``weights``, ``cache``, ``compute`` or
        ``overhead``. [-]

    Examples
    --------
    >>> from tokenomics.deployment import deployment
    >>> place = deployment("llama-3.3-70b", "H100-SXM-80GB", tensor=4, engine="vllm")
    >>> largest_part(times(place.server, place.efficiency, 0.5, 2035, 300, 256))
    'prefill'
    """
    t = found
    weights = maximum(t.weights, t.matrices)
    cache = maximum(t.cache, t.attention)
    inner = where(weights >= cache, where(t.matrices > t.weights, "compute", "weights"), "cache")
    decode = where(t.overhead > maximum(weights, cache), "overhead", inner)
    return where(t.prefill > t.steps * t.step, "prefill", decode)
