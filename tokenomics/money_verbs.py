"""The verbs of the command line that deal with money: price, compare-api, plan."""

import csv
import json
import math

from .comparison import compare_api
from .deployment_options import add_deployment, asked_deployment, asked_requests
from .ownership import owned
from .quote import quote
from .rentals import Rental, rental
from .tables import print_table

__all__ = ["register"]

_MILLION = 1e6
FINE = 0


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
        _add_payment(parser)
        parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
        parser.add_argument("--csv", metavar="FILE", help="write the table here")
        if verb == "price":
            parser.add_argument("--utilisation", type=float, default=1.0, help="share of the time sold (default 1)")
            parser.add_argument("--gamma", type=float, help="price of input over output; without it derived")
        else:
            parser.add_argument("--api", help="the provider to compare with (default all)")


def _add_payment(parser):
    parser.add_argument("--provider", help="who rents the machine out (default the cheapest)")
    parser.add_argument("--term", default="on-demand", help="on-demand, spot, lease or assumed (default on-demand)")
    parser.add_argument("--hourly", type=float, help="a rent of your own, for one device [USD/h]")
    parser.add_argument("--own", metavar="SITE", help="own the machine: household or 'data centre'")


def _payment(options, devices: int = 1):
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
    found = quote(
        place, payment, **lengths, running=running, utilisation=options.utilisation, input_ratio=options.gamma
    )
    rows = [
        (f"{name} [USD per million tokens]", *(_MILLION * value for value in getattr(found, name)))
        for name in ("input", "output", "cached")
    ]
    rows.append(("cost [USD per thousand requests]", *(1000 * value for value in found.cost)))
    numbers = {
        "gamma": float(found.input_ratio),
        "gamma derived": float(found.derived_ratio),
        "running": float(found.times.running),
        "capacity [request/s]": float(found.capacity),
        "machines [USD/h]": float(found.rate * 3600),
        "utilisation": options.utilisation,
    }
    report = {name: {"value": value, "low": low, "high": high} for name, value, low, high in rows} | numbers
    _print(
        options,
        report | _provenance(payment),
        f"{place.model.name} on {place.parallelism.devices} x {place.accelerator.name}",
        ("", "value", "low", "high"),
        rows + [(name, value, math.nan, math.nan) for name, value in numbers.items()],
    )
    if not options.json:
        print(f"Low to high holds 80 %. Machine: {payment.label}; {payment.source}.")
    return FINE


def _compare_api(options) -> int:
    place, payment, lengths, running = _asked(options)
    found = compare_api(place, payment, **lengths, running=running, provider=options.api)
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
    title = f"{place.model.name} on {place.parallelism.devices} x {place.accelerator.name}"
    _print(options, report | _provenance(payment), title, columns, rows)
    if not options.json:
        print(f"Machine: {payment.label}; {payment.source}. Offers: {found[0].offer.source}.")
    return FINE


def _provenance(payment) -> dict:
    """What the machine costs, and who says so."""
    return {"machine": payment.label, "as of": payment.as_of, "source": payment.source}


def _print(options, report: dict, title: str, columns, rows):
    """Print a table or its JSON, and write it to a file where one is named."""
    if options.csv:
        with open(options.csv, "w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([columns, *rows])
    if options.json:
        print(json.dumps(_finite(report), indent=2))
    else:
        print_table(title, columns, [tuple(_shown(cell) for cell in row) for row in rows])


def _finite(value):
    """JSON has no infinity: what never happens is null."""
    if isinstance(value, dict):
        return {key: _finite(entry) for key, entry in value.items()}
    if isinstance(value, list):
        return [_finite(entry) for entry in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _shown(cell) -> str:
    if isinstance(cell, str):
        return cell
    return "" if math.isnan(cell) else "never" if math.isinf(cell) else f"{cell:.4g}"
