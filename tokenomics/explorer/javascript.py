"""The formulas in JavaScript: one source, compiled for the page."""

import ast
import inspect
import json
from dataclasses import MISSING, fields
from functools import cache
from pathlib import Path

import pscript
from rjsmin import jsmin

from .. import architecture, elementwise, latency, numerals, parameters, roofline, work
from ..hardware import devices_to_hold
from . import panels
from .calculators import CALCULATORS

__all__ = ["formulas", "module", "page_script", "stylesheet"]

_HERE = Path(__file__).parent

# Records become plain objects: their checks have run in Python, or their values come from the controls.
RECORDS = (
    architecture.Architecture,
    architecture.Attention,
    architecture.FeedForward,
    architecture.Layer,
    latency.DecodeStep,
    parameters.Matrix,
)

FORMULAS = (
    elementwise.maximum,
    elementwise.minimum,
    elementwise.where,
    elementwise.ceil,
    numerals.grouped,
    numerals.decimal,
    numerals.significant,
    numerals.quantity,
    numerals.counted,
    parameters.matrix_parameters,
    parameters.layer_matrices,
    parameters.layer_parameters,
    parameters.parameters_by_part,
    parameters.total_parameters,
    parameters.active_parameters,
    parameters.weight_bytes,
    work.decode_flops,
    work.decode_weight_traffic,
    work.kv_bytes_per_token,
    work.decode_kv_traffic,
    devices_to_hold,
    roofline.arithmetic_intensity,
    roofline.ridge_point,
    roofline.attainable_flops,
    roofline.operation_time,
    roofline.binding_roof,
    latency.compute_only_rate,
    latency.law_step_time,
    latency.decode_step,
    latency.step_time,
    latency.decode_rate,
    latency.decode_throughput,
    latency.reply_time,
    panels.readout,
    panels.segment,
    panels.part_segments,
    panels.parts_chart,
    panels.weigh_panel,
    panels.build_panel,
    panels.roofline_chart,
    panels.decode_panel,
)

# Written by hand: these look at types, which the page has no need to.
_BY_HAND = {
    "maximum": "(first, second) => Math.max(first, second)",
    "minimum": "(first, second) => Math.min(first, second)",
    "where": "(condition, yes, no) => condition ? yes : no",
    "math": "Math",
    "ceil": "Math.ceil",
    "positive": "() => {}",
}


def _factory(record) -> str:
    """Write the constructor of a record: keyword arguments over its defaults."""
    name = record.__name__
    defaults = {field.name: field.default for field in fields(record) if field.default is not MISSING}
    return f"function {name}({{flx_kwargs}}) {{ return {{...{json.dumps(defaults)}, ...flx_kwargs}}; }}"


@cache
def formulas() -> str:
    """Compile the formulas and the calculators.

    Returns
    -------
    str
        JavaScript that defines one function for each, and ``PANELS``, the
        calculators' panel functions by name. [-]

    Examples
    --------
    >>> "weight_bytes" in formulas()
    True
    """
    records = [_factory(record) for record in RECORDS]
    by_hand = [f"const {name} = {body};" for name, body in _BY_HAND.items()]
    sources = [_source(function) for function in FORMULAS if function.__name__ not in _BY_HAND]
    compiled = pscript.py2js("\n".join(sources))
    by_name = ", ".join(f"{name}: {calculator.panel.__name__}" for name, calculator in CALCULATORS.items())
    return "\n".join([*records, *by_hand, compiled, f"const PANELS = {{{by_name}}};"])


def _source(function) -> str:
    """Take the source of a function, without its docstring, in a form that PScript compiles.

    PScript knows no keyword-only argument without a default, so each gets one. Its stand-ins for
    Python's operators are turned off: + and * meet only numbers and text, for which JavaScript's serve.
    """
    definition = ast.parse(inspect.getsource(function)).body[0]
    definition.args.kw_defaults = [default or ast.Constant(None) for default in definition.args.kw_defaults]
    if ast.get_docstring(definition) is not None:
        definition.body = definition.body[1:]
    definition.body = ast.parse("PSCRIPT_OVERLOAD = False").body + definition.body
    return ast.unparse(definition)


def module() -> str:
    """Assemble the ES module that Jupyter loads.

    Returns
    -------
    str
        JavaScript that exports ``render``. [-]

    Examples
    --------
    >>> module().endswith("export default{render};")
    True
    """
    return jsmin(f"{formulas()}\n{_read('view.js')}\nexport default {{ render }};\n")


def page_script() -> str:
    """Assemble the script that the built page loads: the same view, and a host for it.

    Returns
    -------
    str
        A classic script, because a page opened from a file may not load modules. [-]

    Examples
    --------
    >>> page_script().startswith("(()=>{")
    True
    """
    return jsmin(f"(() => {{\n{formulas()}\n{_read('view.js')}\n{_read('page.js')}}})();\n")


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
