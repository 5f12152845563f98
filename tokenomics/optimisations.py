"""What single optimisations gain: drafts, kept beginnings, chunks of prompts, and prefill on machines of its own."""

from .checks import between
from .elementwise import maximum
from .prefill import prefill_flops
from .work import head_flops

__all__ = [
    "accepted_tokens",
    "cycle_time",
    "free_prompt_tokens",
    "remaining_prefill_flops",
    "speculative_time",
    "stalled_token_time",
    "transfer_time",
]


def accepted_tokens(acceptance, drafts):
    """Count the tokens that one check of drafted tokens yields on average.

    Parameters
    ----------
    acceptance : float or ndarray
        Probability that a drafted token is kept, if those before it are. [-]
    drafts : int
        Tokens drafted for each check. [token]

    Returns
    -------
    float or ndarray
        Tokens, the one that the check itself supplies included. [token]

    Raises
    ------
    ValueError
        If the probability is not from 0 to 1.

    Notes
    -----
    Equation :eq:`eq-accepted`, summed by Horner's rule, so that it holds where
    every draft is kept. It takes the drafts for independent and alike; in real
    text some passages are easy and some are not.

    References
    ----------
    Y. Leviathan, M. Kalman, Y. Matias, "Fast inference from transformers via
    speculative decoding", ICML 2023, equation 1.

    Examples
    --------
    >>> accepted_tokens(0.5, 2)
    1.75
    """
    between("speculation", "acceptance", acceptance, 0, 1)
    expected = 1.0
    for _ in range(drafts):
        expected = 1 + acceptance * expected
    return expected


def speculative_time(acceptance, drafts, check_time, draft_time):
    """Time a token of speculative decoding.

    Parameters
    ----------
    acceptance : float or ndarray
        Probability that a drafted token is kept, if those before it are. [-]
    drafts : int
        Tokens drafted for each check. [token]
    check_time : float or ndarray
        Time of a pass of the large model over the drafts and one token more. [s]
    draft_time : float or ndarray
        Time in which the small model writes one token. [s]

    Returns
    -------
    float or ndarray
        Time per token, on average. [s]

    Notes
    -----
    Equation :eq:`eq-speculation`. Drafting and checking take turns, since the
    next draft begins where the check ended.

    Examples
    --------
    >>> round(speculative_time(0.5, 2, 0.030, 0.0025), 6)
    0.02
    """
    return (check_time + drafts * draft_time) / accepted_tokens(acceptance, drafts)


def remaining_prefill_flops(architecture, *, prompt, cached):
    """Count the arithmetic of a prefill whose beginning is in the cache.

    Parameters
    ----------
    architecture : Architecture
        The model. [-]
    prompt : float or ndarray
        Tokens of the prompt. [token]
    cached : float or ndarray
        Tokens of it, from the start, whose keys and values are there. [token]

    Returns
    -------
    float or ndarray
        Arithmetic. [FLOP]

    Notes
    -----
    Equation :eq:`eq-prefix`. The rest still attends to the beginning, so a
    half that is cached saves less than half of the attention. Latents that are
    cached are expanded anew, which is left out.

    Examples
    --------
    >>> from tokenomics.catalogue import model
    >>> round(remaining_prefill_flops(model("llama-3.3-70b"), prompt=4096, cached=2048) / 1e12)
    297
    """
    whole = prefill_flops(architecture, tokens=prompt, attention="causal", logits="last")
    kept = prefill_flops(architecture, tokens=cached, attention="causal", logits="last")
    return whole - kept + head_flops(architecture)


def free_prompt_tokens(memory_time, compute_time, peak, token_flops):
    """Count the tokens of prompts that ride along in a decode step at no cost.

    Parameters
    ----------
    memory_time : float or ndarray
        Time to read weights and cache. [s]
    compute_time : float or ndarray
        Time of the step's own arithmetic. [s]
    peak : float or ndarray
        Peak arithmetic. [FLOP/s]
    token_flops : float or ndarray
        Arithmetic of one token of a prompt. [FLOP]

    Returns
    -------
    float or ndarray
        Tokens; none where arithmetic binds already. [token]

    Notes
    -----
    Equation :eq:`eq-free-chunk`: the chunk that fills the time in which the
    arithmetic would wait. The overlap is taken for perfect.

    Examples
    --------
    >>> free_prompt_tokens(0.020, 0.005, 1e15, 150e9)
    100.0
    """
    return maximum(memory_time - compute_time, 0.0) * peak / token_flops


def transfer_time(size, link, latency=0.0):
    """Time the sending of a cache to the machines that decode.

    Parameters
    ----------
    size : float or ndarray
        The cache. [byte]
    link : float or ndarray
        Bandwidth of all links that carry it. [byte/s]
    latency : float or ndarray, optional
        Time before the first byte arrives. [s]

    Returns
    -------
    float or ndarray
        Time until all of it is there. [s]

    Notes
    -----
    Equation :eq:`eq-transfer`. An engine that sends each layer as soon as it is
    done hides most of it behind the prefill.

    Examples
    --------
    >>> transfer_time(1.2e9, 50e9)
    0.024
    """
    return latency + size / link


def stalled_token_time(token_time, prefill_time, batch, reply):
    """Find the TPOT of a user whose reply is interrupted by the prompts of others.

    Parameters
    ----------
    token_time : float or ndarray
        Time per token between interruptions. [s]
    prefill_time : float or ndarray
        Time to read one prompt. [s]
    batch : float or ndarray
        Sequences that decode together. [-]
    reply : float or ndarray
        Tokens of a reply. [token]

    Returns
    -------
    float or ndarray
        Mean time between tokens after the first. [s]

    Notes
    -----
    Equation :eq:`eq-stall`. In a steady state each of the others ends once
    during a reply, and its successor's prompt is read.

    Examples
    --------
    >>> stalled_token_time(0.020, 0.1, 51, 501)
    0.03
    """
    return token_time + (batch - 1) * prefill_time / (reply - 1)


def cycle_time(batch, prefill_time, reply, token_time):
    """Time the cycle in which a full batch reads as many prompts and writes as many replies as it has places.

    Parameters
    ----------
    batch : float or ndarray
        Sequences that decode together. [-]
    prefill_time : float or ndarray
        Time to read one prompt. [s]
    reply : float or ndarray
        Tokens of a reply; the first comes with the prefill. [token]
    token_time : float or ndarray
        Time per token of each sequence. [s]

    Returns
    -------
    float or ndarray
        Time of the cycle. [s]

    Notes
    -----
    Equation :eq:`eq-cycle`. It assumes that somebody always waits for a place,
    so it bounds the throughput.

    Examples
    --------
    >>> cycle_time(50, 0.1, 501, 0.020)
    15.0
    """
    return batch * prefill_time + (reply - 1) * token_time
