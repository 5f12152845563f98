"""The data: models, accelerators and precisions, each row with its source and date."""

import csv
import json
from functools import cache
from pathlib import Path

from ..architecture import Architecture, from_config
from ..checks import suggestion
from ..hardware import Accelerator

__all__ = ["accelerator", "accelerators", "model", "model_entry", "models", "path", "rows"]

_HERE = Path(__file__).parent
_PEAKS = ("bf16", "fp8", "int8", "fp4")


def path(file: str) -> Path:
    """Say where a file of the catalogue is.

    Parameters
    ----------
    file : str
        Name of the file. [-]

    Returns
    -------
    Path
        Where it is. [-]

    Examples
    --------
    >>> path("accelerators.csv").exists()
    True
    """
    return _HERE / file


@cache
def rows(table: str) -> tuple:
    """Read a table of the catalogue as it stands in its file, sources and all.

    Parameters
    ----------
    table : str
        Name of a CSV file, without its ending. [-]

    Returns
    -------
    tuple of dict
        One dictionary a row, all values text. [-]

    Raises
    ------
    OSError
        If there is no such table.

    Examples
    --------
    >>> rows("accelerators")[0]["vendor"]
    'NVIDIA'
    """
    with (_HERE / f"{table}.csv").open(encoding="utf-8", newline="") as file:
        return tuple(csv.DictReader(file))


@cache
def _accelerators() -> dict:
    return {row["name"]: _accelerator(row) for row in rows("accelerators")}


def _accelerator(row: dict) -> Accelerator:
    """Turn a row, written in the units of datasheets, into SI."""

    def scaled(column, scale):
        return float(row[column]) * scale if row[column] else None

    peaks = {precision: scaled(f"{precision}_tflops", 1e12) for precision in _PEAKS}
    return Accelerator(
        name=row["name"],
        label=row["label"],
        memory=scaled("memory_gb", 1e9),
        bandwidth=scaled("bandwidth_gb_s", 1e9),
        peaks={precision: peak for precision, peak in peaks.items() if peak},
        link=scaled("link_gb_s", 1e9),
        power=scaled("power_w", 1.0),
        machine_class=row["machine_class"],
    )


def accelerators(*, every: bool = False) -> list:
    """List the accelerators of the catalogue.

    Parameters
    ----------
    every : bool, optional
        Whether to list all that are known, or those that the pages compare. [-]

    Returns
    -------
    list of str
        Their names, in the order of the file. [-]

    Examples
    --------
    >>> "H100-SXM-80GB" in accelerators()
    True
    """
    return [row["name"] for row in rows("accelerators") if every or row["shown"] == "yes"]


def accelerator(name: str) -> Accelerator:
    """Look up an accelerator.

    Parameters
    ----------
    name : str
        Its name in the catalogue. [-]

    Returns
    -------
    Accelerator
        The machine. [-]

    Raises
    ------
    ValueError
        If the catalogue has no such name; the message lists those it has.

    Examples
    --------
    >>> accelerator("L40S").bandwidth
    864000000000.0
    """
    if name not in _accelerators():
        near = suggestion(name, _accelerators())
        # Nothing near: the few that the pages compare say more than the count of all.
        known = near if near.startswith("did you mean") else suggestion(name, accelerators())
        raise ValueError(f"no accelerator {name!r} in the catalogue; {known}")
    return _accelerators()[name]


def models() -> list:
    """List the models of the catalogue.

    Returns
    -------
    list of str
        Their names, sorted. [-]

    Examples
    --------
    >>> "llama-3.3-70b" in models()
    True
    """
    return sorted(path.stem for path in (_HERE / "models").glob("*.json"))


@cache
def model_entry(name: str) -> dict:
    """Read the entry of a model: label, config, source and date.

    Parameters
    ----------
    name : str
        Its name in the catalogue. [-]

    Returns
    -------
    dict
        The entry as it stands in its file. [-]

    Raises
    ------
    ValueError
        If the catalogue has no such name; the message lists those it has.

    Examples
    --------
    >>> model_entry("llama-3.3-70b")["label"]
    'Llama 3.3 70B'
    """
    if name not in models():
        raise ValueError(f"no model {name!r} in the catalogue; {suggestion(name, models())}")
    return json.loads((_HERE / "models" / f"{name}.json").read_text(encoding="utf-8"))


@cache
def model(name: str) -> Architecture:
    """Look up a model.

    Parameters
    ----------
    name : str
        Its name in the catalogue. [-]

    Returns
    -------
    Architecture
        The model. [-]

    Raises
    ------
    ValueError
        If the catalogue has no such name; the message lists those it has.

    Examples
    --------
    >>> model("llama-3.3-70b").layers[0].count
    80
    """
    return from_config(model_entry(name)["config"], name=name)
