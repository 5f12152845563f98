"""The pages and labs give the outputs that are kept of them.

pytest runs nbval over labs/ and tests/references/ as well: each cell runs again, and every output must be the same.
nbval is content with a notebook that has nothing to compare, and with cells that are marked to be left alone. The tests
here see to it that there is always something to compare, and that it belongs to the page as it stands.
"""

import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
import references
from nbclient import NotebookClient

ROOT = Path(__file__).resolve().parent.parent
LABS = sorted((ROOT / "labs").glob("*.ipynb"))
REFERENCES = sorted(references.REFERENCES.glob("*.ipynb"))
PAGES = references.pages()


# Cells that run but are not compared, by their ids.
MEASURED = "measures the machine that it runs on: the numbers differ from run to run, the judgements after them do not"
EXEMPT = {
    **dict.fromkeys(
        ("measured-memory", "measured-peak", "measured-sweep", "measured-roof", "measured-guess", "measured-decode",
         "measured-cache"),
        MEASURED,
    ),
    **dict.fromkeys(
        ("interface", "interface-upload"),
        "holds controls, which say in words of ipywidgets' own what they are; the lab keeps plainer ones",
    ),
}


def name(path):
    return path.stem


def code_cells(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def faults(notebook) -> list[str]:
    """Why a comparison with this notebook would say little."""
    cells = code_cells(notebook)
    found = []
    if [cell.execution_count for cell in cells] != list(range(1, len(cells) + 1)):
        found.append("not run once from top to bottom: its execution counts are not 1, 2, 3, …")
    if not any(cell.outputs for cell in cells):
        found.append("no stored output")
    for number, cell in enumerate(cells, 1):
        exempt = re.search(r"NBVAL_|PYTEST_VALIDATE", cell.source) or {
            tag for tag in cell.metadata.get("tags", []) if tag.startswith("nbval-") or tag == "raises-exception"
        }
        if exempt and cell.id not in EXEMPT:
            found.append(f"cell {number} is exempt from the comparison")
        # nbval takes an unknown magic for success; what it prints gives it away.
        if any(output.output_type == "error" or output.get("name") == "stderr" for output in cell.outputs):
            found.append(f"cell {number} failed or complained")
    return found


def stale(page_cells: list, notebook) -> bool:
    return page_cells != [cell.source for cell in code_cells(notebook)]


@pytest.mark.parametrize("path", LABS + REFERENCES, ids=name)
def test_the_stored_outputs_can_be_compared(path):
    assert faults(nbformat.read(path, as_version=4)) == []


def test_there_is_something_to_compare():
    assert LABS and len(PAGES) >= 2


def test_every_reference_has_its_page_and_every_page_its_reference():
    assert {references.reference(page) for page in PAGES} == set(REFERENCES), "run `make references`"


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_the_reference_belongs_to_the_page_as_it_stands(page):
    notebook = nbformat.read(references.reference(page), as_version=4)
    assert not stale(references.cells(page), notebook), f"the cells of {page.name} have changed: run `make references`"


@pytest.mark.parametrize("path", LABS, ids=name)
def test_a_lab_runs_in_a_fresh_kernel_and_gives_outputs_where_it_keeps_them(path):
    notebook = nbformat.read(path, as_version=4)
    kept = [[output.output_type for output in cell.outputs] for cell in code_cells(notebook)]
    place = {"metadata": {"path": str(path.parent)}}
    # A busy machine may deliver what a cell prints in two parts.
    NotebookClient(notebook, timeout=120, resources=place, coalesce_streams=True).execute()
    assert [[output.output_type for output in cell.outputs] for cell in code_cells(notebook)] == kept


# The tests above and nbval can fail.


@pytest.fixture
def notebook():
    made = nbformat.v4.new_notebook(metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}})
    made.cells = [nbformat.v4.new_code_cell("x = 6"), nbformat.v4.new_code_cell("x * 7")]
    NotebookClient(made, timeout=60).execute()
    return made


def test_nbval_passes_the_right_output_and_fails_a_changed_one(notebook, tmp_path):
    assert faults(notebook) == []
    nbformat.write(notebook, tmp_path / "right.ipynb")
    notebook.cells[1].outputs[0].data["text/plain"] = "43"
    nbformat.write(notebook, tmp_path / "changed.ipynb")
    command = [sys.executable, "-m", "pytest", "-rA", "--nbval", "--nbval-current-env", "-p", "no:cacheprovider", "."]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False)
    outcomes = re.findall(r"^(PASSED|FAILED) (\w+).ipynb::Cell (\d)", done.stdout, re.MULTILINE)
    assert sorted(outcomes) == [
        ("FAILED", "changed", "1"),
        ("PASSED", "changed", "0"),
        ("PASSED", "right", "0"),
        ("PASSED", "right", "1"),
    ]


def test_spoilt_notebooks_are_found(notebook):
    def spoilt(change):
        copy = nbformat.from_dict(notebook)
        change(copy)
        return "; ".join(faults(copy))

    def strip(copy):
        for cell in copy.cells:
            cell.outputs, cell.execution_count = [], None

    assert "no stored output" in spoilt(strip) and "execution counts" in spoilt(strip)
    assert "execution counts" in spoilt(lambda copy: copy.cells[1].update(execution_count=3))
    assert "cell 1 is exempt" in spoilt(lambda copy: copy.cells[0].update(source="# NBVAL_SKIP\nx = 6"))
    assert "cell 2 is exempt" in spoilt(lambda copy: copy.cells[1].metadata.update(tags=["nbval-ignore-output"]))
    complaint = nbformat.v4.new_output("stream", name="stderr", text="UsageError: no such magic")
    assert "cell 1 failed" in spoilt(lambda copy: copy.cells[0].outputs.append(complaint))
    assert stale(["x = 6", "x * 8"], notebook) and not stale(["x = 6", "x * 7"], notebook)
