"""The machine time of a request, and what one more token of each kind adds to it."""

from .checks import between, positive, shown
from .deployment import Deployment
from .machine_time import MarginalTimes, busy_time, most_running, one_more
from .passes import compute_share

__all__ = ["full_server", "marginal_times", "request_time"]


def full_server(deployment: Deployment, input_tokens, output_tokens):
    """Count the sequences of a kind that fill a server, fractions included.

    Parameters
    ----------
    deployment : Deployment
        What runs where. [-]
    input_tokens, output_tokens : float or ndarray
        Tokens of prompt and reply. [token]

    Returns
    -------
    float or ndarray
        Sequences; below one when not even one fits. [-]

    Notes
    -----
    Equation :eq:`eq-concurrency`. Each sequence is counted with a cache of its
    own, as if no two shared a prefix: the shared part is a gain on top.

    Examples
    --------
    >>> from tokenomics.deployment import deployment
    >>> round(full_server(deployment("llama-3.3-70b", "H100-SXM-80GB", tensor=4, engine="vllm"), 2035, 300))
    192
    """
    return most_running(deployment.server, deployment.efficiency, input_tokens, output_tokens)


def request_time(deployment: Deployment, input_tokens, output_tokens, cached_tokens=0.0, running=None):
    """Find the machine time that one request takes of a server that runs many alike.

    Parameters
    ----------
    deployment : Deployment
        What runs where. [-]
    input_tokens, output_tokens : float or ndarray
        Tokens of prompt and reply. [token]
    cached_tokens : float or ndarray, optional
        Tokens of the prompt that are found in a prefix cache. [token]
    running : float, ndarray or None, optional
        Sequences that share the machine; None is as many as fit. [-]

    Returns
    -------
    float or ndarray
        The request's share of the time: its prompt, and its part of each step. [s]

    Notes
    -----
    Equation :eq:`eq-request-time`: the burst of :func:`tokenomics.burst.times`,
    the time around it left out, divided by its requests. Valid while the server
    is as full as said all the time; what it does not sell is the utilisation's
    affair.

    Examples
    --------
    >>> from tokenomics.deployment import deployment
    >>> place = deployment("llama-3.3-70b", "H100-SXM-80GB", tensor=4, engine="vllm")
    >>> round(request_time(place, 2035, 300, running=16), 2)
    0.57
    """
    compute = compute_share(deployment.efficiency, deployment.arithmetic)
    place = deployment.server, deployment.efficiency, compute
    return busy_time(*place, input_tokens, output_tokens, cached_tokens, running)


def marginal_times(
    deployment: Deployment, input_tokens, output_tokens, cached_tokens=0.0, running=None
) -> MarginalTimes:
    """Find what one more token of each kind adds to the machine time of a request.

    Parameters
    ----------
    deployment : Deployment
        What runs where. [-]
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

    Raises
    ------
    ValueError
        If a number is out of range, or fewer sequences fit than are to run.

    Notes
    -----
    Equation :eq:`eq-marginal`: the change of :func:`request_time` over one token,
    half of it before and half after, which is the derivative exactly where the
    time is quadratic. An input token brings its arithmetic, its pairs with the
    rest of the prompt, and its cache that each later step reads; an output token
    a step's share and the cache that the later steps read; a cached token only
    pairs and cache. Where the server is as full as fits, each also takes memory
    from other sequences, and its share of their steps counts too. The time has
    kinks, where another roof begins to bind: there the two sides differ.

    Examples
    --------
    >>> from tokenomics.deployment import deployment
    >>> place = deployment("llama-3.3-70b", "H100-SXM-80GB", tensor=4, engine="vllm")
    >>> one_more = marginal_times(place, 2035, 300, running=16)
    >>> one_more.cached < one_more.input < one_more.output
    True
    """
    positive("request", "input_tokens", input_tokens)
    between("request", "output_tokens", output_tokens, 1)
    between("request", "cached_tokens", cached_tokens, 0)
    # The last token of a prompt is always computed: the first of the reply comes from it.
    between("request", "input_tokens less cached_tokens", input_tokens - cached_tokens, 1)
    if running is not None:
        positive("request", "running", running)
    fits = full_server(deployment, input_tokens, output_tokens)
    if _least(fits) < 1:
        raise ValueError(
            f"deployment: {deployment.model.name} in {deployment.weights.name} on {deployment.server.devices:.0f} x "
            f"{deployment.accelerator.name} leaves room for {max(_least(fits), 0):.2g} of such requests; one must fit"
        )
    if running is not None and _least(fits - running) < 0:
        raise ValueError(f"request: running is {shown(running)}; at most {_least(fits):.0f} of such requests fit")

    compute = compute_share(deployment.efficiency, deployment.arithmetic)
    place = deployment.server, deployment.efficiency, compute
    return one_more(*place, input_tokens, output_tokens, cached_tokens, running)


def _least(value):
    """The smallest of an array, or the number itself."""
    return value.min() if hasattr(value, "dtype") and value.ndim else value
