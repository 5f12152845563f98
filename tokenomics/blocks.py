"""What a layer is made of: frozen records of its attention, its feed-forward block and their kin."""

from dataclasses import dataclass

from .checks import choice, text
from .fields import declared, sizes

__all__ = ["Attention", "Experts", "FeedForward", "LatentAttention", "Layer", "Recurrence"]


@dataclass(frozen=True, kw_only=True)
class Attention:
    """Grouped-query attention: many query heads share a few key and value heads.

    Parameters
    ----------
    heads : int
        Query heads. [-]
    kv_heads : int
        Key heads, and as many value heads. [-]
    head_dim : int
        Width of one query or key head. [-]
    query_bias, key_value_bias, output_bias : bool, optional
        Whether those projections add a bias vector. [-]
    value_dim : int or None, optional
        Width of one value head, where it is not ``head_dim``. [-]
    window : int or None, optional
        How far back a token looks; None is the whole context. [token]
    gate_width : int, optional
        Outputs of a gate on the result of the heads; 0 is no gate. [-]
    gate_bias : bool, optional
        Whether that gate adds a bias vector. [-]
    norm_parameters : int, optional
        Numbers in the norms inside the block, on queries and keys. [-]
    vectors : int, optional
        Other numbers that are no matrix, such as attention sinks. [-]
    kind : str, optional
        Always ``grouped``; it tells this record from a latent one. [-]

    Examples
    --------
    >>> Attention(heads=64, kv_heads=8, head_dim=128).kv_heads
    8
    """

    heads: int
    kv_heads: int
    head_dim: int
    query_bias: bool = False
    key_value_bias: bool = False
    output_bias: bool = False
    value_dim: int | None = None
    window: int | None = None
    gate_width: int = 0
    gate_bias: bool = False
    norm_parameters: int = 0
    vectors: int = 0
    kind: str = "grouped"

    def __post_init__(self):
        choice("attention", "kind", self.kind, ["grouped"])
        declared("attention", self)
        sizes("attention", self, "heads", "kv_heads", "head_dim", "value_dim", "window")
        sizes("attention", self, "gate_width", "norm_parameters", "vectors", minimum=0)
        if self.heads % self.kv_heads:
            raise ValueError(
                f"attention: heads is {self.heads} and kv_heads is {self.kv_heads}; "
                "the query heads must divide evenly among the key-value heads"
            )


@dataclass(frozen=True, kw_only=True)
class LatentAttention:
    """Multi-head latent attention: keys and values are cached as one narrow vector.

    Parameters
    ----------
    heads : int
        Heads. [-]
    latent_rank : int
        Width of the vector that stands for keys and values in the cache. [-]
    rope_dim, nope_dim : int
        Part of a key that carries the position, and part that does not. [-]
    value_dim : int
        Width of one value head. [-]
    query_rank : int or None, optional
        Width that the query is squeezed through; None is no squeeze. [-]
    bias : bool, optional
        Whether the projections from and to the hidden size add a bias. [-]
    index_heads, index_dim : int, optional
        Heads of the indexer of sparse attention and their width; 0 is no indexer. [-]
    index_top : int or None, optional
        Tokens that the indexer leaves to attend to. [token]
    window : int or None, optional
        How far back a token looks; None is the whole context. [token]
    norm_parameters : int, optional
        Numbers in the norms inside the block, on the squeezed vectors. [-]
    vectors : int, optional
        Other numbers that are no matrix. [-]
    kind : str, optional
        Always ``latent``; it tells this record from a grouped one. [-]

    Examples
    --------
    >>> LatentAttention(heads=128, latent_rank=512, rope_dim=64, nope_dim=128, value_dim=128).latent_rank
    512
    """

    heads: int
    latent_rank: int
    rope_dim: int
    nope_dim: int
    value_dim: int
    query_rank: int | None = None
    bias: bool = False
    index_heads: int = 0
    index_dim: int = 0
    index_top: int | None = None
    window: int | None = None
    norm_parameters: int = 0
    vectors: int = 0
    kind: str = "latent"

    def __post_init__(self):
        choice("latent attention", "kind", self.kind, ["latent"])
        declared("latent attention", self)
        sizes("latent attention", self, "heads", "latent_rank", "rope_dim", "nope_dim", "value_dim")
        sizes("latent attention", self, "query_rank", "index_top", "window")
        sizes("latent attention", self, "index_heads", "index_dim", "norm_parameters", "vectors", minimum=0)


@dataclass(frozen=True, kw_only=True)
class Recurrence:
    """A block that carries a state of fixed size instead of a growing cache.

    Parameters
    ----------
    name : str
        What it is: Mamba, Mamba-2, gated delta rule, short convolution. [-]
    matrices : tuple of Matrix
        Its weight matrices. [-]
    state : int
        Numbers of its state, kept at full precision. [-]
    tail : int
        Numbers that its convolution keeps of the last few tokens. [-]
    flops : int
        Arithmetic of one token beside the matrices: convolution and state. [FLOP/token]
    norm_parameters : int, optional
        Numbers in the norms inside the block. [-]
    vectors : int, optional
        Other numbers that are no matrix: convolution, decay, biases. [-]

    Examples
    --------
    >>> Recurrence(name="short convolution", matrices=(), state=0, tail=6144, flops=12288).tail
    6144
    """

    name: str
    matrices: tuple
    state: int
    tail: int
    flops: int
    norm_parameters: int = 0
    vectors: int = 0

    def __post_init__(self):
        text("recurrence", "name", self.name)
        sizes(self.name, self, "state", "tail", "flops", "norm_parameters", "vectors", minimum=0)


@dataclass(frozen=True, kw_only=True)
class FeedForward:
    """The feed-forward block: two matrices, or three when it is gated.

    Parameters
    ----------
    intermediate_size : int
        Width between the matrices. [-]
    gated : bool, optional
        Whether a gate matrix multiplies the widened vector (SwiGLU, GeGLU). [-]
    bias : bool, optional
        Whether each matrix adds a bias vector. [-]
    norm_parameters : int, optional
        Numbers in the norms inside the block. [-]
    vectors : int, optional
        Other numbers that are no matrix, such as a learned activation. [-]

    Examples
    --------
    >>> FeedForward(intermediate_size=28672).gated
    True
    """

    intermediate_size: int
    gated: bool = True
    bias: bool = False
    norm_parameters: int = 0
    vectors: int = 0

    def __post_init__(self):
        declared("feed-forward", self)
        sizes("feed-forward", self, "intermediate_size")
        sizes("feed-forward", self, "norm_parameters", "vectors", minimum=0)


@dataclass(frozen=True, kw_only=True)
class Experts:
    """Routed experts: many feed-forward blocks, of which a token runs a few.

    Parameters
    ----------
    count : int
        Experts that are stored. [-]
    active : int
        Experts that one token is sent to. [-]
    intermediate_size : int
        Width inside one expert. [-]
    gated : bool, optional
        Whether an expert has a gate matrix. [-]
    bias : bool, optional
        Whether the matrices of an expert add a bias vector. [-]
    router_bias : bool, optional
        Whether the router adds a bias vector. [-]
    shared_gate : bool, optional
        Whether one column of weights scales the shared expert. [-]
    norm_parameters : int, optional
        Numbers in the norms inside the block. [-]
    vectors : int, optional
        Other numbers that are no matrix. [-]

    Examples
    --------
    >>> Experts(count=8, active=2, intermediate_size=14336).active
    2
    """

    count: int
    active: int
    intermediate_size: int
    gated: bool = True
    bias: bool = False
    router_bias: bool = False
    shared_gate: bool = False
    norm_parameters: int = 0
    vectors: int = 0

    def __post_init__(self):
        declared("experts", self)
        sizes("experts", self, "count", "active", "intermediate_size")
        sizes("experts", self, "norm_parameters", "vectors", minimum=0)
        if self.active > self.count:
            raise ValueError(
                f"experts: active is {self.active} and count is {self.count}; a token cannot use more than there are"
            )


@dataclass(frozen=True, kw_only=True)
class Layer:
    """All the layers of one make, wherever they stand in the model.

    Parameters
    ----------
    count : int
        How many there are. [-]
    attention : Attention, LatentAttention or None, optional
        The attention block of each. [-]
    feed_forward : FeedForward or None, optional
        The feed-forward block that every token runs; beside experts, the
        shared expert. [-]
    norms : int, optional
        Norm vectors of the hidden size in each layer. [-]
    experts : Experts or None, optional
        The routed experts of each. [-]
    recurrence : Recurrence or None, optional
        The recurrent block of each. [-]

    Examples
    --------
    >>> attention = Attention(heads=64, kv_heads=8, head_dim=128)
    >>> Layer(count=80, attention=attention, feed_forward=FeedForward(intermediate_size=28672)).norms
    2
    """

    count: int
    attention: Attention | LatentAttention | None = None
    feed_forward: FeedForward | None = None
    norms: int = 2
    experts: Experts | None = None
    recurrence: Recurrence | None = None

    def __post_init__(self):
        sizes("layer", self, "count")
        sizes("layer", self, "norms", minimum=0)
        declared("layer", self)
        if self.attention is None and self.feed_forward is None and self.experts is None and self.recurrence is None:
            raise ValueError("layer: it is empty; give it attention, feed_forward, experts or recurrence")
