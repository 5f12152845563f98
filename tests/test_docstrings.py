"""The docstrings say what the functions take and give, in which unit, and by which equation of the book."""

import ast
import functools
import importlib
import inspect
import pkgutil
import re
import textwrap
from pathlib import Path

import pytest
from numpydoc.docscrape import NumpyDocString, get_doc_object
from numpydoc.validate import validate

import tokenomics

# numpydoc's checks that are not asked for, each with its reason.
LEFT_OUT = {
    "ES01": "a summary of one line is often enough",
    "SA01": "the modules are small: what belongs together stands together",
    "PR09": "the description ends with its unit instead",
    "RT05": "the description ends with its unit instead",
}

# Functions without a doctest.
NO_EXAMPLE = {
    "tokenomics.architecture.from_file": "needs a file",
    "tokenomics.explorer.Explorer.panel": "stands in the example of its class",
    "tokenomics.figures.setup": "changes the notebook that calls it",
    "tokenomics.figures.prefixed_axis": "needs a drawn figure",
    "tokenomics.figures.plain_log_axis": "needs a drawn figure",
}

# The reason is the same for whatever works on PyTorch's tensors; it is no part of the test environment.
NEEDS_PYTORCH = (
    "bench.bench", "bench.graphed", "counting.count_pass", "decoder.empty_cache", "decoder.forward",
    "decoder.random_decoder", "decoder.rotary", "devices.describe", "devices.pytorch", "devices.releasing_memory",
    "devices.versions",
)  # fmt: skip
NO_EXAMPLE |= {f"tokenomics.measuring.{name}": "needs PyTorch" for name in NEEDS_PYTORCH}
NO_EXAMPLE |= {f"tokenomics.measuring.plot.{name}": "draws" for name in ("draw", "draw_beside", "draw_roofline")}

UNITS = {
    "-", "bit", "byte", "byte/s", "byte/token", "FLOP", "FLOP/s", "FLOP/byte", "FLOP/token", "s", "s/token", "token",
    "token/s", "request", "request/s", "W", "J", "J/token", "Hz", "USD", "USD/s", "USD/h", "USD/J", "USD/token",
    "USD/request",
}  # fmt: skip

# One function of these modules is one equation of the book.
FORMULA_MODULES = {
    "parameters",
    "work",
    "forward",
    "phases",
    "hardware",
    "chip",
    "roofline",
    "latency",
    "parallelism",
    "scaling",
    "batching",
    "economies",
    "paging",
    "holding",
    "steady",
    "optimisations",
    "pricing",
}  # fmt: skip
NO_EQUATION = {
    "tokenomics.hardware.peak_flops": "looks up a value",
    "tokenomics.parallelism.parallelism_from_text": "reads a name",
    "tokenomics.chip.chip": "looks up a row",
}

# Labels of chapters that are still to be written.
PLANNED = set()

MODULES = {
    info.name: importlib.import_module(info.name)
    for info in pkgutil.walk_packages(tokenomics.__path__, "tokenomics.")
    if not info.name.endswith("__main__")
}


def is_documented(thing) -> bool:
    return inspect.isclass(thing) or inspect.isroutine(inspect.unwrap(thing))


def members(name, thing) -> dict:
    """The thing itself and, of a class, its public methods."""
    found = {name: inspect.unwrap(thing)}
    if inspect.isclass(thing):
        methods = {key: value for key, value in vars(thing).items() if not key.startswith("_")}
        found |= {f"{name}.{key}": value for key, value in methods.items() if inspect.isfunction(value)}
    return found


PUBLIC = {
    name: member
    for module in MODULES.values()
    for key in getattr(module, "__all__", [])
    if is_documented(getattr(module, key))
    for name, member in members(f"{module.__name__}.{key}", getattr(module, key)).items()
}
FORMULAS = {
    name: thing
    for name, thing in PUBLIC.items()
    if name.split(".")[1] in FORMULA_MODULES and inspect.isfunction(thing)
}

# numpydoc looks at every attribute of the widget, also at those that ipywidgets withdraws.
pytestmark = pytest.mark.filterwarnings("ignore:Widget:DeprecationWarning")

every_public = pytest.mark.parametrize("name", PUBLIC)


def test_every_module_says_what_is_public():
    silent = {name for name, module in MODULES.items() if not hasattr(module, "__all__")}
    # What the page shows is reached through the calculators.
    assert silent == {name for name in MODULES if name.startswith("tokenomics.explorer.panels")}


@every_public
def test_numpydoc_finds_no_fault(name):
    errors = validate(get_doc_object(PUBLIC[name]))["errors"]
    assert ("EX01" in dict(errors)) == (name in NO_EXAMPLE)
    assert [error for error in errors if error[0] not in {"EX01", *LEFT_OUT}] == []


@every_public
def test_every_description_ends_with_its_unit(name):
    doc = NumpyDocString(inspect.getdoc(PUBLIC[name]))
    for section in ("Parameters", "Attributes", "Returns"):
        for entry in doc[section]:
            unit = re.search(r"\[([^\]]*)\]$", " ".join(entry.desc).strip())
            assert unit, f"{section}, {entry.name or entry.type}: no unit at the end"
            assert unit[1] in UNITS, f"{section}, {entry.name or entry.type}: unknown unit [{unit[1]}]"


@functools.cache
def calls(thing) -> tuple[bool, list]:
    """Whether the text of a function or class raises ValueError, and which functions it calls."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(thing)))
    raising = [node.exc for node in ast.walk(tree) if isinstance(node, ast.Raise) and node.exc is not None]
    raises = any(isinstance(exc, ast.Call) and getattr(exc.func, "id", "") == "ValueError" for exc in raising)
    names = [ast.unparse(node.func).split(".") for node in ast.walk(tree) if isinstance(node, ast.Call)]
    return raises, [found for name in names if (found := lookup(thing, name)) is not None]


def lookup(thing, path):
    """The function or class of this package that a name means where a thing is defined."""
    found = vars(inspect.getmodule(thing)).get(path[0])
    for part in path[1:]:
        found = getattr(found, part, None)
    ours = (getattr(found, "__module__", None) or "").startswith("tokenomics")
    return inspect.unwrap(found) if ours and is_documented(found) else None


def can_raise(thing, seen=()) -> bool:
    raises, called = calls(thing)
    return raises or any(can_raise(other, (*seen, thing)) for other in called if other not in (*seen, thing))


def raises_itself(thing) -> bool:
    raises, called = calls(thing)
    return raises or any(other.__module__ == "tokenomics.checks" and can_raise(other) for other in called)


@pytest.mark.parametrize("name", [name for name, thing in PUBLIC.items() if inspect.isfunction(thing)])
def test_what_is_said_to_be_raised_is_raised(name):
    thing = PUBLIC[name]
    documented = {entry.type for entry in NumpyDocString(inspect.getdoc(thing))["Raises"]}
    if raises_itself(thing):
        assert "ValueError" in documented
    if "ValueError" in documented:
        assert can_raise(thing)


@pytest.mark.parametrize("name", FORMULAS)
def test_every_formula_names_its_equation(name):
    notes = "\n".join(NumpyDocString(inspect.getdoc(FORMULAS[name]))["Notes"])
    assert (":eq:" in notes) != (name in NO_EQUATION)


def labels_of_the_book(root: Path) -> set:
    pages = [*root.glob("*.md"), *root.glob("chapters/*.md"), *root.glob("appendices/*.md")]
    label = re.compile(r"\$\$ *\((eq-[\w-]+)\)|^:label: *(eq-[\w-]+)", re.MULTILINE)
    return {first or second for page in pages for first, second in label.findall(page.read_text(encoding="utf-8"))}


def cited_labels() -> set:
    texts = [inspect.getdoc(thing) or "" for thing in PUBLIC.values()]
    return set(re.findall(r":eq:`([^`]+)`", "\n".join(texts)))


def test_every_cited_equation_stands_in_the_book(root):
    assert cited_labels() - labels_of_the_book(root) - PLANNED == set()


def test_planned_equations_are_still_to_come(root):
    assert labels_of_the_book(root) & PLANNED == set()
    assert cited_labels() >= PLANNED
