"""Fit the constants of an engine to measurements, and say which ones the data cannot tell."""

import dataclasses
import math
from dataclasses import dataclass

from .checks import choice
from .efficiency import SHARES, Efficiency
from .rows import Rows, predicted_over_measured

__all__ = ["BY_TYPE", "Fit", "fit"]

# How far a constant may plausibly lie from where it starts: the standard deviation of its logarithm, of a share that
# of its log odds. Data move it freely within, and need reason to move it further.
_LEEWAY = dict.fromkeys(SHARES, 0.7) | {
    "step_time": 1.0,
    "layer_time": 0.7,
    "call_time": 0.5,
    "sequence_time": 1.0,
    "request_time": 1.0,
    "eager_time": 1.0,
    "stream_rate": 2.0,
}
# What goes with the memory rather than with the engine.
BY_TYPE = ("weight_bandwidth", "packed_bandwidth")
# A constant whose uncertainty the data did not bring below this part of the leeway is not identified.
_IDENTIFIED = 0.7
# What a single figure is worth: the spread of a good one about a good model.
_NOISE = 0.05
# How far a constant is nudged to see what it moves: the root of what a float tells apart.
_NUDGE = 2.0**-26


@dataclass(frozen=True, kw_only=True)
class Fit:
    """Constants, and how well they are known.

    Parameters
    ----------
    constants : Efficiency
        The fitted set, standard errors and unidentified constants included. [-]
    ratios : ndarray
        Predicted over measured time of each row. [-]
    by_type : dict, optional
        Constants that were fitted for each class of machines apart. [-]
    solution : dict, optional
        The same as unbounded numbers, where the search ended. [-]

    Examples
    --------
    >>> Fit(constants=None, ratios=()).ratios
    ()
    """

    constants: Efficiency
    ratios: object
    by_type: dict = dataclasses.field(default_factory=dict)
    solution: dict = dataclasses.field(default_factory=dict)


def _start(constants: Efficiency, free, types):
    """The free constants as unbounded numbers: log odds of shares, logarithms of the rest."""
    start, index = [], []
    for name in free:
        value = getattr(constants, name)
        for kind in types if name in BY_TYPE else ("",):
            index.append((name, kind))
            single = value[kind] if isinstance(value, dict) else value
            start.append(math.log(single / (1 - single)) if name in SHARES else math.log(single))
    return start, index


def _value(name, number):
    return 1 / (1 + math.exp(-number)) if name in SHARES else math.exp(number)


def fit(rows: Rows, base: Efficiency, free, *, weights=None, by_type: bool = False, begin: "Fit | None" = None) -> Fit:
    """Fit constants to measurements by robust least squares.

    Parameters
    ----------
    rows : Rows
        The measurements. [-]
    base : Efficiency
        Where to start; constants that are not free keep its values. [-]
    free : sequence of str
        The constants to fit. [-]
    weights : ndarray or None, optional
        Weight of each row; None weighs all alike. [-]
    by_type : bool, optional
        Whether each class of machines gets its own share of bandwidth. [-]
    begin : Fit or None, optional
        An earlier fit to similar rows, to search from; the result is the same,
        only sooner. [-]

    Returns
    -------
    Fit
        The constants and the ratios they leave. [-]

    Raises
    ------
    ValueError
        If no constant is free, or one of them cannot be fitted.

    Notes
    -----
    Equation :eq:`eq-robust-fit`. Least squares on the logarithm of predicted over measured, with a soft L1
    loss so that a stalled run does not pull, and with each constant tied to its
    start as loosely as ``_LEEWAY`` says. Shares are fitted as log odds and times as
    logarithms, so no share can pass 1 and no time fall below zero.

    Examples
    --------
    >>> from tokenomics import catalogue
    >>> from tokenomics.measurement_tables import read_table
    >>> from tokenomics.rows import rows_of
    >>> rows = rows_of(read_table(catalogue.path("vllm_grid.csv"))[0][:20])
    >>> fit(rows, Efficiency(name="mine"), ["weight_bandwidth"]).constants.weight_bandwidth < 1
    True
    """
    import numpy
    from scipy.optimize import least_squares

    if not free:
        raise ValueError("calibration: no constant is free; name at least one")
    for name in free:
        choice("calibration", "constant", name, _LEEWAY)
    types = sorted(set(rows.machine_class)) if by_type else ("",)
    start, index = _start(base, free, types)
    start = numpy.array(start)
    leeway = numpy.array([_LEEWAY[name] for name, _ in index])
    weight = 1.0 if weights is None else numpy.sqrt(weights)
    members = {kind: numpy.array([of == kind for of in rows.machine_class]) for kind in types}

    is_share = numpy.array([name in SHARES for name, _ in index])

    def constants(points):
        """Sets of constants side by side, one for each point: each constant is a column."""
        odds = numpy.exp(points)
        found, values = numpy.where(is_share, odds / (1 + odds), odds), {}
        for position, (name, kind) in enumerate(index):
            column = found[:, position, None]
            if kind:
                spread = values.setdefault(name, numpy.ones((len(points), len(rows))))
                spread[:, members[kind]] = column
            else:
                values[name] = column
        return dataclasses.replace(base, **values)

    def residuals_at(points):
        ratios, _ = predicted_over_measured(rows, constants(points))
        return numpy.concatenate([numpy.log(ratios) * weight / _NOISE, (points - start) / leeway], axis=1)

    def slopes(numbers):
        # All constants are nudged at once: what does not depend on them is worked out once for all.
        nudge = _NUDGE * numpy.where(numbers < 0, -1.0, 1.0) * numpy.maximum(1.0, abs(numbers))
        found = residuals_at(numpy.vstack([numbers, numbers + numpy.diag(nudge)]))
        return ((found[1:] - found[0]) / nudge[:, None]).T

    known = {} if begin is None else begin.solution
    first = numpy.array([known.get(of, number) for of, number in zip(index, start, strict=True)])
    # The faster of SciPy's two ways needs two unknowns to span its plane.
    way = "lsmr" if len(start) > 1 else "exact"
    solution = least_squares(
        lambda numbers: residuals_at(numbers[None])[0], first, slopes,
        loss="soft_l1", x_scale=leeway, ftol=1e-5, tr_solver=way,
    )  # fmt: skip
    covariance = numpy.linalg.inv(solution.jac.T @ solution.jac)
    # Scale by the residuals that are left: the noise is what it is, not what was assumed.
    ratios = predicted_over_measured(rows, constants(solution.x[None]))[0][0]
    scatter = max(1.0, float(numpy.median(numpy.abs(numpy.log(ratios)))) / 0.6745 / _NOISE)
    errors, unknown = {}, []
    fitted = {}
    for position, (name, kind) in enumerate(index):
        label = f"{name}, {kind}" if kind else name
        value = _value(name, solution.x[position])
        deviation = math.sqrt(covariance[position, position])
        errors[label] = round(deviation * scatter * ((1 - value) if name in SHARES else 1.0), 4)
        if deviation * min(scatter, 1 / _IDENTIFIED) > _IDENTIFIED * leeway[position]:
            unknown.append(label)
        if kind:
            fitted.setdefault(name, {})[kind] = value
        else:
            fitted[name] = value
    by_class = {name: value for name, value in fitted.items() if isinstance(value, dict)}
    plain = {name: value for name, value in fitted.items() if name not in by_class}
    return Fit(
        constants=dataclasses.replace(base, **plain, standard_errors=errors, unidentified=tuple(unknown)),
        ratios=ratios,
        by_type=by_class,
        solution=dict(zip(index, solution.x.tolist(), strict=True)),
    )
