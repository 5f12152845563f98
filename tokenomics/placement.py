"""Which layers of a model look back only so far, and which carry experts."""

from .checks import shown
from .settings import Settings, flag, listing, optional_size, size, trait

__all__ = ["attention_kinds", "sparse_layers"]

# What configs call the ways a layer looks back, and what we call them.
_KINDS = {
    "full_attention": "full",
    "attention": "full",
    "indexed_attention": "full",
    "sliding_attention": "sliding",
    "chunked_attention": "sliding",
    "linear_attention": "recurrent",
    "mamba": "recurrent",
    "conv": "recurrent",
    "deepseek_sparse_attention": "full",
    "mlp": "dense",
    "moe": "sparse",
}
_ALONE = ("dense", "sparse")

# Nemotron-H writes its layers as one string.
_LETTERS = {"M": "mamba", "*": "attention", "-": "mlp", "E": "moe"}


def attention_kinds(settings: Settings, layers: int) -> list:
    """Say of each layer whether it sees the whole context, a window, or keeps a state.

    Parameters
    ----------
    settings : Settings
        The config and its family. [-]
    layers : int
        Layers of the model. [-]

    Returns
    -------
    list of str
        For each layer, from input to output: ``full``, ``sliding``,
        ``recurrent``, ``both`` (a state beside full attention), or, in a
        family whose layers hold one block each, ``dense`` or ``sparse``. [-]

    Raises
    ------
    ValueError
        If a key that says so is malformed.

    Examples
    --------
    >>> from tokenomics.families import families
    >>> settings = Settings(name="mine", config={"sliding_window": 4096}, family=families()["gemma2"])
    >>> attention_kinds(settings, 4)
    ['sliding', 'full', 'sliding', 'full']
    """
    recurrent = trait(settings, "recurrence") is not None
    if recurrent and trait(settings, "recurrent_layers") == "both":
        return ["both"] * layers
    alone = flag(settings, "single_blocks")
    words = [
        word for word, kind in _KINDS.items() if (recurrent or kind != "recurrent") and (alone or kind not in _ALONE)
    ]
    for key in ("layer_types", "layers_block_type"):
        listed = listing(settings, key, layers, words)
        if listed is not None:
            return [_KINDS[word] for word in listed]
    if alone:
        return [_KINDS[_LETTERS[letter]] for letter in _pattern(settings, layers)]
    if flag(settings, "kinds_listed"):
        raise ValueError(f"{settings.name}: layer_types is missing; it must be a list of {layers}, one for each layer")
    if recurrent:
        return _recurrent_kinds(settings, layers)
    if trait(settings, "window") is None:
        return ["full"] * layers
    return ["sliding" if slides else "full" for slides in _sliding(settings, layers)]


def _sliding(settings: Settings, layers: int) -> list:
    """Say of each layer whether it slides, by the rule of its family."""
    period = optional_size(settings, "full_every")
    if period is not None:
        full = 0 if flag(settings, "full_first") else period - 1
        return [layer % period != full for layer in range(layers)]
    if trait(settings, "sliding_from") is not None:
        start = size(settings, "sliding_from", minimum=0)
        return [layer >= start for layer in range(layers)]
    if trait(settings, "alternate_until") is not None:
        end = size(settings, "alternate_until", minimum=0)
        return [layer % 2 == 0 and layer < end for layer in range(layers)]
    if trait(settings, "rope_slides") is not None:
        slides = flag(settings, "rope_slides")
        return [rotates == slides for rotates in _rotating(settings, layers)]
    return [True] * layers


def _rotating(settings: Settings, layers: int) -> list:
    """Say of each layer whether it has rotary embeddings."""
    period = size(settings, "no_rope_layer_interval")
    listed = trait(settings, "no_rope_layers")
    if listed is None or listed == []:
        return [(layer + 1) % period != 0 for layer in range(layers)]
    if not isinstance(listed, list) or len(listed) != layers or any(mark not in (0, 1) for mark in listed):
        raise ValueError(
            f"{settings.name}: no_rope_layers is {shown(listed)}; it must be a list of {layers} marks, each 0 or 1"
        )
    return [mark == 1 for mark in listed]


def _recurrent_kinds(settings: Settings, layers: int) -> list:
    """Say of each layer whether it attends or keeps a state, by the rule of its family."""
    attends = _layer_numbers(settings, "attention_only")
    if attends is None:
        attends = [layer for layer in range(layers) if _periodic(settings, "attention", layer)]
    return ["full" if layer in attends else "recurrent" for layer in range(layers)]


def _pattern(settings: Settings, layers: int) -> str:
    """Read the string that names the block of each layer."""
    found = settings.config.get("hybrid_override_pattern")
    if not isinstance(found, str) or len(found) != layers or not set(found) <= set(_LETTERS):
        letters = ", ".join(f"{letter} ({word})" for letter, word in _LETTERS.items())
        raise ValueError(
            f"{settings.name}: hybrid_override_pattern is {shown(found)}; "
            f"it must be {layers} letters, one for each layer: {letters}"
        )
    return found


def _periodic(settings: Settings, what: str, layer: int) -> bool:
    """Say whether a layer is among those that come every so often, the last of each period unless offset."""
    period = optional_size(settings, f"{what}_every")
    if period is None:
        return False
    if trait(settings, f"{what}_offset") is None:
        return layer % period == period - 1
    return layer % period == size(settings, f"{what}_offset", minimum=0)


def sparse_layers(settings: Settings, kinds: list) -> list:
    """Say of each layer whether it carries experts.

    Parameters
    ----------
    settings : Settings
        The config and its family. [-]
    kinds : list of str
        What :func:`attention_kinds` says of each layer. [-]

    Returns
    -------
    list of bool
        Whether it does, from input to output. [-]

    Raises
    ------
    ValueError
        If a key that says so is malformed.

    Examples
    --------
    >>> from tokenomics.families import families
    >>> settings = Settings(name="mine", config={"first_k_dense_replace": 1}, family=families()["deepseek_v3"])
    >>> sparse_layers(settings, ["full", "full", "full"])
    [False, True, True]
    """
    layers = len(kinds)
    if flag(settings, "single_blocks"):
        return [kind == "sparse" for kind in kinds]
    if trait(settings, "experts") is None:
        return [False] * layers
    listed = listing(settings, "mlp_layer_types", layers, ["dense", "sparse"])
    if listed is not None:
        return [word == "sparse" for word in listed]
    chosen = _layer_numbers(settings, "sparse_only")
    if chosen is not None:
        return [layer in chosen for layer in range(layers)]
    dense = _layer_numbers(settings, "dense_only") or []
    first = size(settings, "dense_first", minimum=0)
    last = size(settings, "sparse_last", minimum=-1)
    last = layers - 1 if last == -1 else last
    return [
        first <= layer <= last and _periodic(settings, "sparse", layer) and layer not in dense
        for layer in range(layers)
    ]


def _layer_numbers(settings: Settings, name: str) -> list | None:
    """Read a list of layers by number."""
    found = trait(settings, name)
    if found is None:
        return None
    if not isinstance(found, list) or any(type(number) is not int or number < 0 for number in found):
        key = settings.family[name].lstrip("$")
        raise ValueError(f"{settings.name}: {key} is {shown(found)}; it must be a list of layer numbers from 0")
    return found
