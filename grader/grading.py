"""Grades one submission: reads it, runs it in its box, judges its answers. What cannot be graded is said to be so."""

import re
import time
from dataclasses import asdict, dataclass

from .assignment import Assignment, read_assignment
from .inbox import Submission
from .judge import judge
from .notebook import Notebook, Unreadable, clean, read_notebook
from .runner import Run
from .sandbox import BoxUnavailable, Limits

__all__ = ["GRADED", "NOT_GRADED", "RETRY", "Task", "grade", "ungraded"]

GRADED = "graded"
# The submission is at fault; somebody has to look at it.
NOT_GRADED = "not graded"
# The machine is at fault; the next run tries again.
RETRY = "not graded yet"


@dataclass(frozen=True)
class Task:
    """All that grading a submission takes, such that it can be sent to another machine."""

    source: bytes
    name: str
    submission: Submission
    limits: Limits
    unsafe: bool = False


def ungraded(task: Task) -> dict:
    """Make the result of a submission that nobody has looked at yet."""
    submission = task.submission
    return {
        "submission": clean(submission.name),
        "student": clean(submission.student),
        "identity": clean(submission.identity),
        "assignment": task.name,
        "status": RETRY,
        "reason": "",
        "score": None,
        "maximum": read_assignment(task.source, task.name).points,
        "questions": [],
        "flags": ["handed in late"] if submission.late else [],
        "seconds": 0.0,
    }


def grade(task: Task) -> dict:
    """Grade a submission and return its result, which holds nothing but what JSON knows."""
    start = time.monotonic()
    assignment = read_assignment(task.source, task.name)
    result = ungraded(task) | {"status": NOT_GRADED}
    try:
        notebook = _notebook(assignment, task.submission)
        result["flags"] += notebook.notes
        questions, flags = _judged(assignment, notebook, task)
        result["flags"] += flags
        result |= {"status": GRADED, "questions": questions, "score": sum(entry["earned"] for entry in questions)}
    except Unreadable as error:
        result["reason"] = clean(str(error))
    except (BoxUnavailable, OSError) as error:
        result |= {"status": RETRY, "reason": clean(f"no box could be made: {error}")}
    except Exception as error:  # one bad file never stops the batch
        result["reason"] = clean(f"the grader failed: {type(error).__name__}: {error}")
    return result | {"seconds": round(time.monotonic() - start, 3)}


def _judged(assignment: Assignment, notebook: Notebook, task: Task) -> tuple:
    with Run(assignment, notebook, task.limits, unsafe=task.unsafe) as run:
        verdicts = [judge(assignment, question, run.value, run.call) for question in assignment.questions]
    if run.fault:
        raise run.fault
    return [asdict(verdict) for verdict in verdicts], run.flags


def _notebook(assignment: Assignment, submission: Submission) -> Notebook:
    if submission.refused:
        raise Unreadable(submission.refused)
    notebook = read_notebook(submission.content)
    released = notebook.metadata.get("tokenomics")
    named = released.get("assignment") if isinstance(released, dict) else None
    # A submission may have lost all of its metadata: then its text decides. One name may be shared by two assignments.
    found = {name for name in assignment.asked if any(_speaks_of(source, name) for source in notebook.code)}
    if found == assignment.asked or named == assignment.name or (found and named is None):
        return notebook
    if named is not None:
        raise Unreadable(f"it is a submission to {clean(str(named), 40)!r}, not to {assignment.name!r}")
    raise Unreadable(f"it defines nothing that {assignment.name!r} asks for; is it another assignment?")


def _speaks_of(source: str, name: str) -> bool:
    """Say whether a text that may not be valid Python holds a name."""
    return re.search(rf"\b{re.escape(name)}\b", source) is not None
