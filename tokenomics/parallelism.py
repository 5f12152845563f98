"""How a model is spread over devices: what each holds, computes and sends."""

import re
from dataclasses import dataclass

from .checks import whole
from .elementwise import ceil, maximum

__all__ = [
    "Parallelism",
    "all_reduce_bytes",
    "all_reduce_time",
    "busiest_share",
    "exchange_bytes",
    "microbatch",
    "parallelism_from_text",
]


@dataclass(frozen=True, kw_only=True)
class Parallelism:
    """How many ways a model is split.

    Parameters
    ----------
    tensor : int, optional
        Devices that share each layer, and add up their results twice in it. [-]
    pipeline : int, optional
        Stages of consecutive layers, each held by its own devices. [-]
    replicas : int, optional
        Groups that hold attention whole and share out the experts: expert
        parallelism with data-parallel attention. [-]

    Examples
    --------
    >>> Parallelism(tensor=4).devices
    4
    """

    tensor: int = 1
    pipeline: int = 1
    replicas: int = 1

    def __post_init__(self):
        for field in ("tensor", "pipeline", "replicas"):
            whole("parallelism", field, getattr(self, field))

    @property
    def devices(self) -> int:
        """All the devices."""
        return self.tensor * self.pipeline * self.replicas


def parallelism_from_text(text: str, devices: int = 1) -> Parallelism:
    """Read the short names that benchmark tables use.

    Parameters
    ----------
    text : str
        ``TP4``, ``TP2PP2``, ``PP4``, ``DEP8`` (attention replicated, experts
        spread), ``layer-split2``, ``none`` or nothing. [-]
    devices : int, optional
        Devices of the run; they settle what the text leaves open. [-]

    Returns
    -------
    Parallelism
        The split. [-]

    Raises
    ------
    ValueError
        If the text is none of these, or asks for another number of devices.

    Examples
    --------
    >>> parallelism_from_text("TP1PP4", 4)
    Parallelism(tensor=1, pipeline=4, replicas=1)
    """
    devices = whole("parallelism", "devices", devices)
    written = (text or "").strip()
    name = written.upper().replace("-", "").replace("_", "").replace(" ", "")
    if "(NEURONCORES)" in name:  # one chip carries two cores; the tables count cores
        return Parallelism(tensor=devices)
    if name in ("", "NONE"):
        return Parallelism(pipeline=devices)
    if re.fullmatch(r"DEP\d+", name) or name.endswith("ATTENTIONDP"):
        return Parallelism(replicas=devices)
    if match := re.fullmatch(r"LAYERSPLIT(\d+)", name):
        found = Parallelism(pipeline=int(match[1]))
    elif match := re.fullmatch(r"(?:TP(\d+))?(?:PP(\d+))?(?:EP\d+)?", name):
        found = Parallelism(tensor=int(match[1] or 1), pipeline=int(match[2] or 1))
    else:
        raise ValueError(
            f"parallelism: {written!r} is not understood; write TP4, PP2, TP4PP2, DEP8 (attention replicated, "
            "experts spread) or none"
        )
    if found.devices != devices:
        raise ValueError(f"parallelism: {written} needs {found.devices} devices; the run has {devices}")
    return found


def busiest_share(parts, devices):
    """Find the share of the work that the busiest device gets.

    Parameters
    ----------
    parts : int or ndarray
        Indivisible pieces, such as key-value heads. [-]
    devices : int or ndarray
        Devices that share them. [-]

    Returns
    -------
    float or ndarray
        Pieces on the busiest device over all pieces. [-]

    Notes
    -----
    Equation :eq:`eq-busiest`. All wait for the busiest. Where devices outnumber
    the pieces each piece is copied, and no device holds less than one.

    Examples
    --------
    >>> busiest_share(8, 4), busiest_share(8, 16), busiest_share(8, 6)
    (0.25, 0.125, 0.25)
    """
    return ceil(parts / devices) / parts


def all_reduce_bytes(size, devices):
    """Count what each device sends when a vector is added up over all of them.

    Parameters
    ----------
    size : float or ndarray
        The vector. [byte]
    devices : int or ndarray
        Devices in the ring. [-]

    Returns
    -------
    float or ndarray
        Bytes that each device sends. [byte]

    Notes
    -----
    Equation :eq:`eq-all-reduce`: round the ring once to add up and once to hand
    out the sum, an N-th of the vector at a time.

    References
    ----------
    P. Patarasuk, X. Yuan, "Bandwidth optimal all-reduce algorithms for clusters
    of workstations", JPDC 69(2), 2009, section 3.

    Examples
    --------
    >>> all_reduce_bytes(16384, 4)
    24576.0
    """
    return 2 * (devices - 1) / devices * size


def all_reduce_time(size, devices, link, latency):
    """Time an all-reduce: the bytes on the wire, and a latency for the call.

    Parameters
    ----------
    size : float or ndarray
        The vector. [byte]
    devices : int or ndarray
        Devices in the ring. [-]
    link : float or ndarray
        Bandwidth of a device to its peers, in one direction. [byte/s]
    latency : float or ndarray
        Time of a call that sends nothing. [s]

    Returns
    -------
    float or ndarray
        Time of one call; nothing for a single device. [s]

    Notes
    -----
    Equation :eq:`eq-all-reduce`. In decoding the latency is nearly all of it.

    Examples
    --------
    >>> round(all_reduce_time(16384, 4, 450e9, 8e-6) * 1e6, 2)
    8.05
    """
    # 1 - 1/N once more than needed: it is zero for one device, and makes no branch.
    return all_reduce_bytes(size, devices) / link + latency * ceil(1 - 1 / devices)


def exchange_bytes(size, copies, devices):
    """Count what a device sends when tokens go to their experts and back.

    Parameters
    ----------
    size : float or ndarray
        One token's vector. [byte]
    copies : float or ndarray
        Experts that each token is sent to. [-]
    devices : int or ndarray
        Devices that hold the experts. [-]

    Returns
    -------
    float or ndarray
        Bytes for each token, there and back. [byte]

    Notes
    -----
    Equation :eq:`eq-exchange`. One copy for each expert, though a device with
    two of a token's experts needs it only once: an upper bound.

    Examples
    --------
    >>> exchange_bytes(14336, 8, 8)
    200704.0
    """
    return 2 * copies * size * (devices - 1) / devices


def microbatch(batch, stages):
    """Divide a batch among the stages of a pipeline.

    Parameters
    ----------
    batch : float or ndarray
        Sequences that decode together. [-]
    stages : int or ndarray
        Stages of the pipeline. [-]

    Returns
    -------
    float or ndarray
        Sequences that a stage works on at a time. [-]

    Notes
    -----
    Equation :eq:`eq-microbatch`. With fewer sequences than stages some stages
    stand idle: a pipeline does not speed up a single sequence.

    Examples
    --------
    >>> microbatch(64, 4), microbatch(1, 4)
    (16.0, 1.0)
    """
    return maximum(batch / stages, 1.0)
