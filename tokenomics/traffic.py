"""What arrives at a server: requests with their times and lengths, drawn or read."""

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy

from .checks import between, choice, positive, shown, whole
from .lengths import Lengths
from .requests import Requests

__all__ = ["Arrivals", "Stream", "Traffic", "draw", "single"]

_PATTERNS = ("poisson", "regular", "bursty", "together")


@dataclass(frozen=True, kw_only=True)
class Arrivals:
    """When requests come.

    Parameters
    ----------
    pattern : str, optional
        ``poisson``: each whenever it likes; ``regular``: at equal distances;
        ``bursty``: gaps of a gamma distribution, many short and a few long;
        ``together``: all at once. [-]
    rate : float, optional
        Mean rate; of no effect on requests that come together. [request/s]
    variation : float, optional
        Standard deviation of the gaps over their mean, for ``bursty``. [-]

    Examples
    --------
    >>> Arrivals(rate=2.0).pattern
    'poisson'
    """

    pattern: str = "poisson"
    rate: float = 1.0
    variation: float = 3.0

    def __post_init__(self):
        choice("arrivals", "pattern", self.pattern, _PATTERNS)
        positive("arrivals", "rate", self.rate)
        positive("arrivals", "variation", self.variation)

    @property
    def gap_variation(self) -> float:
        """Standard deviation of the gaps over their mean, whatever the pattern."""
        return {"poisson": 1.0, "regular": 0.0, "bursty": self.variation, "together": 0.0}[self.pattern]


@dataclass(frozen=True, kw_only=True)
class Stream:
    """Requests of one kind.

    Parameters
    ----------
    input : Lengths
        Lengths of the prompts. [token]
    output : Lengths
        Lengths of the replies, the first token included. [token]
    cached_share : float, optional
        Share of a prompt, from its beginning, that is in the prefix cache. [-]
    priority : int, optional
        Those of the smaller number are served first. [-]
    weight : float, optional
        How frequent the kind is, beside the others. [-]
    name : str, optional
        What the kind is called. [-]

    Examples
    --------
    >>> from tokenomics.lengths import fixed
    >>> Stream(input=fixed(1000), output=fixed(100)).priority
    0
    """

    input: Lengths
    output: Lengths
    cached_share: float = 0.0
    priority: int = 0
    weight: float = 1.0
    name: str = "requests"

    def __post_init__(self):
        for field in ("input", "output"):
            if not isinstance(getattr(self, field), Lengths):
                raise ValueError(
                    f"stream: {field} is {shown(getattr(self, field))}; it must be Lengths, such as fixed(300)"
                )
        between("stream", "cached_share", self.cached_share, 0, 1)
        whole("stream", "priority", self.priority, 0)
        positive("stream", "weight", self.weight)


@dataclass(frozen=True, kw_only=True)
class Traffic:
    """Kinds of requests, mixed, and when they come.

    Parameters
    ----------
    streams : tuple of Stream
        The kinds. [-]
    arrivals : Arrivals
        When they come. [request/s]

    Examples
    --------
    >>> single(1000, 200, rate=4.0).at(2.0).arrivals.rate
    2.0
    """

    streams: tuple
    arrivals: Arrivals

    def __post_init__(self):
        is_tuple = isinstance(self.streams, tuple) and self.streams
        if not is_tuple or not all(isinstance(stream, Stream) for stream in self.streams):
            raise ValueError(f"traffic: streams is {shown(self.streams)}; it must be a tuple of at least one Stream")
        if not isinstance(self.arrivals, Arrivals):
            raise ValueError(f"traffic: arrivals is {shown(self.arrivals)}; it must be Arrivals")

    def at(self, rate: float) -> "Traffic":
        """Let the same requests come at another rate.

        Parameters
        ----------
        rate : float
            The rate. [request/s]

        Returns
        -------
        Traffic
            The traffic. [-]

        Examples
        --------
        >>> single(1000, 200).at(7.0).arrivals.rate
        7.0
        """
        return replace(self, arrivals=replace(self.arrivals, rate=rate))

    def mean(self, of) -> float:
        """Average something over all kinds and lengths, exactly.

        Parameters
        ----------
        of : callable
            Takes arrays of input, output and cached tokens, and gives an array. [-]

        Returns
        -------
        float
            The mean. [-]

        Examples
        --------
        >>> single(1000, 200).mean(lambda prompt, reply, cached: prompt + reply)
        1200.0
        """
        weights = [stream.weight for stream in self.streams]
        means = [_stream_mean(stream, of) for stream in self.streams]
        return float(numpy.average(means, weights=weights))


def _stream_mean(stream: Stream, of) -> float:
    prompts, prompt_counts = _table(stream.input.values)
    replies, reply_counts = _table(stream.output.values)
    cached = _cached(prompts, stream.cached_share)
    # Prompt and reply are drawn apart: every pair of lengths may occur.
    found = numpy.asarray(of(prompts[:, None].astype(float), replies[None, :].astype(float), cached[:, None] * 1.0))
    # What depends on one of the two alone has one row, or one column.
    for axis, counts in ((1, reply_counts), (0, prompt_counts)):
        if found.shape[axis] > 1:
            found = numpy.average(found, axis=axis, weights=counts, keepdims=True)
    return float(found[0, 0])


@lru_cache(maxsize=64)
def _table(values: tuple) -> tuple:
    """The different lengths, and how often each occurs."""
    return numpy.unique(values, return_counts=True)


def _cached(prompts, share):
    """Tokens of prompts that need no reading; the last token always does, for the first of the reply comes from it."""
    return numpy.minimum(numpy.floor(prompts * share).astype(int), prompts - 1)


def single(input_tokens: int, output_tokens: int, *, rate: float = 1.0, cached_share: float = 0.0) -> Traffic:
    """Make traffic of equal requests that come whenever they like.

    Parameters
    ----------
    input_tokens, output_tokens : int
        Lengths of prompt and reply. [token]
    rate : float, optional
        How many come. [request/s]
    cached_share : float, optional
        Share of a prompt in the prefix cache. [-]

    Returns
    -------
    Traffic
        The traffic. [-]

    Raises
    ------
    ValueError
        If a number is out of range.

    Examples
    --------
    >>> single(2035, 300).streams[0].input.mean
    2035.0
    """
    lengths = [
        Lengths((whole("traffic", field, value),))
        for field, value in (("input_tokens", input_tokens), ("output_tokens", output_tokens))
    ]
    stream = Stream(input=lengths[0], output=lengths[1], cached_share=cached_share)
    return Traffic(streams=(stream,), arrivals=Arrivals(rate=rate))


def draw(traffic: Traffic, count: int, seed: int) -> Requests:
    """Draw requests; the same seed draws the same.

    Parameters
    ----------
    traffic : Traffic
        What arrives. [-]
    count : int
        How many requests. [request]
    seed : int
        Where chance begins. [-]

    Returns
    -------
    Requests
        The requests. [-]

    Raises
    ------
    ValueError
        If there is no request to draw, or the seed is no whole number.

    Notes
    -----
    At another rate the same seed draws the same requests, their gaps stretched:
    what then differs is due to the rate.

    Examples
    --------
    >>> draw(single(1000, 200, rate=4.0), 3, seed=1).input_tokens.tolist()
    [1000, 1000, 1000]
    """
    whole("draw", "count", count)
    whole("draw", "seed", seed, 0)
    times, lengths = (numpy.random.default_rng(part) for part in numpy.random.SeedSequence(seed).spawn(2))
    arrivals, streams = traffic.arrivals, traffic.streams
    if arrivals.pattern == "together":
        gaps = numpy.zeros(count)
    elif arrivals.pattern == "regular":
        gaps = numpy.full(count, 1.0)
    else:
        shape = 1 / arrivals.gap_variation**2
        gaps = times.gamma(shape, 1 / shape, count)
    weights = numpy.array([stream.weight for stream in streams], dtype=float)
    kind = lengths.choice(len(streams), size=count, p=weights / weights.sum())
    drawn = {name: numpy.zeros(count, int) for name in ("input_tokens", "output_tokens", "cached_tokens", "priority")}
    for number, stream in enumerate(streams):
        chosen = numpy.flatnonzero(kind == number)
        prompts = lengths.choice(stream.input.values, size=len(chosen))
        drawn["input_tokens"][chosen] = prompts
        drawn["output_tokens"][chosen] = lengths.choice(stream.output.values, size=len(chosen))
        drawn["cached_tokens"][chosen] = _cached(prompts, stream.cached_share)
        drawn["priority"][chosen] = stream.priority
    return Requests(arrival=numpy.cumsum(gaps) / arrivals.rate, **drawn)
