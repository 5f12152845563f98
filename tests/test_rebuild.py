"""One number changed in the catalogue changes everything that was computed from it, and nothing is built in vain."""

import csv
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from bs4 import BeautifulSoup

H100 = "H100-SXM-80GB"
BANDWIDTH = "3000"  # in place of the H100's own, in GB/s
RATE = "21.4 token/s"  # that over the 140 GB of a 70B model at sixteen bits


def build(clone: Path) -> str:
    """Run the builder of a clone with the packages of this one; the copy's own `tokenomics` comes first."""
    environment = {**os.environ, "PYTHONPATH": str(clone)}
    command = [sys.executable, "scripts/book.py"]
    run = subprocess.run(command, cwd=clone, env=environment, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    assert run.returncode == 0, run.stdout + run.stderr
    return run.stdout


def computed(html: Path) -> dict:
    """What a build computed, by kind, out of the pages that it wrote."""
    page = html / "chapters" / "decode-law.html"
    chapter = BeautifulSoup(page.read_text(encoding="utf-8"), "html.parser")
    lab = BeautifulSoup((html / "labs" / "count-parameters.html").read_text(encoding="utf-8"), "html.parser")
    host = chapter.select_one("#calculator-decode").extract()
    figures = chapter.select("main figure[id]:has(img[src$='.svg'])")
    return {
        "prose": " | ".join(text.get_text() for text in chapter.select("main .pasted-text")),
        "figures": {figure["id"]: (page.parent / figure.find("img")["src"]).read_bytes() for figure in figures},
        "tables": [table.get_text(" ", strip=True) for table in chapter.select("main table")],
        "widget": json.loads(host.find("script").string)["state"]["shelf"]["machines"][H100],
        "fallback": host.find("table").get_text(" ", strip=True),
        "lab": [output.get_text() for output in lab.select("main .cell_output pre")],
    }


@pytest.fixture(scope="module")
def builds(root, tmp_path_factory):
    """The pages as they are, and the pages of a copy of the clone with another bandwidth."""
    copy = tmp_path_factory.mktemp("copy") / "clone"
    shutil.copytree(root, copy, ignore=shutil.ignore_patterns(".*", "node_modules", "__pycache__"))
    (copy / "node_modules").symlink_to(root / "node_modules")  # MathJax, which sets the formulas
    build(copy)  # does nothing where the book has been built, as `make test` sees to
    assert "up to date" in build(copy)
    before = computed(copy / "_build" / "html")

    table = copy / "tokenomics" / "catalogue" / "accelerators.csv"
    with table.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    next(row for row in rows if row["name"] == H100)["bandwidth_gb_s"] = BANDWIDTH
    with table.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0].keys())
        writer.writeheader()
        writer.writerows(rows)

    assert "up to date" not in build(copy)
    return before, computed(copy / "_build" / "html")


def test_prose_follows(builds):
    before, after = builds
    assert RATE not in before["prose"]
    assert RATE in after["prose"]


def test_figures_follow(builds):
    before, after = builds
    assert before["figures"].keys() == after["figures"].keys()
    assert before["figures"]["fig-to-scale"] != after["figures"]["fig-to-scale"]


def test_tables_follow(builds):
    before, after = builds
    assert not any(RATE in table for table in before["tables"])
    assert any(RATE in table for table in after["tables"])


def test_calculator_follows(builds):
    before, after = builds
    assert after["widget"] == {**before["widget"], "bandwidth": float(BANDWIDTH) * 1e9}
    assert before["fallback"] != after["fallback"]


def test_lab_follows(builds):
    before, after = builds
    # Llama 3.1 8B at sixteen bits: 8,030,261,248 parameters, two bytes each.
    milliseconds = f"{8030261248 * 2 / 3000e9 * 1e3:.2f} ms"
    assert not any(milliseconds in output for output in before["lab"])
    assert any(milliseconds in output for output in after["lab"])
