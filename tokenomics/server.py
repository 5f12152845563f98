"""A deployment in numbers: what its devices hold, read, compute and send."""

from dataclasses import dataclass, fields

from .efficiency import ENDLESS
from .parallelism import Parallelism, all_reduce_bytes, busiest_share, exchange_bytes
from .parameters import layer_matrices, matrix_parameters

__all__ = ["Server", "server", "stack"]

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
    >>> llama, machine = model("llama-3.3-70b"), accelerator("H100-SXM-80GB")
    >>> server(llama, machine, Parallelism(tensor=4), precision("bf16"), 16).shared_traffic / 1e9
    139.006066688
    """
    tensor, replicas = parallelism.tensor, parallelism.replicas
    width = weights.weight_bits / 8
    table = model.vocabulary_size * model.hidden_size * weights.embedding_bits / 8
    dense = expert = expert_active = flops = exchanged = 0.0
    prompt, decode, cached = [0.0, 0.0], [0.0, 0.0], [0.0, 0.0]
    window, head_cache, heads, attention_layers, layers = ENDLESS, 0.0, 1.0, 0, 0
    for layer in model.layers:
        count = layer.count
        layers += count
        for matrix in layer_matrices(model.hidden_size, layer):
            copies, active = getattr(matrix, "copies", 1), getattr(matrix, "active", 1)
            size = count * matrix_parameters(matrix)
            flops += 2 * count * active * matrix.inputs * matrix.outputs
            if copies > 1:
                expert += size * width
                expert_active += size * width * active / copies
            else:
                # Shared experts and plain feed-forward blocks are spread like experts; attention is copied.
                dense += size * width * (replicas if matrix.block == "attention" else 1)
        if getattr(layer, "experts", None) is not None:
            exchanged += count * exchange_bytes(_SENT_BYTES * model.hidden_size, layer.experts.active, replicas)
        if (attention := layer.attention) is None:
            continue
        attention_layers += count
        seen = getattr(attention, "window", None)
        slot = 0 if seen is None else 1
        window = window if seen is None else seen
        numbers, prompt_flops, decode_flops, pieces = _attention(attention)
        prompt[slot] += count * prompt_flops
        decode[slot] += count * decode_flops
        share = busiest_share(pieces, tensor) * tensor
        cached[slot] += count * numbers * kv_bits / 8 * share
        heads = busiest_share(attention.heads, tensor) * attention.heads
        if slot == 0:
            head_cache += count * numbers / pieces * kv_bits / 8
    peak = accelerator.peaks.get(weights.arithmetic, accelerator.peaks.get("bf16"))
    spread_sent = layers * 2 * all_reduce_bytes(_SENT_BYTES * model.hidden_size, tensor)
    return Server(
        devices=float(parallelism.devices),
        tensor=float(tensor),
        pipeline=float(parallelism.pipeline),
        memory=accelerator.memory,
        bandwidth=accelerator.bandwidth,
        peak=ENDLESS if peak is None else peak,
        link=ENDLESS if accelerator.link is None else accelerator.link,
        held_weights=dense + expert + (1 if model.tied_embeddings else 2) * table * replicas,
        shared_traffic=dense + table * replicas,
        expert_weights=expert,
        expert_share=expert_active / expert if expert else 0.0,
        token_flops=flops,
        head_flops=2.0 * model.vocabulary_size * model.hidden_size,
        prompt_attention=tuple(prompt),
        decode_attention=tuple(decode),
        cache=tuple(cached),
        window=float(window),
        layers=float(layers),
        # A replica sends its own tokens only: one in `replicas` of the batch.
        sent=spread_sent + exchanged / replicas,
        calls=2.0 * layers if tensor > 1 or (replicas > 1 and expert) else 0.0,
        heads=float(heads),
        head_cache=head_cache,
    )


def _attention(attention) -> tuple:
    """Numbers cached, arithmetic in prefill and in decoding for a token looked back at, and indivisible pieces."""
    if getattr(attention, "kind", "grouped") == "latent":
        latent = attention.latent_rank + attention.rope_dim
        prompt = 2 * attention.heads * (attention.nope_dim + attention.rope_dim + attention.value_dim)
        # Decoding multiplies with the latent itself, the projections absorbed into query and output.
        return latent, prompt, 2 * attention.heads * (latent + attention.latent_rank), 1
    value_dim = getattr(attention, "value_dim", None) or attention.head_dim
    flops = 2 * attention.heads * (attention.head_dim + value_dim)
    return attention.kv_heads * (attention.head_dim + value_dim), flops, flops, attention.kv_heads


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
