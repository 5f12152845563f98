"""The cells that the cache does not hold run before the first page is read, a page on each core.

myst-nb, which would run one page after the other, then finds their outputs. A page that fails here it runs again, and
says why.
"""

from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from jupyter_cache import get_cache
from jupyter_cache.executors import load_executor

READERS = {".md": "myst_nb_md", ".ipynb": "nbformat"}


def has_cells(page: Path) -> bool:
    return page.suffix == ".ipynb" or "{code-cell}" in page.read_text(encoding="utf-8")


def order(page: Path) -> tuple[bool, int]:
    """The longest first, so that no core has one left when the others are done; labs, which hold outputs, last."""
    return page.suffix == ".ipynb", -page.stat().st_size


def execute(folder: str, key: int, timeout: int) -> None:
    load_executor("local-serial", get_cache(folder)).run_and_cache(filter_pks=[key], timeout=timeout)


def _run(app, env, docnames) -> None:
    folder, timeout = app.config.nb_execution_cache_path, app.config.nb_execution_timeout
    cache = get_cache(folder)
    with ProcessPoolExecutor() as cores:
        for page in sorted(filter(has_cells, map(Path, map(env.doc2path, docnames))), key=order):
            record = cache.add_nb_to_project(str(page), read_data={"type": "plugin", "name": READERS[page.suffix]})
            cores.submit(execute, folder, record.pk, timeout)


def setup(app) -> dict[str, bool]:
    app.connect("env-before-read-docs", _run)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
