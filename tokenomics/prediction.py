"""Predict what a deployment does with a workload, and how far off that may be."""

from dataclasses import dataclass
from typing import NamedTuple

from . import batching
from .checks import positive
from .deployment import Deployment
from .elementwise import ceil, maximum, minimum, where
from .efficiency import ENDLESS
from .parallelism import microbatch
from .prefill import attended_pairs
from .routing import experts_touched

__all__ = ["Estimate", "Prediction", "Times", "Workload", "compute_share", "predict", "times"]


@dataclass(frozen=True, kw_only=True)
class Workload:
    """Requests that arrive together, all alike.

    Parameters
    ----------
    input_tokens : int or ndarray
        Length of a prompt. [token]
    output_tokens : float or ndarray
        Mean length of a reply, its first token included. [token]
    requests : int, ndarray or None, optional
        How many arrive together; None is as many as run at once, the most that
        the server can be loaded with. [request]
    longest : float, ndarray or None, optional
        Length of the longest reply, which ends the burst; None is the mean. [token]

    Examples
    --------
    >>> Workload(input_tokens=2035, output_tokens=300).requests
    1
    """

    input_tokens: float
    output_tokens: float
    requests: float | None = 1
    longest: float | None = None

    def __post_init__(self):
        positive("workload", "input_tokens", self.input_tokens)
        positive("workload", "output_tokens", self.output_tokens)
        if self.requests is not None:
            positive("workload", "requests", self.requests)
        if self.longest is not None:
            positive("workload", "longest", self.longest)


class Estimate(NamedTuple):
    """A predicted value and the interval that holds 80 % of measured ones.

    Parameters
    ----------
    value : float or ndarray
        What is predicted, in the unit of the quantity. [-]
    low, high : float or ndarray
        The ends of the interval, in the same unit. [-]

    Examples
    --------
    >>> Estimate(0.02, 0.018, 0.025).value
    0.02
    """

    value: float
    low: float
    high: float


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


@dataclass(frozen=True, kw_only=True)
class Prediction:
    """What a deployment does with a workload.

    Parameters
    ----------
    time_to_first_token : Estimate
        Time until the prompts of the first wave are read. [s]
    time_per_output_token : Estimate
        Time of a decode step. [s]
    output_rate : Estimate
        Output tokens of all requests in a second, prefill included. [token/s]
    burst_time : Estimate
        Time from the first byte to the last. [s]
    bound : str or ndarray of str
        What takes most of the time: ``prefill``, or of decoding ``weights``,
        ``cache``, ``compute`` or ``overhead``. [-]
    roof : str or ndarray of str
        Which roof a decode step stands under: ``memory`` or ``compute``. [-]
    flops_utilisation : float or ndarray
        MFU: arithmetic done over the peak, for the whole burst. [-]
    bandwidth_utilisation : float or ndarray
        MBU: bytes read over the peak, while decoding. [-]
    times : Times
        Where the time goes. [s]

    Examples
    --------
    >>> from tokenomics.deployment import deployment
    >>> server = deployment("llama-3.3-70b", "H100-SXM-80GB", tensor=4, engine="vllm")
    >>> predict(server, Workload(input_tokens=2035, output_tokens=300)).bound
    'weights'
    """

    time_to_first_token: Estimate
    time_per_output_token: Estimate
    output_rate: Estimate
    burst_time: Estimate
    bound: str
    roof: str
    flops_utilisation: float
    bandwidth_utilisation: float
    times: Times


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


def predict(deployment: Deployment, workload: Workload) -> Prediction:
    """Predict what a deployment does with a workload.

    Parameters
    ----------
    deployment : Deployment
        What runs where. [-]
    workload : Workload
        What is asked of it; its numbers may be arrays. [-]

    Returns
    -------
    Prediction
        Times and rates, each with its interval. [-]

    Raises
    ------
    ValueError
        If the weights and one sequence do not fit; the message says by how much
        and what would.

    Notes
    -----
    The interval is that of the engine's constants in the regime: one request,
    several, or the first token. No end of it beats the machine's peaks.

    Examples
    --------
    >>> from tokenomics.deployment import deployment
    >>> place = deployment("llama-3.3-70b", "H100-SXM-80GB", tensor=4, engine="vllm")
    >>> round(predict(place, Workload(input_tokens=2035, output_tokens=300)).output_rate.value)
    54
    """
    server, constants = deployment.server, deployment.efficiency
    compute = compute_share(constants, deployment.weights.arithmetic)
    t = times(
        server,
        constants,
        compute,
        workload.input_tokens,
        workload.output_tokens,
        workload.requests,
        workload.longest,
    )
    smallest = t.limit.min() if hasattr(t.limit, "dtype") and t.limit.ndim else t.limit
    if smallest < 1:
        raise ValueError(_does_not_fit(deployment, workload))
    single, batched = constants.spread["single"], constants.spread["batched"]
    alone = t.requests <= 1
    low, high = where(alone, single[0], batched[0]), where(alone, single[1], batched[1])
    first = _estimate(t.prefill / t.waves + constants.request_time, *constants.spread["first token"], t.prefill_floor / t.waves)
    floor = t.prefill_floor + t.steps * t.step_floor
    burst = _estimate(t.total, low, high, floor)
    tokens = t.requests * workload.output_tokens
    return Prediction(
        time_to_first_token=first,
        time_per_output_token=_estimate(t.step, low, high, t.step_floor),
        output_rate=Estimate(tokens / burst.value, tokens / burst.high, tokens / burst.low),
        burst_time=burst,
        bound=_bound(t),
        roof=where(t.matrices + t.attention > t.weights + t.cache, "compute", "memory"),
        flops_utilisation=batching.utilisation(t.flops, t.total, server.devices, server.peak),
        bandwidth_utilisation=batching.utilisation(
            t.traffic, maximum(t.steps * t.step, 1e-12), server.devices, server.bandwidth
        ),
        times=t,
    )


def _estimate(time, low, high, floor) -> Estimate:
    """A time with its interval, no end of it below what the peaks allow."""
    return Estimate(time, maximum(time * low, minimum(floor, time)), maximum(time * high, time * low))


def _bound(t: Times):
    """Name the largest part of the time."""
    weights = maximum(t.weights, t.matrices)
    cache = maximum(t.cache, t.attention)
    inner = where(weights >= cache, where(t.matrices > t.weights, "compute", "weights"), "cache")
    decode = where(t.overhead > maximum(weights, cache), "overhead", inner)
    return where(t.prefill > t.steps * t.step, "prefill", decode)


def _does_not_fit(deployment: Deployment, workload: Workload) -> str:
    """Say how much memory is missing, and what would fit."""
    server, share = deployment.server, deployment.efficiency.memory_share
    longest = workload.output_tokens if workload.longest is None else workload.longest
    end = workload.input_tokens + longest
    end = end.max() if hasattr(end, "dtype") and end.ndim else end
    cache = server.cache[0] * end + server.cache[1] * min(end, server.window)
    room = share * server.memory
    needed = server.held_weights + cache
    short = (needed - server.devices * room) / 1e9
    bits = deployment.weights.weight_bits * max(0.0, (server.devices * room - cache) / server.held_weights)
    fewer = f", or weights of {bits:.1f} bits" if bits >= 2 else ""
    return (
        f"deployment: {deployment.model.name} in {deployment.weights.name} weighs {server.held_weights / 1e9:.1f} GB "
        f"and a sequence of {end:.0f} tokens {cache / 1e9:.2f} GB; {server.devices:.0f} x {deployment.accelerator.name} "
        f"give {server.devices * room / 1e9:.1f} GB ({share:.0%} of their memory), {short:.1f} GB too little; "
        f"{ceil(needed / room)} devices{fewer} would fit"
    )
