"""The optimisations of a deployment together: which are on, and what they do to each term."""

from dataclasses import dataclass

from .cache import cache_bytes
from .checks import between, choice, positive, whole
from .elementwise import maximum
from .hardware import PRECISIONS, peak_flops
from .optimisations import (
    accepted_tokens,
    cycle_time,
    remaining_prefill_flops,
    speculative_time,
    stalled_token_time,
    transfer_time,
)
from .parameters import total_parameters, weight_bytes
from .work import decode_flops, decode_kv_traffic, decode_weight_traffic

__all__ = ["SCHEDULES", "Effects", "Levers", "effects"]

SCHEDULES = ("in turns", "chunked", "apart")


@dataclass(frozen=True, kw_only=True)
class Levers:
    """The optimisations that a deployment uses.

    Parameters
    ----------
    weight_bits : float, optional
        Stored size of one parameter. [bit]
    kv_bits : float, optional
        Stored size of one cached number. [bit]
    precision : str, optional
        Precision of the arithmetic. [-]
    drafts : int, optional
        Tokens drafted for each check; 0 is no speculation. [token]
    acceptance : float, optional
        Probability that a drafted token is kept, if those before it are. [-]
    draft_cost : float, optional
        Time of a draft, over that of a plain step. [-]
    cached : float, optional
        Share of the prompt that is in the cache already. [-]
    schedule : str, optional
        How prefill and decode share the machines, one of ``SCHEDULES``. [-]
    link : float, optional
        Bandwidth of each device to the machines that decode, where they are
        apart. [byte/s]

    Examples
    --------
    >>> Levers(kv_bits=8).weight_bits
    16
    """

    weight_bits: float = 16
    kv_bits: float = 16
    precision: str = "bf16"
    drafts: int = 0
    acceptance: float = 0.8
    draft_cost: float = 0.02
    cached: float = 0.0
    schedule: str = "in turns"
    link: float = 50e9

    def __post_init__(self):
        for quantity in ("weight_bits", "kv_bits", "link"):
            positive("levers", quantity, getattr(self, quantity))
        choice("levers", "precision", self.precision, PRECISIONS)
        whole("levers", "drafts", self.drafts, minimum=0)
        between("levers", "acceptance", self.acceptance, 0, 1)
        between("levers", "draft_cost", self.draft_cost, 0)
        between("levers", "cached", self.cached, 0, 0.99)
        choice("levers", "schedule", self.schedule, SCHEDULES)


@dataclass(frozen=True, kw_only=True)
class Effects:
    """What a deployment needs with some optimisations on, term by term.

    Parameters
    ----------
    weight_time, cache_time : float
        Reading the weights, and the cache, in one pass. [s]
    compute_time : float
        Arithmetic of one pass, prompts that ride along included. [s]
    overhead : float
        What nothing hides in one pass. [s]
    draft_time : float
        Drafting for one pass. [s]
    pass_tokens : float
        Tokens that each sequence gains by one pass. [token]
    prefill_time : float
        Reading one prompt on machines that do nothing else meanwhile. [s]
    sending_time : float
        Sending its cache to other machines. [s]
    first : float
        TTFT, without waiting for a place. [s]
    each : float
        TPOT. [s]
    throughput : float
        Output tokens a second, of as many devices as one batch has. [token/s]
    device_time : float
        Devices times seconds for one output token. [s/token]
    held : float
        Weights and caches of the whole batch at its end. [byte]

    Examples
    --------
    >>> from tokenomics.catalogue import accelerator, model
    >>> llama, h100 = model("llama-3.3-70b"), accelerator("H100-SXM-80GB")
    >>> after = effects(llama, h100, Levers(), devices=4, batch=32, prompt=2048, reply=512)
    >>> after.pass_tokens
    1.0
    """

    weight_time: float
    cache_time: float
    compute_time: float
    overhead: float
    draft_time: float
    pass_tokens: float
    prefill_time: float
    sending_time: float
    first: float
    each: float
    throughput: float
    device_time: float
    held: float


def effects(architecture, accelerator, levers, *, devices, batch, prompt, reply, overhead=0.0):
    """Time a deployment that always has a full batch, with some optimisations on.

    Parameters
    ----------
    architecture : Architecture
        The model. [-]
    accelerator : Accelerator
        The machine. [-]
    levers : Levers
        The optimisations. [-]
    devices : int
        Devices that share each pass evenly. [-]
    batch : int
        Sequences that decode together. [-]
    prompt : int
        Tokens of each prompt. [token]
    reply : int
        Tokens of each reply, two or more. [token]
    overhead : float, optional
        What nothing hides in a pass. [s]

    Returns
    -------
    Effects
        Times, rates and memory. [-]

    Raises
    ------
    ValueError
        If the machine has no peak at the precision; the message names it.

    Notes
    -----
    Equations :eq:`eq-speculation`, :eq:`eq-prefix`, :eq:`eq-stall` and
    :eq:`eq-cycle` on the terms of :eq:`eq-step`, the context taken at the
    middle of the reply. A bound at the peaks: exchange between devices, pages,
    prefill and memory of the draft model, the cache that chunks read again,
    and waiting for a place are left out.

    Examples
    --------
    >>> from tokenomics.catalogue import accelerator, model
    >>> llama, h100 = model("llama-3.3-70b"), accelerator("H100-SXM-80GB")
    >>> where = dict(devices=4, batch=32, prompt=2048, reply=512)
    >>> plain, turned = (effects(llama, h100, Levers(weight_bits=bits), **where) for bits in (16, 8))
    >>> round(turned.weight_time / plain.weight_time, 2), turned.cache_time == plain.cache_time
    (0.5, True)
    """
    peak = devices * peak_flops(accelerator, levers.precision)
    bandwidth = devices * accelerator.bandwidth
    context = prompt + reply / 2
    missing = prompt * (1 - levers.cached)
    prompt_flops = remaining_prefill_flops(architecture, prompt=prompt, cached=prompt - missing)
    alone = decode_weight_traffic(architecture, bits=levers.weight_bits, batch=missing) / bandwidth
    prefill_time = maximum(prompt_flops / peak, alone) + overhead

    tokens = accepted_tokens(levers.acceptance, levers.drafts)
    cache_time = decode_kv_traffic(architecture, batch=batch, context=context, bits=levers.kv_bits) / bandwidth
    plain_weights = decode_weight_traffic(architecture, bits=levers.weight_bits, batch=batch) / bandwidth
    plain_compute = decode_flops(architecture, batch=batch, context=context) / peak
    plain = maximum(plain_compute, plain_weights + cache_time) + overhead
    draft_time = levers.drafts * levers.draft_cost * plain

    # Prompts that ride along share the passes of a reply evenly.
    riding = batch * tokens / (reply - 1) if levers.schedule == "chunked" else 0
    checked = batch * (levers.drafts + 1)
    compute_time = (decode_flops(architecture, batch=checked, context=context) + riding * prompt_flops) / peak
    weights = decode_weight_traffic(architecture, bits=levers.weight_bits, batch=checked + riding * missing)
    weight_time = weights / bandwidth
    pass_time = maximum(compute_time, weight_time + cache_time) + overhead
    token_time = speculative_time(levers.acceptance, levers.drafts, pass_time, levers.draft_cost * plain)

    one = cache_bytes(architecture, context=prompt, bits=levers.kv_bits)
    sending_time = transfer_time(one, devices * levers.link) if levers.schedule == "apart" else 0.0
    if levers.schedule == "in turns":
        first, each = prefill_time, stalled_token_time(token_time, prefill_time, batch, reply)
    elif levers.schedule == "chunked":
        # A prompt takes its turn among those of the batch, and no less than one pass.
        first, each = maximum(1 / riding, 1.0) * (pass_time + draft_time), token_time
    else:
        # The prefill yields the first token, so the sending delays the second.
        first, each = prefill_time, token_time + sending_time / (reply - 1)
    cycle = cycle_time(batch, 0.0 if levers.schedule == "chunked" else prefill_time, reply, token_time)
    caches = batch * cache_bytes(architecture, context=prompt + reply, bits=levers.kv_bits)
    return Effects(
        weight_time=weight_time,
        cache_time=cache_time,
        compute_time=compute_time,
        overhead=overhead,
        draft_time=draft_time,
        pass_tokens=tokens,
        prefill_time=prefill_time,
        sending_time=sending_time,
        first=first,
        each=each,
        throughput=batch * reply / cycle,
        device_time=devices * cycle / (batch * reply),
        held=weight_bytes(total_parameters(architecture), levers.weight_bits) + caches,
    )
