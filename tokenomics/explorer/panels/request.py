"""The two phases of a request: what each computes and moves, and the least time it takes."""

from ...cache import cache_bytes
from ...elementwise import maximum
from ...latency import reply_time
from ...numerals import grouped, quantity, significant
from ...parameters import total_parameters, weight_bytes
from ...phases import decode_work, prefill_work
from ...roofline import arithmetic_intensity
from ..controls import CONTEXTS, PRECISIONS, Calculator, Control, machine_control, model_control, numbers_control
from .pieces import readout, segment


def phase_bar(label, unit, prefill, decode):
    """Draw the shares of both phases in a quantity."""
    whole = prefill + decode
    return {
        "label": label,
        "segments": [
            segment("prefill", prefill / whole, quantity(prefill, unit), 3),
            segment("decode", decode / whole, quantity(decode, unit), 1),
        ],
    }


def request_panel(shelf, values):
    """Time both phases of one request at the peaks of a machine."""
    architecture = shelf["models"][values["model"]]
    machine = shelf["machines"][values["machine"]]
    devices, prompt, reply, bits = values["devices"], values["prompt"], values["reply"], values["bits"]
    prefill = prefill_work(architecture, prompt=prompt, weight_bits=bits)
    decode = decode_work(architecture, prompt=prompt, reply=reply, weight_bits=bits)
    has_peak = "bf16" in machine.peaks
    per_flop = 1 / (devices * machine.peaks["bf16"]) if has_peak else 0
    bandwidth = devices * machine.bandwidth
    prefill_bytes = prefill.weight_traffic + prefill.kv_traffic
    decode_bytes = decode.weight_traffic + decode.kv_traffic
    prefill_compute, prefill_memory = prefill.flops * per_flop, prefill_bytes / bandwidth
    decode_compute, decode_memory = decode.flops * per_flop, decode_bytes / bandwidth
    first = maximum(prefill_compute, prefill_memory)
    decoding = maximum(decode_compute, decode_memory)
    each = decoding / (reply - 1)
    whole = reply_time(first, reply, each)
    needed = weight_bytes(total_parameters(architecture), bits) + cache_bytes(
        architecture, context=prompt + reply, bits=16
    )
    available = devices * machine.memory
    fits = "fits in " if needed <= available else "does not fit in "
    binds = "arithmetic" if prefill_compute > prefill_memory else "memory"
    then = "arithmetic" if decode_compute > decode_memory else "memory"
    return {
        "headline": "First token after at least "
        + quantity(first, "s")
        + ", then at most "
        + significant(1 / each)
        + " token/s; the reply of "
        + grouped(reply)
        + " tokens takes at least "
        + quantity(whole, "s")
        + ".",
        "readouts": [
            readout("Time to first token, at least", quantity(first, "s")),
            readout("Time per output token, at least", quantity(each, "s")),
            readout("Share of prefill in the time", significant(100 * first / whole) + " %"),
            readout("Prefill waits for", binds if has_peak else "memory, as far as is published"),
            readout("Decode waits for", then if has_peak else "memory, as far as is published"),
            readout(
                "Intensity of prefill", significant(arithmetic_intensity(prefill.flops, prefill_bytes)) + " FLOP/byte"
            ),
            readout(
                "Intensity of decode", significant(arithmetic_intensity(decode.flops, decode_bytes)) + " FLOP/byte"
            ),
            readout("Weights and KV cache", quantity(needed, "B") + ", " + fits + quantity(available, "B")),
        ],
        "charts": [
            {
                "kind": "bars",
                "title": "The two phases, each bar the whole request",
                "unit": "",
                "bars": [
                    phase_bar("Time", "s", first, decoding),
                    phase_bar("Arithmetic", "FLOP", prefill.flops, decode.flops),
                    phase_bar("Bytes moved", "B", prefill_bytes, decode_bytes),
                ],
            },
            {
                "kind": "bars",
                "title": "What each phase waits for, on one clock",
                "unit": "s",
                "bars": [
                    {
                        "label": "Prefill: arithmetic",
                        "segments": [
                            segment("prefill, arithmetic", prefill_compute, quantity(prefill_compute, "s"), 3)
                        ],
                    },
                    {
                        "label": "Prefill: memory",
                        "segments": [segment("prefill, memory", prefill_memory, quantity(prefill_memory, "s"), 2)],
                    },
                    {
                        "label": "Decode: arithmetic",
                        "segments": [segment("decode, arithmetic", decode_compute, quantity(decode_compute, "s"), 4)],
                    },
                    {
                        "label": "Decode: memory",
                        "segments": [segment("decode, memory", decode_memory, quantity(decode_memory, "s"), 1)],
                    },
                ],
            },
        ],
    }


CALCULATOR = Calculator(
    name="request",
    title="How long does a request take at best?",
    controls=(
        model_control(),
        Control(name="bits", label="Precision of the weights", options=PRECISIONS[1:], default=16),
        machine_control(),
        numbers_control("devices", "Devices", [1, 2, 4, 8, 16], 4),
        numbers_control("prompt", "Tokens of the prompt", CONTEXTS, 2048),
        numbers_control("reply", "Tokens of the reply", [2**power for power in range(1, 14)], 256),
    ),
    panel=request_panel,
)
