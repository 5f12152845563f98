"""Run the cells that the cache does not hold, a page on each core; the build then finds their outputs there.

Sphinx would run one page after the other. A page that fails here it runs again, and says why.
"""

import logging
import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import yaml
from jupyter_cache import get_cache
from jupyter_cache.executors import load_executor
from references import ROOT, pages

sys.path.insert(0, str(ROOT / "_ext"))
from fingerprint import cache, package

HTML = ROOT / "_build" / "html"
READERS = {".md": "myst_nb_md", ".ipynb": "nbformat"}  # those of the build
TIMEOUT = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))["execute"]["timeout"]  # of a cell [s]


def order() -> list[Path]:
    """The pages with cells, the longest first, so that no core has one left when the others are done; then the labs."""
    return sorted(pages(), key=lambda page: -page.stat().st_size) + sorted(ROOT.glob("labs/*.ipynb"))


def execute(folder: str, key: int) -> None:
    load_executor("local-serial", get_cache(folder)).run_and_cache(filter_pks=[key], timeout=TIMEOUT)


def main() -> None:
    logging.basicConfig(level=logging.WARNING)
    folder = cache(HTML, package())
    executed = get_cache(folder)
    readers = [(page, {"type": "plugin", "name": READERS[page.suffix]}) for page in order()]
    keys = [executed.add_nb_to_project(str(page), read_data=reader).pk for page, reader in readers]
    with ProcessPoolExecutor() as cores:
        list(cores.map(execute, [folder] * len(keys), keys))


if __name__ == "__main__":
    main()
