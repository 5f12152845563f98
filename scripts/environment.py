"""Make .venv hold the packages of a lock file, and the tokenomics package itself.

Standard library only: it runs before anything is installed. A stamp is written after each step that succeeded, so an
interrupted run is taken up where it stopped, and a run with nothing to do takes milliseconds.
"""

import re
import shutil
import signal
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
DONE = VENV / ".done"
INSTALLING = DONE / "installing"
LOG = ROOT / ".cache" / "pip.log"


def content(*paths: Path) -> str:
    return sha256(b"\0".join(path.read_bytes() for path in paths)).hexdigest()


def pip(*arguments: str) -> None:
    """Run pip in .venv; its output goes to the log, its failure becomes one line."""
    LOG.parent.mkdir(exist_ok=True)
    INSTALLING.touch()
    with LOG.open("w") as log:
        command = [VENV / "bin" / "python", "-m", "pip", "--disable-pip-version-check", "install", *arguments]
        status = subprocess.run(command, cwd=ROOT, stdout=log, stderr=log, stdin=subprocess.DEVNULL).returncode
    INSTALLING.unlink()
    if status:
        sys.exit(explain(LOG.read_text()))


def explain(log: str) -> str:
    """What went wrong, in one line."""
    if re.search("NewConnectionError|NameResolutionError|ConnectTimeout|ReadTimeout|ProxyError|SSLError", log):
        reason = "the Python package index cannot be reached; once the network is there, run the same command again"
    else:
        errors = [line for line in log.splitlines() if line.startswith("ERROR: ")] or ["pip failed"]
        reason = errors[0].removeprefix("ERROR: ")
    return f"Could not install the Python packages: {reason}. Nothing was half done; details in .cache/pip.log."


def stamped(name: str, expected: str, step) -> None:
    """Do the step unless its stamp says that it was done, with the same input."""
    stamp = DONE / name
    if stamp.is_file() and stamp.read_text() == expected:
        return
    stamp.unlink(missing_ok=True)
    step()
    stamp.parent.mkdir(exist_ok=True)
    stamp.write_text(expected)


def create() -> None:
    print(f"Making .venv with Python {sys.version.split()[0]} …", flush=True)
    shutil.rmtree(VENV, ignore_errors=True)
    made = subprocess.run([sys.executable, "-m", "venv", VENV], capture_output=True, text=True)
    if made.returncode:
        sys.exit(f"Could not make .venv: {(made.stdout + made.stderr).strip().splitlines()[-1]}")


def install(requirements: Path) -> None:
    count = sum("==" in line for line in requirements.read_text().splitlines())
    print(f"Installing the {count} packages of {requirements.name} into .venv, a minute or two …", flush=True)
    pip("--requirement", str(requirements))


def install_package() -> None:
    pip("--no-deps", "--no-build-isolation", "--editable", ".")


def main(requirements: Path) -> None:
    # A virtual environment is made anew where pip was killed at work in it, where it was moved, since it holds absolute
    # paths, and where another Python is wanted.
    if INSTALLING.exists():
        (DONE / "venv").unlink(missing_ok=True)
    stamped("venv", f"{sys.version} {sys.base_prefix} {VENV}", create)
    stamped(requirements.name, content(requirements), lambda: install(requirements))
    stamped("package", content(ROOT / "pyproject.toml"), install_package)


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C ends it without a traceback
    main(ROOT / sys.argv[1])
