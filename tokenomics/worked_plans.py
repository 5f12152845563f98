"""Three plans worked out with prices that somebody asked: a chat service, a night's batch, a card at home."""

from typing import NamedTuple

from .candidates import candidates
from .comparison import compare_api
from .deployment import deployment
from .lengths import lognormal
from .objective import Objective
from .ownership import owned
from .planning import Plan, plan
from .policy import Policy
from .pricing import users_load
from .traffic import Arrivals, Stream, Traffic

__all__ = ["MACHINES", "Night", "chat_service", "home_card", "nightly_batch"]

_HOUR = 3600
MACHINES = ("A100-SXM-80GB", "H100-SXM-80GB", "H200-SXM-141GB", "B200-180GB", "MI300X")
_MODEL = "llama-3.3-70b"


def chat_service(
    users: int = 1000,
    think_time: float = 60.0,
    ttft: float = 1.0,
    tpot: float = 0.05,
    machines=MACHINES,
    cautious: bool = False,
    executor=None,
    progress=None,
) -> Plan:
    """Plan a chat service on a 70B model.

    Parameters
    ----------
    users : int, optional
        People in conversation. [-]
    think_time : float, optional
        Time from an answer to the next question: reading, thinking, typing. [s]
    ttft, tpot : float, optional
        What nine in ten are promised: the first token, and the pace of the others. [s]
    machines : iterable of str, optional
        Machines to choose from. [-]
    cautious : bool, optional
        Whether every engine is taken to be as slow as one in ten is. [-]
    executor : concurrent.futures.Executor or None, optional
        Where the deployments are tried. [-]
    progress : callable or None, optional
        Called with each when it has been tried. [-]

    Returns
    -------
    Plan
        The cheapest deployment at on-demand rents, and the others. [-]

    Notes
    -----
    Assumed: prompts of 1500 tokens in the mean, half of them the conversation so
    far and in the prefix cache, and replies of 300. The load is that of people
    whom nothing keeps waiting, which is the most they can bring.

    Examples
    --------
    >>> chat_service(users=20, machines=["H200-SXM-141GB"]).best.groups
    1
    """
    stream = Stream(input=lognormal(mean=1500, spread=0.8), output=lognormal(mean=300, spread=0.7), cached_share=0.5)
    traffic = Traffic(streams=(stream,), arrivals=Arrivals(rate=users_load(users, think_time, 0.0)))
    longest = stream.input.largest + stream.output.largest
    return plan(
        candidates(_MODEL, machines, weights=("bf16", "fp8"), engine="vllm", context=longest),
        traffic,
        Objective(ttft=ttft, tpot=tpot),
        # As many as the engine runs at once unless told otherwise; the broad constants name no limit.
        policy=Policy(max_sequences=256),
        cautious=cautious,
        executor=executor,
        progress=progress,
    )


class Night(NamedTuple):
    """A night's work, and what it costs.

    Parameters
    ----------
    plan : Plan
        The deployments that are done by the morning, the cheapest first. [-]
    requests : float
        Requests of the night. [request]
    cost : float
        What the cheapest costs for the hours that it works. [USD]
    bills : tuple of (str, float)
        What those who serve the model by the token would charge, with provider
        and date, the cheapest first. [USD]

    Examples
    --------
    >>> Night._fields
    ('plan', 'requests', 'cost', 'bills')
    """

    plan: Plan
    requests: float
    cost: float
    bills: tuple


def nightly_batch(tokens: float = 1e9, hours: float = 8.0, machines=MACHINES, executor=None, progress=None) -> Night:
    """Plan a night's batch on a 70B model, with nobody waiting.

    Parameters
    ----------
    tokens : float, optional
        Tokens of the night, in and out. [token]
    hours : float, optional
        How long the night is, in hours. [-]
    machines : iterable of str, optional
        Machines to choose from. [-]
    executor : concurrent.futures.Executor or None, optional
        Where the deployments are tried. [-]
    progress : callable or None, optional
        Called with each when it has been tried. [-]

    Returns
    -------
    Night
        The plan, its cost and the bills of the APIs. [-]

    Notes
    -----
    Assumed: prompts of 1500 tokens and replies of 500 in the mean. The machines
    are rented on demand, for the night and no longer.

    Examples
    --------
    >>> night = nightly_batch(tokens=1e7, machines=["MI300X"])
    >>> night.requests, night.plan.best.groups
    (5000.0, 1)
    """
    stream = Stream(input=lognormal(mean=1500, spread=0.8), output=lognormal(mean=500, spread=0.7))
    requests = tokens / (stream.input.mean + stream.output.mean)
    traffic = Traffic(streams=(stream,), arrivals=Arrivals(rate=requests / (hours * _HOUR)))
    longest = stream.input.largest + stream.output.largest
    found = plan(
        candidates(_MODEL, machines, weights=("bf16", "fp8"), engine="vllm", context=longest),
        traffic,
        Objective(),
        executor=executor,
        progress=progress,
    )
    best = found.best
    compared = compare_api(
        best.candidate.deployment,
        best.candidate.payment,
        input_tokens=stream.input.mean,
        output_tokens=stream.output.mean,
    )
    bills = tuple((entry.offer.label, float(entry.bill * requests)) for entry in compared)
    return Night(plan=found, requests=requests, cost=best.rate * hours * _HOUR, bills=bills)


def home_card(input_tokens: int = 1000, output_tokens: int = 300) -> dict:
    """Hold a card at home and a laptop against those who serve the same 8B model by the token.

    Parameters
    ----------
    input_tokens, output_tokens : int, optional
        Tokens of a prompt and a reply. [token]

    Returns
    -------
    dict of str to tuple of Comparison
        By machine, one comparison for each offer, the cheapest first. [-]

    Notes
    -----
    One request at a time, as one person asks: no step is shared. The weights have
    eight bits; the machine is written off over its life and pays household
    electricity, under load and idle.

    Examples
    --------
    >>> found = home_card()
    >>> list(found)
    ['RTX-4090', 'Apple-M4-Max']
    """
    return {
        machine: compare_api(
            deployment("llama-3.1-8b", machine, weights="gguf-q8_0", engine="llama.cpp"),
            owned(machine),
            input_tokens=input_tokens,
            output_tokens=output_tokens,
            running=1,
        )
        for machine in ("RTX-4090", "Apple-M4-Max")
    }
