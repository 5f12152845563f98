"""Do the same for many points, on one processor, on many, or on a cluster."""

__all__ = ["sweep"]


def sweep(function, points, executor=None, progress=None) -> list:
    """Call a function with each of some points.

    Parameters
    ----------
    function : callable
        Takes a point; for another process it must be one that pickle can name. [-]
    points : iterable
        The points. [-]
    executor : concurrent.futures.Executor or None, optional
        Where the calls run; None runs them here, one after the other. [-]
    progress : callable or None, optional
        Called with each point as its result is there. [-]

    Returns
    -------
    list
        The results, in the order of the points. [-]

    Notes
    -----
    Whatever the executor, the results are the same: nothing is drawn here. A point that
    needs chance carries its seed.

    Examples
    --------
    >>> sweep(abs, [-2, 1])
    [2, 1]
    """
    points = list(points)
    results = map(function, points) if executor is None else executor.map(function, points)
    found = []
    for point, result in zip(points, results, strict=True):
        found.append(result)
        if progress is not None:
            progress(point)
    return found
