"""A deployment in numbers: what its devices hold, read, compute and send."""

from dataclasses import dataclass, fields

from .efficiency import ENDLESS
from .elementwise import minimum
from .footprint import Footprint, footprint
from .parallelism import Parallelism, all_reduce_bytes, busiest_share, exchange_bytes

__all__ = ["Server", "arithmetic_of", "on_machines", "server", "stack"]

_SENT_BYTES = 2  # activations travel at 16 bits


@dataclass(frozen=True, kw_only=True)
class Server:
    """What the formulas need to know of a deployment; each number may be an array over deployments.

    Parameters
    ----------
    devices, tensor, pipeline : float or ndarray
        All devices, devices that share a layer, stages. [-]
    memory, bandwidth : float or ndarray
        Memory of one device, and its bandwidth. [byte]
    peak : float or ndarray
        Peak arithmetic of one device at the precision of the products. [FLOP/s]
    link : float or ndarray
        Bandwidth of a device to its peers. [byte/s]
    held_weights : float or ndarray
        Weights that all devices hold together. [byte]
    shared_traffic : float or ndarray
        Weights that every pass reads, all devices together, the routed experts
        apart. [byte]
    expert_weights : float or ndarray
        All routed experts. [byte]
    expert_share : float or ndarray
        Share of the routed experts that one token uses. [-]
    packed : float or ndarray
        1 where the weights of the layers are packed, else 0. [-]
    token_flops, head_flops : float or ndarray
        Arithmetic of the matrices for one token: layers, output head. [FLOP/token]
    prompt_attention, decode_attention : tuple of float or ndarray
        Arithmetic for each token looked back at, in prefill and in decoding: of
        the layers that see all of the context, of those with a window. [FLOP/token]
    cache : tuple of float or ndarray
        Bytes a token leaves in those layers, all devices together, when each
        holds as much as the busiest. [byte/token]
    window : float or ndarray
        How far the layers with a window look back. [token]
    layers : float or ndarray
        Layers. [-]
    sent : float or ndarray
        What a device sends for each token in a pass. [byte/token]
    calls : float or ndarray
        Collective calls in a pass. [-]
    heads : float or ndarray
        Query heads on one device. [-]
    head_cache : float or ndarray
        Bytes of cache that a query head reads for each token looked back at,
        summed over the layers that see all of the context. [byte/token]

    Examples
    --------
    >>> from tokenomics.deployment import deployment
    >>> deployment("llama-3.3-70b", "H100-SXM-80GB", tensor=4).server.heads
    16.0
    """

    devices: float
    tensor: float
    pipeline: float
    memory: float
    bandwidth: float
    peak: float
    link: float
    held_weights: float
    shared_traffic: float
    expert_weights: float
    expert_share: float
    packed: float
    token_flops: float
    head_flops: float
    prompt_attention: tuple
    decode_attention: tuple
    cache: tuple
    window: float
    layers: float
    sent: float
    calls: float
    heads: float
    head_cache: float


def arithmetic_of(weights, accelerator) -> str:
    """Say in which precision a machine multiplies weights that are stored in another.

    Parameters
    ----------
    weights : Precision
        How the weights are stored. [-]
    accelerator : Accelerator
        The machine. [-]

    Returns
    -------
    str
        The precision of the weights where the machine has arithmetic for it,
        else bf16. [-]

    Examples
    --------
    >>> from tokenomics.catalogue import accelerator
    >>> from tokenomics.deployment import precision
    >>> arithmetic_of(precision("fp4"), accelerator("H100-SXM-80GB"))
    'bf16'
    """
    return "bf16" if accelerator.peaks.get(weights.arithmetic) is None else weights.arithmetic


def server(model, accelerator, parallelism: Parallelism, weights, kv_bits) -> Server:
    """Work out the numbers of a deployment.

    Parameters
    ----------
    model : Architecture
        The model. [-]
    accelerator : Accelerator
        The machine. [-]
    parallelism : Parallelism
        How the model is spread. [-]
    weights : Precision
        How the weights are stored and multiplied. [-]
    kv_bits : float
        Stored size of one cached number. [bit]

    Returns
    -------
    Server
        The numbers. [-]

    Examples
    --------
    >>> from tokenomics.catalogue import accelerator, model
    >>> from tokenomics.deployment import precision
    >>> llama, machine = model("llama-3.3-70b"), accelerator("H100-SXM-80GB")
    >>> server(llama, machine, Parallelism(tensor=4), precision("bf16"), 16).shared_traffic / 1e9
    139.006066688
    """
    return on_machines(footprint(model), accelerator, parallelism, weights, kv_bits)


def on_machines(model: Footprint, accelerator, parallelism: Parallelism, weights, kv_bits) -> Server:
    """Spread a model that is known by its numbers over machines.

    Parameters
    ----------
    model : Footprint
        The model in numbers. [-]
    accelerator : Accelerator
        The machine. [-]
    parallelism : Parallelism
        How the model is spread. [-]
    weights : Precision
        How the weights are stored and multiplied. [-]
    kv_bits : float
        Stored size of one cached number. [bit]

    Returns
    -------
    Server
        The numbers. [-]

    Notes
    -----
    Matrices divide evenly among the devices of a layer; the cache does not:
    see :func:`busiest_share`. Attention replicas each hold and read attention,
    embedding and head whole. A machine without a published peak gets one that
    never binds, and one without a link likewise: bounds stay bounds.

    Examples
    --------
    >>> from tokenomics.catalogue import accelerator, model
    >>> from tokenomics.deployment import precision
    >>> llama, machine = footprint(model("llama-3.3-70b")), accelerator("H100-SXM-80GB")
    >>> on_machines(llama, machine, Parallelism(tensor=4), precision("fp8"), 16).held_weights / 1e9
    72.6550528
    """
    tensor, replicas, layers = parallelism.tensor, parallelism.replicas, model.layers
    width = weights.weight_bits / 8
    table = model.table * weights.embedding_bits / 8
    # Shared experts and plain feed-forward blocks are spread like experts; attention is copied. Norms and other
    # vectors are no matrices; every device of a group reads them, but they weigh next to nothing.
    dense = width * (model.vectors + model.attention * replicas + model.dense)
    expert = width * model.experts
    head_cache = 0.0
    prompt, decode, cached = [0.0, 0.0], [0.0, 0.0], [0.0, 0.0]
    window, heads = ENDLESS, 1.0
    for group in model.attending:
        slot = 0 if group.window == ENDLESS else 1
        window = minimum(window, group.window)
        size = group.numbers * kv_bits / 8
        prompt[slot] += group.prompt
        decode[slot] += group.decode
        cached[slot] += size * busiest_share(group.pieces, tensor) * tensor
        heads = busiest_share(group.heads, tensor) * group.heads
        if slot == 0:
            head_cache += size / group.pieces
    arithmetic = arithmetic_of(weights, accelerator)
    peak = accelerator.peaks.get(arithmetic)
    vector = _SENT_BYTES * model.hidden_size
    return Server(
        devices=float(tensor * parallelism.pipeline * replicas),
        tensor=float(tensor),
        pipeline=float(parallelism.pipeline),
        memory=accelerator.memory,
        bandwidth=accelerator.bandwidth,
        peak=ENDLESS if peak is None else peak,
        link=ENDLESS if accelerator.link is None else accelerator.link,
        held_weights=dense + expert + model.tables * table * replicas,
        shared_traffic=dense + table * replicas,
        expert_weights=expert,
        expert_share=model.expert_share,
        # A few bits that the machine has no arithmetic for are unpacked before they are multiplied.
        packed=float(weights.weight_bits < 8 and arithmetic == "bf16"),
        token_flops=float(model.token_flops),
        head_flops=float(model.head_flops),
        prompt_attention=(prompt[0], prompt[1]),
        decode_attention=(decode[0], decode[1]),
        cache=(cached[0], cached[1]),
        window=float(window),
        layers=float(layers),
        # A replica sends its own tokens only: one in `replicas` of the batch.
        sent=layers * 2 * all_reduce_bytes(vector, tensor) + exchange_bytes(vector, model.copies, replicas) / replicas,
        calls=2.0 * layers if tensor > 1 or (replicas > 1 and expert) else 0.0,
        heads=float(heads),
        head_cache=head_cache,
    )


def stack(servers) -> Server:
    """Put deployments side by side, so that one formula times them all.

    Parameters
    ----------
    servers : list of Server
        The deployments in numbers. [-]

    Returns
    -------
    Server
        The same fields, each an array over the deployments. [-]

    Examples
    --------
    >>> from tokenomics.deployment import deployment
    >>> stack([deployment("llama-3.1-8b", name).server for name in ("L40S", "H100-SXM-80GB")]).bandwidth.tolist()
    [864000000000.0, 3350000000000.0]
    """
    import numpy

    def column(name):
        values = [getattr(entry, name) for entry in servers]
        if isinstance(values[0], tuple):
            return tuple(numpy.array(part, dtype=float) for part in zip(*values, strict=True))
        return numpy.array(values, dtype=float)

    return Server(**{entry.name: column(entry.name) for entry in fields(Server)})
