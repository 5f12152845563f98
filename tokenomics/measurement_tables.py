"""Read tables of measurements, keeping the good rows and saying why the others are left out."""

import csv
import io
from dataclasses import dataclass
from pathlib import Path

from .measurements import NEEDED, from_row

__all__ = ["Problem", "read_rows", "read_table", "text_of"]


@dataclass(frozen=True, kw_only=True)
class Problem:
    """Why a row was left out.

    Parameters
    ----------
    line : int
        Line of the file. [-]
    column : str
        The column at fault; empty when it is the row as a whole. [-]
    reason : str
        What is wrong, and what would be right. [-]

    Examples
    --------
    >>> str(Problem(line=7, column="value", reason="'fast' is no number"))
    "line 7, value: 'fast' is no number"
    """

    line: int
    column: str
    reason: str

    def __str__(self):
        where = f"line {self.line}, {self.column}" if self.column else f"line {self.line}"
        return f"{where}: {self.reason}"


def text_of(path) -> str:
    """Read a text file whatever common encoding it is in.

    Parameters
    ----------
    path : str or path-like
        Where the file is. [-]

    Returns
    -------
    str
        Its text. [-]

    Raises
    ------
    ValueError
        If the file is no text.
    OSError
        If the file cannot be read.

    Examples
    --------
    >>> text_of(Path(__file__))[:3]
    '\"\"\"'
    """
    data = Path(path).read_bytes()
    encodings = ["utf-16"] if data[:2] in (b"\xff\xfe", b"\xfe\xff") else ["utf-8-sig", "cp1252", "latin-1"]
    for encoding in encodings:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise ValueError(f"{path}: no text; give a CSV table, or the JSON of a benchmark")


def read_rows(text: str, name: str) -> tuple:
    """Read a table of measurements, keeping the good rows.

    Parameters
    ----------
    text : str
        The table, with a header; columns apart by comma, semicolon or tab. [-]
    name : str
        What to call it in an error. [-]

    Returns
    -------
    tuple of (list of Measurement, list of Problem)
        The good rows, and why the others were left out. [-]

    Raises
    ------
    ValueError
        If the table is empty or a column that every row needs is missing.

    Examples
    --------
    >>> read_rows("model,value", "table")
    Traceback (most recent call last):
        ...
    ValueError: table: line 1 names no column precision_weights, hardware, engine, input_tokens, metric
    """
    header = text.splitlines()[0] if text.strip() else ""
    separator = max(",;\t", key=header.count)
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=separator)
    columns = [(column or "").strip() for column in reader.fieldnames or []]
    if missing := [column for column in NEEDED if column not in columns]:
        raise ValueError(f"{name}: line 1 names no column {', '.join(missing)}")
    reader.fieldnames = columns
    good, problems = [], []
    first = 2
    for row in reader:
        line, first = first, reader.line_num + 1
        if reason := (row.get("left_out") or "").strip():
            problems.append(Problem(line=line, column="left_out", reason=reason))
        elif None in row:
            problems.append(Problem(line=line, column="", reason=f"has more cells than the {len(columns)} columns"))
        else:
            try:
                good.append(from_row(row, f"{name}, line {line}"))
            except ValueError as error:
                problems.append(Problem(line=line, column=getattr(error, "column", ""), reason=str(error)))
    return good, problems


def read_table(path) -> tuple:
    """Read a CSV file of measurements, keeping the good rows.

    Parameters
    ----------
    path : str or path-like
        Where the file is. [-]

    Returns
    -------
    tuple of (list of Measurement, list of Problem)
        The good rows, and why the others were left out. [-]

    Raises
    ------
    ValueError
        If it is no table of measurements.
    OSError
        If the file cannot be read.

    Examples
    --------
    >>> from tokenomics import catalogue
    >>> good, problems = read_table(catalogue.path("vllm_grid.csv"))
    >>> len(good), len(problems)
    (616, 44)
    """
    return read_rows(text_of(path), Path(path).name)
