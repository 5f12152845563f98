"""A request on the server, and the steps that fit into a time."""

import math

__all__ = ["Sequence", "steps_within"]


class Sequence:
    """A request on the server.

    Parameters
    ----------
    index : int
        Its place among the requests. [-]
    arrival : float
        When it arrives. [s]
    prompt, reply, cached : int
        Its lengths, and how much of the prompt is in the prefix cache. [token]
    priority : int
        Those of the smaller number are served first. [-]

    Examples
    --------
    >>> Sequence(0, 0.0, 100, 20, 0, 0).todo
    100
    """

    __slots__ = (
        "arrival", "cached", "finish", "index", "priority", "produced", "prompt", "reply", "swapped", "ticket", "todo",
    )  # fmt: skip

    def __init__(self, index, arrival, prompt, reply, cached, priority):
        self.index, self.arrival, self.priority = index, arrival, priority
        self.prompt, self.reply, self.cached = prompt, reply, cached
        self.produced = 0
        self.todo = prompt - cached  # tokens to be read before the next token comes
        self.finish = -1  # the count of steps at which it ends; below zero while it does not decode
        self.ticket = 0  # which joining of the batch this is, of all; nothing while it does not decode
        self.swapped = False


def steps_within(time, first, rise) -> int:
    """Count the steps until a time has passed, each longer by the same than the one before.

    Parameters
    ----------
    time : float
        The time. [s]
    first : float
        Time of the first step. [s]
    rise : float
        What each adds to the one before. [s]

    Returns
    -------
    int
        The steps, the one within which the time passes included; at least 1. [-]

    Examples
    --------
    >>> steps_within(0.05, 0.02, 0.0)
    3
    """
    if rise <= 0:
        return max(1, math.ceil(time / first))
    middle = first / rise - 0.5
    return max(1, math.ceil(math.sqrt(middle * middle + 2 * time / rise) - middle))
