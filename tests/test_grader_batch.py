"""A batch: from files to results, once each, on any executor, interrupted or not."""

import json
import os
import signal
import subprocess
import sys
import time
import zipfile
from concurrent.futures import Future, ThreadPoolExecutor

import pytest
from submissions import CONTENT, SOURCE, TABLE, content, submitted
from test_grader_attacks import LIMITS, kernels

from grader import runner
from grader.batch import grade_batch
from grader.cli import main
from grader.inbox import Submission, named, submissions
from grader.journal import Journal, key_of

FEW = ["perfect", "partial", "empty", "corrupt JSON", "os._exit in question 1", "nbformat 3", "always-equal object"]
HANDED_IN = [Submission(name, content(TABLE[name][0]), name, name) for name in FEW]


def bare(results: list) -> list:
    """What must be the same whoever graded."""
    return [{key: value for key, value in result.items() if key != "seconds"} for result in results]


@pytest.fixture(scope="module")
def expected(box, tmp_path_factory):
    journal = tmp_path_factory.mktemp("here") / "journal.jsonl"
    with ThreadPoolExecutor(2) as executor:
        return bare(grade_batch(CONTENT, "weights", HANDED_IN, executor, journal, LIMITS))


def test_a_dask_cluster_gives_the_same_marks(expected, tmp_path):
    distributed = pytest.importorskip("distributed")
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, dashboard_address=None, host="127.0.0.1"
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        executor = client.get_executor(pure=False, retries=1)
        results = grade_batch(CONTENT, "weights", HANDED_IN, executor, tmp_path / "journal.jsonl", LIMITS)
    assert bare(results) == expected


class Counting(ThreadPoolExecutor):
    """An executor that knows what it was given."""

    def __init__(self):
        super().__init__(2)
        self.given = []

    def submit(self, function, task):
        self.given.append(task.submission.name)
        return super().submit(function, task)


def test_what_is_done_is_not_done_again(expected, tmp_path):
    journal = tmp_path / "journal.jsonl"

    def run(handed_in, source=CONTENT):
        with Counting() as executor:
            results = grade_batch(source, "weights", handed_in, executor, journal, LIMITS)
        return bare(results), executor.given

    assert run(HANDED_IN[:3]) == (expected[:3], FEW[:3])
    assert run(HANDED_IN) == (expected, FEW[3:])
    assert run(HANDED_IN[::-1]) == (expected[::-1], [])
    changed = Submission("perfect", content(TABLE["empty"][0]), "perfect", "perfect")
    results, given = run([changed])
    assert given == ["perfect"] and results[0]["score"] == 0
    assert run(HANDED_IN[:1], CONTENT + b"\n")[1] == ["perfect"]


class Failing:
    """An executor that loses whatever it is given."""

    def submit(self, function, task):
        future = Future()
        future.set_exception(OSError("a worker was lost"))
        return future


def test_what_the_machine_lost_is_graded_the_next_time(expected, tmp_path):
    journal = tmp_path / "journal.jsonl"
    lost = grade_batch(CONTENT, "weights", HANDED_IN[:2], Failing(), journal, LIMITS)
    assert [(result["status"], result["score"]) for result in lost] == [("not graded yet", None)] * 2
    assert "a worker was lost" in lost[0]["reason"]
    with ThreadPoolExecutor(1) as executor:
        assert bare(grade_batch(CONTENT, "weights", HANDED_IN[:2], executor, journal, LIMITS)) == expected[:2]


def test_a_box_that_cannot_be_made_costs_no_marks(box, tmp_path, monkeypatch):
    """Not even where the first box could be made, and the submission used it up."""
    made = runner.Box
    boxes = []

    def once(*arguments, **options):
        if boxes:
            raise OSError(11, "no more processes")
        boxes.append(made(*arguments, **options))
        return boxes[0]

    monkeypatch.setattr(runner, "Box", once)
    handed_in = [Submission("a", content(TABLE["os._exit in the function of question 1"][0]))]
    with ThreadPoolExecutor(1) as executor:
        (result,) = grade_batch(CONTENT, "weights", handed_in, executor, tmp_path / "journal.jsonl", LIMITS)
    assert (result["status"], result["score"]) == ("not graded yet", None) and "no more processes" in result["reason"]


def test_killed_in_the_middle_it_goes_on_where_it_stopped(box, tmp_path):
    """Nothing is graded twice, nothing is lost, nothing runs on."""
    folder, out = tmp_path / "in", tmp_path / "out"
    folder.mkdir()
    for number in range(16):
        slow = f"import time\ntime.sleep(0.2)\nnumber = {number}"
        (folder / f"s{number:02}.ipynb").write_bytes(content(submitted(slow)))
    command = [sys.executable, "-m", "grader", "grade", str(SOURCE), str(folder), "-o", str(out)]
    root = SOURCE.parents[2]
    journal = out / "journal.jsonl"
    first = subprocess.Popen(command, cwd=root, stdout=subprocess.DEVNULL)
    while first.poll() is None and (not journal.exists() or journal.read_bytes().count(b"\n") < 4):
        time.sleep(0.02)
    first.send_signal(signal.SIGKILL)
    first.wait()
    kept = journal.read_bytes()
    assert 4 <= kept.count(b"\n") < 16 and not (out / "results.json").exists()
    deadline = time.monotonic() + 10
    while kernels():
        assert time.monotonic() < deadline, "the boxes outlive their grader"
        time.sleep(0.05)
    # The machine went down while a line was being written.
    journal.write_bytes(kept + b'{"key": "cut of')
    done = subprocess.run(command, cwd=root, capture_output=True, text=True)
    assert done.returncode == 0 and "16 of 16 graded" in done.stdout
    lines = journal.read_bytes().splitlines()
    assert journal.read_bytes().startswith(kept) and len(lines) == 16
    assert len({json.loads(line)["key"] for line in lines}) == 16
    results = json.loads((out / "results.json").read_text())
    assert [result["score"] for result in results] == [10] * 16
    assert [result["submission"] for result in results] == [f"s{number:02}.ipynb" for number in range(16)]


def test_the_journal_has_one_writer_and_says_what_is_wrong(tmp_path):
    path = tmp_path / "journal.jsonl"
    with Journal(path) as journal:
        journal.add("a", {"score": 3})
        with pytest.raises(ValueError, match="another grader"):
            Journal(path)
    with Journal(path) as journal:
        assert journal.results == {"a": {"score": 3}}
    path.write_bytes(b"nonsense\n" + path.read_bytes())
    with pytest.raises(ValueError, match="line 1"):
        Journal(path)
    assert key_of("a", "bc") != key_of("ab", "c") and key_of("a") == key_of(b"a")


@pytest.mark.parametrize(
    "name, student, identity, late",
    [
        ("doejane_1234_56789_weights.ipynb", "doejane", "1234", False),
        ("doejane_LATE_1234_56789_weights-1.ipynb", "doejane", "1234", True),
        ("Jane Doe_4321_assignsubmission_file_/weights.ipynb", "Jane Doe", "4321", False),
        ("Jane Doe_4321_assignsubmission_file_weights.ipynb", "Jane Doe", "4321", False),
        ("Zoë Ångström_77_assignsubmission_file/x y.ipynb", "Zoë Ångström", "77", False),
        ("s123.ipynb", "s123", "s123", False),
        # Students choose how the name ends, and could make it that of another.
        ("doejane_1234_56789_Max_4321_assignsubmission_file_x.ipynb", "doejane", "1234", False),
        ("Jane Doe_4321_assignsubmission_file_/maxmuster_1234_56789_x.ipynb", "Jane Doe", "4321", False),
        ("Jane Doe_4321_assignsubmission_file_Max_77_assignsubmission_file_x.ipynb", "Jane Doe", "4321", False),
        ("my_own_name.ipynb", "my_own_name", "my_own_name", False),
    ],
)
def test_whose_a_file_is(name, student, identity, late):
    found = named(name)
    assert (found.student, found.identity, found.late) == (student, identity, late)


def test_a_folder_is_read_whatever_lies_in_it(tmp_path):
    good = content(submitted())
    (tmp_path / "a.ipynb").write_bytes(good)
    moodle = tmp_path / "Jane Doe_4321_assignsubmission_file_"
    moodle.mkdir()
    (moodle / "weights.ipynb").write_bytes(good)
    (tmp_path / "link.ipynb").symlink_to("/etc/passwd")
    (tmp_path / "loop.ipynb").symlink_to(tmp_path)
    os.mkfifo(tmp_path / "pipe.ipynb")
    (tmp_path / "folder.ipynb").mkdir()
    (tmp_path / "essay.pdf").write_bytes(b"%PDF")
    (tmp_path / ".DS_Store").write_bytes(b"")
    (tmp_path / ".ipynb_checkpoints").mkdir()
    (tmp_path / ".ipynb_checkpoints" / "a-checkpoint.ipynb").write_bytes(good)
    (tmp_path / os.fsdecode(b"b\xff.ipynb")).write_bytes(good)
    found = {submission.name: submission for submission in submissions(tmp_path)}
    fine = {name for name, submission in found.items() if not submission.refused}
    assert fine == {"a.ipynb", "Jane Doe_4321_assignsubmission_file_/weights.ipynb", os.fsdecode(b"b\xff.ipynb")}
    refused = {"link.ipynb", "loop.ipynb", "pipe.ipynb", "folder.ipynb", "essay.pdf"}
    assert set(found) - fine == refused and all(not found[name].content for name in refused)


def test_an_archive_cannot_lead_out_of_itself(tmp_path):
    path = tmp_path / "submissions.zip"
    good = content(submitted())
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("doejane_1_2_weights.ipynb", good)
        archive.writestr("名前.ipynb", good)
        for name in ("../up.ipynb", "/etc/cron.d/x.ipynb", "a/../../b.ipynb", "..\\up.ipynb", "C:\\x.ipynb"):
            archive.writestr(name, good)
        link = zipfile.ZipInfo("link.ipynb")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, "/etc/passwd")
        archive.writestr("bomb.ipynb", b"0" * (65 * 2**20))
        archive.writestr("__MACOSX/._x.ipynb", b"junk")
    spoilt = bytearray(path.read_bytes())
    start = spoilt.index(good[:0] + b"doejane") + len("doejane_1_2_weights.ipynb") + 40
    found = {submission.name: submission for submission in submissions(path)}
    fine = {name for name, submission in found.items() if not submission.refused}
    assert fine == {"doejane_1_2_weights.ipynb", "名前.ipynb", "bomb.ipynb"}
    assert len(found) == 9 and found["名前.ipynb"].content == good
    assert len(found["bomb.ipynb"].content) == 64 * 2**20 + 1
    spoilt[start : start + 9] = b"\xff" * 9
    path.write_bytes(spoilt)
    assert "the archive does not give it" in next(iter(submissions(path))).refused


def test_grade_from_the_command_line(box, tmp_path, capsys):
    folder, out = tmp_path / "in", tmp_path / "out"
    folder.mkdir()
    (folder / "good.ipynb").write_bytes(content(submitted()))
    arguments = ["grade", str(SOURCE), str(folder), "-o", str(out), "--workers", "1"]
    assert main(arguments) == 0 and "1 of 1 graded" in capsys.readouterr().out
    (folder / "bad.ipynb").write_bytes(b"{")
    assert main(arguments) == 1 and "1 of 2 graded" in capsys.readouterr().out
    results = json.loads((out / "results.json").read_text())
    assert [(result["submission"], result["score"]) for result in results] == [("bad.ipynb", None), ("good.ipynb", 10)]


@pytest.mark.parametrize(
    "options, words",
    [
        (["{none}"], "no submissions"),
        (["{folder}", "--workers", "0"], "--workers"),
        (["{folder}", "--memory-mb", "1"], "memory"),
        (["{folder}", "--cell-seconds", "-1"], "cell_seconds"),
        (["{folder}", "--cell-seconds", "nan"], "cell_seconds"),
    ],
)
def test_bad_options_get_one_line(box, tmp_path, capsys, options, words):
    places = {"none": tmp_path / "none", "folder": tmp_path}
    code = main(["grade", str(SOURCE), *(option.format(**places) for option in options), "-o", str(tmp_path / "out")])
    error = capsys.readouterr().err
    assert code == 2 and words in error and error.count("\n") == 1


def test_without_a_box_it_refuses_unless_told(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr("grader.cli.why_no_box", lambda: "the program bwrap is not installed")
    (tmp_path / "good.ipynb").write_bytes(content(submitted()))
    arguments = ["grade", str(SOURCE), str(tmp_path / "good.ipynb"), "-o", str(tmp_path / "out")]
    assert main(arguments) == 2 and "--unsafe" in capsys.readouterr().err
    assert main([*arguments, "--unsafe"]) == 0 and "1 of 1 graded" in capsys.readouterr().out
