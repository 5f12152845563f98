"""Measured figures beside their predictions as plain data, in a form that a page can filter without a kernel."""

import json

from . import catalogue
from .efficiency import CEILING
from .rows import predicted_over_measured, rows_of

__all__ = ["LOADS", "METRIC_LABELS", "evidence", "host", "load_of"]

# What was measured: the words for it, and the unit of its figures.
METRIC_LABELS = {
    "output_tok_s_total": ("output of all requests", "token/s"),
    "decode_tok_s_per_user": ("output of one request", "token/s"),
    "tpot_ms": ("time of an output token", "ms"),
    "ttft_ms": ("time to the first token", "ms"),
    "prefill_tok_s": ("prompt tokens read", "token/s"),
}

# Loads, each to its number of requests at most.
LOADS = {"one request": 1, "2 to 8": 8, "9 to 64": 64, "more than 64": float("inf"), "as many as fit": None}


def load_of(requests: float | None) -> str:
    """Say which load a number of requests is.

    Parameters
    ----------
    requests : float or None
        Requests that run together; None is as many as the server takes. [request]

    Returns
    -------
    str
        One of ``LOADS``. [-]

    Examples
    --------
    >>> load_of(1), load_of(16), load_of(None)
    ('one request', '9 to 64', 'as many as fit')
    """
    if requests is None:
        return "as many as fit"
    return next(name for name, most in LOADS.items() if most is not None and requests <= most)


class _Names:
    """Texts by the order in which they came: a row holds the number in place of the text."""

    def __init__(self):
        self.texts = {}

    def __call__(self, text: str) -> int:
        return self.texts.setdefault(text, len(self.texts))


def _plain(number):
    return int(number) if number == int(number) else number


def evidence(comparisons, intervals) -> dict:
    """Put comparisons into columns of plain data.

    Parameters
    ----------
    comparisons : sequence of Comparison
        Measured figures beside their predictions. [-]
    intervals : dict of str to dict
        By source, the factors on a predicted time by regime. [-]

    Returns
    -------
    dict
        Lists of names, and one list for each figure under `rows`, in the order of `columns`: names by
        their place in the lists; errors and shares of the ceiling in thousandths. [-]

    Notes
    -----
    The ceiling is what the peaks alone allow, :data:`tokenomics.efficiency.CEILING`; the share of it is the
    ceiling's time over the measured one.

    Examples
    --------
    >>> evidence([], {})["rows"]
    []
    """
    sources, models, machines, engines, weights = (_Names() for _ in range(5))
    metrics, loads = list(METRIC_LABELS), list(LOADS)
    figures = [each.measurement for each in comparisons]
    shares = predicted_over_measured(rows_of(figures), CEILING)[0] if figures else ()
    rows = []
    for each, figure, share in zip(comparisons, figures, shares, strict=True):
        rows.append([
            sources(figure.source), models(figure.model), machines(figure.machine), engines(figure.engine),
            weights(figure.weights), _plain(figure.parallelism.devices), _plain(figure.input_tokens),
            _plain(figure.output_tokens), None if figure.requests is None else _plain(figure.requests),
            loads.index(load_of(figure.requests)), metrics.index(figure.metric), _plain(figure.value),
            round(1000 * each.error), int(each.covered), round(1000 * float(share)),
        ])  # fmt: skip
    return {
        "columns": [
            "source", "model", "machine", "engine", "weights", "devices", "prompt", "reply", "requests", "load",
            "metric", "measured", "error", "inside", "ceiling",
        ],
        "sources": [[name, _factors(intervals[name])] for name in sources.texts],
        "models": [[catalogue.model_entry(name)["label"], _is_sparse(name)] for name in models.texts],
        "machines": [catalogue.accelerator(name).label for name in machines.texts],
        "engines": list(engines.texts),
        "weights": list(weights.texts),
        "loads": loads,
        "metrics": [list(METRIC_LABELS[name]) for name in metrics],
        "rows": rows,
    }  # fmt: skip


def _factors(by_regime: dict) -> list:
    return [[round(end, 3) for end in by_regime[name]] for name in ("single", "batched", "first token")]


def _is_sparse(name: str) -> bool:
    return any(layer.experts for layer in catalogue.model(name).layers)


def host(data: dict, note: str) -> str:
    """Write the place in a page where a script makes the table of the data.

    Parameters
    ----------
    data : dict
        What :func:`evidence` gives. [-]
    note : str
        What a reader is told where no script runs. [-]

    Returns
    -------
    str
        HTML. [-]

    Examples
    --------
    >>> host({"rows": []}, "No script.")[:18]
    '<div id="anchors">'
    """
    # A closing tag within the data would end them.
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":")).replace("</", "<\\/")
    return f'<div id="anchors"><p>{note}</p><script type="application/json">{text}</script></div>'
