"""Run the cells that the cache does not hold, a page on each core; the build then finds their outputs there.

Sphinx would run one page after the other. A page that fails here it runs again, and says why.
"""

import sys
from pathlib import Path

from jupyter_cache import get_cache
from jupyter_cache.executors import load_executor

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "_ext"))
from fingerprint import cache, package  # noqa: E402

HTML = ROOT / "_build" / "html"
MYST = {"name": "myst_nb_md", "type": "plugin"}  # reads a page as the build does
TIMEOUT = 120  # of a cell, in s, as in _config.yml


def main() -> None:
    executed = get_cache(cache(HTML, package()))
    pages = [ROOT / "index.md", *ROOT.glob("chapters/*.md"), *ROOT.glob("appendices/*.md")]
    records = [executed.add_nb_to_project(str(page), read_data=MYST) for page in pages]
    records += [executed.add_nb_to_project(str(lab)) for lab in ROOT.glob("labs/*.ipynb")]
    executor = load_executor("local-parallel", executed)
    executor.run_and_cache(filter_pks=[record.pk for record in records], timeout=TIMEOUT)


if __name__ == "__main__":
    main()
