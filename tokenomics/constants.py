"""The constant sets of the catalogue: broad ones by class of machine, and one for each engine with enough data."""

import dataclasses
from dataclasses import dataclass

from . import catalogue
from .calibration import Fit, fit
from .efficiency import CEILING, Efficiency
from .hardware import MACHINE_CLASSES
from .rows import Rows, predicted_over_measured, rows_of

__all__ = [
    "BROAD", "ROWS_OF_A_SOURCE", "VLLM_FREE", "VLLM_H100", "Sets", "fit_sets", "fit_vllm", "source_weights",
    "two_shares",
]  # fmt: skip

# What the broad sets leave free; the rest belongs to one engine.
BROAD = (
    "weight_bandwidth", "packed_bandwidth", "kv_bandwidth", "compute", "compute_fp8", "compute_fp4", "link",
    "step_time", "layer_time", "call_time", "sequence_time", "request_time",
)  # fmt: skip

# A source with hundreds of rows says no more about other houses than one with this many.
ROWS_OF_A_SOURCE = 20

# An engine with fewer rows on a class of machines than this keeps the broad constants.
_ROWS_OF_AN_ENGINE = 15

# What is known of vLLM in March 2025 on an H100 before any fit: 132 processors; graphs captured for contexts to 8192
# tokens; prompts in chunks of 2048 tokens; at most 256 sequences at once. The shares and the times start at an earlier
# fit with six constants. The fixed time of a step cannot be told from that of its layers in these runs: it is taken to
# be nothing.
VLLM_H100 = Efficiency(
    name="vllm, H100-SXM-80GB",
    engine="vllm",
    machine_class="HBM GPU",
    machine="H100-SXM-80GB",
    weight_bandwidth=0.66,
    kv_bandwidth=0.42,
    compute=0.43,
    step_time=0.0,
    layer_time=8e-6,
    call_time=10e-6,
    eager_time=30e-6,
    capture_limit=8192,
    stream_rate=40e9,
    cores=132,
    pass_tokens=2048,
    max_sequences=256,
)
VLLM_FREE = (
    "weight_bandwidth", "kv_bandwidth", "compute", "link", "layer_time", "call_time", "sequence_time", "request_time",
    "eager_time", "stream_rate",
)  # fmt: skip


@dataclass(frozen=True)
class Sets:
    """Constant sets by engine and class of machine.

    Parameters
    ----------
    sets : dict of str to Efficiency
        The sets by their names. [-]
    fits : dict of str to Fit, optional
        How they were found. [-]

    Examples
    --------
    >>> Sets({"any engine, NPU": VLLM_H100}).sets["any engine, NPU"].engine
    'vllm'
    """

    sets: dict
    fits: dict = dataclasses.field(default_factory=dict)

    def of(self, measurement) -> Efficiency:
        """Choose the set for a measurement.

        Parameters
        ----------
        measurement : Measurement
            The measurement. [-]

        Returns
        -------
        Efficiency
            The set of its engine on its class of machines, or the broad one. [-]

        Examples
        --------
        >>> from tokenomics.measurement_tables import read_table
        >>> runs = read_table(catalogue.path("vllm_grid.csv"))[0][:20]
        >>> fit_sets(runs).of(runs[0]).name
        'vllm, HBM GPU'
        """
        kind = catalogue.accelerator(measurement.machine).machine_class
        return self.sets.get(f"{measurement.engine}, {kind}", self.sets[f"any engine, {kind}"])

    def with_spread(self, spread: dict) -> "Sets":
        """Give every set the same intervals.

        Parameters
        ----------
        spread : dict of str to (float, float)
            By regime, the factors on a predicted time. [-]

        Returns
        -------
        Sets
            The sets with these intervals. [-]

        Examples
        --------
        >>> Sets({"mine": VLLM_H100}).with_spread({"single": (0.9, 1.2)}).sets["mine"].spread
        {'single': (0.9, 1.2)}
        """
        return Sets({name: dataclasses.replace(found, spread=spread) for name, found in self.sets.items()}, self.fits)


def source_weights(rows: Rows):
    """Weigh each source as at most a few rows.

    Parameters
    ----------
    rows : Rows
        The measurements. [-]

    Returns
    -------
    ndarray
        Weight of each row. [-]

    Examples
    --------
    >>> from tokenomics.measurement_tables import read_table
    >>> source_weights(rows_of(read_table(catalogue.path("vllm_grid.csv"))[0][:2])).tolist()
    [1.0, 1.0]
    """
    import numpy

    counts = {}
    for row in rows.measurements:
        counts[row.source] = counts.get(row.source, 0) + 1
    return numpy.array([min(1.0, ROWS_OF_A_SOURCE / counts[row.source]) for row in rows.measurements])


def _fit(measurements, base, begin, by_type=False) -> Fit:
    rows = rows_of(measurements)
    return fit(rows, base, BROAD, weights=source_weights(rows), by_type=by_type, begin=begin)


def fit_sets(measurements, begin: Sets | None = None, engines=None) -> Sets:
    """Fit the broad constants to all engines at once, then those of each engine, starting there.

    Parameters
    ----------
    measurements : sequence of Measurement
        The rows. [-]
    begin : Sets or None, optional
        Sets fitted to similar rows, to search from; the result is the same,
        only sooner. [-]
    engines : set of str or None, optional
        The engines whose own sets are wanted; None wants them all. [-]

    Returns
    -------
    Sets
        A set for each class of machines, and one for each engine that has
        enough rows on a class. [-]

    Notes
    -----
    GPUs and chips with shared memory have all but the bandwidth shares in
    common. Chips that are no GPU run their own software: they get constants of
    their own, or, without data, those of the nearest GPU.

    Examples
    --------
    >>> from tokenomics.measurement_tables import read_table
    >>> runs = read_table(catalogue.path("vllm_grid.csv"))[0]
    >>> list(fit_sets(runs[:20]).sets)[-2:]
    ['any engine, NPU', 'vllm, HBM GPU']
    """
    earlier = {} if begin is None else begin.fits
    groups, common = {}, []
    for row in measurements:
        kind = catalogue.accelerator(row.machine).machine_class
        groups.setdefault((row.engine, kind), []).append(row)
        if kind != "NPU":
            common.append(row)
    start = Efficiency(name="any engine")
    fits, by_type, constants = {}, {}, start
    if common:
        fits["any engine"] = _fit(common, start, earlier.get("any engine"), by_type=True)
        by_type, constants = fits["any engine"].by_type, fits["any engine"].constants
    sets = {}
    for kind in MACHINE_CLASSES:
        name = f"any engine, {kind}"
        own = {constant: shares.get(kind, getattr(start, constant)) for constant, shares in by_type.items()}
        known = {
            key: error
            for key, error in constants.standard_errors.items()
            if "," not in key or key.endswith(f", {kind}")
        }
        unknown = tuple(key for key in constants.unidentified if "," not in key or key.endswith(f", {kind}"))
        sets[name] = dataclasses.replace(
            constants, name=name, machine_class=kind, standard_errors=known, unidentified=unknown, **own
        )
    nearest = dataclasses.replace(sets["any engine, HBM GPU"], name="any engine, NPU", machine_class="NPU")
    apart = [row for (_, kind), rows in groups.items() if kind == "NPU" for row in rows]
    if apart:
        fits["any engine, NPU"] = _fit(apart, nearest, earlier.get("any engine, NPU"))
        nearest = fits["any engine, NPU"].constants
    sets["any engine, NPU"] = nearest
    for (engine, kind), rows in sorted(groups.items()):
        if len(rows) < _ROWS_OF_AN_ENGINE or (engines is not None and engine not in engines):
            continue
        name = f"{engine}, {kind}"
        base = dataclasses.replace(sets[f"any engine, {kind}"], name=name, engine=engine)
        fits[name] = _fit(rows, base, earlier.get(name))
        sets[name] = fits[name].constants
    return Sets(sets, fits)


def fit_vllm(measurements, series, begin: Fit | None = None) -> Fit:
    """Fit the constants of vLLM on the H100 to the runs of the grid.

    Parameters
    ----------
    measurements : sequence of Measurement
        The runs. [-]
    series : sequence of str
        The series that each belongs to; every series weighs alike, so that the
        many runs of one model do not drown the few of another. [-]
    begin : Fit or None, optional
        A fit to similar runs, to search from; the result is the same, only
        sooner. [-]

    Returns
    -------
    Fit
        The constants. [-]

    Examples
    --------
    >>> from tokenomics.measurement_tables import read_table
    >>> runs = read_table(catalogue.path("vllm_grid.csv"))[0][:40]
    >>> fit_vllm(runs, ["some"] * 40).constants.capture_limit
    8192
    """
    import numpy

    counts = {name: series.count(name) for name in set(series)}
    weights = numpy.array([ROWS_OF_A_SOURCE / counts[name] for name in series])
    return fit(rows_of(measurements), VLLM_H100, VLLM_FREE, weights=weights, begin=begin)


def two_shares(measurements, series) -> Efficiency:
    """Find the best that two constants can do for vLLM on the H100: one share of the bandwidth, one of the arithmetic.

    Parameters
    ----------
    measurements : sequence of Measurement
        The runs. [-]
    series : sequence of str
        The series that each belongs to; every series weighs alike. [-]

    Returns
    -------
    Efficiency
        The engine's limits, the two shares to the hundredth, and nothing added. [-]

    Examples
    --------
    >>> from tokenomics.measurement_tables import read_table
    >>> runs = read_table(catalogue.path("vllm_grid.csv"))[0][:40]
    >>> two_shares(runs, ["some"] * 40).layer_time
    0.0
    """
    import numpy

    limits = {"memory_share": VLLM_H100.memory_share, "max_sequences": VLLM_H100.max_sequences}
    rows, names = rows_of(measurements), numpy.array(series)
    groups = [names == name for name in dict.fromkeys(series)]

    def constants(pair):
        bandwidth, compute = pair
        shares = {"weight_bandwidth": bandwidth, "kv_bandwidth": bandwidth, "compute": compute}
        return dataclasses.replace(CEILING, name="two shares", **limits, **shares)

    def mean_error(pair):
        errors = abs(1 / predicted_over_measured(rows, constants(pair))[0] - 1)
        return sum(errors[group].mean() for group in groups)

    pairs = [(bandwidth / 100, compute / 100) for bandwidth in range(45, 70) for compute in range(30, 55)]
    return constants(min(pairs, key=mean_error))
