"""What a batch shares and what it does not: economies of scale in closed form."""

__all__ = ["critical_batch", "fill_wait", "half_batch", "output_limit", "rate_beside", "shared_rate"]


def shared_rate(batch, shared_time, own_time):
    """Find the throughput of a batch whose step has a shared part and a part for each sequence.

    Parameters
    ----------
    batch : float or ndarray
        Sequences that decode together. [-]
    shared_time : float or ndarray
        Part of a step that all share, such as the reading of weights. [s]
    own_time : float or ndarray
        Part that each sequence adds, such as the reading of its cache. [s]

    Returns
    -------
    float or ndarray
        Output of all sequences. [token/s]

    Notes
    -----
    Equation :eq:`eq-shared-rate`. Valid while one resource binds: where the
    arithmetic with the weights outlasts their reading, the shared part is gone.

    Examples
    --------
    >>> shared_rate(1, 0.01, 0.0001), shared_rate(100, 0.01, 0.0001)
    (99.00990099009901, 5000.0)
    """
    return batch / (shared_time + batch * own_time)


def half_batch(shared_time, own_time):
    """Find the batch at which half of the largest throughput is reached.

    Parameters
    ----------
    shared_time : float or ndarray
        Part of a step that all share. [s]
    own_time : float or ndarray
        Part that each sequence adds. [s]

    Returns
    -------
    float or ndarray
        Sequences. [-]

    Notes
    -----
    Equation :eq:`eq-half-batch`: there the sequences' own parts add up to the
    shared one, each user has half the speed of one alone, and a token costs
    twice what it costs in an endless batch.

    Examples
    --------
    >>> half_batch(0.01, 0.0001)
    100.0
    """
    return shared_time / own_time


def rate_beside(throughput, shared_time, own_time):
    """Find the rate of each user at a throughput of all.

    Parameters
    ----------
    throughput : float or ndarray
        Output of all sequences. [token/s]
    shared_time : float or ndarray
        Part of a step that all share. [s]
    own_time : float or ndarray
        Part that each sequence adds. [s]

    Returns
    -------
    float or ndarray
        Output of each sequence. [token/s]

    Notes
    -----
    Equation :eq:`eq-trade-line`: a straight line from one user's rate down to
    nothing at the largest throughput. Valid where :func:`shared_rate` is.

    Examples
    --------
    >>> rate_beside(5000, 0.01, 0.0001)
    50.0
    """
    return (1 - throughput * own_time) / shared_time


def critical_batch(peak, bandwidth, weight_bits, active_share=1):
    """Find the batch at which the arithmetic with the weights takes as long as reading them.

    Parameters
    ----------
    peak : float or ndarray
        Dense peak of the arithmetic. [FLOP/s]
    bandwidth : float or ndarray
        Memory bandwidth. [byte/s]
    weight_bits : float or ndarray
        Stored size of a weight. [bit]
    active_share : float or ndarray, optional
        Share of the weights read that each token uses: less than one in a mixture
        of experts, once the batch reads them all. [-]

    Returns
    -------
    float or ndarray
        Sequences. [-]

    Notes
    -----
    Equation :eq:`eq-critical-batch`: two operations for each weight and sequence
    against its bytes. Weights alone; the cache moves the crossing further out.

    Examples
    --------
    >>> round(critical_batch(989e12, 3.35e12, 16))
    295
    """
    return peak * weight_bits / (16 * bandwidth * active_share)


def output_limit(prompt_time, output_tokens, own_time):
    """Find the output of a server that batches without end, its prompts included.

    Parameters
    ----------
    prompt_time : float or ndarray
        Time that the server needs for one prompt. [s]
    output_tokens : float or ndarray
        Length of a reply. [token]
    own_time : float or ndarray
        Part of a decode step that each sequence adds. [s]

    Returns
    -------
    float or ndarray
        Output of all requests, never reached. [token/s]

    Notes
    -----
    Equation :eq:`eq-output-limit`: what is shared costs nothing in the limit, and
    the prompt and the sequence's own part of each later step remain.

    Examples
    --------
    >>> round(output_limit(0.2, 101, 0.001), 3)
    336.667
    """
    return output_tokens / (prompt_time + (output_tokens - 1) * own_time)


def fill_wait(batch, arrival_rate):
    """Find how long a request waits on average until a static batch is full.

    Parameters
    ----------
    batch : float or ndarray
        Requests that start together. [request]
    arrival_rate : float or ndarray
        Requests that arrive in a second. [request/s]

    Returns
    -------
    float or ndarray
        Mean wait, the last to arrive included, who waits not at all. [s]

    Notes
    -----
    Equation :eq:`eq-fill-wait`. The k-th request waits for the gaps of the others
    behind it; whatever the distribution of the gaps, only their mean enters.

    Examples
    --------
    >>> fill_wait(32, 2.0)
    7.75
    """
    return (batch - 1) / (2 * arrival_rate)
