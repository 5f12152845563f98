"""What a verb has found, as a table, as JSON and as a CSV."""

import csv
import json
import math

from .tables import print_table

__all__ = ["add_outputs", "print_report"]


def add_outputs(parser):
    """Add the options that say how the result is given.

    Parameters
    ----------
    parser : argparse.ArgumentParser
        The verb. [-]

    Examples
    --------
    >>> import argparse
    >>> parser = argparse.ArgumentParser()
    >>> add_outputs(parser)
    >>> parser.parse_args(["--csv", "prices.csv"]).csv
    'prices.csv'
    """
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    parser.add_argument("--csv", metavar="FILE", help="write the table here, too")


def print_report(options, report: dict, title: str, columns, rows, notes=()):
    """Print a table and notes, or JSON, and write the table to a file where one is named.

    Parameters
    ----------
    options : argparse.Namespace
        What was asked, with ``json`` and ``csv``. [-]
    report : dict
        Everything, for JSON. [-]
    title : str
        What stands above the table. [-]
    columns : sequence of str
        The heads of the columns. [-]
    rows : sequence of sequence
        The cells: text, or numbers, of which infinity never happens. [-]
    notes : sequence of str, optional
        Lines below the table. [-]

    Examples
    --------
    >>> import argparse
    >>> options = argparse.Namespace(json=True, csv=None)
    >>> print_report(options, {"price": float("inf")}, "", ("price",), [(1.0,)])
    {
      "price": null
    }
    """
    if options.csv:
        with open(options.csv, "w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([columns, *([_finite(cell) for cell in row] for row in rows)])
    if options.json:
        print(json.dumps(_finite(report), indent=2))
        return
    print_table(title, columns, [tuple(_shown(cell) for cell in row) for row in rows])
    for line in notes:
        print(line)


def _finite(value):
    """JSON has no infinity: what never happens is null."""
    if isinstance(value, dict):
        return {key: _finite(entry) for key, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(entry) for entry in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _shown(cell) -> str:
    if isinstance(cell, str):
        return cell
    return "" if math.isnan(cell) else "never" if math.isinf(cell) else f"{cell:.4g}"
