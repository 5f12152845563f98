"""What a model is: frozen records read from a Hugging Face ``config.json``."""

import json
from dataclasses import dataclass
from pathlib import Path

from .checks import suggestion, whole

__all__ = ["Architecture", "Attention", "FeedForward", "Layer", "from_config", "from_file"]


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
        Width of one head. [-]
    query_bias, key_value_bias, output_bias : bool, optional
        Whether those projections add a bias vector. [-]

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

    def __post_init__(self):
        for field in ("heads", "kv_heads", "head_dim"):
            whole("attention", field, getattr(self, field))
        if self.heads % self.kv_heads:
            raise ValueError(
                f"attention: heads is {self.heads} and kv_heads is {self.kv_heads}; "
                "the query heads must divide evenly among the key-value heads"
            )


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

    Examples
    --------
    >>> FeedForward(intermediate_size=28672).gated
    True
    """

    intermediate_size: int
    gated: bool = True
    bias: bool = False

    def __post_init__(self):
        whole("feed-forward", "intermediate_size", self.intermediate_size)


@dataclass(frozen=True, kw_only=True)
class Layer:
    """A run of identical layers.

    Parameters
    ----------
    count : int
        How many layers the run holds. [-]
    attention : Attention
        The attention block of each. [-]
    feed_forward : FeedForward
        The feed-forward block of each. [-]
    norms : int, optional
        Norm vectors of the hidden size in each layer. [-]

    Examples
    --------
    >>> attention = Attention(heads=64, kv_heads=8, head_dim=128)
    >>> Layer(count=80, attention=attention, feed_forward=FeedForward(intermediate_size=28672)).norms
    2
    """

    count: int
    attention: Attention
    feed_forward: FeedForward
    norms: int = 2

    def __post_init__(self):
        whole("layer", "count", self.count)
        whole("layer", "norms", self.norms, minimum=0)


@dataclass(frozen=True, kw_only=True)
class Architecture:
    """A decoder model, described by what its layers are made of.

    Parameters
    ----------
    name : str
        What the model is called. [-]
    hidden_size : int
        Width of the vector that runs through the layers. [-]
    vocabulary_size : int
        Rows of the embedding table. [-]
    layers : tuple of Layer
        The runs of identical layers, from input to output. [-]
    tied_embeddings : bool, optional
        Whether the output head is the embedding table again. [-]

    Examples
    --------
    >>> from tokenomics.catalogue import model
    >>> model("llama-3.3-70b").hidden_size
    8192
    """

    name: str
    hidden_size: int
    vocabulary_size: int
    layers: tuple
    tied_embeddings: bool = False

    def __post_init__(self):
        for field in ("hidden_size", "vocabulary_size"):
            whole(self.name, field, getattr(self, field))


# What the Hugging Face class of a family sets when the config is silent.
_FAMILIES = {
    "llama": {},
    "mistral": {},
    "qwen2": {"qkv_bias": True},
}


def from_config(config: dict, name: str = "config") -> Architecture:
    """Read a Hugging Face config of a dense grouped-query decoder.

    Parameters
    ----------
    config : dict
        The contents of a ``config.json``. [-]
    name : str, optional
        What to call the model, also in error messages. [-]

    Returns
    -------
    Architecture
        The model that the config describes. [-]

    Raises
    ------
    ValueError
        If a key is missing, is no whole number above zero, contradicts
        another, or the family is not supported. The message names it.

    Examples
    --------
    >>> from_config({"model_type": "llama", "hidden_size": 64, "num_hidden_layers": 2,
    ...              "num_attention_heads": 4, "intermediate_size": 256, "vocab_size": 1000}).hidden_size
    64
    """
    if not isinstance(config, dict):
        raise ValueError(f"{name}: a config is a JSON object, not {type(config).__name__}")
    family = config.get("model_type")
    if family not in _FAMILIES:
        raise ValueError(f"{name}: model_type is {family!r}; {suggestion(family, _FAMILIES)}")
    defaults = _FAMILIES[family]

    def size(key):
        if key not in config:
            raise ValueError(f"{name}: {key} is missing; it must be a whole number of at least 1")
        return whole(name, key, config[key])

    hidden_size = size("hidden_size")
    heads = size("num_attention_heads")
    if config.get("head_dim") is None and hidden_size % heads:
        raise ValueError(
            f"{name}: num_attention_heads is {heads}, which does not divide hidden_size {hidden_size}; "
            "choose a divisor or give head_dim"
        )
    head_dim = hidden_size // heads if config.get("head_dim") is None else size("head_dim")
    kv_heads = heads if config.get("num_key_value_heads") is None else size("num_key_value_heads")
    if heads % kv_heads:
        raise ValueError(
            f"{name}: num_key_value_heads is {kv_heads}, which does not divide num_attention_heads {heads}"
        )
    attention_bias = bool(config.get("attention_bias", False))
    attention = Attention(
        heads=heads,
        kv_heads=kv_heads,
        head_dim=head_dim,
        query_bias=attention_bias or defaults.get("qkv_bias", False),
        key_value_bias=attention_bias or defaults.get("qkv_bias", False),
        output_bias=attention_bias,
    )
    feed_forward = FeedForward(intermediate_size=size("intermediate_size"), bias=bool(config.get("mlp_bias", False)))
    return Architecture(
        name=name,
        hidden_size=hidden_size,
        vocabulary_size=size("vocab_size"),
        layers=(Layer(count=size("num_hidden_layers"), attention=attention, feed_forward=feed_forward),),
        tied_embeddings=bool(config.get("tie_word_embeddings", False)),
    )


def from_file(path) -> Architecture:
    """Read the ``config.json`` at a path.

    Parameters
    ----------
    path : str or path-like
        Where the file is. [-]

    Returns
    -------
    Architecture
        The model that the file describes, named after the file. [-]

    Raises
    ------
    ValueError
        If the file is not JSON, or its config is refused.
    OSError
        If the file cannot be read.
    """
    path = Path(path)
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"{path}: not JSON ({error}); give the config.json of a model") from None
    return from_config(config, name=path.stem)
