"""The verbs of the command line that deal with time: predict, explain, calibrate, validate, machines."""

import dataclasses
import json
import math
import sys

from . import catalogue
from .deployment_options import add_deployment, asked_deployment, asked_requests
from .efficiency import efficiencies
from .explain import explain
from .prediction import Workload, predict
from .results import Setting, read_measurements
from .tables import print_table, progress

__all__ = ["register"]

# Exit codes: all good; some rows were left out; the input was refused.
FINE, LEFT_OUT = 0, 1


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
    >>> parser.parse_args(["machines", "--json"]).json
    True
    """
    for verb, function, text in (
        ("predict", _predict, "predict what a deployment does with a workload, each value with its interval"),
        ("explain", _explain, "derive a prediction line by line, every input with its source"),
    ):
        parser = _verb(commands, verb, function, text)
        add_deployment(parser)
        parser.add_argument("--input", type=int, default=1024, help="tokens of a prompt (default 1024)")
        parser.add_argument("--output", type=int, default=256, help="tokens of a reply (default 256)")
        parser.add_argument("--requests", default="1", help="requests together, or max (default 1)")
    for verb, function, text in (
        ("validate", _validate, "hold the model against a table of measurements"),
        ("calibrate", _calibrate, "fit the constants to a table of measurements"),
    ):
        parser = _verb(commands, verb, function, text)
        parser.add_argument(
            "file", nargs="?", help="a CSV, or the JSON of a benchmark; without it the catalogue's table"
        )
        parser.add_argument("--machine", default="", help="for a JSON: the machine")
        parser.add_argument("--devices", type=int, default=1, help="for a JSON: how many")
        parser.add_argument("--weights", default="bf16", help="for a JSON: precision of the weights")
        parser.add_argument("--engine", default="vLLM", help="for a JSON: the engine, where it does not say")
        parser.add_argument("--model", default="", help="for a JSON: the model, where its name is not the catalogue's")
        if verb == "validate":
            parser.add_argument("--leave-one-source-out", action="store_true", help="refit without each source in turn")
        else:
            parser.add_argument("--output", help="write the fitted sets here, as JSON")
            parser.add_argument("--refit-catalogue", action="store_true", help="fit every set of the catalogue again")
    _verb(commands, "machines", _machines, "list the accelerators of the catalogue")


def _verb(commands, name, function, text):
    parser = commands.add_parser(name, help=text, description=text[0].upper() + text[1:] + ".")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    parser.set_defaults(run=function)
    return parser


def _asked(options) -> tuple:
    """The deployment and the workload that the options describe."""
    place, requests = asked_deployment(options), asked_requests(options.requests)
    return place, Workload(input_tokens=options.input, output_tokens=options.output, requests=requests)


def _predict(options) -> int:
    place, workload = _asked(options)
    found = predict(place, workload)
    quantities = {
        "time to first token [s]": found.time_to_first_token,
        "time per output token [s]": found.time_per_output_token,
        "output rate [token/s]": found.output_rate,
        "burst [s]": found.burst_time,
    }
    if options.json:
        report = {name: dict(estimate._asdict()) for name, estimate in quantities.items()}
        report |= {
            "bound": found.bound,
            "roof": found.roof,
            "MFU": found.flops_utilisation,
            "MBU": found.bandwidth_utilisation,
            "constants": place.efficiency.name,
            "times": found.times._asdict(),
        }
        print(json.dumps(report, indent=2))
        return FINE
    rows = [(name, *(f"{value:.4g}" for value in estimate)) for name, estimate in quantities.items()]
    print_table(
        f"{place.model.name} on {place.parallelism.devices} x {place.accelerator.name}",
        ("", "value", "low", "high"),
        rows,
    )
    print(
        f"Bound by {found.bound}, a step by {found.roof}. MFU {found.flops_utilisation:.2f}, "
        f"MBU {found.bandwidth_utilisation:.2f}. Constants: {place.efficiency.name}. Low to high holds 80 %."
    )
    return FINE


def _explain(options) -> int:
    lines = explain(*_asked(options))
    if options.json:
        print(json.dumps([dict(zip(("what", "value", "source"), line, strict=True)) for line in lines], indent=2))
    else:
        print_table("", ("what", "value", "source"), lines)
    return FINE


def _machines(options) -> int:
    rows = catalogue.rows("accelerators")
    if options.json:
        print(json.dumps(list(rows), indent=2))
    else:
        columns = (
            "name",
            "machine_class",
            "memory_gb",
            "bandwidth_gb_s",
            "bf16_tflops",
            "fp8_tflops",
            "link_gb_s",
            "power_w",
            "verification",
        )
        print_table("", columns, [tuple(row[column] for column in columns) for row in rows])
    return FINE


def _read(options) -> tuple:
    """The measurements that can be judged, and lines on those that cannot."""
    from .validation import usable

    path = options.file or catalogue.path("measurements.csv")
    setting = None
    if options.machine:
        setting = Setting(
            hardware=options.machine,
            devices=options.devices,
            weights=options.weights,
            engine=options.engine,
            model=options.model,
        )
    good, problems = read_measurements(path, setting)
    judged, reasons = usable(good)
    left_out = [str(problem) for problem in problems] + reasons
    for line in left_out:
        print(f"left out: {line}", file=sys.stderr)
    if not judged:
        raise ValueError(f"{path}: no row is left to compare; {len(left_out)} left out, each with its reason above")
    return judged, left_out


_GROUPS = {
    "regime": lambda entry: entry.measurement.regime,
    "metric": lambda entry: entry.measurement.metric,
    "source": lambda entry: entry.measurement.source,
    "machine": lambda entry: entry.measurement.machine,
    "model": lambda entry: "experts" if _has_experts(entry.measurement.model) else "dense",
    "batch": lambda entry: _batch(entry.measurement.requests),
}


def _has_experts(name: str) -> bool:
    return any(layer.experts is not None for layer in catalogue.model(name).layers)


def _batch(requests) -> str:
    if requests is None:
        return "as many as fit"
    if requests == 1:
        return "1"
    return "2 to 16" if requests <= 16 else "17 to 128" if requests <= 128 else "above 128"


def _validate(options) -> int:
    from .holdout import leave_one_source_out
    from .validation import compare, scores

    judged, left_out = _read(options)
    if options.leave_one_source_out:
        with progress("sources left out", len({row.source for row in judged})) as step:
            found = leave_one_source_out(judged, step)
    else:
        found = compare(judged)
    report = {"all": scores(found)} | {name: scores(found, group_of) for name, group_of in _GROUPS.items()}
    if options.json:
        table = {name: [dataclasses.asdict(score) for score in group] for name, group in report.items()}
        print(json.dumps({"scores": table, "left out": left_out}, indent=2))
    else:
        for name, group in report.items():
            rows = [
                (
                    entry.group,
                    str(entry.count),
                    *(f"{100 * value:+.1f}" for value in (entry.median, entry.mean, entry.bias, entry.worst)),
                    f"{100 * entry.coverage:.0f}",
                )
                for entry in group
            ]
            print_table(
                name, ("", "rows", "median |error| %", "mean |error| %", "bias %", "worst %", "covered %"), rows
            )
        print(f"{len(found)} rows compared, {len(left_out)} left out. Errors above zero: predicted too fast.")
    return LEFT_OUT if left_out else FINE


def _calibrate(options) -> int:
    from .constants import fit_sets

    if options.refit_catalogue:
        return _refit_catalogue(options)
    judged, left_out = _read(options)
    try:
        sets = fit_sets(judged).sets
    except ImportError:
        raise ValueError("calibrate needs SciPy; install it with: pip install scipy") from None
    kinds = {catalogue.accelerator(row.machine).machine_class for row in judged}
    shown = [constants for constants in sets.values() if constants.machine_class in kinds]
    entries = [dataclasses.asdict(constants) for constants in shown]
    if options.output:
        with open(options.output, "w", encoding="utf-8") as file:
            json.dump({"sets": entries}, file, indent=1)
    if options.json:
        print(json.dumps({"sets": entries, "left out": left_out}, indent=2))
    else:
        for constants in shown:
            rows = [
                (
                    name.split(",")[0],
                    f"{getattr(constants, name.split(',')[0]):.4g}",
                    "" if math.isnan(error) else f"{100 * error:.0f}",
                    "no" if name in constants.unidentified else "yes",
                )
                for name, error in constants.standard_errors.items()
            ]
            print_table(constants.name, ("constant", "value", "standard error %", "told by the data"), rows)
        print(f"{len(judged)} rows fitted, {len(left_out)} left out.")
    return LEFT_OUT if left_out else FINE


def _refit_catalogue(options) -> int:
    from .holdout import refit
    from .measurement_tables import read_table
    from .validation import usable

    judged, _ = usable(read_table(catalogue.path("measurements.csv"))[0])
    runs, _ = read_table(catalogue.path("vllm_grid.csv"))
    series = [row["series"] for row in catalogue.rows("vllm_grid") if not row["left_out"]]
    with progress("sources left out", len({row.source for row in judged})) as step:
        sets = refit(judged, runs, series, step)
    path = options.output or catalogue.path("efficiencies.json")
    with open(path, "w", encoding="utf-8") as file:
        json.dump({"sets": sets}, file, indent=1)
        file.write("\n")
    efficiencies.cache_clear()
    print(f"{len(sets)} sets written to {path}")
    return FINE
