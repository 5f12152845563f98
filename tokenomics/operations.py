"""One forward pass, operation by operation: what each computes, reads and writes."""

from dataclasses import dataclass

from .cache import cached_numbers
from .checks import choice
from .elementwise import wide
from .matrices import embedding_width, layer_matrices, value_width
from .parameters import layer_parts, matrix_parameters
from .prefill import attended_pairs, expanded_attention_flops
from .routing import experts_touched
from .work import attended_tokens, attention_flops

__all__ = ["Operation", "decode_operations", "prefill_operations", "total"]


@dataclass(frozen=True, kw_only=True)
class Operation:
    """One operation of a forward pass, in all the layers of one make together.

    Parameters
    ----------
    block : str
        The block it belongs to. [-]
    name : str
        What it computes. [-]
    layers : int
        How many layers run it. [-]
    flops : float or ndarray
        Arithmetic. [FLOP]
    weight_bytes : float or ndarray, optional
        Weights read; of experts, what is to be expected. [byte]
    kv_read, kv_written : float or ndarray, optional
        Cache read and written. [byte]
    activation_bytes : float or ndarray, optional
        Vectors read and written. [byte]

    Examples
    --------
    >>> Operation(block="attention", name="query", layers=80, flops=1e9).weight_bytes
    0
    """

    block: str
    name: str
    layers: int
    flops: float
    weight_bytes: float = 0
    kv_read: float = 0
    kv_written: float = 0
    activation_bytes: float = 0


_QUANTITIES = ("flops", "weight_bytes", "kv_read", "kv_written", "activation_bytes")


def total(operations, quantity: str):
    """Sum a quantity over the operations of a pass.

    Parameters
    ----------
    operations : list of Operation
        The operations. [-]
    quantity : str
        Name of the field to sum, such as ``flops``. [-]

    Returns
    -------
    float or ndarray
        The sum, in the unit of the field. [-]

    Raises
    ------
    ValueError
        If the field is not one that adds up.

    Examples
    --------
    >>> from tokenomics.catalogue import model
    >>> total(decode_operations(model("llama-3.3-70b"), batch=1, context=2048), "weight_bytes") / 1e9
    139.006066688
    """
    choice("total", "quantity", quantity, _QUANTITIES)
    return sum(getattr(operation, quantity) for operation in operations)


def _matrix_operation(matrix, layers, tokens, bits, activation_bits) -> Operation:
    """A matrix applied to some tokens; of several copies each token uses some."""
    touched = matrix.copies if matrix.copies == matrix.active else experts_touched(matrix.copies, matrix.active, tokens)
    return Operation(
        block=matrix.block,
        name=matrix.name,
        layers=layers,
        flops=layers * 2 * matrix.active * matrix.inputs * matrix.outputs * tokens,
        weight_bytes=layers * touched * (matrix_parameters(matrix) // matrix.copies) * bits / 8,
        activation_bytes=layers * matrix.active * (matrix.inputs + matrix.outputs) * tokens * activation_bits / 8,
    )


def _vectors_operation(architecture, layer, tokens, bits, activation_bits) -> Operation:
    """Norms and what else is no matrix: their arithmetic is not counted, their bytes are."""
    hidden_size = architecture.hidden_size
    vectors = 0
    parts = layer_parts(hidden_size, layer)
    for part in parts:
        vectors = vectors + parts[part]
    for matrix in layer_matrices(hidden_size, layer):
        vectors = vectors - matrix_parameters(matrix)
    return Operation(
        block="norms",
        name="norms and other vectors",
        layers=layer.count,
        flops=0 if layer.recurrence is None else layer.count * layer.recurrence.flops * tokens,
        weight_bytes=layer.count * vectors * bits / 8,
        activation_bytes=layer.count * 2 * layer.norms * hidden_size * tokens * activation_bits / 8,
    )


def _outer_operations(architecture, tokens, positions, bits, activation_bits) -> list:
    """What stands outside the layers: embedding, projections, final norm, output head."""
    hidden_size, vocabulary = architecture.hidden_size, architecture.vocabulary_size
    width = embedding_width(architecture)
    vector = activation_bits / 8
    operations = [
        # Of the table a token reads one row, which counts among the activations.
        Operation(
            block="input embedding", name="look-up", layers=1, flops=0, activation_bytes=2 * width * tokens * vector
        ),
        Operation(
            block="norms",
            name="final norm",
            layers=1,
            flops=0,
            weight_bytes=architecture.outer_norms * hidden_size * bits / 8,
            activation_bytes=2 * hidden_size * tokens * vector,
        ),
        Operation(
            block="output head",
            name="logits",
            layers=1,
            flops=2 * vocabulary * width * positions,
            weight_bytes=vocabulary * (width + int(architecture.head_bias)) * bits / 8,
            activation_bytes=(width + vocabulary) * positions * vector,
        ),
    ]
    if architecture.embedding_size is not None:
        weights = 2 * width * hidden_size
        operations.append(
            Operation(
                block="projections",
                name="to the hidden size and back",
                layers=1,
                flops=2 * weights * tokens,
                weight_bytes=weights * bits / 8,
                activation_bytes=2 * (width + hidden_size) * tokens * vector,
            )
        )
    return operations


def _attention_operation(layer, flops, read, tokens, kv_bits, activation_bits) -> Operation:
    """Scores and weighted values; the scores themselves stay on the chip."""
    attention = layer.attention
    indexed = attention.index_dim if attention.kind == "latent" else 0
    query_dim = attention.nope_dim + attention.rope_dim if attention.kind == "latent" else attention.head_dim
    width = attention.heads * (query_dim + value_width(attention))
    return Operation(
        block="attention",
        name="scores and values",
        layers=layer.count,
        flops=layer.count * flops,
        kv_read=layer.count * read * kv_bits / 8,
        kv_written=layer.count * (cached_numbers(attention) + indexed) * tokens * kv_bits / 8,
        activation_bytes=layer.count * width * tokens * activation_bits / 8,
    )


def decode_operations(architecture, *, batch, context, bits=16, kv_bits=16, activation_bits=16) -> list:
    """List the operations of one decode step.

    Parameters
    ----------
    architecture : Architecture
        The model. [-]
    batch : int or ndarray
        Sequences that decode together. [-]
    context : float or ndarray
        Tokens that each new token attends to, itself included. [token]
    bits, kv_bits, activation_bits : float or ndarray, optional
        Stored size of one parameter, of one cached number, and of one number
        of a vector. [bit]

    Returns
    -------
    list of Operation
        The operations, from input to output. [-]

    Notes
    -----
    Their sums are :eq:`eq-decode-flops` and :eq:`eq-decode-traffic`; latent
    attention is absorbed. Vectors are taken to pass through memory between
    operations; fused kernels keep some on the chip.

    Examples
    --------
    >>> from tokenomics.catalogue import model
    >>> [operation.name for operation in decode_operations(model("gpt2"), batch=1, context=1)][:3]
    ['query', 'key', 'value']
    """
    batch, context = wide(batch), wide(context)
    bits, kv_bits, activation_bits = wide(bits), wide(kv_bits), wide(activation_bits)
    operations = []
    for layer in architecture.layers:
        for matrix in layer_matrices(architecture.hidden_size, layer):
            operations.append(_matrix_operation(matrix, layer.count, batch, bits, activation_bits))
        attention = layer.attention
        if attention is not None:
            attended = attended_tokens(attention, context)
            flops = batch * attention_flops(attention, attended, context)
            read = batch * cached_numbers(attention) * attended
            if attention.kind == "latent":
                read = read + batch * attention.index_dim * context
            operations.append(_attention_operation(layer, flops, read, batch, kv_bits, activation_bits))
        operations.append(_vectors_operation(architecture, layer, batch, bits, activation_bits))
    operations.extend(_outer_operations(architecture, batch, batch, bits, activation_bits))
    return operations


def prefill_operations(
    architecture,
    *,
    tokens,
    batch=1,
    bits=16,
    kv_bits=16,
    activation_bits=16,
    attention="full",
    logits="every",
) -> list:
    """List the operations of a prefill.

    Parameters
    ----------
    architecture : Architecture
        The model. [-]
    tokens : float or ndarray
        Tokens of each prompt. [token]
    batch : int or ndarray, optional
        Prompts. [-]
    bits, kv_bits, activation_bits : float or ndarray, optional
        Stored size of one parameter, of one cached number, and of one number
        of a vector. [bit]
    attention, logits : str, optional
        Conventions, as in :func:`tokenomics.prefill.prefill_flops`. [-]

    Returns
    -------
    list of Operation
        The operations, from input to output. [-]

    Raises
    ------
    ValueError
        If a convention is not among those named.

    Notes
    -----
    Their sum is :eq:`eq-prefill-flops`; latent attention is expanded. The
    prompt's keys and values are written once, and read by the pass itself, so
    no cache is read.

    Examples
    --------
    >>> from tokenomics.catalogue import model
    >>> round(total(prefill_operations(model("llama-3.3-70b"), tokens=2048), "kv_written") / 1e6)
    671
    """
    choice("prefill", "attention", attention, ["full", "causal"])
    choice("prefill", "logits", logits, ["every", "last"])
    batch, tokens = wide(batch), wide(tokens)
    bits, kv_bits, activation_bits = wide(bits), wide(kv_bits), wide(activation_bits)
    everything = batch * tokens
    operations = []
    for layer in architecture.layers:
        for matrix in layer_matrices(architecture.hidden_size, layer):
            operations.append(_matrix_operation(matrix, layer.count, everything, bits, activation_bits))
        block = layer.attention
        if block is not None:
            pairs = attended_pairs(tokens, attended_tokens(block, tokens), attention=attention)
            scored = attended_pairs(tokens, tokens, attention=attention)
            flops = batch * expanded_attention_flops(block, pairs, scored)
            operations.append(_attention_operation(layer, flops, 0, everything, kv_bits, activation_bits))
        operations.append(_vectors_operation(architecture, layer, everything, bits, activation_bits))
    positions = everything if logits == "every" else batch
    operations.extend(_outer_operations(architecture, everything, positions, bits, activation_bits))
    return operations
