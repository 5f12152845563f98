"""The guide for instructors works as it is printed."""

import json
import re
import shutil
import subprocess
import sys
import zipfile

from submissions import SOURCE, TABLE, content, submitted
from test_grader_exports import CANVAS, MOODLE, differences

ROOT = SOURCE.parents[2]
GUIDE = (ROOT / "appendices" / "for-instructors.md").read_text(encoding="utf-8")


def blocks(language: str) -> list:
    return re.findall(rf"^```{language}\n(.*?)^```", GUIDE, re.MULTILINE | re.DOTALL)


def test_its_commands_lead_from_an_empty_folder_to_marks(box, tmp_path):
    shutil.copytree(ROOT / "assignments", tmp_path / "assignments")
    course = tmp_path / "course"
    course.mkdir()
    (course / "gradebook.csv").write_bytes(CANVAS.encode())
    (course / "worksheet.csv").write_bytes(MOODLE.encode())
    with zipfile.ZipFile(course / "submissions.zip", "w") as archive:
        archive.writestr("doejane_101_9_weights.ipynb", content(submitted()))
        archive.writestr("oneilzoe_LATE_102_9_weights-1.ipynb", content(TABLE["partial"][0]))
        archive.writestr("Eve_503_assignsubmission_file_/weights.ipynb", content(TABLE["empty"][0]))
    commands = [line for block in blocks("bash") for line in block.splitlines()]
    assert [line for line in commands if " -m grader " not in line] == ["sudo apt install bubblewrap"]
    for line in commands[1:]:
        words = line.split()
        assert words[0] == ".venv/bin/python"
        done = subprocess.run(
            [sys.executable, *words[1:]], cwd=tmp_path, env={"PYTHONPATH": str(ROOT)}, capture_output=True, text=True
        )
        # A report has remarks here: each export knows only some of the students.
        assert done.returncode == (1 if "--canvas" in line or "--moodle" in line else 0), done.stderr + done.stdout
    assert "SOLUTION" not in (course / "weights.ipynb").read_text()
    assert differences(CANVAS.encode(), (course / "weights" / "canvas.csv").read_bytes())[2, 5] == ("", "10")
    assert differences(MOODLE.encode(), (course / "weights" / "moodle.csv").read_bytes())[3, 4] == ("1.00", "0")
    results = json.loads((course / "weights" / "results.json").read_text())
    assert [(result["score"], result["flags"]) for result in results] == [(10, []), (6, ["handed in late"]), (0, [])]
    for folder in ("pages", "gradescope"):
        assert len(list((course / "weights" / folder).iterdir())) == 3


def test_its_examples_are_those_of_the_assignment():
    cells = {cell["id"]: "".join(cell["source"]) for cell in json.loads(SOURCE.read_bytes())["cells"]}
    solution, tests = blocks("python")
    assert solution.strip() == cells["memory"]
    assert cells["test-memory"].startswith(tests)
