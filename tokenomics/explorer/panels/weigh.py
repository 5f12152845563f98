"""What a model weighs, and what holds it."""

from ...hardware import devices_to_hold
from ...numerals import grouped, quantity
from ...parameters import total_parameters, weight_bytes
from ..controls import PRECISIONS, Calculator, Control, machine_control, model_control
from .pieces import parts_chart, readout, segment


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


CALCULATOR = Calculator(
    name="weigh",
    title="What does a model weigh, and what holds it?",
    controls=(
        model_control(),
        Control(name="bits", label="Precision of the weights", options=PRECISIONS, default=16),
        machine_control(),
    ),
    panel=weigh_panel,
)
