"""The scheduler: it jumps from event to event, for between events the batch is constant."""

import math
from collections import deque
from heapq import heapify, heappop, heappush

from .decoding import Decoding
from .pace import Pace
from .policy import Policy
from .recording import Record
from .sequences import steps_within

__all__ = ["Scheduler"]


class Scheduler:
    """A server at work.

    Parameters
    ----------
    pace : Pace
        How fast it goes. [-]
    policy : Policy
        Its rules. [-]
    arrivals : iterable of Sequence
        What arrives, in order. [-]
    record : Record
        Where it is written down. [-]
    ranked : bool, optional
        Whether requests differ in priority. [-]

    Notes
    -----
    Every running sequence gains one token a step. So the end of each stands fixed, counted in steps, from
    the moment that it joins, and a heap of ends gives the next event. Until then, the next arrival that may
    join, or the end of the memory, the time of the steps is a sum of equal increments.

    Examples
    --------
    >>> from tokenomics.deployment import deployment
    >>> pace = Pace(deployment("llama-3.1-8b", "H100-SXM-80GB"))
    >>> from tokenomics.sequences import Sequence
    >>> record = Record(1)
    >>> Scheduler(pace, Policy(), [Sequence(0, 0.0, 100, 20, 0, 0)], record).run()
    >>> record.tokens
    20
    """

    def __init__(self, pace: Pace, policy: Policy, arrivals, record: Record, ranked: bool = False):
        self.pace, self.policy, self.record, self.ranked = pace, policy, record, ranked
        self.arrivals = iter(arrivals)
        self.next = next(self.arrivals, None)
        allowed = policy.max_sequences or pace.constants.max_sequences
        # A pass of chunk_tokens gives each running sequence a token, and needs one for a prompt.
        self.limit = int(min(allowed, policy.chunk_tokens or allowed, 10**9))
        self.by_prompt = policy.admission == "prompt"
        self.continuous = policy.batching == "continuous"
        self.watermark = policy.watermark * pace.budget
        self.now = 0.0
        self.waiting, self.reading = [], deque()
        self.inside = 0  # admitted: reading or decoding
        self.in_a_row = 0  # prompts read without a pause: they fill the stages of a pipeline
        self.batch = Decoding(pace.window, pace.capture_limit)
        self.read_context = self.read_seen = 0
        self.reserved = 0.0
        self.victims = []

    def run(self):
        """Work until all that arrived has left.

        Examples
        --------
        >>> from tokenomics.deployment import deployment
        >>> record = Record(0)
        >>> Scheduler(Pace(deployment("llama-3.1-8b", "L40S")), Policy(), [], record).run()
        >>> record.steps
        0
        """
        while True:
            self._take_arrivals()
            self._admit()
            if self.reading:
                self._read()
            elif self.batch.running:
                self._decode()
            elif not self._wait():
                return

    def _take_arrivals(self):
        while self.next is not None and self.next.arrival <= self.now:
            sequence, self.next = self.next, next(self.arrivals, None)
            full = self.policy.queue_limit is not None and len(self.waiting) >= self.policy.queue_limit
            if full or self.pace.held(sequence.prompt + sequence.reply) > self.pace.budget:
                self.record.refuse(sequence, never_fits=not full)
                continue
            self.record.waiting_area += self.now - sequence.arrival
            heappush(self.waiting, (sequence.priority, sequence.index, sequence))

    def _wait(self) -> bool:
        """Let time pass until something can start; say whether anything ever will."""
        until = math.inf if self.next is None else self.next.arrival
        if self.waiting and self.policy.batching == "dynamic":
            until = min(until, self.waiting[0][2].arrival + self.policy.wait_limit)
        if until == math.inf:
            return False
        self._advance(until - self.now, "idle")
        self.now = until  # not a rounding before it
        return True

    def _admit(self):
        limit = self.limit
        if not self.continuous:
            if self.inside or not self._batch_is_ready():
                return
            limit = min(limit, self.policy.batch_size)
        while self.waiting and self.inside < limit and self._fits(self.waiting[0][2]):
            sequence = heappop(self.waiting)[2]
            self.inside += 1
            if not self.by_prompt:
                self.reserved += self.pace.held(sequence.prompt + sequence.reply)
            if sequence.swapped:
                self._swap(sequence)
                self._join(sequence)
            else:
                self.in_a_row = self.in_a_row + 1 if self.reading else 1
                self.reading.append(sequence)
                # With the token that it is read for, so that there is room for the first step too.
                tokens = sequence.prompt + sequence.produced + 1
                self.read_context += tokens
                self.read_seen += min(tokens, self.pace.window)

    def _batch_is_ready(self) -> bool:
        if not self.waiting:
            return False
        late = self.policy.batching == "dynamic" and (
            self.now >= self.waiting[0][2].arrival + self.policy.wait_limit
        )
        return late or self.next is None or len(self.waiting) >= self.policy.batch_size

    def _fits(self, sequence) -> bool:
        if not self.by_prompt:
            return self.reserved + self.pace.held(sequence.prompt + sequence.reply) <= self.pace.budget
        needed = self.pace.held(sequence.prompt + sequence.produced + 1)
        return not self.inside or self._used() + needed <= self.pace.budget - self.watermark

    def _used(self) -> float:
        """The cache that is in use, in bytes."""
        full, windowed = self.pace.cache
        return full * (self.batch.context + self.read_context) + windowed * (self.batch.seen + self.read_seen)

    def _growth(self) -> float:
        """What a step adds to it, in bytes."""
        return self.pace.cache[0] * self.batch.running + self.pace.cache[1] * self.batch.growing

    def _read(self):
        """One pass over prompts; with chunks, decoding goes on in the same pass."""
        chunked = self.policy.chunk_tokens is not None
        if chunked and self.by_prompt and self.batch.running and self._used() > self.pace.budget:
            return self._preempt()
        running = self.batch.running if chunked else 0
        room = (self.policy.chunk_tokens if chunked else int(self.pace.constants.pass_tokens)) - running
        share = self.pace.stage_share(self.in_a_row)
        tokens = full_pairs = windowed_pairs = again = again_seen = 0
        ended = []
        while self.reading and tokens < room:
            sequence = self.reading[0]
            piece = min(sequence.todo, room - tokens)
            start = sequence.prompt + sequence.produced - sequence.todo
            pairs = self.pace.pairs(start + piece, start)
            full_pairs, windowed_pairs = full_pairs + pairs[0], windowed_pairs + pairs[1]
            again, again_seen = again + start, again_seen + min(start, self.pace.window)
            sequence.todo -= piece
            tokens += piece
            if not sequence.todo:
                ended.append(self.reading.popleft())
        pieces = (tokens, (full_pairs, windowed_pairs), len(ended), (again, again_seen), share)
        if running:
            batch = self.batch
            time = self.pace.mixed(running, batch.context, batch.seen, float(batch.eager > 0), *pieces)
        else:
            time = self.pace.prompt(*pieces)
        self.record.prompt_tokens += tokens
        self.record.peak(self._used())
        self._advance(time, "mixed" if running else "prompt", 1 if running else 0)
        for sequence in ended:
            sequence.produced += 1
            length = sequence.prompt + sequence.produced
            self.read_context -= length
            self.read_seen -= min(length, self.pace.window)
            self.record.tokens += 1
            if sequence.produced == 1:
                self.record.first_token(sequence, self.now)
            if sequence.produced == sequence.reply:
                self._end(sequence)
            else:
                self._join(sequence)

    def _join(self, sequence):
        """Let a sequence decode with the others; if it may have to give way, note it and forget those that left."""
        self.batch.join(sequence)
        if self.by_prompt:
            heappush(self.victims, (-sequence.priority, -sequence.index, sequence.finish, sequence))
            if len(self.victims) > 2 * self.batch.running + 64:
                self.victims = [entry for entry in self.victims if entry[3].finish == entry[2]]
                heapify(self.victims)

    def _end(self, sequence):
        self.inside -= 1
        if not self.by_prompt:
            self.reserved -= self.pace.held(sequence.prompt + sequence.reply)
        self.record.end(sequence, self.now)

    def _decode(self):
        """As many decode steps as nothing interrupts."""
        batch = self.batch
        fixed, eager, slopes = self.pace.batch(batch.running)
        steps, used, growth = batch.next_event(), self._used(), self._growth()
        if self.by_prompt:
            if used > self.pace.budget:
                return self._preempt()
            if growth:
                steps = min(steps, int((self.pace.budget - used) / growth) + 1)
        lines = [
            (full * batch.context + windowed * batch.seen, full * batch.running + windowed * batch.growing)
            for full, windowed in slopes
        ]
        start, rise = max(lines)
        for other, steeper in lines:
            if steeper > rise:
                steps = min(steps, max(1, math.ceil((start - other) / (steeper - rise))))
        first = fixed + start + (eager if batch.eager else 0.0)
        may_join = self.continuous and self.inside < self.limit and (self.ranked or not self.waiting)
        if may_join and self.next is not None:
            steps = min(steps, steps_within(self.next.arrival - self.now, first, rise))
        self.record.peak(used + (steps - 1) * growth)
        self._advance(steps * first + steps * (steps - 1) / 2 * rise, "decode", steps)

    def _advance(self, time, what, steps=0):
        """Let time pass, and every running sequence gain its tokens."""
        used = self._used() + steps / 2 * self._growth()
        self.record.interval(self.now, time, what, self.inside, len(self.waiting), used)
        self.now += time
        if steps:
            self.record.steps += steps
            self.record.tokens += steps * self.batch.running
            for sequence in self.batch.advance(steps):
                self._end(sequence)

    def _preempt(self):
        """Make the least urgent, latest sequence give way."""
        while True:
            _, _, finish, sequence = heappop(self.victims)
            if sequence.finish == finish:
                break
        self.batch.leave(sequence)
        self.inside -= 1
        self.record.preemptions += 1
        if self.policy.preemption == "swap":
            self._swap(sequence)
        else:
            sequence.todo = sequence.prompt + sequence.produced - sequence.cached
        heappush(self.waiting, (sequence.priority, sequence.index, sequence))

    def _swap(self, sequence):
        """Move the cache of a sequence to the host, or back."""
        sequence.swapped = not sequence.swapped
        moved = self.pace.held(sequence.prompt + sequence.produced)
        self._advance(moved / (self.policy.host_link * self.pace.server.devices), "swap")
