"""The verb of the command line that serves requests over time: simulate."""

import csv
import json
import math

from .deployment_options import add_deployment, asked_deployment
from .tables import print_table, progress

__all__ = ["register"]

# Exit codes: all served; some were refused, or more came than the server can do.
FINE, NOT_ALL = 0, 1
_SHARES = (0.5, 0.9, 0.99)
_LABELS = {"ttft": "TTFT [s]", "tpot": "TPOT [s]", "end_to_end": "end to end [s]"}
_TABLE = ("arrival", "input_tokens", "output_tokens", "cached_tokens", "priority")


def register(commands):
    """Add the verb to a command line.

    Parameters
    ----------
    commands : argparse._SubParsersAction
        Where the verbs of the command line are kept. [-]

    Examples
    --------
    >>> import argparse
    >>> parser = argparse.ArgumentParser()
    >>> register(parser.add_subparsers())
    >>> parser.parse_args(["simulate", "llama-3.1-8b", "L40S", "--rate", "2"]).rate
    2.0
    """
    text = "serve requests over time, and say what their users see"
    parser = commands.add_parser("simulate", help=text, description=text[0].upper() + text[1:] + ".")
    add_deployment(parser)
    add = parser.add_argument
    named = "lengths from the catalogue: short-short, short-long, long-short, long-long, mixed"
    add("--quadrant", "--workload", help=named)
    add("--input", type=int, default=1024, help="tokens of a prompt, where no quadrant is named (default 1024)")
    add("--output", type=int, default=256, help="tokens of a reply, where no quadrant is named (default 256)")
    add("--trace", help="a CSV with arrival [s], input_tokens and output_tokens, instead of drawn requests")
    add("--rate", type=float, default=1.0, help="requests a second (default 1)")
    add("--requests", type=int, help="how many requests (default 1000; for --capacity as many as it takes)")
    add("--arrivals", default="poisson", help="poisson, regular, bursty or together (default poisson)")
    add("--seed", type=int, default=0, help="where chance begins (default 0)")
    add("--batching", default="continuous", help="continuous, dynamic or static (default continuous)")
    add("--batch-size", type=int, help="size of a dynamic or static batch")
    add("--wait-limit", type=float, default=0.05, help="longest wait for a dynamic batch to fill [s] (default 0.05)")
    add("--chunk-tokens", type=int, help="tokens of a pass that mixes decoding with pieces of prompts")
    add("--max-sequences", type=int, help="sequences at once; without it what the engine allows")
    add("--admission", default="prompt", help="what must fit before a request starts: prompt or reply")
    add("--preemption", default="recompute", help="what a request that gives way does: recompute or swap")
    add("--queue-limit", type=int, help="requests that may wait; further ones are turned away")
    add("--ttft", type=float, help="objective: longest time to the first token [s]")
    add("--tpot", type=float, help="objective: longest time of a further token [s]")
    add("--end-to-end", type=float, help="objective: longest time to the last token [s]")
    add("--percentile", type=float, default=0.9, help="objective: share of the requests that keep it (default 0.9)")
    add("--capacity", action="store_true", help="find the largest rate under the objective, and simulate that")
    add("--csv", metavar="FILE", help="write the times of every request here")
    add("--json", action="store_true", help="print JSON instead of a table")
    parser.set_defaults(run=_simulate)


def _simulate(options) -> int:
    # These need NumPy, which the other verbs do without.
    from .objective import Objective
    from .policy import Policy
    from .requests import read_trace
    from .serving import simulate
    from .steady_state import steady_state
    from .traffic import draw

    place = asked_deployment(options)
    policy = Policy(
        batching=options.batching,
        batch_size=options.batch_size,
        wait_limit=options.wait_limit,
        chunk_tokens=options.chunk_tokens,
        max_sequences=options.max_sequences,
        admission=options.admission,
        preemption=options.preemption,
        queue_limit=options.queue_limit,
    )
    objective = Objective(
        ttft=options.ttft, tpot=options.tpot, end_to_end=options.end_to_end, percentile=options.percentile
    )
    if options.capacity:
        if options.trace:
            raise ValueError(f"--trace is {options.trace!r}; its rate is given: leave --capacity or --trace out")
        outcome, steady, report = _capacity(options, place, policy, objective)
    else:
        count = 1000 if options.requests is None else options.requests
        traffic = None if options.trace else _traffic(options)
        requests = read_trace(options.trace) if options.trace else draw(traffic, count, options.seed)
        with progress("requests", 100) as step:
            outcome = simulate(place, requests, policy, progress=lambda ended: step(f"{ended:,} of {len(requests):,}"))
        timed = traffic is not None and traffic.arrivals.pattern != "together"
        steady, report = steady_state(place, traffic, policy) if timed else None, {}
    report |= _report(outcome, objective, steady)
    if options.csv:
        _write(options.csv, outcome)
    if options.json:
        print(json.dumps(_finite(report), indent=2))
    else:
        _print(place, report)
    return NOT_ALL if outcome.rejected or outcome.overloaded else FINE


def _traffic(options):
    """The requests that the options describe, drawn from the catalogue or all alike."""
    from dataclasses import replace

    from .traffic import Arrivals, single
    from .workloads import workload

    found = workload(options.quadrant) if options.quadrant else single(options.input, options.output)
    return replace(found, arrivals=Arrivals(pattern=options.arrivals, rate=options.rate))


def _capacity(options, place, policy, objective) -> tuple:
    from .capacity import capacity

    with progress("rates", 12) as step:
        found = capacity(
            place,
            _traffic(options),
            objective,
            policy,
            seed=options.seed,
            count=options.requests,
            progress=lambda rate: step(f"{rate:.3g} requests a second"),
        )
    report = {
        "capacity [request/s]": found.rate,
        "bound": found.bound,
        "saturated rate [request/s]": found.saturated_rate,
    }
    if found.missed:
        report["best over limit"] = found.missed
    return found.outcome, found.steady, report


def _report(outcome, objective, steady) -> dict:
    from .objective import attained, goodput

    times = {share: attained(outcome, share) for share in _SHARES}
    report = {
        "requests": len(outcome.requests),
        "served": outcome.served,
        "refused, larger than the memory": outcome.never_fit,
        "refused, queue full": outcome.turned_away,
        "overloaded": outcome.overloaded,
        "duration [s]": outcome.duration,
        "requests a second": outcome.request_rate,
        "output tokens a second": outcome.output_rate,
    }
    if objective.limits:
        report["goodput [request/s]"] = goodput(outcome, objective)
    for measure, label in _LABELS.items():
        report[label] = {f"{share:.0%}": times[share][measure] for share in _SHARES}
    report |= {
        "running": outcome.running,
        "waiting": outcome.waiting,
        "cache in use": outcome.cache_share,
        "cache at its fullest": outcome.cache_peak,
        "utilisation": outcome.utilisation,
        "preemptions a request": outcome.preemption_rate,
    }
    if steady is not None:
        report["closed form"] = {
            "largest rate [request/s]": steady.largest_rate,
            "bound": steady.bound,
            "load": steady.load,
            "batch": steady.batch,
            "mean TTFT [s]": steady.ttft,
            "TPOT [s]": steady.tpot,
        }
    return report


def _print(place, report):
    rows = []
    for name, value in report.items():
        for part, inner in value.items() if isinstance(value, dict) else (("", value),):
            rows.append((f"{name}, {part}" if part else name, _text(inner)))
    print_table(f"{place.model.name} on {place.parallelism.devices} x {place.accelerator.name}", ("", "value"), rows)
    if report["overloaded"]:
        steady = report.get("closed form")
        most = f"; it keeps up with about {steady['largest rate [request/s]']:.3g} requests a second" if steady else ""
        print(f"Overloaded: the queue grew as long as requests came{most}.")
    print(f"Constants: {place.efficiency.name}.")


def _text(value) -> str:
    if isinstance(value, (bool, str)):
        return {True: "yes", False: "no"}.get(value, value)
    return f"{value:,}" if isinstance(value, int) else f"{value:.4g}"


def _finite(value):
    """JSON has no infinity; what never ends is null."""
    if isinstance(value, dict):
        return {name: _finite(inner) for name, inner in value.items()}
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _write(path, outcome):
    requests = outcome.requests
    columns = [getattr(requests, name).tolist() for name in _TABLE]
    columns += [getattr(outcome, measure).tolist() for measure in _LABELS]
    with open(path, "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow((*_TABLE, *_LABELS))
        # A request that was refused has no times, and a reply of one token no TPOT.
        writer.writerows(["" if cell != cell else cell for cell in row] for row in zip(*columns, strict=True))
