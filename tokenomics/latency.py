"""The time of a decode step, and the rates that follow from it."""

from .elementwise import maximum
from .roofline import operation_time

__all__ = ["compute_only_rate", "decode_rate", "decode_step_time", "decode_throughput", "law_step_time", "reply_time"]


def compute_only_rate(parameters, peak):
    """Predict the decode rate from arithmetic alone, which is wrong by far.

    Parameters
    ----------
    parameters : float or ndarray
        Parameters of the model. [-]
    peak : float or ndarray
        Peak arithmetic. [FLOP/s]

    Returns
    -------
    float or ndarray
        The rate if arithmetic were all it took. [token/s]

    Notes
    -----
    Equation :eq:`eq-naive`: two operations for each parameter and token.

    Examples
    --------
    >>> round(compute_only_rate(70e9, 989e12))
    7064
    """
    return peak / (2 * parameters)


def law_step_time(parameters, bits, bandwidth):
    """Time a decode step by the law: every weight is read once.

    Parameters
    ----------
    parameters : float or ndarray
        Parameters that a token reads. [-]
    bits : float or ndarray
        Stored size of one parameter. [bit]
    bandwidth : float or ndarray
        Memory bandwidth. [byte/s]

    Returns
    -------
    float or ndarray
        Least time of one decode step. [s]

    Notes
    -----
    Equation :eq:`eq-law`. Valid for small batches and short contexts: the KV
    cache and the arithmetic are left out. No machine beats it.

    Examples
    --------
    >>> round(law_step_time(70e9, 16, 3.35e12) * 1000, 1)
    41.8
    """
    return parameters * bits / 8 / bandwidth


def decode_step_time(flops, weight_traffic, kv_traffic, peak, bandwidth):
    """Time a decode step on the roofline: the slower of arithmetic and memory.

    Parameters
    ----------
    flops : float or ndarray
        Arithmetic of the step. [FLOP]
    weight_traffic : float or ndarray
        Weights read. [byte]
    kv_traffic : float or ndarray
        KV cache read. [byte]
    peak : float or ndarray
        Peak arithmetic of the machine, all devices together. [FLOP/s]
    bandwidth : float or ndarray
        Peak memory bandwidth, all devices together. [byte/s]

    Returns
    -------
    float or ndarray
        Least time of one decode step. [s]

    Notes
    -----
    Equation :eq:`eq-step`. A lower bound: communication, launches and the
    engine are left out.

    Examples
    --------
    >>> decode_step_time(140e9, 138e9, 2e9, 989e12, 3.5e12)
    0.04
    """
    return operation_time(flops, weight_traffic + kv_traffic, peak, bandwidth)


def decode_rate(step_time):
    """Turn a step time into the rate that one user sees.

    Parameters
    ----------
    step_time : float or ndarray
        Time of one decode step. [s]

    Returns
    -------
    float or ndarray
        Tokens that each sequence gains in a second. [token/s]

    Notes
    -----
    Equation :eq:`eq-rate`.

    Examples
    --------
    >>> decode_rate(0.04)
    25.0
    """
    return 1 / step_time


def decode_throughput(batch, step_time):
    """Turn a step time into the rate of the whole batch.

    Parameters
    ----------
    batch : int or ndarray
        Sequences that decode together. [-]
    step_time : float or ndarray
        Time of one decode step. [s]

    Returns
    -------
    float or ndarray
        Tokens of all sequences in a second. [token/s]

    Raises
    ------
    ValueError
        If the batch holds no sequence.

    Notes
    -----
    Equation :eq:`eq-rate`.

    Examples
    --------
    >>> decode_throughput(32, 0.04)
    800.0
    """
    return batch / step_time


def reply_time(time_to_first_token, tokens, time_per_output_token):
    """Time a whole reply.

    Parameters
    ----------
    time_to_first_token : float or ndarray
        TTFT. [s]
    tokens : int or ndarray
        Length of the reply, the first token included. [token]
    time_per_output_token : float or ndarray
        TPOT. [s]

    Returns
    -------
    float or ndarray
        Time from the request to the last token. [s]

    Notes
    -----
    Equation :eq:`eq-reply`: the first token comes with prefill, so a reply of
    N tokens waits for N - 1 decode steps.

    Examples
    --------
    >>> reply_time(0.5, 101, 0.02)
    2.5
    """
    return time_to_first_token + maximum(tokens - 1, 0) * time_per_output_token
