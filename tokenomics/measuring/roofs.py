"""The roofs that a run measured, and whether anything in it stands above them."""

from dataclasses import dataclass

from .. import catalogue
from ..hardware import Accelerator
from ..roofline import operation_time
from .record import Run

__all__ = ["Roofs", "above_roofs", "least_time", "measured_machine", "roofs"]


@dataclass(frozen=True, kw_only=True)
class Roofs:
    """The best that a machine did.

    Parameters
    ----------
    bandwidth : float
        Memory moved. [byte/s]
    peaks : dict of str to float
        Arithmetic by precision. [FLOP/s]
    launch : dict of str to float
        Time of one small operation, by mode. [s]

    Examples
    --------
    >>> Roofs(bandwidth=30e9, peaks={"bf16": 2e12}, launch={}).bandwidth
    30000000000.0
    """

    bandwidth: float
    peaks: dict
    launch: dict


def roofs(run: Run) -> Roofs:
    """Find the roofs: the best samples of the plain kernels.

    Parameters
    ----------
    run : Run
        The run. [-]

    Returns
    -------
    Roofs
        What the machine can do. [-]

    Raises
    ------
    ValueError
        If the run was cut off before it had measured memory and products.

    Notes
    -----
    Memory is copied, read, and read as weights of a product with a few vectors;
    the fastest of these is the roof. The decoder has no part in it.

    Examples
    --------
    >>> from tokenomics.measuring.files import measured
    >>> all(roofs(run).bandwidth > 1e9 for run in measured().values())
    True
    """
    memory = [point.traffic / point.best for point in run.points if point.kind in ("copy", "read", "vectors")]
    peaks = {}
    for point in run.points:
        if point.kind in ("product", "vectors"):
            peaks[point.precision] = max(peaks.get(point.precision, 0.0), point.flops / point.best)
    if not memory or not peaks:
        raise ValueError(
            f"run of {run.machine.name}: state is {run.state!r}, and it holds no {'product' if memory else 'memory'} "
            "measurement; run it again to the end"
        )
    launch = {point.mode: point.best / point.shape["operations"] for point in run.points if point.kind == "launch"}
    return Roofs(bandwidth=max(memory), peaks=peaks, launch=launch)


def least_time(point, machine: Roofs) -> float:
    """Time what a point did under the measured roofs.

    Parameters
    ----------
    point : Point
        The point. [-]
    machine : Roofs
        The roofs. [-]

    Returns
    -------
    float
        The least time; without a measured peak for its precision that of the
        memory alone. [s]

    Examples
    --------
    >>> from tokenomics.measuring.record import Point
    >>> point = Point(kind="product", seconds=(1.0,), flops=1e12, traffic=1e9, precision="bf16")
    >>> least_time(point, Roofs(bandwidth=1e10, peaks={"bf16": 2e12}, launch={}))
    0.5
    """
    peak = machine.peaks.get(point.precision, float("inf"))
    return operation_time(point.flops, point.traffic, peak, machine.bandwidth)


def above_roofs(run: Run) -> list:
    """List the points that are faster than the roofs allow: there should be none.

    Parameters
    ----------
    run : Run
        The run. [-]

    Returns
    -------
    list of Point
        Points whose middle sample beats the roofs; a cache that held what was
        taken to come from memory does that, or a machine that others slowed
        down while the roofs were measured. [-]

    Examples
    --------
    >>> from tokenomics.measuring.files import measured
    >>> [point for run in measured().values() for point in above_roofs(run)]
    []
    """
    machine = roofs(run)
    return [point for point in run.points if point.median < least_time(point, machine)]


def measured_machine(run: Run, precision: str) -> Accelerator:
    """Make a machine of the measured roofs, for the formulas of the package.

    Parameters
    ----------
    run : Run
        The run. [-]
    precision : str
        The precision of the products. [-]

    Returns
    -------
    Accelerator
        A machine whose peaks are what was measured. [-]

    Raises
    ------
    ValueError
        If products in that precision were not measured.

    Examples
    --------
    >>> from tokenomics.measuring.files import measured
    >>> run = next(iter(measured().values()))
    >>> measured_machine(run, "bf16").bandwidth == roofs(run).bandwidth
    True
    """
    found, machine = roofs(run), run.machine
    if precision not in found.peaks:
        known = ", ".join(found.peaks)
        raise ValueError(f"run of {machine.name}: precision is {precision!r}; products were measured in {known}")
    if machine.accelerator is not None:
        machine_class = catalogue.accelerator(machine.accelerator).machine_class
    else:
        # A processor shares its memory with the rest of the host.
        machine_class = "HBM GPU" if machine.device == "cuda" else "unified"
    return Accelerator(
        name=machine.name,
        label=machine.label,
        memory=machine.memory,
        bandwidth=found.bandwidth,
        # The formulas fall back on bf16 where a machine has no arithmetic of the weights' own precision.
        peaks={"bf16": found.peaks[precision]},
        machine_class=machine_class,
    )
