"""Ask mlsysim's serving model, at its default efficiency of 0.5; several devices are one with the sum of them."""

import json
import sys
import time

import mlsysim
from mlsysim.engine.solvers.serving import ServingModel

NAMES = {80: "Llama3_70B", 32: "Llama3_8B"}
questions, rates, solver = json.load(sys.stdin), [], ServingModel()


def several(hardware, devices):
    compute = hardware.compute.model_copy(
        update={
            "peak_flops": hardware.compute.peak_flops * devices,
            "precision_flops": {name: rate * devices for name, rate in hardware.compute.precision_flops.items()},
        }
    )
    memory = hardware.memory.model_copy(
        update={"bandwidth": hardware.memory.bandwidth * devices, "capacity": hardware.memory.capacity * devices}
    )
    return hardware.model_copy(update={"compute": compute, "memory": memory})


start = time.perf_counter()
for asked in questions:
    model = getattr(mlsysim.Models.Language, NAMES[asked["config"]["num_hidden_layers"]])
    hardware = several(mlsysim.Hardware.Cloud.H100, asked["devices"])
    found = solver.solve(
        model, hardware, seq_len=int(asked["input"] + asked["output"] / 2), batch_size=int(asked["requests"])
    )
    first = solver.solve(model, hardware, seq_len=int(asked["input"]), batch_size=int(asked["requests"]))
    seconds = first.ttft.to("s").magnitude + (asked["output"] - 1) * found.itl.to("s").magnitude
    rates.append(asked["requests"] * asked["mean_output"] / seconds)
duration = time.perf_counter() - start
print(json.dumps({"rates": rates, "milliseconds": 1e3 * duration / len(questions), "remarks": {}}))
