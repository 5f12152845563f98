"""All calculators of the book, and the records that they choose from."""

from dataclasses import asdict

from .. import catalogue
from ..deployment import precision
from ..efficiency import CEILING, efficiencies
from ..offers import offer
from ..served import served
from .anchors import anchor as measured_anchor
from .panels import (
    anchor,
    arithmetic,
    batch,
    build,
    cache,
    decode,
    devices,
    levers,
    predict,
    price,
    request,
    roofline,
    serving,
    weigh,
)

__all__ = ["CALCULATORS", "plain", "shelf"]

_MODULES = (
    weigh,
    build,
    arithmetic,
    request,
    roofline,
    decode,
    cache,
    batch,
    devices,
    anchor,
    price,
    serving,
    levers,
    predict,
)
CALCULATORS = {module.CALCULATOR.name: module.CALCULATOR for module in _MODULES}


def shelf(controls) -> dict:
    """Lay out the records of the catalogue that controls offer.

    Parameters
    ----------
    controls : iterable of Control
        Those of a calculator. [-]

    Returns
    -------
    dict
        Records by name, under ``models``, ``machines``, ``precisions``,
        ``engines``, ``anchors``, ``offers`` and ``places``, as far as they are offered. [-]

    Examples
    --------
    >>> list(shelf(CALCULATORS["decode"].controls))
    ['models', 'machines']
    """
    parts = {
        "model": ("models", catalogue.model),
        "machine": ("machines", catalogue.accelerator),
        "weights": ("precisions", precision),
        "engine": ("engines", lambda name: efficiencies().get(name, CEILING)),
        "anchor": ("anchors", measured_anchor),
        "offer": ("offers", lambda name: offer(*name.split(", ")).prices),
        "place": ("places", served),
    }
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
    >>> plain(shelf(CALCULATORS["weigh"].controls))["machines"]["L40S"]["label"]
    'L40S 48 GB'
    """
    return {part: {name: asdict(record) for name, record in named.items()} for part, named in records.items()}
