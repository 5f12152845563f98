"""Build the book if anything in the clone has changed since the last build that succeeded.

Runs in .venv. The pages are always written from nothing: Sphinx repeats no warning of a page that it does not read
again, so an incremental build after a failed one would pass. What takes long, the execution of the cells, is cached.
"""

import fcntl
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "_ext"))
from fingerprint import digest  # noqa: E402

BUILD = ROOT / "_build"
INDEX = BUILD / "html" / "index.html"
STAMP = BUILD / "book.sha256"
LOG = BUILD / "book.log"

# Folders that no page can depend on. All else counts, so that a new kind of page or include needs no change here.
APART = {"_build", "node_modules", "tests", "benchmarks", "dist"}


def inputs() -> str:
    os.chdir(ROOT)
    return digest(path for path in Path().iterdir() if path.name not in APART)


def build() -> None:
    for old in (BUILD / "html", BUILD / ".doctrees"):
        shutil.rmtree(old, ignore_errors=True)
    print("Building the book; pages whose cells or package changed are executed …", flush=True)
    start = time.monotonic()
    command = [sys.executable, Path(sys.executable).with_name("jupyter-book"), "build", ".", "-W", "-n", "--keep-going"]
    with LOG.open("w") as log:
        status = subprocess.run(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL).returncode
    if status:
        print(*complaints(LOG.read_text()), sep="\n", file=sys.stderr)
        sys.exit(f"The book was not built; the whole log is {LOG.relative_to(ROOT)}.")
    print(f"Built in {time.monotonic() - start:.0f} s.")


def complaints(log: str) -> list[str]:
    """The lines of a failed build that say why."""
    lines = [re.sub(r"\x1b\[[0-9;]*m", "", line) for line in log.splitlines()]
    telling = [line for line in lines if re.search(r"\b(WARNING|ERROR|CRITICAL|\w*Error|\w*Exception): .", line)]
    return list(dict.fromkeys(telling)) or lines[-20:]


def main() -> None:
    BUILD.mkdir(exist_ok=True)
    lock = (BUILD / "lock").open("w")
    fcntl.flock(lock, fcntl.LOCK_EX)  # one build at a time; the system lets go of it however this process ends
    state = inputs()
    if INDEX.is_file() and STAMP.is_file() and STAMP.read_text() == state:
        print("The book is up to date.")
    else:
        STAMP.unlink(missing_ok=True)
        build()
        STAMP.write_text(state)
    print(f"{INDEX.relative_to(ROOT)}  {INDEX.as_uri()}")


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C ends it without a traceback
    main()
