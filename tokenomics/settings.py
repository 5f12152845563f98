"""A config held against its family: which key sets a trait, what the class fills in, what is refused."""

from dataclasses import dataclass

from .checks import shown, suggestion, whole

__all__ = ["Settings", "flag", "key_of", "listing", "optional_size", "size", "trait"]

# Sizes that a config must state. A nested config may leave them out: files of
# models that also see or hear are written without what equals the class default.
_STATED = ("hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size", "vocab_size")

# Where null says something, whatever the class sets: as many as it takes, or none.
_MAY_BE_NULL = (
    "attention_chunk_size", "head_dim", "mamba_d_ssm", "num_key_value_heads", "q_lora_rank", "sliding_window",
)  # fmt: skip

# No model comes near these; a larger number is a slip.
_LARGEST = {"num_hidden_layers": 10_000}
_LARGEST_SIZE = 100_000_000


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The config of one model, and the row of its family.

    Parameters
    ----------
    name : str
        What to call the model in error messages. [-]
    config : dict
        The part of the config that describes the text model. [-]
    family : dict
        The row of its family. [-]
    nested : bool, optional
        Whether the config stood inside that of a larger model. [-]

    Examples
    --------
    >>> from tokenomics.families import families
    >>> size(Settings(name="mine", config={"n_embd": 768}, family=families()["gpt2"]), "hidden_size")
    768
    """

    name: str
    config: dict
    family: dict
    nested: bool = False


def _setting(settings: Settings, key: str) -> tuple:
    """Find the value of a key and the name under which the config gives it."""
    found = {}
    for name in [key, *settings.family.get("aliases", {}).get(key, [])]:
        place = _place(settings, name)
        if name.rpartition(".")[2] in place:
            found[name] = place[name.rpartition(".")[2]]
    if len(found) > 1:
        (first, value), (second, other) = list(found.items())[:2]
        if value != other:
            raise ValueError(
                f"{settings.name}: {first} is {shown(value)} but {second} is {shown(other)}; "
                "they name the same thing, so give one of them"
            )
    defaults = settings.family.get("defaults", {})
    if found:
        name, value = next(iter(found.items()))
        if value is None and defaults.get(key) is not None and key not in _MAY_BE_NULL:
            usual = shown(defaults[key])
            raise ValueError(f"{settings.name}: {name} is null; this family needs a value, such as {usual}")
        return name, value
    if key in _STATED and not settings.nested and defaults.get(key) is not None:
        aliases = settings.family.get("aliases", {}).get(key, [])
        also = f" (this family also calls it {' or '.join(aliases)})" if aliases else ""
        raise ValueError(f"{settings.name}: {key} is missing{also}; it must be a whole number of at least 1")
    if key not in defaults:
        raise ValueError(f"{settings.name}: {key} is missing; this family has no default for it")
    return key, defaults[key]


def _place(settings: Settings, name: str) -> dict:
    """Find the object that holds a key; a dotted name says which part of the config."""
    part = name.rpartition(".")[0]
    place = settings.config.get(part) if part else settings.config
    if place is None:
        return {}
    if not isinstance(place, dict):
        raise ValueError(f"{settings.name}: {part} is {shown(place)}; it must be a JSON object")
    return place


def _look_up(settings: Settings, name: str) -> tuple:
    """Follow the rule of a trait to the name of what sets it and its value."""
    return _follow(settings, name, settings.family.get(name, f"${name}"))


def _follow(settings: Settings, name: str, rule) -> tuple:
    """Follow a rule of the table to the name of what sets it and its value.

    A rule is a constant; ``$key``, the value of a key of the config; or a
    choice, which compares such a value (with true, unless ``is`` says otherwise).
    """
    while isinstance(rule, dict) and "if" in rule:
        if "is" in rule:
            agrees = _follow(settings, name, rule["if"])[1] == rule["is"]
        else:
            agrees = _as_flag(settings, *_follow(settings, name, rule["if"]))
        rule = rule["then"] if agrees else rule["else"]
    if isinstance(rule, str) and rule.startswith("$"):
        return _setting(settings, rule[1:])
    return name, rule


def _as_flag(settings: Settings, key: str, value) -> bool:
    if not isinstance(value, bool):
        raise ValueError(f"{settings.name}: {key} is {shown(value)}; it must be true or false")
    return value


def key_of(settings: Settings, name: str) -> str:
    """Say which key of the config sets a trait, for an error message.

    Parameters
    ----------
    settings : Settings
        The config and its family. [-]
    name : str
        The trait. [-]

    Returns
    -------
    str
        The key. [-]

    Examples
    --------
    >>> from tokenomics.families import families
    >>> key_of(Settings(name="mine", config={"n_embd": 768}, family=families()["gpt2"]), "hidden_size")
    'n_embd'
    """
    return _look_up(settings, name)[0]


def trait(settings: Settings, name: str):
    """Look up a trait of the model, whatever its type.

    Parameters
    ----------
    settings : Settings
        The config and its family. [-]
    name : str
        The trait. [-]

    Returns
    -------
    object
        Its value. [-]

    Examples
    --------
    >>> from tokenomics.families import families
    >>> trait(Settings(name="mine", config={}, family=families()["gemma2"]), "norms")
    4
    """
    return _look_up(settings, name)[1]


def flag(settings: Settings, name: str) -> bool:
    """Look up a trait that is true or false.

    Parameters
    ----------
    settings : Settings
        The config and its family. [-]
    name : str
        The trait. [-]

    Returns
    -------
    bool
        Its value. [-]

    Raises
    ------
    ValueError
        If the config holds something else under its key.

    Examples
    --------
    >>> from tokenomics.families import families
    >>> flag(Settings(name="mine", config={"mlp_bias": True}, family=families()["llama"]), "feed_forward_bias")
    True
    """
    return _as_flag(settings, *_look_up(settings, name))


def size(settings: Settings, name: str, minimum: int = 1) -> int:
    """Look up a trait that is a whole number.

    Parameters
    ----------
    settings : Settings
        The config and its family. [-]
    name : str
        The trait. [-]
    minimum : int, optional
        The smallest value allowed. [-]

    Returns
    -------
    int
        Its value. [-]

    Raises
    ------
    ValueError
        If its key is missing or holds no whole number in range.

    Examples
    --------
    >>> from tokenomics.families import families
    >>> size(Settings(name="mine", config={"hidden_size": 64}, family=families()["llama"]), "hidden_size")
    64
    """
    key, value = _look_up(settings, name)
    return whole(settings.name, key, value, minimum, _LARGEST.get(name, _LARGEST_SIZE))


def optional_size(settings: Settings, name: str) -> int | None:
    """Look up a trait that is a whole number or absent.

    Parameters
    ----------
    settings : Settings
        The config and its family. [-]
    name : str
        The trait. [-]

    Returns
    -------
    int or None
        Its value, or None where the config and the class leave it open. [-]

    Raises
    ------
    ValueError
        If its key holds anything but null or a whole number in range.

    Examples
    --------
    >>> from tokenomics.families import families
    >>> optional_size(Settings(name="mine", config={"head_dim": None}, family=families()["llama"]), "head_dim")
    """
    key, value = _look_up(settings, name)
    return None if value is None else whole(settings.name, key, value, 1, _LARGEST_SIZE)


def listing(settings: Settings, key: str, length: int, words) -> list | None:
    """Look up a list that says something of each layer.

    Parameters
    ----------
    settings : Settings
        The config and its family. [-]
    key : str
        The key of the config. [-]
    length : int
        How many layers there are. [-]
    words : iterable of str
        What may be said of a layer. [-]

    Returns
    -------
    list or None
        The list, or None where the config has none. [-]

    Raises
    ------
    ValueError
        If it is no list of that length and of those words.

    Examples
    --------
    >>> settings = Settings(name="mine", config={"layer_types": ["full_attention"]}, family={})
    >>> listing(settings, "layer_types", 1, ["full_attention"])
    ['full_attention']
    """
    found = settings.config.get(key)
    if found is None:
        return None
    if not isinstance(found, list) or len(found) != length:
        raise ValueError(
            f"{settings.name}: {key} is {shown(found)}; it must be a list of as many as num_hidden_layers, {length}"
        )
    for word in found:
        if word not in words:
            raise ValueError(f"{settings.name}: {key} holds {shown(word)}; {suggestion(word, words)}")
    return found
