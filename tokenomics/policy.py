"""How a server decides: what runs together, what waits, what gives way."""

from dataclasses import dataclass

from . import catalogue
from .checks import between, choice, positive, whole

__all__ = ["Policy", "host_link"]

_OPTIONAL = ("batch_size", "chunk_tokens", "max_sequences", "queue_limit")


def host_link(name: str = "PCIe-5-x16") -> float:
    """Look up the bandwidth between a device and the memory of its host.

    Parameters
    ----------
    name : str, optional
        Its name in the catalogue. [-]

    Returns
    -------
    float
        Bandwidth in one direction. [byte/s]

    Raises
    ------
    ValueError
        If the catalogue has no such name.

    Examples
    --------
    >>> host_link()
    64000000000.0
    """
    links = {row["name"]: float(row["gb_s"]) * 1e9 for row in catalogue.rows("host_links")}
    return links[choice("policy", "host_link", name, links)]


@dataclass(frozen=True, kw_only=True)
class Policy:
    """The rules of a scheduler.

    Parameters
    ----------
    batching : str, optional
        ``continuous``: a request joins as soon as there is room; ``static``: batches
        of a given size, the next when all of the last have ended; ``dynamic``: the
        same, but a batch that does not fill in time starts smaller. [-]
    batch_size : int or None, optional
        Size of a static or dynamic batch; those need it. [-]
    wait_limit : float, optional
        Longest that the first of a dynamic batch waits for others. [s]
    chunk_tokens : int or None, optional
        Tokens of a pass that decodes and reads a piece of the prompts beside; None
        reads prompts whole and first, and decoding stands still meanwhile. [token]
    max_sequences : int or None, optional
        Sequences that run at once; None is what the engine allows. [-]
    admission : str, optional
        ``prompt``: a request starts when its prompt fits, and may have to give way
        later; ``reply``: when its whole reply fits too, which a real server does not
        know beforehand, except as the most it allows. [-]
    preemption : str, optional
        What happens to the cache of a request that gives way: ``recompute`` drops
        it and reads everything again, ``swap`` moves it to the host and back. [-]
    watermark : float, optional
        Share of the cache that admission on the prompt leaves free. [-]
    host_link : float, optional
        Bandwidth of one device to its host, for swapping. [byte/s]
    queue_limit : int or None, optional
        Requests that may wait; further ones are turned away. None is no limit. [request]

    Examples
    --------
    >>> Policy(batching="dynamic", batch_size=8).wait_limit
    0.05
    """

    batching: str = "continuous"
    batch_size: int | None = None
    wait_limit: float = 0.05
    chunk_tokens: int | None = None
    max_sequences: int | None = None
    admission: str = "prompt"
    preemption: str = "recompute"
    watermark: float = 0.01
    host_link: float = host_link()
    queue_limit: int | None = None

    def __post_init__(self):
        choice("policy", "batching", self.batching, ["continuous", "dynamic", "static"])
        choice("policy", "admission", self.admission, ["prompt", "reply"])
        choice("policy", "preemption", self.preemption, ["recompute", "swap"])
        for field in _OPTIONAL:
            if getattr(self, field) is not None:
                whole("policy", field, getattr(self, field))
        if self.batching != "continuous" and self.batch_size is None:
            raise ValueError(f"policy: batch_size is None; {self.batching} batching needs a whole number of at least 1")
        between("policy", "wait_limit", self.wait_limit, 0)
        between("policy", "watermark", self.watermark, 0, 0.5)
        positive("policy", "host_link", self.host_link)
