"""The options of the command line that say what runs where, shared by the verbs that ask."""

from .checks import shown
from .deployment import Deployment, deployment
from .efficiency import CEILING
from .finding import find_model

__all__ = ["add_deployment", "asked_deployment", "asked_requests"]


def add_deployment(parser, machine: bool = True):
    """Add the options of a deployment to a verb.

    Parameters
    ----------
    parser : argparse.ArgumentParser
        The verb. [-]
    machine : bool, optional
        Whether one machine is asked for, and how the model is split on it. [-]

    Examples
    --------
    >>> import argparse
    >>> parser = argparse.ArgumentParser()
    >>> add_deployment(parser)
    >>> parser.parse_args(["llama-3.1-8b", "L40S", "--tensor", "2"]).tensor
    2
    """
    parser.add_argument("model", help="a name in the catalogue, or a config.json")
    if machine:
        parser.add_argument("machine", help="an accelerator, by its name in the catalogue")
        parser.add_argument("--tensor", type=int, default=1, help="devices that share each layer")
        parser.add_argument("--pipeline", type=int, default=1, help="stages of layers")
        parser.add_argument("--replicas", type=int, default=1, help="groups with attention whole, experts spread")
        parser.add_argument("--weights", default="bf16", help="precision of the weights (default bf16)")
        parser.add_argument("--ceiling", action="store_true", help="every peak reached and nothing added")
    parser.add_argument("--kv-bits", type=float, default=16, help="bits of a cached number (default 16)")
    parser.add_argument("--engine", help="the engine; without it the broad constants")


def asked_deployment(options) -> Deployment:
    """Make the deployment that the options describe.

    Parameters
    ----------
    options : argparse.Namespace
        What was asked. [-]

    Returns
    -------
    Deployment
        The deployment. [-]

    Raises
    ------
    ValueError
        If a name is unknown or a number out of range.

    Examples
    --------
    >>> import argparse
    >>> parser = argparse.ArgumentParser()
    >>> add_deployment(parser)
    >>> asked_deployment(parser.parse_args(["llama-3.1-8b", "L40S"])).accelerator.name
    'L40S'
    """
    return deployment(
        find_model(options.model),
        options.machine,
        tensor=options.tensor,
        pipeline=options.pipeline,
        replicas=options.replicas,
        weights=options.weights,
        kv_bits=options.kv_bits,
        engine=options.engine,
        constants=CEILING if options.ceiling else None,
    )


def asked_requests(text: str):
    """Read a number of requests, or the word for as many as fit.

    Parameters
    ----------
    text : str
        A whole number, or ``max``. [-]

    Returns
    -------
    int or None
        The number; None is as many as fit. [-]

    Raises
    ------
    ValueError
        If it is neither.

    Examples
    --------
    >>> asked_requests("16"), asked_requests("max")
    (16, None)
    """
    try:
        return None if text == "max" else int(text)
    except ValueError:
        raise ValueError(f"--requests is {shown(text)}; write a whole number, or max") from None
