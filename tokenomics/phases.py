"""The two phases of a request: the work of reading the prompt, and that of writing the reply."""

from dataclasses import dataclass

from .cache import cache_bytes, cached_numbers
from .elementwise import wide
from .prefill import attended_pairs, prefill_flops
from .work import attended_tokens, attention_flops, decode_flops, decode_weight_traffic

__all__ = ["Work", "decode_work", "prefill_work", "uncached_flops"]


@dataclass(frozen=True, kw_only=True)
class Work:
    """What a phase computes and moves.

    Parameters
    ----------
    flops : float or ndarray
        Arithmetic. [FLOP]
    weight_traffic : float or ndarray
        Weights read. [byte]
    kv_traffic : float or ndarray
        KV cache written by a prefill, or read by decode steps. [byte]

    Examples
    --------
    >>> Work(flops=2.0, weight_traffic=2.0, kv_traffic=0.0).flops
    2.0
    """

    flops: float
    weight_traffic: float
    kv_traffic: float


def prefill_work(architecture, *, prompt, weight_bits=16, kv_bits=16) -> Work:
    """Count the work of a prefill: the prompt of one request, in one pass.

    Parameters
    ----------
    architecture : Architecture
        The model. [-]
    prompt : float or ndarray
        Tokens of the prompt. [token]
    weight_bits, kv_bits : float or ndarray, optional
        Stored size of one parameter, and of one cached number. [bit]

    Returns
    -------
    Work
        Arithmetic of the pairs that the mask leaves and of the last token's
        logits; the weights read once; the cache written once. [-]

    Notes
    -----
    Equation :eq:`eq-prefill-work`. Vectors that pass between operations are
    left out.

    Examples
    --------
    >>> from tokenomics.catalogue import model
    >>> round(prefill_work(model("llama-3.3-70b"), prompt=2048).flops / 1e12)
    286
    """
    return Work(
        flops=prefill_flops(architecture, tokens=prompt, attention="causal", logits="last"),
        weight_traffic=decode_weight_traffic(architecture, bits=weight_bits, batch=prompt),
        kv_traffic=cache_bytes(architecture, context=prompt, bits=kv_bits),
    )


def _attended_pairs(attention, tokens):
    """Count the pairs of a query and a key that a sequence has made so far, within the window."""
    return attended_pairs(tokens, attended_tokens(attention, tokens), attention="causal")


def decode_work(architecture, *, prompt, reply, weight_bits=16, kv_bits=16) -> Work:
    """Count the work of all decode steps of one request.

    Parameters
    ----------
    architecture : Architecture
        The model. [-]
    prompt : float or ndarray
        Tokens of the prompt. [token]
    reply : int or ndarray
        Tokens of the reply, of which the prefill yields the first. [token]
    weight_bits, kv_bits : float or ndarray, optional
        Stored size of one parameter, and of one cached number. [bit]

    Returns
    -------
    Work
        The sum over the steps, one fewer than the reply has tokens. [-]

    Notes
    -----
    Equation :eq:`eq-decode-work`: a step that has s tokens before it attends
    to s + 1, fewer where there is a window, and reads as many from the cache.

    Examples
    --------
    >>> from tokenomics.catalogue import model
    >>> round(decode_work(model("llama-3.3-70b"), prompt=2048, reply=300).flops / 1e12, 1)
    43.3
    """
    prompt, steps = wide(prompt), wide(reply) - 1
    end = prompt + steps
    scored = attended_pairs(end, end, attention="causal") - attended_pairs(prompt, prompt, attention="causal")
    flops = steps * decode_flops(architecture, batch=1, context=0)
    numbers = 0
    for layer in architecture.layers:
        attention = layer.attention
        if attention is not None:
            attended = _attended_pairs(attention, end) - _attended_pairs(attention, prompt)
            flops = flops + layer.count * attention_flops(attention, attended, scored)
            numbers = numbers + layer.count * cached_numbers(attention) * attended
            if attention.kind == "latent":
                numbers = numbers + layer.count * attention.index_dim * scored
    return Work(
        flops=flops,
        weight_traffic=steps * decode_weight_traffic(architecture, bits=weight_bits),
        kv_traffic=numbers * wide(kv_bits) / 8,
    )


def uncached_flops(architecture, *, prompt: int, reply: int):
    """Count the arithmetic of a reply when nothing is kept: each token costs a pass over all before it.

    Parameters
    ----------
    architecture : Architecture
        The model. [-]
    prompt : int
        Tokens of the prompt. [token]
    reply : int
        Tokens of the reply. [token]

    Returns
    -------
    float
        Arithmetic of the whole request. [FLOP]

    Notes
    -----
    Equation :eq:`eq-no-cache`: the sum of as many prefills as the reply has tokens.

    Examples
    --------
    >>> from tokenomics.catalogue import model
    >>> round(uncached_flops(model("llama-3.3-70b"), prompt=2048, reply=300) / 1e15)
    92
    """
    lengths = range(prompt, prompt + reply)
    return sum(prefill_flops(architecture, tokens=tokens, attention="causal", logits="last") for tokens in lengths)
