"""What is timed, in PyTorch: memory, products, launches, and the decoder's passes."""

from .. import catalogue
from .counting import count_pass
from .decoder import empty_cache, forward, random_decoder, rotary
from .devices import releasing_memory
from .plan import BLOCK
from .timing import sample

__all__ = ["bench", "graphed"]

_TYPES = {"fp32": "float32", "bf16": "bfloat16", "fp16": "float16", "fp8": "float8_e4m3fn"}
# Passes that are counted while they run, small, for the count does not depend on the size of a thing.
_COUNTED = (("prefill", {"tokens": 16}), ("decode", {"batch": 2, "context": 33}))


def graphed(torch, call):
    """Record the operations of a call as a CUDA graph.

    Parameters
    ----------
    torch : module
        PyTorch. [-]
    call : callable
        Sends operations that work in place, or on memory that stays. [-]

    Returns
    -------
    callable
        Replays them with a single launch. [-]
    """
    # Capture wants everything set up before, on a stream of its own: libraries, workspaces, memory.
    side = torch.cuda.Stream()
    side.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(side):
        for _ in range(3):
            call()
    torch.cuda.current_stream().wait_stream(side)
    torch.cuda.synchronize()
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        call()

    # The graph knows addresses only: the call that owns the tensors must live as long as it does.
    def replay(kept=call):
        graph.replay()

    return replay


def _random(torch, device, precision, *shape):
    dtype = getattr(torch, _TYPES[precision])
    if precision == "fp8":
        return torch.empty(shape, device=device, dtype=torch.bfloat16).uniform_(-1, 1).to(dtype)
    return torch.empty(shape, device=device, dtype=dtype).uniform_(-1, 1)


def _memory_call(torch, device, task):
    block = _random(torch, device, "fp32", BLOCK // 4)
    source = block.repeat(task.shape["bytes"] // BLOCK)
    if task.kind == "read":
        return source.sum
    target = torch.zeros_like(source)
    return lambda: target.copy_(source)


def _product_call(torch, device, task):
    size = task.shape["size"]
    left, right = (_random(torch, device, task.precision, size, size) for _ in range(2))
    if task.precision == "fp8":
        if torch.cuda.get_device_capability() < (8, 9):
            raise RuntimeError("this device has no fp8 arithmetic")
        one = torch.ones((), device=device)
        # The product in fp8 wants its second factor column by column.
        columns = right.t()
        return lambda: torch._scaled_mm(left, columns, scale_a=one, scale_b=one, out_dtype=torch.bfloat16)
    result = torch.empty_like(left)
    return lambda: torch.mm(left, right, out=result)


def _vectors_call(torch, device, task):
    """Weights too many for the cache, each applied to the same few vectors: what decoding does."""
    size, matrices = task.shape["size"], task.shape["matrices"]
    drawn = _random(torch, device, task.precision, size, size)
    weights = [drawn.clone() for _ in range(matrices)]
    vectors = _random(torch, device, task.precision, task.shape["vectors"], size)

    def call():
        for matrix in weights:
            torch.nn.functional.linear(vectors, matrix)

    return call


def _launch_call(torch, device, task):
    number, operations = torch.zeros(1, device=device), task.shape["operations"]

    def call():
        for _ in range(operations):
            number.add_(1.0)

    return call


def _pass_call(torch, device, task, decoder):
    batch = task.shape.get("batch", 1)
    tokens = task.shape.get("tokens", 1)
    start = task.shape.get("context", 1) - 1
    new = torch.randint(0, decoder.architecture.vocabulary_size, (batch, tokens), device=device)
    cache = empty_cache(decoder, batch, start + tokens)
    angles = rotary(decoder, start, tokens)
    return lambda: forward(decoder, new, cache, start, angles).argmax(dim=-1)


_CALLS = {
    "copy": _memory_call,
    "read": _memory_call,
    "product": _product_call,
    "vectors": _vectors_call,
    "launch": _launch_call,
}


def bench(torch, device: str, precision: str, budget: float) -> tuple:
    """Set up the timing of tasks on a device.

    Parameters
    ----------
    torch : module
        PyTorch. [-]
    device : str
        ``cpu`` or ``cuda``. [-]
    precision : str
        Precision of the decoders. [-]
    budget : float
        Time for the samples of one task. [s]

    Returns
    -------
    tuple of (callable, callable)
        One gives the samples of a task, the other the counts of a decoder. Both
        raise MemoryError where memory does not suffice. [-]
    """
    held = {}

    def decoder_of(name):
        if name not in held:
            # The last one goes first: two of them may not fit.
            held.clear()
            if device == "cuda":
                torch.cuda.empty_cache()
            held[name] = random_decoder(catalogue.model(name), device, getattr(torch, _TYPES[precision]))
        return held[name]

    def time_task(task):
        with releasing_memory(torch, device), torch.inference_mode():
            if task.model is None:
                call = _CALLS[task.kind](torch, device, task)
            else:
                call = _pass_call(torch, device, task, decoder_of(task.model))
            if task.mode == "graph":
                call = graphed(torch, call)
            return sample(call, torch.cuda.synchronize if device == "cuda" else None, budget=budget)

    def count_passes(name):
        with releasing_memory(torch, device):
            return [count_pass(decoder_of(name), kind, shape) for kind, shape in _COUNTED]

    return time_task, count_passes
