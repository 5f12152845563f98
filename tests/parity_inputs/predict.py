"""How to draw the arguments of the formulas of the calculator on a page of its own."""

from tokenomics import burst, efficiency, prediction, room
from tokenomics.explorer.calculators import CALCULATORS
from tokenomics.explorer.panels import predict
from tokenomics.prediction import Estimate

from .draw import count, positional, size, values
from .serving import burst_inputs, engine, found, place

SHELF = CALCULATORS["predict"].records()


def part(picked):
    """What of the shelf one state needs: all of it, each time, would take long to send."""
    named = {"footprints": "model", "machines": "machine", "precisions": "weights"}
    chosen = {shelf: {picked[control]: SHELF[shelf][picked[control]]} for shelf, control in named.items()}
    return chosen | {"engines": SHELF["engines"]}


def panel(rng):
    picked = values(rng, "predict")
    # Of many copies and stages few states fit; try those that do too.
    if rng.random() < 0.7:
        picked |= {"replicas": 1, "prompt": rng.choice([100, 2000])}
    return [part(picked), picked], {}


def timed(rng):
    arguments = burst_inputs(rng)
    return [arguments[0], arguments[1], burst.times(*arguments), arguments[4]], {}


def priced(rng):
    server, constants, share, prompt, reply, requests, _ = burst_inputs(rng)
    picked = {"prompt": prompt, "reply": reply + 1, "requests": rng.choice(["max", requests]), "rent": 2.5, "sold": 0.5}
    return [{"engines": SHELF["engines"]}, server, constants, share, picked, rng.uniform(1, 4000)], {}


def machine(rng):
    return rng.choice(list(SHELF["machines"].values()))


def nearest(rng):
    chosen = machine(rng)
    name = rng.choice(["any engine", "vllm", "llama.cpp", "nobody's"])
    return [SHELF["engines"], name, chosen.machine_class, chosen.name], {}


def constants(rng):
    options = [value for value, _ in CALCULATORS["predict"].controls[7].options]
    return [SHELF["engines"], rng.choice(options), machine(rng)], {}


def estimate(rng):
    return Estimate(value=size(rng), low=size(rng), high=size(rng))


INPUTS = {
    efficiency.nearest_set: nearest,
    prediction.predicted: timed,
    prediction.regime_spread: positional(engine, count),
    room.room_for_one: lambda rng: ([place(rng), rng.uniform(0.5, 1), rng.uniform(2, 16), count(rng, 99999)], {}),
    predict.constants_for: constants,
    predict.memory_chart: positional(size, size, size),
    predict.no_room: lambda rng: ([room.room_for_one(place(rng), 0.9, rng.uniform(2, 16), count(rng, 9999))], {}),
    predict.predict_panel: panel,
    predict.ranged: lambda rng: ([estimate(rng), rng.choice(["s", "USD"]), rng.choice(["", "at least "])], {}),
    predict.scaled: positional(estimate, size),
    predict.time_chart: positional(found),
    predict.token_prices: priced,
    predict.with_unit: lambda rng: ([size(rng), rng.choice(["s", "token/s"])], {}),
}

# One token more and one less: the times agree in all but some four digits.
LOOSE = {predict.predict_panel: 1e-9, predict.token_prices: 1e-9}
