"""Predict what a deployment does with a workload, and how far off that may be."""

from dataclasses import dataclass
from typing import NamedTuple

from . import batching
from .burst import Times, largest_part, times
from .checks import positive
from .deployment import Deployment
from .elementwise import ceil, maximum, minimum, where
from .passes import compute_share

__all__ = ["Estimate", "Prediction", "Workload", "interval", "predict"]


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
    compute = compute_share(constants, deployment.arithmetic)
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
    first = interval(
        t.prefill / t.waves + constants.request_time, *constants.spread["first token"], t.prefill_floor / t.waves
    )
    floor = t.prefill_floor + t.steps * t.step_floor
    burst = interval(t.total, low, high, floor)
    tokens = t.requests * workload.output_tokens
    return Prediction(
        time_to_first_token=first,
        time_per_output_token=interval(t.step, low, high, t.step_floor),
        output_rate=Estimate(tokens / burst.value, tokens / burst.high, tokens / burst.low),
        burst_time=burst,
        bound=largest_part(t),
        roof=where(t.matrices + t.attention > t.weights + t.cache, "compute", "memory"),
        flops_utilisation=batching.utilisation(t.flops, t.total, server.devices, server.peak),
        bandwidth_utilisation=batching.utilisation(
            t.traffic, maximum(t.steps * t.step, 1e-12), server.devices, server.bandwidth
        ),
        times=t,
    )


def interval(time, low, high, floor) -> Estimate:
    """Give a predicted time its interval.

    Parameters
    ----------
    time : float or ndarray
        The predicted time. [s]
    low, high : float or ndarray
        Factors on it that most measured times lie between. [-]
    floor : float or ndarray
        What no machine with these peaks beats. [s]

    Returns
    -------
    Estimate
        The time with its interval, no end of it below what the peaks allow. [s]

    Notes
    -----
    Equation :eq:`eq-interval`.

    Examples
    --------
    >>> interval(10.0, 0.8, 1.5, 9.0)
    Estimate(value=10.0, low=9.0, high=15.0)
    """
    lowest = maximum(time * low, minimum(floor, time))
    return Estimate(value=time, low=lowest, high=maximum(time * high, time * low))


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
        f"and a sequence of {end:.0f} tokens {cache / 1e9:.2f} GB; "
        f"{server.devices:.0f} x {deployment.accelerator.name} give {server.devices * room / 1e9:.1f} GB "
        f"({share:.0%} of their memory), {short:.1f} GB too little; "
        f"{ceil(needed / room)} devices{fewer} would fit"
    )
