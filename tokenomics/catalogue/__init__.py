"""The data: models, accelerators and precisions, each row with its source and date."""

import copy
import csv
import math
from functools import cache
from pathlib import Path

from ..architecture import Architecture, from_config
from ..checks import shown, suggestion
from ..files import json_object
from ..hardware import PRECISIONS, Accelerator

__all__ = ["accelerator", "accelerators", "model", "model_entry", "models", "path", "rows"]

_HERE = Path(__file__).parent
# What the columns of a datasheet are in SI; a machine has the first two.
_SCALES = {
    "memory_gb": 1e9,
    "bandwidth_gb_s": 1e9,
    "link_gb_s": 1e9,
    "power_w": 1.0,
    **{f"{precision}_tflops": 1e12 for precision in PRECISIONS},
}
_NEEDED = ("memory_gb", "bandwidth_gb_s")
_COLUMNS = ("name", "label", "shown", "machine_class", *_SCALES)


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
    ValueError
        If a row does not say where it comes from and when.

    Examples
    --------
    >>> rows("accelerators")[0]["vendor"]
    'NVIDIA'
    """
    # The rows are kept; what a caller does to its own does not touch them.
    return tuple(map(dict, _rows(table)))


@cache
def _rows(table: str) -> tuple:
    with (_HERE / f"{table}.csv").open(encoding="utf-8", newline="") as file:
        found = tuple(csv.DictReader(file))
    _check_provenance(f"{table}.csv", found)
    return found


def _check_provenance(file: str, found):
    for number, row in enumerate(found, start=1):
        for column in ("source", "date"):
            if not (row.get(column) or "").strip():
                name = row.get("name") or f"row {number}"
                raise ValueError(f"{file}: {name}: {column} is empty; every row says where it comes from and when")


@cache
def _accelerators() -> dict:
    return _read_accelerators(_rows("accelerators"))


def _read_accelerators(found) -> dict:
    """Make the machines of the rows of a table, by name."""
    machines = {}
    for row in found:
        missing = [column for column in _COLUMNS if row.get(column) is None]
        if missing:
            raise ValueError(f"accelerators.csv: {row.get('name')}: column {missing[0]} is missing; it must be there")
        if row["name"] in machines:
            raise ValueError(f"accelerators.csv: {row['name']} stands there twice; give each row a name of its own")
        machines[row["name"]] = _accelerator(row)
    return machines


def _number(row: dict, column: str) -> float | None:
    """Read a cell, written in the units of datasheets, in SI; one that may be empty is None."""
    cell = row[column].strip()
    if not cell and column not in _NEEDED:
        return None
    try:
        value = float(cell)
    except ValueError:
        value = math.nan
    if not 0 < value < math.inf:
        raise ValueError(
            f"accelerators.csv: {row['name']}: {column} is {shown(row[column])}; it must be a number above zero"
        )
    return value * _SCALES[column]


def _accelerator(row: dict) -> Accelerator:
    peaks = {precision: _number(row, f"{precision}_tflops") for precision in PRECISIONS}
    return Accelerator(
        name=row["name"],
        label=row["label"],
        memory=_number(row, "memory_gb"),
        bandwidth=_number(row, "bandwidth_gb_s"),
        peaks={precision: peak for precision, peak in peaks.items() if peak is not None},
        link=_number(row, "link_gb_s"),
        power=_number(row, "power_w"),
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
    if not isinstance(name, str) or name not in _accelerators():
        near = suggestion(name, _accelerators())
        # Nothing near: the few that the pages compare say more than the count of all.
        known = near if near.startswith("did you mean") else suggestion(name, accelerators())
        raise ValueError(f"no accelerator {shown(name)} in the catalogue; {known}")
    # A copy: the record is frozen, but the dictionary of its peaks is not.
    return copy.deepcopy(_accelerators()[name])


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
    return list(_models())


@cache
def _models() -> tuple:
    return tuple(sorted(path.stem for path in (_HERE / "models").glob("*.json")))


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
    return copy.deepcopy(_look_up(_entry, name))


@cache
def _entry(name: str) -> dict:
    return _read_entry(_HERE / "models" / f"{name}.json") if name in models() else None


def _read_entry(file) -> dict:
    """Read the entry of a model from its file."""
    entry = json_object(file, "entry of a model: label, config, source and date")
    for key, kind, wanted in (
        ("label", str, "text"),
        ("config", dict, "a JSON object"),
        ("source", str, "text"),
        ("date", str, "text"),
    ):
        if key not in entry:
            raise ValueError(f"{file}: {key} is missing; it must be {wanted}")
        if not isinstance(entry[key], kind) or not entry[key]:
            raise ValueError(f"{file}: {key} is {shown(entry[key])}; it must be {wanted}")
    return entry


def _look_up(read, name):
    found = read(name) if isinstance(name, str) else None
    if found is None:
        raise ValueError(f"no model {shown(name)} in the catalogue; {suggestion(name, models())}")
    return found


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
    return _look_up(_architecture, name)


@cache
def _architecture(name: str) -> Architecture:
    entry = _entry(name)
    return None if entry is None else from_config(entry["config"], name=name)
