"""How to draw the arguments of the formulas of optimisations, and of their calculator."""

from tokenomics import catalogue, hardware, levers, optimisations
from tokenomics.explorer.calculators import CALCULATORS, shelf
from tokenomics.explorer.panels import levers as panel

from .draw import architecture, bits, count, positional, size, sizes, values

SHELF = shelf(CALCULATORS["levers"].controls)
MACHINES = [name for name, _ in CALCULATORS["levers"].controls[1].options]


def machine(rng):
    return catalogue.accelerator(rng.choice(MACHINES))


def share(rng):
    return rng.choice([0, 1, rng.random()])


def drafts(rng):
    return rng.randint(0, 12)


def chosen(rng):
    return levers.Levers(
        weight_bits=bits(rng),
        kv_bits=bits(rng),
        drafts=drafts(rng),
        acceptance=share(rng),
        draft_cost=rng.random(),
        cached=rng.uniform(0, 0.99),
        schedule=rng.choice(levers.SCHEDULES),
        link=size(rng),
    )


def place(rng):
    return {
        "devices": count(rng, 64),
        "batch": count(rng),
        "prompt": count(rng, 10**5),
        "reply": 1 + count(rng, 10**4),
        "overhead": rng.random(),
    }


def prompt(rng):
    tokens = count(rng, 10**6)
    return {"prompt": tokens, "cached": tokens * rng.uniform(0, 0.9)}


def result(rng):
    return levers.effects(architecture(rng), machine(rng), chosen(rng), **place(rng))


INPUTS = {
    optimisations.accepted_tokens: positional(share, drafts),
    optimisations.speculative_time: positional(share, drafts, size, size),
    optimisations.remaining_prefill_flops: lambda rng: ([architecture(rng)], prompt(rng)),
    optimisations.free_prompt_tokens: sizes(4),
    optimisations.transfer_time: sizes(3),
    optimisations.stalled_token_time: lambda rng: ([size(rng), size(rng), count(rng), 1 + count(rng)], {}),
    optimisations.cycle_time: sizes(4),
    hardware.peak_flops: lambda rng: ([machine(rng), "bf16"], {}),
    levers.effects: lambda rng: ([architecture(rng), machine(rng), chosen(rng)], place(rng)),
    panel.pass_bars: positional(lambda rng: "Off", result),
    panel.change: positional(lambda rng: "Time", lambda rng: "1 s", lambda rng: "2 s", lambda rng: rng.random()),
    panel.levers_panel: lambda rng: ([SHELF, values(rng, "levers")], {}),
}
