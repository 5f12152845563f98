"""What users are promised, and how much of the work keeps the promise."""

from dataclasses import dataclass

import numpy

from .checks import between, positive
from .outcome import Outcome

__all__ = ["MEASURES", "Objective", "attained", "goodput", "kept", "missed"]

# What may be promised, as it is called in an outcome.
MEASURES = ("ttft", "tpot", "end_to_end")


@dataclass(frozen=True, kw_only=True)
class Objective:
    """A service-level objective: limits that a share of the requests must keep, each for itself.

    Parameters
    ----------
    ttft : float or None, optional
        Longest time to the first token. [s]
    tpot : float or None, optional
        Longest mean time of the further tokens of a request. [s]
    end_to_end : float or None, optional
        Longest time to the last token. [s]
    percentile : float, optional
        Share of the requests that must keep each limit. [-]

    Examples
    --------
    >>> Objective(ttft=0.5, tpot=0.05).limits
    {'ttft': 0.5, 'tpot': 0.05}
    """

    ttft: float | None = None
    tpot: float | None = None
    end_to_end: float | None = None
    percentile: float = 0.9

    def __post_init__(self):
        for measure in self.limits:
            positive("objective", measure, getattr(self, measure))
        between("objective", "percentile", self.percentile, 0, 1)

    @property
    def limits(self) -> dict:
        """The limits that there are, by measure [s]."""
        return {measure: getattr(self, measure) for measure in MEASURES if getattr(self, measure) is not None}


def kept(outcome: Outcome, objective: Objective):
    """Say which requests kept every limit.

    Parameters
    ----------
    outcome : Outcome
        What came of the requests. [-]
    objective : Objective
        The limits. [s]

    Returns
    -------
    ndarray of bool
        Whether each request was served within the limits; a reply of one token keeps any TPOT. [-]

    Examples
    --------
    >>> from tokenomics.deployment import deployment
    >>> from tokenomics.serving import simulate
    >>> from tokenomics.traffic import draw, single
    >>> place = deployment("llama-3.1-8b", "H100-SXM-80GB", engine="vllm")
    >>> found = simulate(place, draw(single(1000, 200, rate=2.0), 100, seed=1))
    >>> bool(kept(found, Objective(end_to_end=0.001)).any())
    False
    """
    good = numpy.isfinite(outcome.end)
    for measure, limit in objective.limits.items():
        good = good & (_values(outcome, measure) <= limit)
    return good


def goodput(outcome: Outcome, objective: Objective) -> float:
    """Count the requests a second that were served within the limits.

    Parameters
    ----------
    outcome : Outcome
        What came of the requests. [-]
    objective : Objective
        The limits. [s]

    Returns
    -------
    float
        Goodput. [request/s]

    Notes
    -----
    Equation :eq:`eq-goodput`. Requests count whole: one that misses a limit counts nothing, whatever
    it cost. The time is that from the first arrival until the last reply.

    Examples
    --------
    >>> from tokenomics.deployment import deployment
    >>> from tokenomics.serving import simulate
    >>> from tokenomics.traffic import draw, single
    >>> place = deployment("llama-3.1-8b", "H100-SXM-80GB", engine="vllm")
    >>> found = simulate(place, draw(single(1000, 200, rate=2.0), 100, seed=1))
    >>> goodput(found, Objective()) == found.request_rate
    True
    """
    return float(kept(outcome, objective).sum() / outcome.duration)


def attained(outcome: Outcome, percentile: float, skip: float = 0.0) -> dict:
    """Find within which times a share of the requests was served.

    Parameters
    ----------
    outcome : Outcome
        What came of the requests. [-]
    percentile : float
        The share. [-]
    skip : float, optional
        Share of the requests, the first to arrive, that is left out because the server was still empty. [-]

    Returns
    -------
    dict of str to float
        The time by measure; a refused request took for ever. [s]

    Raises
    ------
    ValueError
        If a share is none.

    Examples
    --------
    >>> from tokenomics.deployment import deployment
    >>> from tokenomics.serving import simulate
    >>> from tokenomics.traffic import draw, single
    >>> place = deployment("llama-3.1-8b", "H100-SXM-80GB", engine="vllm")
    >>> found = simulate(place, draw(single(1000, 200, rate=2.0), 100, seed=1))
    >>> sorted(attained(found, 0.9))
    ['end_to_end', 'tpot', 'ttft']
    """
    between("attained", "percentile", percentile, 0, 1)
    between("attained", "skip", skip, 0, 0.9)
    first = int(skip * len(outcome.requests))
    # The value of a request that there was, not one between two: infinity has no neighbour.
    return {
        measure: float(numpy.quantile(_values(outcome, measure)[first:], percentile, method="inverted_cdf"))
        for measure in MEASURES
    }


def missed(found: dict, objective: Objective) -> dict:
    """Say which limits are missed, and by how much.

    Parameters
    ----------
    found : dict of str to float
        What was attained, by measure. [s]
    objective : Objective
        The limits. [s]

    Returns
    -------
    dict of str to float
        Attained over limit for each measure that misses it, the worst first. [-]

    Examples
    --------
    >>> missed({"ttft": 1.0, "tpot": 0.02}, Objective(ttft=0.5, tpot=0.05))
    {'ttft': 2.0}
    """
    over = {measure: found[measure] / limit for measure, limit in objective.limits.items()}
    return dict(sorted(((name, ratio) for name, ratio in over.items() if ratio > 1), key=lambda item: -item[1]))


def _values(outcome: Outcome, measure: str):
    """Times that can be compared: for ever where refused, nothing where a reply has one token."""
    values = numpy.where(numpy.isfinite(outcome.end), getattr(outcome, measure), numpy.inf)
    return numpy.nan_to_num(values, nan=0.0, posinf=numpy.inf)
