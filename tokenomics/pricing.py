"""From seconds to dollars: what a machine costs, what a request costs, and which prices cover it."""

from .elementwise import where

__all__ = [
    "bill",
    "break_even_load",
    "discount",
    "margin",
    "output_price",
    "price_ratio",
    "rental_rate",
    "request_cost",
    "users_load",
]

_HOUR = 3600


def rental_rate(devices, hourly):
    """Price a second of rented machines.

    Parameters
    ----------
    devices : float or ndarray
        Devices rented. [-]
    hourly : float or ndarray
        Rent of one of them. [USD/h]

    Returns
    -------
    float or ndarray
        What they cost, busy or idle. [USD/s]

    Notes
    -----
    Equation :eq:`eq-rent`.

    References
    ----------
    tugot17, *Tokenomics from first principles*, the section on pricing.

    Examples
    --------
    >>> round(rental_rate(4, 2.50), 6)
    0.002778
    """
    return devices * hourly / _HOUR


def request_cost(rate, time, requests, utilisation):
    """Price one request.

    Parameters
    ----------
    rate : float or ndarray
        What the machines cost. [USD/s]
    time : float or ndarray
        Time that they need for the requests together. [s]
    requests : float or ndarray
        Requests served in it. [request]
    utilisation : float or ndarray
        Share of the time that is sold. [-]

    Returns
    -------
    float or ndarray
        Cost of one of them. [USD/request]

    Notes
    -----
    Equation :eq:`eq-request-cost`. Hours that nobody buys are paid by the
    requests of the others.

    Examples
    --------
    >>> round(request_cost(0.002778, 8.967, 16, 1.0), 6)
    0.001557
    """
    return rate * time / (requests * utilisation)


def price_ratio(marginal_time, output_marginal_time):
    """Find what a token of one kind should cost in units of an output token.

    Parameters
    ----------
    marginal_time : float or ndarray
        Machine time that one more token of that kind takes. [s/token]
    output_marginal_time : float or ndarray
        Machine time that one more output token takes. [s/token]

    Returns
    -------
    float or ndarray
        The ratio: gamma for input tokens. [-]

    Notes
    -----
    Equation :eq:`eq-gamma`. The source assumes 0.3. Here both times are
    derivatives of the time model, see :mod:`tokenomics.marginal`.

    Examples
    --------
    >>> round(price_ratio(0.00008, 0.0014), 3)
    0.057
    """
    return marginal_time / output_marginal_time


def output_price(cost, input_ratio, input_tokens, output_tokens, cached_ratio=0.0, cached_tokens=0.0):
    """Find the price of an output token that covers the cost of a request.

    Parameters
    ----------
    cost : float or ndarray
        Cost of a request. [USD/request]
    input_ratio : float or ndarray
        Price of an input token over that of an output token: gamma. [-]
    input_tokens, output_tokens : float or ndarray
        Tokens of prompt and reply. [token]
    cached_ratio : float or ndarray, optional
        Price of a cached token over that of an output token. [-]
    cached_tokens : float or ndarray, optional
        Tokens of the prompt that are found in a prefix cache. [token]

    Returns
    -------
    float or ndarray
        Price of an output token; the others cost their ratio of it. [USD/token]

    Notes
    -----
    Equation :eq:`eq-price-pair`. By construction the bill of the request is its
    cost, whatever the ratios; a request of another shape pays too much or too
    little, the less so the nearer the ratios are to the true ones.

    References
    ----------
    tugot17, *Tokenomics from first principles*, the section on pricing, without
    cached tokens.

    Examples
    --------
    >>> round(1e6 * output_price(0.001557, 0.3, 2035, 300), 2)
    1.71
    """
    return cost / (input_ratio * (input_tokens - cached_tokens) + cached_ratio * cached_tokens + output_tokens)


def bill(input_price, output_price, input_tokens, output_tokens, cached_price=0.0, cached_tokens=0.0):
    """Add up what a request is billed.

    Parameters
    ----------
    input_price, output_price : float or ndarray
        Prices of a token in and out. [USD/token]
    input_tokens, output_tokens : float or ndarray
        Tokens of prompt and reply. [token]
    cached_price : float or ndarray, optional
        Price of a cached token. [USD/token]
    cached_tokens : float or ndarray, optional
        Tokens of the prompt that are found in a prefix cache. [token]

    Returns
    -------
    float or ndarray
        The bill. [USD/request]

    Notes
    -----
    Equation :eq:`eq-bill`.

    Examples
    --------
    >>> round(bill(0.59e-6, 0.79e-6, 2035, 300), 6)
    0.001438
    """
    computed_tokens = input_tokens - cached_tokens
    return input_price * computed_tokens + cached_price * cached_tokens + output_price * output_tokens


def margin(revenue, cost):
    """Find the share of the revenue that is left.

    Parameters
    ----------
    revenue, cost : float or ndarray
        What comes in and what goes out for the same work. [USD]

    Returns
    -------
    float or ndarray
        Margin; below zero where the cost is the larger. [-]

    Notes
    -----
    Equation :eq:`eq-margin`.

    Examples
    --------
    >>> margin(4.0, 3.0)
    0.25
    """
    return 1 - cost / revenue


def break_even_load(fixed_rate, revenue, variable_cost=0.0):
    """Find the least load at which a machine pays for itself.

    Parameters
    ----------
    fixed_rate : float or ndarray
        What the machine costs while it waits. [USD/s]
    revenue : float or ndarray
        What a request brings in, or what an API would charge for it. [USD/request]
    variable_cost : float or ndarray, optional
        What a request adds to the cost: the power above idle. [USD/request]

    Returns
    -------
    float or ndarray
        Load; infinite where a request costs more than it brings. [request/s]

    Notes
    -----
    Equation :eq:`eq-break-even`. It says nothing on whether the machine can
    carry that load: compare it with the capacity.

    Examples
    --------
    >>> break_even_load(0.002, 0.001)
    2.0
    >>> break_even_load(0.002, 0.001, 0.001)
    inf
    """
    left = revenue - variable_cost
    pays = left > 0
    # In full: JavaScript, into which this is compiled too, knows no "inf".
    return where(pays, fixed_rate / where(pays, left, 1.0), float("Infinity"))


def discount(price, reference_price):
    """Find how much lower a price is than another.

    Parameters
    ----------
    price, reference_price : float or ndarray
        The price, and what it is held against. [USD]

    Returns
    -------
    float or ndarray
        Discount; below zero where the price is the higher. [-]

    Notes
    -----
    Equation :eq:`eq-discount`. The discount of a batch service is that of the
    cost at the largest batch against the cost at the batch that keeps the
    reader waiting no longer than promised.

    Examples
    --------
    >>> discount(0.5, 1.0)
    0.5
    """
    return 1 - price / reference_price


def users_load(users, think_time, response_time):
    """Find the load that people bring who wait for each answer.

    Parameters
    ----------
    users : float or ndarray
        People in conversation. [-]
    think_time : float or ndarray
        Time from an answer to the next question. [s]
    response_time : float or ndarray
        Time from a question to the end of its answer. [s]

    Returns
    -------
    float or ndarray
        Load. [request/s]

    Notes
    -----
    Equation :eq:`eq-users`, Little's law around the whole circle. A slow server
    brings itself relief: who waits does not ask.

    Examples
    --------
    >>> users_load(1000, 50, 10) == 1000 / 60
    True
    """
    return users / (think_time + response_time)
