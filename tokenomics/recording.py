"""What a simulation writes down as it goes: times of requests, and integrals over time."""

import math

import numpy

from .sequences import Sequence

__all__ = ["Record"]

# A timeline is thinned to at most twice as many points.
_POINTS = 2000


class Record:
    """A record of a simulation.

    Parameters
    ----------
    count : int
        How many requests there are. [request]
    progress : callable or None, optional
        Called with the requests that have ended, a hundred times in all. [-]

    Examples
    --------
    >>> Record(3).tokens
    0
    """

    def __init__(self, count: int, progress=None):
        self.first, self.last = numpy.full(count, math.nan), numpy.full(count, math.nan)
        self.inside_area = self.waiting_area = self.cache_area = 0.0
        self.spent = dict.fromkeys(("idle", "prompt", "decode", "mixed", "swap"), 0.0)
        self.tokens = self.prompt_tokens = self.steps = self.preemptions = 0
        self.never_fit = self.turned_away = self.ended = 0
        self.largest = 0.0
        self.timeline = []
        self._stride, self._skipped = 1, 0
        self._progress, self._each = progress, max(1, count // 100)

    def refuse(self, sequence: Sequence, never_fits: bool):
        """Write down that a request was turned away.

        Parameters
        ----------
        sequence : Sequence
            The request. [-]
        never_fits : bool
            Whether its cache is larger than the server's, or the queue was full. [-]

        Examples
        --------
        >>> record = Record(1)
        >>> record.refuse(Sequence(0, 0.0, 100, 20, 0, 0), never_fits=True)
        >>> record.never_fit
        1
        """
        self.never_fit += never_fits
        self.turned_away += not never_fits

    def first_token(self, sequence: Sequence, now: float):
        """Write down a first token.

        Parameters
        ----------
        sequence : Sequence
            The request. [-]
        now : float
            The time. [s]

        Examples
        --------
        >>> record = Record(1)
        >>> record.first_token(Sequence(0, 0.0, 100, 20, 0, 0), 1.5)
        >>> float(record.first[0])
        1.5
        """
        self.first[sequence.index] = now

    def end(self, sequence: Sequence, now: float):
        """Write down an end.

        Parameters
        ----------
        sequence : Sequence
            The request. [-]
        now : float
            The time. [s]

        Examples
        --------
        >>> record = Record(1)
        >>> record.end(Sequence(0, 0.0, 100, 20, 0, 0), 4.0)
        >>> record.ended
        1
        """
        self.last[sequence.index] = now
        self.ended += 1
        if self._progress is not None and self.ended % self._each == 0:
            self._progress(self.ended)

    def peak(self, used: float):
        """Write down how large the cache was.

        Parameters
        ----------
        used : float
            Its size during a step. [byte]

        Examples
        --------
        >>> record = Record(1)
        >>> record.peak(1e9)
        >>> record.largest
        1000000000.0
        """
        self.largest = max(self.largest, used)

    def interval(self, start, time, what, inside, waiting, used):
        """Write down a stretch of time in which nothing came or went.

        Parameters
        ----------
        start, time : float
            When it began, and how long it is. [s]
        what : str
            What the server did: ``idle``, ``prompt``, ``decode``, ``mixed``, ``swap``. [-]
        inside, waiting : int
            Requests that run, and that wait. [request]
        used : float
            The mean size of the cache. [byte]

        Examples
        --------
        >>> record = Record(1)
        >>> record.interval(0.0, 2.0, "decode", 3, 0, 1e9)
        >>> record.inside_area
        6.0
        """
        self.spent[what] += time
        self.inside_area += inside * time
        self.waiting_area += waiting * time
        self.cache_area += used * time
        self._skipped += 1
        if self._skipped >= self._stride:
            self._skipped = 0
            self.timeline.append((start, inside, waiting, used))
            if len(self.timeline) > 2 * _POINTS:
                # Every second point goes, and from now on every second one is taken.
                self.timeline = self.timeline[::2]
                self._stride *= 2
