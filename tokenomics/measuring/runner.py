"""Carry out a plan; whatever happens on the way, what was measured is kept and marked."""

import dataclasses

from .record import Point, Run
from .tasks import work_of

__all__ = ["carry_out"]


def carry_out(tasks, time_task, count_passes, run: Run, keep, step=lambda name: None) -> Run:
    """Carry out the tasks of a plan.

    Parameters
    ----------
    tasks : sequence of Task
        The plan. [-]
    time_task : callable
        Gives the samples of a task. [-]
    count_passes : callable
        Gives the counts of a decoder, from its shape. [-]
    run : Run
        What is known before: machine, provenance, what was left out. [-]
    keep : callable
        Is given the run after every task, marked as interrupted until all is
        done. [-]
    step : callable, optional
        Is told the name of each task as it begins. [-]

    Returns
    -------
    Run
        The run. Its state is ``complete``, ``interrupted`` where somebody
        pressed Ctrl-C, or ``out of memory`` where something did not fit. [-]

    Notes
    -----
    A task that finds no memory, or that the machine cannot do, is named in the
    list of what was left out; the others go on.

    Examples
    --------
    >>> from tokenomics.measuring.tasks import Task
    >>> from tokenomics.measuring.files import measured
    >>> before = dataclasses.replace(next(iter(measured().values())), points=(), counts=())
    >>> tasks = [Task(kind="read", precision="fp32", shape={"bytes": 4096})]
    >>> carry_out(tasks, lambda task: (0.5,), None, before, lambda run: None).points[0].traffic
    4096.0
    """
    points, counts, left_out = [], [], list(run.left_out)
    state, counted, waiting = "complete", set(), list(tasks)

    def so_far(state):
        return dataclasses.replace(
            run, state=state, points=tuple(points), counts=tuple(counts), left_out=tuple(left_out)
        )

    try:
        while waiting:
            task = waiting[0]
            step(str(task))
            try:
                if task.model is not None and task.model not in counted:
                    counted.add(task.model)
                    counts += count_passes(task.model)
                seconds = time_task(task)
            except MemoryError as error:
                state = "out of memory"
                left_out.append(f"{task}: out of memory ({error}); a smaller --model leaves more room")
            except RuntimeError as error:
                left_out.append(f"{task}: {_one_line(error)}")
            else:
                flops, traffic = work_of(task)
                points.append(Point(seconds=tuple(seconds), flops=flops, traffic=traffic, **vars(task)))
            waiting.pop(0)
            keep(so_far("interrupted"))
    except KeyboardInterrupt:
        left_out += [f"{task}: interrupted" for task in waiting]
        state = "interrupted"
    done = so_far(state)
    keep(done)
    return done


def _one_line(error) -> str:
    words = " ".join(str(error).split()) or type(error).__name__
    return words if len(words) <= 200 else f"{words[:200]} …"
