"""How fast a deployment goes: the time of any pass, reduced to a few numbers so that a simulation can ask often."""

import dataclasses
from typing import NamedTuple

from .deployment import Deployment
from .efficiency import ENDLESS
from .elementwise import maximum
from .parallelism import microbatch
from .passes import compute_share, forward_pass, prompt_pairs

__all__ = ["Batch", "Pace"]


class Batch(NamedTuple):
    """The time of a decode step of so many sequences, as a function of their context.

    Parameters
    ----------
    fixed : float
        What does not depend on the context. [s]
    eager : float
        What comes on top when no captured graph fits. [s]
    slopes : tuple of (float, float)
        Seconds for each token of context of all sequences together, and for each within the
        window: of the memory, of the readers of the cache, of the arithmetic. The slowest counts. [s/token]

    Examples
    --------
    >>> Batch(0.02, 0.0, ((1e-7, 0.0),)).slopes[0][0]
    1e-07
    """

    fixed: float
    eager: float
    slopes: tuple


class Pace:
    """The times of a deployment, ready to be asked.

    Parameters
    ----------
    deployment : Deployment
        What runs where. [-]

    Attributes
    ----------
    budget : float
        Memory for the KV cache. [byte]
    cache : tuple of float
        Bytes that a token takes: where all of the context is kept, and within the window. [byte/token]
    window : float
        How far layers with a window look back. [token]
    capture_limit : float
        Longest context of a captured graph; endless where there is no such limit. [token]

    Notes
    -----
    Equation :eq:`eq-pass`. For a given number of sequences the time of a step is the largest of a few
    straight lines in the context. They are taken from :func:`tokenomics.passes.forward_pass` itself, once
    for each number of sequences; nothing is approximated.

    Examples
    --------
    >>> from tokenomics.deployment import deployment
    >>> pace = Pace(deployment("llama-3.3-70b", "H100-SXM-80GB", tensor=4, engine="vllm"))
    >>> round(1000 * pace.step(8, 8 * 2000))
    20
    """

    def __init__(self, deployment: Deployment):
        self.server, self.constants = deployment.server, deployment.efficiency
        self.compute = compute_share(self.constants, deployment.arithmetic)
        server, constants = self.server, self.constants
        self.budget = constants.memory_share * server.devices * server.memory - server.held_weights
        self.cache = server.cache
        self.window = server.window
        self.capture_limit = constants.capture_limit if constants.eager_time and constants.capture_limit else ENDLESS
        self._free_readers = dataclasses.replace(constants, stream_rate=ENDLESS)
        self._batches = {}

    def batch(self, running) -> Batch:
        """Give the lines of a batch.

        Parameters
        ----------
        running : float
            Sequences that decode together. [-]

        Returns
        -------
        Batch
            The lines. [s]

        Examples
        --------
        >>> from tokenomics.deployment import deployment
        >>> pace = Pace(deployment("llama-3.3-70b", "H100-SXM-80GB", tensor=4, engine="vllm"))
        >>> len(pace.batch(8).slopes)
        1
        """
        if (found := self._batches.get(running)) is None:
            found = self._batches[running] = self._lines(running)
        return found

    def _lines(self, running) -> Batch:
        bare, eager = self._decode(running), self._decode(running, eager=1)
        full, windowed = self._decode(running, context=1), self._decode(running, seen=1)
        memory = self._decode(running, constants=self._free_readers, context=1)
        # The readers are timed on layers without a window alone, and only where they are slower than the memory.
        readers = full.cache if full.cache > memory.cache else 0.0
        slopes = ((memory.cache, windowed.cache), (readers, 0.0), (full.attention, windowed.attention))
        slopes = {(of_full / running, of_windowed / running) for of_full, of_windowed in slopes}
        # A line below another everywhere never counts.
        kept = [line for line in slopes if not any(_above(other, line) for other in slopes)]
        return Batch(bare.time, eager.time - bare.time, tuple(sorted(kept)))

    def _decode(self, running, constants=None, **where):
        staged = microbatch(running, self.server.pipeline)
        return forward_pass(
            self.server, constants or self.constants, self.compute, running=running, staged=staged, **where
        )

    def step(self, running, context, seen=None, eager=0) -> float:
        """Time a decode step.

        Parameters
        ----------
        running : float
            Sequences that decode together. [-]
        context : float
            Tokens that all of them together look back at. [token]
        seen : float or None, optional
            Those of them within the window; None is all. [token]
        eager : float, optional
            1 where no captured graph fits, else 0. [-]

        Returns
        -------
        float
            Its time. [s]

        Examples
        --------
        >>> from tokenomics.deployment import deployment
        >>> pace = Pace(deployment("llama-3.3-70b", "H100-SXM-80GB", tensor=4, engine="vllm"))
        >>> round(1000 * pace.step(1, 2000))
        18
        """
        fixed, extra, slopes = self.batch(running)
        seen = context if seen is None else seen
        return fixed + eager * extra + max(full * context + windowed * seen for full, windowed in slopes)

    def prompt(self, tokens, pairs, ends=1, reread=(0, 0), share=1.0, passes=1) -> float:
        """Time passes that read prompts and do nothing else.

        Parameters
        ----------
        tokens : float
            Tokens that are read. [token]
        pairs : tuple of float
            Pairs of query and key, without and with a window. [-]
        ends : float, optional
            Prompts that end in them. [-]
        reread : tuple of float, optional
            Tokens of earlier passes, or from the prefix cache, that they look back at. [token]
        share : float, optional
            Share of the prompts on one stage at a time. [-]
        passes : float, optional
            How many passes it takes. [-]

        Returns
        -------
        float
            Their time. [s]

        Examples
        --------
        >>> from tokenomics.deployment import deployment
        >>> pace = Pace(deployment("llama-3.3-70b", "H100-SXM-80GB", tensor=4, engine="vllm"))
        >>> round(1000 * pace.prompt(2035, pace.pairs(2035)))
        171
        """
        return self.mixed(0, 0, 0, 0, tokens, pairs, ends, reread, share, passes)

    def mixed(self, running, context, seen, eager, tokens, pairs, ends=1, reread=(0, 0), share=1.0, passes=1) -> float:
        """Time a pass that gives running sequences a token and reads a piece of prompts beside.

        Parameters
        ----------
        running, context, seen, eager : float
            As for a step. [-]
        tokens, pairs, ends, reread, share, passes : float
            As for prompts. [-]

        Returns
        -------
        float
            Its time. [s]

        Examples
        --------
        >>> from tokenomics.deployment import deployment
        >>> pace = Pace(deployment("llama-3.3-70b", "H100-SXM-80GB", tensor=4, engine="vllm"))
        >>> pace.mixed(8, 8 * 2000, 8 * 2000, 0, 504, pace.pairs(504)) > pace.step(8, 8 * 2000)
        True
        """
        return forward_pass(
            self.server,
            self.constants,
            self.compute,
            running=running,
            staged=microbatch(running, self.server.pipeline) if running else 0,
            context=context / running if running else 0,
            seen=seen / running if running else 0,
            eager=eager,
            prompts=share * ends,
            tokens=share * tokens,
            pairs=(share * pairs[0], share * pairs[1]),
            reread=(share * reread[0], share * reread[1]),
            passes=passes,
        ).time

    def pairs(self, tokens, cached=0) -> tuple:
        """Count the pairs of query and key of a prompt.

        Parameters
        ----------
        tokens, cached : float
            The prompt, and how much of it was read before. [token]

        Returns
        -------
        tuple of float
            Without and with a window. [-]

        Examples
        --------
        >>> from tokenomics.deployment import deployment
        >>> pace = Pace(deployment("llama-3.3-70b", "H100-SXM-80GB", tensor=4, engine="vllm"))
        >>> pace.pairs(3)
        (6.0, 6.0)
        """
        return prompt_pairs(self.server, tokens, cached)

    def stage_share(self, prompts) -> float:
        """Find the share of some prompts that is on one stage at a time.

        Parameters
        ----------
        prompts : int
            Prompts that are read one after the other. [-]

        Returns
        -------
        float
            The share: all of a single prompt. [-]

        Examples
        --------
        >>> from tokenomics.deployment import deployment
        >>> pace = Pace(deployment("llama-3.3-70b", "H100-SXM-80GB", tensor=4, engine="vllm"))
        >>> pace.stage_share(5)
        1.0
        """
        return maximum(1 / self.server.pipeline, 1 / prompts)

    def held(self, tokens) -> float:
        """Count the cache of a sequence.

        Parameters
        ----------
        tokens : float
            Its length. [token]

        Returns
        -------
        float
            What it holds. [byte]

        Examples
        --------
        >>> from tokenomics.deployment import deployment
        >>> pace = Pace(deployment("llama-3.3-70b", "H100-SXM-80GB", tensor=4, engine="vllm"))
        >>> pace.held(1000)
        327680000.0
        """
        return self.cache[0] * tokens + self.cache[1] * min(tokens, self.window)


def _above(line, other) -> bool:
    return line != other and line[0] >= other[0] and line[1] >= other[1]
