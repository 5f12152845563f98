"""The five functions that let one formula serve a number, an array and the page.

A formula that uses only arithmetic and these five works on a float, on a NumPy
array and, compiled to JavaScript, in the reader's browser. NumPy is imported
only when an array turns up, so that importing the package stays cheap.
"""

import math

__all__ = ["ceil", "maximum", "minimum", "where", "wide"]

_SCALARS = (int, float)


def maximum(first, second):
    """Return the larger of two values, element by element.

    Parameters
    ----------
    first, second : float or ndarray
        The values to compare, in the same unit. [-]

    Returns
    -------
    float or ndarray
        The larger value. [-]

    Examples
    --------
    >>> maximum(2, 3)
    3
    """
    if isinstance(first, _SCALARS) and isinstance(second, _SCALARS):
        return first if first >= second else second
    import numpy

    return numpy.maximum(first, second)


def minimum(first, second):
    """Return the smaller of two values, element by element.

    Parameters
    ----------
    first, second : float or ndarray
        The values to compare, in the same unit. [-]

    Returns
    -------
    float or ndarray
        The smaller value. [-]

    Examples
    --------
    >>> minimum(2, 3)
    2
    """
    if isinstance(first, _SCALARS) and isinstance(second, _SCALARS):
        return first if first <= second else second
    import numpy

    return numpy.minimum(first, second)


def where(condition, if_true, if_false):
    """Choose between two values, element by element.

    Parameters
    ----------
    condition : bool or ndarray of bool
        The question asked of each element. [-]
    if_true, if_false : float or ndarray
        The answers, in the same unit. [-]

    Returns
    -------
    float or ndarray
        ``if_true`` where the condition holds, else ``if_false``. [-]

    Examples
    --------
    >>> where(2 > 1, 10, 20)
    10
    """
    if isinstance(condition, bool):
        return if_true if condition else if_false
    import numpy

    return numpy.where(condition, if_true, if_false)


def ceil(value):
    """Round up to a whole number, element by element.

    Parameters
    ----------
    value : float or ndarray
        The value to round. [-]

    Returns
    -------
    int or ndarray
        The smallest whole number not below the value. [-]

    Examples
    --------
    >>> ceil(1.76)
    2
    """
    if isinstance(value, _SCALARS):
        return math.ceil(value)
    import numpy

    return numpy.ceil(value)


def wide(value):
    """Give an array, or a NumPy number, room for what a formula makes of it.

    Parameters
    ----------
    value : float or ndarray
        What a formula was given. [-]

    Returns
    -------
    float or ndarray
        Whole numbers of fixed width and short floats as floats of 64 bits;
        everything else as it is. [-]

    Notes
    -----
    A model's arithmetic passes 2^63, where NumPy's whole numbers start again
    from below without a word. Python's own have no such end.

    Examples
    --------
    >>> import numpy
    >>> wide(numpy.array([131072])) ** 4
    array([2.95147905e+20])
    """
    if not hasattr(value, "dtype"):
        return value
    is_narrow = value.dtype.kind in "iu" or (value.dtype.kind == "f" and value.dtype.itemsize < 8)
    return value.astype(float) if is_narrow else value
