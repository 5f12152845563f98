"""How fast fifty submissions are graded, beside nbgrader and otter-grader: ``python -m benchmarks.grading``.

Ours runs each submission in a box; the two others run it with the rights of whoever calls them. All grade the same
notebooks two at a time on the same machine. Each peer is installed by pip into an environment of its own under
`.cache/peers`; one that cannot be installed, or fails, is left out and said so.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from grader.assignment import read_assignment
from grader.batch import grade_batch
from grader.inbox import Submission
from grader.release import release
from grader.sandbox import why_no_box
from tokenomics.tables import print_table

from .accuracy import ROOT, python_of

SOURCE = ROOT / "assignments" / "weights" / "weights.ipynb"
COUNT, WORKERS = 50, 2


def handed_in() -> list:
    """Fifty submissions: each a release with the solutions filled in, some of them not."""
    content = SOURCE.read_bytes()
    assignment = read_assignment(content, "weights")
    solutions = dict(assignment.solutions)
    made = []
    for number in range(COUNT):
        notebook = json.loads(release(assignment, content))
        for place, cell in enumerate(notebook["cells"]):
            if cell["id"] in solutions and (number + place) % 5:
                cell["source"] = solutions[cell["id"]]
        made.append(json.dumps(notebook))
    return made


def ours(notebooks: list, folder: Path) -> tuple:
    """Seconds for all, and the marks."""
    submissions = [Submission(f"s{number}", text.encode()) for number, text in enumerate(notebooks)]
    start = time.perf_counter()
    with ThreadPoolExecutor(WORKERS) as executor:
        results = grade_batch(SOURCE.read_bytes(), "weights", submissions, executor, folder / "journal.jsonl")
    return time.perf_counter() - start, [result["score"] for result in results]


def run(command: list, folder: Path):
    """Run a peer's command; its failure becomes one line."""
    path = f"{command[0].parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "PYTHONPATH": str(ROOT), "HOME": str(folder), "PYTHONUTF8": "1"}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    if done.returncode:
        raise OSError((done.stderr.strip().splitlines() or ["failed"])[-1])
    return done


def with_nbgrader(notebooks: list, folder: Path) -> tuple:
    """Grade with nbgrader, in as many courses as there are workers, for its database takes one writer."""
    python = python_of("nbgrader", "nbgrader==0.9.6")
    shares = [notebooks[worker::WORKERS] for worker in range(WORKERS)]
    courses = [folder / f"course{worker}" for worker in range(WORKERS)]
    for course, share in zip(courses, shares, strict=True):
        (course / "source" / "weights").mkdir(parents=True)
        (course / "source" / "weights" / "weights.ipynb").write_bytes(SOURCE.read_bytes())
        run([python, "-m", "nbgrader", "generate_assignment", "weights"], course)
        for number, text in enumerate(share):
            place = course / "submitted" / f"s{number}" / "weights"
            place.mkdir(parents=True)
            (place / "weights.ipynb").write_text(text)
    start = time.perf_counter()
    with ThreadPoolExecutor(WORKERS) as pool:
        list(pool.map(lambda course: run([python, "-m", "nbgrader", "autograde", "weights"], course), courses))
    seconds = time.perf_counter() - start
    marks = [None] * len(notebooks)
    for worker, course in enumerate(courses):
        run([python, "-m", "nbgrader", "export"], course)
        for line in (course / "grades.csv").read_text().splitlines()[1:]:
            cells = line.split(",")
            student = next(cell for cell in cells if cell.startswith("s") and cell[1:].isdigit())
            marks[worker + WORKERS * int(student[1:])] = float(cells[-2])
    return seconds, marks


def with_otter(notebooks: list, folder: Path) -> tuple:
    """Grade with otter-grader, each submission in a process of its own, for a batch of it would need Docker."""
    python_of("otter-grader", "ipykernel")
    python = python_of("otter-grader", "otter-grader==7.0.0")
    (folder / "tests").mkdir()
    for question in read_assignment(SOURCE.read_bytes(), "weights").questions:
        case = {"code": f">>> exec({question.source!r}, globals())\n", "hidden": True, "locked": False}
        suite = {"cases": [case], "scored": True, "setup": "", "teardown": "", "type": "doctest"}
        test = {"name": question.identity, "points": question.points, "suites": [suite]}
        (folder / "tests" / f"{question.identity}.py").write_text(f"OK_FORMAT = True\ntest = {test!r}\n")
    run([python, "-m", "otter", "generate", "-t", "tests", "-o", "autograder.zip", "--no-environment"], folder)
    for number, text in enumerate(notebooks):
        (folder / f"s{number}").mkdir()
        (folder / f"s{number}" / "weights.ipynb").write_text(text)

    def grade(number: int) -> float:
        place = folder / f"s{number}"
        run([python, "-m", "otter", "run", "weights.ipynb", "-a", "../autograder.zip", "-o", "."], place)
        return sum(test.get("score", 0) for test in json.loads((place / "results.json").read_text())["tests"])

    start = time.perf_counter()
    with ThreadPoolExecutor(WORKERS) as pool:
        marks = list(pool.map(grade, range(len(notebooks))))
    return time.perf_counter() - start, marks


def main():
    """Print the seconds a submission takes with each, and with how many marks the peers agree."""
    if reason := why_no_box():
        sys.exit(f"no box can be made here: {reason}")
    notebooks = handed_in()
    graders = {"tokenomics, in a box": ours, "nbgrader 0.9.6": with_nbgrader, "otter-grader 7.0.0": with_otter}
    rows, expected = [], None
    for name, grade in graders.items():
        with tempfile.TemporaryDirectory() as folder:
            try:
                seconds, marks = grade(notebooks, Path(folder))
            except OSError as error:
                print(f"left out: {name}: {error}", file=sys.stderr)
                continue
        expected = expected or marks
        same = sum(mark == right for mark, right in zip(marks, expected, strict=True))
        rows.append((name, f"{seconds / COUNT:.2f}", f"{seconds:.1f}", f"{same} of {COUNT}"))
    print_table(f"{COUNT} submissions, {WORKERS} at a time", ("", "s each", "s in all", "same marks as ours"), rows)


if __name__ == "__main__":
    main()
