"""Checks that a record runs on its fields: each error names field, value and what would be right."""

import difflib
import math
import numbers
import reprlib

__all__ = ["choice", "positive", "shown", "suggestion", "whole"]

# More names than these are not all listed in an error message.
_MANY = 30


def shown(value) -> str:
    """Write a value for an error message, cut to what fits on a line.

    Parameters
    ----------
    value : object
        The value. [-]

    Returns
    -------
    str
        Its literal, shortened. [-]

    Examples
    --------
    >>> shown("llama")
    "'llama'"
    """
    # Python refuses to print whole numbers of thousands of digits.
    is_vast = isinstance(value, int) and not isinstance(value, bool) and abs(value) >= 10**60
    return "a number of more than 60 digits" if is_vast else reprlib.repr(value)


def whole(owner: str, field: str, value, minimum: int = 1, maximum: int | None = None) -> int:
    """Return a value that must be a whole number, or say which field is wrong.

    Parameters
    ----------
    owner : str
        What the field belongs to, as the reader knows it. [-]
    field : str
        The name of the field. [-]
    value : object
        The value found there. [-]
    minimum : int, optional
        The smallest value allowed. [-]
    maximum : int or None, optional
        The largest value allowed; None is no limit. [-]

    Returns
    -------
    int
        The value. [-]

    Raises
    ------
    ValueError
        If the value is no whole number from ``minimum`` to ``maximum``.

    Examples
    --------
    >>> whole("config", "num_hidden_layers", 80)
    80
    """
    is_whole = isinstance(value, numbers.Integral) and not isinstance(value, bool)
    if not is_whole or value < minimum:
        raise ValueError(f"{owner}: {field} is {shown(value)}; it must be a whole number of at least {minimum}")
    if maximum is not None and value > maximum:
        raise ValueError(f"{owner}: {field} is {shown(value)}; it must be a whole number of at most {maximum}")
    return int(value)


def positive(owner: str, field: str, value) -> float:
    """Return what must be a finite number above zero, or an array of such, or say which field is wrong.

    Parameters
    ----------
    owner : str
        What the field belongs to, as the reader knows it. [-]
    field : str
        The name of the field. [-]
    value : object
        The value found there. [-]

    Returns
    -------
    float
        The value. [-]

    Raises
    ------
    ValueError
        If the value is no finite number above zero.

    Examples
    --------
    >>> positive("H100", "bandwidth", 3.35e12)
    3350000000000.0
    """
    if hasattr(value, "dtype") and value.ndim:
        smallest, largest = value.min(), value.max()
    else:
        smallest = largest = value
    is_number = isinstance(smallest, numbers.Real) and not isinstance(smallest, bool)
    if not is_number or not math.isfinite(largest) or not smallest > 0:
        raise ValueError(f"{owner}: {field} is {value!r}; it must be a finite number above zero")
    return value


def choice(owner: str, field: str, value, known) -> str:
    """Return a value that must be one of a few names, or list them.

    Parameters
    ----------
    owner : str
        What the field belongs to, as the reader knows it. [-]
    field : str
        The name of the field. [-]
    value : object
        The value found there. [-]
    known : iterable of str
        The names allowed. [-]

    Returns
    -------
    str
        The value. [-]

    Raises
    ------
    ValueError
        If the value is none of the names.

    Examples
    --------
    >>> choice("decode", "precision", "fp8", ["bf16", "fp8"])
    'fp8'
    """
    known = list(known)
    if value not in known:
        raise ValueError(f"{owner}: {field} is {value!r}; {suggestion(value, known)}")
    return value


def suggestion(value, known) -> str:
    """Say which names exist, nearest first.

    Parameters
    ----------
    value : object
        The name that was not found. [-]
    known : iterable of str
        The names that exist. [-]

    Returns
    -------
    str
        A clause for the end of an error message. [-]

    Examples
    --------
    >>> suggestion("H10", ["H100", "A100"])
    "did you mean 'H100'? Known: H100, A100"
    """
    known = [str(name) for name in known]
    wanted = str(value).lower()
    near = [name for name in known if wanted and wanted in name.lower()]
    if not near:
        near = difflib.get_close_matches(str(value), known, n=1)
    listing = ", ".join(known) if len(known) <= _MANY else f"{len(known)} names, from {known[0]} to {known[-1]}"
    return f"did you mean {near[0]!r}? Known: {listing}" if near else f"known: {listing}"
