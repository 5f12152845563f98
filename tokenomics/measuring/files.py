"""The files of measuring runs: reading, writing, and those that the catalogue keeps."""

import json
import os
from pathlib import Path

from .. import catalogue
from ..files import json_object
from .record import Run
from .schema import from_json, to_json

__all__ = ["measured", "read", "write"]


def read(path) -> Run:
    """Read the file of a run.

    Parameters
    ----------
    path : str or path-like
        Where it is. [-]

    Returns
    -------
    Run
        What it holds. [-]

    Raises
    ------
    ValueError
        If it is no such file; the message names the field that is wrong.
    OSError
        If it cannot be read.

    Examples
    --------
    >>> read(sorted(catalogue.path("measured").glob("*.json"))[0]).provenance.kind
    'measured'
    """
    return from_json(Run, json_object(path, "JSON of python -m tokenomics measure"), Path(path).name)


def write(run: Run, path):
    """Write the file of a run, whole or not at all.

    Parameters
    ----------
    run : Run
        The run. [-]
    path : str or path-like
        Where to. [-]

    Raises
    ------
    OSError
        If it cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> run = next(iter(measured().values()))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write(run, f"{folder}/run.json")
    ...     read(f"{folder}/run.json") == run
    True
    """
    part = Path(f"{path}.part")
    lists = {name: to_json(value) for name, value in to_json(run).items()}
    points = lists.pop("points", [])
    # One point a line: a file that a person can read and a difference can show.
    head = json.dumps(lists, indent=1)[:-2]
    lines = ",\n".join(f"  {json.dumps(point)}" for point in points)
    part.write_text(f'{head},\n "points": [\n{lines}\n ]\n}}\n', encoding="utf-8")
    os.replace(part, path)


def measured() -> dict:
    """Read the runs of the catalogue.

    Returns
    -------
    dict of str to Run
        Every run by the name of its file. [-]

    Examples
    --------
    >>> all(run.points for run in measured().values())
    True
    """
    return {path.stem: read(path) for path in sorted(catalogue.path("measured").glob("*.json"))}
