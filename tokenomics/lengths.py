"""How long prompts and replies are: distributions of token counts."""

import math
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from statistics import NormalDist, fmean

from .checks import between, positive, shown, whole

__all__ = ["Lengths", "empirical", "fixed", "lognormal"]

# A distribution is cut into this many parts of equal weight.
_PARTS = 1000


@dataclass(frozen=True)
class Lengths:
    """A distribution of token counts: any of these, each as likely as the others.

    Parameters
    ----------
    values : tuple of int
        The counts, each at least 1. [token]

    Examples
    --------
    >>> Lengths((100, 300)).mean
    200.0
    """

    values: tuple

    def __post_init__(self):
        if not isinstance(self.values, tuple) or not self.values:
            raise ValueError(f"lengths: values is {shown(self.values)}; it must be a tuple of one whole number or more")
        for value in self.values:
            whole("lengths", "values", value)

    @cached_property
    def mean(self) -> float:
        """The mean."""
        return fmean(self.values)

    @cached_property
    def largest(self) -> int:
        """The largest."""
        return max(self.values)


def fixed(tokens: int) -> Lengths:
    """Make all lengths alike.

    Parameters
    ----------
    tokens : int
        The length. [token]

    Returns
    -------
    Lengths
        The distribution. [token]

    Raises
    ------
    ValueError
        If the length is no whole number of at least 1.

    Examples
    --------
    >>> fixed(300).mean
    300.0
    """
    return Lengths((whole("lengths", "tokens", tokens),))


def empirical(values) -> Lengths:
    """Take lengths that were observed.

    Parameters
    ----------
    values : iterable of int
        The lengths; each is as likely as it is frequent. [token]

    Returns
    -------
    Lengths
        The distribution. [token]

    Raises
    ------
    ValueError
        If there is none, or one is no whole number of at least 1.

    Examples
    --------
    >>> empirical([1, 1, 4]).mean
    2.0
    """
    return Lengths(tuple(values))


def lognormal(*, spread: float, mean: float | None = None, median: float | None = None) -> Lengths:
    """Spread lengths as texts are spread: many short ones, a few very long ones.

    Parameters
    ----------
    spread : float
        Standard deviation of the natural logarithm of the length; 0 makes all alike. [-]
    mean, median : float or None, optional
        The mean or the median, one of the two. [token]

    Returns
    -------
    Lengths
        The distribution. [token]

    Raises
    ------
    ValueError
        If not one of mean and median is given, or a number is out of range.

    Notes
    -----
    Cut into a thousand parts of equal weight, each stands for its own mean, so the mean of the
    whole is exact, to a thousandth of a token; lengths that would round to nothing are 1 and raise it.

    Examples
    --------
    >>> round(lognormal(mean=500, spread=1.0).mean, 6)
    500.0
    """
    between("lengths", "spread", spread, 0, 5)
    if (mean is None) == (median is None):
        raise ValueError(f"lengths: mean is {shown(mean)} and median is {shown(median)}; give one of the two")
    if mean is None:
        mean = positive("lengths", "median", median) * math.exp(spread**2 / 2)
    positive("lengths", "mean", mean)
    between("lengths", "mean", mean, 1, 1e9)
    normal = NormalDist()
    # The part of the mean below a quantile z is that of a normal distribution shifted by the spread.
    below = [0.0, *(normal.cdf(normal.inv_cdf(part / _PARTS) - spread) for part in range(1, _PARTS)), 1.0]
    # Rounding the running total instead of each part keeps the sum.
    totals = [round(_PARTS * mean * share) for share in below]
    values = (last - first for first, last in pairwise(totals))
    return Lengths(tuple(max(1, value) for value in values))
