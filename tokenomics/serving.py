"""Serve requests over time: the simulation of one deployment."""

import math

import numpy

from .deployment import Deployment
from .outcome import Outcome, Timeline
from .pace import Pace
from .policy import Policy
from .recording import Record
from .requests import Requests
from .scheduling import Scheduler
from .sequences import Sequence

__all__ = ["simulate"]

_BLOCK = 4096  # requests that are unpacked at a time: a million of them as Python objects would fill the memory


def simulate(
    deployment: Deployment,
    requests: Requests,
    policy: Policy | None = None,
    *,
    pace: Pace | None = None,
    progress=None,
) -> Outcome:
    """Serve requests and say what came of it.

    Parameters
    ----------
    deployment : Deployment
        What runs where. [-]
    requests : Requests
        What arrives. [-]
    policy : Policy or None, optional
        The rules of the scheduler; None is continuous batching as vLLM does it. [-]
    pace : Pace or None, optional
        How fast the deployment goes; None works it out. Simulations of one deployment may share theirs. [-]
    progress : callable or None, optional
        Called with the requests that have ended, a hundred times in all. [-]

    Returns
    -------
    Outcome
        The times of each request, and what the server did. [-]

    Raises
    ------
    ValueError
        If the model does not fit, or not one of the requests.

    Notes
    -----
    The times are those of :func:`tokenomics.prediction.predict`: the same passes, one after the other. A
    prompt's prefix in the cache saves its reading; its memory is counted for each request as if it were
    its own. A static batch keeps its slots until all have ended, but an ended reply costs no more time.

    Examples
    --------
    >>> from tokenomics.deployment import deployment
    >>> from tokenomics.traffic import draw, single
    >>> place = deployment("llama-3.1-8b", "H100-SXM-80GB", engine="vllm")
    >>> found = simulate(place, draw(single(1000, 200, rate=2.0), 100, seed=1))
    >>> found.overloaded, found.tokens
    (False, 20000)
    """
    policy = Policy() if policy is None else policy
    pace = Pace(deployment) if pace is None else pace
    longest = requests.input_tokens + requests.output_tokens
    if pace.held(int(longest.min())) > pace.budget:
        raise ValueError(
            f"deployment: {deployment.model.name} leaves {max(pace.budget, 0) / 1e9:.2f} GB of "
            f"{pace.server.devices:.0f} x {deployment.accelerator.name} for the cache; the shortest request of "
            f"{longest.min()} tokens needs {pace.held(int(longest.min())) / 1e9:.2f} GB; take more devices"
        )
    record = Record(len(requests), progress)
    start = float(requests.arrival[0])
    ranked = bool(requests.priority.min() != requests.priority.max())
    scheduler = Scheduler(pace, policy, _sequences(requests, start), record, ranked)
    scheduler.run()
    around = float(deployment.efficiency.request_time)
    time, running, waiting, used = (numpy.array(column) for column in zip(*record.timeline, strict=True))
    duration = scheduler.now
    return Outcome(
        requests=requests,
        first_token=start + record.first + around,
        end=start + record.last + around,
        around=around,
        duration=duration,
        running=record.inside_area / duration,
        waiting=record.waiting_area / duration,
        cache_share=record.cache_area / duration / pace.budget,
        cache_peak=record.largest / pace.budget,
        spent=record.spent,
        steps=record.steps,
        tokens=record.tokens,
        prompt_tokens=record.prompt_tokens,
        preemptions=record.preemptions,
        never_fit=record.never_fit,
        turned_away=record.turned_away,
        overloaded=_is_overloaded(requests, record, start),
        timeline=Timeline(time=start + time, running=running, waiting=waiting, cache_share=used / pace.budget),
    )


def _sequences(requests: Requests, start: float):
    """The requests one by one, their times counted from the first arrival."""
    columns = ("arrival", "input_tokens", "output_tokens", "cached_tokens", "priority")
    for first in range(0, len(requests), _BLOCK):
        block = [getattr(requests, name)[first : first + _BLOCK].tolist() for name in columns]
        for index, (arrival, prompt, reply, cached, priority) in enumerate(zip(*block, strict=True), first):
            yield Sequence(index, arrival - start, prompt, reply, cached, priority)


def _is_overloaded(requests: Requests, record: Record, start: float) -> bool:
    """Whether many still wait when the last arrives; of requests that come together that says nothing."""
    if not requests.span:
        return False
    last = requests.arrival[-1] - start
    waiting = numpy.count_nonzero(~(record.first <= last)) - record.never_fit
    count = len(requests)
    return bool(waiting > count / 20 + 3 * math.sqrt(count))
