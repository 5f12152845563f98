"""The verbs of the command line that deal with money: price, compare-api, plan."""

import math

from .comparison import compare_api
from .deployment_options import add_deployment, asked_deployment, asked_requests
from .offers import Offer, TokenPrices
from .ownership import owned
from .plan_verb import add_plan
from .quote import quote
from .rentals import Rental, rental
from .reports import add_outputs, print_report
from .tables import progress

__all__ = ["register"]

_MILLION = 1e6
_PRICES = ("input", "output", "cached")


def register(commands):
    """Add the verbs to a command line.

    Parameters
    ----------
    commands : argparse._SubParsersAction
        Where the verbs of the command line are kept. [-]

    Examples
    --------
    >>> import argparse
    >>> parser = argparse.ArgumentParser()
    >>> register(parser.add_subparsers())
    >>> parser.parse_args(["price", "llama-3.1-8b", "L40S", "--provider", "Nebius"]).provider
    'Nebius'
    """
    for verb, function, text in (
        ("price", _price, "price the tokens of a deployment, with the ratio of input to output derived"),
        ("compare-api", _compare_api, "hold a deployment against those who serve the model by the token"),
    ):
        parser = commands.add_parser(verb, help=text, description=text[0].upper() + text[1:] + ".")
        parser.set_defaults(run=function)
        add_deployment(parser)
        parser.add_argument("--input", type=int, default=1024, help="tokens of a prompt (default 1024)")
        parser.add_argument("--output", type=int, default=256, help="tokens of a reply (default 256)")
        parser.add_argument("--cached", type=int, default=0, help="tokens of the prompt in the prefix cache")
        parser.add_argument("--requests", default="max", help="requests that run together, or max (default max)")
        parser.add_argument("--provider", help="who rents the machine out (default the cheapest)")
        parser.add_argument("--term", default="on-demand", help="on-demand, spot, lease or assumed")
        parser.add_argument("--hourly", type=float, help="a rent of your own, for one device, in USD/h")
        parser.add_argument("--own", metavar="SITE", help="own the machine: household or 'data centre'")
        if verb == "price":
            parser.add_argument("--utilisation", type=float, default=1.0, help="share of the time sold (default 1)")
            parser.add_argument("--gamma", type=float, help="price of input over output; without it derived")
            parser.add_argument("--workload", help="draw lengths from this workload of the catalogue, many times")
            parser.add_argument("--draws", type=int, default=1000, help="how often (default 1000)")
            parser.add_argument("--mix", type=int, default=1, help="requests of a draw (default 1)")
            parser.add_argument("--seed", type=int, default=0, help="where chance begins (default 0)")
        else:
            parser.add_argument("--api", help="the provider to compare with (default all)")
            parser.add_argument(
                "--sell", nargs=2, type=float, metavar=("IN", "OUT"), help="prices of your own, USD per million tokens"
            )
        add_outputs(parser)
    add_plan(commands)


def _payment(options, devices: int):
    """How the machine is paid for, as asked."""
    if options.own:
        return owned(options.machine, options.own)
    if options.hourly is not None:
        return Rental(machine=options.machine, provider="yours", hourly=options.hourly, term="assumed")
    return rental(options.machine, options.provider, options.term, devices)


def _asked(options) -> tuple:
    place = asked_deployment(options)
    lengths = {"input_tokens": options.input, "output_tokens": options.output, "cached_tokens": options.cached}
    return place, _payment(options, place.parallelism.devices), lengths, asked_requests(options.requests)


def _price(options) -> int:
    place, payment, lengths, running = _asked(options)
    title = f"{place.model.name} on {place.parallelism.devices} x {place.accelerator.name}"
    if options.workload:
        rows, numbers, title = _drawn(options, place, payment, running, title)
    else:
        found = quote(
            place, payment, **lengths, running=running, utilisation=options.utilisation, input_ratio=options.gamma
        )
        rows = _rows({name: getattr(found, name) for name in (*_PRICES, "cost")})
        numbers = {
            "gamma": float(found.input_ratio),
            "gamma derived": float(found.derived_ratio),
            "running": float(found.times.running),
            "capacity [request/s]": float(found.capacity),
        }
    rate = payment.rate(place.parallelism.devices, options.utilisation)
    numbers |= {"machines [USD/h]": 3600 * rate, "utilisation": options.utilisation}
    report = {name: {"value": value, "low": low, "high": high} for name, value, low, high in rows}
    print_report(
        options,
        report | numbers | _provenance(payment),
        title,
        ("", "value", "low", "high"),
        rows + [(name, value, math.nan, math.nan) for name, value in numbers.items()],
        [f"Low to high holds 80 %. Machine: {payment.label}; {payment.source or 'no source'}."],
    )
    return 0


def _drawn(options, place, payment, running, title) -> tuple:
    """Prices drawn from a workload, many times."""
    from .uncertainty import price_draws
    from .workloads import workload

    if options.gamma is not None:
        raise ValueError(f"--gamma is {options.gamma}; with --workload it is derived for each draw, so leave one out")
    with progress("draws", options.draws) as step:
        found = price_draws(
            place,
            payment,
            workload(options.workload),
            seed=options.seed,
            draws=options.draws,
            requests=options.mix,
            running=running,
            utilisation=options.utilisation,
            progress=step,
        )
    rows = _rows({name: found.interval(name) for name in (*_PRICES, "cost")})
    rows.append(("gamma", *found.interval("input_ratio")))
    numbers = {"draws": options.draws, "requests of a draw": options.mix, "seed": options.seed}
    return rows, numbers, f"{title}, workload {options.workload}"


def _rows(estimates: dict) -> list:
    rows = [
        (f"{name} [USD per million tokens]", *(_MILLION * float(value) for value in estimates[name]))
        for name in _PRICES
    ]
    return [*rows, ("cost [USD per thousand requests]", *(1000 * float(value) for value in estimates["cost"]))]


def _compare_api(options) -> int:
    place, payment, lengths, running = _asked(options)
    others = []
    if options.sell:
        prices = TokenPrices(**{name: price / _MILLION for name, price in zip(_PRICES, options.sell, strict=False)})
        others.append(Offer(model=place.model.name, provider="yours", prices=prices, as_of="now", source="you"))
    found = compare_api(place, payment, **lengths, running=running, provider=options.api, others=others)
    columns = (
        "provider",
        "as of",
        "API [USD per thousand requests]",
        "own at full load",
        "margin at the API's price %",
        "break-even [million token/day]",
        "share of capacity %",
        "pays",
    )
    rows = [
        (
            entry.offer.provider,
            entry.offer.as_of,
            1000 * entry.bill,
            1000 * entry.cost,
            100 * entry.margin,
            entry.tokens_per_day / _MILLION,
            100 * entry.utilisation,
            "yes" if entry.pays else "no",
        )
        for entry in found
    ]
    report = {
        "offers": [
            dict(zip(columns, row, strict=True)) | {"listed as": entry.offer.listed, "source": entry.offer.source}
            for row, entry in zip(rows, found, strict=True)
        ]
    }
    sources = ", ".join(dict.fromkeys(entry.offer.source for entry in found))
    print_report(
        options,
        report | _provenance(payment),
        f"{place.model.name} on {place.parallelism.devices} x {place.accelerator.name}",
        columns,
        rows,
        [f"Machine: {payment.label}; {payment.source or 'no source'}. Offers: {sources}."],
    )
    return 0


def _provenance(payment) -> dict:
    """What the machine costs, and who says so."""
    return {"machine": payment.label, "as of": payment.as_of, "source": payment.source}
