"""How fast requests are served over time: half a million at a load of 0.8, and the memory that it takes."""

import resource
import time

from tokenomics.deployment import deployment
from tokenomics.lengths import lognormal
from tokenomics.policy import Policy
from tokenomics.serving import simulate
from tokenomics.steady_state import steady_state
from tokenomics.traffic import Arrivals, Stream, Traffic, draw

REQUESTS = 500_000
LOAD = 0.8
# Seconds of one core for all of them; bytes that a request may add to what drawing it took.
TARGETS = {"seconds": 60.0, "bytes": 150.0}


def peak() -> float:
    """The most memory that this process has held so far: [byte]."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def verdict(value: float, target: str) -> str:
    return "within the target" if value <= TARGETS[target] else "OVER the target"


def main() -> None:
    place = deployment("llama-3.3-70b", "H100-SXM-80GB", tensor=4, engine="vllm")
    stream = Stream(input=lognormal(mean=800, spread=0.8), output=lognormal(mean=250, spread=0.7))
    traffic = Traffic(streams=(stream,), arrivals=Arrivals())
    for name, policy in (("whole prompts", Policy()), ("chunks of 1,024", Policy(chunk_tokens=1024))):
        at_load = traffic.at(LOAD * steady_state(place, traffic, policy).largest_rate)
        # A short run first, so that what is loaded once does not count.
        simulate(place, draw(at_load, REQUESTS // 50, seed=1), policy)
        requests, before = draw(at_load, REQUESTS, seed=1), peak()
        start = time.process_time()
        found = simulate(place, requests, policy)
        taken, grown = time.process_time() - start, (peak() - before) / REQUESTS
        print(
            f"{REQUESTS:,} requests at a load of {LOAD}, {name}: {taken:.1f} s, {verdict(taken, 'seconds')}; "
            f"{REQUESTS / taken:,.0f} requests a second, {found.tokens / taken / 1e6:.1f} million tokens a second; "
            f"{peak() / 1e6:.0f} MB at most, "
            f"{grown:.0f} bytes a request more than drawing it, {verdict(grown, 'bytes')}"
        )


if __name__ == "__main__":
    main()
