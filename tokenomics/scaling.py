"""How much faster more devices are, and what they have room for: closed forms."""

__all__ = [
    "bubble_share",
    "cache_room_share",
    "even_message",
    "half_devices",
    "scaled_time",
    "scaling_efficiency",
]


def scaled_time(divided_time, delay, devices):
    """Time a step of which one part is divided among devices and the other is not.

    Parameters
    ----------
    divided_time : float or ndarray
        Time that one device would need for what they share. [s]
    delay : float or ndarray
        What each step pays, however many they are. [s]
    devices : float or ndarray
        Devices. [-]

    Returns
    -------
    float or ndarray
        Time of the step. [s]

    Notes
    -----
    Equation :eq:`eq-scaled-step`: Amdahl's law for a step. Valid while the work
    divides evenly; the latency of a call may itself grow with the devices.

    References
    ----------
    G. M. Amdahl, "Validity of the single processor approach to achieving large
    scale computing capabilities", AFIPS Spring Joint Computer Conference, 1967.

    Examples
    --------
    >>> scaled_time(0.064, 0.002, 4)
    0.018000000000000002
    """
    return divided_time / devices + delay


def scaling_efficiency(divided_time, delay, devices):
    """Find which share of the devices' time goes into the work that they divide.

    Parameters
    ----------
    divided_time : float or ndarray
        Time that one device would need for what they share. [s]
    delay : float or ndarray
        What each step pays, however many they are. [s]
    devices : float or ndarray
        Devices. [-]

    Returns
    -------
    float or ndarray
        Share, one without a delay. [-]

    Notes
    -----
    Equation :eq:`eq-scaling-efficiency`: the step if nothing were lost, over the
    step of :func:`scaled_time`.

    Examples
    --------
    >>> scaling_efficiency(0.064, 0.004, 16)
    0.5
    """
    return 1 / (1 + devices * delay / divided_time)


def half_devices(divided_time, delay):
    """Find the number of devices at which half of their time is lost.

    Parameters
    ----------
    divided_time : float or ndarray
        Time that one device would need for what they share. [s]
    delay : float or ndarray
        What each step pays, however many they are. [s]

    Returns
    -------
    float or ndarray
        Devices. [-]

    Notes
    -----
    Equation :eq:`eq-half-devices`: there the divided part of a step is as long
    as its delay, and no number of devices makes the step half as long again.

    Examples
    --------
    >>> half_devices(0.064, 0.004)
    16.0
    """
    return divided_time / delay


def even_message(latency, link, devices):
    """Find the vector whose all-reduce spends as long on the wire as on the call.

    Parameters
    ----------
    latency : float or ndarray
        Time of a call that sends nothing. [s]
    link : float or ndarray
        Bandwidth of a device to its peers that is reached. [byte/s]
    devices : float or ndarray
        Devices, two or more. [-]

    Returns
    -------
    float or ndarray
        The vector. [byte]

    Notes
    -----
    Equation :eq:`eq-even-message`, from :func:`tokenomics.parallelism.all_reduce_time`:
    smaller vectors pay for the call, larger ones for the bytes.

    Examples
    --------
    >>> round(even_message(1e-5, 200e9, 2))
    2000000
    """
    return latency * link * devices / (2 * (devices - 1))


def bubble_share(stages, parts):
    """Find the idle share of a pipeline that is filled, drained and left.

    Parameters
    ----------
    stages : float or ndarray
        Stages of the pipeline. [-]
    parts : float or ndarray
        Parts of equal size that the batch is cut into. [-]

    Returns
    -------
    float or ndarray
        Share of the stages' time. [-]

    Notes
    -----
    Equation :eq:`eq-bubble`: each stage has a turn for each part and waits for
    the others to begin or to end. Decoding goes round and round: it pays this
    once, if there are at least as many parts as stages.

    References
    ----------
    Y. Huang et al., *GPipe*, arXiv:1811.06965.

    Examples
    --------
    >>> bubble_share(4, 1), bubble_share(4, 12)
    (0.75, 0.2)
    """
    return (stages - 1) / (parts + stages - 1)


def cache_room_share(devices, memory, memory_share, weights):
    """Find which share of the memory is left for the cache.

    Parameters
    ----------
    devices : float or ndarray
        Devices. [-]
    memory : float or ndarray
        Memory of one. [byte]
    memory_share : float or ndarray
        Share of it that weights and cache may take. [-]
    weights : float or ndarray
        Weights that all devices hold together. [byte]

    Returns
    -------
    float or ndarray
        Share of the memory that may be taken; below zero when the weights do not
        fit. [-]

    Notes
    -----
    Equation :eq:`eq-cache-room`.

    Examples
    --------
    >>> cache_room_share(4, 80e9, 0.75, 120e9)
    0.5
    """
    return 1 - weights / (devices * memory_share * memory)
