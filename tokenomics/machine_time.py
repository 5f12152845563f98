"""The machine time of a request on a server in numbers, and of one more token: the part that the page runs too."""

from typing import NamedTuple

from .batching import concurrency_limit, eager_share
from .elementwise import maximum, minimum
from .parallelism import microbatch
from .passes import forward_pass, prompt_pairs

__all__ = ["MarginalTimes", "busy_time", "most_running", "one_more"]


class MarginalTimes(NamedTuple):
    """The machine time of a request, and of one more token of it.

    Parameters
    ----------
    input, output, cached : float or ndarray
        Machine time that one more token takes: of the prompt, of the reply, of
        the part of the prompt found in a prefix cache. [s/token]
    request : float or ndarray
        Machine time of the request. [s]
    running : float or ndarray
        Sequences that share the machine. [-]

    Examples
    --------
    >>> MarginalTimes._fields[:3]
    ('input', 'output', 'cached')
    """

    input: float
    output: float
    cached: float
    request: float
    running: float


def most_running(server, constants, input_tokens, output_tokens):
    """Count the sequences of a kind that fill a server in numbers, fractions included.

    Parameters
    ----------
    server : Server
        The deployment in numbers. [-]
    constants : Efficiency
        What the engine reaches and adds. [-]
    input_tokens, output_tokens : float or ndarray
        Tokens of prompt and reply. [token]

    Returns
    -------
    float or ndarray
        Sequences; below one when not even one fits. [-]

    Notes
    -----
    Equation :eq:`eq-concurrency`, as :func:`full_server` has it.

    Examples
    --------
    >>> from tokenomics.deployment import deployment
    >>> place = deployment("llama-3.3-70b", "H100-SXM-80GB", tensor=4, engine="vllm")
    >>> round(most_running(place.server, place.efficiency, 2035, 300))
    192
    """
    end = input_tokens + output_tokens
    return concurrency_limit(
        server.devices * server.memory,
        constants.memory_share,
        server.held_weights,
        server.cache[0] * end + server.cache[1] * minimum(end, server.window),
        constants.max_sequences,
    )


def busy_time(server, constants, compute, input_tokens, output_tokens, cached_tokens=0.0, running=None):
    """Find the machine time that one request takes of a server in numbers.

    Parameters
    ----------
    server : Server
        The deployment in numbers. [-]
    constants : Efficiency
        What the engine reaches and adds. [-]
    compute : float or ndarray
        Share of the peak arithmetic reached. [-]
    input_tokens, output_tokens : float or ndarray
        Tokens of prompt and reply. [token]
    cached_tokens : float or ndarray, optional
        Tokens of the prompt that are found in a prefix cache. [token]
    running : float, ndarray or None, optional
        Sequences that share the machine; None is as many as fit. [-]

    Returns
    -------
    float or ndarray
        The request's share of the time. [s]

    Notes
    -----
    Equation :eq:`eq-request-time`, as :func:`request_time` has it.

    Examples
    --------
    >>> from tokenomics.deployment import deployment
    >>> place = deployment("llama-3.3-70b", "H100-SXM-80GB", tensor=4, engine="vllm")
    >>> round(busy_time(place.server, place.efficiency, 0.5, 2035, 300, 0, 16), 2)
    0.58
    """
    s, c = server, constants
    if running is None:
        running = most_running(s, c, input_tokens, output_tokens)
    staged = microbatch(running, s.pipeline)
    computed = input_tokens - cached_tokens
    pairs = prompt_pairs(s, input_tokens, cached_tokens)
    reading = forward_pass(
        s,
        c,
        compute,
        prompts=staged,
        tokens=staged * computed,
        pairs=(staged * pairs[0], staged * pairs[1]),
        reread=(staged * cached_tokens, staged * minimum(cached_tokens, s.window)),
        passes=maximum(running * computed / c.pass_tokens, 1.0),
    )
    steps = output_tokens - 1
    context = input_tokens + output_tokens / 2
    writing = forward_pass(
        s,
        c,
        compute,
        running=running,
        staged=staged,
        context=context,
        seen=minimum(context, s.window),
        eager=eager_share(input_tokens, steps, c.capture_limit),
    )
    return (reading.time + steps * writing.time) / running


def one_more(
    server, constants, compute, input_tokens, output_tokens, cached_tokens=0.0, running=None
) -> MarginalTimes:
    """Find what one more token of each kind adds, on a server in numbers.

    Parameters
    ----------
    server : Server
        The deployment in numbers. [-]
    constants : Efficiency
        What the engine reaches and adds. [-]
    compute : float or ndarray
        Share of the peak arithmetic reached. [-]
    input_tokens, output_tokens : float or ndarray
        Tokens of prompt and reply. [token]
    cached_tokens : float or ndarray, optional
        Tokens of the prompt that are found in a prefix cache. [token]
    running : float, ndarray or None, optional
        Sequences that share the machine; None is as many as fit. [-]

    Returns
    -------
    MarginalTimes
        The request and one more token of it. [s/token]

    Notes
    -----
    Equation :eq:`eq-marginal`, as :func:`marginal_times` has it.

    Examples
    --------
    >>> from tokenomics.deployment import deployment
    >>> place = deployment("llama-3.3-70b", "H100-SXM-80GB", tensor=4, engine="vllm")
    >>> round(one_more(place.server, place.efficiency, 0.5, 2035, 300, 0, 16).request, 2)
    0.58
    """
    s, c, prompt, reply, cached = server, constants, input_tokens, output_tokens, cached_tokens
    half = 0.5
    more = busy_time(s, c, compute, prompt + half, reply, cached, running)
    less = busy_time(s, c, compute, prompt - half, reply, cached, running)
    longer = busy_time(s, c, compute, prompt, reply + half, cached, running)
    shorter = busy_time(s, c, compute, prompt, reply - half, cached, running)
    # The prompt is longer by a token that is found in the cache.
    found = busy_time(s, c, compute, prompt + half, reply, cached + half, running)
    missing = busy_time(s, c, compute, prompt - half, reply, cached - half, running)
    return MarginalTimes(
        input=more - less,
        output=longer - shorter,
        cached=found - missing,
        request=busy_time(s, c, compute, prompt, reply, cached, running),
        running=most_running(s, c, prompt, reply) if running is None else running,
    )
