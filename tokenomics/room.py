"""What the weights and one sequence need of memory, and what would hold them."""

from typing import NamedTuple

from .elementwise import ceil, maximum, minimum

__all__ = ["Room", "room_for_one"]


class Room(NamedTuple):
    """What one sequence needs, and what there is.

    Parameters
    ----------
    cache : float or ndarray
        Cache of the sequence at its end. [byte]
    needed, available : float or ndarray
        Weights and that cache; what the devices give to both. [byte]
    devices : float or ndarray
        Devices like these that would hold them. [-]
    bits : float or ndarray
        Size of a weight at which they would fit. [bit]

    Examples
    --------
    >>> Room._fields[:2]
    ('cache', 'needed')
    """

    cache: float
    needed: float
    available: float
    devices: float
    bits: float


def room_for_one(server, memory_share, weight_bits, end) -> Room:
    """Say what the weights and one sequence need, and what would hold them.

    Parameters
    ----------
    server : Server
        The deployment in numbers. [-]
    memory_share : float or ndarray
        Share of the memory that weights and cache may take. [-]
    weight_bits : float or ndarray
        Stored size of a weight. [bit]
    end : float or ndarray
        Length of the sequence at its end. [token]

    Returns
    -------
    Room
        What is needed, what there is, and what would do. [-]

    Examples
    --------
    >>> from tokenomics.deployment import deployment
    >>> room_for_one(deployment("llama-3.3-70b", "H100-SXM-80GB").server, 0.9, 16, 2335).devices
    2
    """
    room = memory_share * server.memory
    cache = server.cache[0] * end + server.cache[1] * minimum(end, server.window)
    needed = server.held_weights + cache
    left = maximum(0.0, server.devices * room - cache)
    return Room(
        cache=cache,
        needed=needed,
        available=server.devices * room,
        devices=ceil(needed / room),
        bits=weight_bits * left / server.held_weights,
    )
