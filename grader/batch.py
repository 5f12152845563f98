"""A batch of submissions: each is graded once, however often the batch is begun, on any executor."""

from collections.abc import Iterable
from concurrent.futures import Executor, as_completed
from pathlib import Path

from tokenomics.tables import progress

from .assignment import read_assignment
from .grading import RETRY, Task, grade, ungraded
from .inbox import Submission
from .journal import Journal, key_of
from .notebook import clean
from .sandbox import Limits

__all__ = ["grade_batch"]


def grade_batch(
    source: bytes,
    name: str,
    handed_in: Iterable[Submission],
    executor: Executor,
    journal: Path,
    limits: Limits | None = None,
    *,
    unsafe: bool = False,
) -> list:
    """Grade submissions and return their results, in the order in which they were handed in.

    What the journal holds already is not graded again, unless the source, the submission or the limits have changed.
    Any executor of concurrent.futures will do; results go to the journal as they arrive.
    """
    limits = limits or Limits()
    read_assignment(source, name)
    tasks = {}
    for submission in handed_in:
        key = key_of(source, name, limits, submission.name, submission.refused, submission.content)
        tasks[key] = Task(source, name, submission, limits, unsafe)
    with Journal(journal) as done:
        waiting = {
            executor.submit(grade, task): key
            for key, task in tasks.items()
            if done.results.get(key, {}).get("status", RETRY) == RETRY
        }
        with progress("submissions", len(waiting)) as step:
            try:
                for future in as_completed(waiting):
                    key = waiting[future]
                    result = _result(future, tasks[key])
                    done.add(key, result)
                    step(result["submission"])
            except BaseException:
                for future in waiting:
                    future.cancel()
                raise
        return [done.results[key] for key in tasks]


def _result(future, task: Task) -> dict:
    """The result, or, where the executor lost it, that there is none yet."""
    try:
        return future.result()
    except Exception as error:
        return ungraded(task) | {"reason": clean(f"the executor failed: {type(error).__name__}: {error}")}
