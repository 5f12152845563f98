"""Time a burst of requests on a deployment in numbers: every term of the model, put together."""

from typing import NamedTuple

from . import batching
from .efficiency import ENDLESS
from .elementwise import ceil, maximum, minimum
from .parallelism import microbatch
from .prefill import attended_pairs
from .routing import experts_touched

__all__ = ["Times", "compute_share", "times"]


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


def compute_share(constants, arithmetic: str):
    """Look up the share of the peak that an engine reaches at a precision.

    Parameters
    ----------
    constants : Efficiency
        The constants of the engine. [-]
    arithmetic : str
        The precision of the products. [-]

    Returns
    -------
    float or ndarray
        Share of the peak. [-]

    Examples
    --------
    >>> from tokenomics.efficiency import CEILING
    >>> compute_share(CEILING, "fp8")
    1.0
    """
    return getattr(constants, f"compute_{arithmetic}", constants.compute)


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
    :mod:`tokenomics.parallelism`; this puts them together. A deployment that
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
    limit = batching.concurrency_limit(
        s.devices * s.memory, c.memory_share, s.held_weights, cache_per_sequence, c.max_sequences
    )
    # Whole sequences: minus the rounded-up negative is the floor.
    most = maximum(-ceil(-limit), 1)
    requests = most if requests is None else requests
    wave_count = batching.waves(requests, most)
    running = requests / wave_count
    staged = microbatch(running, s.pipeline)
    width = s.devices / s.pipeline
    replicas = width / s.tensor
    bandwidth, peak, link = width * s.bandwidth, width * s.peak, s.link * c.link
    reading = c.weight_bandwidth * (1 - s.packed * (1 - c.packed_bandwidth))
    overhead = c.step_time + s.layers * c.layer_time + s.calls * c.call_time

    passes = maximum(requests * input_tokens / c.pass_tokens, wave_count)
    prompt_matrices = s.token_flops * input_tokens + s.head_flops
    pairs = s.prompt_attention[0] * attended_pairs(input_tokens, ENDLESS, attention="causal")
    pairs = pairs + s.prompt_attention[1] * attended_pairs(input_tokens, s.window, attention="causal")
    prompts = wave_count * staged
    touched = s.expert_weights * experts_touched(1, s.expert_share, prompts * input_tokens / passes)
    prompt_weights = passes * (s.shared_traffic + touched) / bandwidth
    prompt_compute = prompts * prompt_matrices / peak
    prompt_pairs = prompts * pairs / peak
    prefill = batching.pass_time(
        prompt_weights / reading,
        prompt_compute / compute,
        0.0,
        prompt_pairs / compute,
        passes * overhead + prompts * input_tokens * s.sent / link,
    )

    steps = maximum(longest - 1, 0)
    context = input_tokens + longest / 2
    seen = minimum(context, s.window)
    weight_traffic = s.shared_traffic + s.expert_weights * experts_touched(1, s.expert_share, staged)
    cache_traffic = staged * (s.cache[0] * context + s.cache[1] * seen)
    matrix_flops = staged * (s.token_flops + s.head_flops)
    attention_flops = staged * (s.decode_attention[0] * context + s.decode_attention[1] * seen)
    streaming = batching.stream_time(
        context, s.head_cache, s.heads, maximum(staged / replicas, 1.0), c.cores, c.stream_rate
    )
    weights = weight_traffic / (bandwidth * reading)
    cache = batching.cache_read_time(cache_traffic, bandwidth, c.kv_bandwidth, streaming)
    matrices, attention = matrix_flops / (peak * compute), attention_flops / (peak * compute)
    eager = batching.eager_share(input_tokens, steps, c.capture_limit) * c.eager_time * s.layers
    added = overhead + eager + staged * s.sent / link + running * c.sequence_time
    step = batching.pass_time(weights, matrices, cache, attention, added)
    total = batching.burst_time(prefill, wave_count, steps, step, c.request_time)
    return Times(
        running=running,
        waves=wave_count,
        requests=requests,
        limit=limit,
        steps=wave_count * steps,
        prefill=prefill,
        weights=weights,
        matrices=matrices,
        cache=cache,
        attention=attention,
        overhead=added,
        step=step,
        total=total,
        prefill_floor=maximum(prompt_weights, prompt_compute + prompt_pairs),
        step_floor=maximum((weight_traffic + cache_traffic) / bandwidth, (matrix_flops + attention_flops) / peak),
        flops=requests * (prompt_matrices + pairs)
        + requests * maximum(output_tokens - 1, 0) * (matrix_flops + attention_flops) / staged,
        traffic=wave_count * steps * running / staged * (weight_traffic + cache_traffic),
    )
