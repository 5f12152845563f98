"""The time of a decode step, and the rates that follow from it."""

from dataclasses import dataclass

from .checks import choice, positive
from .elementwise import maximum
from .hardware import PRECISIONS
from .work import decode_flops, decode_kv_traffic, decode_weight_traffic

__all__ = [
    "DecodeStep",
    "compute_only_rate",
    "decode_rate",
    "decode_step",
    "decode_throughput",
    "law_step_time",
    "reply_time",
    "step_time",
]


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


@dataclass(frozen=True, kw_only=True)
class DecodeStep:
    """One decode step on a machine, at its peaks.

    Parameters
    ----------
    flops : float or ndarray
        Arithmetic. [FLOP]
    weight_traffic : float or ndarray
        Weights read. [byte]
    kv_traffic : float or ndarray
        KV cache read. [byte]
    compute_time : float or ndarray
        Time of the arithmetic alone. [s]
    weight_time : float or ndarray
        Time to read the weights alone. [s]
    kv_time : float or ndarray
        Time to read the KV cache alone. [s]

    Examples
    --------
    >>> DecodeStep(flops=2.0, weight_traffic=2.0, kv_traffic=0.0,
    ...            compute_time=0.1, weight_time=0.5, kv_time=0.0).weight_time
    0.5
    """

    flops: float
    weight_traffic: float
    kv_traffic: float
    compute_time: float
    weight_time: float
    kv_time: float


def _known(precision: str) -> None:
    """Refuse a precision that no machine computes in, which a missing peak would hide."""
    choice("decode step", "precision", precision, PRECISIONS)


def decode_step(
    architecture, accelerator, *, batch=1, context=1, devices=1, weight_bits=16, kv_bits=16, precision="bf16"
):
    """Time the parts of one decode step on one or more devices.

    Parameters
    ----------
    architecture : Architecture
        The model. [-]
    accelerator : Accelerator
        The machine. [-]
    batch : int or ndarray, optional
        Sequences that decode together. [-]
    context : float or ndarray, optional
        Tokens that each new token attends to, itself included. [token]
    devices : int or ndarray, optional
        Devices that share the step evenly. [-]
    weight_bits : float or ndarray, optional
        Stored size of one parameter. [bit]
    kv_bits : float or ndarray, optional
        Stored size of one cached number. [bit]
    precision : str, optional
        Precision of the arithmetic. [-]

    Returns
    -------
    DecodeStep
        Work and time by part. [-]

    Raises
    ------
    ValueError
        If a number is not above zero or the precision is unknown; the message names it.

    Notes
    -----
    Equation :eq:`eq-step`. A lower bound: communication, launches and the
    engine are left out, and the memory need not hold the model. A machine
    without a published peak has no compute roof; its compute time is zero, and the bound is a looser one.

    Examples
    --------
    >>> from tokenomics.catalogue import accelerator, model
    >>> step = decode_step(model("llama-3.3-70b"), accelerator("H100-SXM-80GB"))
    >>> round(1000 * step.weight_time, 1), round(1000 * step.compute_time, 2)
    (41.5, 0.14)
    """
    positive("decode step", "batch", batch)
    positive("decode step", "context", context)
    positive("decode step", "devices", devices)
    positive("decode step", "weight_bits", weight_bits)
    positive("decode step", "kv_bits", kv_bits)
    _known(precision)
    flops = decode_flops(architecture, batch=batch, context=context)
    weight_traffic = decode_weight_traffic(architecture, bits=weight_bits, batch=batch)
    kv_traffic = decode_kv_traffic(architecture, batch=batch, context=context, bits=kv_bits)
    bandwidth = devices * accelerator.bandwidth
    compute_time = 0.0 * flops
    if precision in accelerator.peaks:
        compute_time = flops / (devices * accelerator.peaks[precision])
    return DecodeStep(
        flops=flops,
        weight_traffic=weight_traffic,
        kv_traffic=kv_traffic,
        compute_time=compute_time,
        weight_time=weight_traffic / bandwidth,
        kv_time=kv_traffic / bandwidth,
    )


def step_time(step: DecodeStep):
    """Time a decode step: the slower of its arithmetic and its memory traffic.

    Parameters
    ----------
    step : DecodeStep
        The step, by part. [-]

    Returns
    -------
    float or ndarray
        Least time of the step. [s]

    Notes
    -----
    Equation :eq:`eq-step`: arithmetic and traffic overlap perfectly.

    Examples
    --------
    >>> from tokenomics.catalogue import accelerator, model
    >>> step = decode_step(model("llama-3.3-70b"), accelerator("H100-SXM-80GB"))
    >>> round(1 / step_time(step), 1)
    24.1
    """
    return maximum(step.compute_time, step.weight_time + step.kv_time)


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
        If the batch is not above zero.

    Notes
    -----
    Equation :eq:`eq-rate`.

    Examples
    --------
    >>> decode_throughput(32, 0.04)
    800.0
    """
    positive("decode throughput", "batch", batch)
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
