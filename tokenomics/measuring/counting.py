"""Count what a pass of the decoder does while it runs: its products, and the weights and cache that it touches."""

from math import prod

from .decoder import empty_cache, forward
from .devices import pytorch
from .record import Count

__all__ = ["count_pass"]


def _stored(tensor) -> int:
    """Bytes that a tensor stands for in memory; what is repeated without being stored counts once."""
    sizes = (size for size, stride in zip(tensor.shape, tensor.stride(), strict=True) if stride)
    return prod(sizes) * tensor.element_size()


def _traffic(run, weights, cache) -> dict:
    """Run something and add up which bytes of weights and cache its operations are given."""
    torch = pytorch()
    from torch.utils._python_dispatch import TorchDispatchMode

    def places(tensors):
        return {tensor.untyped_storage().data_ptr() for tensor in tensors}

    of_weights, of_cache = places(weights), places(part for layer in cache for part in layer)
    total = dict.fromkeys(("weights_read", "cache_read", "cache_written"), 0.0)

    class Traffic(TorchDispatchMode):
        def __torch_dispatch__(self, operation, types, arguments=(), options=None):
            # A view moves nothing. Looking up a token reads a row, which counts among the activations.
            if not (operation.is_view or operation is torch.ops.aten.embedding.default):
                self.add(operation, arguments)
            return operation(*arguments, **(options or {}))

        def add(self, operation, arguments):
            given = [argument for argument in arguments if isinstance(argument, torch.Tensor)]
            for formal, actual in zip(operation._schema.arguments, arguments, strict=False):
                for tensor in actual if isinstance(actual, (list, tuple)) else [actual]:
                    if not isinstance(tensor, torch.Tensor):
                        continue
                    place = tensor.untyped_storage().data_ptr()
                    if place in of_cache and formal.alias_info is not None and formal.alias_info.is_write:
                        total["cache_written"] += _stored(given[-1])
                    elif place in of_cache:
                        total["cache_read"] += _stored(tensor)
                    elif place in of_weights:
                        total["weights_read"] += _stored(tensor)

    with Traffic():
        run()
    return total


def count_pass(decoder, kind: str, shape: dict) -> Count:
    """Run one pass of a decoder and count what it does.

    Parameters
    ----------
    decoder : Decoder
        The decoder. [-]
    kind : str
        ``prefill`` or ``decode``. [-]
    shape : dict of str to int
        Tokens of the prompt; or sequences, and tokens that the new one attends
        to, itself included. [-]

    Returns
    -------
    Count
        What was counted. [-]

    Notes
    -----
    PyTorch's own counter adds up the arithmetic of the matrix products. It knows
    no fused attention on processors, so attention runs as plain products here,
    which compute every pair before the mask: the convention ``full`` of
    :func:`tokenomics.prefill.prefill_flops`. Bytes are those of the tensors
    that are handed to each operation.
    """
    torch = pytorch()
    from torch.nn.attention import SDPBackend, sdpa_kernel
    from torch.utils.flop_counter import FlopCounterMode

    batch, tokens = shape.get("batch", 1), shape.get("tokens", 1)
    start = shape.get("context", 1) - 1
    device = decoder.norm.device
    new = torch.zeros(batch, tokens, dtype=torch.long, device=device)
    cache = empty_cache(decoder, batch, start + tokens)

    def run():
        forward(decoder, new, cache, start)

    with torch.no_grad(), sdpa_kernel(SDPBackend.MATH):
        with FlopCounterMode(display=False) as counter:
            run()
        traffic = _traffic(run, decoder.weights, cache)
    return Count(
        kind=kind,
        model=decoder.architecture.name,
        shape=dict(shape),
        bits=8 * decoder.norm.element_size(),
        flops=float(counter.get_total_flops()),
        **traffic,
    )
