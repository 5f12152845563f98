"""What can be timed: a task, its arithmetic and traffic, and the decoders that fit a machine."""

from dataclasses import dataclass

from .. import catalogue
from ..cache import kv_bytes_per_token
from ..parameters import total_parameters, weight_bytes
from ..prefill import prefill_flops
from ..work import decode_flops, decode_kv_traffic, decode_weight_traffic

__all__ = [
    "BITS", "ROOM", "SHAPES", "Task", "default_shape", "is_llama_shaped", "needed_memory", "too_large", "work_of",
]  # fmt: skip

BITS = {"fp32": 32, "bf16": 16, "fp16": 16, "fp8": 8}

# Decoders from half a billion parameters to a machine's fill, by their names in the catalogue.
SHAPES = (
    "qwen2.5-0.5b", "llama-3.2-1b", "qwen2.5-1.5b", "qwen2.5-3b", "llama-3.1-8b", "qwen2.5-14b", "qwen2.5-32b",
    "llama-3.3-70b",
)  # fmt: skip
# Part of the free memory that may be filled; activations and workspaces need some too.
ROOM = 0.85
# A larger decoder than this takes long, so it is measured only where it is asked for.
_LARGEST_DEFAULT = {"cpu": "qwen2.5-0.5b", "cuda": "llama-3.1-8b"}


@dataclass(frozen=True, kw_only=True)
class Task:
    """One thing to time.

    Parameters
    ----------
    kind : str
        What: one of :data:`tokenomics.measuring.record.KINDS`. [-]
    precision : str
        Precision of its numbers. [-]
    shape : dict of str to int
        Its sizes by name. [-]
    model : str or None, optional
        Shape of the decoder. [-]
    mode : str, optional
        ``eager`` or ``graph``. [-]

    Examples
    --------
    >>> str(Task(kind="decode", precision="bf16", shape={"batch": 1, "context": 128}, model="qwen2.5-0.5b"))
    'decode qwen2.5-0.5b bf16 batch 1 context 128'
    """

    kind: str
    precision: str
    shape: dict
    model: str | None = None
    mode: str = "eager"

    def __str__(self):
        sizes = [f"{name} {size}" for name, size in self.shape.items()]
        graph = ["graph"] if self.mode == "graph" else []
        return " ".join([self.kind, *([self.model] if self.model else []), self.precision, *sizes, *graph])


def is_llama_shaped(architecture) -> bool:
    """Tell whether the measuring decoder can take the shape of a model.

    Parameters
    ----------
    architecture : Architecture
        The model. [-]

    Returns
    -------
    bool
        True for one make of layer: full grouped-query attention, a gated
        feed-forward block, two norms; biases only on query, key and value. [-]

    Examples
    --------
    >>> is_llama_shaped(catalogue.model("llama-3.1-8b")), is_llama_shaped(catalogue.model("gpt2"))
    (True, False)
    """
    if len(architecture.layers) != 1 or architecture.positions or architecture.embedding_size is not None:
        return False
    (layer,) = architecture.layers
    attention, block = layer.attention, layer.feed_forward
    if attention is None or block is None or layer.experts is not None or layer.recurrence is not None:
        return False
    if attention.kind != "grouped" or not block.gated or block.bias or architecture.head_bias:
        return False
    plain = (attention.window, attention.value_dim) == (None, None) and not attention.output_bias
    extras = (attention.gate_width, attention.norm_parameters, attention.vectors, block.norm_parameters, block.vectors)
    return plain and not any(extras) and (layer.norms, architecture.outer_norms) == (2, 1)


def needed_memory(name: str, bits: int, batch: int = 1, context: int = 1) -> float:
    """Count the bytes that a decoder and its cache take.

    Parameters
    ----------
    name : str
        Its shape. [-]
    bits : int
        Stored size of a number. [bit]
    batch : int, optional
        Sequences. [-]
    context : int, optional
        Tokens of each. [token]

    Returns
    -------
    float
        Weights and cache. [byte]

    Examples
    --------
    >>> needed_memory("llama-3.1-8b", 16) / 1e9
    16.060653568
    """
    model = catalogue.model(name)
    return weight_bytes(total_parameters(model), bits) + batch * context * kv_bytes_per_token(model, bits=bits)


def default_shape(device: str, memory: float, bits: int) -> str:
    """Choose the largest decoder that fits, of those that do not take long.

    Parameters
    ----------
    device : str
        ``cpu`` or ``cuda``. [-]
    memory : float
        Free memory. [byte]
    bits : int
        Stored size of a number. [bit]

    Returns
    -------
    str
        Its shape. [-]

    Raises
    ------
    ValueError
        If not even the smallest fits.

    Examples
    --------
    >>> default_shape("cuda", 24e9, 16), default_shape("cuda", 12e9, 16)
    ('llama-3.1-8b', 'qwen2.5-3b')
    """
    candidates = SHAPES[: SHAPES.index(_LARGEST_DEFAULT[device]) + 1]
    fitting = [name for name in candidates if needed_memory(name, bits) <= ROOM * memory]
    if not fitting:
        raise ValueError(too_large(SHAPES[0], bits, memory))
    return fitting[-1]


def too_large(name: str, bits: int, memory: float) -> str:
    """Say that a decoder does not fit, and which does.

    Parameters
    ----------
    name : str
        Its shape. [-]
    bits : int
        Stored size of a number. [bit]
    memory : float
        Free memory. [byte]

    Returns
    -------
    str
        The message. [-]

    Examples
    --------
    >>> too_large("llama-3.1-8b", 16, 4e9).split("; ")[-1]
    'the largest that fits is qwen2.5-1.5b'
    """
    need = needed_memory(name, bits)
    room = f"of {memory / 1e9:.1f} GB free, {ROOM * memory / 1e9:.1f} GB may be used"
    fitting = [other for other in SHAPES if needed_memory(other, bits) <= ROOM * memory]
    advice = f"the largest that fits is {fitting[-1]}" if fitting else "none of the decoders fits; free some memory"
    return f"measure: --model is {name!r}, whose weights take {need / 1e9:.1f} GB at {bits} bit; {room}; {advice}"


def work_of(task: Task) -> tuple:
    """Count the arithmetic of a task and the memory that it must move.

    Parameters
    ----------
    task : Task
        The task. [-]

    Returns
    -------
    tuple of (float, float)
        FLOPs and bytes. [-]

    Notes
    -----
    What must be done, so that no machine is shown to do more than it does: a
    prompt's pairs are those that the causal mask leaves, its logits those of the
    last token. A copy moves every byte twice.

    Examples
    --------
    >>> work_of(Task(kind="product", precision="bf16", shape={"size": 1024}))
    (2147483648.0, 6291456.0)
    """
    size = BITS[task.precision] // 8
    if task.model is not None:
        model, bits = catalogue.model(task.model), 8 * size
        weights = decode_weight_traffic(model, bits=bits)
        if task.kind == "prefill":
            tokens = task.shape["tokens"]
            flops = prefill_flops(model, tokens=tokens, attention="causal", logits="last")
            return float(flops), float(weights + tokens * kv_bytes_per_token(model, bits=bits))
        cache = decode_kv_traffic(model, bits=bits, **task.shape)
        return float(decode_flops(model, **task.shape)), float(weights + cache)
    shape = task.shape
    if task.kind in ("copy", "read"):
        return 0.0, float((2 if task.kind == "copy" else 1) * shape["bytes"])
    if task.kind == "product":
        return 2.0 * shape["size"] ** 3, 3.0 * shape["size"] ** 2 * size
    if task.kind == "vectors":
        width, vectors = shape["size"], shape["vectors"]
        return (
            2.0 * shape["matrices"] * width**2 * vectors,
            1.0 * shape["matrices"] * (width**2 + 2 * width * vectors) * size,
        )
    return 0.0, 0.0
