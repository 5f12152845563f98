"""The formulas in the page give what they give in Python: thousands of random inputs, one run of Node."""

import inspect
import json
import math
import random
import subprocess
from dataclasses import asdict, is_dataclass

import pytest
from parity_inputs import INPUTS, LOOSE
from parity_inputs.draw import SHELF

from tokenomics.explorer.calculators import CALCULATORS, plain
from tokenomics.explorer.javascript import formulas, reached

EACH = 250

# Reads calls as lines of JSON, answers in lines of JSON. The shelf is sent once.
RUNNER = """
const names = {names};
let shelf = null;
const answer = (call) => names[call.name](...call.arguments);
const show = (value) => JSON.stringify(value, (key, item) =>
  typeof item === "number" && !Number.isFinite(item) ? String(item) : item);
for (const line of require("fs").readFileSync(0, "utf8").trim().split("\\n")) {
  const call = JSON.parse(line);
  if (call.shelf) { shelf = call.shelf; continue; }
  call.arguments = call.arguments.map((item) => item === "the shelf" ? shelf : item);
  let result;
  try { result = {value: answer(call)}; } catch (error) { result = {error: String(error)}; }
  console.log(show(result));
}
"""


def as_json(value):
    """What JSON makes of a value: a record becomes a dictionary, a tuple a list."""
    if is_dataclass(value):
        return as_json(asdict(value))
    if hasattr(value, "_asdict"):
        return as_json(value._asdict())
    if isinstance(value, dict):
        return {key: as_json(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [as_json(item) for item in value]
    return value


def run_in_node(node, calls):
    names = ", ".join(function.__name__ for function in INPUTS)
    program = formulas(INPUTS) + RUNNER.replace("{names}", f"{{{names}}}")
    lines = [json.dumps({"shelf": plain(SHELF)})]
    for function, arguments, keywords in calls:
        bound = inspect.signature(function).bind(*arguments, **keywords)
        bound.apply_defaults()
        sent = ["the shelf" if item is SHELF else as_json(item) for item in bound.arguments.values()]
        lines.append(json.dumps({"name": function.__name__, "arguments": sent}))
    done = subprocess.run(
        [node, "-e", program], input="\n".join(lines), capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def difference(python, page, where="result", apart=1e-12):
    """Where two results part, or nothing. Numbers may differ in the last bits, text not at all."""
    if isinstance(python, bool) or isinstance(page, bool) or not isinstance(python, (int, float, dict, list)):
        return None if python == page and type(python) is type(page) else f"{where}: {python!r} is not {page!r}"
    if isinstance(python, (int, float)):
        near = isinstance(page, (int, float)) and math.isclose(python, page, rel_tol=apart)
        return None if near else f"{where}: {python!r} is not {page!r}"
    if type(python) is not type(page) or len(python) != len(page):
        return f"{where}: {python!r} is not {page!r}"
    keys = python if isinstance(python, dict) else range(len(python))
    if isinstance(python, dict) and set(python) != set(page):
        return f"{where}: keys {sorted(python)} are not {sorted(page)}"
    found = (difference(python[key], page[key], f"{where}[{key!r}]", apart) for key in keys)
    return next((text for text in found if text), None)


@pytest.fixture(scope="module")
def answers(tool):
    """For each formula its inputs, what Python says and what the page says."""
    rng = random.Random(2026)
    calls = [(function, *draw(rng)) for function, draw in INPUTS.items() for _ in range(EACH)]
    results = run_in_node(tool("node"), calls)
    assert len(results) == len(calls)
    grouped = {}
    for (function, arguments, keywords), result in zip(calls, results, strict=True):
        grouped.setdefault(function.__name__, []).append((arguments, keywords, result))
    return grouped


def test_every_formula_of_the_page_is_tried():
    assert set(reached(calculator.panel for calculator in CALCULATORS.values())) <= set(INPUTS)


@pytest.mark.parametrize("function", INPUTS, ids=lambda function: function.__name__)
def test_page_and_python_agree(function, answers):
    for arguments, keywords, result in answers[function.__name__]:
        shown = ["shelf" if item is SHELF else item for item in arguments]
        assert "error" not in result, (shown, keywords, result)
        answer = as_json(function(*arguments, **keywords))
        fault = difference(answer, result.get("value"), apart=LOOSE.get(function, 1e-12))
        assert fault is None, (shown, keywords, fault)


def test_a_difference_is_seen():
    """The comparison can fail: in a number's eleventh digit, in a letter, in a missing key."""
    assert difference({"a": [1.0, "x"]}, {"a": [1, "x"]}) is None
    assert difference(1.0, 1.0 + 1e-11)
    assert difference("41.8 ms", "41.9 ms")
    assert difference({"a": 1}, {"b": 1})
    assert difference([1, 2], [1])
    assert difference(1, "1")
    assert difference(1.0, None)
