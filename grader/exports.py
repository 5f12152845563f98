"""Marks for other systems: JSON, CSV, Canvas, Moodle and Gradescope."""

import json
import re
from dataclasses import dataclass
from pathlib import Path

from .csvfile import read_table, written
from .grading import GRADED

__all__ = ["Merged", "canvas", "gradescope", "marks_csv", "moodle", "write_json"]

_COLUMNS = ("submission", "student", "identity", "assignment", "status", "score", "maximum", "reason", "flags")


@dataclass(frozen=True)
class Merged:
    """An export with the marks in it, how many there are, and what the instructor should look at."""

    content: bytes
    marks: int
    remarks: tuple


def write_json(path: Path, data):
    """Write data as JSON that any system reads."""
    path.write_text(json.dumps(data, indent=1) + "\n", encoding="ascii")


def marks_csv(results: list) -> str:
    """Write one line for each submission; one that was not graded has no score, and says why."""
    lines = [",".join(_COLUMNS)]
    for result in results:
        cells = {**result, "score": _mark(result), "maximum": f"{result['maximum']:g}"}
        cells["flags"] = "; ".join(result["flags"])
        lines.append(",".join(written(str(cells[column])) for column in _COLUMNS))
    return "\n".join(lines) + "\n"


def gradescope(result: dict) -> dict:
    """Write a result as Gradescope's results.json; one that was not graded has no score, which Gradescope reports."""
    if result["status"] != GRADED:
        return {"output": f"Not graded: {result['reason']}", "stdout_visibility": "hidden", "tests": []}
    tests = [
        {
            "name": entry["identity"],
            "score": entry["earned"],
            "max_score": entry["points"],
            "output": " ".join(filter(None, (entry["message"], entry["hint"] and f"Hint: {entry['hint']}"))),
            "output_format": "text",
            "visibility": "visible",
        }
        for entry in result["questions"]
    ]
    return {"score": result["score"], "tests": tests, "stdout_visibility": "hidden"}


def canvas(content: bytes, results: list, column: str = "") -> Merged:
    """Put the marks into the gradebook that Canvas exported.

    Students are found by Canvas's number, which it puts into the names of the files; else by their id in the student
    records, or their login. Of several submissions the best counts.
    """
    table = read_table(content, "the Canvas export")
    number = table.column("ID")
    if table.column("Student") is None or number is None:
        raise ValueError("the Canvas export: has no columns Student and ID; export the gradebook as CSV")
    target = _canvas_column(table, column or results[0]["assignment"])
    ids = [number, *filter(None, (table.column(name) for name in ("SIS User ID", "SIS Login ID", "Integration ID")))]
    possible = next((row for row in range(1, len(table.rows)) if "points possible" in table.text(row, 0).lower()), None)
    if possible is not None:
        _same_points("Canvas", table.text(possible, target), results[0]["maximum"])
    return _merged(table, target, ids, results, str.strip)


def moodle(content: bytes, results: list, column: str = "") -> Merged:
    """Put the marks into the grading worksheet that Moodle exported.

    Students are found by the number of the participant, which Moodle puts into the names of files and folders; else by
    their mail address or their id. Of several submissions the best counts.
    """
    table = read_table(content, "the Moodle export")
    number, target = table.column("Identifier"), table.column(column or "Grade")
    if number is None or target is None:
        raise ValueError("the Moodle export: has no columns Identifier and Grade; download it in English")
    highest = table.column("Maximum Grade", "Maximum grade")
    if highest is not None and len(table.rows) > 1:
        _same_points("Moodle", table.text(1, highest), results[0]["maximum"])
    ids = [number, *filter(None, (table.column(name) for name in ("Email address", "ID number", "Username")))]
    return _merged(table, target, ids, results, lambda text: re.sub(r"^\D*?(\d+)$", r"\1", text.strip()))


def _canvas_column(table, name: str) -> int:
    """Find the assignment's column: by its name, with or without the number that Canvas puts behind it."""
    heads = [table.text(0, number) for number in range(len(table.rows[0]))]
    bare = [re.sub(r"\s*\(\d+\)$", "", head).strip().lower() for head in heads]
    fitting = [number for number, head in enumerate(heads) if name.lower() in (bare[number], head.strip().lower())]
    if len(fitting) != 1:
        choice = [head for head in heads if re.search(r"\(\d+\)$", head)]
        raise ValueError(f"the Canvas export: {len(fitting)} columns are named {name!r}; give --column one of {choice}")
    return fitting[0]


def _same_points(system: str, text: str, maximum: float):
    try:
        points = float(text.strip().replace(",", "."))
    except ValueError:
        return
    if points != maximum:
        raise ValueError(f"{system} gives {points:g} points to this, the notebook {maximum:g}; make them the same")


def _merged(table, target: int, ids: list, results: list, number_in) -> Merged:
    rows = {}
    for column in reversed(ids):
        for row in range(1, len(table.rows)):
            if key := number_in(table.text(row, column)):
                rows[key.lower()] = row
    best, remarks = {}, []
    for result in results:
        row = rows.get(result["identity"].lower())
        if result["status"] != GRADED:
            remarks.append(f"{result['submission']}: no mark: {result['reason']}")
        elif row is None or target >= len(table.rows[row]):
            remarks.append(f"{result['submission']}: no row for {result['identity']!r}")
        else:
            if row in best:
                remarks.append(f"{result['submission']}: one of several by {result['identity']}; the best counts")
            best[row] = max(result, best.get(row, result), key=lambda entry: entry["score"])
    for row, result in best.items():
        text = _mark(result)
        table.put(row, target, text.replace(".", ",") if table.separator == ";" else text)
    escaped = table.defuse()
    if escaped:
        remarks.append(f"{escaped} fields looked like formulas; an apostrophe now stands before them")
    return Merged(table.content(), len(best), tuple(remarks))


def _mark(result: dict) -> str:
    return "" if result["score"] is None else f"{result['score']:.10g}"
