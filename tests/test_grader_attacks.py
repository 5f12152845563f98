"""Whatever is handed in, the mark is right, nothing leaks, nothing runs on, and the batch ends."""

import json
import os
import re
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from submissions import CONTENT, DRAWS, TABLE, content, submitted

from grader.batch import grade_batch
from grader.grading import Task, grade
from grader.inbox import Submission
from grader.page import page
from grader.sandbox import Limits

LIMITS = Limits(cell_seconds=2, total_seconds=60, memory=300 * 2**20)


def processes() -> dict:
    """All processes of the machine but threads of the kernel's, with what they run."""
    found = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                if text := (entry / "cmdline").read_bytes():
                    found[int(entry.name)] = text
            except OSError:
                pass
    return found


def kernels() -> set:
    """The kernels that this Python has started and that are still there."""
    ours = sys.executable.encode()
    return {pid for pid, text in processes().items() if text.startswith(ours) and b"/kernel.py" in text}


@pytest.fixture(scope="module")
def graded(box, tmp_path_factory):
    """The result of every submission, from one batch."""
    folder = tmp_path_factory.mktemp("batch")
    handed_in = [Submission(name, content(notebook), name, name) for name, (notebook, *_) in TABLE.items()]
    with ThreadPoolExecutor(2) as executor:
        results = grade_batch(CONTENT, "weights", handed_in, executor, folder / "journal.jsonl", LIMITS)
    return dict(zip(TABLE, results, strict=True))


@pytest.mark.parametrize("name", [name for name in TABLE if name != "forges replies beside right answers"])
def test_the_score_is_right(graded, name):
    _, score, words = TABLE[name]
    result = graded[name]
    assert result["score"] == score, result
    assert re.search(words, "; ".join(filter(None, [result["reason"], *result["flags"]]))), result
    assert result["status"] == ("not graded" if score is None else "graded")


def test_figures_need_no_window_and_raise_no_flag(box):
    pytest.importorskip("matplotlib")
    result = grade(Task(CONTENT, "weights", Submission("figure.ipynb", content(DRAWS)), Limits()))
    assert (result["score"], result["flags"]) == (10, [])


def test_cells_without_end_take_no_more_than_their_time(box):
    """What they have defined by then counts."""
    endless = 30 * ["import time\nwhile True: time.sleep(0.01)"]
    limits = Limits(cell_seconds=0.4, total_seconds=2)
    result = grade(Task(CONTENT, "weights", Submission("endless.ipynb", content(submitted(*endless))), limits))
    assert result["score"] == 10 and result["seconds"] < 5 and "used up its 2 s" in result["flags"]


def test_no_error_of_a_submission_ends_a_loop_of_the_tests(box):
    source = json.loads(CONTENT)
    for cell in source["cells"]:
        if cell["id"] == "test-layer":
            cell["source"] = "assert all(map(lambda config: layer_parameters(config) == 60_821_504, [llama_1b]))"
    source = json.dumps(source).encode()
    for error in ("StopIteration", "StopAsyncIteration", "KeyError"):
        notebook = submitted(layer=f"def layer_parameters(config):\n    raise {error}")
        result = grade(Task(source, "weights", Submission("stops.ipynb", content(notebook)), Limits()))
        assert result["questions"][0]["earned"] == 0 and error in result["questions"][0]["message"]


def test_forged_messages_answer_no_question(graded):
    """They may cost the forger marks; never can they bring any."""
    result = graded["forges replies beside right answers"]
    assert result["status"] == "graded" and result["score"] in (0, 3, 4, 6, 7, 10)


def test_what_is_flagged(graded):
    expected = [name for name, (_, score, words) in TABLE.items() if score is not None and words.strip("^$")]
    assert all(graded[name]["flags"] for name in expected)
    assert graded["perfect"]["flags"] == []


def test_nothing_runs_on(graded):
    assert [text for text in processes().values() if b"4711" in text] == []
    assert kernels() == set()
    assert threading.active_count() < 10


def test_nobody_is_told_what_hidden_tests_ask(graded):
    """Not even one who puts it into errors, names and output."""
    for name, result in graded.items():
        told = json.dumps(result) + page(result)
        for secret in ("1_235_814_400", "1235814400", "218112000", "218_112_000", "HIDDEN", "SLIP"):
            assert secret not in told, name
        assert all(json.dumps(entry).isascii() for entry in result["questions"]), name


def test_pages_hold_no_markup_of_others(graded):
    made = page(graded["<script>alert(1)</script>"])
    assert "<script" not in made and "&lt;script&gt;" in made


def test_results_are_json_of_finite_size(graded):
    assert all(len(json.dumps(result, allow_nan=False)) < 20_000 for result in graded.values())


def test_the_machine_outside_is_as_it_was(graded):
    assert os.path.exists(CONTENT and __file__) and not os.path.exists("/tmp/work/tests")
