"""Requests with the times they arrive at: the record, and how a trace of them is read."""

import csv
import io
from dataclasses import dataclass
from functools import cached_property

import numpy

from .checks import shown
from .measurement_tables import text_of

__all__ = ["Requests", "read_trace"]

_COLUMNS = ("arrival", "input_tokens", "output_tokens")
_OPTIONAL = ("cached_tokens", "priority")


@dataclass(frozen=True, kw_only=True)
class Requests:
    """Requests in the order of their arrival.

    Parameters
    ----------
    arrival : ndarray
        When each arrives. [s]
    input_tokens, output_tokens : ndarray
        Lengths of prompt and reply. [token]
    cached_tokens : ndarray or None, optional
        How much of each prompt is in the prefix cache; None is nothing. [token]
    priority : ndarray or None, optional
        Those of the smaller number are served first; None is 0 for all. [-]

    Examples
    --------
    >>> len(Requests(arrival=[0.0, 0.5], input_tokens=[10, 10], output_tokens=[5, 5]))
    2
    """

    arrival: object
    input_tokens: object
    output_tokens: object
    cached_tokens: object = None
    priority: object = None

    def __post_init__(self):
        count = len(self.arrival)
        if count == 0:
            raise ValueError("requests: there is none; give at least one")
        for field in ("arrival", "input_tokens", "output_tokens", "cached_tokens", "priority"):
            kind, value = float if field == "arrival" else int, getattr(self, field)
            try:
                column = numpy.zeros(count, kind) if value is None else numpy.array(value, dtype=kind)
            except (TypeError, ValueError, OverflowError):
                raise ValueError(f"requests: {field} is {shown(value)}; it must be numbers, one a request") from None
            if column.shape != (count,):
                raise ValueError(f"requests: {field} has shape {column.shape}; there are {count} arrivals")
            if value is not None and kind is int:
                self._demand(field, value, column == numpy.asarray(value), "a whole number")
            column.setflags(write=False)
            object.__setattr__(self, field, column)
        self._demand("arrival", self.arrival, numpy.isfinite(self.arrival) & (self.arrival >= 0), "a time from 0 on")
        later = numpy.diff(self.arrival, prepend=0.0) >= 0
        self._demand("arrival", self.arrival, later, "no earlier than the one before it; sort the requests by arrival")
        for field in ("input_tokens", "output_tokens"):
            self._demand(field, getattr(self, field), getattr(self, field) >= 1, "at least 1")
        is_part = (self.cached_tokens >= 0) & (self.cached_tokens < self.input_tokens)
        self._demand("cached_tokens", self.cached_tokens, is_part, "at least 0 and less than input_tokens")
        self._demand("priority", self.priority, self.priority >= 0, "at least 0")

    @staticmethod
    def _demand(field, column, good, wanted):
        """Name the first row whose value is not good."""
        if not good.all():
            row = int(numpy.argmin(good))
            raise ValueError(f"requests: row {row + 1}: {field} is {shown(column[row])}; it must be {wanted}")

    def __len__(self):
        return len(self.arrival)

    @cached_property
    def span(self) -> float:
        """Time from the first arrival to the last."""
        return float(self.arrival[-1] - self.arrival[0])


def read_trace(path) -> Requests:
    """Read requests from a table.

    Parameters
    ----------
    path : str or path-like
        A CSV with a line for each request and the columns ``arrival`` in seconds, ``input_tokens``
        and ``output_tokens``; ``cached_tokens`` and ``priority`` may be there. [-]

    Returns
    -------
    Requests
        The requests, as they stand. [-]

    Raises
    ------
    ValueError
        If a column or a number is missing, or a time is earlier than the one before it.
    OSError
        If the file cannot be read.

    Examples
    --------
    >>> import os, tempfile
    >>> path = os.path.join(tempfile.mkdtemp(), "trace.csv")
    >>> with open(path, "w") as file:
    ...     _ = file.write("arrival,input_tokens,output_tokens\\n0.0,120,30\\n0.5,80,60\\n")
    >>> read_trace(path).input_tokens.tolist()
    [120, 80]
    """
    text = text_of(path)
    header = text.splitlines()[0] if text.strip() else ""
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=max(",;\t", key=header.count))
    named = reader.fieldnames or []
    if missing := [column for column in _COLUMNS if column not in named]:
        raise ValueError(f"{path}: line 1 names no column {', '.join(missing)}; it must name {', '.join(_COLUMNS)}")
    lines = list(reader)
    columns = [column for column in (*_COLUMNS, *_OPTIONAL) if column in named]
    try:
        table = {column: [_number(line, column, row) for row, line in enumerate(lines, 1)] for column in columns}
        return Requests(**table)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None


def _number(line: dict, column: str, row: int) -> float:
    try:
        return float(line[column])
    except (TypeError, ValueError):
        raise ValueError(f"row {row}: {column} is {shown(line[column])}; it must be a number") from None
