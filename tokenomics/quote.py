"""The price of a deployment's tokens: what a request costs, and the prices that cover it, each with an interval."""

from dataclasses import dataclass, replace

from .checks import between, positive
from .deployment import Deployment
from .efficiency import CEILING
from .machine_time import MarginalTimes
from .marginal import marginal_times, request_time
from .prediction import Estimate, interval, regime_spread
from .pricing import output_price, price_ratio, request_cost

__all__ = ["Quote", "quote"]


@dataclass(frozen=True, kw_only=True)
class Quote:
    """What the tokens of a deployment cost, at cost.

    Parameters
    ----------
    cost : Estimate
        Cost of a request. [USD/request]
    input, output, cached : Estimate
        Prices of a token of the prompt, of the reply and of a cached token that
        together cover the cost. [USD/token]
    input_ratio, cached_ratio : float or ndarray
        Price of an input token over that of an output token, gamma; the same of
        a cached token. [-]
    derived_ratio : float or ndarray
        Gamma as the time model has it, whatever was asked for. [-]
    times : MarginalTimes
        Machine time of the request and of one more token. [s]
    capacity : float or ndarray
        Requests in a second when the machine is busy throughout. [request/s]
    rate : float or ndarray
        What the machines cost. [USD/s]
    utilisation : float or ndarray
        Share of the time that is sold. [-]

    Examples
    --------
    >>> from tokenomics.deployment import deployment
    >>> from tokenomics.rentals import rental
    >>> place = deployment("llama-3.3-70b", "H100-SXM-80GB", tensor=4, engine="vllm")
    >>> found = quote(place, rental("H100-SXM-80GB", "Lambda"), input_tokens=2035, output_tokens=300, running=16)
    >>> round(1e6 * found.output.value, 2)
    5.44
    """

    cost: Estimate
    input: Estimate
    output: Estimate
    cached: Estimate
    input_ratio: float
    cached_ratio: float
    derived_ratio: float
    times: MarginalTimes
    capacity: float
    rate: float
    utilisation: float


def quote(
    deployment: Deployment,
    payment,
    *,
    input_tokens,
    output_tokens,
    cached_tokens=0.0,
    running=None,
    utilisation=1.0,
    input_ratio=None,
) -> Quote:
    """Price the tokens of a deployment.

    Parameters
    ----------
    deployment : Deployment
        What runs where. [-]
    payment : Rental or Owned
        How its machines are paid for. [-]
    input_tokens, output_tokens : float or ndarray
        Tokens of prompt and reply. [token]
    cached_tokens : float or ndarray, optional
        Tokens of the prompt that are found in a prefix cache. [token]
    running : float, ndarray or None, optional
        Sequences that share the machine; None is as many as fit. [-]
    utilisation : float or ndarray, optional
        Share of the time that is sold. [-]
    input_ratio : float, ndarray or None, optional
        Gamma to price with; None derives it. [-]

    Returns
    -------
    Quote
        Cost and prices. [-]

    Raises
    ------
    ValueError
        If a number is out of range, or no sequence fits.

    Notes
    -----
    The interval is that of the machine time in its regime, one sequence or
    several; the ratios keep their values. No end of it is below what the
    machine's peaks allow.

    Examples
    --------
    >>> from tokenomics.deployment import deployment
    >>> from tokenomics.ownership import owned
    >>> home = deployment("llama-3.1-8b", "RTX-4090", weights="int8", engine="llama.cpp")
    >>> found = quote(home, owned("RTX-4090"), input_tokens=1000, output_tokens=300, running=1, utilisation=0.1)
    >>> found.cost.low < found.cost.value < found.cost.high
    True
    """
    positive("quote", "utilisation", utilisation)
    between("quote", "utilisation", utilisation, 0, 1)
    if input_ratio is not None:
        between("quote", "input_ratio", input_ratio, 0)
    times = marginal_times(deployment, input_tokens, output_tokens, cached_tokens, running)
    floor = request_time(
        replace(deployment, efficiency=CEILING), input_tokens, output_tokens, cached_tokens, times.running
    )
    low, high = regime_spread(deployment.efficiency, times.running)
    rate = payment.rate(deployment.server.devices, utilisation)
    derived = price_ratio(times.input, times.output)
    cached_ratio = price_ratio(times.cached, times.output)
    ratio = derived if input_ratio is None else input_ratio

    def priced(time):
        cost = request_cost(rate, time, 1.0, utilisation)
        return cost, output_price(cost, ratio, input_tokens, output_tokens, cached_ratio, cached_tokens)

    likely = times.request
    ends = interval(likely, low, high, floor)
    costs, outputs = zip(*(priced(time) for time in ends), strict=True)
    return Quote(
        cost=Estimate(*costs),
        input=Estimate(*(ratio * price for price in outputs)),
        output=Estimate(*outputs),
        cached=Estimate(*(cached_ratio * price for price in outputs)),
        input_ratio=ratio,
        cached_ratio=cached_ratio,
        derived_ratio=derived,
        times=times,
        capacity=1 / likely,
        rate=rate,
        utilisation=utilisation,
    )
