"""What a chip is made of: where its peak comes from, what its memories hold, what it takes to feed and to start it."""

from dataclasses import dataclass

from . import catalogue
from .checks import positive, suggestion, text
from .elementwise import maximum

__all__ = [
    "Chip",
    "board_energy",
    "chip",
    "launched_time",
    "peak_from_units",
    "product_intensity",
    "shared_bandwidth",
    "tile_intensity",
]


@dataclass(frozen=True, kw_only=True)
class Chip:
    """The processors of an accelerator and the memories on the chip.

    Parameters
    ----------
    name : str
        The accelerator's name in the catalogue. [-]
    processors : int
        Processors, which NVIDIA calls streaming multiprocessors. [-]
    matrix_units : int
        Units that multiply matrices, on all of them: tensor cores. [-]
    flops_per_cycle : float
        Dense arithmetic of one such unit in a cycle, in bf16. [FLOP]
    clock : float
        Cycles in a second while they work. [Hz]
    registers, shared : float
        Register file of one processor; its shared memory and first cache. [byte]
    shared_bytes_per_cycle : float
        What the shared memory of one processor hands out in a cycle. [byte]
    second_cache : float
        Cache that all processors share. [byte]

    Examples
    --------
    >>> chip("H100-SXM-80GB").processors
    132
    """

    name: str
    processors: int
    matrix_units: int
    flops_per_cycle: float
    clock: float
    registers: float
    shared: float
    shared_bytes_per_cycle: float
    second_cache: float

    def __post_init__(self):
        text("chip", "name", self.name)
        for field in list(self.__dataclass_fields__)[1:]:
            positive(self.name, field, getattr(self, field))


def chip(name: str) -> Chip:
    """Look up what an accelerator's chip is made of.

    Parameters
    ----------
    name : str
        Name of the accelerator. [-]

    Returns
    -------
    Chip
        The chip. [-]

    Raises
    ------
    ValueError
        If the catalogue does not know that chip; the message lists those it knows.

    Examples
    --------
    >>> chip("A100-SXM-80GB").matrix_units
    432
    """
    rows = {row["name"]: row for row in catalogue.rows("chips")}
    if name not in rows:
        raise ValueError(f"no chip {name!r} in the catalogue; {suggestion(name, rows)}")
    row = rows[name]
    return Chip(
        name=name,
        processors=int(row["processors"]),
        matrix_units=int(row["matrix_units"]),
        flops_per_cycle=float(row["flops_per_cycle"]),
        clock=1e6 * float(row["clock_mhz"]),
        registers=1024 * float(row["register_kib"]),
        shared=1024 * float(row["shared_kib"]),
        shared_bytes_per_cycle=float(row["shared_bytes_per_cycle"]),
        second_cache=2**20 * float(row["l2_mib"]),
    )


def peak_from_units(units, flops_per_cycle, clock):
    """Work out a peak from what the chip holds.

    Parameters
    ----------
    units : float or ndarray
        Units that multiply matrices. [-]
    flops_per_cycle : float or ndarray
        Arithmetic of one unit in a cycle. [FLOP]
    clock : float or ndarray
        Cycles in a second. [Hz]

    Returns
    -------
    float or ndarray
        Peak arithmetic. [FLOP/s]

    Notes
    -----
    Equation :eq:`eq-peak`. A chip that draws more power than it may lowers its
    clock, and its peak with it.

    Examples
    --------
    >>> round(peak_from_units(528, 1024, 1.83e9) / 1e12)
    989
    """
    return units * flops_per_cycle * clock


def shared_bandwidth(processors, bytes_per_cycle, clock):
    """Work out what the shared memories of all processors hand out together.

    Parameters
    ----------
    processors : float or ndarray
        Processors. [-]
    bytes_per_cycle : float or ndarray
        What one of them is handed in a cycle. [byte]
    clock : float or ndarray
        Cycles in a second. [Hz]

    Returns
    -------
    float or ndarray
        Bandwidth. [byte/s]

    Notes
    -----
    Equation :eq:`eq-peak`, with bytes in the place of operations. It takes
    accesses without conflicts.

    Examples
    --------
    >>> round(shared_bandwidth(132, 128, 1.83e9) / 1e12, 1)
    30.9
    """
    return processors * bytes_per_cycle * clock


def product_intensity(rows, inputs, outputs, bits):
    """Find the arithmetic intensity of a product of two matrices.

    Parameters
    ----------
    rows : float or ndarray
        Vectors that are multiplied: the tokens of a pass. [-]
    inputs, outputs : float or ndarray
        Shape of the weight matrix. [-]
    bits : float or ndarray
        Stored size of every number. [bit]

    Returns
    -------
    float or ndarray
        Arithmetic intensity. [FLOP/byte]

    Notes
    -----
    Equation :eq:`eq-product-intensity`: each matrix crosses the bus once. It tends to
    16/bits for each row when the rows are few, and to a limit set by the weight
    matrix when they are many.

    Examples
    --------
    >>> round(product_intensity(1, 8192, 28672, 16), 4), round(product_intensity(2048, 8192, 28672, 16))
    (0.9998, 1550)
    """
    return 2 * rows * inputs * outputs / ((rows * inputs + inputs * outputs + rows * outputs) * bits / 8)


def tile_intensity(rows, columns, bits):
    """Find the arithmetic intensity of a tile of a product, against the memory that feeds it.

    Parameters
    ----------
    rows, columns : float or ndarray
        The piece of the result that stays on the chip. [-]
    bits : float or ndarray
        Stored size of a number that is fed. [bit]

    Returns
    -------
    float or ndarray
        Arithmetic intensity. [FLOP/byte]

    Notes
    -----
    Equation :eq:`eq-tile`: for each of the inner steps a column and a row come
    in, and every place of the tile gains one product. What is written at the
    end is left out; the inner dimension is long.

    Examples
    --------
    >>> round(tile_intensity(128, 256, 16), 1)
    85.3
    """
    return 2 * rows * columns / ((rows + columns) * bits / 8)


def launched_time(work_time, kernels, launch_time):
    """Time a pass whose kernels the host sends one by one.

    Parameters
    ----------
    work_time : float or ndarray
        Time that the kernels run. [s]
    kernels : float or ndarray
        Kernels of the pass. [-]
    launch_time : float or ndarray
        Time that the host takes to send one. [s]

    Returns
    -------
    float or ndarray
        Time of the pass. [s]

    Notes
    -----
    Equation :eq:`eq-launch`: while one kernel runs the host sends the next, so
    the slower of the two sets the pace. Gaps between kernels are left out; they
    come on top and a graph shortens them too.

    Examples
    --------
    >>> launched_time(0.010, 500, 4e-6), launched_time(0.001, 500, 4e-6)
    (0.01, 0.002)
    """
    return maximum(work_time, kernels * launch_time)


def board_energy(power, rate):
    """Divide the power of a board by a rate: the energy of one operation, or of one byte.

    Parameters
    ----------
    power : float or ndarray
        Power of the board. [W]
    rate : float or ndarray
        Operations or bytes in a second. [-]

    Returns
    -------
    float or ndarray
        Energy of one. [J]

    Notes
    -----
    Equation :eq:`eq-energy`. It charges all of the board's limit to that one
    peak: what is paid when the board draws its limit, not what the wires need.

    Examples
    --------
    >>> round(board_energy(700, 3.35e12) * 1e12)
    209
    """
    return power / rate
