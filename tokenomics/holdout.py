"""Leave sources out: the error and the interval of a prediction for a house that nobody has seen."""

import dataclasses
from datetime import date

from . import catalogue
from .constants import fit_sets, fit_vllm
from .efficiency import Efficiency
from .validation import compare, spread_of

__all__ = ["leave_one_source_out", "refit"]


def leave_one_source_out(measurements, progress=None) -> list:
    """Predict every source with constants and intervals that never saw it.

    Parameters
    ----------
    measurements : sequence of Measurement
        The rows. [-]
    progress : callable or None, optional
        Told the name of each source as its turn comes. [-]

    Returns
    -------
    list of Comparison
        One for each row, source by source. [-]

    Raises
    ------
    ValueError
        If there are fewer than three sources.

    Notes
    -----
    For each source the constants are fitted to the others. Its intervals come
    from the errors that the others make when they are left out in turn, beside
    it: nothing of the source itself enters either.

    Examples
    --------
    >>> leave_one_source_out([])
    Traceback (most recent call last):
        ...
    ValueError: validation: 0 source(s); to leave one out and learn intervals takes at least 3
    """
    by_source = {}
    for row in measurements:
        by_source.setdefault(row.source, []).append(row)
    if len(by_source) < 3:
        raise ValueError(
            f"validation: {len(by_source)} source(s); to leave one out and learn intervals takes at least 3"
        )
    everything = fit_sets(measurements)
    fits = {}

    def without(*left_out):
        key = frozenset(left_out)
        if key not in fits:
            rest = [row for source in by_source if source not in key for row in by_source[source]]
            # Only what is left out will be predicted, so only its engines need sets of their own.
            engines = {row.engine for source in key for row in by_source[source]}
            fits[key] = fit_sets(rest, begin=everything, engines=engines)
        return fits[key]

    found = []
    for held in by_source:
        if progress is not None:
            progress(held)
        practice = []
        for second in by_source:
            if second != held:
                practice += compare(by_source[second], without(held, second).of)
        found += compare(by_source[held], without(held).with_spread(spread_of(practice)).of)
    return found


def refit(measurements, runs, series, progress=None) -> list:
    """Fit every constant set of the catalogue again.

    Parameters
    ----------
    measurements : sequence of Measurement
        The table of measurements. [-]
    runs : sequence of Measurement
        The runs of the vLLM grid. [-]
    series : sequence of str
        The series of each run. [-]
    progress : callable or None, optional
        Told the name of each source as its turn comes. [-]

    Returns
    -------
    list of dict
        The sets as they stand in the file. [-]

    Notes
    -----
    All sets carry the intervals of leaving one source out: they allow for
    another house and another version, and are wide for the runs they were fitted to.

    Examples
    --------
    >>> refit([], [], [])
    Traceback (most recent call last):
        ...
    ValueError: validation: 0 source(s); to leave one out and learn intervals takes at least 3
    """
    comparisons = leave_one_source_out(measurements, progress)
    spread = {
        regime: tuple(round(factor, 3) for factor in factors) for regime, factors in spread_of(comparisons).items()
    }
    found = fit_sets(measurements).with_spread(spread)
    counts, kinds = {}, {True: 0, False: 0}
    for row in measurements:
        kinds[catalogue.accelerator(row.machine).machine_class == "NPU"] += 1
        counts[found.of(row).name] = counts.get(found.of(row).name, 0) + 1
    entries = []
    for name, constants in found.sets.items():
        engine = constants.engine or "all engines"
        rows = counts[name] if constants.engine else kinds[constants.machine_class == "NPU"]
        entries.append(_entry(constants, f"measurements.csv, {engine}, {rows} rows"))
    vllm = fit_vllm(runs, list(series)).constants
    vllm = dataclasses.replace(vllm, spread=spread)
    return [*entries, _entry(vllm, f"vllm_grid.csv, {len(runs)} runs of March 2025")]


def _entry(constants: Efficiency, data: str) -> dict:
    """One set as plain data, its numbers to four figures."""
    values = {**dataclasses.asdict(constants), "data": data, "date": date.today().isoformat()}
    values["unidentified"] = list(constants.unidentified)
    return {name: float(f"{value:.4g}") if isinstance(value, float) else value for name, value in values.items()}
