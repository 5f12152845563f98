"""The processes of a box, as the machine outside sees them: which there are, and how much memory they hold."""

import os

__all__ = ["descendants", "held_memory"]


def descendants(pid: int) -> list:
    """List the living processes below a process, each with the id that it has out here."""
    children = {}
    for name in os.listdir("/proc") if os.path.isdir("/proc") else ():
        if name.isdigit():
            try:
                with open(f"/proc/{name}/stat", "rb") as file:
                    # The name of the program stands in brackets and may hold anything, brackets included.
                    state, parent = file.read().rpartition(b")")[2].split()[:2]
            except OSError:
                continue  # it has ended meanwhile
            if state != b"Z":
                children.setdefault(int(parent), []).append(int(name))
    found, waiting = [], [pid]
    while waiting:
        below = children.get(waiting.pop(), [])
        found += below
        waiting += below
    return found


def held_memory(pids) -> int:
    """Add up the memory that processes hold, nameless files in it included; what they share counts once. [byte]"""
    return sum(_mapped(pid) + _in_memory_files(pid) for pid in pids)


def _mapped(pid: int) -> int:
    try:
        with open(f"/proc/{pid}/smaps_rollup", "rb") as file:
            for line in file:
                if line.startswith(b"Pss:"):
                    return 1024 * int(line.split()[1])
    except OSError:
        pass  # it has ended meanwhile
    return 0


def _in_memory_files(pid: int) -> int:
    """Count the files that have no name in any folder: no limit on a file system holds them."""
    total = 0
    folder = f"/proc/{pid}/fd"
    try:
        for name in os.listdir(folder):
            if os.readlink(f"{folder}/{name}").startswith("/memfd:"):
                total += 512 * os.stat(f"{folder}/{name}").st_blocks
    except OSError:
        pass  # it has ended or closed the file meanwhile
    return total
