"""Machines by the hour: what was asked for them, by whom and when."""

from dataclasses import dataclass
from functools import cache

from . import catalogue
from .checks import choice, positive, suggestion, whole
from .elementwise import ceil
from .pricing import rental_rate

__all__ = ["TERMS", "Rental", "rental", "rentals"]

TERMS = ("on-demand", "spot", "lease", "assumed")


@dataclass(frozen=True, kw_only=True)
class Rental:
    """A machine by the hour.

    Parameters
    ----------
    machine : str
        Its name in the catalogue. [-]
    provider : str
        Who rents it out. [-]
    hourly : float
        Rent of one device. [USD/h]
    devices : int, optional
        Devices that are rented together. [-]
    term : str, optional
        ``on-demand``, ``spot``, ``lease`` or ``assumed``. [-]
    as_of : str, optional
        When the price held, as exactly as the source says. [-]
    source : str, optional
        Where the price stands. [-]

    Examples
    --------
    >>> rental("H100-SXM-80GB", "Lambda").hourly
    3.99
    """

    machine: str
    provider: str
    hourly: float
    devices: int = 1
    term: str = "on-demand"
    as_of: str = ""
    source: str = ""

    def __post_init__(self):
        positive(f"rental of {self.machine}", "hourly", self.hourly)
        whole(f"rental of {self.machine}", "devices", self.devices)
        choice(f"rental of {self.machine}", "term", self.term, TERMS)

    @property
    def label(self) -> str:
        """The price with its provider and date, for print."""
        date = f", {self.as_of}" if self.as_of else ""
        return f"{self.hourly:.2f} USD/h ({self.provider}, {self.term}{date})"

    def rate(self, devices, utilisation=1.0):
        """Price a second of devices at this rent.

        Parameters
        ----------
        devices : float or ndarray
            Devices. [-]
        utilisation : float or ndarray, optional
            Share of the time that they work; rent does not ask. [-]

        Returns
        -------
        float or ndarray
            What they cost. [USD/s]

        Examples
        --------
        >>> round(rental("H100-SXM-80GB", "Lambda").rate(8) * 3600, 2)
        31.92
        """
        return rental_rate(devices, self.hourly)

    def paid_devices(self, devices: int, groups: int) -> int:
        """Count the devices that must be rented for some groups of devices that work together.

        Parameters
        ----------
        devices : int
            Devices of a group. [-]
        groups : int
            Groups. [-]

        Returns
        -------
        int
            Devices, in whole machines. [-]

        Raises
        ------
        ValueError
            If no group fits into what is rented out together.

        Examples
        --------
        >>> rental("H100-SXM-80GB", "Lambda").paid_devices(4, 3)
        16
        """
        if devices > self.devices:
            raise ValueError(
                f"rental of {self.machine}: {self.provider} rents out {self.devices} together; {devices} are needed"
            )
        return ceil(groups / (self.devices // devices)) * self.devices


def rentals(machine: str | None = None, term: str | None = None) -> tuple:
    """List the rents of the catalogue.

    Parameters
    ----------
    machine : str or None, optional
        Only those of this machine. [-]
    term : str or None, optional
        Only those of this term. [-]

    Returns
    -------
    tuple of Rental
        The rents, as they stand in the table. [-]

    Examples
    --------
    >>> min(found.hourly for found in rentals("MI300X"))
    1.99
    """
    return tuple(found for found in _rentals() if machine in (None, found.machine) and term in (None, found.term))


@cache
def _rentals() -> tuple:
    return tuple(
        Rental(
            machine=row["item"],
            provider=row["provider"],
            hourly=float(row["value"]),
            devices=int(row["devices"]),
            term=row["term"],
            as_of=row["as_of"],
            source=row["source"],
        )
        for row in catalogue.rows("prices")
        if row["what"] == "rental"
    )


def rental(machine: str, provider: str | None = None, term: str = "on-demand", devices: int = 1) -> Rental:
    """Choose the rent of a machine.

    Parameters
    ----------
    machine : str
        Its name in the catalogue. [-]
    provider : str or None, optional
        Who rents it out; None takes the cheapest. [-]
    term : str, optional
        ``on-demand``, ``spot``, ``lease`` or ``assumed``. [-]
    devices : int, optional
        Devices that work together: an offer of fewer is passed over. [-]

    Returns
    -------
    Rental
        The cheapest that fits. [-]

    Raises
    ------
    ValueError
        If there is none; the message says who rents the machine out.

    Examples
    --------
    >>> rental("RTX-4090").label
    '0.35 USD/h (Vast.ai, on-demand, 2024)'
    """
    choice("rental", "term", term, TERMS)
    of_machine = rentals(machine)
    if not of_machine:
        known = sorted({found.machine for found in rentals()})
        raise ValueError(f"rental: machine is {machine!r}, whose rent is not known; {suggestion(machine, known)}")
    if provider is not None:
        choice(f"rental of {machine}", "provider", provider, sorted({found.provider for found in of_machine}))
    fitting = [
        found
        for found in of_machine
        if provider in (None, found.provider) and found.term == term and found.devices >= devices
    ]
    if not fitting:
        known = "; ".join(f"{found.devices} at {found.label}" for found in of_machine)
        whom = f" from {provider}" if provider else ""
        raise ValueError(f"rental of {machine}: nobody rents out {devices} together, {term}{whom}; known: {known}")
    return min(fitting, key=lambda found: found.hourly)
