"""A model in numbers: what it asks of whatever machines it runs on, before anybody chooses them."""

from dataclasses import dataclass

from .cache import cached_numbers
from .efficiency import ENDLESS
from .matrices import layer_matrices
from .parameters import matrix_parameters, total_parameters
from .prefill import expanded_attention_flops
from .work import attention_flops, head_flops, matrix_flops

__all__ = ["Attending", "Footprint", "footprint"]


@dataclass(frozen=True, kw_only=True)
class Attending:
    """Layers that attend alike, put together.

    Parameters
    ----------
    window : float
        How far they look back; ``ENDLESS`` is all of the context. [token]
    pieces : int
        Pieces that the cache of a layer can be divided into: its key-value heads,
        or the one latent. [-]
    heads : int
        Query heads of a layer. [-]
    numbers : float
        Numbers that a token leaves in the cache of all of them. [-]
    prompt, decode : float
        Arithmetic for each token looked back at, in prefill and in decoding.
        [FLOP/token]

    Examples
    --------
    >>> from tokenomics.catalogue import model
    >>> footprint(model("llama-3.3-70b")).attending[0].numbers
    163840
    """

    window: float
    pieces: int
    heads: int
    numbers: float
    prompt: float
    decode: float


@dataclass(frozen=True, kw_only=True)
class Footprint:
    """What the time and the memory of a deployment need to know of its model.

    Parameters
    ----------
    layers, hidden_size : int
        Layers, and the width between them. [-]
    attention, dense, experts : float
        Parameters in the matrices of attention, in the other matrices that every
        token meets, and in all routed experts. [-]
    expert_share : float
        Share of the routed experts that one token uses. [-]
    vectors : float
        Parameters that stand in no matrix: norms, biases. [-]
    table, tables : int
        Numbers in a table of the vocabulary, and tables: one where embedding and
        head are tied, else two. [-]
    token_flops, head_flops : float
        Arithmetic of the matrices for one token: layers, output head. [FLOP/token]
    copies : float
        Experts that a token is sent to, summed over the layers. [-]
    attending : tuple of Attending
        The layers that attend, those of one kind together. [-]

    Examples
    --------
    >>> from tokenomics.catalogue import model
    >>> mixtral = footprint(model("mixtral-8x7b"))
    >>> mixtral.expert_share, mixtral.copies
    (0.25, 64)
    """

    layers: int
    hidden_size: int
    attention: float
    dense: float
    experts: float
    expert_share: float
    vectors: float
    table: int
    tables: int
    token_flops: float
    head_flops: float
    copies: float
    attending: tuple


def footprint(model) -> Footprint:
    """Count what a deployment needs to know of a model.

    Parameters
    ----------
    model : Architecture
        The model. [-]

    Returns
    -------
    Footprint
        The model in numbers. [-]

    Notes
    -----
    Shared experts count with the dense matrices: every token meets them.

    Examples
    --------
    >>> from tokenomics.catalogue import model
    >>> llama = footprint(model("llama-3.3-70b"))
    >>> llama.attention + llama.dense + llama.tables * llama.table + llama.vectors
    70553706496
    """
    attention = dense = experts = active = flops = copies = layers = 0
    attending = []
    for layer in model.layers:
        count = layer.count
        layers += count
        flops += count * matrix_flops(model.hidden_size, layer)
        for matrix in layer_matrices(model.hidden_size, layer):
            size = count * matrix_parameters(matrix)
            if matrix.copies > 1:
                experts += size
                active += size * matrix.active / matrix.copies
            elif matrix.block == "attention":
                attention += size
            else:
                dense += size
        if layer.experts is not None:
            copies += count * layer.experts.active
        block = layer.attention
        if block is not None:
            found = Attending(
                window=ENDLESS if block.window is None else block.window,
                # A latent is one piece: every device of a tensor-parallel group holds it whole.
                pieces=1 if block.kind == "latent" else block.kv_heads,
                heads=block.heads,
                numbers=count * cached_numbers(block),
                prompt=count * expanded_attention_flops(block, 1, 0),
                decode=count * attention_flops(block, 1, 0),
            )
            attending.append(found)
    table = model.vocabulary_size * model.hidden_size
    tables = 1 if model.tied_embeddings else 2
    return Footprint(
        layers=layers,
        hidden_size=model.hidden_size,
        attention=attention,
        dense=dense,
        experts=experts,
        expert_share=active / experts if experts else 0.0,
        vectors=total_parameters(model) - (attention + dense + experts + tables * table),
        table=table,
        tables=tables,
        token_flops=flops,
        head_flops=head_flops(model),
        copies=copies,
        attending=tuple(attending),
    )
