"""What a run measures: the tasks for a machine."""

import math
from dataclasses import dataclass, field

from .. import catalogue
from .tasks import BITS, ROOM, SHAPES, Task, is_llama_shaped, needed_memory, too_large

__all__ = ["BLOCK", "EXTENTS", "Extent", "plan"]

# A working set of so many caches comes from memory, whatever is left in the cache from the pass before.
_CACHES = 2
# Buffers are whole blocks of random numbers.
BLOCK = 2**22


@dataclass(frozen=True, kw_only=True)
class Extent:
    """How large the tasks of a kind of machine are.

    Parameters
    ----------
    least_buffer : int
        Memory to copy and read, at least. [byte]
    products : tuple of int
        Sizes of square matrices to multiply. [-]
    precisions : tuple of str
        Precisions to multiply them in. [-]
    width : int
        Size of the matrices that meet a few vectors. [-]
    vectors : tuple of int
        How many vectors. [-]
    prompts : tuple of int
        Lengths of prompts. [token]
    batches, contexts : tuple of int
        Sequences that decode together, and their lengths. [token]
    modes : tuple of str
        Ways to send operations. [-]

    Examples
    --------
    >>> EXTENTS["cuda"].modes
    ('eager', 'graph')
    """

    least_buffer: int
    products: tuple
    precisions: tuple
    width: int
    vectors: tuple
    prompts: tuple
    batches: tuple
    contexts: tuple
    modes: tuple = field(default=("eager",))


EXTENTS = {
    "cpu": Extent(
        least_buffer=2**28,
        products=(512, 1024, 2048),
        precisions=("fp32", "bf16"),
        width=2048,
        vectors=(1, 2, 4, 8, 16, 32, 64, 128, 256),
        prompts=(32, 128, 512),
        batches=(1, 4, 16),
        contexts=(128, 1024, 4096),
    ),
    "cuda": Extent(
        least_buffer=2**31,
        products=(1024, 2048, 4096, 8192, 16384),
        precisions=("fp32", "bf16", "fp16", "fp8"),
        width=8192,
        vectors=(1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096),
        prompts=(128, 512, 2048, 8192),
        batches=(1, 4, 16, 64, 256),
        contexts=(128, 1024, 4096, 16384),
        modes=("eager", "graph"),
    ),
}


def _decoder_tasks(name, precision, extent, memory) -> tuple:
    """The tasks of one decoder, and lines on those that do not fit."""
    bits, tasks, left_out = BITS[precision], [], []
    if needed_memory(name, bits) > ROOM * memory:
        raise ValueError(too_large(name, bits, memory))

    def add(**what):
        task = Task(precision=precision, model=name, **what)
        batch, tokens = task.shape.get("batch", 1), task.shape.get("context", task.shape.get("tokens"))
        need = needed_memory(name, bits, batch, tokens)
        if need <= ROOM * memory:
            tasks.append(task)
        else:
            left_out.append(f"{task}: weights and cache take {need / 1e9:.1f} GB of {memory / 1e9:.1f} GB free")

    for tokens in extent.prompts:
        add(kind="prefill", shape={"tokens": tokens})
    for mode in extent.modes:
        for batch in extent.batches:
            for context in extent.contexts:
                add(kind="decode", shape={"batch": batch, "context": context}, mode=mode)
    return tasks, left_out


def plan(device: str, models, precision: str, memory: float, last_cache: float, extent: Extent | None = None) -> tuple:
    """List what to measure on a machine.

    Parameters
    ----------
    device : str
        ``cpu`` or ``cuda``. [-]
    models : sequence of str
        Shapes of decoders. [-]
    precision : str
        Precision of the decoders. [-]
    memory : float
        Free memory. [byte]
    last_cache : float
        The largest cache of the machine. [byte]
    extent : Extent or None, optional
        How large the tasks are; None is what suits the device. [-]

    Returns
    -------
    tuple of (list of Task, list of str)
        The tasks, and lines on those that do not fit. [-]

    Raises
    ------
    ValueError
        If a model is unknown, is no Llama-shaped decoder, or does not fit; the
        message names one that does.

    Examples
    --------
    >>> tasks, left_out = plan("cpu", ["qwen2.5-0.5b"], "bf16", 16e9, 32e6)
    >>> str(tasks[0]), left_out
    ('copy fp32 bytes 268435456', [])
    """
    extent = EXTENTS[device] if extent is None else extent
    for name in models:
        if not is_llama_shaped(catalogue.model(name)):
            raise ValueError(
                f"measure: --model is {name!r}, which is no Llama-shaped decoder (one make of layer, full "
                f"grouped-query attention, a gated feed-forward block); for instance {', '.join(SHAPES)}"
            )
    blocks = math.ceil(max(extent.least_buffer, _CACHES * last_cache) / BLOCK)
    buffer = BLOCK * max(1, min(blocks, int(memory / 8 / BLOCK)))
    tasks = [Task(kind=kind, precision="fp32", shape={"bytes": buffer}) for kind in ("copy", "read")]
    for number in extent.precisions:
        tasks += [Task(kind="product", precision=number, shape={"size": size}) for size in extent.products]
    matrix = extent.width**2 * BITS[precision] // 8
    matrices = max(2, -(-buffer // matrix))
    for vectors in extent.vectors:
        shape = {"size": extent.width, "matrices": matrices, "vectors": vectors}
        tasks.append(Task(kind="vectors", precision=precision, shape=shape))
    tasks += [Task(kind="launch", precision="fp32", shape={"operations": 1000}, mode=mode) for mode in extent.modes]
    left_out = []
    for name in models:
        more, missing = _decoder_tasks(name, precision, extent, memory)
        tasks, left_out = tasks + more, left_out + missing
    return tasks, left_out
