"""A machine of one's own: what it costs to buy, to keep and to run."""

from dataclasses import dataclass

from . import catalogue
from .checks import between, positive, suggestion

__all__ = ["Owned", "owned", "ownership_rate", "power_drawn"]

_YEAR = 365 * 86400
_KILOWATT_HOUR = 3.6e6


def power_drawn(load_power, idle_power, utilisation, overhead):
    """Find the mean power of a machine that is busy for part of its time.

    Parameters
    ----------
    load_power, idle_power : float or ndarray
        Power while it works, and while it waits. [W]
    utilisation : float or ndarray
        Share of the time that it works. [-]
    overhead : float or ndarray
        PUE: power of the building over that of its machines. [-]

    Returns
    -------
    float or ndarray
        Mean power, cooling included. [W]

    Notes
    -----
    Equation :eq:`eq-power`. Two states only; a machine that runs half full draws
    something between.

    Examples
    --------
    >>> power_drawn(550, 80, 0.5, 1)
    315.0
    """
    return overhead * (idle_power + utilisation * (load_power - idle_power))


def ownership_rate(capital, life, power, electricity):
    """Price a second of a machine of one's own.

    Parameters
    ----------
    capital : float or ndarray
        What it costs to buy. [USD]
    life : float or ndarray
        How long it is used. [s]
    power : float or ndarray
        Mean power. [W]
    electricity : float or ndarray
        Price of electricity. [USD/J]

    Returns
    -------
    float or ndarray
        What it costs. [USD/s]

    Notes
    -----
    Equation :eq:`eq-ownership`. Written off in a straight line to nothing;
    interest, space, staff and repairs are left out, so it is a lower bound.

    Examples
    --------
    >>> day = 86400
    >>> round(ownership_rate(1600, 4 * 365 * day, 500, 0.20 / 3.6e6) * day, 2)
    3.5
    """
    return capital / life + power * electricity


@dataclass(frozen=True, kw_only=True)
class Owned:
    """A machine of one's own.

    Parameters
    ----------
    machine : str
        Its name in the catalogue. [-]
    capital : float
        What one device costs to buy, with its share of what it stands in. [USD]
    life : float
        How long it is used. [s]
    load_power, idle_power : float
        Power of one device while it works, and while it waits. [W]
    electricity : float
        Price of electricity. [USD/J]
    overhead : float, optional
        PUE: power of the building over that of its machines. [-]
    as_of : str, optional
        When the price of the machine held. [-]
    source : str, optional
        Where the numbers stand. [-]

    Examples
    --------
    >>> owned("RTX-4090").capital
    1599.0
    """

    machine: str
    capital: float
    life: float
    load_power: float
    idle_power: float
    electricity: float
    overhead: float = 1.0
    as_of: str = ""
    source: str = ""

    def __post_init__(self):
        owner = f"owned {self.machine}"
        positive(owner, "capital", self.capital)
        positive(owner, "life", self.life)
        positive(owner, "load_power", self.load_power)
        between(owner, "idle_power", self.idle_power, 0, self.load_power)
        between(owner, "electricity", self.electricity, 0)
        between(owner, "overhead", self.overhead, 1)

    @property
    def label(self) -> str:
        """What was paid for it, and when, for print."""
        date = f", {self.as_of}" if self.as_of else ""
        return (
            f"owned at {self.capital:,.0f} USD for {self.life / _YEAR:g} years{date}; "
            f"{self.electricity * _KILOWATT_HOUR:.3f} USD/kWh"
        )

    def rate(self, devices, utilisation=1.0):
        """Price a second of devices of one's own.

        Parameters
        ----------
        devices : float or ndarray
            Devices. [-]
        utilisation : float or ndarray, optional
            Share of the time that they work. [-]

        Returns
        -------
        float or ndarray
            What they cost. [USD/s]

        Examples
        --------
        >>> home = owned("RTX-4090")
        >>> home.rate(1, 0.0) < home.rate(1, 1.0)
        True
        """
        power = power_drawn(self.load_power, self.idle_power, utilisation, self.overhead)
        return devices * ownership_rate(self.capital, self.life, power, self.electricity)

    def paid_devices(self, devices: int, groups: int) -> int:
        """Count the devices that must be bought for some groups of devices that work together.

        Parameters
        ----------
        devices : int
            Devices of a group. [-]
        groups : int
            Groups. [-]

        Returns
        -------
        int
            Devices. [-]

        Examples
        --------
        >>> owned("RTX-4090").paid_devices(2, 3)
        6
        """
        return devices * groups


def owned(machine: str, site: str = "household") -> Owned:
    """Look up a machine of one's own.

    Parameters
    ----------
    machine : str
        Its name in the catalogue. [-]
    site : str, optional
        Where it stands: ``household`` or ``data centre``. [-]

    Returns
    -------
    Owned
        The machine. [-]

    Raises
    ------
    ValueError
        If no price of it is known, or no such site.

    Examples
    --------
    >>> owned("H100-SXM-80GB", site="data centre").overhead
    1.56
    """
    table = {}
    for row in catalogue.rows("ownership"):
        table.setdefault(row["item"], {})[row["quantity"]] = row
    for field, name, key in (("machine", machine, "capital"), ("site", site, "electricity")):
        known = [item for item, found in table.items() if key in found]
        if name not in known:
            raise ValueError(f"owned: {field} is {name!r}; {suggestion(name, known)}")

    def value(item, quantity):
        return float(table[item][quantity]["value"])

    return Owned(
        machine=machine,
        capital=value(machine, "capital"),
        life=value(machine, "life") * _YEAR,
        load_power=value(machine, "load power"),
        idle_power=value(machine, "idle power"),
        electricity=value(site, "electricity") / _KILOWATT_HOUR,
        overhead=value(site, "overhead"),
        as_of=table[machine]["capital"]["as_of"],
        source=table[machine]["capital"]["source"],
    )
