"""Measured series of runs as calculators take them: what ran, and what came out at each load."""

from dataclasses import dataclass

from .. import catalogue
from ..deployment import deployment
from ..measurements import catalogue_model
from ..server import Server

__all__ = ["ANCHORS", "Anchor", "anchor"]

# The series of the grid that vary nothing but the load.
ANCHORS = ("70B 2035/300", "70B 16035/1000", "8B 2035/300", "8B 16035/1000")


@dataclass(frozen=True, kw_only=True)
class Anchor:
    """A measured series: one deployment, one prompt, one reply, several loads.

    Parameters
    ----------
    label : str
        What the reader sees. [-]
    server : Server
        The deployment in numbers. [-]
    prompt, longest : float
        Lengths of a prompt and of the longest reply. [token]
    requests : tuple of float
        Requests that arrived together, run by run. [request]
    replies : tuple of float
        Mean length of a reply, run by run. [token]
    rates : tuple of float
        Measured output of all requests, run by run. [token/s]

    Examples
    --------
    >>> anchor("70B 2035/300").requests[:3]
    (1.0, 2.0, 4.0)
    """

    label: str
    server: Server
    prompt: float
    longest: float
    requests: tuple
    replies: tuple
    rates: tuple


def anchor(series: str) -> Anchor:
    """Read a series of the grid; runs that were left out for a reason stay out.

    Parameters
    ----------
    series : str
        Its name, one of ``ANCHORS``. [-]

    Returns
    -------
    Anchor
        The series. [-]

    Examples
    --------
    >>> anchor("8B 16035/1000").label
    'Llama 3.1 8B, 1 H100, prompt 16,035, reply 1,000'
    """
    rows = [row for row in catalogue.rows("vllm_grid") if row["series"] == series and not row["left_out"]]
    model, devices = catalogue_model(rows[0]["model"]), int(rows[0]["n_gpus"])
    prompt, longest = float(rows[0]["input_tokens"]), float(rows[0]["longest"])
    name = catalogue.model_entry(model)["label"]
    return Anchor(
        label=f"{name}, {devices} H100{'s' if devices > 1 else ''}, prompt {prompt:,.0f}, reply {longest:,.0f}",
        server=deployment(model, rows[0]["hardware"], tensor=devices, engine="vllm").server,
        prompt=prompt,
        longest=longest,
        requests=tuple(float(row["batch_or_concurrency"]) for row in rows),
        replies=tuple(float(row["output_tokens"]) for row in rows),
        rates=tuple(float(row["value"]) for row in rows),
    )
