"""The shape of the project: small modules, a quick import, no name or host that should not be there."""

import json
import re
import subprocess
import sys
import tomllib

CORE = ("architecture", "catalogue", "checks", "cli", "elementwise", "hardware", "latency", "numerals", "parameters",
        "prediction", "roofline", "work")  # fmt: skip
LOCKS = ("requirements.txt", "requirements-test.txt", "binder/requirements.txt")
APART = {".venv", ".cache", ".git", "_build", "node_modules"}


def test_modules_are_small(root):
    modules = [path for package in ("tokenomics", "grader") for path in (root / package).rglob("*.py")]
    lengths = {path.name: len(path.read_text().splitlines()) for path in modules}
    assert {name: length for name, length in lengths.items() if length > 300} == {}


def test_importing_the_package_imports_no_heavy_one():
    modules = ", ".join(f"tokenomics.{name}" for name in CORE)
    heavy = {"numpy", "scipy", "rich", "matplotlib", "anywidget", "IPython"}
    code = f"import sys, {modules}; print(*{heavy} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


def required(text):
    """The names of the distributions that a requirements file asks for."""
    lines = [line.split("#")[0].strip() for line in text.splitlines()]
    return {re.match(r"[\w.-]+", line)[0].lower() for line in lines if re.match(r"\w", line)}


def test_the_other_tokenomics_is_never_asked_for(root):
    """That name on PyPI belongs to another project."""
    project = tomllib.loads((root / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"].values()
    asked = "\n".join([*project["dependencies"], *(name for extra in extras for name in extra)])
    assert "tokenomics" in required("tokenomics==0.1")
    assert "tokenomics" not in required(asked)
    for name in LOCKS:
        assert "tokenomics" not in required((root / name).read_text())
    assert project["name"] == "tokenomics-book"


def test_every_dependency_is_pinned(root):
    for name in LOCKS[:2]:
        lines = [line for line in (root / name).read_text().splitlines() if re.match(r"\w", line)]
        assert lines and all("==" in line for line in lines)


def test_the_locks_name_no_index(root):
    """Where packages come from is the reader's setting, not the book's."""
    for name in LOCKS:
        text = (root / name).read_text()
        assert "://" not in text and "--index" not in text and "--extra-index" not in text
    locked = json.loads((root / "package-lock.json").read_text())["packages"]
    assert [name for name, package in locked.items() if "resolved" in package] == []
    assert all("integrity" in package for name, package in locked.items() if name)
    assert not (root / ".npmrc").exists() and not (root / "pip.conf").exists()


def test_no_folder_of_the_name_that_loads_every_script(root):
    """Jupyter Book 1 loads each script below each static path on each page if a folder has this name."""
    found = [path for path in root.rglob("_static") if not APART & set(path.relative_to(root).parts)]
    assert found == []
    assert "html_static_path: [_assets]" in (root / "_config.yml").read_text()


def test_the_repository_address_stands_in_one_place(root):
    """The README may name it, to say where it is set."""
    endings = {".md", ".yml", ".toml", ".cff", ".json", ".html", ".py", ".js", ".ipynb", ".svg"}
    files = [path for path in root.rglob("*.*") if path.suffix in endings]
    book = [path for path in files if not {"tests", *APART} & set(path.relative_to(root).parts)]
    naming = {path.name for path in book if "/tokenomics-book" in path.read_text(encoding="utf-8")}
    assert "_config.yml" in naming and naming <= {"_config.yml", "README.md"}
