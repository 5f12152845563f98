"""A machine against an API: what the same requests cost on both, and from which load on the machine is cheaper."""

from dataclasses import dataclass

from .checks import choice
from .deployment import Deployment
from .offers import Offer, offers
from .pricing import bill, break_even_load, margin
from .quote import quote

__all__ = ["Comparison", "compare_api"]

_DAY = 86400


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """A deployment against an offer.

    Parameters
    ----------
    offer : Offer
        The offer. [-]
    bill : float or ndarray
        What the API charges for a request. [USD/request]
    cost : float or ndarray
        What the request costs on the machine, were it busy all the time. [USD/request]
    break_even : float or ndarray
        Load from which on the machine is cheaper; infinite where it never is. [request/s]
    capacity : float or ndarray
        Load that the machine can carry. [request/s]
    tokens : float or ndarray
        Tokens of a request, in and out. [token]

    Examples
    --------
    >>> from tokenomics.deployment import deployment
    >>> from tokenomics.ownership import owned
    >>> home = deployment("llama-3.1-8b", "RTX-4090", weights="int8", engine="llama.cpp")
    >>> found = compare_api(home, owned("RTX-4090"), input_tokens=1000, output_tokens=300, running=1)
    >>> found[0].offer.provider, found[0].pays
    ('OpenRouter', False)
    """

    offer: Offer
    bill: float
    cost: float
    break_even: float
    capacity: float
    tokens: float

    @property
    def utilisation(self):
        """Share of the machine's capacity at which it breaks even; above one it never does."""
        return self.break_even / self.capacity

    @property
    def pays(self):
        """Whether the machine can carry the load at which it breaks even."""
        return self.break_even <= self.capacity

    @property
    def margin(self):
        """What is left of the API's price if the machine sold at it, busy all the time."""
        return margin(self.bill, self.cost)

    @property
    def tokens_per_day(self):
        """Tokens a day, in and out, at which the machine breaks even."""
        return self.break_even * self.tokens * _DAY


def compare_api(
    deployment: Deployment,
    payment,
    *,
    input_tokens,
    output_tokens,
    cached_tokens=0.0,
    running=None,
    provider: str | None = None,
    others=(),
) -> tuple:
    """Hold a machine against those who serve the same model by the token.

    Parameters
    ----------
    deployment : Deployment
        What would run where. [-]
    payment : Rental or Owned
        How its machines would be paid for. [-]
    input_tokens, output_tokens : float or ndarray
        Tokens of prompt and reply. [token]
    cached_tokens : float or ndarray, optional
        Tokens of the prompt that are found in a prefix cache. [token]
    running : float, ndarray or None, optional
        Sequences that share the machine; None is as many as fit. [-]
    provider : str or None, optional
        The one to compare with; None is all that are known. [-]
    others : iterable of Offer, optional
        Offers beside those of the catalogue: a price list of one's own, say. [-]

    Returns
    -------
    tuple of Comparison
        One for each offer, the cheapest first. [-]

    Raises
    ------
    ValueError
        If nobody is known to serve the model, or not this provider.

    Notes
    -----
    Equation :eq:`eq-break-even`. A machine of one's own has a cost that goes with
    the load, the power above idle. Who serves by the token may do so from
    weights of fewer bits: the offers do not say. Held against a price list of one's
    own, the break-even is the least load at which serving pays.

    Examples
    --------
    >>> from tokenomics.rentals import rental
    >>> from tokenomics.deployment import deployment
    >>> place = deployment("llama-3.3-70b", "H100-SXM-80GB", tensor=4, engine="vllm")
    >>> found = compare_api(place, rental("H100-SXM-80GB", "Lambda"), input_tokens=2035, output_tokens=300)
    >>> found[0].bill < found[-1].bill
    True
    """
    known = {found.provider: found for found in (*offers(deployment.model.name), *others)}
    if not known:
        models = ", ".join(sorted({found.model for found in offers()}))
        raise ValueError(f"compare-api: no price per token of {deployment.model.name} is known; known: {models}")
    if provider is not None:
        choice("compare-api", "provider", provider, known)
        known = {provider: known[provider]}
    own = quote(
        deployment,
        payment,
        input_tokens=input_tokens,
        output_tokens=output_tokens,
        cached_tokens=cached_tokens,
        running=running,
    )
    idle = payment.rate(deployment.server.devices, 0.0)
    variable = (own.rate - idle) * own.times.request

    def against(offer):
        prices = offer.prices
        cached_price = prices.input if prices.cached is None else prices.cached
        charged = bill(prices.input, prices.output, input_tokens, output_tokens, cached_price, cached_tokens)
        return Comparison(
            offer=offer,
            bill=charged,
            cost=own.cost.value,
            break_even=break_even_load(idle, charged, variable),
            capacity=own.capacity,
            tokens=input_tokens + output_tokens,
        )

    return tuple(sorted((against(found) for found in known.values()), key=lambda found: found.bill))
