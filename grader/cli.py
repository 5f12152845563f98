"""The command line: ``python -m grader release | check | grade | report``."""

import argparse
import json
import re
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

from tokenomics.checks import shown, whole
from tokenomics.tables import print_table

from .assignment import read_assignment
from .batch import grade_batch
from .exports import canvas, gradescope, marks_csv, moodle, write_json
from .grading import GRADED
from .inbox import submissions
from .page import page
from .release import release
from .sandbox import Limits, why_no_box
from .soundness import faults, guesses

__all__ = ["main"]

# What a shell gets to know: all well; something to look at; input refused.
_FINE, _LOOK, _REFUSED = 0, 1, 2


def main(arguments: list | None = None) -> int:
    """Run a command and return its exit code: 0; 1 where something is left to look at; 2 where the input is refused."""
    options = _parser().parse_args(arguments)
    try:
        return options.run(options)
    except (ValueError, OSError) as error:
        file = getattr(error, "filename", None)
        print(f"grader: {f'{shown(str(file))}: {error.strerror}' if file else error}", file=sys.stderr)
        return _REFUSED
    except KeyboardInterrupt:
        print("grader: interrupted; the same command goes on where it stopped", file=sys.stderr)
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="grader", description="Release, check, grade and report assignments.")
    commands = parser.add_subparsers(required=True)

    def command(name, function, text):
        made = commands.add_parser(name, help=text, description=text[0].upper() + text[1:] + ".")
        made.set_defaults(run=function)
        return made

    releasing = command("release", _release, "write the students' notebook")
    checking = command("check", _check, "prove that a source notebook is sound")
    grading = command("grade", _grade, "grade submissions; begun again, it goes on where it stopped")
    reporting = command("report", _report, "write pages and marks from what was graded")
    for verb in (releasing, checking, grading):
        verb.add_argument("source", type=Path, help="the instructor's notebook")
    releasing.add_argument("-o", "--output", type=Path, required=True, help="the students' notebook")
    grading.add_argument("submissions", type=Path, help="a folder, a zip or one notebook")
    grading.add_argument("-o", "--output", type=Path, required=True, help="a folder for the results")
    grading.add_argument("--workers", type=int, default=2, help="submissions at a time (2)")
    grading.add_argument("--scheduler", help="address of a dask scheduler whose machines grade instead of this one")
    for verb in (checking, grading):
        verb.add_argument("--cell-seconds", type=float, default=Limits.cell_seconds, help="time of a cell or a call")
        verb.add_argument("--total-seconds", type=float, default=Limits.total_seconds, help="time of a submission")
        verb.add_argument("--memory-mb", type=int, default=Limits.memory // 2**20, help="memory of a submission")
        verb.add_argument("--unsafe", action="store_true", help="run without a box: only what you would run yourself")
    reporting.add_argument("results", type=Path, help="the folder that grade has written")
    reporting.add_argument("--canvas", type=Path, help="the gradebook that Canvas exported")
    reporting.add_argument("--moodle", type=Path, help="the grading worksheet that Moodle exported")
    reporting.add_argument("--column", default="", help="the column of the marks, if not named as the assignment")
    reporting.add_argument("--gradescope", action="store_true", help="write Gradescope's results.json for each")
    return parser


def _read(path: Path) -> tuple:
    content = path.read_bytes()
    try:
        return content, read_assignment(content, path.stem)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None


def _release(options) -> int:
    content, assignment = _read(options.source)
    if options.output.exists() and options.output.samefile(options.source):
        raise ValueError(f"{options.output}: is the source itself; give another name")
    options.output.parent.mkdir(parents=True, exist_ok=True)
    options.output.write_text(release(assignment, content), encoding="utf-8")
    print(f"{options.output}: {len(assignment.questions)} questions, {assignment.points:g} points")
    return _FINE


def _limits(options) -> Limits:
    reason = "" if options.unsafe else why_no_box()
    if reason:
        raise ValueError(f"no box can be made here ({reason}); install bubblewrap, or say --unsafe to trust every file")
    return Limits(options.cell_seconds, options.total_seconds, options.memory_mb * 2**20)


def _check(options) -> int:
    content, assignment = _read(options.source)
    found = faults(assignment, content, _limits(options), unsafe=options.unsafe)
    for fault in found:
        print(f"wrong: {fault}")
    for remark in guesses(assignment):
        print(f"look at: {remark}")
    if not found:
        slips = sum(len(question.slips) for question in assignment.questions)
        size = f"{len(assignment.questions)} questions, {assignment.points:g} points, {slips} slips"
        print(f"{options.source}: sound; {size}")
    return _LOOK if found else _FINE


def _grade(options) -> int:
    content, assignment = _read(options.source)
    limits = _limits(options)
    whole("grade", "--workers", options.workers, 1, 1024)
    with _executor(options) as executor:
        results = grade_batch(
            *(content, assignment.name, submissions(options.submissions), executor),
            *(options.output / "journal.jsonl", limits),
            unsafe=options.unsafe,
        )
    write_json(options.output / "results.json", results)
    graded = sum(result["status"] == GRADED for result in results)
    flagged = sum(bool(result["flags"]) for result in results)
    print_table("", ("submission", "score", "to look at"), [_line(result) for result in results])
    print(f"{graded} of {len(results)} graded, {flagged} flagged: {options.output / 'results.json'}")
    return _FINE if graded == len(results) else _LOOK


def _line(result: dict) -> tuple:
    score = "" if result["score"] is None else f"{result['score']:g}"
    return result["submission"], score, "; ".join(filter(None, [result["reason"], *result["flags"]]))


@contextmanager
def _executor(options):
    if not options.scheduler:
        with ThreadPoolExecutor(options.workers) as pool:
            yield pool
        return
    try:
        from distributed import Client
    except ImportError:
        raise ValueError("--scheduler needs dask; install it with: pip install distributed") from None
    with Client(options.scheduler) as client:
        yield client.get_executor(pure=False, retries=1)


def _report(options) -> int:
    folder = options.results
    results = json.loads((folder / "results.json").read_text(encoding="ascii"))
    if not results:
        raise ValueError(f"{folder}: holds no results; grade some submissions first")
    (folder / "marks.csv").write_text(marks_csv(results), encoding="utf-8", newline="")
    _each(folder / "pages", results, "html", page)
    remarks = []
    if options.gradescope:
        _each(folder / "gradescope", results, "json", lambda result: json.dumps(gradescope(result), indent=1))
    for system, path, merge in (("canvas", options.canvas, canvas), ("moodle", options.moodle, moodle)):
        if path:
            merged = merge(path.read_bytes(), results, options.column)
            (folder / f"{system}.csv").write_bytes(merged.content)
            print(f"{folder / f'{system}.csv'}: {merged.marks} marks")
            remarks += merged.remarks
    for remark in remarks:
        print(f"look at: {remark}")
    print(f"{folder}: {len(results)} pages, marks.csv")
    return _LOOK if remarks else _FINE


def _each(folder: Path, results: list, ending: str, write):
    """Write a file for each result, under a name that is safe and its own."""
    folder.mkdir(parents=True, exist_ok=True)
    for result in results:
        safe = re.sub(r"[^\w.-]+", "-", Path(result["submission"]).stem, flags=re.ASCII).strip("-.")[:60]
        name = f"{safe}-{sha256(result['submission'].encode()).hexdigest()[:8]}.{ending}"
        (folder / name).write_text(write(result), encoding="utf-8")
