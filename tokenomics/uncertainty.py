"""How far off a price may be: Monte Carlo over workloads and over what the engine reaches."""

from dataclasses import dataclass, fields, replace
from functools import partial

import numpy

from .checks import between, positive, whole
from .deployment import Deployment
from .efficiency import CEILING
from .marginal import full_server, marginal_times, request_time
from .prediction import Estimate
from .pricing import output_price, price_ratio, request_cost
from .sweeps import sweep
from .traffic import Traffic, draw

__all__ = ["PriceDraws", "price_draws", "time_factor"]

# The quantile of a standard normal distribution that one in ten exceeds.
_TENTH = 1.2815515655446004
# Draws that one task makes: enough that handing it out costs little beside it.
_TOGETHER = 20


def time_factor(normal, low, high):
    """Turn a standard normal number into a factor on a predicted time.

    Parameters
    ----------
    normal : float or ndarray
        The number. [-]
    low, high : float
        Factors that one measured time in ten stays below, and exceeds. [-]

    Returns
    -------
    float or ndarray
        The factor. [-]

    Raises
    ------
    ValueError
        If the factors are not in order, one on each side of 1.

    Notes
    -----
    Equation :eq:`eq-time-factor`. Half the measured times are shorter than
    predicted; to each side the logarithm is normal, as wide as its end of the
    interval asks.

    Examples
    --------
    >>> [round(float(time_factor(number, 0.75, 1.7)), 2) for number in (-1.2816, 0, 1.2816)]
    [0.75, 1.0, 1.7]
    """
    between("time factor", "low", low, 0, 1)
    positive("time factor", "low", low)
    between("time factor", "high", high, 1)
    return numpy.where(numpy.asarray(normal) < 0, (1 / low) ** (normal / _TENTH), high ** (normal / _TENTH))


@dataclass(frozen=True, kw_only=True)
class PriceDraws:
    """Prices, drawn many times.

    Parameters
    ----------
    cost : ndarray
        Mean cost of a request of the workload, by draw. [USD/request]
    input, output, cached : ndarray
        Prices of a token that together cover it. [USD/token]
    input_ratio : ndarray
        Gamma. [-]

    Examples
    --------
    >>> draws = PriceDraws(**dict.fromkeys(("cost", "input", "output", "cached", "input_ratio"), numpy.arange(1.0, 4)))
    >>> draws.interval("cost").value
    2.0
    """

    cost: numpy.ndarray
    input: numpy.ndarray
    output: numpy.ndarray
    cached: numpy.ndarray
    input_ratio: numpy.ndarray

    def interval(self, quantity: str) -> Estimate:
        """Find the median of a quantity and the interval that holds 80 % of its draws.

        Parameters
        ----------
        quantity : str
            A field. [-]

        Returns
        -------
        Estimate
            Median, tenth and ninetieth percentile. [-]

        Examples
        --------
        >>> same = dict.fromkeys(("cost", "input", "output", "cached", "input_ratio"), numpy.arange(11.0))
        >>> tuple(map(float, PriceDraws(**same).interval("output")))
        (5.0, 1.0, 9.0)
        """
        low, middle, high = (float(value) for value in numpy.quantile(getattr(self, quantity), (0.1, 0.5, 0.9)))
        return Estimate(middle, low, high)


def price_draws(
    deployment: Deployment,
    payment,
    traffic: Traffic,
    *,
    seed: int,
    draws: int = 1000,
    requests: int = 1,
    running=None,
    utilisation: float = 1.0,
    executor=None,
    progress=None,
) -> PriceDraws:
    """Price a deployment's tokens many times, each time for other requests and another day of its engine.

    Parameters
    ----------
    deployment : Deployment
        What runs where. [-]
    payment : Rental or Owned
        How its machines are paid for. [-]
    traffic : Traffic
        What is asked of it; when requests come plays no part. [-]
    seed : int
        Where chance begins; the same seed draws the same. [-]
    draws : int, optional
        How often. [-]
    requests : int, optional
        Requests that make up the workload of one draw: with one, a customer whose
        requests are all alike; with many, the mix. [request]
    running : float or None, optional
        Sequences that share the machine; None is as many as fit. [-]
    utilisation : float, optional
        Share of the time that is sold. [-]
    executor : concurrent.futures.Executor or None, optional
        Where to draw; the result is the same anywhere. [-]
    progress : callable or None, optional
        Called with the number of each draw when it is done. [-]

    Returns
    -------
    PriceDraws
        The prices, by draw. [-]

    Raises
    ------
    ValueError
        If a number is out of range, or a request does not fit.

    Notes
    -----
    One factor a draw stands on all machine time, from the interval of the regime:
    an engine that is slow is slow for all its requests. Requests of different
    lengths share a step whose time is linear in their contexts, so each one's
    share is what it would be among its like.

    Examples
    --------
    >>> from tokenomics.deployment import deployment
    >>> from tokenomics.rentals import rental
    >>> from tokenomics.traffic import single
    >>> place = deployment("llama-3.1-8b", "L40S", engine="vllm")
    >>> found = price_draws(place, rental("L40S"), single(1000, 200), seed=1, draws=40, running=8)
    >>> found.interval("output").low < found.interval("output").high
    True
    """
    whole("price draws", "seed", seed, 0)
    whole("price draws", "draws", draws)
    whole("price draws", "requests", requests)
    if running is not None:
        positive("price draws", "running", running)
    positive("price draws", "utilisation", utilisation)
    between("price draws", "utilisation", utilisation, 0, 1)
    draw_some = partial(_draw_some, deployment, payment, traffic, requests, running, utilisation)
    blocks = [(seed, first, min(_TOGETHER, draws - first)) for first in range(0, draws, _TOGETHER)]

    def done(block):
        for number in range(block[1], block[1] + block[2]):
            progress(f"{number + 1} of {draws}")

    parts = sweep(draw_some, blocks, executor, None if progress is None else done)
    return PriceDraws(
        **{
            entry.name: numpy.concatenate([part[number] for part in parts])
            for number, entry in enumerate(fields(PriceDraws))
        }
    )


def _draw_some(deployment, payment, traffic, requests, running, utilisation, block):
    """Make a few draws: one column for each field of the result."""
    seed, first, count = block
    # A draw's chance depends on its number alone, not on which task makes it.
    chances = [numpy.random.SeedSequence((seed, number)).generate_state(2) for number in range(first, first + count)]
    normal = numpy.array([numpy.random.default_rng(chance).standard_normal() for _, chance in chances])
    drawn = [draw(traffic, requests, int(chance)) for chance, _ in chances]
    prompts, replies, cached = (
        numpy.array([getattr(one, name) for one in drawn], dtype=float)
        for name in ("input_tokens", "output_tokens", "cached_tokens")
    )
    if running is not None:
        # Where long requests are drawn, fewer of them fit.
        running = numpy.minimum(running, numpy.maximum(full_server(deployment, prompts, replies), 1.0))
    found = marginal_times(deployment, prompts, replies, cached, running)
    floor = request_time(replace(deployment, efficiency=CEILING), prompts, replies, cached, found.running).mean(axis=1)
    likely = found.request.mean(axis=1)
    alone = running is not None and (running <= 1).all()
    factor = time_factor(normal, *deployment.efficiency.spread["single" if alone else "batched"])
    time = numpy.maximum(likely * factor, numpy.minimum(floor, likely))
    cost = request_cost(payment.rate(deployment.server.devices, utilisation), time, 1.0, utilisation)
    computed = prompts - cached
    # One more token falls on a request the likelier the more tokens it has.
    of_input, of_output = (
        (marginal * tokens).sum(axis=1) / tokens.sum(axis=1)
        for marginal, tokens in ((found.input, computed), (found.output, replies))
    )
    of_cached = (found.cached * computed).sum(axis=1) / computed.sum(axis=1)
    ratio, cached_ratio = price_ratio(of_input, of_output), price_ratio(of_cached, of_output)
    output = output_price(cost, ratio, prompts.mean(axis=1), replies.mean(axis=1), cached_ratio, cached.mean(axis=1))
    return cost, ratio * output, output, cached_ratio * output, ratio
