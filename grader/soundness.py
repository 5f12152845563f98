"""Proves a source notebook sound before anybody is marked by it."""

import json

from .assignment import HIDDEN, SOLUTION, Assignment, inside
from .grading import GRADED, Task, grade
from .inbox import Submission
from .judge import judge
from .notebook import clean
from .release import STUB, release
from .sandbox import Limits

__all__ = ["faults", "guesses"]

# What somebody might answer to everything.
_GUESSES = (None, True, False, 0, 1, -1, 0.0, 100, "", "yes", [], {})


def faults(assignment: Assignment, content: bytes, limits: Limits, *, unsafe: bool = False) -> list:
    """List what is wrong with a source: nothing, where it is sound.

    Its solution scores full, the released stub nothing, each seeded slip fails its question and earns its hint, and the
    release holds no solution and no hidden test.
    """

    def graded(cells: list | None = None, text: str = "") -> dict:
        submitted = text.encode() if text else _notebook(cells, assignment.name)
        result = grade(Task(content, assignment.name, Submission("checked.ipynb", submitted), limits, unsafe))
        if result["status"] != GRADED:
            raise ValueError(f"{assignment.name}: {result['reason']}")
        return result

    released = release(assignment, content)
    found = _leaks(assignment, released)
    solved_by = [source for _, source in assignment.solutions]
    solved = graded(solved_by)
    for entry in solved["questions"]:
        if entry["earned"] != entry["points"]:
            found.append(f"{entry['identity']}: the solution itself fails: {entry['message']}")
    for entry in graded(text=released)["questions"]:
        if entry["earned"]:
            found.append(f"{entry['identity']}: the released stub earns {entry['earned']:g} points")
    for question in assignment.questions:
        for slip in question.slips:
            result = graded([*solved_by, slip.code])
            entry = next(entry for entry in result["questions"] if entry["identity"] == question.identity)
            if entry["earned"]:
                found.append(f"{question.identity}: passes the slip {clean(slip.hint)!r}")
            elif entry["hint"] != slip.hint:
                found.append(f"{question.identity}: the slip {clean(slip.hint)!r} gets the hint {entry['hint']!r}")
    return found


def guesses(assignment: Assignment) -> list:
    """List the questions that an answer earns which is the same whatever is asked."""
    found = []
    for question in assignment.questions:
        for guess in _GUESSES:
            as_value = judge(assignment, question, lambda name, guess=guess: guess, None)
            as_function = judge(assignment, question, lambda name: callable, lambda *_, guess=guess: guess)
            if as_value.earned or as_function.earned:
                found.append(f"{question.identity}: whoever answers {guess!r} to everything earns its points")
    return found


def _leaks(assignment: Assignment, released: str) -> list:
    """Find lines of solutions and hidden tests in the release, and results that a run has left there."""
    public, secret = set(STUB), {}
    for cell in assignment.notebook.cells:
        markers = SOLUTION if cell.marking.get("solution") else HIDDEN
        for line, is_secret in inside(cell.grade_id, cell.source, markers) if cell.marking else []:
            if line.strip() and is_secret:
                secret.setdefault(line.strip(), cell.grade_id)
            else:
                public.add(line.strip())
        if not cell.marking:
            public |= {line.strip() for line in cell.source.splitlines()}
    found = []
    for cell in json.loads(released)["cells"]:
        lines = {line.strip() for line in "".join(cell["source"]).splitlines()}
        found += [f"{secret[line]}: the release holds {clean(line)!r}" for line in lines & secret.keys() - public]
        found += ["the release holds an output"] if cell.get("outputs") else []
    return found


def _notebook(cells: list, name: str) -> bytes:
    made = [{"cell_type": "code", "metadata": {}, "source": source} for source in cells]
    metadata = {"tokenomics": {"assignment": name}}
    return json.dumps({"cells": made, "metadata": metadata, "nbformat": 4, "nbformat_minor": 4}).encode()
