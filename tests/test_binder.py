"""Binder can make the book's environment, and each page has the button that leads there."""

import subprocess
import sys
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import yaml
from bs4 import BeautifulSoup


def pages(contents: dict) -> list[str]:
    """The pages of the table of contents, as files without their ending."""
    return [contents["root"], *(chapter["file"] for part in contents["parts"] for chapter in part["chapters"])]


ROOT = Path(__file__).resolve().parent.parent
PAGES = pages(yaml.safe_load((ROOT / "_toc.yml").read_text()))


def test_repo2docker_accepts_the_clone(root):
    # Docker is not needed: without a build, the file that Docker would get is written out.
    command = [sys.executable, "-m", "repo2docker", "--no-build", "--debug", "."]
    run = subprocess.run(command, cwd=root, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    assert run.returncode == 0, run.stderr
    written = run.stdout + run.stderr
    # binder/requirements.txt refers to the one above it, so the whole clone must be there first.
    steps = ["COPY --chown=0:0 src/ ${REPO_DIR}/", '-r "binder/requirements.txt"', "RUN ./binder/postBuild"]
    places = [written.find(step) for step in steps]
    assert -1 not in places
    assert places == sorted(places)


def test_binder_takes_the_pins_of_the_book(root):
    lines = (root / "binder" / "requirements.txt").read_text().splitlines()
    ((flag, path),) = (line.split() for line in lines if not line.startswith("#"))
    assert flag == "-r"
    assert (root / "binder" / path).resolve() == root / "requirements.txt"


def test_post_build_uses_what_is_installed(root):
    commands = (root / "binder" / "postBuild").read_text()
    pins = (root / "requirements.txt").read_text()
    assert "pip install --no-cache-dir --no-deps --no-build-isolation --editable ." in commands
    assert "\nhatchling==" in pins  # the package's build backend, for lack of isolation
    assert "jupytext-config" in commands
    assert "\njupytext==" in pins


@pytest.mark.parametrize("page", PAGES)
def test_page_opens_in_binder(page, root):
    repository = yaml.safe_load((root / "_config.yml").read_text())["repository"]
    html = BeautifulSoup((root / "_build" / "html" / f"{page}.html").read_text(encoding="utf-8"), "html.parser")
    links = {link["href"] for link in html.select("a[href*='mybinder.org']")}
    if not links and "{code-cell}" not in source(root, page).read_text(encoding="utf-8"):
        pytest.skip("this page runs nothing")
    (link,) = links
    address = urlsplit(link)
    assert address.path == f"/v2/gh/{repository['url'].removeprefix('https://github.com/')}/{repository['branch']}"
    assert parse_qs(address.query)["urlpath"] == [f"lab/tree/{source(root, page).relative_to(root).as_posix()}"]


def source(root: Path, page: str) -> Path:
    (file,) = (file for ending in (".md", ".ipynb") if (file := root / (page + ending)).is_file())
    return file
