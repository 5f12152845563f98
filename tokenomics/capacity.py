"""The largest rate that a deployment sustains under an objective, found by simulating one rate after the other."""

import math
from bisect import bisect_right
from dataclasses import dataclass

import numpy

from .checks import between, choice, whole
from .deployment import Deployment
from .objective import Objective, attained, missed
from .outcome import Outcome
from .pace import Pace
from .policy import Policy
from .serving import simulate
from .steady_state import Steady, steady_state
from .traffic import Arrivals, Traffic, draw

__all__ = ["Capacity", "capacity"]

# The server is empty at first: the times of these requests, the first of all, do not count.
_WARM_UP = 0.2
# A rate at which a server is all but idle, as a share of the largest.
_IDLE = 0.01


@dataclass(frozen=True, kw_only=True)
class Capacity:
    """What a deployment sustains.

    Parameters
    ----------
    rate : float
        The largest rate at which every limit is kept; nothing where not even a lone request keeps them. [request/s]
    bound : str
        What sets it: the limit that is missed first, ``ttft``, ``tpot`` or ``end_to_end``; or where the
        server itself gives out first, ``memory``, ``sequences`` or ``prefill``. [-]
    attained : dict of str to float
        At that rate, or with the server all but idle where it is nothing: the time within which the share
        of the requests was served, by measure. [s]
    missed : dict of str to float
        Where the rate is nothing, how far the best is from each limit: attained over limit. [-]
    outcome : Outcome
        The simulation at that rate. [-]
    saturated_rate : float
        Rate at which requests leave when there are always more waiting. [request/s]
    steady : Steady
        The closed form, at the rate. [-]

    Examples
    --------
    >>> Capacity.__name__
    'Capacity'
    """

    rate: float
    bound: str
    attained: dict
    missed: dict
    outcome: Outcome
    saturated_rate: float
    steady: Steady


def capacity(
    deployment: Deployment,
    traffic: Traffic,
    objective: Objective | None = None,
    policy: Policy | None = None,
    *,
    seed: int = 0,
    count: int | None = None,
    tolerance: float = 0.02,
    progress=None,
) -> Capacity:
    """Find the largest rate that a deployment sustains.

    Parameters
    ----------
    deployment : Deployment
        What runs where. [-]
    traffic : Traffic
        What arrives; its rate does not matter. [-]
    objective : Objective or None, optional
        What users are promised; None is nothing but that the queue does not grow. [-]
    policy : Policy or None, optional
        The rules of the scheduler. [-]
    seed : int, optional
        Where chance begins; every rate sees the same requests. [-]
    count : int or None, optional
        Requests of each simulation; None is 2000, and more where more run at once. [request]
    tolerance : float, optional
        How near, as a share, the rate is found. [-]
    progress : callable or None, optional
        Called with each rate as it is tried. [-]

    Returns
    -------
    Capacity
        The rate, and what sets it. [-]

    Raises
    ------
    ValueError
        If the model does not fit, the requests come together, or a number is out of range.

    Notes
    -----
    First more arrives than the server can do, which gives the rate at which it works when it is never idle.
    Below that it climbs a ladder of rates, each larger than the one before by no more than the tolerance, to the
    last rung that is sustained. It need not try them all, since the next to try is where the limit would be
    met exactly if the slack fell in a straight line. A rate is sustained when the share of the requests kept
    each limit, the first fifth left out, and the run was not overloaded.

    Examples
    --------
    >>> from tokenomics.deployment import deployment
    >>> from tokenomics.traffic import single
    >>> place = deployment("llama-3.1-8b", "H100-SXM-80GB", engine="vllm")
    >>> found = capacity(place, single(1000, 200), Objective(ttft=0.5, tpot=0.03), count=500)
    >>> 0 < found.rate < found.saturated_rate, found.bound
    (True, 'tpot')
    """
    objective = Objective() if objective is None else objective
    choice("capacity", "pattern of the arrivals", traffic.arrivals.pattern, ["poisson", "regular", "bursty"])
    between("capacity", "tolerance", tolerance, 0.001, 0.5)
    steady = steady_state(deployment, traffic, policy)
    count = _enough(steady) if count is None else whole("capacity", "count", count, 50)
    pace = Pace(deployment)

    def at(rate):
        if progress is not None:
            progress(rate)
        outcome = simulate(deployment, draw(traffic.at(rate), count, seed), policy, pace=pace)
        found = attained(outcome, objective.percentile, _WARM_UP)
        return outcome, found, missed(found, objective)

    saturated = _saturated_rate(deployment, traffic, policy, seed, steady, pace)
    if not objective.limits:
        return _capacity(deployment, traffic, policy, saturated, steady.bound, at(saturated), saturated)
    rates = _ladder(saturated, tolerance)
    best = at(rates[0])
    if best[2]:
        return _capacity(deployment, traffic, policy, 0.0, next(iter(best[2])), best, saturated)
    tried = at(rates[-1])
    if not tried[2]:
        return _capacity(deployment, traffic, policy, saturated, steady.bound, tried, saturated)
    low, high, bound = 0, len(rates) - 1, steady.bound
    slack, moved = [_slack(best, objective), _slack(tried, objective)], None
    while high - low > 1:
        middle = _next_rung(rates, low, high, *slack)
        tried = at(rates[middle])
        if tried[2] or tried[0].overloaded:
            # Where the curve bends, one end would creep and the other stay: the Illinois rule draws it nearer.
            slack = [slack[0] / (2 if moved == "high" else 1), min(_slack(tried, objective), 0.0)]
            high, bound, moved = middle, next(iter(tried[2]), bound), "high"
        else:
            slack = [_slack(tried, objective), slack[1] / (2 if moved == "low" else 1)]
            low, best, moved = middle, tried, "low"
    return _capacity(deployment, traffic, policy, rates[low], bound, best, saturated)


def _ladder(largest, tolerance) -> list:
    """Rates in equal proportion, from all but idle to the largest; a power of two of them, so that halves are rungs."""
    rungs = 2 ** max(0, math.ceil(math.log2(-math.log(_IDLE) / math.log1p(tolerance))))
    return [largest * _IDLE ** (1 - rung / rungs) for rung in range(rungs + 1)]


def _slack(tried, objective) -> float:
    """By what share the worst measure might be longer and still keep its limit; below zero if it does not."""
    found = tried[1]
    room = (limit / found[measure] if found[measure] else math.inf for measure, limit in objective.limits.items())
    return min(room) - 1


def _next_rung(rates, low, high, slack, lacking) -> int:
    """The rung between two others where the slack vanishes if it falls in a straight line over the rate."""
    share = slack / (slack - lacking) if 0 < slack < math.inf else 0.5
    there = bisect_right(rates, rates[low] + share * (rates[high] - rates[low])) - 1
    return min(max(there, low + 1), high - 1)


def _capacity(deployment, traffic, policy, rate, bound, tried, saturated) -> Capacity:
    outcome, found, over = tried
    return Capacity(
        rate=rate,
        bound=bound,
        attained=found,
        missed=over if rate == 0 else {},
        outcome=outcome,
        saturated_rate=saturated,
        steady=steady_state(deployment, traffic.at(rate or _IDLE * saturated), policy),
    )


def _saturated_rate(deployment, traffic, policy, seed, steady, pace) -> float:
    """The rate at which requests leave while ever more are waiting: that of the middle of them."""
    # Enough to fill the server several times. One by one, not together: equal requests that start
    # together end together, wave after wave.
    count = _enough(steady)
    one_by_one = Traffic(streams=traffic.streams, arrivals=Arrivals(rate=2 * steady.largest_rate))
    outcome = simulate(deployment, draw(one_by_one, count, seed), policy, pace=pace)
    ends = numpy.sort(outcome.end[numpy.isfinite(outcome.end)])
    first, last = int(0.2 * len(ends)), int(0.8 * len(ends))
    return float((last - first) / (ends[last] - ends[first]))


def _enough(steady) -> int:
    """Requests that fill a server several times, within what a few seconds allow."""
    return int(min(max(2000, 6 * steady.limit), 50_000))
