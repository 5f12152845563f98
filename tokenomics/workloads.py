"""The named workloads of the catalogue: the four quadrants of input and output, and their mix."""

from dataclasses import replace

from . import catalogue
from .checks import choice
from .lengths import lognormal
from .traffic import Arrivals, Stream, Traffic

__all__ = ["quadrants", "workload", "workload_names"]


def quadrants() -> dict:
    """List the four quadrants.

    Returns
    -------
    dict of str to Stream
        Each by its name. [-]

    Examples
    --------
    >>> round(quadrants()["long-short"].input.mean)
    6000
    """
    return {row["name"]: _stream(row) for row in catalogue.rows("workloads")}


def workload_names() -> list:
    """List the names that a workload may have.

    Returns
    -------
    list of str
        The quadrants, then the mixes. [-]

    Examples
    --------
    >>> workload_names()[-1]
    'mixed'
    """
    names = [row["name"] for row in catalogue.rows("workloads")]
    return names + list(dict.fromkeys(row["mix"] for row in catalogue.rows("mixes")))


def workload(name: str, rate: float = 1.0) -> Traffic:
    """Look up a quadrant or a mix, arriving whenever it likes.

    Parameters
    ----------
    name : str
        Its name in the catalogue. [-]
    rate : float, optional
        How many requests come. [request/s]

    Returns
    -------
    Traffic
        The traffic. [-]

    Raises
    ------
    ValueError
        If the catalogue has no such name; the message lists those it has.

    Examples
    --------
    >>> [stream.name for stream in workload("mixed").streams]
    ['short-short', 'short-long', 'long-short', 'long-long']
    """
    choice("workload", "name", name, workload_names())
    known = quadrants()
    weights = {row["workload"]: float(row["weight"]) for row in catalogue.rows("mixes") if row["mix"] == name}
    streams = [replace(known[part], weight=weight) for part, weight in weights.items()] or [known[name]]
    return Traffic(streams=tuple(streams), arrivals=Arrivals(rate=rate))


def _stream(row: dict) -> Stream:
    return Stream(
        name=row["name"],
        input=lognormal(mean=float(row["input_mean"]), spread=float(row["input_spread"])),
        output=lognormal(mean=float(row["output_mean"]), spread=float(row["output_spread"])),
        cached_share=float(row["cached_share"]),
    )
