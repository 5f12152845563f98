"""What an instructor's source notebook says: what is given, what is asked, and what must hold of the answers.

The format is nbgrader's, schema 3. A cell with ``solution`` in its metadata holds the solution, between
``### BEGIN SOLUTION`` and ``### END SOLUTION``; one with ``grade`` holds asserts, hidden ones between ``### BEGIN
HIDDEN TESTS`` and ``### END HIDDEN TESTS``; one that is only ``locked`` is given to the students, and to the tests.
Among the hidden tests comments may hold likely slips: a line ``# SLIP`` and the hint, then, commented out, the code of
one who made it.
"""

import ast
import re
from dataclasses import dataclass
from functools import lru_cache
from types import ModuleType

from .notebook import Notebook, clean, read_notebook

__all__ = ["HIDDEN", "SOLUTION", "Assignment", "Question", "Slip", "SourceError", "inside", "read_assignment"]

SOLUTION = ("### BEGIN SOLUTION", "### END SOLUTION")
HIDDEN = ("### BEGIN HIDDEN TESTS", "### END HIDDEN TESTS")
_SLIP = re.compile(r"#\s*SLIP\b:?\s*(.*)")


class SourceError(ValueError):
    """A source notebook that cannot be used, with the cell and the reason."""


@dataclass(frozen=True)
class Slip:
    """A likely wrong answer: its hint, and code that gives it."""

    hint: str
    code: str


@dataclass(frozen=True)
class Question:
    """A cell of tests: its points, the names of answers that it needs, which of its lines are hidden."""

    identity: str
    points: float
    source: str
    asked: tuple
    hidden: frozenset
    slips: tuple


@dataclass(frozen=True, eq=False)
class Assignment:
    """A source notebook, read. Reading it twice gives the same object."""

    name: str
    notebook: Notebook
    given: tuple
    solutions: tuple
    questions: tuple
    asked: frozenset

    @property
    def points(self) -> float:
        """All that can be earned."""
        return sum(question.points for question in self.questions)

    @property
    def book(self) -> bool:
        """Whether a submission may import the book's package; the notebook's metadata may say no."""
        return self.notebook.metadata.get("tokenomics", {}).get("book", True) is not False

    def trusted(self) -> dict:
        """Run what is given to the students, and return its names."""
        return _run(self.given, {})

    def reference(self, slip: Slip | None = None) -> dict:
        """Run the reference solution, with a slip in it if one is given, and return its names."""
        return _run((*self.given, *self.solutions, *((("slip", slip.code),) if slip else ())), {})


def inside(identity: str, source: str, markers: tuple) -> list:
    """Pair each line with whether it belongs to a marked region, the markers included."""
    begin, end = markers
    lines, is_inside = [], False
    for number, line in enumerate(source.splitlines(), 1):
        opens, closes = begin in line, end in line
        if (opens and is_inside) or (closes and not is_inside):
            raise SourceError(f"cell {identity}, line {number}: {line.strip()!r} has no partner")
        lines.append((line, is_inside or opens))
        is_inside = opens or (is_inside and not closes)
    if is_inside:
        raise SourceError(f"cell {identity}: {begin!r} has no end; close it with {end!r}")
    return lines


@lru_cache(maxsize=32)
def read_assignment(content: bytes, name: str) -> Assignment:
    """Read a source notebook; one that cannot be used raises SourceError."""
    notebook = read_notebook(content)
    for cell in notebook.cells:
        _check_markers(cell)
    marked = [cell for cell in notebook.cells if cell.marking]
    identities = [cell.grade_id for cell in marked]
    for cell in marked:
        _check_cell(cell, identities.count(cell.grade_id))
    given, solutions = [], []
    for cell in marked:
        if cell.kind == "code" and not cell.marking.get("grade"):
            (solutions if cell.marking.get("solution") else given).append((cell.grade_id, cell.source))
    given, solutions = tuple(given), tuple(solutions)
    before = _run(given, {})
    asked = frozenset(
        key
        for key, value in _run(solutions, dict(before)).items()
        if before.get(key) is not value and not key.startswith("__") and not isinstance(value, ModuleType)
    )
    questions = tuple(_question(cell, asked) for cell in marked if cell.marking.get("grade"))
    if not questions:
        raise SourceError("no cell holds tests: mark one as nbgrader's 'Autograder tests' and give it points")
    return Assignment(name, notebook, given, solutions, questions, asked)


def _check_markers(cell):
    """Refuse markers where the release would not look for them: what stands between them would reach the students."""
    for markers, kind, name in ((SOLUTION, "solution", "a solution"), (HIDDEN, "grade", "tests")):
        if any(marker in cell.source for marker in markers) and not cell.marking.get(kind):
            where = cell.grade_id or clean(cell.source, 40)
            raise SourceError(f"cell {where!r}: holds {markers[0]!r} but is not marked as {name}; mark it in nbgrader")


def _check_cell(cell, count: int):
    name, marking = cell.grade_id or "without a grade_id", cell.marking
    if not cell.grade_id:
        raise SourceError(f"cell {clean(cell.source, 40)!r}: its nbgrader metadata has no grade_id; give it one")
    if count > 1:
        raise SourceError(f"cell {name}: {count} cells have this grade_id; each needs its own")
    if marking.get("schema_version") != 3:
        raise SourceError(f"cell {name}: schema_version is {marking.get('schema_version')!r}; it must be 3")
    if marking.get("grade") and (marking.get("solution") or cell.kind != "code"):
        raise SourceError(f"cell {name}: is graded by hand, which this grader does not do; make it tests, or no grade")
    points = marking.get("points", 0)
    is_number = isinstance(points, int | float) and not isinstance(points, bool)
    if marking.get("grade") and not (is_number and 0 < points < 1e6):
        raise SourceError(f"cell {name}: points is {points!r}; it must be a number above 0")


def _question(cell, asked: frozenset) -> Question:
    lines = inside(cell.grade_id, cell.source, HIDDEN)
    try:
        tree = ast.parse(cell.source)
    except SyntaxError as error:
        raise SourceError(f"cell {cell.grade_id}, line {error.lineno}: {error.msg}; tests are plain Python") from None
    if not any(isinstance(node, ast.Assert) for node in ast.walk(tree)):
        raise SourceError(f"cell {cell.grade_id}: holds no assert, so every submission would earn its points")
    used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}
    if own := _bound(tree) & asked:
        raise SourceError(f"cell {cell.grade_id}: makes a {min(own)} of its own, which hides the answer; rename it")
    if not used & asked:
        raise SourceError(f"cell {cell.grade_id}: tests nothing that a solution cell defines")
    for number, (line, is_hidden) in enumerate(lines, 1):
        if _SLIP.fullmatch(line.strip()) and not is_hidden:
            raise SourceError(f"cell {cell.grade_id}, line {number}: a slip stands where students see it; hide it")
    hidden = frozenset(number for number, (_, is_hidden) in enumerate(lines, 1) if is_hidden)
    slips = tuple(_slips(cell.grade_id, [line for line, is_hidden in lines if is_hidden]))
    return Question(cell.grade_id, cell.marking["points"], cell.source, tuple(sorted(used & asked)), hidden, slips)


def _bound(tree) -> set:
    """List the names that tests make themselves: by assigning, importing or defining."""
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            names |= {alias.asname or alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.add(node.name)
    return names


def _slips(identity: str, lines):
    found = []
    open_slip = False
    for line in lines:
        text = line.strip()
        if match := _SLIP.fullmatch(text):
            found.append((match[1], []))
            open_slip = True
        elif open_slip and text.startswith("#") and text not in HIDDEN:
            found[-1][1].append(text[1:].removeprefix(" "))
        else:
            open_slip = False
    for hint, code in found:
        if not hint or not code:
            raise SourceError(f"cell {identity}: the slip {hint!r} needs a hint beside it and code below, commented")
        yield Slip(hint, "\n".join(code))


def _run(cells, namespace: dict) -> dict:
    """Run the instructor's own code, out here."""
    for identity, source in cells:
        try:
            exec(compile(source, f"<{identity}>", "exec"), namespace)
        except Exception as error:
            reason = f"{type(error).__name__}: {clean(str(error))}"
            raise SourceError(
                f"cell {identity}: {reason}; given cells, solutions and slips are plain Python that runs"
            ) from None
    return namespace
