"""Whether answers are right: the instructor's tests, run outside the box.

A cell of tests is run as it stands. The names in it that a solution defines are put there from the submission: a
variable as the JSON value that came out of the box, a function as a :class:`Remote`, which sends its arguments in and
takes a JSON value out. Nothing else of the submission is ever here, so no object can claim to equal everything.
"""

import math
from dataclasses import dataclass
from functools import lru_cache

from .assignment import Assignment, Question, Slip
from .notebook import clean

__all__ = ["AnswerMissing", "Remote", "Verdict", "judge"]


class AnswerMissing(Exception):
    """There is no answer, with the reason: not defined, an error, no JSON, too late."""


class Remote:
    """A function of the submission: called out here, run in the box."""

    __slots__ = ("_call",)

    def __init__(self, call):
        self._call = call

    def __call__(self, *arguments, **options):
        """Call it with JSON and return JSON."""
        return self._call(arguments, options)

    def __bool__(self):
        # `assert fits` must not hold because `fits` is a function.
        raise AnswerMissing("a function stands where a value was asked for")


@dataclass(frozen=True)
class Verdict:
    """What a question earned, and what the student is told about it."""

    identity: str
    points: float
    earned: float
    message: str = ""
    hint: str = ""


def judge(assignment: Assignment, question: Question, value, call) -> Verdict:
    """Run a question's tests on answers.

    ``value(name)`` returns a variable, or the builtin ``callable`` where it is a function, which ``call(name,
    arguments, options)`` calls. Both raise AnswerMissing where there is no answer.
    """
    record = []

    def noted(name, arguments, options, found):
        entry = (name, arguments, options, found)
        record.append(entry)
        # Python takes True for 1; where a number is asked for, it is a guess.
        if isinstance(found, bool) and not isinstance(_answer(_reference(assignment, None), entry), bool):
            raise AnswerMissing(f"{name} gives a truth value where another kind of answer was asked for")
        return found

    def remote(name):
        return Remote(lambda arguments, options: noted(name, arguments, options, call(name, arguments, options)))

    # Tests may print for whoever runs them in a notebook.
    names = {**assignment.trusted(), "print": lambda *_, **__: None}
    file = f"<{question.identity}>"
    try:
        for name in question.asked:
            found = value(name)
            names[name] = remote(name) if found is callable else noted(name, None, None, found)
        exec(compile(question.source, file, "exec"), names)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # the failures of pytest.raises, for one, are no Exception
        message = _message(question, error, _line(error, file))
        return Verdict(question.identity, question.points, 0, message, _hint(assignment, question, record))
    return Verdict(question.identity, question.points, question.points)


def _line(error, file: str) -> int:
    """The line of the tests at which it went wrong, 0 where none of them ran."""
    trace = error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == file:
            return trace.tb_lineno
        trace = trace.tb_next
    return 0


def _message(question: Question, error, line: int) -> str:
    """Say what went wrong, of a hidden test only that it did.

    No text from the box stands in it: a function that was called with hidden inputs could send them home that way.
    """
    if line in question.hidden:
        return "A hidden test failed."
    if isinstance(error, AnswerMissing):
        return str(error)
    test = clean(question.source.splitlines()[line - 1]) if line else ""
    return f"This test failed: {test}" + ("" if isinstance(error, AssertionError) else f" ({type(error).__name__})")


def _hint(assignment: Assignment, question: Question, record: list) -> str:
    """Return the hint of the first slip that gives each of the answers, and gives one of them wrongly."""
    right = _reference(assignment, None)
    for slip in question.slips:
        wrong = _reference(assignment, slip)
        pairs = [(_answer(wrong, entry), _answer(right, entry), entry[3]) for entry in record]
        explains = all(_same(as_slip, answer) for as_slip, _, answer in pairs)
        if explains and any(not _same(as_slip, as_it_is) for as_slip, as_it_is, _ in pairs):
            return slip.hint
    return ""


@lru_cache(maxsize=256)
def _reference(assignment: Assignment, slip: Slip | None) -> dict:
    return assignment.reference(slip)


def _answer(names: dict, entry: tuple):
    name, arguments, options, _ = entry
    try:
        return names[name] if arguments is None else names[name](*arguments, **options)
    except Exception:
        return None


def _same(one, other) -> bool:
    """Compare two answers as JSON values: numbers to nine digits, tuples as lists."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, int | float) and isinstance(other, int | float):
        try:
            return math.isclose(one, other, rel_tol=1e-9)
        except OverflowError:  # whole numbers beyond all floats
            return one == other
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        return len(one) == len(other) and all(map(_same, one, other))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_same(one[key], other[key]) for key in one)
    return isinstance(one, str) and one == other
