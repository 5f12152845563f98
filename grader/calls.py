"""The system calls that no box may make.

Shared memory, message queues and semaphores of System V belong to no process: what they hold is counted for nobody and
outlives whoever made it, so that the watchdog would look on while they fill the machine. Nothing in Python needs them.
"""

import contextlib
import errno
import os
import platform
import struct

__all__ = ["calls_filter"]

# Linux's number of the machine (audit.h), and those of its calls shmget, semget and msgget (unistd.h).
_MACHINES = {"x86_64": (0xC000003E, (29, 64, 68)), "aarch64": (0xC00000B7, (194, 190, 186))}
# The instructions of the kernel's packet filter (bpf_common.h), and the verdicts (seccomp.h).
_LOAD, _EQUAL, _AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06
_ALLOW, _REFUSE = 0x7FFF0000, 0x00050000 | errno.EPERM
# Where a filter finds the number of the call and that of the machine, and the first number of a second table of calls.
_CALL, _MACHINE, _SECOND_TABLE = 0, 4, 0x40000000


@contextlib.contextmanager
def calls_filter():
    """Open a file that holds the filter, for bubblewrap to read."""
    descriptor = os.memfd_create("filter")
    try:
        os.write(descriptor, _program())
        os.lseek(descriptor, 0, os.SEEK_SET)
        yield descriptor
    finally:
        os.close(descriptor)


def _program() -> bytes:
    """Write the filter: a machine that is not listed has none, for its numbers are not known."""
    steps = [(_RETURN, 0, 0, _ALLOW)]
    if platform.machine() in _MACHINES:
        machine, calls = _MACHINES[platform.machine()]
        # A jump says how many steps to pass over; the last step is the refusal.
        refusals = [(_EQUAL, len(calls) - place, 0, call) for place, call in enumerate(calls)]
        steps = [
            (_LOAD, 0, 0, _MACHINE),
            (_EQUAL, 0, len(calls) + 3, machine),
            (_LOAD, 0, 0, _CALL),
            (_AT_LEAST, len(calls) + 1, 0, _SECOND_TABLE),
            *refusals,
            (_RETURN, 0, 0, _ALLOW),
            (_RETURN, 0, 0, _REFUSE),
        ]
    return b"".join(struct.pack("HBBI", *step) for step in steps)
