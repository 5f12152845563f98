"""The verb of the command line that plans."""

from .candidates import candidates
from .checks import positive
from .deployment_options import add_deployment
from .finding import find_model
from .pricing import users_load
from .reports import add_outputs, print_report
from .tables import progress

__all__ = ["add_plan"]

_MILLION = 1e6
_HOUR = 3600


def add_plan(commands):
    """Add the verb to a command line.

    Parameters
    ----------
    commands : argparse._SubParsersAction
        Where the verbs of the command line are kept. [-]

    Examples
    --------
    >>> import argparse
    >>> parser = argparse.ArgumentParser()
    >>> add_plan(parser.add_subparsers())
    >>> parser.parse_args(["plan", "llama-3.1-8b", "--users", "100"]).users
    100
    """
    text = "find the cheapest deployment for a workload and a promise, and what the others lack"
    parser = commands.add_parser("plan", help=text, description=text[0].upper() + text[1:] + ".")
    parser.set_defaults(run=_plan)
    add_deployment(parser, machine=False)
    parser.add_argument("--machine", action="append", help="one to choose from; repeat it (default every one for rent)")
    parser.add_argument("--weights", action="append", help="a precision to choose from; repeat it (default bf16)")
    parser.add_argument("--provider", help="who rents the machines out (default the cheapest of each)")
    parser.add_argument("--term", default="on-demand", help="on-demand, spot, lease or assumed")
    load = parser.add_mutually_exclusive_group(required=True)
    load.add_argument("--rate", type=float, help="requests a second")
    load.add_argument("--users", type=int, help="people in conversation, who ask again after --think")
    load.add_argument("--tokens", type=float, help="tokens in and out, to be done --within so many hours")
    parser.add_argument("--think", type=float, default=60.0, help="seconds from answer to question (default 60)")
    parser.add_argument("--within", type=float, default=8.0, help="hours for --tokens (default 8)")
    parser.add_argument("--workload", help="lengths of this workload of the catalogue; without it all alike")
    parser.add_argument("--input", type=int, default=1024, help="tokens of a prompt (default 1024)")
    parser.add_argument("--output", type=int, default=256, help="tokens of a reply (default 256)")
    parser.add_argument("--cached-share", type=float, default=0.0, help="share of a prompt in the prefix cache")
    parser.add_argument("--ttft", type=float, help="promised time to the first token, in seconds")
    parser.add_argument("--tpot", type=float, help="promised time per output token, in seconds")
    parser.add_argument("--end-to-end", type=float, help="promised time to the last token, in seconds")
    parser.add_argument("--percentile", type=float, default=0.9, help="share of requests promised (default 0.9)")
    parser.add_argument("--max-sequences", type=int, default=256, help="sequences that run at once (default 256)")
    parser.add_argument("--reserve", type=float, default=0.0, help="share of the capacity kept free (default 0)")
    parser.add_argument("--cautious", action="store_true", help="take every engine to be as slow as one in ten")
    parser.add_argument("--seed", type=int, default=0, help="where chance begins (default 0)")
    add_outputs(parser)


def _plan(options) -> int:
    from .objective import Objective
    from .planning import Option, plan
    from .policy import Policy
    from .traffic import single
    from .workloads import workload

    if options.workload:
        traffic = workload(options.workload)
    else:
        traffic = single(options.input, options.output, cached_share=options.cached_share)
    traffic = traffic.at(_load(options, traffic))
    objective = Objective(
        ttft=options.ttft, tpot=options.tpot, end_to_end=options.end_to_end, percentile=options.percentile
    )
    choice = candidates(
        find_model(options.model),
        options.machine,
        weights=options.weights or ("bf16",),
        engine=options.engine,
        kv_bits=options.kv_bits,
        provider=options.provider,
        term=options.term,
        context=max(stream.input.largest + stream.output.largest for stream in traffic.streams),
    )
    with progress("deployments", len(choice)) as step:
        found = plan(
            choice,
            traffic,
            objective,
            policy=Policy(max_sequences=options.max_sequences),
            reserve=options.reserve,
            cautious=options.cautious,
            seed=options.seed,
            progress=lambda candidate: step(candidate.label),
        )
    columns = (
        "deployment",
        "groups",
        "devices paid",
        "USD/h",
        "USD per million tokens",
        "load %",
        "sustains [request/s]",
        "bound by",
        "batch discount %",
        "rent of a device [USD/h]",
        "provider",
        "as of",
    )
    rows = [
        (
            entry.candidate.label,
            entry.groups,
            entry.devices,
            _HOUR * entry.rate,
            _MILLION * entry.token_cost,
            100 * entry.load,
            entry.capacity.rate,
            entry.capacity.bound,
            100 * entry.batch_discount,
            entry.candidate.payment.hourly,
            entry.candidate.payment.provider,
            entry.candidate.payment.as_of,
        )
        for entry in (found.best, *found.runners_up)
    ]
    lacking = [
        {"deployment": entry.candidate.label, "lacks": entry.reason, "rent": entry.candidate.payment.label}
        for entry in found.lacking
    ]
    slow = found.cautious
    doubt = "as slow an engine as one in ten: "
    if isinstance(slow, Option):
        doubt += f"{slow.groups} groups of the first, {_HOUR * slow.rate:.4g} USD/h"
    else:
        doubt += f"the first would lack {slow.reason}"
    sources = list(dict.fromkeys(entry.candidate.payment.source for entry in (found.best, *found.runners_up)))
    report = {
        "rate [request/s]": traffic.arrivals.rate,
        "plans": [dict(zip(columns, row, strict=True)) for row in rows],
        "lacking": lacking,
        "caution": doubt,
        "sources": sources,
    }
    print_report(
        options,
        report,
        f"{options.model}, {traffic.arrivals.rate:.4g} request/s, the cheapest first",
        columns,
        rows,
        [
            *(f"lacks: {entry['deployment']}: {entry['lacks']}" for entry in lacking),
            f"With {doubt}.",
            f"Rents: {'; '.join(sources)}.",
        ],
    )
    return 0


def _load(options, traffic) -> float:
    """Requests a second, as asked in one of three ways."""
    if options.users is not None:
        return users_load(positive("plan", "users", options.users), positive("plan", "think", options.think), 0.0)
    if options.tokens is not None:
        each = traffic.mean(lambda prompt, reply, cached: prompt + reply)
        time = _HOUR * positive("plan", "within", options.within)
        return positive("plan", "tokens", options.tokens) / each / time
    return positive("plan", "rate", options.rate)
