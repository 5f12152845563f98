"""The command line: ``python -m tokenomics``."""

import argparse
import json
import os
import sys

from . import catalogue, money_verbs, serving_verbs, verbs
from .architecture import Architecture
from .cache import cache_bytes, fixed_state_bytes, kv_bytes_per_token
from .checks import shown
from .finding import find_model
from .measuring import verb as measuring
from .parameters import active_parameters, layer_parameters, parameters_by_part, total_parameters, weight_bytes
from .routing import prediction_parameters

__all__ = ["main"]

_CONVENTIONS = ("with embeddings", "without input embedding", "without embedding and head")
_CONTEXTS = (4096, 131072)

# What a shell reports of a program that wrote to a closed pipe.
_PIPE_CLOSED = 141
# Characters of a path that an error message repeats in full.
_LONGEST = 200


def main(arguments: list | None = None) -> int:
    """Run a command.

    Parameters
    ----------
    arguments : list of str or None, optional
        What stands on the command line after the program's name. [-]

    Returns
    -------
    int
        Exit code: 0, 2 where the input is refused, 141 where the reader of
        the output has gone. [-]

    Examples
    --------
    >>> main(["params", "llama-3.3-70b"]) and None
    llama-3.3-70b: 70,553,706,496 parameters
    ...
    """
    parser = argparse.ArgumentParser(prog="tokenomics", description="The economics of LLM inference, counted.")
    commands = parser.add_subparsers(dest="command", required=True)
    params = commands.add_parser("params", help="count the parameters and the KV cache of a model")
    params.add_argument("model", help="a config.json, or a name in the catalogue")
    params.add_argument("--json", action="store_true", help="print JSON instead of a table")
    commands.add_parser("models", help="list the models of the catalogue")
    verbs.register(commands)
    serving_verbs.register(commands)
    money_verbs.register(commands)
    measuring.register(commands)
    options = parser.parse_args(arguments)
    try:
        code = 0
        if hasattr(options, "run"):
            code = options.run(options)
        elif options.command == "models":
            _print_models()
        else:
            report = _count(find_model(options.model))
            print(json.dumps(report, indent=2)) if options.json else _print_count(report)
        sys.stdout.flush()
    except BrokenPipeError:
        # Whoever read along has seen enough. Python flushes once more at its end, and may not fail there.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _PIPE_CLOSED
    except (ValueError, OSError) as error:
        print(f"tokenomics: {_reason(error)}", file=sys.stderr)
        return 2
    return code


def _reason(error) -> str:
    """Say what went wrong; of a file that cannot be read, which."""
    file = getattr(error, "filename", None)
    if file is None:
        return str(error)
    return f"{file if len(str(file)) <= _LONGEST else shown(file)}: {error.strerror}"


def _count(model: Architecture) -> dict:
    """Count everything that one asks of a model before its machine is known."""
    return {
        "name": model.name,
        "parameters": {
            "total": total_parameters(model),
            "by part": {part: count for part, count in parameters_by_part(model).items() if count},
            "by layer": [
                {"layers": layer.count, "of each": layer_parameters(model.hidden_size, layer), "make": _make(layer)}
                for layer in model.layers
            ],
            "active": {name: active_parameters(model, convention=name) for name in _CONVENTIONS},
            "stored for prediction": prediction_parameters(model),
        },
        "weight bytes": {f"{bits} bit": weight_bytes(total_parameters(model), bits) for bits in (16, 8, 4)},
        "cache bytes at 16 bit": {
            "per token": kv_bytes_per_token(model, bits=16),
            "fixed": fixed_state_bytes(model, bits=16),
            **{f"{context} tokens": cache_bytes(model, context=context, bits=16) for context in _CONTEXTS},
        },
    }


def _make(layer) -> str:
    """Say in a few words what a layer is made of."""
    parts = []
    if layer.attention is not None:
        parts.append("latent attention" if layer.attention.kind == "latent" else "attention")
        if layer.attention.window is not None:
            parts[-1] += f" over {layer.attention.window:,} tokens"
    if layer.recurrence is not None:
        parts.append(layer.recurrence.name)
    if layer.experts is not None:
        parts.append(f"{layer.experts.active} of {layer.experts.count} experts")
    if layer.feed_forward is not None:
        parts.append("feed-forward" if layer.experts is None else "shared expert")
    return ", ".join(parts)


def _print_count(report: dict):
    """Print a count as a table of names and right-aligned numbers."""
    parameters, cache = report["parameters"], report["cache bytes at 16 bit"]
    total = parameters["total"]
    print(f"{report['name']}: {total:,} parameters\n")
    for part, count in parameters["by part"].items():
        print(f"  {part:32}{count:>24,}{100 * count / total:>9.2f} %")
    print("\nLayers")
    for layer in parameters["by layer"]:
        print(f"  {layer['layers']:>3} x {layer['of each']:>17,}   {layer['make']}")
    print("\nActive for one token")
    for convention, count in parameters["active"].items():
        print(f"  {convention:32}{count:>24,}{100 * count / total:>9.2f} %")
    if parameters["stored for prediction"]:
        print(f"\nStored beside these, to predict further tokens: {parameters['stored for prediction']:,}")
    print("\nBytes of the weights")
    for precision, size in report["weight bytes"].items():
        print(f"  {precision:32}{size:>24,.0f}")
    print("\nBytes of one sequence's cache, at 16 bit")
    for what, size in cache.items():
        if size or what != "fixed":
            print(f"  {what:32}{size:>24,.0f}")


def _print_models():
    """Print the names and the sizes of the catalogue's models."""
    for name in catalogue.models():
        model = catalogue.model(name)
        active = active_parameters(model, convention=_CONVENTIONS[0])
        label = catalogue.model_entry(name)["label"]
        print(f"{name:28}{label:28}{total_parameters(model):>18,}{active:>18,} active")
