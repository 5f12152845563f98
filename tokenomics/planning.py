"""The cheapest deployment for a workload and a promise, out of a set; what comes next, and what the others lack."""

from dataclasses import dataclass, replace
from functools import partial

from .candidates import Candidate
from .capacity import Capacity, capacity
from .checks import between, shown
from .efficiency import slowed
from .elementwise import ceil
from .marginal import full_server
from .objective import MEASURES, Objective
from .policy import Policy
from .pricing import discount
from .sweeps import sweep
from .traffic import Traffic

__all__ = ["Lacking", "Option", "Plan", "plan"]

# How near the sustained rate is found, as a share: machines come whole anyway.
_TOLERANCE = 0.05


@dataclass(frozen=True, kw_only=True)
class Option:
    """A candidate that keeps the promise.

    Parameters
    ----------
    candidate : Candidate
        The candidate. [-]
    groups : int
        How many of it are needed. [-]
    devices : int
        Devices paid for: machines are rented whole. [-]
    rate : float
        What they cost. [USD/s]
    cost : float
        Cost of a request. [USD/request]
    token_cost : float
        Cost of a token, in and out alike. [USD/token]
    load : float
        Share of what the groups can sustain that is asked of them. [-]
    capacity : Capacity
        What one of them sustains, and what binds. [request/s]

    Examples
    --------
    >>> Option.__name__
    'Option'
    """

    candidate: Candidate
    groups: int
    devices: int
    rate: float
    cost: float
    token_cost: float
    load: float
    capacity: Capacity

    @property
    def batch_discount(self) -> float:
        """How much less a request would cost if nothing were promised and the server never idle."""
        return discount(1 / self.capacity.saturated_rate, 1 / self.capacity.rate)


@dataclass(frozen=True, kw_only=True)
class Lacking:
    """A candidate that does not keep the promise.

    Parameters
    ----------
    candidate : Candidate
        The candidate. [-]
    reason : str
        What it lacks. [-]
    excess : float
        How far it is off: the worst measure over its limit with next to no load;
        infinite where the model does not fit at all. [-]

    Examples
    --------
    >>> from tokenomics.candidates import candidates
    >>> Lacking(candidate=candidates("llama-3.1-8b", ["L40S"])[0], reason="TTFT", excess=2.0).excess
    2.0
    """

    candidate: Candidate
    reason: str
    excess: float


@dataclass(frozen=True, kw_only=True)
class Plan:
    """The cheapest deployment, those that come next, and those that will not do.

    Parameters
    ----------
    best : Option
        The cheapest. [-]
    runners_up : tuple of Option
        The others that keep the promise, the cheapest first. [-]
    lacking : tuple of Lacking
        Those that do not, the nearest first. [-]
    cautious : Option or Lacking
        What becomes of the cheapest if its engine is as slow as one in ten is. [-]

    Examples
    --------
    >>> Plan.__name__
    'Plan'
    """

    best: Option
    runners_up: tuple
    lacking: tuple
    cautious: object


def plan(
    options,
    traffic: Traffic,
    objective: Objective,
    *,
    policy: Policy | None = None,
    reserve: float = 0.0,
    cautious: bool = False,
    seed: int = 0,
    executor=None,
    progress=None,
) -> Plan:
    """Find the cheapest of some deployments that serves a workload as promised.

    Parameters
    ----------
    options : iterable of Candidate
        The deployments to choose from. [-]
    traffic : Traffic
        What is asked, and how often. [request/s]
    objective : Objective
        What is promised. [s]
    policy : Policy or None, optional
        The rules of the scheduler. [-]
    reserve : float, optional
        Share of what is sustained that is kept free. [-]
    cautious : bool, optional
        Whether every engine is taken to be as slow as one in ten is. [-]
    seed : int, optional
        Where chance begins. [-]
    executor : concurrent.futures.Executor or None, optional
        Where the candidates are tried. [-]
    progress : callable or None, optional
        Called with each candidate when it has been tried. [-]

    Returns
    -------
    Plan
        The cheapest, the runners-up and the rest. [-]

    Raises
    ------
    ValueError
        If none keeps the promise; the message says how near the nearest comes.

    Notes
    -----
    The load is split evenly over as many groups as it takes. What a group sustains is
    found by simulation, see :func:`tokenomics.capacity.capacity`. Machines are rented whole, so
    the last one may stand partly idle. How sure the times are is the engine's interval:
    a promise near what a lone request takes is lost with an engine somewhat slower,
    so plan with caution where it matters.

    Examples
    --------
    >>> from tokenomics.candidates import candidates
    >>> from tokenomics.traffic import single
    >>> found = plan(candidates("llama-3.1-8b", ["L40S"]), single(500, 100, rate=5.0), Objective(tpot=0.1))
    >>> found.best.groups
    1
    """
    options = tuple(options)
    if not options or not all(isinstance(entry, Candidate) for entry in options):
        raise ValueError(f"plan: options is {shown(options)}; it must hold at least one Candidate")
    between("plan", "reserve", reserve, 0, 0.9)
    if cautious:
        options = tuple(map(_cautious, options))
    tried = sweep(partial(_try, traffic, objective, policy, reserve, seed), options, executor, progress)
    good = sorted(
        (entry for entry in tried if isinstance(entry, Option)), key=lambda entry: (entry.rate, entry.devices)
    )
    lacking = sorted((entry for entry in tried if isinstance(entry, Lacking)), key=lambda entry: entry.excess)
    if not good:
        nearest = lacking[0]
        raise ValueError(
            f"plan: none of {len(options)} deployments keeps the promise; the nearest is {nearest.candidate.label}: "
            f"{nearest.reason}"
        )
    best = good[0]
    slow = best if cautious else _try(traffic, objective, policy, reserve, seed, _cautious(best.candidate))
    return Plan(best=best, runners_up=tuple(good[1:]), lacking=tuple(lacking), cautious=slow)


def _try(traffic, objective, policy, reserve, seed, candidate):
    """The option that a candidate makes, or what it lacks."""
    place, payment = candidate.deployment, candidate.payment
    longest = max((stream.input.largest, stream.output.largest) for stream in traffic.streams)
    if full_server(place, *longest) < 1:
        return Lacking(
            candidate=candidate,
            reason=f"a request of {longest[0]} tokens in and {longest[1]} out does not fit",
            excess=float("inf"),
        )
    found = capacity(place, traffic, objective, policy, seed=seed, tolerance=_TOLERANCE)
    if found.rate == 0:
        return Lacking(
            candidate=candidate,
            reason=_shortfall(found, objective),
            excess=max(found.missed.values()),
        )
    asked = traffic.arrivals.rate
    groups = ceil(asked / (found.rate * (1 - reserve)))
    load = asked / (groups * found.rate)
    devices = payment.paid_devices(place.parallelism.devices, groups)
    rate = payment.rate(devices, load)
    cost = rate / asked
    tokens = traffic.mean(lambda prompt, reply, cached: prompt + reply)
    return Option(
        candidate=candidate,
        groups=groups,
        devices=devices,
        rate=rate,
        cost=cost,
        token_cost=cost / tokens,
        load=load,
        capacity=found,
    )


def _cautious(candidate: Candidate) -> Candidate:
    """The candidate with an engine at the slow end of its interval."""
    constants = candidate.deployment.efficiency
    slow = slowed(constants, constants.spread["batched"][1])
    return replace(candidate, deployment=replace(candidate.deployment, efficiency=slow))


def _shortfall(found: Capacity, objective: Objective) -> str:
    """Say how near a server comes to a promise that it misses even when it is all but idle."""
    parts = []
    for measure in MEASURES:
        if measure in found.missed:
            limit = objective.limits[measure]
            parts.append(f"{measure} {found.attained[measure]:.3g} s where {limit:.3g} s is promised")
    return f"{', '.join(parts)}, for {objective.percentile:.0%} of the requests and next to no load"
