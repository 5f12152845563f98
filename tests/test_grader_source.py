"""From the instructor's notebook to the students', and the proof that it is sound."""

import json
from pathlib import Path

import nbformat
import pytest
from submissions import ASSIGNMENT, CONTENT, LAYER, RELEASE, SOURCE

from grader import soundness
from grader.assignment import SourceError, read_assignment
from grader.cli import main
from grader.judge import judge
from grader.release import release
from grader.sandbox import Limits

SOURCES = sorted((Path(__file__).resolve().parent.parent / "assignments").glob("*/*.ipynb"))


def changed(change, identity="test-layer") -> bytes:
    """The source with one cell changed by a function of its text."""
    notebook = json.loads(CONTENT)
    for cell in notebook["cells"]:
        if cell["id"] == identity:
            cell["source"] = change("".join(cell["source"]))
    return json.dumps(notebook).encode()


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_every_assignment_is_sound(box, path):
    content = path.read_bytes()
    assignment = read_assignment(content, path.stem)
    assert soundness.faults(assignment, content, Limits()) == []
    assert soundness.guesses(assignment) == []
    assert assignment.points == 10 and len(assignment.questions) >= 3
    assert sum(len(question.slips) for question in assignment.questions) >= 3


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_source_and_release_are_notebooks_that_keep_nothing(path):
    content = path.read_bytes()
    released = release(read_assignment(content, path.stem), content)
    for text in (content.decode(), released):
        notebook = nbformat.reads(text, as_version=4)
        nbformat.validate(notebook)
        assert all(not cell.outputs and not cell.execution_count for cell in notebook.cells if cell.cell_type == "code")
    for word in ("SOLUTION", "HIDDEN", "SLIP", '"book"'):
        assert word not in released


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_students_can_run_the_public_tests_without_the_package(path):
    """With the solutions in place every cell runs; before, each one that asks for something says so."""
    content = path.read_bytes()
    assignment = read_assignment(content, path.stem)
    solutions = dict(assignment.solutions)
    solved, stubs = {}, {}
    for cell in json.loads(release(assignment, content))["cells"]:
        source = "".join(cell["source"])
        if cell["cell_type"] == "code":
            assert "import" not in source
            exec(solutions.get(cell["id"], source), solved)
            if cell["metadata"]["nbgrader"]["grade"]:
                with pytest.raises(NotImplementedError):
                    exec(source, stubs)
            else:
                exec(source, stubs)


def test_no_two_assignments_ask_for_the_same_name():
    """Or a submission that has lost its metadata could be taken for one to another assignment."""
    asked = [name for path in SOURCES for name in read_assignment(path.read_bytes(), path.stem).asked]
    assert sorted(asked) == sorted(set(asked)) and len(SOURCES) >= 4


def test_the_release_keeps_what_students_need():
    cells = {cell["id"]: "".join(cell["source"]) for cell in RELEASE["cells"]}
    assert cells["layer"].splitlines()[-2:] == ["    # YOUR CODE HERE", "    raise NotImplementedError()"]
    assert cells["layer"].startswith("def layer_parameters(config):\n")
    assert "assert layer_parameters(llama_1b) == 60_821_504" in cells["test-layer"]
    assert cells["configurations"] == dict(ASSIGNMENT.given)["configurations"]
    assert RELEASE["metadata"]["tokenomics"] == {"assignment": "weights"}


@pytest.mark.parametrize(
    "content, words",
    [
        (changed(lambda text: text.replace("### END HIDDEN TESTS", "")), "has no end"),
        (changed(lambda text: text.replace("### BEGIN HIDDEN TESTS", "")), "has no partner"),
        (changed(lambda text: text.replace("assert ", "")), "holds no assert"),
        (changed(lambda text: "assert 1 + 1 == 2"), "tests nothing"),
        (changed(lambda text: "assert layer_parameters("), "plain Python"),
        (changed(lambda text: text.replace("SLIP All is there but the norms.", "SLIP")), "needs a hint"),
        (changed(lambda text: text + "\n# SLIP No.\n# layer_parameters = 3"), "a slip stands where students see it"),
        (changed(lambda text: "raise ValueError(3)", "configurations"), "cell configurations: ValueError"),
        (changed(lambda text: "%matplotlib inline", "configurations"), "cell configurations: SyntaxError"),
        (CONTENT.replace(b'"points": 3', b'"points": "3"'), "points is '3'"),
        (CONTENT.replace(b'"points": 3', b'"points": -1'), "points is -1"),
        (CONTENT.replace(b'"schema_version": 3', b'"schema_version": 2'), "schema_version is 2"),
        (CONTENT.replace(b'"grade_id": "layer"', b'"grade_id": "model"'), "2 cells have this grade_id"),
        (changed(lambda text: text + "### BEGIN HIDDEN TESTS\n", "configurations"), "is not marked as tests"),
        (changed(lambda text: text + "### BEGIN SOLUTION\n", "title"), "is not marked as a solution"),
        (changed(lambda text: text.replace(" as counted", "")), "a layer_parameters of its own"),
        (json.dumps({"cells": RELEASE["cells"][:2]}).encode(), "no cell holds tests"),
        (b"{}", "no cells"),
    ],
)
def test_a_source_that_cannot_be_used_is_refused(content, words, tmp_path, capsys):
    path = tmp_path / "weights.ipynb"
    path.write_bytes(content)
    assert main(["check", str(path)]) == 2
    error = capsys.readouterr().err
    assert words in error and error.count("\n") == 1 and error.startswith("grader: ")


@pytest.mark.parametrize(
    "content, words",
    [
        (changed(lambda text: text.replace("60_821_504", "60_821_505")), "the solution itself fails"),
        (changed(lambda text: LAYER, "layer").replace(b"### BEGIN SOL", b"#").replace(b"### END SOL", b"#"), None),
        (changed(lambda text: "assert layer_parameters(llama_1b) > 0\n" + text.split("\n", 1)[1]), None),
        (
            changed(lambda text: "assert layer_parameters(llama_1b)\n### BEGIN HIDDEN TESTS\n### END HIDDEN TESTS"),
            "guess",
        ),
    ],
)
def test_check_tells_sound_from_unsound(box, content, words):
    assignment = read_assignment(content, "weights")
    found = soundness.faults(assignment, content, Limits())
    if words is None:
        assert found == []
    elif words == "guess":
        assert any("answers 1 to everything" in line for line in soundness.guesses(assignment))
    else:
        assert any(line.startswith("test-layer") and words in line for line in found)


def test_check_finds_a_slip_that_passes_or_is_taken_for_another(box):
    def spoil(text):
        text = text.replace("# def layer_parameters(config):", "# def another(config):", 1)
        return text.replace("#     return hidden * heads * head", "#     return 9\n#     return hidden * heads * head")

    content = changed(spoil)
    passes, taken = soundness.faults(read_assignment(content, "weights"), content, Limits())
    assert "passes the slip 'Are there" in passes
    assert "the slip 'All is there but the norms.' gets the hint 'The feed-forward" in taken


def test_check_finds_what_a_release_gives_away(box, monkeypatch):
    monkeypatch.setattr(soundness, "release", lambda assignment, content: content.decode())
    found = soundness.faults(ASSIGNMENT, CONTENT, Limits())
    assert any("the release holds" in line and line.startswith("layer:") for line in found)
    assert any("the release holds" in line and line.startswith("test-memory:") for line in found)
    assert any("the released stub earns 3 points" in line for line in found)


def verdict(identity="test-memory", answer=None, raised=None):
    """Judge a question on a function that gives one answer."""
    question = next(question for question in ASSIGNMENT.questions if question.identity == identity)

    def call(name, arguments, options):
        if raised:
            raise raised
        return answer(*arguments, **options)

    return judge(ASSIGNMENT, question, lambda name: callable, call)


def test_right_answers_are_right_to_the_tolerance_of_the_test():
    assert verdict(answer=lambda parameters, bits, devices: parameters * bits / 8e9 / devices).earned == 4
    assert verdict(answer=lambda parameters, bits, devices: parameters * bits / 8e9 / devices * (1 + 5e-7)).earned == 4
    assert verdict(answer=lambda parameters, bits, devices: parameters * bits / 8e9 / devices * (1 + 2e-6)).earned == 0


@pytest.mark.parametrize(
    "answer, hint",
    [
        (lambda parameters, bits, devices: parameters * bits / devices / 1e9, "Bits are not bytes"),
        (lambda parameters, bits, devices: parameters * bits / 8 / devices / 1024**3, "This is in GiB"),
        (lambda parameters, bits, devices: parameters * bits / 8e9, "This is what all devices hold"),
        (lambda parameters, bits, devices: 7, ""),
        (lambda parameters, bits, devices: [], ""),
    ],
)
def test_a_slip_earns_its_hint_and_not_the_answer(answer, hint):
    found = verdict(answer=answer)
    assert found.earned == 0 and found.hint.startswith(hint) and bool(found.hint) == bool(hint)
    assert "1235814400" not in found.message + found.hint


def test_a_hidden_test_tells_only_that_it_failed():
    only_public = {70_553_706_496: 70.553706496}
    found = verdict(answer=lambda parameters, bits, devices: only_public.get(parameters, 3))
    assert (found.message, found.hint) == ("A hidden test failed.", "")
    assert "TypeError" in verdict(answer=lambda parameters, bits, devices: None).message
    assert "ZeroDivisionError" in verdict(raised=ZeroDivisionError("secret")).message
    assert "secret" not in verdict(raised=ZeroDivisionError("secret")).message


def test_release_and_check_from_the_command_line(box, tmp_path, capsys):
    target = tmp_path / "new" / "weights.ipynb"
    assert main(["release", str(SOURCE), "-o", str(target)]) == 0
    assert json.loads(target.read_text(encoding="utf-8")) == RELEASE
    assert main(["check", str(SOURCE)]) == 0
    assert "sound; 3 questions, 10 points, 9 slips" in capsys.readouterr().out
    assert main(["release", str(target), "-o", str(target)]) == 2
    assert main(["release", str(tmp_path / "none.ipynb"), "-o", str(target)]) == 2
    assert json.loads(target.read_text(encoding="utf-8")) == RELEASE


def test_source_error_is_a_value_error():
    assert issubclass(SourceError, ValueError)
