"""Measurements side by side, and all of them predicted at once."""

import math
from dataclasses import dataclass

from . import catalogue
from .burst import times
from .deployment import precision
from .efficiency import Efficiency
from .server import arithmetic_of, server, stack

__all__ = ["Rows", "predicted_over_measured", "rows_of"]


@dataclass(frozen=True, kw_only=True)
class Rows:
    """Measurements side by side, ready to be timed at once.

    Parameters
    ----------
    measurements : tuple of Measurement
        The rows. [-]
    server : Server
        Their deployments. [-]
    input_tokens, output_tokens, longest, requests : ndarray
        Their workloads; requests are not a number where the server is to be as
        full as it goes. [token]
    arithmetic : tuple of str
        The precision of their products. [-]
    machine_class : tuple of str
        The class of their machines. [-]
    kind : ndarray of str
        What each is held against. [-]
    measured : ndarray
        Its time, or tokens a second where only that is known. [s]

    Examples
    --------
    >>> Rows.__name__
    'Rows'
    """

    measurements: tuple
    server: object
    input_tokens: object
    output_tokens: object
    longest: object
    requests: object
    arithmetic: tuple
    machine_class: tuple
    kind: object
    measured: object

    def __len__(self):
        return len(self.measurements)


def rows_of(measurements) -> Rows:
    """Put measurements side by side.

    Parameters
    ----------
    measurements : sequence of Measurement
        The rows. [-]

    Returns
    -------
    Rows
        The rows in numbers. [-]

    Raises
    ------
    ValueError
        If there is none.

    Examples
    --------
    >>> from tokenomics.measurement_tables import read_table
    >>> len(rows_of(read_table(catalogue.path("vllm_grid.csv"))[0]))
    616
    """
    import numpy

    measurements = tuple(measurements)
    if not measurements:
        raise ValueError("calibration: no measurement is left; give a table with at least one good row")
    servers = {}
    for row in measurements:
        key = (row.model, row.machine, row.parallelism, row.weights, row.kv_bits)
        if key not in servers:
            machine = catalogue.accelerator(row.machine)
            servers[key] = server(
                catalogue.model(row.model), machine, row.parallelism, precision(row.weights), row.kv_bits
            )
    keys = [(row.model, row.machine, row.parallelism, row.weights, row.kv_bits) for row in measurements]

    def column(read):
        return numpy.array([read(row) for row in measurements], dtype=float)

    return Rows(
        measurements=measurements,
        server=stack([servers[key] for key in keys]),
        input_tokens=column(lambda row: row.input_tokens),
        output_tokens=column(lambda row: row.output_tokens),
        longest=column(lambda row: row.output_tokens if row.longest is None else row.longest),
        requests=column(lambda row: math.nan if row.requests is None else row.requests),
        arithmetic=tuple(
            arithmetic_of(precision(row.weights), catalogue.accelerator(row.machine)) for row in measurements
        ),
        machine_class=tuple(catalogue.accelerator(row.machine).machine_class for row in measurements),
        kind=numpy.array([row.kind for row in measurements]),
        measured=column(lambda row: row.value if row.time is None else row.time),
    )


def predicted_over_measured(rows: Rows, constants: Efficiency):
    """Hold predicted times against measured ones.

    Parameters
    ----------
    rows : Rows
        The measurements. [-]
    constants : Efficiency
        The constants to predict with; each may be an array over the rows. [-]

    Returns
    -------
    tuple of (ndarray, Times)
        Predicted over measured time, and where the predicted time goes. [-]

    Examples
    --------
    >>> from tokenomics.efficiency import CEILING
    >>> from tokenomics.measurement_tables import read_table
    >>> rows = rows_of(read_table(catalogue.path("vllm_grid.csv"))[0])
    >>> bool((predicted_over_measured(rows, CEILING)[0] < 1).all())
    True
    """
    import numpy

    by_precision = {"bf16": constants.compute, "fp8": constants.compute_fp8, "fp4": constants.compute_fp4}
    compute = numpy.select(
        [numpy.array([name == arithmetic for name in rows.arithmetic]) for arithmetic in by_precision],
        list(by_precision.values()),
        constants.compute,
    )

    def run(requests):
        return times(rows.server, constants, compute, rows.input_tokens, rows.output_tokens, requests, rows.longest)

    requests = rows.requests
    if numpy.isnan(requests).any():
        requests = numpy.where(numpy.isnan(requests), run(None).requests, requests)
    t = run(requests)
    first = t.prefill / t.waves + constants.request_time
    full = rows.requests != rows.requests
    # Where the number of requests is not stated the measured figure is a rate.
    measured = numpy.where(full, requests * rows.output_tokens / rows.measured, rows.measured)
    predicted = numpy.select([rows.kind == "step", rows.kind == "first token"], [t.step, first], t.total)
    return predicted / measured, t
