"""The formulas in JavaScript: one source, compiled for the page."""

import ast
import inspect
import re
from dataclasses import MISSING, fields, is_dataclass
from functools import cache
from pathlib import Path

import pscript
from rjsmin import jsmin

from ..numerals import quantity
from .calculators import CALCULATORS

__all__ = ["calculators_script", "formulas", "module", "page_script", "reached", "stylesheet"]

_HERE = Path(__file__).parent

# Written by hand: these look at types, or check what the controls of a page have settled.
_BY_HAND = {
    "maximum": "(first, second) => Math.max(first, second)",
    "minimum": "(first, second) => Math.min(first, second)",
    "where": "(condition, yes, no) => condition ? yes : no",
    "math": "Math",
    "ceil": "Math.ceil",
    "wide": "(value) => value",
    "choice": "(owner, field, value) => value",
    "positive": "() => {}",
    "between": "() => {}",
    "printable": "(value) => value",
    "_known": "() => {}",
    "listed": "(items) => Array.isArray(items) || typeof items !== 'object' ? items : Object.keys(items)",
}


class _Plainer(ast.NodeTransformer):
    """Says a function's calls in the simplest JavaScript: arguments by position, records as plain objects."""

    def __init__(self, function):
        self.known = function.__globals__

    def visit_Call(self, node):
        self.generic_visit(node)
        called = self.known.get(node.func.id) if isinstance(node.func, ast.Name) else None
        keywords = {keyword.arg: keyword.value for keyword in node.keywords}
        if is_dataclass(called) or hasattr(called, "_fields"):
            return _literal(called, keywords)
        if inspect.isfunction(called):
            parameters = inspect.signature(called).parameters
            given = inspect.signature(called).bind(*node.args, **keywords).arguments
            node.args = [given.get(name, ast.Constant(parameters[name].default)) for name in parameters]
            node.keywords = []
        return node

    def visit_Name(self, node):
        # Constants of a module stand in capitals; the page has their values.
        return ast.Constant(self.known[node.id]) if node.id.isupper() and node.id in self.known else node

    def visit_Raise(self, node):
        # The controls of a page offer nothing that is refused, so the words for it stay out.
        return ast.parse("raise ValueError('refused')").body[0]


def _literal(record, keywords: dict) -> ast.Dict:
    """Write the making of a record as a dictionary of its fields, defaults included."""
    defaults = getattr(record, "_field_defaults", {})
    if is_dataclass(record):
        defaults = {field.name: field.default for field in fields(record) if field.default is not MISSING}
    values = {name: ast.Constant(default) for name, default in defaults.items()} | keywords
    return ast.Dict(keys=[ast.Constant(name) for name in values], values=list(values.values()))


@cache
def _source(function) -> str:
    """Take the source of a function, without docstring and types, in a form that PScript compiles.

    PScript's stand-ins for Python's operators are turned off: + and * meet only numbers and text here, for
    which JavaScript's own serve.
    """
    definition = ast.parse(inspect.getsource(function)).body[0]
    body = definition.body[1:] if ast.get_docstring(definition) is not None else definition.body
    names = ", ".join(inspect.signature(function).parameters)
    plain = ast.parse(f"def {function.__name__}({names}):\n    PSCRIPT_OVERLOAD = False")
    plain.body[0].body += [_Plainer(function).visit(statement) for statement in body]
    return ast.unparse(ast.fix_missing_locations(plain))


def reached(functions) -> list:
    """Follow functions to all functions of the package that they call.

    Parameters
    ----------
    functions : iterable of function
        Where to begin. [-]

    Returns
    -------
    list of function
        They and all that they need, by name; those that the page has in a
        version of its own are left out. [-]

    Examples
    --------
    >>> from tokenomics.latency import decode_rate, step_time
    >>> [function.__name__ for function in reached([step_time, decode_rate])]
    ['decode_rate', 'step_time']
    """
    found, waiting = {}, list(functions)
    while waiting:
        function = waiting.pop()
        if function.__name__ in found or function.__name__ in _BY_HAND:
            continue
        found[function.__name__] = function
        names = {node.id for node in ast.walk(ast.parse(_source(function))) if isinstance(node, ast.Name)}
        waiting += [used for used in map(function.__globals__.get, names) if inspect.isfunction(used)]
    return [found[name] for name in sorted(found)]


def formulas(functions) -> str:
    """Compile functions and all that they call.

    Parameters
    ----------
    functions : iterable of function
        What must be callable. [-]

    Returns
    -------
    str
        JavaScript that defines one function for each; it takes its arguments
        by position, none left out. [-]

    Examples
    --------
    >>> from tokenomics.latency import decode_rate
    >>> "decode_rate = function" in formulas([decode_rate])
    True
    """
    by_hand = [f"const {name} = {body};" for name, body in _BY_HAND.items()]
    compiled = pscript.py2js("\n".join(_source(function) for function in reached(functions)))
    # Said shorter: a second name for each function, and for each loop the question whether it runs over a dictionary.
    compiled = re.sub(r"= function flx_\w+ ", "= function ", compiled)
    compiled = re.sub(
        r'if \(\(typeof (\w+) === "object"\) && \(!Array\.isArray\(\1\)\)\) ?\{ ?\1 = Object\.keys\(\1\);\}',
        r"\1 = listed(\1);",
        compiled,
    )
    return "\n".join([*by_hand, compiled])


@cache
def module(name: str) -> str:
    """Assemble the ES module that Jupyter loads for a calculator.

    Parameters
    ----------
    name : str
        The calculator. [-]

    Returns
    -------
    str
        JavaScript that exports ``render``. [-]

    Examples
    --------
    >>> module("decode").endswith("export default{render};")
    True
    """
    panel = CALCULATORS[name].panel
    answer = f"const PANELS = {{ {name}: {panel.__name__} }};"
    return jsmin(f"{formulas([panel, quantity])}\n{answer}\n{_read('view.js')}\nexport default {{ render }};\n")


@cache
def calculators_script(*names: str) -> str:
    """Assemble the script that gives a built page the formulas of its calculators.

    Parameters
    ----------
    *names : str
        The calculators. [-]

    Returns
    -------
    str
        A classic script, because a page opened from a file may not load modules. [-]

    Examples
    --------
    >>> calculators_script("weigh", "build").startswith("(()=>{")
    True
    """
    panels = {name: CALCULATORS[name].panel for name in names}
    by_name = ", ".join(f"{name}: {panel.__name__}" for name, panel in panels.items())
    code = formulas([*panels.values(), quantity])
    # The view writes numbers with the same functions, so they travel once.
    shared = f"window.tokenomicsPanels = {{ {by_name} }};\nwindow.tokenomicsNumerals = {{ quantity, significant }};"
    return jsmin(f"(() => {{\n{code}\n{shared}\n}})();\n")


def page_script() -> str:
    """Assemble the script that shows the calculators of a built page: the view, and a host for it.

    Returns
    -------
    str
        A classic script, to be loaded after those of the calculators. [-]

    Examples
    --------
    >>> page_script().startswith("(()=>{")
    True
    """
    shown = "const PANELS = window.tokenomicsPanels;\nconst { quantity, significant } = window.tokenomicsNumerals;"
    return jsmin(f"(() => {{\n{shown}\n{_read('view.js')}\n{_read('page.js')}}})();\n")


def stylesheet() -> str:
    """Read the style of the view.

    Returns
    -------
    str
        CSS. [-]

    Examples
    --------
    >>> ".explorer" in stylesheet()
    True
    """
    return _read("view.css")


def _read(name: str) -> str:
    return (_HERE / name).read_text(encoding="utf-8")
