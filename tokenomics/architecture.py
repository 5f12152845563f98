"""What a model is: a frozen record read from a Hugging Face ``config.json``."""

import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from .blocks import Attention, FeedForward, Layer
from .checks import shown, suggestion, text, whole
from .families import families, wrappers
from .fields import declared
from .files import json_object
from .placement import attention_kinds, sparse_layers
from .reading import layer
from .settings import Settings, flag, optional_size, size

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
        text("architecture", "name", self.name)
        declared(self.name, self)
        for field in ("layers", "prediction_layers"):
            layers = getattr(self, field)
            if not isinstance(layers, (tuple, list)) or not all(isinstance(item, Layer) for item in layers):
                raise ValueError(f"{self.name}: {field} is {shown(layers)}; it must be a tuple of Layer")
            # A list is taken too, and kept as what cannot be changed.
            object.__setattr__(self, field, tuple(layers))
        if not self.layers:
            raise ValueError(f"{self.name}: layers is (); it must hold at least one Layer")
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
    kinds = attention_kinds(settings, count)
    makes = Counter(zip(kinds, sparse_layers(settings, kinds), strict=True))
    layers = tuple(layer(settings, hidden_size, *make, number) for make, number in makes.items())
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
        prediction_layers=(layer(settings, hidden_size, "full", True, predicting),) if predicting else (),
    )


def _settings(config: dict, name: str) -> Settings:
    """Find the text model in a config, and the row of its family."""
    if not isinstance(config, dict):
        raise ValueError(f"{name}: a config is a JSON object, not {type(config).__name__}")
    nest = next((key for key in _NESTS if config.get(key) is not None), None)
    inner = config if nest is None else config[nest]
    if not isinstance(inner, dict):
        raise ValueError(f"{name}: {nest} is {shown(inner)}; it must be a JSON object")
    outer = config.get("model_type")
    wrapped = wrappers().get(outer) if isinstance(outer, str) else None
    if wrapped is not None and nest is None:
        raise ValueError(f"{name}: text_config is missing; a config of {outer!r} must hold that of its text model")
    family = inner.get("model_type", wrapped)
    table = families()
    if not isinstance(family, str) or family not in table:
        known = [row for row in table if "unsupported" not in table[row]]
        stated = "missing" if family is None else shown(family)
        raise ValueError(f"{name}: model_type is {stated}; {suggestion(family, known)}")
    # Where the class of the text model has no say, that of the whole ties the embeddings or does not.
    tied = "tie_word_embeddings"
    if tied in config and tied not in table[family].get("defaults", {}):
        inner = {tied: config[tied], **inner}
    settings = Settings(name=name, config=inner, family=table[family], nested=nest is not None)
    if "unsupported" in settings.family:
        raise ValueError(f"{name}: model_type is {family!r}, which is not supported: {settings.family['unsupported']}")
    for key, allowed in settings.family.get("only", {}).items():
        if key in inner and inner[key] not in allowed:
            choices = " or ".join(json.dumps(value) for value in allowed)
            raise ValueError(f"{name}: {key} is {shown(inner[key])}; only {choices} is supported")
    return settings


def _positions(settings: Settings) -> int:
    if settings.family["positions"] == 0:
        return 0
    return size(settings, "positions") + size(settings, "position_offset", minimum=0)


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
    config = json_object(path)
    return from_config(config, name=Path(path).stem)
