"""The time of an operation on a machine, and which roof binds."""

from .elementwise import maximum, minimum, where

__all__ = ["arithmetic_intensity", "attainable_flops", "binding_roof", "operation_time", "ridge_point"]


def arithmetic_intensity(flops, traffic):
    """Divide the arithmetic of an operation by its memory traffic.

    Parameters
    ----------
    flops : float or ndarray
        Arithmetic. [FLOP]
    traffic : float or ndarray
        Bytes moved to and from memory. [byte]

    Returns
    -------
    float or ndarray
        Arithmetic intensity. [FLOP/byte]

    Notes
    -----
    Equation :eq:`eq-intensity`.

    References
    ----------
    S. Williams, A. Waterman, D. Patterson, "Roofline: an insightful visual
    performance model for multicore architectures", CACM 52(4), 2009.

    Examples
    --------
    >>> arithmetic_intensity(2, 2)
    1.0
    """
    return flops / traffic


def ridge_point(peak, bandwidth):
    """Find the intensity at which a machine's two roofs meet.

    Parameters
    ----------
    peak : float or ndarray
        Peak arithmetic. [FLOP/s]
    bandwidth : float or ndarray
        Peak memory bandwidth. [byte/s]

    Returns
    -------
    float or ndarray
        Arithmetic intensity of the ridge. [FLOP/byte]

    Notes
    -----
    Equation :eq:`eq-ridge`. Below it memory binds, above it arithmetic.

    Examples
    --------
    >>> round(ridge_point(989e12, 3.35e12))
    295
    """
    return peak / bandwidth


def attainable_flops(intensity, peak, bandwidth):
    """Read the roofline: the most arithmetic a machine can do at an intensity.

    Parameters
    ----------
    intensity : float or ndarray
        Arithmetic intensity. [FLOP/byte]
    peak : float or ndarray
        Peak arithmetic. [FLOP/s]
    bandwidth : float or ndarray
        Peak memory bandwidth. [byte/s]

    Returns
    -------
    float or ndarray
        Attainable arithmetic. [FLOP/s]

    Notes
    -----
    Equation :eq:`eq-roofline`.

    Examples
    --------
    >>> attainable_flops(1, 989e12, 3.35e12)
    3350000000000.0
    """
    return minimum(peak, intensity * bandwidth)


def operation_time(flops, traffic, peak, bandwidth):
    """Time an operation whose arithmetic and traffic overlap perfectly.

    Parameters
    ----------
    flops : float or ndarray
        Arithmetic. [FLOP]
    traffic : float or ndarray
        Bytes moved to and from memory. [byte]
    peak : float or ndarray
        Peak arithmetic. [FLOP/s]
    bandwidth : float or ndarray
        Peak memory bandwidth. [byte/s]

    Returns
    -------
    float or ndarray
        The least time the machine needs. [s]

    Notes
    -----
    Equation :eq:`eq-time`. A lower bound: no launch overhead, no waiting, both
    peaks reached.

    Examples
    --------
    >>> operation_time(140e9, 140e9, 989e12, 3.5e12)
    0.04
    """
    return maximum(flops / peak, traffic / bandwidth)


def binding_roof(flops, traffic, peak, bandwidth):
    """Name the roof that sets the time of an operation.

    Parameters
    ----------
    flops : float or ndarray
        Arithmetic. [FLOP]
    traffic : float or ndarray
        Bytes moved to and from memory. [byte]
    peak : float or ndarray
        Peak arithmetic. [FLOP/s]
    bandwidth : float or ndarray
        Peak memory bandwidth. [byte/s]

    Returns
    -------
    str or ndarray of str
        ``compute`` or ``memory``. [-]

    Notes
    -----
    Equation :eq:`eq-time`, asked which side is larger.

    Examples
    --------
    >>> binding_roof(140e9, 140e9, 989e12, 3.5e12)
    'memory'
    """
    return where(flops / peak > traffic / bandwidth, "compute", "memory")
