"""The operations of a pass under the roofline of a machine."""

from ...numerals import decimal, quantity, significant
from ...operations import decode_operations, prefill_operations
from ...roofline import arithmetic_intensity, attainable_flops, operation_time, ridge_point
from ..controls import BATCHES, CONTEXTS, Calculator, Control, machine_control, model_control, numbers_control
from .pieces import readout, segment


def roofline_panel(shelf, values):
    """Put the operations of a decode step, or of a prefill, under the roofline of a machine."""
    architecture = shelf["models"][values["model"]]
    machine = shelf["machines"][values["machine"]]
    # A machine without arithmetic in eight bits widens the weights and multiplies in sixteen.
    precision = "fp8" if values["precision"] == "fp8" and "fp8" in machine.peaks else "bf16"
    has_peak = precision in machine.peaks
    peak = machine.peaks[precision] if has_peak else 1e18
    groups = grouped_operations(architecture, values)
    time = 0
    memory_time = 0
    flops = 0
    traffic = 0
    for group in groups:
        group["time"] = operation_time(group["flops"], group["bytes"], peak, machine.bandwidth)
        time = time + group["time"]
        flops = flops + group["flops"]
        traffic = traffic + group["bytes"]
        if group["flops"] / peak <= group["bytes"] / machine.bandwidth:
            memory_time = memory_time + group["time"]
    share = 100 * memory_time / time
    readouts = [
        readout("Arithmetic of the pass", quantity(flops, "FLOP")),
        readout("Bytes moved", quantity(traffic, "B")),
        readout("Intensity of the whole", significant(arithmetic_intensity(flops, traffic)) + " FLOP/byte"),
        readout("Peak used", precision + ", " + quantity(peak, "FLOP/s") if has_peak else "none is published"),
        readout(
            "Ridge point", significant(ridge_point(peak, machine.bandwidth)) + " FLOP/byte" if has_peak else "unknown"
        ),
        readout("Time, operations in turn, at least", quantity(time, "s")),
        readout("Time in which memory binds", decimal(share, 0) + " %" if has_peak else "unknown"),
    ]
    charts = [
        {
            "kind": "bars",
            "title": "The time of the pass, by operation",
            "unit": "s",
            "bars": [
                {
                    "label": "Each at its own roof, on one device",
                    "segments": [
                        segment(group["label"], group["time"], quantity(group["time"], "s"), group["series"])
                        for group in groups
                    ],
                }
            ],
        }
    ]
    if has_peak:
        charts.append(operations_chart(groups, peak, machine.bandwidth))
    return {
        "headline": "At least "
        + quantity(time, "s")
        + (" for the prefill; " if values["phase"] == "prefill" else " for the step; ")
        + ("memory binds in " + decimal(share, 0) + " % of it." if has_peak else "no peak is published to say more."),
        "readouts": readouts,
        "charts": charts,
    }


def grouped_operations(architecture, values):
    """Add up the operations of a pass by what they are."""
    bits = 16
    if values["precision"] == "fp8":
        bits = 8
    if values["precision"] == "int4":
        bits = 4
    if values["phase"] == "decode":
        operations = decode_operations(architecture, batch=values["batch"], context=values["tokens"], bits=bits)
    else:
        operations = prefill_operations(
            architecture, batch=values["batch"], tokens=values["tokens"], bits=bits, attention="causal", logits="last"
        )
    names = ["projections", "scores and values", "feed-forward, experts", "output head", "norms and the rest"]
    groups = []
    for place in range(5):
        groups.append({"label": names[place], "series": [0, 2, 1, 4, 5][place], "flops": 0, "bytes": 0})
    for operation in operations:
        place = 4
        if operation.name == "scores and values":
            place = 1
        elif operation.block == "attention":
            place = 0
        elif operation.block in ["feed-forward", "experts", "shared experts", "router"]:
            place = 2
        elif operation.block == "output head":
            place = 3
        group = groups[place]
        group["flops"] = group["flops"] + operation.flops
        group["bytes"] = group["bytes"] + (
            operation.weight_bytes + operation.kv_read + operation.kv_written + operation.activation_bytes
        )
    return groups


def operations_chart(groups, peak, bandwidth):
    """Draw groups of operations under the roofline of their machine; those without arithmetic are not on it."""
    left = 0.5
    right = 100000
    ridge = ridge_point(peak, bandwidth)
    marks = []
    for group in groups:
        intensity = arithmetic_intensity(group["flops"], group["bytes"])
        if intensity >= left and intensity <= right:
            rate = attainable_flops(intensity, peak, bandwidth)
            text = significant(intensity) + " FLOP/byte"
            marks.append(
                {"label": group["label"], "text": text, "x": intensity, "y": rate, "series": group["series"]}
            )
    return {
        "kind": "curve",
        "title": "The operations under the roofline",
        "legend": True,
        "x": {"label": "arithmetic intensity [FLOP/byte]", "low": left, "high": right},
        "y": {"label": "FLOP/s", "low": left * bandwidth, "high": 3 * peak},
        "lines": [
            {"label": "memory roof", "series": 1, "points": [[left, left * bandwidth], [ridge, peak]]},
            {"label": "compute roof", "series": 3, "points": [[ridge, peak], [right, peak]]},
        ],
        "marks": marks,
    }


CALCULATOR = Calculator(
    name="roofline",
    title="Which roof binds which operation?",
    controls=(
        model_control(),
        Control(
            name="precision",
            label="Weights and arithmetic",
            options=(
                ("bf16", "bf16"),
                ("fp8", "fp8, in bf16 where the machine has no fp8"),
                ("int4", "int4 weights, multiplied in bf16"),
            ),
            default="bf16",
        ),
        machine_control(),
        Control(
            name="phase",
            label="Phase",
            options=(("decode", "decode step"), ("prefill", "prefill")),
            default="decode",
        ),
        numbers_control("batch", "Batch", BATCHES, 1),
        numbers_control("tokens", "Context, or length of the prompt, in tokens", CONTEXTS, 2048),
    ),
    panel=roofline_panel,
)
