"""What a machine is: a frozen record of one accelerator, and what fits into it."""

from dataclasses import dataclass, field

from .checks import choice, positive, shown, text
from .elementwise import ceil

__all__ = ["MACHINE_CLASSES", "PRECISIONS", "Accelerator", "devices_to_hold", "peak_flops"]

PRECISIONS = ("bf16", "fp8", "int8", "fp4")
MACHINE_CLASSES = ("HBM GPU", "GDDR GPU", "unified", "NPU")


@dataclass(frozen=True, kw_only=True)
class Accelerator:
    """One accelerator, as its maker describes it.

    Parameters
    ----------
    name : str
        Its name in the catalogue. [-]
    label : str
        Its name in print. [-]
    memory : float
        Device memory. [byte]
    bandwidth : float
        Peak bandwidth of that memory. [byte/s]
    peaks : dict of str to float, optional
        Peak rate of dense matrix arithmetic by precision, of those in
        ``PRECISIONS``; a precision that is absent is unsupported or
        unpublished. [FLOP/s]
    link : float, optional
        Bandwidth to its peers, in one direction. [byte/s]
    power : float, optional
        Board power. [W]
    machine_class : str, optional
        One of ``MACHINE_CLASSES``: GPUs by their memory, chips with memory
        shared with the host, and chips that are no GPU. How much of its peaks
        software reaches goes with it. [-]

    Examples
    --------
    >>> from tokenomics.catalogue import accelerator
    >>> accelerator("H100-SXM-80GB").bandwidth
    3350000000000.0
    """

    name: str
    label: str
    memory: float
    bandwidth: float
    peaks: dict = field(default_factory=dict)
    link: float | None = None
    power: float | None = None
    machine_class: str = "HBM GPU"

    def __post_init__(self):
        text("accelerator", "name", self.name)
        text(self.name, "label", self.label)
        for quantity in ("memory", "bandwidth"):
            positive(self.name, quantity, getattr(self, quantity))
        for quantity in ("link", "power"):
            if getattr(self, quantity) is not None:
                positive(self.name, quantity, getattr(self, quantity))
        if not isinstance(self.peaks, dict):
            raise ValueError(f"{self.name}: peaks is {shown(self.peaks)}; it must be a dict of rates by precision")
        for precision, peak in self.peaks.items():
            choice(self.name, "precision in peaks", precision, PRECISIONS)
            positive(self.name, f"{precision} peak", peak)
        choice(self.name, "machine_class", self.machine_class, MACHINE_CLASSES)


def peak_flops(accelerator: Accelerator, precision: str) -> float:
    """Look up the dense peak rate of an accelerator at a precision.

    Parameters
    ----------
    accelerator : Accelerator
        The machine. [-]
    precision : str
        The precision of the arithmetic. [-]

    Returns
    -------
    float
        Peak rate, one fused multiply-add counted as two. [FLOP/s]

    Raises
    ------
    ValueError
        If no peak is known at that precision; the message lists those known.

    Examples
    --------
    >>> from tokenomics.catalogue import accelerator
    >>> peak_flops(accelerator("H100-SXM-80GB"), "bf16")
    989000000000000.0
    """
    choice(accelerator.name, "precision", precision, accelerator.peaks)
    return accelerator.peaks[precision]


def devices_to_hold(size, device_memory):
    """Count the devices whose memory holds a number of bytes.

    Parameters
    ----------
    size : float or ndarray
        What must be held. [byte]
    device_memory : float or ndarray
        Memory of one device. [byte]

    Returns
    -------
    int or ndarray
        Devices. [-]

    Raises
    ------
    ValueError
        If there is nothing to hold, or no memory to hold it.

    Notes
    -----
    Equation :eq:`eq-devices`. Nothing is set aside for the KV cache, for
    activations or for the engine, so this is the least number, not a plan.

    Examples
    --------
    >>> devices_to_hold(141107412992, 80e9)
    2
    """
    positive("devices", "size", size)
    positive("devices", "device_memory", device_memory)
    return ceil(size / device_memory)
