"""What a measuring run leaves: a machine, its points with every sample, and where they come from."""

from dataclasses import dataclass, field
from statistics import median, quantiles

from .. import catalogue
from ..checks import between, choice, positive, text, whole

__all__ = ["FORMAT", "KINDS", "MODES", "STATES", "Count", "Machine", "Point", "Provenance", "Run"]

# What is timed: memory copied and read; square matrices multiplied; weights too large for any cache times a few
# vectors; an operation on a single number; a decoder that reads a prompt, and one that writes a token.
KINDS = ("copy", "read", "product", "vectors", "launch", "prefill", "decode")
# Operations sent one by one, or recorded once and replayed.
MODES = ("eager", "graph")
STATES = ("complete", "interrupted", "out of memory")
FORMAT = 1

_NOT_NEGATIVE = {"minimum": 0}


@dataclass(frozen=True, kw_only=True)
class Point:
    """One thing that was timed, with every sample.

    Parameters
    ----------
    kind : str
        What it is: one of ``KINDS``. [-]
    seconds : tuple of float
        The time of one call, sample by sample. [s]
    flops : float, optional
        Arithmetic of one call. [FLOP]
    traffic : float, optional
        Memory that one call must move. [byte]
    precision : str, optional
        Precision of its numbers. [-]
    shape : dict of str to int, optional
        Its sizes by name. [-]
    model : str or None, optional
        The decoder, by the name of its shape in the catalogue. [-]
    mode : str, optional
        One of ``MODES``. [-]

    Examples
    --------
    >>> Point(kind="read", seconds=(0.5, 0.6, 0.4), traffic=1e9).median
    0.5
    """

    kind: str = field(metadata={"enum": list(KINDS)})
    seconds: tuple[float, ...] = field(metadata={"minItems": 1})
    flops: float = field(default=0.0, metadata=_NOT_NEGATIVE)
    traffic: float = field(default=0.0, metadata=_NOT_NEGATIVE)
    precision: str = ""
    shape: dict[str, int] = field(default_factory=dict)
    model: str | None = None
    mode: str = field(default="eager", metadata={"enum": list(MODES)})

    def __post_init__(self):
        choice("point", "kind", self.kind, KINDS)
        choice(self.kind, "mode", self.mode, MODES)
        if not self.seconds:
            raise ValueError(f"{self.kind}: seconds is empty; a point holds at least one sample")
        for seconds in self.seconds:
            positive(self.kind, "seconds", seconds)
        for name in ("flops", "traffic"):
            between(self.kind, name, getattr(self, name), 0)
        for name, size in self.shape.items():
            whole(self.kind, name, size)

    @property
    def best(self) -> float:
        """The shortest sample [s]: what the machine can do."""
        return min(self.seconds)

    @property
    def median(self) -> float:
        """The middle sample [s]: what it usually does."""
        return median(self.seconds)

    @property
    def spread(self) -> tuple:
        """The quartiles of the samples [s]."""
        if len(self.seconds) == 1:
            return self.seconds * 2
        low, _, high = quantiles(self.seconds, n=4, method="inclusive")
        return low, high


@dataclass(frozen=True, kw_only=True)
class Count:
    """What a pass of the decoder did, counted while it ran.

    Parameters
    ----------
    kind : str
        ``prefill`` or ``decode``. [-]
    model : str
        The shape of the decoder. [-]
    shape : dict of str to int
        Sizes of the pass. [-]
    bits : int
        Stored size of a number. [bit]
    flops : float
        Arithmetic of the matrix products, as PyTorch counts it. [FLOP]
    weights_read, cache_read, cache_written : float
        What its operations were given to read, and what they wrote. [byte]

    Examples
    --------
    >>> Count(kind="decode", model="gpt2", shape={}, bits=16, flops=1.0, weights_read=2.0, cache_read=0.0,
    ...       cache_written=0.0).bits
    16
    """

    kind: str = field(metadata={"enum": ["prefill", "decode"]})
    model: str
    shape: dict[str, int]
    bits: int
    flops: float = field(metadata=_NOT_NEGATIVE)
    weights_read: float = field(metadata=_NOT_NEGATIVE)
    cache_read: float = field(metadata=_NOT_NEGATIVE)
    cache_written: float = field(metadata=_NOT_NEGATIVE)

    def __post_init__(self):
        choice("count", "kind", self.kind, ("prefill", "decode"))
        whole("count", "bits", self.bits)
        for name in ("flops", "weights_read", "cache_read", "cache_written"):
            between("count", name, getattr(self, name), 0)


@dataclass(frozen=True, kw_only=True)
class Machine:
    """The machine that was measured.

    Parameters
    ----------
    name : str
        A short name for files. [-]
    label : str
        What the machine calls its processor. [-]
    device : str
        ``cpu`` or ``cuda``. [-]
    memory : float
        Memory of the device. [byte]
    last_cache : float
        Its largest cache; a smaller working set does not show the memory. [byte]
    threads : int, optional
        Threads that PyTorch used; 0 where that means nothing. [-]
    accelerator : str or None, optional
        Its name in the catalogue of accelerators, where it is there. [-]
    clocks : dict of str to float, optional
        Clock rates that were read, in hertz, by what and when. [-]

    Examples
    --------
    >>> Machine(name="mine", label="A processor", device="cpu", memory=16e9, last_cache=32e6).device
    'cpu'
    """

    name: str
    label: str
    device: str = field(metadata={"enum": ["cpu", "cuda"]})
    memory: float = field(metadata={"exclusiveMinimum": 0})
    last_cache: float = field(metadata=_NOT_NEGATIVE)
    threads: int = 0
    accelerator: str | None = None
    clocks: dict[str, float] = field(default_factory=dict)

    def __post_init__(self):
        text("machine", "name", self.name)
        text(self.name, "label", self.label)
        choice(self.name, "device", self.device, ("cpu", "cuda"))
        positive(self.name, "memory", self.memory)
        between(self.name, "last_cache", self.last_cache, 0)
        if self.accelerator is not None:
            choice(self.name, "accelerator", self.accelerator, catalogue.accelerators(every=True))


@dataclass(frozen=True, kw_only=True)
class Provenance:
    """Where a run comes from.

    Parameters
    ----------
    source : str
        Who measured, with what. [-]
    date : str
        When. [-]
    command : str
        The command line. [-]
    versions : dict of str to str, optional
        Versions of what was at work. [-]
    load : tuple of float, optional
        Processes that wanted to run, in the mean of a minute, before and after;
        others at work on the machine make it slower than it is. [-]
    note : str, optional
        What else a reader should know. [-]
    kind : str, optional
        Always ``measured``. [-]

    Examples
    --------
    >>> Provenance(source="measured at home", date="2026-11-21", command="python -m tokenomics measure").kind
    'measured'
    """

    source: str
    date: str
    command: str
    versions: dict[str, str] = field(default_factory=dict)
    load: tuple[float, ...] = ()
    note: str = ""
    kind: str = field(default="measured", metadata={"enum": ["measured"]})

    def __post_init__(self):
        for name in ("source", "date", "command"):
            text("provenance", name, getattr(self, name))


@dataclass(frozen=True, kw_only=True)
class Run:
    """A measuring run: what its file holds.

    Parameters
    ----------
    format : int
        The version of the file's form. [-]
    state : str
        One of ``STATES``; only a complete run holds all that was planned. [-]
    machine : Machine
        The machine. [-]
    provenance : Provenance
        Where the run comes from. [-]
    points : tuple of Point
        What was timed. [-]
    counts : tuple of Count, optional
        What the decoder did, counted while it ran. [-]
    left_out : tuple of str, optional
        What was planned and not measured, and why. [-]

    Examples
    --------
    >>> from tokenomics.measuring.files import measured
    >>> all(run.state == "complete" for run in measured().values())
    True
    """

    format: int = field(metadata={"const": FORMAT})
    state: str = field(metadata={"enum": list(STATES)})
    machine: Machine
    provenance: Provenance
    points: tuple[Point, ...]
    counts: tuple[Count, ...] = ()
    left_out: tuple[str, ...] = ()

    def __post_init__(self):
        if self.format != FORMAT:
            raise ValueError(f"run: format is {self.format}; this version of tokenomics reads {FORMAT}")
        choice("run", "state", self.state, STATES)
