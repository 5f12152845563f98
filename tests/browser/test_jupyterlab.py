"""The calculator lives in JupyterLab too, with a kernel behind it: what either side changes, the other sees."""

import json
import os
import socket
import subprocess
import sys
import time
import urllib.request

import nbformat.v4 as notebook
import pytest

from tokenomics.explorer import Explorer

CELLS = [
    "from tokenomics.explorer import explore\ne = explore('decode')\ne",
    "print(e.values)",
    "e.values = {'batch': 64}",
]


def wait_for(address: str, server: subprocess.Popen, log) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and server.poll() is None:
        try:
            urllib.request.urlopen(address).close()
            return
        except OSError:
            time.sleep(0.2)
    pytest.fail(f"JupyterLab did not start:\n{log.read_text()}")


@pytest.fixture
def lab(tmp_path):
    """Run JupyterLab on a notebook in a folder of its own; gives the notebook's address."""
    (tmp_path / "work").mkdir()
    cells = [notebook.new_code_cell(cell) for cell in CELLS]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    sheet = notebook.new_notebook(cells=cells, metadata={"kernelspec": kernel})
    (tmp_path / "work" / "sheet.ipynb").write_text(notebook.writes(sheet))
    kinds = ("CONFIG_DIR", "DATA_DIR", "RUNTIME_DIR")
    places = {f"JUPYTER_{kind}": str(tmp_path / kind) for kind in kinds}
    places |= {f"JUPYTERLAB_{kind}_DIR": str(tmp_path / kind) for kind in ("SETTINGS", "WORKSPACES")}
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--ip=127.0.0.1", f"--port={port}"]
    command += ["--IdentityProvider.token=", "--ServerApp.port_retries=0", "--LabApp.extension_manager=readonly"]
    command += ["--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate"]
    log = tmp_path / "lab.log"
    with log.open("w") as output:
        server = subprocess.Popen(
            command,
            cwd=tmp_path / "work",
            env={**os.environ, **places, "IPYTHONDIR": str(tmp_path / "ipython")},
            stdout=output,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
        )
    try:
        wait_for(f"http://127.0.0.1:{port}/api/status", server, log)
        yield f"http://127.0.0.1:{port}/lab/tree/sheet.ipynb"
    finally:
        server.terminate()  # it ends its kernels too
        server.wait(30)


def test_view_and_kernel_follow_each_other(lab, browser):
    page = browser.new_page(viewport={"width": 1400, "height": 1400})
    page.set_default_timeout(60_000)
    page.goto(lab)
    page.get_by_text("| Idle").wait_for()  # a cell run before the kernel is connected is not run at all
    cells = page.locator(".jp-Notebook .jp-CodeCell")

    def run(place: int) -> None:
        cells.nth(place).locator(".cm-content").click()
        page.keyboard.press("Shift+Enter")

    def values() -> dict:
        return json.loads(section.get_attribute("data-values"))

    run(0)
    section = page.locator("section.explorer")
    section.wait_for()
    start = values()
    assert start == Explorer("decode").values

    # Lab takes the arrow keys to walk through cells, unless the slider keeps them.
    slider = section.get_by_role("slider", name="Batch")
    slider.focus()
    for _ in range(3):
        slider.press("ArrowRight")
    moved = {**start, "batch": 8}
    assert values() == moved
    assert slider.evaluate("(slider) => slider === document.activeElement")

    run(1)
    printed = cells.nth(1).locator(".jp-OutputArea-output")
    printed.wait_for()
    assert printed.inner_text().strip() == str(moved)

    run(2)
    page.wait_for_function("JSON.parse(document.querySelector('section.explorer').dataset.values).batch === 64")
    explorer = Explorer("decode", **start | {"batch": 64})
    assert values() == explorer.values
    assert section.locator("dd").all_inner_texts() == [readout["text"] for readout in explorer.panel()["readouts"]]
    assert slider.get_attribute("aria-valuetext") == "64"
