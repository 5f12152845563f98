"""How fast a model can decode at best."""

from ...cache import cache_bytes
from ...elementwise import maximum
from ...latency import decode_rate, decode_step, decode_throughput, step_time
from ...numerals import grouped, quantity, significant
from ...parameters import total_parameters, weight_bytes
from ...roofline import arithmetic_intensity, ridge_point
from ..controls import (
    BATCHES,
    CONTEXTS,
    PRECISIONS,
    Calculator,
    Control,
    machine_control,
    model_control,
    numbers_control,
)
from .pieces import readout, segment


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
    weights = weight_bytes(total_parameters(architecture), values["bits"])
    needed = weights + cache
    available = devices * machine.memory
    # Where the weights have room and the caches have not, the headline must not blame the model.
    kept = "the cache beside the model " if weights <= available and needed > available else "the model "
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
        + ", and "
        + kept
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


CALCULATOR = Calculator(
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
)
