"""Deployments that might do for a plan: a model on machines that are for rent."""

from dataclasses import dataclass

from .checks import choice, shown
from .deployment import Deployment, deployment
from .marginal import full_server
from .rentals import TERMS, rental, rentals

__all__ = ["Candidate", "candidates"]

# Devices that commonly work together in one machine.
_GROUPS = (1, 2, 4, 8)


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """A deployment that might do, and how its machines would be paid for.

    Parameters
    ----------
    deployment : Deployment
        What runs where; a plan takes as many of it as it needs. [-]
    payment : Rental or Owned
        How the machines are paid for. [-]

    Examples
    --------
    >>> candidates("llama-3.1-8b", ["L40S"])[0].label
    '1 x L40S 48 GB, bf16'
    """

    deployment: Deployment
    payment: object

    @property
    def label(self) -> str:
        """What it is, for print."""
        place = self.deployment
        return f"{place.parallelism.devices} x {place.accelerator.label}, {place.weights.name}"


def candidates(
    model,
    machines=None,
    *,
    weights=("bf16",),
    engine: str | None = None,
    kv_bits: float = 16,
    provider: str | None = None,
    term: str = "on-demand",
    context: int = 4096,
) -> tuple:
    """List deployments of a model on machines that are for rent.

    Parameters
    ----------
    model : str or Architecture
        The model, or its name in the catalogue. [-]
    machines : iterable of str or None, optional
        The machines; None is every one whose rent is known. [-]
    weights : iterable of str, optional
        Precisions of the weights. [-]
    engine : str or None, optional
        The engine; None takes the broad constants of each machine's class. [-]
    kv_bits : float, optional
        Stored size of one cached number. [bit]
    provider : str or None, optional
        Who rents the machines out; None is the cheapest of each. [-]
    term : str, optional
        ``on-demand``, ``spot``, ``lease`` or ``assumed``. [-]
    context : int, optional
        Tokens of the longest sequence that must fit. [token]

    Returns
    -------
    tuple of Candidate
        For each machine and precision the least number of devices, of one, two,
        four or eight, that holds the model and a sequence, and twice as many. [-]

    Raises
    ------
    ValueError
        If a name is unknown, or nothing fits anywhere.

    Examples
    --------
    >>> [entry.label for entry in candidates("llama-3.3-70b", ["H100-SXM-80GB"])]
    ['2 x H100 SXM 80 GB, bf16', '4 x H100 SXM 80 GB, bf16']
    """
    choice("plan", "term", term, TERMS)
    if provider is not None:
        choice("plan", "provider", provider, dict.fromkeys(entry.provider for entry in rentals()))
    known = list(dict.fromkeys(entry.machine for entry in rentals(term=term)))
    found = []
    for machine in known if machines is None else machines:
        for precision in weights:
            fitting = 0
            for devices in _GROUPS:
                place = deployment(model, machine, tensor=devices, weights=precision, kv_bits=kv_bits, engine=engine)
                if fitting < 2 and full_server(place, context, 1) >= 1 and _for_rent(machine, provider, term, devices):
                    fitting += 1
                    found.append(Candidate(deployment=place, payment=rental(machine, provider, term, devices)))
    if not found:
        raise ValueError(
            f"plan: {shown(getattr(model, 'name', model))} with a sequence of {context} tokens fits on none of the "
            f"machines for rent, up to {_GROUPS[-1]} together; name other machines or weights of fewer bits"
        )
    return tuple(found)


def _for_rent(machine, provider, term, devices) -> bool:
    """Whether so many work together in a machine that somebody rents out."""
    offered = rentals(machine, term)
    if not offered:
        # The error names those that are known.
        rental(machine, provider, term)
    return any(entry.devices >= devices and provider in (None, entry.provider) for entry in offered)
