"""Predict what a deployment does with a workload, and how far off that may be."""

from dataclasses import dataclass
from typing import NamedTuple

from .batching import utilisation
from .burst import Times, largest_part, times
from .checks import positive
from .deployment import Deployment
from .elementwise import maximum, minimum, where
from .passes import compute_share
from .room import room_for_one

__all__ = ["Estimate", "Prediction", "Workload", "interval", "predict", "predicted", "regime_spread"]


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
    return predicted(server, constants, t, workload.output_tokens)


def predicted(server, constants, found: Times, output_tokens) -> Prediction:
    """Put the times of a burst into words and intervals, for a server in numbers.

    Parameters
    ----------
    server : Server
        The deployment in numbers. [-]
    constants : Efficiency
        What the engine reaches and adds. [-]
    found : Times
        Where the time goes. [s]
    output_tokens : float or ndarray
        Mean length of a reply. [token]

    Returns
    -------
    Prediction
        Times and rates, each with its interval, as :func:`predict` has them. [-]

    Examples
    --------
    >>> from tokenomics.deployment import deployment
    >>> place = deployment("llama-3.3-70b", "H100-SXM-80GB", tensor=4, engine="vllm")
    >>> found = times(place.server, place.efficiency, 0.5, 2035, 300, 1)
    >>> predicted(place.server, place.efficiency, found, 300).roof
    'memory'
    """
    t = found
    low, high = regime_spread(constants, t.requests)
    spread = constants.spread["first token"]
    first = interval(t.prefill / t.waves + constants.request_time, spread[0], spread[1], t.prefill_floor / t.waves)
    floor = t.prefill_floor + t.steps * t.step_floor
    burst = interval(t.total, low, high, floor)
    tokens = t.requests * output_tokens
    return Prediction(
        time_to_first_token=first,
        time_per_output_token=interval(t.step, low, high, t.step_floor),
        output_rate=Estimate(value=tokens / burst.value, low=tokens / burst.high, high=tokens / burst.low),
        burst_time=burst,
        bound=largest_part(t),
        roof=where(t.matrices + t.attention > t.weights + t.cache, "compute", "memory"),
        flops_utilisation=utilisation(t.flops, t.total, server.devices, server.peak),
        bandwidth_utilisation=utilisation(
            t.traffic, maximum(t.steps * t.step, 1e-12), server.devices, server.bandwidth
        ),
        times=t,
    )


def regime_spread(constants, sequences) -> tuple:
    """Choose the factors of the interval by how many sequences share the machine.

    Parameters
    ----------
    constants : Efficiency
        The constants of the engine, with the factors by regime. [-]
    sequences : float or ndarray
        Requests of the burst, or sequences that run. [-]

    Returns
    -------
    tuple of float or ndarray
        The lower and the upper factor on a predicted time. [-]

    Examples
    --------
    >>> from tokenomics.efficiency import CEILING
    >>> regime_spread(CEILING, 16)
    (1.0, 10.0)
    """
    single, batched = constants.spread["single"], constants.spread["batched"]
    alone = sequences <= 1
    return where(alone, single[0], batched[0]), where(alone, single[1], batched[1])


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
    room = room_for_one(server, share, deployment.weights.weight_bits, end)
    fewer = f", or weights of {room.bits:.1f} bits" if room.bits >= 2 else ""
    return (
        f"deployment: {deployment.model.name} in {deployment.weights.name} weighs {server.held_weights / 1e9:.1f} GB "
        f"and a sequence of {end:.0f} tokens {room.cache / 1e9:.2f} GB; "
        f"{server.devices:.0f} x {deployment.accelerator.name} give {room.available / 1e9:.1f} GB "
        f"({share:.0%} of their memory), {(room.needed - room.available) / 1e9:.1f} GB too little; "
        f"{room.devices} devices{fewer} would fit"
    )
