"""How to draw the arguments of the formulas of prices."""

from tokenomics import machine_time, pricing
from tokenomics.explorer.calculators import CALCULATORS, shelf
from tokenomics.explorer.panels import price

from .draw import count, positional, size, sizes, values
from .serving import engine, place

SHELF = shelf(CALCULATORS["price"].controls)


def request(rng):
    """A server, its engine, the share of its peak, and a request, some of it cached."""
    prompt = count(rng, 20000) + 1
    running = rng.choice([None, count(rng, 500)])
    return (
        place(rng),
        engine(rng),
        rng.uniform(0.1, 1),
        prompt,
        count(rng, 2000) + 1,
        rng.uniform(0.5, prompt - 0.5),
        running,
    )


INPUTS = {
    machine_time.busy_time: lambda rng: (list(request(rng)), {}),
    machine_time.most_running: positional(place, engine, count, count),
    machine_time.one_more: lambda rng: (list(request(rng)), {}),
    pricing.bill: sizes(6),
    pricing.break_even_load: lambda rng: ([size(rng), *(lambda low: (low * rng.uniform(1.1, 9), low))(size(rng))], {}),
    pricing.output_price: lambda rng: (
        [size(rng), rng.random(), count(rng), count(rng), rng.random(), rng.random()],
        {},
    ),
    pricing.price_ratio: sizes(2),
    pricing.rental_rate: sizes(2),
    pricing.request_cost: sizes(4),
    price.bill_segments: lambda rng: (["API", rng.random(), rng.random(), rng.choice([0.2, 0.5, 1])], {}),
    price.dollars: lambda rng: ([rng.uniform(0, 1e6)], {}),
    price.percent: lambda rng: ([rng.random()], {}),
    price.load_chart: lambda rng: ([size(rng) for _ in range(5)], {}),
    price.price_panel: lambda rng: ([SHELF, values(rng, "price")], {}),
}

# One token more and one less: the times agree in all but some four digits.
LOOSE = {machine_time.one_more: 1e-9, price.price_panel: 1e-9}
