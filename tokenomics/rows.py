"""Measurements side by side, and all of them predicted at once."""

import math
from dataclasses import dataclass
from functools import cached_property

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

    # What a fit asks for at each of its hundreds of steps, and what no constant changes.

    @cached_property
    def _full(self):
        return self.requests != self.requests

    @cached_property
    def _steps_and_first_tokens(self):
        return [self.kind == "step", self.kind == "first token"]

    @cached_property
    def _lower_precisions(self):
        import numpy

        arithmetic = numpy.array(self.arithmetic)
        return [arithmetic == "fp8", arithmetic == "fp4"]

    @cached_property
    def _most(self):
        return {}


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
    keys = [(row.model, row.machine, row.parallelism, row.weights, row.kv_bits) for row in measurements]
    servers, products, machines = {}, {}, {}
    for name, machine, parallelism, weights, kv_bits in dict.fromkeys(keys):
        accelerator, stored = catalogue.accelerator(machine), precision(weights)
        key = (name, machine, parallelism, weights, kv_bits)
        servers[key] = server(catalogue.model(name), accelerator, parallelism, stored, kv_bits)
        products[key], machines[key] = arithmetic_of(stored, accelerator), accelerator.machine_class

    def column(read):
        return numpy.array([read(row) for row in measurements], dtype=float)

    return Rows(
        measurements=measurements,
        server=stack([servers[key] for key in keys]),
        input_tokens=column(lambda row: row.input_tokens),
        output_tokens=column(lambda row: row.output_tokens),
        longest=column(lambda row: row.output_tokens if row.longest is None else row.longest),
        requests=column(lambda row: math.nan if row.requests is None else row.requests),
        arithmetic=tuple(products[key] for key in keys),
        machine_class=tuple(machines[key] for key in keys),
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

    compute = numpy.select(
        rows._lower_precisions, [constants.compute_fp8, constants.compute_fp4], constants.compute
    )

    def run(requests):
        return times(rows.server, constants, compute, rows.input_tokens, rows.output_tokens, requests, rows.longest)

    full, requests = rows._full, rows.requests
    if full.any():
        # How many run at once is a matter of memory and of the engine's own limit, which no fit changes.
        limits = numpy.array(constants.memory_share).tobytes(), numpy.array(constants.max_sequences).tobytes()
        if limits not in rows._most:
            rows._most[limits] = run(None).requests
        requests = numpy.where(full, rows._most[limits], requests)
    t = run(requests)
    first = t.prefill / t.waves + constants.request_time
    # Where the number of requests is not stated the measured figure is a rate.
    measured = numpy.where(full, requests * rows.output_tokens / rows.measured, rows.measured)
    predicted = numpy.select(rows._steps_and_first_tokens, [t.step, first], t.total)
    return predicted / measured, t
