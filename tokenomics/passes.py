"""One pass through the model on a deployment in numbers: decoding sequences, prompts, or both together."""

from typing import NamedTuple

from .batching import cache_read_time, pass_time, stream_time
from .efficiency import ENDLESS
from .elementwise import maximum
from .prefill import attended_pairs
from .routing import experts_touched

__all__ = ["Pass", "compute_share", "forward_pass", "prompt_pairs"]


class Pass(NamedTuple):
    """Where the time of a pass goes; several alike count as one.

    Parameters
    ----------
    weights, matrices, cache, attention, overhead : float or ndarray
        Parts of the time: reading weights and the arithmetic with them, reading
        the cache and the arithmetic with it, what nothing hides. [s]
    time : float or ndarray
        All of it. [s]
    weight_traffic, cache_traffic : float or ndarray
        What is read. [byte]
    matrix_flops, attention_flops : float or ndarray
        The arithmetic. [FLOP]

    Examples
    --------
    >>> Pass._fields[:2]
    ('weights', 'matrices')
    """

    weights: float
    matrices: float
    cache: float
    attention: float
    overhead: float
    time: float
    weight_traffic: float
    cache_traffic: float
    matrix_flops: float
    attention_flops: float


def compute_share(constants, arithmetic: str):
    """Look up the share of the peak that an engine reaches at a precision.

    Parameters
    ----------
    constants : Efficiency
        The constants of the engine. [-]
    arithmetic : str
        The precision of the products. [-]

    Returns
    -------
    float or ndarray
        Share of the peak. [-]

    Examples
    --------
    >>> from tokenomics.efficiency import CEILING
    >>> compute_share(CEILING, "fp8")
    1.0
    """
    if arithmetic == "fp8":
        return constants.compute_fp8
    if arithmetic == "fp4":
        return constants.compute_fp4
    return constants.compute


def prompt_pairs(server, tokens, cached=0) -> tuple:
    """Count the pairs of query and key that reading a prompt needs.

    Parameters
    ----------
    server : Server
        The deployment in numbers. [-]
    tokens : float or ndarray
        Length of the prompt. [token]
    cached : float or ndarray, optional
        How much of it, from its beginning, has been read before. [token]

    Returns
    -------
    tuple of float or ndarray
        Pairs in a layer that sees all of the context, and in one with a window. [-]

    Notes
    -----
    Equation :eq:`eq-pairs`, less the pairs among the tokens that were read before.

    Examples
    --------
    >>> from tokenomics.deployment import deployment
    >>> prompt_pairs(deployment("llama-3.1-8b", "L40S").server, 4, 2)
    (7.0, 7.0)
    """
    full = attended_pairs(tokens, ENDLESS, attention="causal") - attended_pairs(cached, ENDLESS, attention="causal")
    reach = server.window
    return full, attended_pairs(tokens, reach, attention="causal") - attended_pairs(cached, reach, attention="causal")


def forward_pass(
    server, constants, compute, *, running=0, staged=0, context=0, seen=0, eager=0, prompts=0, tokens=0, pairs=(0, 0),
    reread=(0, 0), passes=1,
) -> Pass:  # fmt: skip
    """Time a pass through the model.

    Parameters
    ----------
    server : Server
        The deployment in numbers. [-]
    constants : Efficiency
        What the engine reaches and adds. [-]
    compute : float or ndarray
        Share of the peak arithmetic reached. [-]
    running, staged : float or ndarray, optional
        Sequences that decode, and those of them on one stage at a time. [-]
    context, seen : float or ndarray, optional
        Tokens that each of them looks back at, the mean where they differ: where
        all of the context is seen, and within the window. [token]
    eager : float or ndarray, optional
        Share of the passes for which no captured graph fits. [-]
    prompts, tokens : float or ndarray, optional
        Prompts that end in the passes, and tokens of prompts that are read, on one
        stage at a time. [token]
    pairs : tuple of float or ndarray, optional
        Pairs of query and key of those tokens, without and with a window. [-]
    reread : tuple of float or ndarray, optional
        Tokens of earlier passes that those tokens look back at, without and with
        a window; they are read from the cache. [token]
    passes : float or ndarray, optional
        Passes that the prompts need. [-]

    Returns
    -------
    Pass
        Where the time goes. [s]

    Notes
    -----
    Equation :eq:`eq-pass`, its terms counted for whatever the pass holds: a decode
    step, prompts, or both, when prompts are read in chunks beside the decoding.
    The cache of sequences of different lengths is timed at their mean, which is
    exact in its size and near in how well it fills the machine.

    Examples
    --------
    >>> from tokenomics.deployment import deployment
    >>> place = deployment("llama-3.3-70b", "H100-SXM-80GB", tensor=4, engine="vllm")
    >>> step = forward_pass(place.server, place.efficiency, 0.5, running=8, staged=8, context=2000)
    >>> round(1000 * step.time)
    20
    """
    s, c = server, constants
    width = s.devices / s.pipeline
    replicas = width / s.tensor
    bandwidth, peak, link = width * s.bandwidth, width * s.peak, s.link * c.link
    reading = c.weight_bandwidth * (1 - s.packed * (1 - c.packed_bandwidth))
    in_flight = staged + tokens
    touched = s.expert_weights * experts_touched(1, s.expert_share, in_flight / passes)
    weight_traffic = passes * (s.shared_traffic + touched)
    matrix_flops = in_flight * s.token_flops + (staged + prompts) * s.head_flops
    decode_flops = staged * (s.decode_attention[0] * context + s.decode_attention[1] * seen)
    attention_flops = decode_flops + s.prompt_attention[0] * pairs[0] + s.prompt_attention[1] * pairs[1]
    full, windowed = staged * context + reread[0], staged * seen + reread[1]
    cache_traffic = s.cache[0] * full + s.cache[1] * windowed
    streaming = stream_time(
        context, s.head_cache, s.heads, maximum(staged / replicas, 1.0), c.cores, c.stream_rate
    )
    weights = weight_traffic / (bandwidth * reading)
    cache = cache_read_time(cache_traffic, bandwidth, c.kv_bandwidth, streaming)
    matrices, attention = matrix_flops / (peak * compute), attention_flops / (peak * compute)
    overhead = passes * (c.step_time + s.layers * c.layer_time + s.calls * c.call_time)
    overhead = overhead + eager * c.eager_time * s.layers + in_flight * s.sent / link + running * c.sequence_time
    return Pass(
        weights=weights,
        matrices=matrices,
        cache=cache,
        attention=attention,
        overhead=overhead,
        time=pass_time(weights, matrices, cache, attention, overhead),
        weight_traffic=weight_traffic,
        cache_traffic=cache_traffic,
        matrix_flops=matrix_flops,
        attention_flops=attention_flops,
    )
