"""What a million tokens cost on a machine, and from which load on that is less than an API charges."""

from ... import catalogue
from ...elementwise import ceil, maximum, minimum
from ...machine_time import most_running, one_more
from ...numerals import decimal, grouped, quantity, significant
from ...offers import offers
from ...pricing import bill, break_even_load, output_price, price_ratio, rental_rate, request_cost
from ..controls import (
    BATCHES,
    CONTEXTS,
    MODELS,
    Calculator,
    Control,
    engine_control,
    machine_control,
    model_control,
    numbers_control,
    weights_control,
)
from .pieces import readout, segment, serve, share_reached


def price_panel(shelf, values):
    """Price the tokens of a deployment, and hold them against an offer by the token."""
    place = serve(shelf, values, values["devices"], 1, 1)
    engine = shelf["engines"][values["engine"]]
    share = share_reached(shelf, values)
    prompt = values["prompt"]
    reply = values["reply"]
    rate = rental_rate(values["devices"], values["rent"])
    fit = most_running(place, engine, prompt, reply)
    if fit < 1:
        return {
            "headline": "Not even one such request fits: take more devices, or weights of fewer bits.",
            "readouts": [readout("Cost of an hour", dollars(3600 * rate))],
            "charts": [],
        }
    times = one_more(place, engine, share, prompt, reply, 0.0, values["batch"] if values["batch"] < fit else None)
    cost = request_cost(rate, times.request, 1, values["utilisation"])
    gamma = price_ratio(times.input, times.output)
    output = output_price(cost, gamma, prompt, reply)
    offer = shelf["offers"][values["offer"]]
    charged = bill(offer.input, offer.output, prompt, reply)
    capacity = 1 / times.request
    load = break_even_load(rate, charged)
    needed = "even at full load the API is cheaper"
    if load <= capacity:
        needed = "cheaper than the API above " + percent(load / capacity) + " of its capacity"
    return {
        "headline": dollars(1e6 * gamma * output)
        + " for a million tokens in, "
        + dollars(1e6 * output)
        + " for a million out; "
        + needed
        + ".",
        "readouts": [
            readout("Gamma: a token in over a token out", significant(gamma, 2)),
            readout("A thousand requests cost", dollars(1000 * cost)),
            readout("The API charges for them", dollars(1000 * charged)),
            readout("A million tokens, in and out alike", dollars(1e6 * cost / (prompt + reply))),
            readout(
                "Sequences at a time", grouped(-ceil(-times.running)) + " of " + grouped(-ceil(-fit)) + " that fit"
            ),
            readout("Machine time of a request", quantity(times.request, "s")),
            readout("Cost of an hour", dollars(3600 * rate)),
            readout("Load at which both cost the same", significant(load) + " request/s"),
            readout("Load that the machine can carry", significant(capacity) + " request/s"),
        ],
        "charts": [
            {
                "kind": "bars",
                "title": "What a thousand requests cost",
                "unit": "USD",
                "bars": [
                    {
                        "label": "This machine",
                        "segments": bill_segments(
                            "machine", prompt * gamma * output, reply * output, values["utilisation"]
                        ),
                    },
                    {
                        "label": "The API",
                        "segments": bill_segments("API", prompt * offer.input, reply * offer.output, 1),
                    },
                ],
            },
            load_chart(rate, charged, capacity, values["utilisation"] * capacity, load),
        ],
    }


def dollars(value):
    """Write an amount of money."""
    return significant(value) + " USD"


def percent(share):
    """Write a share, small ones with a place."""
    return decimal(100 * share, 0 if share >= 0.1 else 1) + " %"


def bill_segments(payer, prompt, reply, sold):
    """Cut the cost of a thousand requests into prompt, reply and hours that nobody buys."""
    segments = [
        segment(payer + ", prompt", 1000 * prompt * sold, dollars(1000 * prompt * sold), 0),
        segment(payer + ", reply", 1000 * reply * sold, dollars(1000 * reply * sold), 4),
    ]
    if sold < 1:
        idle = 1000 * (prompt + reply) * (1 - sold)
        segments.append(segment(payer + ", hours not sold", idle, dollars(idle), 5))
    return segments


def load_chart(rate, charged, capacity, here, load):
    """Draw what a day costs against the load: the machine always the same, the API in proportion."""
    day = 86400
    own = rate * day
    left = capacity / 100
    bottom = maximum(1.0, minimum(own, charged * left * day) / 2)
    # From where on the line of the API lies inside the frame.
    start = minimum(maximum(left, bottom / (charged * day)), capacity)
    marks = [{"label": "sold", "x": maximum(here, left), "y": own, "series": 4}]
    if left <= load <= capacity:
        marks.append({"label": "same cost", "x": load, "y": own, "series": 2})
    return {
        "kind": "curve",
        "title": "What a day costs: the machine the same at any load, the API in proportion",
        "x": {"label": "requests a second, up to the capacity", "low": left, "high": capacity},
        "y": {"label": "USD/day", "low": bottom, "high": 2 * maximum(own, charged * capacity * day)},
        "lines": [
            {"label": "machine", "series": 1, "points": [[left, own], [capacity, own]]},
            {
                "label": "API",
                "series": 3,
                "points": [
                    [start, maximum(charged * start * day, bottom)],
                    [capacity, maximum(charged * capacity * day, bottom)],
                ],
            },
        ],
        "marks": marks,
    }


def _offers() -> Control:
    """The offers by the token of the models on the shelf, with their dates."""
    options = []
    for model in MODELS:
        label = catalogue.model_entry(model)["label"]
        for found in offers(model):
            pair = f"{1e6 * found.prices.input:.2f} in, {1e6 * found.prices.output:.2f} out"
            options.append((f"{model}, {found.provider}", f"{label}: {found.label}: {pair}"))
    return Control(
        name="offer",
        label="An API's price, USD for a million tokens",
        options=tuple(options),
        default="llama-3.3-70b, Groq",
    )


RENTS = (0.25, 0.5, 0.75, 1, 1.25, 1.5, 1.75, 2, 2.5, 3, 3.5, 4, 5, 6, 7, 10)
SHARES = (0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1)

CALCULATOR = Calculator(
    name="price",
    title="What does a million tokens cost?",
    controls=(
        model_control(),
        weights_control(),
        machine_control(),
        numbers_control("devices", "Devices", [1, 2, 4, 8], 4),
        engine_control(),
        Control(
            name="rent",
            label="Rent of a device, USD an hour",
            options=tuple((rent, f"{rent:.2f}") for rent in RENTS),
            default=2.5,
            slider=True,
        ),
        Control(
            name="utilisation",
            label="Share of the time that is sold",
            options=tuple((share, f"{share:.0%}") for share in SHARES),
            default=1,
            slider=True,
        ),
        numbers_control("batch", "Requests at a time, if they fit", BATCHES, 16),
        numbers_control("prompt", "Prompt, in tokens", CONTEXTS, 2048),
        numbers_control("reply", "Reply, in tokens", [32, 64, 128, 256, 512, 1024, 2048, 4096], 256),
        _offers(),
    ),
    panel=price_panel,
)
