"""What optimisations do to a deployment, before and after."""

from ... import catalogue
from ...levers import Levers, effects
from ...numerals import decimal, quantity, significant
from ..controls import BATCHES, CONTEXTS, Calculator, Control, model_control, numbers_control
from .pieces import readout, segment


def pass_bars(name, result):
    """Draw one pass: what memory takes, what arithmetic takes, and what comes on top."""
    added = segment(name + ", drafts", result.draft_time, quantity(result.draft_time, "s"), 4)
    return [
        {
            "label": name + ": memory",
            "segments": [
                segment(name + ", weights", result.weight_time, quantity(result.weight_time, "s"), 1),
                segment(name + ", KV cache", result.cache_time, quantity(result.cache_time, "s"), 2),
            ],
        },
        {
            "label": name + ": arithmetic",
            "segments": [segment(name + ", arithmetic", result.compute_time, quantity(result.compute_time, "s"), 3)],
        },
        {
            "label": name + ": on top",
            "segments": [segment(name + ", overhead", result.overhead, quantity(result.overhead, "s"), 5), added],
        },
    ]


def change(label, before, after, ratio):
    """Say a quantity before and after, and by which factor it moved."""
    return readout(label, before + " → " + after + ", × " + significant(ratio))


def levers_panel(shelf, values):
    """Time a deployment without optimisations and with those chosen."""
    architecture = shelf["models"][values["model"]]
    machine = shelf["machines"][values["machine"]]
    offered = machine.peaks.get(values["precision"], 0) > 0
    precision = values["precision"] if offered else "bf16"
    devices, batch = values["devices"], values["batch"]
    prompt, reply = values["prompt"], values["reply"]
    overhead = values["overhead"] / 1000
    chosen = Levers(
        weight_bits=values["bits"],
        kv_bits=values["kv_bits"],
        precision=precision,
        drafts=values["drafts"],
        acceptance=values["acceptance"] / 100,
        cached=values["cached"] / 100,
        schedule=values["schedule"],
    )
    before = effects(
        architecture, machine, Levers(), devices=devices, batch=batch, prompt=prompt, reply=reply, overhead=overhead
    )
    after = effects(
        architecture, machine, chosen, devices=devices, batch=batch, prompt=prompt, reply=reply, overhead=overhead
    )
    available = devices * machine.memory
    fits = "fits in " if after.held <= available else "does not fit in "
    million = 1000000
    bars = pass_bars("Off", before)
    for bar in pass_bars("Chosen", after):
        bars.append(bar)
    binds = "arithmetic" if after.compute_time > after.weight_time + after.cache_time else "memory"
    return {
        "headline": "A million output tokens take "
        + significant(after.device_time * million)
        + " device-seconds, "
        + decimal(100 * after.device_time / before.device_time, 0)
        + " % of what they take with every lever off.",
        "readouts": [
            change(
                "Time to first token",
                quantity(before.first, "s"),
                quantity(after.first, "s"),
                after.first / before.first,
            ),
            change(
                "Time per output token", quantity(before.each, "s"), quantity(after.each, "s"), after.each / before.each
            ),
            change(
                "Throughput, token/s",
                significant(before.throughput),
                significant(after.throughput),
                after.throughput / before.throughput,
            ),
            change(
                "Weights and caches", quantity(before.held, "B"), quantity(after.held, "B"), after.held / before.held
            ),
            readout("With the levers it", fits + quantity(available, "B")),
            readout("A pass then waits for", binds),
            readout("Tokens of each sequence from a pass", significant(after.pass_tokens)),
            readout("Arithmetic in", precision if offered else "bf16; this machine has no " + values["precision"]),
        ],
        "charts": [
            {
                "kind": "bars",
                "title": "One pass: the longer of memory and arithmetic, and what comes on top",
                "unit": "s",
                "bars": bars,
            }
        ],
    }


def _machines() -> Control:
    """The machines whose peaks are published: without one, the time of a prefill is unknown."""
    names = [name for name in catalogue.accelerators() if "bf16" in catalogue.accelerator(name).peaks]
    options = tuple((name, catalogue.accelerator(name).label) for name in names)
    return Control(name="machine", label="Machine", options=options, default="H100-SXM-80GB")


CALCULATOR = Calculator(
    name="levers",
    title="Which optimisation moves what?",
    controls=(
        model_control(),
        _machines(),
        numbers_control("devices", "Devices", [1, 2, 4, 8, 16], 4),
        numbers_control("batch", "Batch", BATCHES[:9], 64),
        numbers_control("prompt", "Tokens of the prompt", CONTEXTS, 4096),
        numbers_control("reply", "Tokens of the reply", [2**power for power in range(4, 14)], 512),
        numbers_control("overhead", "Overhead of a pass, in milliseconds", [0, 1, 2, 5, 10], 2),
        Control(name="bits", label="Weights", options=((16, "bf16"), (8, "8 bit"), (4, "4 bit")), default=16),
        Control(name="kv_bits", label="Cache", options=((16, "bf16"), (8, "8 bit"), (4, "4 bit")), default=16),
        Control(name="precision", label="Arithmetic", options=(("bf16", "bf16"), ("fp8", "fp8")), default="bf16"),
        numbers_control("drafts", "Drafted tokens for each check", [0, 1, 2, 3, 4, 6, 8], 0),
        numbers_control("acceptance", "Drafts that are kept, in percent", [50, 60, 70, 80, 90], 80),
        numbers_control("cached", "Share of the prompt in the cache, in percent", [0, 25, 50, 75, 90, 95], 0),
        Control(
            name="schedule",
            label="Prefill and decode",
            options=(("in turns", "in turns"), ("chunked", "in chunks, together"), ("apart", "on machines apart")),
            default="in turns",
        ),
    ),
    panel=levers_panel,
)
