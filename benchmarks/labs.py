"""Run every lab in a fresh environment made of the Binder files; say how long each takes and how much memory it fills.

    python -m benchmarks.labs            in a new environment, minutes: all packages are installed anew
    python -m benchmarks.labs --here     in the present one, a few seconds a lab

Exits with 1 if a lab fails or fills more than 1.5 GB; Binder has 2.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MOST = 1.5e9  # bytes
# In a process of its own for each lab, so that the largest child is that lab's kernel.
RUN = """
import resource, sys, time, warnings
warnings.simplefilter("ignore")
import nbformat
from nbclient import NotebookClient
path = sys.argv[1]
start = time.monotonic()
place = {"metadata": {"path": path.rpartition("/")[0]}}
NotebookClient(nbformat.read(path, as_version=4), timeout=600, kernel_name="python3", resources=place).execute()
peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
print(time.monotonic() - start, peak * (1 if sys.platform == "darwin" else 1024))
"""


def copy(to: Path) -> None:
    """Copy the files of the clone, as Binder would find them."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    names = subprocess.run(command, cwd=ROOT, capture_output=True, check=True, text=True).stdout.split("\0")
    for name in filter(None, names):
        if (ROOT / name).is_file():
            (to / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, to / name)


def environment(clone: Path, folder: Path) -> Path:
    """Make an environment as repo2docker does, from binder/: its Python, its requirements, its postBuild."""
    version = (clone / "binder" / "runtime.txt").read_text().strip().removeprefix("python-")
    asked = shutil.which(f"python{version}")
    # A shim of pyenv is found for every version, also where it leads to none.
    works = asked and subprocess.run([asked, "-c", ""], stderr=subprocess.DEVNULL).returncode == 0
    python = asked if works else sys.executable
    print(f"Binder asks for Python {version}; {python} is used. Installing …", flush=True)
    subprocess.run([python, "-m", "venv", folder], check=True)
    settings = {**os.environ, "PATH": f"{folder / 'bin'}:{os.environ['PATH']}", "VIRTUAL_ENV": str(folder)}
    settings |= {"JUPYTER_CONFIG_DIR": str(folder / "jupyter"), "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    for command in (["pip", "install", "-q", "-r", "binder/requirements.txt"], ["binder/postBuild"]):
        subprocess.run(command, cwd=clone, env=settings, check=True, stdout=subprocess.DEVNULL)
    return folder / "bin" / "python"


def report(python: Path, labs: list[Path]) -> bool:
    """Run the labs, print a line for each, and say whether all are well."""
    well = True
    for lab in labs:
        done = subprocess.run([python, "-c", RUN, lab], capture_output=True, text=True)
        if done.returncode:
            well = False
            print(f"{lab.stem:18} failed: {done.stderr.strip().splitlines()[-1]}", flush=True)
            continue
        seconds, peak = map(float, done.stdout.split()[-2:])
        well = well and peak <= MOST
        print(f"{lab.stem:18}{seconds:7.1f} s{peak / 1e9:8.2f} GB{'' if peak <= MOST else ', too much'}", flush=True)
    return well


def main() -> None:
    if sys.argv[1:] == ["--here"]:
        sys.exit(not report(Path(sys.executable), sorted((ROOT / "labs").glob("*.ipynb"))))
    with tempfile.TemporaryDirectory() as folder:
        clone = Path(folder, "clone")
        copy(clone)
        python = environment(clone, Path(folder, "environment"))
        sys.exit(not report(python, sorted((clone / "labs").glob("*.ipynb"))))


if __name__ == "__main__":
    main()
