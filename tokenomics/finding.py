"""A model as it is named on a command line: by the path of its config or by its name in the catalogue."""

import os

from . import catalogue
from .architecture import Architecture, from_file

__all__ = ["find_model"]


def find_model(name: str) -> Architecture:
    """Find a model by the path of its config or by its name in the catalogue.

    Parameters
    ----------
    name : str
        What the user wrote. [-]

    Returns
    -------
    Architecture
        The model. [-]

    Raises
    ------
    ValueError
        If the catalogue has no such name, or the config is refused.
    OSError
        If there is such a path and it cannot be read as a file.

    Examples
    --------
    >>> find_model("llama-3.3-70b").hidden_size
    8192
    """
    # Unlike those of Path, these take a name too long for a file for one that is none.
    is_folder = os.path.isdir(name) and name not in catalogue.models()
    if name.endswith(".json") or os.path.isfile(name) or is_folder:
        return from_file(name)
    return catalogue.model(name)
