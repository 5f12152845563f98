"""Run the cells of every page and keep what they give in tests/references, where the tests compare it with a new run.

`make references` calls it, after a chapter or the package has changed on purpose. Read the difference before you
commit it.
"""

from pathlib import Path

import jupytext
import nbformat
from nbclient import NotebookClient

ROOT = Path(__file__).resolve().parent.parent
REFERENCES = ROOT / "tests" / "references"


def pages() -> list[Path]:
    """The pages that have cells to run."""
    candidates = [ROOT / "index.md", *sorted(ROOT.glob("chapters/*.md")), *sorted(ROOT.glob("appendices/*.md"))]
    return [page for page in candidates if cells(page)]


def cells(page: Path) -> list[str]:
    """The code of a page, cell by cell. Its prose is left out: it has no output."""
    notebook = jupytext.read(page, fmt="md:myst")
    return [cell.source for cell in notebook.cells if cell.cell_type == "code"]


def reference(page: Path) -> Path:
    """Where the outputs of a page are kept."""
    return REFERENCES / f"{page.stem}.ipynb"


def run(page: Path) -> nbformat.NotebookNode:
    """The code of a page with the outputs of a fresh kernel, without what differs from run to run."""
    notebook = nbformat.v4.new_notebook(metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}})
    for number, source in enumerate(cells(page), 1):
        notebook.cells.append(nbformat.v4.new_code_cell(source, id=f"cell-{number}"))
    place = {"metadata": {"path": str(page.parent)}}
    # What a cell prints is one output, also where a busy machine delivers it in parts.
    settings = {"record_timing": False, "store_widget_state": False, "coalesce_streams": True}
    NotebookClient(notebook, timeout=120, resources=place, **settings).execute()
    notebook.metadata.pop("language_info", None)
    for cell in notebook.cells:
        for output in cell.outputs:
            output.get("data", {}).pop("application/vnd.jupyter.widget-view+json", None)
    return notebook


def main() -> None:
    REFERENCES.mkdir(exist_ok=True)
    for page in pages():
        nbformat.write(run(page), reference(page))
        print(reference(page).relative_to(ROOT))
    for stale in set(REFERENCES.glob("*.ipynb")) - {reference(page) for page in pages()}:
        stale.unlink()


if __name__ == "__main__":
    main()
