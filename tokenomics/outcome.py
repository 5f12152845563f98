"""What came of a simulation: the times of each request, and what the server did."""

import math
from dataclasses import dataclass
from functools import cached_property

import numpy

from .requests import Requests

__all__ = ["Outcome", "Timeline"]


@dataclass(frozen=True, kw_only=True)
class Timeline:
    """The state of a server over time, as steps to draw, thinned to a few thousand.

    Parameters
    ----------
    time : ndarray
        When each state began. [s]
    running, waiting : ndarray
        Requests that ran, their prompts being read or their replies written, and that waited. [request]
    cache_share : ndarray
        Share of the memory for the KV cache in use. [-]

    Examples
    --------
    >>> Timeline(time=[0.0], running=[1], waiting=[0], cache_share=[0.1]).running
    [1]
    """

    time: object
    running: object
    waiting: object
    cache_share: object


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What a server made of some requests.

    Parameters
    ----------
    requests : Requests
        What arrived. [-]
    first_token, end : ndarray
        When the user saw the first token and the last; not a number where the request was refused. [s]
    around : float
        Time of each request outside the server: HTTP, tokenising, the last byte. [s]
    duration : float
        Time from the first arrival until the server was done. [s]
    running, waiting : float
        Requests that ran and that waited, averaged over time. [request]
    cache_share, cache_peak : float
        Share of the memory for the KV cache in use, averaged over time, and the largest. [-]
    spent : dict of str to float
        Time with nothing to do, on prompts, on decode steps, on both mixed, on swapping. [s]
    steps : int
        Passes that gave running sequences a token. [-]
    tokens, prompt_tokens : int
        Tokens made, and tokens of prompts read, some twice after a preemption. [token]
    preemptions : int
        How often a request had to give way. [-]
    never_fit, turned_away : int
        Requests refused because they are larger than the memory, and because the queue was full. [request]
    overloaded : bool
        Whether more came than the server could do: see Notes. [-]
    timeline : Timeline
        The states in between. [-]

    Notes
    -----
    A finite number of requests always ends, also at a rate that no server could keep up. A run counts
    as overloaded when at the last arrival more requests wait than a twentieth of all, and more than
    chance explains: three times the square root of their number. Requests turned away count as waiting.

    Examples
    --------
    >>> from tokenomics.deployment import deployment
    >>> from tokenomics.serving import simulate
    >>> from tokenomics.traffic import draw, single
    >>> place = deployment("llama-3.1-8b", "H100-SXM-80GB", engine="vllm")
    >>> simulate(place, draw(single(1000, 200, rate=2.0), 100, seed=1)).served
    100
    """

    requests: Requests
    first_token: object
    end: object
    around: float
    duration: float
    running: float
    waiting: float
    cache_share: float
    cache_peak: float
    spent: dict
    steps: int
    tokens: int
    prompt_tokens: int
    preemptions: int
    never_fit: int
    turned_away: int
    overloaded: bool
    timeline: Timeline

    @cached_property
    def ttft(self):
        """Time to the first token of each request [s]."""
        return self.first_token - self.requests.arrival

    @cached_property
    def end_to_end(self):
        """Time to the last token of each request [s]."""
        return self.end - self.requests.arrival

    @cached_property
    def tpot(self):
        """Mean time of the further tokens of each request [s]; not a number where there is none."""
        further = self.requests.output_tokens - 1
        return (self.end - self.first_token) / numpy.where(further > 0, further, math.nan)

    @property
    def served(self) -> int:
        """Requests that ended [request]."""
        return int(numpy.isfinite(self.end).sum())

    @property
    def rejected(self) -> int:
        """Requests that were refused [request]."""
        return self.never_fit + self.turned_away

    @property
    def request_rate(self) -> float:
        """Requests served in a second [request/s]."""
        return self.served / self.duration

    @property
    def output_rate(self) -> float:
        """Throughput: tokens made in a second [token/s]."""
        return self.tokens / self.duration

    @property
    def preemption_rate(self) -> float:
        """Preemptions for each request served."""
        return self.preemptions / max(self.served, 1)

    @property
    def utilisation(self) -> float:
        """Share of the time in which the server worked."""
        return 1 - self.spent["idle"] / self.duration
