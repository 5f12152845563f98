"""The device that is measured: PyTorch, what the machine says of itself, its clocks and its free memory."""

import contextlib
import os
import platform
import re
import subprocess
from pathlib import Path

from ..checks import choice
from .record import Machine

__all__ = ["clocks", "describe", "find_device", "free_memory", "pytorch", "releasing_memory", "versions"]

_LEVELS = Path("/sys/devices/system/cpu/cpu0/cache")
_SMI = {"clocks.sm": "multiprocessors", "clocks.mem": "memory", "clocks.max.sm": "multiprocessors at most"}


def pytorch():
    """Import PyTorch.

    Returns
    -------
    module
        PyTorch. [-]

    Raises
    ------
    ValueError
        If it is not installed; the message says how to install it.
    """
    try:
        import torch
    except ImportError:
        raise ValueError(
            "measure needs PyTorch, which is not installed here; install it with: pip install torch"
        ) from None
    return torch


def find_device(torch, wanted: str) -> str:
    """Choose the device.

    Parameters
    ----------
    torch : module
        PyTorch. [-]
    wanted : str
        ``cpu``, ``cuda``, or ``auto`` for CUDA where there is some. [-]

    Returns
    -------
    str
        ``cpu`` or ``cuda``. [-]

    Raises
    ------
    ValueError
        If CUDA is wanted and there is none.

    Examples
    --------
    >>> find_device(None, "cpu")
    'cpu'
    """
    choice("measure", "--device", wanted, ("auto", "cpu", "cuda"))
    if wanted == "cpu":
        return "cpu"
    if torch.cuda.is_available():
        return "cuda"
    if wanted == "cuda":
        raise ValueError(
            f"measure: --device is 'cuda', but PyTorch {torch.__version__} sees no CUDA device; "
            "give --device cpu, or install a driver and a CUDA build of PyTorch"
        )
    return "cpu"


def _text(path) -> str:
    """What stands in a file of the system, or nothing where there is no such file."""
    with contextlib.suppress(OSError):
        return Path(path).read_text(encoding="utf-8", errors="replace")
    return ""


def _memory_line(name: str) -> float:
    found = re.search(rf"^{name}: +(\d+) kB", _text("/proc/meminfo"), re.MULTILINE)
    if found:
        return 1024.0 * int(found[1])
    # Without Linux's file: all the memory there is, which most of a rested machine is free of.
    return float(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))


def _group_limit() -> float:
    """The memory that a container may take, and infinity where it is not limited."""
    limit = _text("/sys/fs/cgroup/memory.max").strip()
    used = _text("/sys/fs/cgroup/memory.current").strip()
    return float(limit) - float(used or 0) if limit.isdigit() else float("inf")


def free_memory(torch, device: str) -> float:
    """Read how much memory is free.

    Parameters
    ----------
    torch : module
        PyTorch. [-]
    device : str
        ``cpu`` or ``cuda``. [-]

    Returns
    -------
    float
        Free memory. [byte]

    Examples
    --------
    >>> free_memory(None, "cpu") > 1e6
    True
    """
    if device == "cuda":
        return float(torch.cuda.mem_get_info()[0])
    return min(_memory_line("MemAvailable"), _group_limit())


def _processor() -> str:
    found = re.search(r"^model name\s*: (.+)$", _text("/proc/cpuinfo"), re.MULTILINE)
    return found[1].strip() if found else platform.processor() or platform.machine()


def _last_cache() -> float:
    """The largest cache that Linux tells of; elsewhere a guess on the safe side."""
    sizes = [re.fullmatch(r"(\d+)K", _text(path).strip()) for path in _LEVELS.glob("index*/size")]
    return max((1024.0 * int(size[1]) for size in sizes if size), default=64e6)


def describe(torch, device: str, accelerator: str | None = None) -> Machine:
    """Ask the machine what it is.

    Parameters
    ----------
    torch : module
        PyTorch. [-]
    device : str
        ``cpu`` or ``cuda``. [-]
    accelerator : str or None, optional
        Its name in the catalogue, where the reader gave it. [-]

    Returns
    -------
    Machine
        The machine. [-]
    """
    if device == "cuda":
        about = torch.cuda.get_device_properties(0)
        label, memory = about.name, float(about.total_memory)
        last_cache = float(getattr(about, "L2_cache_size", 0) or 64e6)
        threads = 0
    else:
        threads = torch.get_num_threads()
        label = f"{_processor()}, {os.cpu_count()} cores"
        memory, last_cache = _memory_line("MemTotal"), _last_cache()
    name = "-".join(re.findall(r"[a-z0-9]+", label.replace("(R)", "").replace("(TM)", "").lower()))
    return Machine(
        name=name,
        label=label,
        device=device,
        memory=memory,
        last_cache=last_cache,
        threads=threads,
        accelerator=accelerator,
        clocks=clocks(device, "before"),
    )


def clocks(device: str, when: str) -> dict:
    """Read the clock rates.

    Parameters
    ----------
    device : str
        ``cpu`` or ``cuda``. [-]
    when : str
        What to call the moment. [-]

    Returns
    -------
    dict of str to float
        Rates in hertz, by what and when; empty where the system does not tell. [-]

    Examples
    --------
    >>> all(rate > 0 for rate in clocks("cpu", "now").values())
    True
    """
    if device == "cpu":
        rates = [float(rate) for rate in re.findall(r"^cpu MHz\s*: ([\d.]+)$", _text("/proc/cpuinfo"), re.MULTILINE)]
        return {f"cores {when}": 1e6 * sum(rates) / len(rates)} if rates and min(rates) > 0 else {}
    said = _nvidia_smi(",".join(_SMI)).split(",")
    if len(said) != len(_SMI):
        return {}
    rates = {f"{name} {when}": value.strip() for name, value in zip(_SMI.values(), said, strict=True)}
    return {name: 1e6 * float(value) for name, value in rates.items() if value.replace(".", "", 1).isdigit()}


def _nvidia_smi(query: str) -> str:
    """Ask the driver's tool about the first device; nothing where it is missing or silent."""
    command = ["nvidia-smi", "--id=0", f"--query-gpu={query}", "--format=csv,noheader,nounits"]
    with contextlib.suppress(OSError, subprocess.SubprocessError):
        done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=True)
        return done.stdout.strip()
    return ""


def versions(torch, device: str) -> dict:
    """Name the versions of what is at work.

    Parameters
    ----------
    torch : module
        PyTorch. [-]
    device : str
        ``cpu`` or ``cuda``. [-]

    Returns
    -------
    dict of str to str
        Versions by name. [-]
    """
    from .. import __version__

    found = {
        "tokenomics": __version__,
        "torch": str(torch.__version__),
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.release()}",
    }
    if device == "cuda":
        found["cuda"] = str(torch.version.cuda)
        found["driver"] = _nvidia_smi("driver_version")
    else:
        found["instructions"] = str(torch.backends.cpu.get_cpu_capability())
        # How threads wait for each other changes what a busy machine gives.
        found |= {name: os.environ.get(name, "") for name in ("OMP_NUM_THREADS", "OMP_WAIT_POLICY")}
    return {name: value for name, value in found.items() if value}


@contextlib.contextmanager
def releasing_memory(torch, device: str):
    """Call a lack of memory by one name, whatever the device calls it, and give back what was held.

    Parameters
    ----------
    torch : module
        PyTorch. [-]
    device : str
        ``cpu`` or ``cuda``. [-]

    Yields
    ------
    None
        Nothing. [-]

    Raises
    ------
    MemoryError
        If what runs inside finds no memory.
    """
    short = None
    try:
        yield
    except torch.OutOfMemoryError as error:
        short = str(error)
    except RuntimeError as error:
        # The allocator of the processor has no error of its own.
        if "can't allocate memory" not in str(error) and "not enough memory" not in str(error):
            raise
        short = str(error)
    finally:
        if device == "cuda":
            torch.cuda.empty_cache()
    if short is not None:
        raise MemoryError(" ".join(short.split())[:120])
