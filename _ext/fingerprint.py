"""The content of files as one hash, and a Sphinx extension: no page outlives the package it was computed with.

jupyter-cache runs a page again when its cells change. It does not see that the package which the cells import has
changed, so a corrected bandwidth would leave the old figures standing. Here the cache gets a folder of its own for each
state of the package, and the same hash is a configuration value of the kind that makes Sphinx read every page again.
"""

import hashlib
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

# What the result of a cell depends on, besides the cell.
EXECUTED = ("tokenomics", "requirements.txt")


def files(paths: Iterable[Path]) -> Iterator[Path]:
    """Every file at and below the paths, hidden files and compiled Python left out."""
    for path in sorted(paths):
        if path.name.startswith(".") or path.name == "__pycache__":
            continue
        if path.is_dir():
            yield from files(path.iterdir())
        elif path.is_file():
            yield path


def digest(paths: Iterable[Path]) -> str:
    """Hash of the names, as they are within the clone, and the content of all files at and below the paths.

    Modification times do not count: a checkout changes them without changing a file, and a deletion changes a file
    without leaving one.
    """
    total = hashlib.sha256()
    for file in files(paths):
        name = file.absolute().relative_to(ROOT).as_posix()
        total.update(f"{name}\0".encode() + hashlib.sha256(file.read_bytes()).digest())
    return total.hexdigest()


def package() -> str:
    """Hash of all that the result of a cell depends on, besides the cell."""
    return digest(ROOT / name for name in EXECUTED)[:16]


def _key_the_cache(app, config) -> None:
    # Beside the pages, a folder for each state of the package.
    current = Path(app.outdir).parent / ".jupyter_cache" / config.package_fingerprint
    for old in current.parent.glob("*"):
        if old != current:
            shutil.rmtree(old, ignore_errors=True)
    config.nb_execution_cache_path = str(current)


def setup(app) -> dict[str, bool]:
    app.add_config_value("package_fingerprint", package(), "env", str)
    # Early: myst-nb reads the path in its own listener to the same event.
    app.connect("config-inited", _key_the_cache, priority=1)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
