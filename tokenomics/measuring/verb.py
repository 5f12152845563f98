"""The verb of the command line that measures a machine."""

import dataclasses
import datetime
import json
import os
import shlex
import sys
from pathlib import Path

from .. import catalogue
from ..checks import choice, positive
from ..tables import print_table, progress
from .files import read, write
from .plan import plan
from .record import FORMAT, Provenance, Run
from .roofs import above_roofs, roofs
from .tasks import SHAPES, default_shape

__all__ = ["register", "report"]

# Exit codes: all that was planned; something left out; stopped by Ctrl-C, as a shell reports it.
_FINE, _LEFT_OUT, _INTERRUPTED = 0, 1, 130
_PRECISIONS = {"bf16": 16, "fp16": 16, "fp32": 32}


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
    >>> parser.parse_args(["measure", "--device", "cpu"]).budget
    0.5
    """
    words = "measure this machine: its roofs, and a decoder beside its prediction"
    parser = commands.add_parser("measure", help=words, description=words[0].upper() + words[1:] + ".")
    parser.add_argument("--device", default="auto", help="cpu, cuda, or auto for CUDA where there is some (default)")
    shapes = f"shapes of decoders, such as {', '.join(SHAPES)} (default by memory)"
    parser.add_argument("--model", nargs="+", metavar="NAME", help=shapes)
    parser.add_argument("--precision", default="bf16", help="precision of the decoder: bf16 (default), fp16 or fp32")
    parser.add_argument("--budget", type=float, default=0.5, help="seconds for the samples of one task (default 0.5)")
    parser.add_argument("--accelerator", help="the machine's name in the catalogue, where it is there")
    parser.add_argument("--output", help="the file to write (default MACHINE-DATE.json)")
    parser.add_argument("--plot", help="the figure to write (default the file's name with .svg)")
    parser.add_argument("--note", default="", help="what a reader of the file should know")
    parser.add_argument("--show", metavar="FILE", help="measure nothing: show a file that was written before")
    parser.add_argument("--json", action="store_true", help="print JSON instead of tables")
    parser.set_defaults(run=_measure)


def _measure(options) -> int:
    if options.show:
        run = read(options.show)
    else:
        run, path = _new_run(options)
        print(f"Written to {path}: {len(run.points)} points, {run.state}.", file=sys.stderr)
    for line in run.left_out:
        print(f"left out: {line}", file=sys.stderr)
    try:
        _show(run, options)
        picture = options.plot or (None if options.show else path.with_suffix(".svg"))
        if picture:
            _draw(run, picture)
    except ValueError as error:
        # What is wanting for a table or a figure does not undo the measurement.
        if options.show or run.state == "complete":
            raise
        print(f"tokenomics: {error}", file=sys.stderr)
    if run.state == "interrupted":
        return _INTERRUPTED
    return _LEFT_OUT if run.left_out else _FINE


def _new_run(options) -> tuple:
    """Measure, and keep what was measured whatever happens."""
    from .bench import bench
    from .devices import clocks, describe, find_device, free_memory, pytorch, versions
    from .runner import carry_out

    choice("measure", "--precision", options.precision, _PRECISIONS)
    positive("measure", "--budget", options.budget)
    for name in options.model or ():
        catalogue.model(name)
    torch = pytorch()
    device = find_device(torch, options.device)
    machine = describe(torch, device, options.accelerator)
    memory = free_memory(torch, device)
    models = options.model or [default_shape(device, memory, _PRECISIONS[options.precision])]
    tasks, left_out = plan(device, models, options.precision, memory, machine.last_cache)
    today = datetime.date.today().isoformat()
    path = _new_file(options.output, f"{machine.name}-{today}")
    before = Run(
        format=FORMAT,
        state="interrupted",
        machine=machine,
        provenance=Provenance(
            source=f"measured with python -m tokenomics measure on {machine.label}",
            date=today,
            command=shlex.join(["python", "-m", "tokenomics", *sys.argv[1:]]),
            versions=versions(torch, device),
            load=_load(),
            note=options.note,
        ),
        points=(),
        left_out=tuple(left_out),
    )
    # A file that cannot be written is better found out before than after.
    write(before, path)
    time_task, count_passes = bench(torch, device, options.precision, options.budget)

    def keep(run):
        after = dataclasses.replace(run.machine, clocks=machine.clocks | clocks(device, "after"))
        loads = dataclasses.replace(run.provenance, load=before.provenance.load + _load())
        write(dataclasses.replace(run, machine=after, provenance=loads), path)

    with progress("measuring", len(tasks)) as step:
        carry_out(tasks, time_task, count_passes, before, keep, step)
    return read(path), path


def _load() -> tuple:
    return (round(os.getloadavg()[0], 2),) if hasattr(os, "getloadavg") else ()


def _new_file(wanted: str | None, name: str) -> Path:
    """A file that is not there yet; one that the reader named is never written over."""
    if wanted is not None:
        if os.path.exists(wanted):
            raise ValueError(f"measure: --output is {wanted!r}, which is there already; give a new name")
        return Path(wanted)
    path, number = Path(f"{name}.json"), 2
    while path.exists():
        path, number = Path(f"{name}-{number}.json"), number + 1
    return path


def report(run: Run) -> dict:
    """Sum up a run: its roofs, its constants, and its passes beside their predictions.

    Parameters
    ----------
    run : Run
        The run. [-]

    Returns
    -------
    dict
        What JSON can hold. [-]

    Raises
    ------
    ValueError
        If the run was cut off before its roofs were measured.

    Examples
    --------
    >>> from tokenomics.measuring.files import measured
    >>> report(next(iter(measured().values())))["above the roofs"]
    0
    """
    from .compare import FREE, beside, errors, fit_run, passes

    found = {
        "machine": run.machine.label,
        "state": run.state,
        "roofs": dataclasses.asdict(roofs(run)),
        "above the roofs": len(above_roofs(run)),
        "modes": {},
    }
    for mode in sorted({point.mode for point in run.points if point.kind == "decode"}):
        if len(passes(run, mode)) < len(FREE):
            continue
        rows, constants = beside(run, mode), fit_run(run, mode).constants
        found["modes"][mode] = {
            "constants": {
                name: {
                    "value": getattr(constants, name),
                    "standard error": constants.standard_errors[name],
                    "told by the data": name not in constants.unidentified,
                }
                for name in FREE
            },
            "median error": errors(rows),
            "passes": [
                {"what": _words(row.point), "measured": row.point.median, "quartiles": list(row.point.spread)}
                | {"bound": row.bound, "fitted": row.fitted, "held out": row.held_out}
                for row in rows
            ],
        }
    return found


def _words(point) -> str:
    return " ".join([point.kind, point.model, *(f"{name} {size}" for name, size in point.shape.items())])


def _show(run: Run, options):
    try:
        found = report(run)
    except ImportError:
        raise ValueError("the comparison needs SciPy; install it with: pip install scipy") from None
    if options.json:
        print(json.dumps(found, indent=2))
        return
    machine = found["roofs"]
    rows = [("memory", f"{machine['bandwidth'] / 1e9:.1f}", "GB/s")]
    rows += [(f"products in {name}", f"{peak / 1e9:.1f}", "GFLOP/s") for name, peak in machine["peaks"].items()]
    rows += [(f"launch, {mode}", f"{1e6 * seconds:.2f}", "µs") for mode, seconds in machine["launch"].items()]
    print_table(f"{found['machine']}: the roofs", ("", "best", ""), rows)
    for mode, part in found["modes"].items():
        rows = [
            (entry["what"], *(f"{1e3 * entry[name]:.2f}" for name in ("measured", "bound", "fitted", "held out")))
            for entry in part["passes"]
        ]
        columns = ("pass", "measured ms", "bound of the roofs ms", "fitted ms", "fitted to the others ms")
        print_table(f"PyTorch, {mode}: prediction beside measurement", columns, rows)
        rows = [
            (name, f"{entry['value']:.4g}", f"{100 * entry['standard error']:.0f}", _YES[entry["told by the data"]])
            for name, entry in part["constants"].items()
        ]
        print_table("constants", ("", "value", "standard error %", "told by the data"), rows)
        medians = part["median error"]
        print(
            f"Median |error|: bound {medians['bound']:.0%}, fitted {medians['fitted']:.0%}, "
            f"fitted to the others {medians['held_out']:.0%}."
        )
    above = found["above the roofs"]
    print(f"{above} of {len(run.points)} points stand above the measured roofs.")


_YES = {True: "yes", False: "no"}


def _draw(run: Run, path):
    from .plot import draw

    draw(run, path)
    print(f"Figure in {path}.", file=sys.stderr)
