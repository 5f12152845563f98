"""The steady state of a deployment under some traffic, in closed form beside the simulation."""

import math
from dataclasses import dataclass

import numpy

from .deployment import Deployment
from .pace import Pace
from .policy import Policy
from .steady import batch_rate, prompts_a_pass, shared_wait, single_wait
from .traffic import Traffic

__all__ = ["Steady", "steady_state"]


@dataclass(frozen=True, kw_only=True)
class Steady:
    """What a server settles to.

    Parameters
    ----------
    rate, largest_rate : float
        Requests that come, and the most that it can keep up with. [request/s]
    load : float
        The one over the other; at 1 and above the queue grows for ever. [-]
    batch, limit : float
        Sequences that decode together, averaged over time, and the most that run. [-]
    ttft, tpot, end_to_end : float
        Mean times of a request; endless at a load of 1 and above. [s]
    prompt_share : float
        Share of the time spent on prompts alone. [-]
    bound : str
        What sets the largest rate: ``memory`` or ``sequences``, of which no more run, or ``prefill``, when
        prompts take more of the time than decoding. [-]

    Examples
    --------
    >>> from tokenomics.deployment import deployment
    >>> from tokenomics.traffic import single
    >>> place = deployment("llama-3.3-70b", "H100-SXM-80GB", tensor=4, engine="vllm")
    >>> steady_state(place, single(2035, 300, rate=1.0)).bound
    'prefill'
    """

    rate: float
    largest_rate: float
    load: float
    batch: float
    limit: float
    ttft: float
    tpot: float
    end_to_end: float
    prompt_share: float
    bound: str


class _Mean:
    """Means of a traffic that the closed form needs, over every pair of lengths."""

    def __init__(self, pace: Pace, traffic: Traffic, policy: Policy):
        self.pace, self.policy = pace, policy
        self.traffic = traffic
        self.further = traffic.mean(lambda prompt, reply, cached: reply - 1)
        # With replies of one token nothing decodes; a step in a million leaves the formulas whole.
        self.further = max(self.further, 1e-6)
        self.read = traffic.mean(lambda prompt, reply, cached: prompt - cached)
        self.context = self._over_steps(lambda prompt, reply: prompt + reply / 2)
        self.seen = self._over_steps(lambda prompt, reply: numpy.minimum(prompt + reply / 2, pace.window))
        square = traffic.mean(lambda prompt, reply, cached: (reply - 1) ** 2)
        self.variation = math.sqrt(max(square / self.further**2 - 1, 0))
        self.eager = self._over_steps(lambda prompt, reply: prompt + reply / 2 > pace.capture_limit)
        self.held = self._held()
        allowed = policy.max_sequences or pace.constants.max_sequences
        if policy.batching != "continuous":
            allowed = min(allowed, policy.batch_size)
        self.allowed = min(allowed, policy.chunk_tokens or allowed)

    def _over_steps(self, of):
        """A mean over decode steps: long replies count for more."""
        total = self.traffic.mean(lambda prompt, reply, cached: of(prompt, reply) * (reply - 1))
        return total / self.further

    def _held(self):
        full, windowed = self.pace.cache
        if self.policy.admission == "prompt":
            return (full * self.context + windowed * self.seen) / (1 - self.policy.watermark)
        end = self._over_steps(lambda prompt, reply: prompt + reply)
        seen = self._over_steps(lambda prompt, reply: numpy.minimum(prompt + reply, self.pace.window))
        return full * end + windowed * seen

    @property
    def limit(self) -> float:
        """Sequences that run at once, at most."""
        return max(1.0, min(self.pace.budget / self.held if self.held else math.inf, self.allowed))

    def step(self, batch) -> float:
        """Time of a decode step as a sequence in it sees it."""
        company = min(batch + 1, self.limit)
        # One sequence beyond the captured graphs takes all of the batch with it.
        eager = 1 - (1 - self.eager) ** company
        return self.pace.step(company, company * self.context, company * self.seen, eager)

    def prompt(self, batch, moment=1) -> float:
        """Time that a prompt takes of the server when several share a pass, or the mean of its square."""
        together = prompts_a_pass(batch, self.further)

        def time(prompt, reply, cached):
            tokens = together * (prompt - cached)
            pairs = self.pace.pairs(prompt, cached)
            passes = numpy.maximum(tokens / self.pace.constants.pass_tokens, 1)
            share = self.pace.stage_share(together)
            reread = (together * cached, together * numpy.minimum(cached, self.pace.window))
            pairs = (together * pairs[0], together * pairs[1])
            return (self.pace.prompt(tokens, pairs, together, reread, share, passes) / together) ** moment

        return self.traffic.mean(time)

    def chunked(self, batch) -> tuple:
        """Step without and with a piece of prompts, the tokens of such a piece, and the steps a prompt needs."""
        room = max(self.policy.chunk_tokens - batch, 1.0)
        piece = min(room, prompts_a_pass(batch, self.further) * self.read)
        ends = piece / self.read
        pairs = [self.traffic.mean(lambda p, r, c, slot=slot: self.pace.pairs(p, c)[slot]) * ends for slot in (0, 1)]
        company = max(min(batch + 1, self.limit), 1.0)
        share = self.pace.stage_share(max(ends, 1.0))
        together = (company * self.context, company * self.seen, self.eager)
        return self.step(batch), self.pace.mixed(company, *together, piece, pairs, ends, share=share), piece

    def rate(self, batch) -> float:
        """Requests a second that keep a batch as it is."""
        if self.policy.chunk_tokens is None:
            return batch_rate(batch, self.further, self.step(batch), self.prompt(batch))
        bare, mixed, piece = self.chunked(batch)
        # Steps with a piece of prompts in them: as many as the prompts of a step need.
        share = batch / self.further * self.read / piece
        if share > 1:
            return piece / self.read / mixed
        return batch_rate(batch, self.further, bare + share * (mixed - bare), 0.0)


def steady_state(deployment: Deployment, traffic: Traffic, policy: Policy | None = None) -> Steady:
    """Find what a server settles to, without simulating it.

    Parameters
    ----------
    deployment : Deployment
        What runs where. [-]
    traffic : Traffic
        What arrives, and how often. [-]
    policy : Policy or None, optional
        The rules of the scheduler. [-]

    Returns
    -------
    Steady
        The steady state. [-]

    Raises
    ------
    ValueError
        If the model leaves no room for a cache.

    Notes
    -----
    Equations :eq:`eq-steady-batch`, :eq:`eq-prompts-a-pass`, :eq:`eq-single-wait` and :eq:`eq-shared-wait`, put
    together at the traffic's mean lengths. Preemption is left out, and static and dynamic batches are taken as
    full ones that never empty: their true rates are lower. Requests that come together have no rate: take
    theirs as given.

    Examples
    --------
    >>> from tokenomics.deployment import deployment
    >>> from tokenomics.traffic import single
    >>> place = deployment("llama-3.3-70b", "H100-SXM-80GB", tensor=4, engine="vllm")
    >>> found = steady_state(place, single(2035, 300, rate=1.0))
    >>> found.load < 1 < found.batch
    True
    """
    policy = Policy() if policy is None else policy
    pace = Pace(deployment)
    mean = _Mean(pace, traffic, policy)
    if mean.held and pace.budget < mean.held:
        raise ValueError(
            f"deployment: {deployment.model.name} leaves {max(pace.budget, 0) / 1e9:.2f} GB for the cache; a mean "
            f"sequence of this traffic holds {mean.held / 1e9:.2f} GB; take more devices"
        )
    rate, limit = traffic.arrivals.rate, mean.limit
    largest = max(mean.rate(limit * part / 32) for part in range(1, 33))
    prompt = mean.prompt(limit)
    load = rate / largest
    state = {"rate": rate, "largest_rate": largest, "load": load, "limit": limit}
    of_prompts = largest * prompt if policy.chunk_tokens is None else 0.0
    memory = "memory" if limit < mean.allowed else "sequences"
    state["bound"] = "prefill" if of_prompts > 0.5 or mean.rate(limit) < largest * (1 - 1e-9) else memory
    if load >= 1:
        tpot = limit / largest / mean.further
        return Steady(
            **state, batch=limit, ttft=math.inf, tpot=tpot, end_to_end=math.inf, prompt_share=min(of_prompts, 1)
        )
    batch = _solve(mean.rate, rate, limit)
    tpot = batch / rate / mean.further
    ttft, prompt_share = _first_token(mean, batch, rate)
    ttft += deployment.efficiency.request_time
    ttft += shared_wait(load, limit, rate, traffic.arrivals.gap_variation, mean.variation)
    end_to_end = ttft + mean.further * tpot
    return Steady(**state, batch=batch, ttft=ttft, tpot=tpot, end_to_end=end_to_end, prompt_share=prompt_share)


def _first_token(mean: _Mean, batch, rate) -> tuple:
    """Time from joining the line for the prompts to the first token, and the share of time that prompts take."""
    busy = 1 - math.exp(-batch)
    if mean.policy.chunk_tokens is not None:
        bare, mixed, piece = mean.chunked(batch)
        return busy * bare / 2 + math.ceil(mean.read / piece) * mixed, 0.0
    prompt = mean.prompt(batch)
    wait = single_wait(rate, prompt, mean.prompt(batch, 2))
    return busy * mean.step(batch) / 2 + wait + prompts_a_pass(batch, mean.further) * prompt, rate * prompt


def _solve(rate_of, rate, most) -> float:
    """The batch whose rate is the one given, by bisection; the rate rises with the batch up to the largest."""
    low, high = 0.0, most
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if rate_of(middle) < rate else (low, middle)
    return high
