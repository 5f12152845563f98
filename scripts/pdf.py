"""Print the whole book as a PDF: Sphinx writes it as one page, Chromium prints that page.

Runs in .venv, after scripts/book.py, whose executed cells it takes up.
"""

import fcntl
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from book import BUILD, LOG, ROOT, complaints

PAGE = BUILD / "singlehtml" / "index.html"
PDF = BUILD / "tokenomics.pdf"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


def browser() -> str:
    """The path of a Chromium; ends with one line where there is none."""
    if found := next(filter(None, map(shutil.which, BROWSERS)), None):
        return found
    sys.exit(f"No browser to print with: install one of {', '.join(BROWSERS)} (Debian, Ubuntu: apt install chromium).")


def write() -> None:
    """Write the book as one page."""
    for old in (PAGE.parent, BUILD / ".doctrees"):
        shutil.rmtree(old, ignore_errors=True)
    program = Path(sys.executable).with_name("jupyter-book")
    command = [sys.executable, program, "build", ".", "--builder", "singlehtml", "-W", "-n", "--keep-going"]
    with LOG.open("w") as log:
        status = subprocess.run(command, cwd=ROOT, stdout=log, stderr=log, stdin=subprocess.DEVNULL).returncode
    if status:
        print(*complaints(LOG.read_text()), sep="\n", file=sys.stderr)
        sys.exit(f"The book was not written as one page; the whole log is {LOG.relative_to(ROOT)}.")


def show(program: str) -> None:
    """Print the page."""
    with tempfile.TemporaryDirectory() as profile:
        options = ["--headless=new", "--disable-gpu", "--no-pdf-header-footer", "--generate-pdf-document-outline"]
        options += [f"--user-data-dir={profile}", f"--print-to-pdf={PDF}", "--virtual-time-budget=20000"]
        options += ["--host-resolver-rules=MAP * ~NOTFOUND", "--disable-background-networking"]
        # Chromium's sandbox refuses to run as root, as in a container.
        options += ["--no-sandbox"] if os.geteuid() == 0 else []
        command = [program, *options, PAGE.as_uri()]
        done = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    if done.returncode or not PDF.is_file():
        sys.exit(f"{program} did not print the book: {done.stderr.strip().splitlines()[-1:]}")


def main() -> None:
    program = browser()
    print("Writing the book as one page and printing it …", flush=True)
    with (BUILD / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # not while the book is built
        PDF.unlink(missing_ok=True)
        write()
        show(program)
    print(f"{PDF.relative_to(ROOT)}  {PDF.as_uri()}")


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C ends it without a traceback
    main()
