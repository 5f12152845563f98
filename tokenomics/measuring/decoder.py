"""A Llama-shaped decoder with random weights, as plain functions on PyTorch's tensors."""

from dataclasses import dataclass

from .devices import pytorch

__all__ = ["Decoder", "empty_cache", "forward", "random_decoder", "rotary"]

_ROTARY_BASE = 500_000.0
_EPSILON = 1e-5


@dataclass(frozen=True, kw_only=True)
class Decoder:
    """The weights of a decoder.

    Parameters
    ----------
    architecture : Architecture
        Its shape. [-]
    embedding, head : Tensor
        The tables at its ends; one and the same where they are tied. [-]
    layers : tuple of dict of str to Tensor
        The weights of each layer, by name. [-]
    norm : Tensor
        The last norm. [-]

    Examples
    --------
    >>> Decoder(architecture=None, embedding=1, head=1, layers=({"query": 2},), norm=3).weights
    [1, 1, 3, 2]
    """

    architecture: object
    embedding: object
    head: object
    layers: tuple
    norm: object

    @property
    def weights(self) -> list:
        """All its tensors; a tied table stands there twice."""
        return [self.embedding, self.head, self.norm, *(part for layer in self.layers for part in layer.values())]


def random_decoder(architecture, device: str, dtype) -> Decoder:
    """Draw the weights of a decoder.

    Parameters
    ----------
    architecture : Architecture
        Its shape. [-]
    device : str
        Where its weights are kept. [-]
    dtype : torch.dtype
        The type of its numbers. [-]

    Returns
    -------
    Decoder
        The decoder. [-]

    Notes
    -----
    Weights are spread so that vectors keep their length: numbers of ordinary
    size, since arithmetic on zeros draws less power and can run faster.
    """
    torch = pytorch()
    (make,) = architecture.layers
    attention, hidden = make.attention, architecture.hidden_size
    query, narrow = attention.heads * attention.head_dim, attention.kv_heads * attention.head_dim
    inner = make.feed_forward.intermediate_size

    def matrix(outputs, inputs):
        width = (3 / inputs) ** 0.5
        return torch.empty(outputs, inputs, device=device, dtype=dtype).uniform_(-width, width)

    def ones(size):
        return torch.ones(size, device=device, dtype=dtype)

    def layer():
        weights = {
            "attention norm": ones(hidden),
            "query": matrix(query, hidden),
            "key": matrix(narrow, hidden),
            "value": matrix(narrow, hidden),
            "output": matrix(hidden, query),
            "feed-forward norm": ones(hidden),
            "gate": matrix(inner, hidden),
            "up": matrix(inner, hidden),
            "down": matrix(hidden, inner),
        }
        if attention.query_bias:
            weights["query bias"] = ones(query)
        if attention.key_value_bias:
            weights |= {"key bias": ones(narrow), "value bias": ones(narrow)}
        return weights

    embedding = matrix(architecture.vocabulary_size, hidden)
    return Decoder(
        architecture=architecture,
        embedding=embedding,
        head=embedding if architecture.tied_embeddings else matrix(architecture.vocabulary_size, hidden),
        layers=tuple(layer() for _ in range(make.count)),
        norm=ones(hidden),
    )


def empty_cache(decoder: Decoder, batch: int, tokens: int) -> list:
    """Set memory aside for keys and values, filled with random numbers.

    Parameters
    ----------
    decoder : Decoder
        The decoder. [-]
    batch : int
        Sequences. [-]
    tokens : int
        Tokens of each. [token]

    Returns
    -------
    list of tuple of Tensor
        Keys and values of each layer. [-]
    """
    torch = pytorch()
    attention = decoder.architecture.layers[0].attention
    shape = (batch, attention.kv_heads, tokens, attention.head_dim)

    def part():
        return torch.empty(shape, device=decoder.norm.device, dtype=decoder.norm.dtype).uniform_(-1, 1)

    return [(part(), part()) for _ in decoder.layers]


def forward(decoder: Decoder, tokens, cache, start: int, angles=None):
    """Run the decoder over new tokens.

    Parameters
    ----------
    decoder : Decoder
        The decoder. [-]
    tokens : Tensor
        The new tokens, a row for each sequence. [-]
    cache : list of tuple of Tensor
        Keys and values; those of the new tokens are written into it. [-]
    start : int
        Tokens that are in it before: none for a prompt, and then any number of
        new ones; otherwise there is one new token. [token]
    angles : tuple of Tensor or None, optional
        What :func:`rotary` gave for these positions; None computes it. [-]

    Returns
    -------
    Tensor
        The logits of the last position of each sequence. [-]
    """
    torch = pytorch()
    angles = rotary(decoder, start, tokens.shape[1]) if angles is None else angles
    hidden = torch.nn.functional.embedding(tokens, decoder.embedding)
    for weights, (keys, values) in zip(decoder.layers, cache, strict=True):
        normed = _norm(hidden, weights["attention norm"])
        hidden = hidden + _attention(decoder, weights, normed, keys, values, start, angles)
        hidden = hidden + _feed_forward(weights, _norm(hidden, weights["feed-forward norm"]))
    return torch.nn.functional.linear(_norm(hidden[:, -1], decoder.norm), decoder.head)


def rotary(decoder: Decoder, start: int, tokens: int) -> tuple:
    """Compute the rotary embedding of some positions.

    Parameters
    ----------
    decoder : Decoder
        The decoder. [-]
    start : int
        The first position. [token]
    tokens : int
        How many. [token]

    Returns
    -------
    tuple of Tensor
        Cosines and sines. [-]
    """
    torch = pytorch()
    half = decoder.architecture.layers[0].attention.head_dim // 2
    device = decoder.norm.device
    rates = _ROTARY_BASE ** (-torch.arange(half, device=device, dtype=torch.float32) / half)
    turns = torch.outer(torch.arange(start, start + tokens, device=device, dtype=torch.float32), rates).repeat(1, 2)
    return turns.cos().to(decoder.norm.dtype), turns.sin().to(decoder.norm.dtype)


def _norm(hidden, weight):
    return pytorch().nn.functional.rms_norm(hidden, weight.shape, weight, _EPSILON)


def _turned(heads, angles):
    """Turn queries or keys by their positions."""
    cosines, sines = angles
    first, second = heads.chunk(2, dim=-1)
    return heads * cosines + pytorch().cat((-second, first), dim=-1) * sines


def _attention(decoder, weights, normed, keys, values, start, angles):
    functional = pytorch().nn.functional
    shape = decoder.architecture.layers[0].attention
    batch, tokens, _ = normed.shape

    def projected(name, heads):
        vectors = functional.linear(normed, weights[name], weights.get(f"{name} bias"))
        return vectors.view(batch, tokens, heads, shape.head_dim).transpose(1, 2)

    query = _turned(projected("query", shape.heads), angles)
    key = _turned(projected("key", shape.kv_heads), angles)
    value = projected("value", shape.kv_heads)
    keys[:, :, start : start + tokens] = key
    values[:, :, start : start + tokens] = value
    group = shape.heads // shape.kv_heads
    if start == 0:
        # A prompt: its keys and values are at hand, and every query head gets those of its group.
        key, value = key.repeat_interleave(group, dim=1), value.repeat_interleave(group, dim=1)
        mixed = functional.scaled_dot_product_attention(query, key, value, is_causal=True)
    else:
        # One token: the queries of a group share a product with their key head, which is read once.
        query = query.reshape(batch, shape.kv_heads, group, shape.head_dim)
        scores = query @ keys[:, :, : start + 1].transpose(2, 3) * shape.head_dim**-0.5
        mixed = scores.softmax(dim=-1) @ values[:, :, : start + 1]
        mixed = mixed.reshape(batch, shape.heads, 1, shape.head_dim)
    mixed = mixed.transpose(1, 2).reshape(batch, tokens, shape.heads * shape.head_dim)
    return functional.linear(mixed, weights["output"])


def _feed_forward(weights, normed):
    functional = pytorch().nn.functional
    gate = functional.silu(functional.linear(normed, weights["gate"]))
    return functional.linear(gate * functional.linear(normed, weights["up"]), weights["down"])
