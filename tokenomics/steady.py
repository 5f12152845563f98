"""The steady state of a server in closed form: Little's law, queues, and the batch at which work in equals work out."""

from .elementwise import minimum

__all__ = ["batch_rate", "prompts_a_pass", "requests_inside", "shared_wait", "single_wait"]


def requests_inside(rate, time):
    """Count the requests in a system by Little's law.

    Parameters
    ----------
    rate : float or ndarray
        Requests that arrive, and in the long run leave, in a second. [request/s]
    time : float or ndarray
        Mean time that each spends inside. [s]

    Returns
    -------
    float or ndarray
        Requests inside, averaged over time. [request]

    Notes
    -----
    Equation :eq:`eq-little`. It holds for any arrivals, any service and any order, for the whole
    system as for a part of it: the queue, or the batch.

    References
    ----------
    J. D. C. Little, "A proof for the queuing formula: L = λW", Operations Research 9(3), 1961.

    Examples
    --------
    >>> requests_inside(4.0, 6.0)
    24.0
    """
    return rate * time


def batch_rate(batch, further_tokens, step_time, prompt_time):
    """Find the rate at which a batch of a given size neither grows nor shrinks.

    Parameters
    ----------
    batch : float or ndarray
        Sequences that decode together, averaged over time. [-]
    further_tokens : float or ndarray
        Mean tokens of a reply after its first. [token]
    step_time : float or ndarray
        Time of a decode step of that batch. [s]
    prompt_time : float or ndarray
        Time that the server spends on each prompt alone. [s]

    Returns
    -------
    float or ndarray
        Requests that end in a second. [request/s]

    Notes
    -----
    Equation :eq:`eq-steady-batch`. At a rate of r a share r p of the time goes to prompts, and in the rest
    of it each step moves the batch by one token: by Little's law the batch is r times the further
    tokens times the step, stretched by 1 / (1 - r p). Solved for r. The step as a running sequence
    sees it is that of its own company: one more than the mean, if arrivals are independent.

    Examples
    --------
    >>> round(batch_rate(32, 299, 0.025, 0.1), 2)
    3.0
    """
    return batch / (further_tokens * step_time + batch * prompt_time)


def prompts_a_pass(batch, further_tokens):
    """Expect how many prompts share a pass.

    Parameters
    ----------
    batch : float or ndarray
        Sequences that decode together. [-]
    further_tokens : float or ndarray
        Mean tokens of a reply after its first. [token]

    Returns
    -------
    float or ndarray
        Prompts in a pass that has any. [-]

    Notes
    -----
    Equation :eq:`eq-prompts-a-pass`. In a steady state as many requests come during a step as end in it, the
    batch over the further tokens. Their number is taken as Poisson, and steps without any need no pass.

    Examples
    --------
    >>> round(prompts_a_pass(30, 300), 2), round(prompts_a_pass(3000, 300), 2)
    (1.05, 10.0)
    """
    from math import e

    come = batch / further_tokens
    return come / (1 - e ** (0 - come))


def single_wait(rate, service_time, second_moment):
    """Find the mean wait in front of a server that takes one request at a time.

    Parameters
    ----------
    rate : float or ndarray
        Requests that arrive, independently of each other. [request/s]
    service_time : float or ndarray
        Mean time of service. [s]
    second_moment : float or ndarray
        Mean square of the time of service, in square seconds. [-]

    Returns
    -------
    float or ndarray
        Mean time in the queue, for a load below one. [s]

    Notes
    -----
    Equation :eq:`eq-single-wait`, of Pollaczek and Khinchine. With equal services the wait is load/(2 (1 - load))
    services, with exponential ones twice that.

    Examples
    --------
    >>> single_wait(0.8, 1.0, 1.0), single_wait(0.8, 1.0, 2.0)
    (2.0000000000000004, 4.000000000000001)
    """
    return rate * second_moment / (2 * (1 - rate * service_time))


def shared_wait(load, slots, rate, arrival_variation, service_variation):
    """Estimate the mean wait for one of many slots.

    Parameters
    ----------
    load : float or ndarray
        Rate over the largest rate that can be kept up, below one. [-]
    slots : float or ndarray
        Sequences that run at once. [-]
    rate : float or ndarray
        Requests that arrive. [request/s]
    arrival_variation, service_variation : float or ndarray
        Standard deviation over mean: of the gaps between arrivals, of the times in the batch. [-]

    Returns
    -------
    float or ndarray
        Mean time in the queue. [s]

    Notes
    -----
    Equation :eq:`eq-shared-wait`. It is exact for one slot with independent arrivals and exponential service. A batch
    that runs below its limit also runs faster, which slots do not: the estimate is rough above nine tenths of load.

    References
    ----------
    H. Sakasegawa, "An approximation formula L_q ≃ alpha rho^beta/(1-rho)", Annals of the Institute of Statistical
    Mathematics 29, 1977.

    Examples
    --------
    >>> round(shared_wait(0.8, 1, 0.8, 1, 1), 6)
    4.0
    """
    queue = load ** ((2 * (slots + 1)) ** 0.5) / (1 - minimum(load, 1.0))
    return queue * (arrival_variation**2 + service_variation**2) / 2 / rate
