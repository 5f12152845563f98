"""Timing: warm up, then take samples that are long enough to be believed."""

import math
import time

__all__ = ["sample"]


def sample(call, settle=None, *, clock=time.perf_counter, budget=1.0, least=5, most=50, shortest=2e-3) -> tuple:
    """Time a call, sample by sample.

    Parameters
    ----------
    call : callable
        What to time. [-]
    settle : callable or None, optional
        Waits until what was called is done; None is a call that returns when it
        is. [-]
    clock : callable, optional
        Gives the time in seconds. [-]
    budget : float, optional
        Time after which no further sample is taken. [s]
    least, most : int, optional
        Samples that are taken whatever the budget, and at most. [-]
    shortest : float, optional
        Time that a sample takes at least; a call that is shorter is made
        several times in a row. [s]

    Returns
    -------
    tuple of float
        The time of one call, sample by sample. [s]

    Notes
    -----
    The first call loads, compiles and chooses; it is not timed. A tenth of the
    budget warms the machine up: clocks rise and pages are mapped.

    Examples
    --------
    >>> ticks = iter(range(100))
    >>> sample(lambda: None, clock=lambda: next(ticks), budget=10, least=3, most=3)
    (1.0, 1.0, 1.0)
    """
    settle = settle or (lambda: None)
    call()
    settle()
    began = clock()
    warm, once = 0.0, math.inf
    while warm <= budget / 10:
        start = clock()
        call()
        settle()
        end = clock()
        warm, once = end - began, min(once, end - start)
    calls = max(1, math.ceil(shortest / max(once, 1e-9)))
    samples, began = [], clock()
    while len(samples) < least or (len(samples) < most and clock() - began < budget):
        start = clock()
        for _ in range(calls):
            call()
        settle()
        samples.append(float(f"{(clock() - start) / calls:.6g}"))
    return tuple(samples)
