"""The box in which a submission runs, and the one way in and out of it.

Bubblewrap makes it: no network, the system and the book for reading only, a small memory disk for what is written, no
process but its own. `prlimit` and the watchdog bound what it may use. It shares no folder, socket or key with the
machine outside: requests go in through a pipe, and lines of JSON come out of another, each read only to a set length.
Jupyter's own protocol would need sockets in a folder that both sides can write, and out here a library that takes
whatever a hostile kernel sends to them, in as many parts as it likes; its kernel also takes twice as long to start.
"""

import contextlib
import json
import math
import os
import random
import secrets
import select
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from tokenomics.checks import positive, whole

from .calls import calls_filter
from .kernel import AUDITED
from .watch import descendants, held_memory

__all__ = ["Box", "BoxFailed", "BoxFull", "BoxUnavailable", "Limits", "strict_json", "why_no_box"]

_KERNEL = Path(__file__).with_name("kernel.py")
_BOOK = Path(__file__).resolve().parent.parent / "tokenomics"
# What a system, or a Python, keeps its programs in.
_ROOT_PARTS = ("bin", "sbin", "lib", "lib32", "lib64")
_PARTS = (*_ROOT_PARTS, "include", "libexec", "pyvenv.cfg", "share", "ssl")
_TOOLS = ("bwrap", "prlimit", "setpriv")

# A reply that is longer is cut off, and with it the box. [byte]
_LONGEST_REPLY = 4 * 2**20
# Lines that answer no open question; so many are no accident.
_MOST_STRAY = 1000
# How often the watchdog looks. [s]
_TICK = 0.05
# What the kernel gets beyond the time in which it is to stop by itself. [s]
_GRACE = 2.0
# User ids that no system hands out (systemd's table of them ends below): a box gets one of these where root starts it.
_FREE_IDS = (0x70000000, 0x7FFFFFF0)


class BoxUnavailable(RuntimeError):
    """No box can be made on this machine, which is not the submission's fault."""


class BoxFailed(Exception):
    """The box has ended or may not go on, with the reason, for which the submission is to blame."""


class BoxFull(BoxFailed):
    """The box held too much memory, which may have been taken long before."""


@dataclass(frozen=True)
class Limits:
    """What a submission may use: seconds of a cell and in all, bytes of memory and of its disk, processes."""

    cell_seconds: float = 20.0
    total_seconds: float = 120.0
    memory: int = 2**30
    disk: int = 64 * 2**20
    processes: int = 128

    def __post_init__(self):
        positive("limits", "cell_seconds", self.cell_seconds)
        positive("limits", "total_seconds", self.total_seconds)
        whole("limits", "memory", self.memory, 256 * 2**20)
        whole("limits", "disk", self.disk, 2**20)
        whole("limits", "processes", self.processes, 16)


def strict_json(text):
    """Read JSON as its standard has it: finite numbers only, and nothing too deep or too long to read."""

    def refuse(literal):
        raise ValueError(f"{literal[:20]} is not a number that JSON knows")

    def finite(literal):
        number = float(literal)
        return number if math.isfinite(number) else refuse(literal)

    try:
        return json.loads(text, parse_constant=refuse, parse_float=finite)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def _readable(book: bool) -> list:
    """List what the box may read: the system's programs, Python, and the package where the assignment allows it."""
    options, names = [], {"/etc/ld.so.cache", "/etc/alternatives", "/etc/fonts"}
    # Not all that lies there: a course may be kept in /usr/src, or beside a Python.
    for prefix in ("/", "/usr", "/usr/local", sys.prefix, sys.base_prefix):
        names |= {os.path.join(prefix, part) for part in (_ROOT_PARTS if prefix == "/" else _PARTS)}
    for name in sorted(names):
        if os.path.islink(name):
            options += [*_folders_above(name), "--symlink", os.readlink(name), name]
        elif os.path.exists(name):
            options += [*_folders_above(name), "--ro-bind", name, name]
    package = str(_BOOK)
    options += [*_folders_above(package), *(("--ro-bind", package, package) if book else ("--tmpfs", package))]
    return [*options, "--ro-bind", str(_KERNEL), "/kernel.py"]


def _folders_above(name: str) -> list:
    """Make the folders above a name such that an ordinary user may pass them; bubblewrap's own would be closed."""
    above = reversed(Path(name).parents[:-1])
    return [option for folder in above for option in ("--perms", "0755", "--dir", str(folder))]


def _box_command(limits: Limits, book: bool, filtered: int) -> list:
    """Write the command that makes a box and runs a command in it."""
    # Root makes the outer walls, then becomes an ordinary user, who may make no name spaces of his own.
    own_names = ["--unshare-user", "--disable-userns", "--uid", "1000", "--gid", "1000"]
    inner = []
    if os.geteuid() == 0:
        user = str(random.SystemRandom().randint(*_FREE_IDS))
        inner = ["setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups"]
        inner += ["bwrap", *own_names, "--die-with-parent", "--dev-bind", "/", "/"]
        own_names = []
    disk = ["--size", str(limits.disk), "--perms", "1777", "--tmpfs"]
    return [
        *("bwrap", "--die-with-parent", "--new-session", "--seccomp", str(filtered), *own_names),
        *("--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts", "--unshare-cgroup-try"),
        *("--hostname", "box", "--proc", "/proc", "--dev", "/dev", *disk, "/dev/shm", "--remount-ro", "/dev"),
        *(*disk, "/tmp", "--perms", "1777", "--dir", "/tmp/work", *_readable(book)),
        *("--remount-ro", "/", "--chdir", "/tmp/work"),
        *inner,
    ]


def _limit_command(limits: Limits) -> list:
    """Write the command that bounds each process of the box."""
    # Address space is more than memory: libraries reserve what they never touch. The watchdog counts what is held.
    space = limits.memory + 3 * 2**30
    # The clock on the wall ends a submission; this one only what would go on without it.
    seconds = math.ceil(2 * limits.total_seconds)
    return [
        *("prlimit", f"--as={space}", f"--nproc={limits.processes}", f"--fsize={limits.disk}"),
        *("--nofile=256", f"--cpu={seconds}", "--core=0"),
    ]


def _environment() -> dict:
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    return {
        **{"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": "/tmp/work", "LANG": "C.UTF-8", "MPLBACKEND": "agg"},
        **{"IPYTHONDIR": "/tmp/ipython", "MPLCONFIGDIR": "/tmp/matplotlib", **threads},
    }


def why_no_box() -> str:
    """Say why no box can be made here; nothing where one can."""
    for tool in _TOOLS:
        if shutil.which(tool) is None:
            return f"the program {tool} is not installed"
    with calls_filter() as filtered:
        done = subprocess.run(
            [*_box_command(Limits(), True, filtered), *_limit_command(Limits()), "true"],
            env=_environment(),
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            pass_fds=[filtered],
        )
    return "" if done.returncode == 0 else (done.stderr.strip().splitlines() or ["bubblewrap failed"])[-1]


class Box:
    """A kernel in a box; with ``unsafe`` a kernel without one. A context manager: at its end nothing is left of it."""

    def __init__(self, limits: Limits, *, book: bool = True, unsafe: bool = False):
        self.limits = limits
        self.seen, self.written = [], 0
        with contextlib.nullcontext() if unsafe else calls_filter() as filtered:
            walls = [] if unsafe else [*_box_command(limits, book, filtered), *_limit_command(limits)]
            kernel = "/kernel.py" if walls else str(_KERNEL)
            self._process = subprocess.Popen(
                [*walls, sys.executable, "-I", "-X", "frozen_modules=on", kernel],
                env=_environment(),
                cwd="/",
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
                bufsize=0,
                pass_fds=[] if unsafe else [filtered],
            )
        self._requests, self._replies = self._process.stdin.fileno(), self._process.stdout.fileno()
        os.set_blocking(self._requests, False)
        os.set_blocking(self._replies, False)
        self._read, self._stray, self._watched = b"", 0, time.monotonic()
        try:
            self.ask({"run": "", "seconds": 60.0}, 60.0)
        except BaseException as error:
            self.close()
            if isinstance(error, BoxFailed):
                raise BoxUnavailable(f"the kernel did not start: {error}") from None
            raise
        self._started_with = len(descendants(self._process.pid))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def ask(self, request: dict, seconds: float) -> dict:
        """Send a request and return its reply; a kernel that gives none in time, or none at all, raises BoxFailed."""
        # A reply counts only for the request whose number it repeats; the number cannot be known before.
        number = secrets.token_hex(8)
        deadline = time.monotonic() + seconds + _GRACE
        self._send(json.dumps({"id": number, **request}).encode() + b"\n", deadline)
        while True:
            reply = self._reply(self._line(deadline))
            if reply.get("id") == number:
                self.seen = [name for name in sorted(set(AUDITED.values())) if name in reply.get("seen", [])]
                self.written = reply.get("written", 0)
                return reply
            self._stray += 1
            if self._stray > _MOST_STRAY:
                raise BoxFailed("the kernel sent messages that nobody had asked for")

    def left_behind(self) -> int:
        """Count the processes that the submission has started and not ended."""
        return max(0, len(descendants(self._process.pid)) - self._started_with)

    def close(self):
        """End every process of the box, and wait until none is left."""
        # The first process of the box takes all others with it, and cannot be waited for before they are gone.
        for pid in descendants(self._process.pid):
            with contextlib.suppress(OSError):  # gone already
                os.kill(pid, signal.SIGKILL)
        self._process.kill()
        self._process.wait()
        self._process.stdin.close()
        self._process.stdout.close()

    def _send(self, line: bytes, deadline: float):
        while line:
            self._watch(deadline)
            if select.select([], [self._requests], [], _TICK)[1]:
                try:
                    line = line[os.write(self._requests, line) :]
                except OSError:
                    raise BoxFailed("the kernel has ended") from None

    def _line(self, deadline: float) -> bytes:
        while b"\n" not in self._read:
            self._watch(deadline)
            if select.select([self._replies], [], [], _TICK)[0]:
                part = os.read(self._replies, 2**16)
                if not part:
                    raise BoxFailed("the kernel has ended")
                self._read += part
                if len(self._read) > _LONGEST_REPLY:
                    raise BoxFailed("the kernel sent a message that is too long")
        line, _, self._read = self._read.partition(b"\n")
        return line

    def _watch(self, deadline: float):
        now = time.monotonic()
        if now > deadline:
            raise BoxFailed("the kernel did not stop in time")
        if now < self._watched + _TICK:
            return
        self._watched = now
        if held_memory(descendants(self._process.pid)) > self.limits.memory:
            raise BoxFull(f"it used more than {self.limits.memory / 1e9:.1f} GB of memory")

    @staticmethod
    def _reply(line: bytes) -> dict:
        try:
            reply = strict_json(line)
        except ValueError:
            raise BoxFailed("the kernel sent a message that is not JSON") from None
        if not isinstance(reply, dict) or not isinstance(reply.get("seen", []), list):
            raise BoxFailed("the kernel sent a message of a wrong form")
        return reply
