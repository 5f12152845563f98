"""What a pass costs in arithmetic, beside the rule of two."""

from ...forward import decode_flops_by_part, prefill_flops_by_part
from ...numerals import grouped, quantity, significant
from ...parameters import active_parameters
from ...prefill import rule_of_thumb_flops
from ..controls import CONTEXTS, Calculator, Control, machine_control, model_control, numbers_control
from .pieces import readout, segment


def flops_segments(parts):
    """Cut a bar into the parts of a pass, each part in the same colour for every model."""
    series = {
        "scores and values": 0,
        "attention": 1,
        "feed-forward": 2,
        "vectors": 3,
        "output head": 4,
        "experts": 6,
        "shared experts": 7,
    }
    names = {"attention": "attention matrices", "vectors": "norms, softmax and the like"}
    segments = []
    for part in parts:
        if parts[part] > 0:
            text = quantity(parts[part], "FLOP")
            segments.append(segment(names.get(part, part), parts[part], text, series.get(part, 5)))
    return segments


def arithmetic_panel(shelf, values):
    """Count a pass by part, and hold it against two operations a parameter and token."""
    architecture = shelf["models"][values["model"]]
    machine = shelf["machines"][values["machine"]]
    tokens = values["tokens"]
    is_prefill = values["phase"] == "prefill"
    passed = tokens if is_prefill else 1
    if is_prefill:
        parts = prefill_flops_by_part(architecture, tokens=tokens, attention=values["pairs"], logits=values["logits"])
    else:
        parts = decode_flops_by_part(architecture, context=tokens)
    flops = 0
    for part in parts:
        flops = flops + parts[part]
    active = active_parameters(architecture, convention="without input embedding")
    ruled = rule_of_thumb_flops(active, passed)
    error = 100 * (ruled / flops - 1)
    verdict = significant(abs(error), 2) + (" % too little" if error < 0 else " % too much")
    readouts = [
        readout("Counted", quantity(flops, "FLOP")),
        readout("Two a parameter and token", quantity(ruled, "FLOP") + ", " + verdict),
        readout("Counted, for each token", quantity(flops / passed, "FLOP")),
        readout("Share of scores and values", significant(100 * parts["scores and values"] / flops) + " %"),
        readout("Share of norms, softmax and the like", significant(100 * parts["vectors"] / flops, 2) + " %"),
    ]
    if "bf16" in machine.peaks:
        readouts.append(
            readout("Time of the arithmetic at the bf16 peak", quantity(flops / machine.peaks["bf16"], "s"))
        )
    else:
        readouts.append(readout("Time of the arithmetic at the bf16 peak", "no published peak"))
    what = " for a prompt of " + grouped(tokens) if is_prefill else " for one token after " + grouped(tokens)
    return {
        "headline": quantity(flops, "FLOP") + what + " tokens; two a parameter and token is " + verdict + ".",
        "readouts": readouts,
        "charts": [
            {
                "kind": "bars",
                "title": "The pass by part, beside the rule",
                "unit": "FLOP",
                "bars": [
                    {"label": "Counted", "segments": flops_segments(parts)},
                    {
                        "label": "Two a parameter and token",
                        "segments": [segment("rule", ruled, quantity(ruled, "FLOP"), 5)],
                    },
                ],
            }
        ],
    }


CALCULATOR = Calculator(
    name="arithmetic",
    title="What does a pass cost in arithmetic?",
    controls=(
        model_control(),
        Control(
            name="phase",
            label="Phase",
            options=(("prefill", "prefill: the whole prompt"), ("decode", "decode: one token")),
            default="prefill",
        ),
        numbers_control("tokens", "Tokens of the prompt, or of the context", CONTEXTS, 2048),
        Control(
            name="pairs",
            label="Pairs of tokens in a prefill",
            options=(("causal", "those that the mask leaves"), ("full", "all")),
            default="causal",
        ),
        Control(
            name="logits",
            label="Logits in a prefill",
            options=(("last", "of the last token"), ("every", "of every token")),
            default="last",
        ),
        machine_control(),
    ),
    panel=arithmetic_panel,
)
