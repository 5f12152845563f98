"""Runs the cells of one submission in a box, and fetches its answers.

A cell that ends the kernel, or does not stop, costs the box: the next box runs all other cells and goes on. So what one
cell breaks is lost for that cell only. What the cells print stays in the box.
"""

import builtins
import json
import time

from .assignment import Assignment
from .judge import AnswerMissing
from .notebook import Notebook, clean
from .release import tests_of
from .sandbox import Box, BoxFailed, BoxFull, BoxUnavailable, Limits, strict_json

__all__ = ["Run"]

# Boxes that one submission may use up.
_MOST_BOXES = 12
# How long a cell that was run in a box of its own is waited for to do harm. [s]
_MOMENT = 0.1
# Printing more than this is worth a remark. [byte]
_MUCH_OUTPUT = 10**6


class Run:
    """A submission at work. A context manager: at its end nothing of it runs on."""

    def __init__(self, assignment: Assignment, notebook: Notebook, limits: Limits, *, unsafe: bool = False):
        self.flags = []
        # Why no box could be made, if so: the machine's fault, of which the submission's mark must know nothing.
        self.fault = None
        self._assignment, self._limits, self._unsafe = assignment, limits, unsafe
        self._given = [source for _, source in assignment.given]
        # Given cells are run from the instructor's notebook; its tests are not for the box to run.
        known = {_bare(source) for source in self._given}
        known |= {_bare(tests_of(question.identity, question.source)) for question in assignment.questions}
        cells = [(number, source) for number, source in enumerate(notebook.code, 1) if source.strip()]
        self._cells = [(number, source) for number, source in cells if _bare(source) not in known]
        self._ended, self._stopped, self._at = set(), set(), 0
        self._deadline = time.monotonic() + limits.total_seconds
        self._boxes = 0
        self._box = None
        try:
            self._prepare()
        except BaseException:
            if self._box:
                self._box.close()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self._box:
            self._close(self._box.left_behind())

    def value(self, name: str):
        """Return a variable of the submission, or ``callable`` for a function; no value raises AnswerMissing."""
        reply = self._ask({"value": name}, name)
        return callable if reply.get("callable") is True else self._json(reply, name)

    def call(self, name: str, arguments, options):
        """Call a function of the submission; what it raises is raised here where Python knows it by name."""
        reply = self._ask({"call": name, "args": arguments, "kwargs": options}, name)
        error = getattr(builtins, str(reply.get("error")), None)
        if error is not NameError and isinstance(error, type) and issubclass(error, Exception):
            # These two would end a loop of the tests early, and `all` would hold of what was never tested.
            if issubclass(error, StopIteration | StopAsyncIteration):
                raise AnswerMissing(f"{name} ended in {error.__name__}")
            try:
                raised = error(str(reply.get("text", "")))
            except TypeError:  # an error that is not made of a text
                raise AnswerMissing(f"{name} ended in an error") from None
            raise raised
        return self._json(reply, name)

    def _prepare(self):
        """Run the cells in a new box, and again in another for as long as one ends it."""
        while self._box is None:
            if self._boxes == _MOST_BOXES or time.monotonic() > self._deadline:
                self._flag("gave up: it ended its kernel too often, or had no time left")
                return
            self._boxes += 1
            try:
                self._box = Box(self._limits, book=self._assignment.book, unsafe=self._unsafe)
            except (BoxUnavailable, OSError) as error:
                self.fault = error
                return
            try:
                self._run_cells()
            except BoxFailed as error:
                self._flag(f"cell {self._at} ended its kernel: {error}")
                self._ended |= self._hogs(error) or {self._at}
                self._close()

    def _hogs(self, error: BoxFailed) -> set:
        """The cells that most likely took the memory, where it was memory: those that had to be stopped."""
        return self._stopped if isinstance(error, BoxFull) else set()

    def _run_cells(self):
        self._stopped = set()
        waiting = [(0, source) for source in self._given]
        waiting += [(number, source) for number, source in self._cells if number not in self._ended]
        errors = {}
        while waiting:
            for self._at, source in waiting:
                if time.monotonic() > self._deadline:  # what is defined by now is still asked for
                    self._seconds()
                    waiting = []
                    break
                errors[self._at] = self._run_cell(source)
                # Where a box was lost before, it may have been to a cell that ends the kernel a moment later.
                if self._boxes > 1:
                    time.sleep(_MOMENT)
                    self._run_cell("")
            # Cells may have been moved: those that missed a name run again, as long as that helps.
            missing = [(number, source) for number, source in waiting if errors.get(number) == "NameError"]
            if len(missing) == len(waiting):
                break
            waiting = missing
        for number, error in errors.items():
            if error and error not in ("NotImplementedError", "TimeUp"):
                self._flag(f"cell {number} ended in {error}")

    def _run_cell(self, source: str) -> str:
        """Run a cell and return the name of its error, if any."""
        seconds = self._seconds()
        error = clean(str(self._box.ask({"run": source, "seconds": seconds}, seconds).get("error", "")), 60)
        if error == "TimeUp":
            self._flag(f"cell {self._at} was stopped after {seconds:.0f} s")
        if error in ("TimeUp", "MemoryError"):
            self._stopped.add(self._at)
        return error

    def _seconds(self) -> float:
        """The time that the next cell or call may take."""
        left = self._deadline - time.monotonic()
        if left <= 0:
            self._flag(f"used up its {self._limits.total_seconds:.0f} s")
        return max(0.1, min(self._limits.cell_seconds, left))

    def _ask(self, request: dict, name: str) -> dict:
        if self._box is None:
            raise AnswerMissing(f"{name} was not asked for: the submission could not be run to its end")
        seconds = self._seconds()
        try:
            json.dumps(request)
        except (TypeError, ValueError) as error:
            raise TypeError(f"what a test sends to {name} must be JSON: {error}") from None
        try:
            return self._box.ask(request | {"seconds": seconds}, seconds)
        except BoxFailed as error:
            self._flag(f"asking for {name} ended the kernel: {error}")
            self._close()
            blamed = len(self._ended)
            self._ended |= self._hogs(error)
            self._prepare()
            if len(self._ended) > blamed:  # it was the fault of a cell, which is now left out
                return self._ask(request, name)
            raise AnswerMissing(f"asking for {name} ended the kernel") from None

    @staticmethod
    def _json(reply: dict, name: str):
        error = reply.get("error")
        if error == "NameError":
            raise AnswerMissing(f"{name} is not defined")
        if error == "TimeUp":
            raise AnswerMissing(f"{name} took too long")
        try:
            return strict_json(reply["json"])
        except (KeyError, TypeError, ValueError):
            raise AnswerMissing(f"{name} gives no number, text, list or dictionary that JSON knows") from None

    def _close(self, left: int = 0):
        for what in self._box.seen:
            self._flag(what)
        if isinstance(self._box.written, int) and self._box.written > _MUCH_OUTPUT:
            self._flag("printed more than a megabyte")
        if left:
            self._flag("left processes running, which were ended")
        self._box.close()
        self._box = None

    def _flag(self, text: str):
        text = clean(text, 120)
        if text not in self.flags and len(self.flags) < 20:
            self.flags.append(text)


def _bare(source: str) -> str:
    """The text of a cell without what editors change: spaces at the ends of lines, empty lines around it."""
    return "\n".join(line.rstrip() for line in source.strip().splitlines())
