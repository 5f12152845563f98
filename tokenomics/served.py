"""Simulations that are kept, because a page cannot simulate: a few servers under a few loads, to be looked up."""

import json
from dataclasses import dataclass, replace

import numpy

from . import catalogue
from .checks import choice
from .deployment import Deployment, deployment
from .objective import Objective, attained, kept
from .outcome import Outcome
from .policy import Policy
from .serving import simulate
from .steady_state import steady_state
from .traffic import Traffic, draw
from .workloads import workload

__all__ = [
    "LOADS", "PATTERNS", "PLACES", "POLICIES", "TPOT_LIMITS", "TTFT_LIMITS", "Served", "loaded", "place", "row",
    "served", "settled_rates",
]  # fmt: skip

PLACES = {
    "small": {"model": "llama-3.1-8b", "accelerator": "L40S", "engine": "vllm"},
    "fast": {"model": "llama-3.1-8b", "accelerator": "H100-SXM-80GB", "engine": "vllm"},
    "large": {"model": "llama-3.3-70b", "accelerator": "H100-SXM-80GB", "tensor": 4, "engine": "vllm"},
}
POLICIES = {
    "whole": Policy(),
    "wide": Policy(chunk_tokens=2048),
    "narrow": Policy(chunk_tokens=512),
    "static": Policy(batching="static", batch_size=64),
}
PATTERNS = ("poisson", "bursty")
# Shares of the largest rate that the closed form gives for prompts read whole.
LOADS = (0.2, 0.4, 0.6, 0.7, 0.8, 0.9, 1.0, 1.2)
TTFT_LIMITS = (0.5, 1, 2, 5)
TPOT_LIMITS = (0.025, 0.05, 0.1)

_COUNT, _SEED = 2000, 1
_WARM_UP = 0.2  # the first to come, who find the server empty, do not count


@dataclass(frozen=True, kw_only=True)
class Served:
    """What was simulated for one server.

    Parameters
    ----------
    label : str
        The server in words. [-]
    largest : dict of str to float
        By workload, the largest rate of the closed form. [request/s]
    runs : dict
        By workload, policy and pattern of arrivals: columns over the loads. [-]

    Examples
    --------
    >>> served("large").label
    'Llama 3.3 70B on 4 × H100 SXM 80 GB'
    """

    label: str
    largest: dict
    runs: dict


def served(name: str) -> Served:
    """Look up what is kept of a server.

    Parameters
    ----------
    name : str
        One of the servers. [-]

    Returns
    -------
    Served
        Its runs. [-]

    Raises
    ------
    ValueError
        If nothing is kept under that name.

    Notes
    -----
    ``scripts/served.py`` writes them; a test runs some of them again.

    Examples
    --------
    >>> len(served("small").runs["mixed"]["whole"]["poisson"]["ttft_90"]) == len(LOADS)
    True
    """
    known = json.loads(catalogue.path("served.json").read_text(encoding="utf-8"))["places"]
    return Served(**known[choice("served", "name", name, known)])


def place(name: str) -> Deployment:
    """Look up a server.

    Parameters
    ----------
    name : str
        Its name. [-]

    Returns
    -------
    Deployment
        What runs where. [-]

    Raises
    ------
    ValueError
        If there is none of that name.

    Examples
    --------
    >>> place("small").accelerator.name
    'L40S'
    """
    return deployment(**PLACES[choice("served", "name", name, PLACES)])


def settled_rates(outcome: Outcome) -> tuple:
    """Measure what leaves a server once it has filled, and before the last request has come.

    Parameters
    ----------
    outcome : Outcome
        A simulation. [-]

    Returns
    -------
    tuple of float
        Requests and tokens that leave in a second. [-]

    Notes
    -----
    The rates of the outcome itself include the filling and the draining of the server. Tokens count when
    their request ends.

    Examples
    --------
    >>> found = simulate(place("fast"), draw(workload("short-short", 5.0), 1000, seed=1))
    >>> round(settled_rates(found)[0])
    5
    """
    arrival = outcome.requests.arrival
    first, last = arrival[int(_WARM_UP * len(arrival))], arrival[-1]
    inside = (outcome.end >= first) & (outcome.end <= last)
    return (
        float(inside.sum() / (last - first)),
        float(outcome.requests.output_tokens[inside].sum() / (last - first)),
    )


def row(where: Deployment, traffic: Traffic, policy: Policy) -> dict:
    """Simulate a server at a rate, and say what is kept of it.

    Parameters
    ----------
    where : Deployment
        What runs where. [-]
    traffic : Traffic
        What arrives, and how often. [-]
    policy : Policy
        The rules of the scheduler. [-]

    Returns
    -------
    dict of str to float
        Rates, times that half and nine tenths of the requests keep, requests inside, the largest share of the
        cache in use, preemptions a request; and the share that keeps each pair of limits. [-]

    Examples
    --------
    >>> found = row(place("fast"), workload("short-short", 5.0), Policy())
    >>> found["ttft_50"] < found["ttft_90"] < found["end_to_end_90"]
    True
    """
    outcome = simulate(where, draw(traffic, _COUNT, _SEED), policy)
    half, most = attained(outcome, 0.5, _WARM_UP), attained(outcome, 0.9, _WARM_UP)
    requests, tokens = settled_rates(outcome)
    numbers = {
        "rate": traffic.arrivals.rate,
        "ttft_50": half["ttft"],
        "ttft_90": most["ttft"],
        "tpot_50": half["tpot"],
        "tpot_90": most["tpot"],
        "end_to_end_90": most["end_to_end"],
        "request_rate": requests,
        "output_rate": tokens,
        "running": outcome.running,
        "cache_peak": outcome.cache_peak,
        "preemptions": outcome.preemption_rate,
    }
    skipped = int(_WARM_UP * _COUNT)
    for ttft in TTFT_LIMITS:
        for tpot in TPOT_LIMITS:
            good = kept(outcome, Objective(ttft=ttft, tpot=tpot))[skipped:]
            numbers[f"kept_{ttft:g}_{tpot:g}"] = float(numpy.mean(good))
    # Three digits are what a page shows.
    return {name: float(f"{number:.3g}") for name, number in numbers.items()}


def loaded(where: Deployment, name: str, pattern: str, load: float) -> Traffic:
    """Make the traffic of a workload at a share of what a server can do.

    Parameters
    ----------
    where : Deployment
        What runs where. [-]
    name : str
        Name of the workload. [-]
    pattern : str
        Pattern of the arrivals. [-]
    load : float
        Share of the largest rate of the closed form, prompts read whole. [-]

    Returns
    -------
    Traffic
        The traffic. [-]

    Examples
    --------
    >>> round(loaded(place("fast"), "mixed", "poisson", 0.5).arrivals.rate, 1)
    2.2
    """
    traffic = workload(name)
    arrivals = replace(traffic.arrivals, pattern=pattern)
    return replace(traffic, arrivals=arrivals).at(load * steady_state(where, traffic).largest_rate)
