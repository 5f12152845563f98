"""The calculators of the book: what each asks, and which function answers."""

from collections.abc import Callable
from dataclasses import asdict, dataclass

from .. import catalogue
from ..numerals import decimal, grouped
from .controls import Control, machine_control, model_control, numbers_control
from .panels import build_panel, decode_panel, weigh_panel

__all__ = ["CALCULATORS", "Calculator", "plain", "shelf"]

PRECISIONS = ((32, "fp32, 32 bit"), (16, "bf16, 16 bit"), (8, "fp8 or int8, 8 bit"), (4, "int4, 4 bit"))


@dataclass(frozen=True, kw_only=True)
class Calculator:
    """A question that the reader can vary.

    Parameters
    ----------
    name : str
        Its name, also in the address of a shared state. [-]
    title : str
        The question. [-]
    controls : tuple of Control
        What can be varied. [-]
    panel : callable
        The answer, a function of the shelf that its controls offer and of their values. [-]

    Examples
    --------
    >>> CALCULATORS["weigh"].controls[0].name
    'model'
    """

    name: str
    title: str
    controls: tuple
    panel: Callable


def shelf(controls) -> dict:
    """Lay out the records of the catalogue that controls offer.

    Parameters
    ----------
    controls : iterable of Control
        Those of a calculator. [-]

    Returns
    -------
    dict
        Records by name, under ``models`` and ``machines``, as far as they are
        offered. [-]

    Examples
    --------
    >>> list(shelf([machine_control()]))
    ['machines']
    """
    parts = {"model": ("models", catalogue.model), "machine": ("machines", catalogue.accelerator)}
    offered = [(*parts[control.name], control.options) for control in controls if control.name in parts]
    return {part: {name: look_up(name) for name, _ in options} for part, look_up, options in offered}


def plain(records: dict) -> dict:
    """Turn the records of a shelf into what JSON can hold.

    Parameters
    ----------
    records : dict
        Records by part and name, as ``shelf`` lays them out. [-]

    Returns
    -------
    dict
        The same, each record a dictionary. [-]

    Examples
    --------
    >>> plain(shelf([machine_control()]))["machines"]["L40S"]["label"]
    'L40S 48 GB'
    """
    return {part: {name: asdict(record) for name, record in named.items()} for part, named in records.items()}


CONTEXTS = [2**power for power in range(7, 18)]
BATCHES = [2**power for power in range(11)]

CALCULATORS = {
    calculator.name: calculator
    for calculator in (
        Calculator(
            name="weigh",
            title="What does a model weigh, and what holds it?",
            controls=(
                model_control(),
                Control(name="bits", label="Precision of the weights", options=PRECISIONS, default=16),
                machine_control(),
            ),
            panel=weigh_panel,
        ),
        Calculator(
            name="build",
            title="Build a model and count it",
            controls=(
                numbers_control("layers", "Layers", range(1, 161), 80),
                numbers_control("heads", "Query heads", range(8, 129, 8), 64),
                numbers_control("head_dim", "Width of a head", [64, 128, 256], 128),
                numbers_control("group", "Query heads that share a key-value head", [1, 2, 4, 8], 8),
                Control(
                    name="widening",
                    label="Intermediate over hidden size",
                    options=tuple((quarters, decimal(quarters / 4, 2)) for quarters in range(4, 25)),
                    default=14,
                    slider=True,
                ),
                Control(
                    name="vocabulary",
                    label="Vocabulary",
                    options=tuple((size, grouped(size)) for size in (32000, 50257, 128256, 152064, 256000)),
                    default=128256,
                    slider=True,
                ),
            ),
            panel=build_panel,
        ),
        Calculator(
            name="decode",
            title="How fast can it decode?",
            controls=(
                model_control(),
                Control(name="bits", label="Precision of the weights", options=PRECISIONS[1:], default=16),
                machine_control(),
                numbers_control("devices", "Devices", [1, 2, 4, 8, 16], 1),
                numbers_control("batch", "Batch", BATCHES, 1),
                numbers_control("context", "Context of each sequence, in tokens", CONTEXTS, 2048),
            ),
            panel=decode_panel,
        ),
    )
}
