"""The pieces that the answers of calculators are made of."""

from ...numerals import counted
from ...parallelism import Parallelism
from ...parameters import parameters_by_part
from ...passes import compute_share
from ...server import arithmetic_of, server


def readout(label: str, text: str) -> dict:
    """Make one line of a panel's table of answers."""
    return {"label": label, "text": text}


def segment(label: str, value: float, text: str, series: int) -> dict:
    """Make one piece of a bar."""
    return {"label": label, "value": value, "text": text, "series": series}


def part_segments(architecture) -> list:
    """Cut a bar into the parts of a model, each part in the same colour for every model."""
    series = {
        "input embedding": 0,
        "attention": 1,
        "feed-forward": 2,
        "norms": 3,
        "output head": 4,
        "experts": 6,
        "shared experts": 7,
    }
    parts = parameters_by_part(architecture)
    segments = []
    for part in parts:
        if parts[part] > 0:
            segments.append(segment(part, parts[part], counted(parts[part]), series.get(part, 5)))
    return segments


def parts_chart(architecture) -> dict:
    """Draw the parts of a model as one bar."""
    return {
        "kind": "bars",
        "title": "Parameters by part",
        "unit": "parameters",
        "bars": [{"label": "All layers", "segments": part_segments(architecture)}],
    }


def serve(shelf, values, tensor, pipeline, replicas):
    """Spread the chosen model over the chosen machines, the cache in sixteen bits."""
    machine = shelf["machines"][values["machine"]]
    weights = shelf["precisions"][values["weights"]]
    split = Parallelism(tensor=tensor, pipeline=pipeline, replicas=replicas)
    return server(shelf["models"][values["model"]], machine, split, weights, 16)


def share_reached(shelf, values):
    """Look up which share of the peak arithmetic the chosen engine reaches."""
    arithmetic = arithmetic_of(shelf["precisions"][values["weights"]], shelf["machines"][values["machine"]])
    return compute_share(shelf["engines"][values["engine"]], arithmetic)
