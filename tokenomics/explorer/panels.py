"""The answers of the calculators: a headline, a few readouts and a few charts, as plain lists and dictionaries.

These functions are compiled to JavaScript, so they use only what PScript knows.
"""

from ..architecture import Architecture, Attention, FeedForward, Layer
from ..cache import cache_bytes
from ..elementwise import maximum
from ..hardware import devices_to_hold
from ..latency import decode_rate, decode_step, decode_throughput, step_time
from ..numerals import counted, grouped, quantity, significant
from ..parameters import parameters_by_part, total_parameters, weight_bytes
from ..roofline import arithmetic_intensity, ridge_point


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


def weigh_panel(shelf, values):
    """Weigh a model at a precision, beside the memory of a machine."""
    architecture = shelf["models"][values["model"]]
    machine = shelf["machines"][values["machine"]]
    total = total_parameters(architecture)
    size = weight_bytes(total, values["bits"])
    devices = devices_to_hold(size, machine.memory)
    left = devices * machine.memory - size
    device = " device" if devices == 1 else " devices"
    return {
        "headline": quantity(size, "B") + " of weights: at least " + grouped(devices) + " × " + machine.label + ".",
        "readouts": [
            readout("Parameters", grouped(total)),
            readout("Weights", quantity(size, "B")),
            readout("Memory of one device", quantity(machine.memory, "B")),
            readout("Least number of devices", grouped(devices) + device),
            readout("Left on them for everything else", quantity(left, "B")),
        ],
        "charts": [
            parts_chart(architecture),
            {
                "kind": "bars",
                "title": "Weights beside the memory that holds them",
                "unit": "B",
                "bars": [
                    {"label": "Weights", "segments": [segment("weights", size, quantity(size, "B"), 1)]},
                    {
                        "label": grouped(devices) + device,
                        "segments": [
                            segment("memory", devices * machine.memory, quantity(devices * machine.memory, "B"), 5)
                        ],
                    },
                ],
            },
        ],
    }


def build_panel(shelf, values):
    """Count a model of the reader's own making."""
    hidden_size = values["heads"] * values["head_dim"]
    attention = Attention(
        heads=values["heads"], kv_heads=values["heads"] // values["group"], head_dim=values["head_dim"]
    )
    feed_forward = FeedForward(intermediate_size=values["widening"] * hidden_size // 4)
    architecture = Architecture(
        name="yours",
        hidden_size=hidden_size,
        vocabulary_size=values["vocabulary"],
        layers=(Layer(count=values["layers"], attention=attention, feed_forward=feed_forward),),
    )
    parts = parameters_by_part(architecture)
    total = total_parameters(architecture)
    outside = parts["input embedding"] + parts["output head"]
    return {
        "headline": counted(total) + " parameters, " + quantity(weight_bytes(total, 16), "B") + " at 16 bits.",
        "readouts": [
            readout("Hidden size", grouped(hidden_size)),
            readout("Intermediate size", grouped(feed_forward.intermediate_size)),
            readout("Parameters", grouped(total)),
            readout("Share of the feed-forward blocks", significant(100 * parts["feed-forward"] / total) + " %"),
            readout("Share of embedding and head", significant(100 * outside / total) + " %"),
        ],
        "charts": [parts_chart(architecture)],
    }


def decode_panel(shelf, values):
    """Time one decode step: arithmetic against memory, and the rates that follow."""
    architecture = shelf["models"][values["model"]]
    machine = shelf["machines"][values["machine"]]
    batch = values["batch"]
    devices = values["devices"]
    step = decode_step(
        architecture,
        machine,
        batch=batch,
        context=values["context"],
        devices=devices,
        weight_bits=values["bits"],
    )
    time = step_time(step)
    memory_time = step.weight_time + step.kv_time
    traffic = step.weight_traffic + step.kv_traffic
    cache = batch * cache_bytes(architecture, context=values["context"], bits=16)
    needed = weight_bytes(total_parameters(architecture), values["bits"]) + cache
    available = devices * machine.memory
    has_peak = "bf16" in machine.peaks
    fits = "fits in " if needed <= available else "does not fit in "
    roof = "arithmetic" if step.compute_time > memory_time else "memory"
    binds = roof + " binds" if has_peak else "arithmetic is unknown"
    readouts = [
        readout("Time of one step", quantity(time, "s")),
        readout("Each user sees at most", significant(decode_rate(time)) + " token/s"),
        readout("The batch gets at most", significant(decode_throughput(batch, time)) + " token/s"),
        readout("Roof that binds", roof if has_peak else "memory, as far as is published"),
        readout("Arithmetic intensity", significant(arithmetic_intensity(step.flops, traffic)) + " FLOP/byte"),
    ]
    if has_peak:
        ridge = ridge_point(machine.peaks["bf16"], machine.bandwidth)
        readouts.append(readout("Ridge point at bf16", significant(ridge) + " FLOP/byte"))
    else:
        readouts.append(readout("Ridge point at bf16", "no published peak"))
    readouts.append(readout("Weights and KV cache", quantity(needed, "B") + ", " + fits + quantity(available, "B")))
    charts = [
        {
            "kind": "bars",
            "title": "One decode step, drawn to scale",
            "unit": "s",
            "bars": [
                {
                    "label": "Arithmetic",
                    "segments": [segment("compute", step.compute_time, quantity(step.compute_time, "s"), 3)],
                },
                {
                    "label": "Memory",
                    "segments": [
                        segment("weights", step.weight_time, quantity(step.weight_time, "s"), 1),
                        segment("KV cache", step.kv_time, quantity(step.kv_time, "s"), 2),
                    ],
                },
            ],
        }
    ]
    if has_peak:
        charts.append(roofline_chart(machine, devices, step, time))
    return {
        "headline": "At most "
        + significant(decode_rate(time))
        + " token/s for each user; "
        + binds
        + ", and the model "
        + fits
        + grouped(devices)
        + " × "
        + machine.label
        + ".",
        "readouts": readouts,
        "charts": charts,
    }


def roofline_chart(machine, devices, step, time):
    """Draw a decode step under the roofline of its machine."""
    peak = devices * machine.peaks["bf16"]
    bandwidth = devices * machine.bandwidth
    ridge = ridge_point(peak, bandwidth)
    left = 0.1
    right = 10000
    intensity = arithmetic_intensity(step.flops, step.weight_traffic + step.kv_traffic)
    return {
        "kind": "curve",
        "title": "The step under the roofline",
        "x": {"label": "arithmetic intensity [FLOP/byte]", "low": left, "high": right},
        "y": {"label": "FLOP/s", "low": maximum(left * bandwidth / 10, 1e9), "high": 3 * peak},
        "lines": [
            {"label": "memory roof", "series": 1, "points": [[left, left * bandwidth], [ridge, peak]]},
            {"label": "compute roof", "series": 3, "points": [[ridge, peak], [right, peak]]},
        ],
        "marks": [{"label": "this step", "x": intensity, "y": step.flops / time, "series": 4}],
    }
