"""Reading JSON: whatever is wrong with a file, the message names it."""

import json
import os
from pathlib import Path

from .checks import shown

__all__ = ["json_object"]


def json_object(path, wanted: str = "config.json of a model") -> dict:
    """Read the JSON object that a file holds.

    Parameters
    ----------
    path : str or path-like
        Where the file is. [-]
    wanted : str, optional
        What the file should be, for the error message. [-]

    Returns
    -------
    dict
        What it holds. [-]

    Raises
    ------
    ValueError
        If there is no path, or the file holds no JSON object.
    OSError
        If the file cannot be read.

    Examples
    --------
    >>> from tokenomics import catalogue
    >>> json_object(catalogue.path("models/gpt2.json"))["label"]
    'GPT-2'
    """
    if not isinstance(path, (str, os.PathLike)):
        raise ValueError(f"path is {shown(path)}; give the path of the {wanted}")
    path = Path(path)
    try:
        content = path.read_bytes()
    except OSError as error:
        reason = "a directory" if os.path.isdir(path) else error.strerror
        raise type(error)(error.errno, f"{reason}; give the {wanted}", str(path)) from None
    if not content.strip():
        raise ValueError(f"{path}: the file is empty, not JSON; give the {wanted}")
    try:
        found = json.loads(content)
    # Beside what is no JSON: bytes that are no text, and numbers of thousands of digits.
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{path}: not JSON ({error}); give the {wanted}") from None
    if not isinstance(found, dict):
        raise ValueError(f"{path}: holds a {type(found).__name__}, not a JSON object; give the {wanted}")
    return found
