"""Models behind an API: what their tokens cost, at whom and when."""

from dataclasses import dataclass
from functools import cache

from . import catalogue
from .checks import between, choice, suggestion, text

__all__ = ["Offer", "TokenPrices", "offer", "offers"]

_MILLION = 1e6


@dataclass(frozen=True, kw_only=True)
class TokenPrices:
    """What the tokens of a request cost.

    Parameters
    ----------
    input : float
        Price of a token of the prompt. [USD/token]
    output : float
        Price of a token of the reply. [USD/token]
    cached : float or None, optional
        Price of a token of the prompt found in a prefix cache; None is that of
        any other token of the prompt. [USD/token]

    Examples
    --------
    >>> TokenPrices(input=0.59e-6, output=0.79e-6).output
    7.9e-07
    """

    input: float
    output: float
    cached: float | None = None

    def __post_init__(self):
        between("prices", "input", self.input, 0)
        between("prices", "output", self.output, 0)
        if self.cached is not None:
            between("prices", "cached", self.cached, 0)


@dataclass(frozen=True, kw_only=True)
class Offer:
    """A model behind an API, by the token.

    Parameters
    ----------
    model : str
        Its name in the catalogue. [-]
    provider : str
        Who serves it. [-]
    prices : TokenPrices
        What its tokens cost. [USD/token]
    as_of : str, optional
        When the prices held, as exactly as the source says. [-]
    listed : str, optional
        What the provider calls it. [-]
    source : str, optional
        Where the prices stand. [-]

    Examples
    --------
    >>> offer("llama-3.3-70b", "Groq").as_of
    '2026-08-21'
    """

    model: str
    provider: str
    prices: TokenPrices
    as_of: str = ""
    listed: str = ""
    source: str = ""

    def __post_init__(self):
        text("offer", "provider", self.provider)

    @property
    def label(self) -> str:
        """The provider and the date, for print."""
        return f"{self.provider}, {self.as_of}" if self.as_of else self.provider


def offers(model: str | None = None) -> tuple:
    """List the API offers of the catalogue.

    Parameters
    ----------
    model : str or None, optional
        Only those of this model. [-]

    Returns
    -------
    tuple of Offer
        The offers, as they stand in the table. [-]

    Examples
    --------
    >>> len({found.provider for found in offers("llama-3.3-70b")})
    9
    """
    return tuple(found for found in _offers() if model in (None, found.model))


@cache
def _offers() -> tuple:
    grouped = {}
    for row in catalogue.rows("prices"):
        if row["what"] != "rental":
            grouped.setdefault((row["item"], row["provider"]), {})[row["what"]] = row
    return tuple(
        Offer(
            model=model,
            provider=provider,
            prices=TokenPrices(
                input=float(found["input token"]["value"]) / _MILLION,
                output=float(found["output token"]["value"]) / _MILLION,
                cached=float(found["cached token"]["value"]) / _MILLION if "cached token" in found else None,
            ),
            as_of=found["input token"]["as_of"],
            listed=found["input token"]["notes"].removeprefix("listed as "),
            source=found["input token"]["source"],
        )
        for (model, provider), found in grouped.items()
    )


def offer(model: str, provider: str) -> Offer:
    """Look up an API offer.

    Parameters
    ----------
    model : str
        Name of the model in the catalogue. [-]
    provider : str
        Who serves it. [-]

    Returns
    -------
    Offer
        The offer. [-]

    Raises
    ------
    ValueError
        If there is none; the message says who serves the model.

    Examples
    --------
    >>> round(1e6 * offer("llama-3.1-8b", "Groq").prices.input, 3)
    0.05
    """
    of_model = {found.provider: found for found in offers(model)}
    if not of_model:
        known = sorted({found.model for found in offers()})
        raise ValueError(f"offer: model is {model!r}, whose price is not known; {suggestion(model, known)}")
    return of_model[choice(f"offer of {model}", "provider", provider, of_model)]
