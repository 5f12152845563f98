"""What was measured: one record a figure, with everything that is needed to predict it."""

import math
from dataclasses import dataclass

from . import catalogue
from .checks import choice, positive, suggestion
from .deployment import precision
from .efficiency import engine_name
from .parallelism import Parallelism, parallelism_from_text

__all__ = ["METRICS", "NEEDED", "Measurement", "catalogue_model", "from_row"]

# What is measured, and the kind of prediction it is held against.
METRICS = {
    "decode_tok_s_per_user": "step",
    "tpot_ms": "step",
    "ttft_ms": "first token",
    "prefill_tok_s": "first token",
    "output_tok_s_total": "burst",
}

# The columns of a table; those without a default must be there.
NEEDED = ("model", "precision_weights", "hardware", "engine", "input_tokens", "metric", "value")
_KV_BITS = {"": 16, "fp16": 16, "bf16": 16, "fp8": 8, "int8": 8, "int4": 4}
_AT_MOST = ("max", "maximum", "max load")


@dataclass(frozen=True, kw_only=True)
class Measurement:
    """One measured figure, with everything that is needed to predict it.

    Parameters
    ----------
    name : str
        Which row it is. [-]
    source : str
        Who measured it. [-]
    model : str
        The model, by its name in the catalogue. [-]
    weights : str
        Precision of the weights, by its name in the catalogue. [-]
    kv_bits : float
        Stored size of one cached number. [bit]
    machine : str
        The accelerator, by its name in the catalogue. [-]
    parallelism : Parallelism
        How the model is spread. [-]
    engine : str
        The engine. [-]
    input_tokens, output_tokens : float
        Lengths of prompt and mean reply. [token]
    requests : float or None
        Requests that run together; None is as many as the server takes. [request]
    metric : str
        What was measured: a key of ``METRICS``. [-]
    value : float
        The figure, in the unit that the metric names. [-]
    longest : float or None, optional
        Longest reply; None is the mean. [token]
    date : str, optional
        When. [-]

    Examples
    --------
    >>> run = Measurement(name="M1", source="tugot17", model="llama-3.3-70b", weights="bf16", kv_bits=16,
    ...                   machine="H100-SXM-80GB", parallelism=Parallelism(tensor=4), engine="vLLM",
    ...                   input_tokens=2035, output_tokens=300, requests=1, metric="output_tok_s_total", value=53.9)
    >>> round(run.time, 2), run.regime
    (5.57, 'single')
    """

    name: str
    source: str
    model: str
    weights: str
    kv_bits: float
    machine: str
    parallelism: Parallelism
    engine: str
    input_tokens: float
    output_tokens: float
    requests: float | None
    metric: str
    value: float
    longest: float | None = None
    date: str = ""

    def __post_init__(self):
        for name in ("source", "engine"):
            if not str(getattr(self, name)).strip():
                raise ValueError(f"{self.name}: {name} is missing; a figure without it cannot be judged")
        choice(self.name, "metric", self.metric, METRICS)
        choice(self.name, "model", self.model, catalogue.models())
        choice(self.name, "machine", self.machine, catalogue.accelerators(every=True))
        precision(self.weights)
        for name in ("value", "kv_bits", "input_tokens", "output_tokens"):
            positive(self.name, name, getattr(self, name))
        for name in ("requests", "longest"):
            if getattr(self, name) is not None:
                positive(self.name, name, getattr(self, name))

    @property
    def kind(self) -> str:
        """What it is held against: a decode step, the first token, or a whole burst."""
        return METRICS[self.metric]

    @property
    def time(self) -> float | None:
        """The measured time of that [s]; None for a burst of unstated size, of which only the rate is known."""
        if self.metric.endswith("_ms"):
            return self.value / 1e3
        if self.metric == "decode_tok_s_per_user":
            return 1 / self.value
        if self.metric == "prefill_tok_s":
            return self.input_tokens / self.value
        return None if self.requests is None else self.requests * self.output_tokens / self.value

    @property
    def regime(self) -> str:
        """The regime whose interval holds for it."""
        if self.kind == "first token":
            return "first token"
        return "single" if self.requests == 1 else "batched"


class _Fault(ValueError):
    """A wrong cell: remembers its column."""

    def __init__(self, column, reason):
        super().__init__(reason)
        self.column = column


def catalogue_model(name: str) -> str:
    """Find the catalogue's name of a model.

    Parameters
    ----------
    name : str
        The name as a table gives it. [-]

    Returns
    -------
    str
        The name in the catalogue. [-]

    Raises
    ------
    ValueError
        If the model is not there; the message lists those that are.

    Examples
    --------
    >>> catalogue_model("Llama-3.1-70B")
    'llama-3.3-70b'
    """
    wanted = name.strip().lower().split("/")[-1].removesuffix("-instruct")
    if wanted in catalogue.models():
        return wanted
    aliases = {row["name"]: row["model"] for row in catalogue.rows("model_aliases")}
    if (found := aliases.get(wanted)) in catalogue.models():
        return found
    raise ValueError(f"no model {name!r} in the catalogue; {suggestion(wanted, catalogue.models())}")


def _number(row, column, default=None):
    text = (row.get(column) or "").strip()
    if not text or text.lower() in ("nan", "none", "null"):
        if default is None:
            raise _Fault(column, "is missing; it must be a number above zero")
        return default
    try:
        value = float(text.replace("\N{NO-BREAK SPACE}", "").replace(" ", ""))
    except ValueError:
        raise _Fault(column, f"{text!r} is no number; write 1234.5, without thousands separators or a unit") from None
    if not math.isfinite(value) or value <= 0:
        raise _Fault(column, f"is {text}; it must be a finite number above zero")
    return value


def _checked(column, function, *arguments):
    try:
        return function(*arguments)
    except ValueError as error:
        raise _Fault(column, str(error)) from None


def from_row(row: dict, name: str) -> Measurement:
    """Make a measurement of one row of a table.

    Parameters
    ----------
    row : dict of str to str
        The row, by the column names of the catalogue's table. [-]
    name : str
        What to call it. [-]

    Returns
    -------
    Measurement
        The measurement. [-]

    Raises
    ------
    ValueError
        If a cell is missing or wrong; the error knows its column.

    Examples
    --------
    >>> from_row({"model": "Llama-3.1-8B", "precision_weights": "bf16", "hardware": "H100-SXM-80GB", "engine": "vLLM",
    ...           "input_tokens": "2035", "output_tokens": "300", "batch_or_concurrency": "1",
    ...           "metric": "output_tok_s_total", "value": "130.6", "source_title": "tugot17"}, "row 1").model
    'llama-3.1-8b'
    """
    cell = {key: (value or "").strip() for key, value in row.items() if isinstance(key, str)}
    for column in NEEDED:
        if not cell.get(column):
            raise _Fault(column, "is missing")
    metric = cell["metric"]
    _checked("metric", choice, name, "metric", metric, METRICS)
    devices = _number(cell, "n_gpus", 1.0)
    if devices != int(devices):
        raise _Fault("n_gpus", f"is {devices}; it must be a whole number")
    load = cell.get("batch_or_concurrency", "")
    if load.lower() in _AT_MOST or (not load and "max load" in cell.get("notes", "")):
        requests = None
    elif not load:
        raise _Fault("batch_or_concurrency", "is missing; it must be a number, or max for as many as the server takes")
    else:
        requests = _number(cell, "batch_or_concurrency")
    # A time to the first token does not depend on the length of the reply, so that may be missing or zero.
    no_reply = METRICS[metric] == "first token" and cell.get("output_tokens", "") in ("", "0", "0.0")
    output = 1.0 if no_reply else _number(cell, "output_tokens")
    kv = cell.get("precision_kv", "").lower()
    if kv not in _KV_BITS:
        raise _Fault("precision_kv", f"is {kv!r}; {suggestion(kv, [known for known in _KV_BITS if known])}")
    hardware = cell["hardware"].replace("A100-80GB (variant not stated)", "A100-SXM-80GB")
    weights = cell["precision_weights"].lower()
    _checked("precision_weights", precision, weights)
    _checked("hardware", choice, name, "hardware", hardware, catalogue.accelerators(every=True))
    return Measurement(
        name=cell.get("id") or name,
        source=cell.get("source_title") or cell.get("source") or "",
        model=_checked("model", catalogue_model, cell["model"]),
        weights=weights,
        kv_bits=_KV_BITS[kv],
        machine=hardware,
        parallelism=_checked("parallelism", parallelism_from_text, cell.get("parallelism", ""), int(devices)),
        engine=engine_name(cell["engine"]),
        input_tokens=_number(cell, "input_tokens"),
        output_tokens=output,
        requests=requests,
        metric=metric,
        value=_number(cell, "value"),
        longest=_number(cell, "longest", 0.0) or None,
        date=cell.get("measured") or cell.get("date", ""),
    )
