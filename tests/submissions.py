"""Submissions of all kinds to the assignment on weights, honest, clumsy and hostile, and the score each must get."""

import json
from pathlib import Path

from grader.assignment import read_assignment
from grader.release import release

SOURCE = Path(__file__).resolve().parent.parent / "assignments" / "weights" / "weights.ipynb"
CONTENT = SOURCE.read_bytes()
ASSIGNMENT = read_assignment(CONTENT, "weights")
RELEASE = json.loads(release(ASSIGNMENT, CONTENT))
LAYER, MODEL, MEMORY = (source for _, source in ASSIGNMENT.solutions)
PARTS = {"layer": LAYER, "model": MODEL, "memory": MEMORY}


def submitted(*extra, metadata=True, **changed) -> dict:
    """The release with the right solutions in it, some of them changed, and further cells at its end."""
    made = json.loads(json.dumps(RELEASE))
    for cell in made["cells"]:
        if cell["id"] in PARTS:
            cell["source"] = {**PARTS, **changed}[cell["id"]]
    made["cells"] += [{"cell_type": "code", "metadata": {}, "source": source} for source in extra]
    if not metadata:
        made["metadata"] = {}
        for cell in made["cells"]:
            cell["metadata"] = {}
            cell.pop("id", None)
    return made


def alone(*sources) -> dict:
    """A notebook of these cells and nothing else."""
    cells = [{"cell_type": "code", "metadata": {}, "source": source} for source in sources]
    return {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 4}


def with_cells(change) -> dict:
    made = submitted()
    made["cells"] = change(made["cells"])
    return made


def old(notebook: dict) -> dict:
    """The same in format 3."""
    cells = [
        {"cell_type": "code", "input": cell["source"], "language": "python", "outputs": []}
        if cell["cell_type"] == "code"
        else {"cell_type": "markdown", "source": cell["source"]}
        for cell in notebook["cells"]
    ]
    return {"worksheets": [{"cells": cells}], "metadata": {"name": ""}, "nbformat": 3, "nbformat_minor": 0}


def renamed(cells: list) -> list:
    for number, cell in enumerate(cells):
        cell["id"] = f"c{number}"
        if "nbgrader" in cell["metadata"]:
            cell["metadata"]["nbgrader"]["grade_id"] = f"another-{number}"
    return cells


# Matplotlib looks for fonts in every new box, which takes longer than other cells may here.
DRAWS = submitted("%matplotlib inline\nimport matplotlib.pyplot as plt\nplt.plot([1])\nplt.show()\nexit()")

# Answers everything, and equals everything.
ANYTHING = """
class Anything(int):
    def __eq__(self, other): return True
    def __ne__(self, other): return False
    def __sub__(self, other): return self
    __rsub__ = __truediv__ = __rtruediv__ = __abs__ = __sub__
    def __lt__(self, other): return True
    def __hash__(self): return 0
    def __call__(self, *arguments): return self
layer_parameters = model_parameters = gigabytes_each = Anything()
"""
FUNCTIONS = "layer_parameters = model_parameters = gigabytes_each = lambda *arguments: "
# These two answer the first question only if they find what they look for.
SEARCH = f"""
import os
found = []
def look(name):
    try:
        with open(name, errors="replace") as file:
            text = file.read(10**6)
        if "# SLIP" in text or "BEGIN HIDDEN" in text or "1_235_814_400" in text:
            found.append(name)
    except OSError:
        pass
skipped = ("usr", "site-packages", "sys", "versions", "task", "net")
for top in ("/work", "/root", "/home", "/tmp", "/etc", "/proc", "/mnt", "/var", "/srv", "/opt", "/run", "/"):
    for parent, folders, files in os.walk(top):
        folders[:] = [name for name in folders if name not in skipped]
        for name in files:
            if name.endswith((".ipynb", ".jsonl", ".json", "cmdline", "environ")) or "grader" in parent:
                look(os.path.join(parent, name))
if found:
    exec({LAYER!r})
"""
NETWORK = f"""
import socket, urllib.request
reached = False
for address in (("1.1.1.1", 53), ("8.8.8.8", 443), ("127.0.0.1", 22), ("169.254.169.254", 80)):
    try:
        socket.create_connection(address, timeout=0.3)
        reached = True
    except OSError:
        pass
try:
    urllib.request.urlopen("http://example.org", timeout=0.3)
    reached = True
except OSError:
    pass
if reached:
    exec({LAYER!r})
"""
PATCHES = """
import builtins, json, sys, unittest
json.dumps = lambda *arguments, **options: '{"json": "0", "points": 10, "score": 10}'
try:
    import grader.judge
    grader.judge.judge = lambda *arguments: 10
except ImportError:
    pass
try:
    import nbgrader.utils, otter
    nbgrader.utils.determine_grade = lambda *arguments: (10, 10)
except ImportError:
    pass
builtins.AssertionError = type("Never", (Exception,), {})
"""
FORGER = """
import json, os, threading, time
def forge():
    while True:
        for descriptor in range(3, 20):
            for number in ("", "0", None, 1):
                for answer in ("60821504", "70553706496", "true"):
                    reply = {"id": number, "json": answer, "score": 10, "seen": [], "written": 0}
                    try:
                        os.write(descriptor, json.dumps(reply).encode() + b"\\n")
                    except OSError:
                        pass
        time.sleep(0.05)
threading.Thread(target=forge, daemon=True).start()
"""
GARBAGE = """
import os
for descriptor in range(3, 20):
    try:
        os.write(descriptor, b"\\xff\\xfe{not json}\\n" * 50)
    except OSError:
        pass
"""
# Sends home what it is asked, by every way that leads to a report.
SPY = """
import os
kept = []
def spy(*arguments):
    kept.append(str(arguments))
    class Found(Exception): pass
    Found.__name__ = Found.__qualname__ = str(kept)
    print(kept)
    raise ValueError(str(kept)) if len(kept) % 2 else Found(str(kept))
"""

#: name: (notebook or bytes, score or None where it cannot be graded, what must be found in the flags or the reason)
TABLE = {
    # The table of what must come out.
    "perfect": (submitted(), 10, ""),
    "partial": (submitted(memory="def gigabytes_each(parameters, bits, devices):\n    return 1"), 6, ""),
    "empty": (RELEASE, 0, ""),
    "no cells left": ({**RELEASE, "cells": []}, 0, ""),
    "syntax error in question 1": (submitted(layer="def layer_parameters(config:\n    return 1"), 7, "SyntaxError"),
    "endless loop after the answers": (submitted("while True:\n    pass"), 10, "was stopped"),
    "endless loop that will not stop": (
        submitted("import time\nwhile True:\n    try:\n        time.sleep(9)\n    except BaseException: pass"),
        10,
        "did not stop",
    ),
    "40 daemons": (
        submitted("import subprocess\nfor _ in range(40): subprocess.Popen(['sleep', '4711'], start_new_session=True)"),
        10,
        "left processes running",
    ),
    "40 daemons of Python's": (
        submitted(
            "import os, time\nfor _ in range(40):\n    if os.fork() == 0:\n        os.setsid(); time.sleep(4711)"
        ),
        10,
        "left processes running",
    ),
    "deletes files": (
        submitted("import os, shutil\nfor top in os.listdir('/'): shutil.rmtree('/' + top, ignore_errors=True)"),
        10,
        "deleted files",
    ),
    "deletes files by shell": (
        submitted("import os\nos.system('rm -rf /tmp /kernel.py 2>/dev/null')"),
        10,
        "started",
    ),
    "60 MB of output": (submitted("for _ in range(60): print('x' * 10**6)"), 10, "printed more than"),
    "memory hog in question 1": (submitted(layer=f"hog = bytearray(8 * 10**9)\n{LAYER}"), 7, "MemoryError"),
    "memory hog in small pieces": (
        submitted(layer=f"hog = []\nwhile True: hog.append(bytes([len(hog) % 255]) * 10**6)\n{LAYER}"),
        7,
        "memory|stopped",
    ),
    "os._exit in question 1": (submitted(layer=f"import os\nos._exit(0)\n{LAYER}"), 7, "the kernel has ended"),
    "os._exit in the function of question 1": (
        submitted(layer="import os\ndef layer_parameters(config):\n    os._exit(0)"),
        7,
        "the kernel has ended",
    ),
    "reaches for the network": (submitted(layer=NETWORK), 7, "reached for the network"),
    "reads the disk for hidden tests": (submitted(layer=SEARCH), 7, ""),
    "deletes the tests": (alone(LAYER), 3, ""),
    "overwrites the tests": (
        alone(*(["assert True"] * 3), *("def layer_parameters(config): pass\ndef model_parameters(): pass",)),
        0,
        "",
    ),
    "always-equal object": (submitted(layer=ANYTHING, model="", memory=""), 0, ""),
    "patches the grader": (submitted(PATCHES, layer="", memory="", model="model_parameters = 3"), 0, ""),
    "prints a score": (
        submitted('print(\'{"score": 10, "points": 10}\')\n10', layer="", memory="", model="model_parameters = 3"),
        0,
        "",
    ),
    "%badmagic, then raise": (submitted(layer="%badmagic\nraise ValueError\nlayer_parameters = 0"), 7, ""),
    "corrupt JSON": (json.dumps(submitted()).encode()[:-40], None, "not valid JSON"),
    "wrong assignment": (
        {**alone("def price(tokens): return 3"), "metadata": {"tokenomics": {"assignment": "pricing"}}},
        None,
        "pricing",
    ),
    "wrong assignment without metadata": (alone("x = 3"), None, "another assignment"),
    "nbformat 3": (old(submitted()), 10, "format 3"),
    "not UTF-8": (
        json.dumps(submitted("name = 'Zoë'"), ensure_ascii=False).encode("latin-1"),
        10,
        "not UTF-8",
    ),
    "UTF-16": (json.dumps(submitted()).encode("utf-16"), 10, ""),
    "renamed cells": (with_cells(renamed), 10, ""),
    "reordered cells": (with_cells(lambda cells: cells[::-1]), 10, ""),
    "duplicated cells": (with_cells(lambda cells: [*cells, *cells]), 10, ""),
    "stripped metadata": (submitted(metadata=False), 10, ""),
    "foreign kernelspec": (
        {**submitted(), "metadata": {"kernelspec": {"name": "ir", "language": "R"}}},
        10,
        "",
    ),
    "名前 – Ünïcode 🎓": (submitted(), 10, ""),
    # Wrong answers that look right to Python.
    "not a number": (submitted(FUNCTIONS + "float('nan')"), 0, ""),
    "infinite": (submitted(FUNCTIONS + "float('inf')"), 0, ""),
    "numbers as text": (submitted(FUNCTIONS + "'60821504'"), 0, ""),
    "true": (submitted(FUNCTIONS + "True"), 0, ""),
    "very long number": (submitted(FUNCTIONS + "10**4200"), 0, ""),
    "too long a number": (submitted(FUNCTIONS + "10**9999"), 0, ""),
    "nested too deeply": (submitted("deep = []\nfor _ in range(10**5): deep = [deep]", FUNCTIONS + "deep"), 0, ""),
    "a circle": (submitted("ring = []\nring.append(ring)", FUNCTIONS + "ring"), 0, ""),
    "an answer too long": (submitted(FUNCTIONS + "'x' * 10**8"), 0, ""),
    "no functions but values": (submitted("layer_parameters = model_parameters = gigabytes_each = 60821504"), 0, ""),
    "NumPy's numbers": (
        submitted("import numpy as np\nright = gigabytes_each\ngigabytes_each = lambda *a: np.float64(right(*a))"),
        10,
        "",
    ),
    # Honest work that a grader could stumble over.
    "widgets": (submitted("import ipywidgets\nipywidgets.interact(lambda x: x, x=3)"), 10, "^$"),
    "magics and shell": (submitted("files = !ls\n%time 1 + 1\nawait __import__('asyncio').sleep(0)"), 10, ""),
    "asks the user": (submitted("name = input('Who? ')"), 10, "EOFError"),
    # Attacks on the box and on the way out of it.
    "forges replies": (submitted(FORGER, layer="", model="", memory="gigabytes_each = 1"), 0, ""),
    "forges replies beside right answers": (submitted(FORGER), None, ""),
    "floods the way out": (submitted(GARBAGE), 10, "not JSON"),
    "closes everything": (submitted("import os\nos.closerange(0, 256)"), 10, "the kernel has ended"),
    "kills all it can": (
        submitted("import os, signal\nos.kill(-1, signal.SIGKILL)"),
        10,
        "",  # an error that no process is there, or none, where one of the box's own is just ending
    ),
    "stops itself": (submitted("import os, signal\nos.kill(os.getpid(), signal.SIGSTOP)"), 10, "did not stop"),
    "fills memory of System V's": (
        submitted(layer=f"import ctypes\nif ctypes.CDLL(None).shmget(0, 2**20, 0o1600) >= 0:\n    exec({LAYER!r})"),
        7,
        "",
    ),
    "looks beside the programs": (
        submitted(layer=f"import os\nif 'src' in os.listdir('/usr') + os.listdir('/usr/local'):\n    exec({LAYER!r})"),
        7,
        "",
    ),
    "forks without end": (submitted("import os\nwhile True:\n    os.fork()"), 10, ""),
    "fills the disk": (
        submitted(
            "try:\n  for n in range(999):\n    open(f'/tmp/{n}', 'wb').write(b'x' * 10**7)\nexcept OSError: pass"
        ),
        10,
        "",
    ),
    "fills memory that has no name": (
        submitted(
            "import os, time\nfor n in range(60):\n    f = os.memfd_create(str(n))\n"
            "    for _ in range(6): os.write(f, b'x' * 10**7)\ntime.sleep(1)"
        ),
        10,
        "memory|stopped",
    ),
    "a function without end": (submitted(layer="def layer_parameters(config):\n    while True: pass"), 7, ""),
    "a function that exits": (submitted(layer="def layer_parameters(config):\n    raise SystemExit(0)"), 7, ""),
    "no alarm clock": (
        submitted("import signal\nsignal.signal(signal.SIGALRM, signal.SIG_IGN)\nwhile True: pass"),
        10,
        "did not stop",
    ),
    "breaks Python": (submitted("import builtins\nfor n in dir(builtins):\n    delattr(builtins, n)"), 10, ""),
    "a thread that takes answers away": (
        submitted(
            "import threading\ndef away():\n    while True:\n        globals().update(layer_parameters=None)\n"
            "threading.Thread(target=away, daemon=True).start()"
        ),
        7,
        "",
    ),
    "spies": (submitted(SPY, FUNCTIONS + "spy(*arguments)"), 0, ""),
    "imports the book's own answer": (
        submitted(layer="from tokenomics.parameters import layer_parameters"),
        7,
        "ModuleNotFoundError",
    ),
    "makes name spaces": (
        submitted(
            "import ctypes\nlibc = ctypes.CDLL(None)\nassert libc.unshare(0x10000000) == 0\n"
            "assert libc.mount(b'n', b'/mnt', b'tmpfs', 0, None) == 0"
        ),
        10,
        "AssertionError",
    ),
    # Files that are hardly notebooks.
    "no bytes": (b"", None, "not valid JSON"),
    "a list": (b"[]", None, "no notebook"),
    "no cells": (b"{}", None, "no cells"),
    "cells of a wrong kind": (b'{"cells": {"a": 1}, "metadata": []}', None, "defines nothing"),
    "nested without end": (b"[" * 10**6, None, "not valid JSON"),
    "too many cells": (with_cells(lambda cells: cells + 10_000 * [{}]), None, "10,0.* cells"),
    "too many objects": ({**submitted(), "more": 2_000_001 * [[]]}, None, "objects and lists"),
    "lone surrogate": (submitted("x = '\ud800'"), 10, ""),
    "huge ids": (
        with_cells(lambda cells: [{**cell, "id": "x" * 10**6, "metadata": {"nbgrader": 7}} for cell in cells]),
        10,
        "",
    ),
    "a huge cell": (submitted("x = '" + "y" * 5 * 10**6 + "'"), 10, ""),
    "<script>alert(1)</script>": (submitted(), 10, ""),
    "=HYPERLINK(1)": (submitted(), 10, ""),
}


def content(notebook) -> bytes:
    return notebook if isinstance(notebook, bytes) else json.dumps(notebook).encode()
