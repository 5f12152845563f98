"""Everything at once: what a deployment does with a burst of requests, whether it fits, and what its tokens cost."""

from dataclasses import replace

from ... import catalogue
from ...burst import times
from ...deployment import precision
from ...efficiency import CEILING, ENDLESS, efficiencies, nearest_set
from ...elementwise import ceil, maximum
from ...footprint import footprint
from ...machine_time import busy_time, most_running, one_more
from ...numerals import decimal, grouped, quantity, significant
from ...parallelism import Parallelism
from ...passes import compute_share
from ...prediction import Estimate, interval, predicted, regime_spread
from ...pricing import output_price, price_ratio, rental_rate, request_cost
from ...room import room_for_one
from ...server import arithmetic_of, on_machines
from ..controls import Calculator, Control, numbers_control
from .batch import LIMITS, batch_chart
from .pieces import readout, segment
from .price import RENTS, SHARES, dollars, percent

UNKNOWN = "not known: no peak of its arithmetic is published"


def predict_panel(shelf, values):
    """Predict the times, hold them against the memory, and price the tokens."""
    machine = shelf["machines"][values["machine"]]
    model = shelf["footprints"][values["model"]]
    weights = shelf["precisions"][values["weights"]]
    if values["replicas"] > 1 and model.experts == 0:
        return {
            "headline": "This model has no experts to spread: leave the copies of attention at one.",
            "readouts": [readout("Experts", "none")],
            "charts": [],
        }
    split = Parallelism(tensor=values["tensor"], pipeline=values["pipeline"], replicas=values["replicas"])
    place = on_machines(model, machine, split, weights, values["kv_bits"])
    constants = constants_for(shelf["engines"], values["engine"], machine)
    prompt, reply = values["prompt"], values["reply"]
    room = room_for_one(place, constants.memory_share, weights.weight_bits, prompt + reply)
    fit = most_running(place, constants, prompt, reply)
    if fit < 1:
        return no_room(room)
    arithmetic = arithmetic_of(weights, machine)
    share = compute_share(constants, arithmetic)
    requests = None if values["requests"] == "max" else values["requests"]
    found = times(place, constants, share, prompt, reply, requests, reply)
    said = predicted(place, constants, found, reply)
    is_bound = values["engine"] == "ceiling"
    is_known = place.peak < ENDLESS
    prices = token_prices(shelf, place, constants, share, values, fit)
    caches = found.running * room.cache
    left = room.available - place.held_weights - caches
    waves = ", so the burst runs in " + grouped(found.waves) + " waves" if found.waves > 1 else ""
    charts = [memory_chart(place.held_weights, caches, left), time_chart(found)]
    if found.requests <= 1024:
        burst = {"prompt": prompt, "reply": reply, "batch": found.requests}
        charts.append(batch_chart(place, constants, share, burst, found))
    is_likely = is_known and not is_bound
    # What a peak that is not known may lengthen, and what it cannot.
    least, always = "" if is_likely else "at least ", "at least " if is_bound else ""
    first = ranged(said.time_to_first_token, "s", always) if is_known else UNKNOWN
    return {
        "headline": ("A token every " if is_likely else "At best a token every ")
        + quantity(found.step, "s")
        + " for each, "
        + significant(said.output_rate.value)
        + " token/s for all, "
        + dollars(prices["output"].value)
        + " for a million of them; most of the time goes to "
        + LIMITS[said.bound]
        + ".",
        "readouts": [
            readout("Time to first token", first),
            readout("Time per output token", ranged(said.time_per_output_token, "s", always)),
            readout("Until the last reply ends", ranged(said.burst_time, "s", least)),
            readout(
                "Output of all, prefill included", ranged(said.output_rate, "token/s", "at most " if least else "")
            ),
            readout("A million input tokens cost", ranged(prices["input"], "USD", least)),
            readout("A million output tokens cost", ranged(prices["output"], "USD", least)),
            readout(
                "Devices and their rent", grouped(place.devices) + ", " + dollars(3600 * prices["rate"]) + " an hour"
            ),
            readout("Sequences that fit", grouped(-ceil(-fit)) + waves),
            readout(
                "Weights and caches",
                quantity(place.held_weights + caches, "B")
                + " of "
                + quantity(room.available, "B")
                + " that may be used; "
                + quantity(maximum(left, 0.0), "B")
                + " left",
            ),
            readout("Roof over a decode step", "arithmetic" if said.roof == "compute" else "memory"),
            readout("MFU of the burst", percent(said.flops_utilisation) if is_known else UNKNOWN),
            readout("MBU of decoding", percent(said.bandwidth_utilisation)),
            readout("Arithmetic in", arithmetic),
            readout("Constants", "none, every peak is reached" if is_bound else constants.name),
        ],
        "charts": charts,
    }


def constants_for(sets, engine, machine):
    """Choose the constants as a deployment does: the engine's on the machine, on its class, or the broad ones."""
    return sets["ceiling"] if engine == "ceiling" else nearest_set(sets, engine, machine.machine_class, machine.name)


def no_room(room):
    """Say that nothing fits, and what would."""
    return {
        "headline": "Not even one sequence fits: take more devices, smaller weights, or shorter texts.",
        "readouts": [
            readout("Needed for the weights and one cache", quantity(room.needed, "B")),
            readout("Memory that may be used", quantity(room.available, "B")),
            readout("Devices that would hold them", grouped(room.devices)),
            readout(
                "Weights that would fit here",
                decimal(room.bits, 1) + " bit" if room.bits >= 2 else "none of two bits or more",
            ),
        ],
        "charts": [],
    }


def token_prices(shelf, place, constants, share, values, fit):
    """Price a million tokens of a server that is kept this full, as a quote does."""
    prompt, reply, asked = values["prompt"], values["reply"], values["requests"]
    running = None if asked == "max" or asked >= fit else asked
    more = one_more(place, constants, share, prompt, reply, 0.0, running)
    floor = busy_time(place, shelf["engines"]["ceiling"], 1.0, prompt, reply, 0.0, more.running)
    factors = regime_spread(constants, more.running)
    time = interval(more.request, factors[0], factors[1], floor)
    rate = rental_rate(place.devices, values["rent"])
    gamma = price_ratio(more.input, more.output)
    # A request is worth so many output tokens; its cost divided by them is the price of one.
    million = 1e6 * output_price(request_cost(rate, 1.0, 1.0, values["sold"]), gamma, prompt, reply)
    return {"rate": rate, "input": scaled(time, gamma * million), "output": scaled(time, million)}


def scaled(estimate, factor):
    """Multiply a value and its interval."""
    return Estimate(value=factor * estimate.value, low=factor * estimate.low, high=factor * estimate.high)


def ranged(estimate, unit, bound):
    """Write a value with its interval, or as the bound that it is."""
    if bound != "":
        return bound + with_unit(estimate.value, unit)
    low = quantity(estimate.low, unit) if unit == "s" else significant(estimate.low)
    return with_unit(estimate.value, unit) + " (" + low + " to " + with_unit(estimate.high, unit) + ")"


def with_unit(value, unit):
    """Write a time with the prefix that keeps it short, a rate or a price in its whole unit."""
    return quantity(value, unit) if unit == "s" else significant(value) + " " + unit


def memory_chart(weights, caches, left):
    """Draw what the devices hold."""
    return {
        "kind": "bars",
        "title": "Memory of all devices",
        "unit": "B",
        "bars": [
            {
                "label": "What weights and caches may take",
                "segments": [
                    segment("weights", weights, quantity(weights, "B"), 1),
                    segment("caches of those that run", caches, quantity(caches, "B"), 2),
                    segment("left", maximum(left, 0.0), quantity(maximum(left, 0.0), "B"), 5),
                ],
            }
        ],
    }


def time_chart(found):
    """Draw where the time of the burst goes."""
    weights = found.steps * maximum(found.weights, found.matrices)
    cache = found.steps * maximum(found.cache, found.attention)
    other = maximum(found.total - found.prefill - weights - cache, 0.0)
    return {
        "kind": "bars",
        "title": "Where the time goes, to the end of the last reply",
        "unit": "s",
        "bars": [
            {
                "label": "The burst",
                "segments": [
                    segment("prefill", found.prefill, quantity(found.prefill, "s"), 0),
                    segment(
                        "weights" if found.weights >= found.matrices else "arithmetic",
                        weights,
                        quantity(weights, "s"),
                        1,
                    ),
                    segment("cache", cache, quantity(cache, "s"), 2),
                    segment("nothing hides", other, quantity(other, "s"), 5),
                ],
            }
        ],
    }


_MODELS = {name: catalogue.model_entry(name)["label"] for name in catalogue.models()}
_MACHINES = {name: catalogue.accelerator(name).label for name in catalogue.accelerators(every=True)}


def _records() -> dict:
    """What the panel looks up: each model as its footprint alone, and each constant set without its provenance."""
    bare = {"standard_errors": {}, "unidentified": (), "data": "", "date": ""}
    sets = {**efficiencies(), "ceiling": CEILING}
    return {
        "footprints": {name: footprint(catalogue.model(name)) for name in _MODELS},
        "machines": {name: catalogue.accelerator(name) for name in _MACHINES},
        "precisions": {row["name"]: precision(row["name"]) for row in catalogue.rows("precisions")},
        "engines": {name: replace(found, **bare) for name, found in sets.items()},
    }


def _by_label(name, label, texts, default) -> Control:
    """Offer a long list in the order in which a reader looks for it."""
    options = sorted(texts.items(), key=lambda option: option[1].lower())
    return Control(name=name, label=label, options=tuple(options), default=default)


def _weights() -> Control:
    """Every precision of the catalogue."""
    options = [
        (row["name"], f"{row['name']}, {float(row['weight_bits']):g} bit") for row in catalogue.rows("precisions")
    ]
    return Control(name="weights", label="Weights", options=tuple(options), default="bf16")


_NAMES = {
    "autoawq": "AutoAWQ", "lmdeploy": "LMDeploy", "mlx-lm": "MLX LM", "neuronx": "NeuronX",
    "tensorrt-llm": "TensorRT-LLM", "vllm": "vLLM",
}  # fmt: skip


def _engines() -> Control:
    """The engines with constants for a machine that is offered, none in particular, and the bound."""
    kinds = {catalogue.accelerator(name).machine_class for name in _MACHINES}
    engines = sorted(
        {found.engine for found in efficiencies().values() if found.engine and found.machine_class in kinds}
    )
    options = [
        ("any engine", "any: what engines reach on such machines"),
        *((engine, _NAMES.get(engine, engine)) for engine in engines),
        ("ceiling", "none: every peak reached, nothing added"),
    ]
    return Control(name="engine", label="Engine", options=tuple(options), default="vllm")


def _lengths(least, most) -> list:
    """Round numbers, ten to each power of ten."""
    steps = (10, 12, 15, 20, 25, 30, 40, 50, 60, 80)
    found = [step * 10**power // 10 for power in range(1, 7) for step in steps]
    return [length for length in found if least <= length <= most]


_REQUESTS = sorted({*(2**power for power in range(11)), *(3 * 2**power for power in range(9))})
_RENTS = tuple((rent, f"{rent:.2f}") for rent in RENTS)
_SOLD = tuple((share, f"{share:.0%}") for share in SHARES)

CALCULATOR = Calculator(
    name="predict",
    title="What will it do, does it fit, and what does it cost?",
    controls=(
        _by_label("model", "Model", _MODELS, "llama-3.3-70b"),
        _weights(),
        Control(name="kv_bits", label="KV cache", options=((16, "bf16"), (8, "8 bit"), (4, "4 bit")), default=16),
        _by_label("machine", "Machine", _MACHINES, "H100-SXM-80GB"),
        numbers_control("tensor", "Devices that share each layer (tensor)", [1, 2, 4, 8, 16], 4),
        numbers_control("pipeline", "Stages of layers (pipeline)", [1, 2, 3, 4, 6, 8], 1),
        numbers_control("replicas", "Copies of attention, experts spread", [1, 2, 4, 8, 16, 32], 1),
        _engines(),
        numbers_control("prompt", "Prompt, in tokens", _lengths(10, 120000), 2000),
        numbers_control("reply", "Reply, in tokens", _lengths(10, 30000), 300),
        Control(
            name="requests",
            label="Requests at once",
            options=(*((count, grouped(count)) for count in _REQUESTS), ("max", "as many as fit")),
            default=16,
            slider=True,
        ),
        Control(name="rent", label="Rent of a device, USD an hour", options=_RENTS, default=2.5, slider=True),
        Control(name="sold", label="Share of the hours that is sold", options=_SOLD, default=1, slider=True),
    ),
    panel=predict_panel,
    records=_records,
)
