"""The verbs: they say what they are, what is missing, and when there is nothing to do."""

import os
import re
import subprocess

import pytest


@pytest.fixture
def make(root, tool):
    """Run make in the clone as a reader would, whatever make these tests run under."""
    program = tool("make")
    outer = ("MAKEFLAGS", "MAKELEVEL", "MAKEOVERRIDES", "MFLAGS")
    options = {
        "cwd": root,
        "env": {name: value for name, value in os.environ.items() if name not in outer},
        "stdin": subprocess.DEVNULL,
    }

    def run(*arguments: str) -> subprocess.CompletedProcess:
        return subprocess.run([program, *arguments], capture_output=True, text=True, **options)

    return run


@pytest.mark.parametrize("arguments", [(), ("help",)], ids=["make", "make help"])
def test_help_names_each_verb(arguments, make, root):
    shown = make(*arguments)
    assert shown.returncode == 0
    listed = re.findall(r"^  make ([a-z-]+) +\w.{10,}$", shown.stdout, re.MULTILINE)
    assert listed == re.findall(r"^([a-z-]+):.*## ", (root / "Makefile").read_text(), re.MULTILINE)
    assert {"book", "serve", "test", "bench", "clean"} <= set(listed)


def complaint(run: subprocess.CompletedProcess) -> str:
    """The one line with which a verb gave up; make adds its own after it."""
    assert run.returncode != 0
    (line,) = [line for line in run.stderr.splitlines() if not line.startswith("make")]
    return line


def test_missing_python_is_named(make):
    line = complaint(make("book", "PYTHON=/nowhere/python3"))
    assert "/nowhere/python3" in line
    assert "3.11" in line


def test_impossible_port_is_named(make):
    assert "PORT=eighty" in complaint(make("serve", "PORT=eighty"))


def test_second_build_has_nothing_to_do(make, root):
    make("book")
    again = make("book")
    assert again.returncode == 0
    index = root / "_build" / "html" / "index.html"
    assert again.stdout.splitlines() == ["The book is up to date.", f"_build/html/index.html  {index.as_uri()}"]
