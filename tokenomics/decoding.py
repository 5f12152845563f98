"""The sequences that decode together: what they look back at, and which of them is next to end."""

from heapq import heappop, heappush

from .sequences import Sequence

__all__ = ["Decoding"]

_WINDOW, _CAPTURE = 0, 1


class Decoding:
    """Sequences that decode together, each gaining one token a step.

    Parameters
    ----------
    window : float
        How far layers with a window look back. [token]
    capture_limit : float
        Longest context of a captured graph. [token]

    Attributes
    ----------
    running : int
        The sequences. [-]
    context, seen : int
        Tokens that all of them together look back at, and those within the window. [token]
    growing, eager : int
        Sequences that have not yet filled the window, and that have outgrown the graphs. [-]
    steps : int
        Steps taken so far, by whatever batch. [-]

    Notes
    -----
    The end of each sequence stands fixed from the moment that it joins, counted in steps. A heap of ends
    gives the next one, so a step costs the same however many run. A second heap holds the steps at which a
    sequence fills the window or outgrows the graphs.

    Examples
    --------
    >>> batch = Decoding(1e18, 1e18)
    >>> sequence = Sequence(0, 0.0, 100, 20, 0, 0)
    >>> batch.join(sequence)
    >>> batch.next_event(), [ended.index for ended in batch.advance(20)]
    (20, [0])
    """

    def __init__(self, window: float, capture_limit: float):
        # Whole numbers, so that steps are.
        self.window, self.capture_limit = int(window), int(capture_limit)
        self.running = self.context = self.seen = self.growing = self.eager = self.steps = 0
        self._ends, self._marks, self._joined = [], [], 0

    def join(self, sequence: Sequence):
        """Let a sequence decode with the others.

        Parameters
        ----------
        sequence : Sequence
            The sequence. [-]

        Examples
        --------
        >>> batch = Decoding(1e18, 1e18)
        >>> batch.join(Sequence(0, 0.0, 100, 20, 0, 0))
        >>> batch.context
        100
        """
        left = sequence.reply - sequence.produced
        context = sequence.prompt + sequence.produced
        sequence.finish = self.steps + left
        self._joined += 1
        sequence.ticket = self._joined
        self.running += 1
        self.context += context
        self.seen += min(context, self.window)
        heappush(self._ends, (sequence.finish, sequence.index, sequence))
        if context < self.window:
            self.growing += 1
            self._mark(self.window - context, left, _WINDOW, sequence)
        if context > self.capture_limit:
            self.eager += 1
        else:
            self._mark(self.capture_limit - context + 1, left, _CAPTURE, sequence)

    def _mark(self, steps, left, kind, sequence):
        """Note that a sequence will outgrow something, if it does until it ends."""
        if steps <= left:
            heappush(self._marks, (self.steps + steps, sequence.ticket, kind, sequence))

    def leave(self, sequence: Sequence):
        """Take a sequence out of the batch.

        Parameters
        ----------
        sequence : Sequence
            The sequence; what it has produced is written into it. [-]

        Examples
        --------
        >>> batch, sequence = Decoding(1e18, 1e18), Sequence(0, 0.0, 100, 20, 0, 0)
        >>> batch.join(sequence)
        >>> batch.leave(sequence)
        >>> batch.running, batch.context
        (0, 0)
        """
        sequence.produced = sequence.reply - (sequence.finish - self.steps)
        sequence.finish, sequence.ticket = -1, 0
        context = sequence.prompt + sequence.produced
        self.running -= 1
        self.context -= context
        self.seen -= min(context, self.window)
        self.growing -= context < self.window
        self.eager -= context > self.capture_limit

    def next_event(self) -> int:
        """Count the steps until a sequence ends or outgrows something.

        Returns
        -------
        int
            Steps; the batch must not be empty. [-]

        Examples
        --------
        >>> batch = Decoding(1e18, 110)
        >>> batch.join(Sequence(0, 0.0, 100, 20, 0, 0))
        >>> batch.next_event()
        11
        """
        # Those that gave way are still in the heap.
        while self._ends[0][2].finish != self._ends[0][0]:
            heappop(self._ends)
        upcoming = self._ends[0][0]
        if self._marks:
            upcoming = min(upcoming, self._marks[0][0])
        return upcoming - self.steps

    def advance(self, steps: int) -> list:
        """Take steps, no more than until the next event.

        Parameters
        ----------
        steps : int
            How many. [-]

        Returns
        -------
        list of Sequence
            Those that ended; they have left. [-]

        Examples
        --------
        >>> batch = Decoding(1e18, 1e18)
        >>> batch.join(Sequence(0, 0.0, 100, 20, 0, 0))
        >>> batch.advance(5), batch.context
        ([], 105)
        """
        self.steps += steps
        self.context += steps * self.running
        self.seen += steps * self.growing
        while self._marks and self._marks[0][0] <= self.steps:
            _, ticket, kind, sequence = heappop(self._marks)
            # One that gave way and came back has a mark of each time; its end may even be the same.
            if sequence.ticket == ticket:
                self.growing -= kind == _WINDOW
                self.eager += kind == _CAPTURE
        ended = []
        while self._ends and self._ends[0][0] <= self.steps:
            finish, _, sequence = heappop(self._ends)
            if sequence.finish == finish:
                self.leave(sequence)
                ended.append(sequence)
        return ended
