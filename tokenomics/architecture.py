"""What a model is: a frozen record read from a Hugging Face ``config.json``."""

import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from .blocks import Attention, Experts, FeedForward, LatentAttention, Layer
from .checks import positive, shown, suggestion, whole
from .placement import attention_kinds, sparse_layers
from .recurrence import recurrence
from .settings import Settings, families, flag, optional_size, size, trait

__all__ = ["Architecture", "Attention", "FeedForward", "Layer", "from_config", "from_file"]

# Where the config of a model that also sees or hears keeps that of its text model.
_NESTS = ("text_config", "llm_config", "language_config")


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
        The makes of layers, in the order in which they first appear. [-]
    tied_embeddings : bool, optional
        Whether the output head is the embedding table again. [-]
    positions : int, optional
        Rows of a table of learned positions; 0 is no such table. [-]
    embedding_size : int or None, optional
        Width of the embedding table, where a matrix projects it to the hidden
        size and another back. [-]
    head_bias : bool, optional
        Whether the output head adds a bias. [-]
    outer_norms : int, optional
        Norm vectors of the hidden size outside the layers. [-]
    prediction_layers : tuple of Layer, optional
        Layers that predict further tokens: stored, but not run in plain decoding. [-]

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
    positions: int = 0
    embedding_size: int | None = None
    head_bias: bool = False
    outer_norms: int = 1
    prediction_layers: tuple = ()

    def __post_init__(self):
        for field in ("hidden_size", "vocabulary_size"):
            whole(self.name, field, getattr(self, field))
        for field in ("positions", "outer_norms"):
            whole(self.name, field, getattr(self, field), minimum=0)
        if self.embedding_size is not None:
            whole(self.name, "embedding_size", self.embedding_size)


def from_config(config: dict, name: str = "config") -> Architecture:
    """Read a Hugging Face config of a decoder.

    Parameters
    ----------
    config : dict
        The contents of a ``config.json``; of a model that also sees or hears,
        the text model is read. [-]
    name : str, optional
        What to call the model, also in error messages. [-]

    Returns
    -------
    Architecture
        The model that the config describes. [-]

    Raises
    ------
    ValueError
        If a key is missing, out of range or contradicts another, or the
        family is not supported. The message names it.

    Notes
    -----
    What the keys of each family mean, and what its class fills in where they
    are silent, stands in ``catalogue/families.json``.

    Examples
    --------
    >>> from_config({"model_type": "llama", "hidden_size": 64, "num_hidden_layers": 2,
    ...              "num_attention_heads": 4, "intermediate_size": 256, "vocab_size": 1000}).hidden_size
    64
    """
    settings = _settings(config, name)
    hidden_size = size(settings, "hidden_size")
    count = size(settings, "num_hidden_layers")
    kinds = Counter(zip(attention_kinds(settings, count), sparse_layers(settings, count), strict=True))
    layers = tuple(
        _layer(settings, hidden_size, attention_kind, is_sparse, number)
        for (attention_kind, is_sparse), number in kinds.items()
    )
    predicting = size(settings, "prediction_layers", minimum=0)
    return Architecture(
        name=name,
        hidden_size=hidden_size,
        vocabulary_size=size(settings, "vocab_size"),
        layers=layers,
        tied_embeddings=flag(settings, "tie_word_embeddings"),
        positions=_positions(settings),
        embedding_size=_embedding_size(settings, hidden_size),
        head_bias=flag(settings, "head_bias"),
        outer_norms=size(settings, "outer_norms", minimum=0),
        prediction_layers=(_layer(settings, hidden_size, "full", True, predicting),) if predicting else (),
    )


def _settings(config: dict, name: str) -> Settings:
    """Find the text model in a config, and the row of its family."""
    if not isinstance(config, dict):
        raise ValueError(f"{name}: a config is a JSON object, not {type(config).__name__}")
    nest = next((key for key in _NESTS if config.get(key) is not None), None)
    inner = config if nest is None else config[nest]
    if not isinstance(inner, dict):
        raise ValueError(f"{name}: {nest} is {shown(inner)}; it must be a JSON object")
    table = families()
    family = inner.get("model_type", config.get("model_type"))
    if not isinstance(family, str) or family not in table:
        known = [row for row in table if "only_inside" not in table[row]]
        raise ValueError(f"{name}: model_type is {shown(family)}; {suggestion(family, known)}")
    settings = Settings(name=name, config=inner, family=table[family], nested=nest is not None)
    if "unsupported" in settings.family:
        raise ValueError(f"{name}: model_type {family!r} is not supported: {settings.family['unsupported']}")
    for key, allowed in settings.family.get("only", {}).items():
        if key in inner and inner[key] not in allowed:
            choices = " or ".join(json.dumps(value) for value in allowed)
            raise ValueError(f"{name}: {key} is {shown(inner[key])}; only {choices} is supported")
    return settings


def _layer(settings: Settings, hidden_size: int, kind: str, is_sparse: bool, count: int) -> Layer:
    """Describe the layers of one make."""
    return Layer(
        count=count,
        attention=None if kind == "recurrent" else _attention(settings, hidden_size, kind == "sliding"),
        recurrence=recurrence(settings, hidden_size) if kind in ("recurrent", "both") else None,
        feed_forward=_shared_expert(settings) if is_sparse else _feed_forward(settings, hidden_size),
        experts=_experts(settings) if is_sparse else None,
        norms=size(settings, "norms", minimum=0),
    )


def _attention(settings: Settings, hidden_size: int, slides: bool):
    window = optional_size(settings, "window") if slides else None
    if slides and window is None:
        raise ValueError(f"{settings.name}: layer_types asks for a window, but sliding_window is missing")
    if trait(settings, "attention") == "latent":
        return _latent_attention(settings, window)
    heads = size(settings, "num_attention_heads")
    head_dim = optional_size(settings, "head_dim")
    if head_dim is None:
        if hidden_size % heads:
            raise ValueError(
                f"{settings.name}: num_attention_heads is {heads}, which does not divide hidden_size {hidden_size}; "
                "choose a divisor or give head_dim"
            )
        head_dim = hidden_size // heads
    kv_heads = optional_size(settings, "num_key_value_heads") or heads
    if heads % kv_heads:
        raise ValueError(
            f"{settings.name}: num_key_value_heads is {kv_heads}, "
            f"which does not divide num_attention_heads {heads}"
        )
    if flag(settings, "whole_heads") and heads * head_dim != hidden_size:
        raise ValueError(
            f"{settings.name}: head_dim is {head_dim}; {heads} heads of it must make up hidden_size {hidden_size}"
        )
    widths = {"head": 2 * head_dim, "full": (heads + kv_heads) * head_dim, None: 0}
    normed = widths[trait(settings, "query_norm")]
    gates = {"element": heads * head_dim, "head": heads, None: 0}
    return Attention(
        heads=heads,
        kv_heads=kv_heads,
        head_dim=head_dim,
        value_dim=optional_size(settings, "value_dim"),
        window=window,
        query_bias=flag(settings, "query_bias"),
        key_value_bias=flag(settings, "key_value_bias"),
        output_bias=flag(settings, "output_bias"),
        gate_width=gates[trait(settings, "gate")],
        norm_parameters=2 * normed if flag(settings, "query_norm_bias") else normed,
        vectors=heads if flag(settings, "sinks") else 0,
    )


def _latent_attention(settings: Settings, window: int | None) -> LatentAttention:
    query_rank = optional_size(settings, "q_lora_rank")
    latent_rank = size(settings, "kv_lora_rank")
    indexed = flag(settings, "indexed")
    index_dim = size(settings, "index_head_dim") if indexed else 0
    if indexed and query_rank is None:
        raise ValueError(f"{settings.name}: q_lora_rank is None; the indexer needs a whole number of at least 1")
    return LatentAttention(
        heads=size(settings, "num_attention_heads"),
        latent_rank=latent_rank,
        rope_dim=size(settings, "qk_rope_head_dim"),
        nope_dim=size(settings, "qk_nope_head_dim"),
        value_dim=size(settings, "v_head_dim"),
        query_rank=query_rank,
        bias=flag(settings, "query_bias"),
        index_heads=size(settings, "index_n_heads") if indexed else 0,
        index_dim=index_dim,
        index_top=size(settings, "index_topk") if indexed else None,
        window=window,
        norm_parameters=(query_rank or 0) + latent_rank + 2 * index_dim,
    )


def _feed_forward(settings: Settings, hidden_size: int) -> FeedForward | None:
    width = optional_size(settings, "intermediate_size")
    if width is None:
        # A plain block is four times as wide inside, unless the config says otherwise; a Mamba layer has none.
        width = 4 * hidden_size if flag(settings, "has_feed_forward") else None
    if width is None:
        return None
    if flag(settings, "narrowed"):
        width = _narrowed(settings, width)
    return FeedForward(
        intermediate_size=width,
        gated=flag(settings, "gated"),
        bias=flag(settings, "feed_forward_bias"),
        vectors=size(settings, "feed_forward_vectors", minimum=0),
    )


def _narrowed(settings: Settings, width: int) -> int:
    """Keep two thirds of a width, as some configs ask of a gated block, and round it up to a multiple."""
    width = 2 * width // 3
    factor = trait(settings, "block_ffn_dim_multiplier")
    if factor is None:
        return width
    multiple = size(settings, "block_multiple_of")
    scaled = int(positive(settings.name, "block_ffn_dim_multiplier", factor) * width)
    return multiple * ((scaled + multiple - 1) // multiple)


def _experts(settings: Settings) -> Experts:
    count = size(settings, "experts")
    active = size(settings, "active_experts")
    if active > count:
        raise ValueError(
            f"{settings.name}: num_experts_per_tok is {active}, more than the {count} experts that there are"
        )
    return Experts(
        count=count,
        active=active,
        intermediate_size=size(settings, "expert_size"),
        gated=flag(settings, "gated"),
        bias=flag(settings, "expert_bias"),
        router_bias=flag(settings, "router_bias"),
        shared_gate=flag(settings, "shared_gate"),
        vectors=count if flag(settings, "expert_scores") else 0,
    )


def _shared_expert(settings: Settings) -> FeedForward | None:
    """Describe the expert that every token runs; several of them are one, so many times as wide."""
    copies = trait(settings, "shared_experts")
    copies = size(settings, "shared_experts", minimum=0) if copies is not None else 0
    if copies == 0:
        return None
    if trait(settings, "shared_size") == 0:
        return None
    return FeedForward(
        intermediate_size=copies * size(settings, "shared_size"),
        gated=flag(settings, "gated"),
        bias=flag(settings, "feed_forward_bias"),
    )


def _positions(settings: Settings) -> int:
    rows = size(settings, "positions", minimum=0)
    return rows + size(settings, "position_offset", minimum=0) if rows else 0


def _embedding_size(settings: Settings, hidden_size: int) -> int | None:
    width = optional_size(settings, "embedding_size")
    return None if width == hidden_size else width


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
    except (json.JSONDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ValueError(f"{path}: not JSON ({error}); give the config.json of a model") from None
    return from_config(config, name=path.stem)
