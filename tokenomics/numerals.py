"""Numbers as text: one way of printing for prose, tables, figures and the page.

These functions are also compiled to JavaScript. They round by their own
arithmetic rather than by a format string, so that both print the same digits.
"""

import math
import numbers

from .checks import shown

__all__ = ["counted", "decimal", "grouped", "printable", "quantity", "significant"]


def printable(value, is_whole: bool = False):
    """Return a number that can be printed as one of Python's own, or say why it cannot.

    Parameters
    ----------
    value : float
        The number. [-]
    is_whole : bool, optional
        Whether it must be a whole number. [-]

    Returns
    -------
    int or float
        The number. [-]

    Raises
    ------
    ValueError
        If it is no finite number, or not whole where it must be.

    Examples
    --------
    >>> printable(1234567.0, is_whole=True)
    1234567
    """
    is_number = isinstance(value, numbers.Real) and not isinstance(value, bool)
    if not is_number or not -math.inf < value < math.inf or (is_whole and value != int(value)):
        wanted = "a whole number" if is_whole else "a finite number"
        raise ValueError(f"numeral: value is {shown(value)}; it must be {wanted}")
    return int(value) if is_whole or isinstance(value, numbers.Integral) else float(value)


def grouped(value, separator: str = ",") -> str:
    """Print a whole number with its digits in groups of three.

    Parameters
    ----------
    value : int
        The number. [-]
    separator : str, optional
        What stands between the groups. [-]

    Returns
    -------
    str
        The number as text. [-]

    Examples
    --------
    >>> grouped(70553706496)
    '70,553,706,496'
    """
    value = printable(value, True)
    if value < 0:
        return "-" + grouped(-value, separator)
    digits = str(value)
    text = digits[-3:]
    digits = digits[:-3]
    while len(digits) > 0:
        text = digits[-3:] + separator + text
        digits = digits[:-3]
    return text


def decimal(value: float, places: int) -> str:
    """Print a number with a fixed count of decimal places, halves rounded up.

    Parameters
    ----------
    value : float
        The number. [-]
    places : int
        Digits after the point. [-]

    Returns
    -------
    str
        The number as text, its whole part grouped. [-]

    Raises
    ------
    ValueError
        If the number is not finite, or the places are fewer than none.

    Examples
    --------
    >>> decimal(1234.5678, 2)
    '1,234.57'
    """
    if places < 0:
        raise ValueError(f"numeral: places is {places}; it must be a whole number of at least 0")
    value = printable(value)
    scale = 10**places
    scaled = math.floor(abs(value) * scale + 0.5)
    # What rounds to nothing is nothing, without a sign.
    sign = "-" if value < 0 and scaled > 0 else ""
    whole = scaled // scale
    if places == 0:
        return sign + grouped(whole)
    fraction = str(scaled - whole * scale)
    while len(fraction) < places:
        fraction = "0" + fraction
    return sign + grouped(whole) + "." + fraction


def significant(value: float, digits: int = 3) -> str:
    """Print a number to a count of significant digits.

    Parameters
    ----------
    value : float
        The number. [-]
    digits : int, optional
        Significant digits; a larger whole part is still printed in full. [-]

    Returns
    -------
    str
        The number as text. [-]

    Examples
    --------
    >>> significant(41.791), significant(0.14156, 2), significant(7064.3)
    ('41.8', '0.14', '7,064')
    """
    size = abs(printable(value))
    # Just below a power of ten, rounding adds a digit: 9.996 prints as 10.0, not as 10.00.
    carry = 1 - 0.5 / 10**digits
    places = digits - 1
    bound = 10
    while size >= bound * carry and places > 0:
        bound = bound * 10
        places = places - 1
    if size > 0:
        bound = 1
        while size < bound * carry and places < 12:
            bound = bound / 10
            places = places + 1
    return decimal(value, places)


def quantity(value: float, unit: str, digits: int = 3) -> str:
    """Print a quantity with the prefix that keeps it short.

    Parameters
    ----------
    value : float
        The quantity, in the unit. [-]
    unit : str
        The unit's symbol. [-]
    digits : int, optional
        Significant digits. [-]

    Returns
    -------
    str
        Number, prefix and unit. [-]

    Examples
    --------
    >>> quantity(141107412992, "B"), quantity(0.0418, "s"), quantity(989e12, "FLOP/s")
    ('141 GB', '41.8 ms', '989 TFLOP/s')
    """
    value = printable(value)
    if value < 0:
        return "-" + quantity(-value, unit, digits)
    if value == 0:
        return "0 " + unit
    small = ["", "m", "µ", "n"]
    large = ["", "k", "M", "G", "T", "P", "E"]
    limit = 1000 * (1 - 0.5 / 10**digits)
    step = 0
    if value < limit / 1000:
        while step < len(small) - 1 and value * 1000**step < limit / 1000:
            step = step + 1
        return significant(value * 1000**step, digits) + " " + small[step] + unit
    while step < len(large) - 1 and value / 1000**step >= limit:
        step = step + 1
    return significant(value / 1000**step, digits) + " " + large[step] + unit


def counted(value: float, digits: int = 3) -> str:
    """Print a large count in words.

    Parameters
    ----------
    value : float
        The count. [-]
    digits : int, optional
        Significant digits. [-]

    Returns
    -------
    str
        Number and scale. [-]

    Examples
    --------
    >>> counted(70553706496), counted(512)
    ('70.6 billion', '512')
    """
    value = printable(value)
    scales = ["", " thousand", " million", " billion", " trillion", " quadrillion"]
    limit = 1000 * (1 - 0.5 / 10**digits)
    step = 0
    while step < len(scales) - 1 and value / 1000**step >= limit:
        step = step + 1
    if step == 0:
        return grouped(math.floor(value + 0.5))
    return significant(value / 1000**step, digits) + scales[step]
