"""Hold the model against measurements: error, bias, worst case and coverage, regime by regime."""

from dataclasses import dataclass

from . import catalogue
from .constants import ROWS_OF_A_SOURCE
from .efficiency import CEILING, REGIMES, Efficiency, efficiency
from .measurements import Measurement
from .rows import predicted_over_measured, rows_of
from .server import ENDLESS

__all__ = ["Comparison", "Score", "compare", "scores", "spread_of", "usable"]

# The part of the measured times that an interval leaves out at each end.
_TAIL = 0.1


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """A measurement beside its prediction.

    Parameters
    ----------
    measurement : Measurement
        What was measured. [-]
    error : float
        Predicted over measured rate, less one: above zero is too fast. [-]
    covered : bool
        Whether the measured figure lies in the interval. [-]
    constants : str
        The constant set that predicted it. [-]

    Examples
    --------
    >>> Comparison(measurement=None, error=0.1, covered=True, constants="any engine, HBM GPU").error
    0.1
    """

    measurement: Measurement
    error: float
    covered: bool
    constants: str


@dataclass(frozen=True, kw_only=True)
class Score:
    """How well a group of measurements was predicted.

    Parameters
    ----------
    group : str
        The group. [-]
    count : int
        Measurements. [-]
    median, mean : float
        Median and mean of the absolute error. [-]
    bias : float
        Median error: above zero is too fast. [-]
    worst : float
        The error furthest from zero. [-]
    coverage : float
        Share of the measurements inside their interval. [-]

    Examples
    --------
    >>> Score(group="all", count=1, median=0.1, mean=0.1, bias=0.1, worst=0.1, coverage=1.0).count
    1
    """

    group: str
    count: int
    median: float
    mean: float
    bias: float
    worst: float
    coverage: float


def usable(measurements) -> tuple:
    """Set apart what cannot be judged: no published peak, or a figure that no machine reaches.

    Parameters
    ----------
    measurements : sequence of Measurement
        The rows. [-]

    Returns
    -------
    tuple of (list of Measurement, list of str)
        Those that can be judged, and for each other a line that says why not. [-]

    Examples
    --------
    >>> usable([])
    ([], [])
    """
    measurements = list(measurements)
    if not measurements:
        return [], []
    rows = rows_of(measurements)
    # A request that waits for others is never faster than the peaks allow it alone; hence the ceiling is safe.
    ratios, _ = predicted_over_measured(rows, CEILING)
    good, reasons = [], []
    for row, ratio, peak in zip(measurements, ratios, rows.server.peak, strict=True):
        if row.kind == "first token" and peak >= ENDLESS:
            reasons.append(f"{row.name}: {row.machine} has no published peak, so its prefill cannot be predicted")
        elif ratio > 1.001:
            reasons.append(
                f"{row.name}: {row.metric} of {row.value:g} is {ratio:.2f} times what {row.machine} can do; "
                "a wrong row, a cache of fewer bits, or more than one token a step"
            )
        else:
            good.append(row)
    return good, reasons


def compare(measurements, constants_of=None) -> list:
    """Predict each measurement and hold it against the measured figure.

    Parameters
    ----------
    measurements : sequence of Measurement
        The rows. [-]
    constants_of : callable or None, optional
        Gives the constants for a measurement; None takes those of the
        catalogue, the broad ones for an engine that it does not know. [-]

    Returns
    -------
    list of Comparison
        One for each row. [-]

    Examples
    --------
    >>> compare([])
    []
    """
    import numpy

    groups = {}
    for position, row in enumerate(measurements):
        constants = _catalogue_constants(row) if constants_of is None else constants_of(row)
        groups.setdefault(id(constants), (constants, []))[1].append(position)
    found = [None] * len(measurements)
    for constants, positions in groups.values():
        rows = rows_of([measurements[position] for position in positions])
        ratios, _ = predicted_over_measured(rows, constants)
        for position, ratio in zip(positions, numpy.atleast_1d(ratios), strict=True):
            row = measurements[position]
            low, high = constants.spread[row.regime]
            found[position] = Comparison(
                measurement=row,
                error=float(1 / ratio - 1),
                covered=bool(low <= 1 / ratio <= high),
                constants=constants.name,
            )
    return found


def _catalogue_constants(row: Measurement) -> Efficiency:
    machine_class = catalogue.accelerator(row.machine).machine_class
    try:
        return efficiency(row.engine, machine_class, row.machine)
    except ValueError:
        return efficiency(None, machine_class)


def scores(comparisons, group_of=lambda comparison: "all") -> list:
    """Score comparisons by group.

    Parameters
    ----------
    comparisons : sequence of Comparison
        The comparisons. [-]
    group_of : callable, optional
        Names the group of a comparison. [-]

    Returns
    -------
    list of Score
        One for each group, by name. [-]

    Examples
    --------
    >>> scores([])
    []
    """
    from statistics import fmean, median

    groups = {}
    for comparison in comparisons:
        groups.setdefault(str(group_of(comparison)), []).append(comparison)
    return [
        Score(
            group=name,
            count=len(members),
            median=median(abs(member.error) for member in members),
            mean=fmean(abs(member.error) for member in members),
            bias=median(member.error for member in members),
            worst=max((member.error for member in members), key=abs),
            coverage=fmean(member.covered for member in members),
        )
        for name, members in sorted(groups.items())
    ]


def spread_of(comparisons, tail: float = _TAIL) -> dict:
    """Turn the errors of one's own predictions into intervals for the next.

    Parameters
    ----------
    comparisons : sequence of Comparison
        Predictions of rows that were not fitted on. [-]
    tail : float, optional
        Part of the measured times to leave out at each end. [-]

    Returns
    -------
    dict of str to (float, float)
        By regime, the factors on a predicted time. [-]

    Notes
    -----
    Equation :eq:`eq-conformal`. The weighted quantiles of measured over predicted time, every
    source counting as at most a few dozen rows. A regime with too few rows to have
    such quantiles keeps a factor of two.

    Examples
    --------
    >>> spread_of([])["single"]
    (0.5, 2.0)
    """
    counts = {}
    for entry in comparisons:
        key = (entry.measurement.regime, entry.measurement.source)
        counts[key] = counts.get(key, 0) + 1
    result = {}
    for regime in REGIMES:
        members = [entry for entry in comparisons if entry.measurement.regime == regime]
        weighted = sorted(
            (1 + entry.error, min(1.0, ROWS_OF_A_SOURCE / counts[regime, entry.measurement.source]))
            for entry in members
        )
        if len(weighted) * tail < 1:
            result[regime] = (0.5, 2.0)
            continue
        result[regime] = (_quantile(weighted, tail), _quantile(weighted, 1 - tail))
    return result


def _quantile(weighted, share):
    total = sum(weight for _, weight in weighted)
    reached = 0.0
    for value, weight in weighted:
        reached += weight
        if reached >= share * total:
            return value
    return weighted[-1][0]
