"""From the settings of a model to the blocks that its layers are made of."""

from .blocks import Attention, Experts, FeedForward, LatentAttention, Layer
from .checks import positive, shown, whole
from .recurrence import recurrence
from .settings import Settings, flag, key_of, optional_size, size, trait

__all__ = ["layer"]


def layer(settings: Settings, hidden_size: int, kind: str, is_sparse: bool, count: int) -> Layer:
    """Describe the layers of one make.

    Parameters
    ----------
    settings : Settings
        The config and its family. [-]
    hidden_size : int
        Width of the vector that runs through the layers. [-]
    kind : str
        How a layer looks back, as :func:`tokenomics.placement.attention_kinds` says it. [-]
    is_sparse : bool
        Whether a layer carries experts. [-]
    count : int
        How many layers there are of this make. [-]

    Returns
    -------
    Layer
        The layers. [-]

    Raises
    ------
    ValueError
        If a key is missing, out of range or contradicts another; the message names it.

    Examples
    --------
    >>> from tokenomics.families import families
    >>> config = {"hidden_size": 64, "num_attention_heads": 4, "intermediate_size": 256}
    >>> layer(Settings(name="mine", config=config, family=families()["gpt2"]), 64, "full", False, 2).norms
    4
    """
    attends = kind in ("full", "sliding", "both")
    recurs = kind in ("recurrent", "both")
    feeds = kind in ("dense", "sparse") or not flag(settings, "single_blocks")
    if feeds and is_sparse:
        feed_forward, experts = _shared_expert(settings), _experts(settings)
    else:
        feed_forward, experts = _feed_forward(settings, hidden_size) if feeds else None, None
    return Layer(
        count=count,
        attention=_attention(settings, hidden_size, kind == "sliding") if attends else None,
        recurrence=recurrence(settings, hidden_size) if recurs else None,
        feed_forward=feed_forward,
        experts=experts,
        norms=size(settings, "norms", minimum=0),
    )


def _attention(settings: Settings, hidden_size: int, slides: bool):
    window = optional_size(settings, "window") if slides else None
    if slides and window is None:
        raise ValueError(f"{settings.name}: layer_types asks for a window, but {key_of(settings, 'window')} gives none")
    if trait(settings, "attention") == "latent":
        return _latent_attention(settings, hidden_size, window)
    heads = size(settings, "num_attention_heads")
    head_dim = optional_size(settings, "head_dim")
    if head_dim is None:
        if hidden_size % heads:
            raise ValueError(
                f"{settings.name}: {key_of(settings, 'num_attention_heads')} is {heads}, "
                f"which does not divide {key_of(settings, 'hidden_size')} {hidden_size}; "
                "choose a divisor or give head_dim"
            )
        head_dim = hidden_size // heads
    kv_heads = optional_size(settings, "num_key_value_heads") or heads
    if heads % kv_heads:
        raise ValueError(
            f"{settings.name}: {key_of(settings, 'num_key_value_heads')} is {kv_heads}, "
            f"which does not divide {key_of(settings, 'num_attention_heads')} {heads}; choose a divisor, "
            "or leave it out for as many as there are query heads"
        )
    if flag(settings, "whole_heads") and heads * head_dim != hidden_size:
        raise ValueError(
            f"{settings.name}: head_dim is {head_dim}; {heads} heads of it must make up hidden_size {hidden_size}"
        )
    widths = {"head": 2 * head_dim, "full": (heads + kv_heads) * head_dim, None: 0}
    normed = widths[trait(settings, "query_norm")]
    # One gate for each number that the heads give, or one for each head.
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
        gate_bias=flag(settings, "gate_bias"),
        norm_parameters=2 * normed if flag(settings, "query_norm_bias") else normed,
        vectors=heads if flag(settings, "sinks") else 0,
    )


def _latent_attention(settings: Settings, hidden_size: int, window: int | None) -> LatentAttention:
    heads = size(settings, "num_attention_heads")
    query_rank = optional_size(settings, "q_lora_rank")
    latent_rank = size(settings, "kv_lora_rank")
    indexed = flag(settings, "indexed")
    index_dim = size(settings, "index_head_dim") if indexed else 0
    if indexed and query_rank is None:
        raise ValueError(f"{settings.name}: q_lora_rank is None; the indexer needs a whole number of at least 1")
    # One class takes a missing width of the values for an even share of the hidden size.
    even = trait(settings, "v_head_dim") is None and settings.family["defaults"]["v_head_dim"] is None
    return LatentAttention(
        heads=heads,
        latent_rank=latent_rank,
        rope_dim=size(settings, "qk_rope_head_dim"),
        nope_dim=size(settings, "qk_nope_head_dim"),
        value_dim=hidden_size // heads if even else size(settings, "v_head_dim"),
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
    active = _active_experts(settings)
    if active > count:
        raise ValueError(
            f"{settings.name}: {key_of(settings, 'active_experts')} is {active}, "
            f"more than {key_of(settings, 'experts')}, {count}"
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


def _active_experts(settings: Settings) -> int:
    """Read how many experts a token uses; one family may list it layer by layer, always the same."""
    stated = trait(settings, "active_experts")
    if not flag(settings, "active_listed") or not isinstance(stated, list):
        return size(settings, "active_experts")
    key, layers = key_of(settings, "active_experts"), size(settings, "num_hidden_layers")
    if len(stated) != layers or any(number != stated[0] for number in stated):
        raise ValueError(f"{settings.name}: {key} is {shown(stated)}; it must be a list of {layers} equal numbers")
    return whole(settings.name, key, stated[0])


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
