"""Checks that a record runs on its fields: each error names field, value and what would be right."""

import difflib
import math
import numbers
import reprlib

__all__ = ["between", "choice", "positive", "shown", "suggestion", "text", "whole"]

# More names than these are not all listed in an error message.
_MANY = 30

# What most numbers are; for these the checks below are quick.
_PLAIN = (int, float)
_LARGE = 1e300

_SHORT = reprlib.Repr()
_SHORT_TEXT = reprlib.Repr()
_SHORT_TEXT.maxstring = 60


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
    if is_vast:
        return "a number of more than 60 digits"
    # Arrays print over several lines.
    return " ".join((_SHORT_TEXT if isinstance(value, str) else _SHORT).repr(value).split("\n"))


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
    if type(value) in _PLAIN and 0 < value < _LARGE:
        return value
    smallest, largest = _range(owner, field, value, "a finite number above zero")
    if not (smallest > 0 and largest < math.inf):
        raise ValueError(f"{owner}: {field} is {shown(value)}; it must be a finite number above zero")
    return value


def between(owner: str, field: str, value, least: float, most: float = math.inf) -> float:
    """Return what must be a number within limits, or an array of such, or say which field is wrong.

    Parameters
    ----------
    owner : str
        What the field belongs to, as the reader knows it. [-]
    field : str
        The name of the field. [-]
    value : object
        The value found there. [-]
    least : float
        The smallest value allowed. [-]
    most : float, optional
        The largest value allowed; infinity itself never is. [-]

    Returns
    -------
    float
        The value. [-]

    Raises
    ------
    ValueError
        If the value is no finite number from ``least`` to ``most``.

    Examples
    --------
    >>> between("pool", "reserve", 0.1, 0, 1)
    0.1
    """
    if type(value) in _PLAIN and least <= value <= most and value < _LARGE:
        return value
    wanted = f"a finite number of at least {least}" if most == math.inf else f"a number from {least} to {most}"
    smallest, largest = _range(owner, field, value, wanted)
    if not (smallest >= least and largest <= most and largest < math.inf):
        raise ValueError(f"{owner}: {field} is {shown(value)}; it must be {wanted}")
    return value


def _range(owner: str, field: str, value, wanted: str) -> tuple:
    """The smallest and the largest of a number or an array of numbers; whatever is neither is refused."""
    if hasattr(value, "dtype"):
        if value.size and value.dtype.kind in "iuf":
            return value.min(), value.max()
    elif isinstance(value, numbers.Real) and not isinstance(value, bool):
        try:
            return float(value), float(value)
        except OverflowError:
            pass
    advice = "; give a number or a NumPy array" if isinstance(value, (list, tuple)) else ""
    raise ValueError(f"{owner}: {field} is {shown(value)}; it must be {wanted}{advice}")


def text(owner: str, field: str, value) -> str:
    """Return a value that must be text, or say which field is wrong.

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
    str
        The value. [-]

    Raises
    ------
    ValueError
        If the value is no text, or none is in it.

    Examples
    --------
    >>> text("accelerator", "name", "L40S")
    'L40S'
    """
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"{owner}: {field} is {shown(value)}; it must be text")
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
    if not isinstance(value, str) or value not in known:
        raise ValueError(f"{owner}: {field} is {shown(value)}; {suggestion(value, known)}")
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
    if not known:
        return "none is known"
    # What is no text resembles no name.
    wanted = value if isinstance(value, str) else ""
    near = [name for name in known if wanted and wanted.lower() in name.lower()]
    if not near:
        near = difflib.get_close_matches(wanted, known, n=1)
    listing = ", ".join(known) if len(known) <= _MANY else f"{len(known)} names, from {known[0]} to {known[-1]}"
    return f"did you mean {near[0]!r}? Known: {listing}" if near else f"known: {listing}"
