"""How a cache is kept in pages: what they hold, what stays empty, and what sequences that begin alike share."""

from .elementwise import ceil, maximum

__all__ = [
    "page_bytes",
    "page_waste",
    "pages",
    "reserved_tokens",
    "running_tokens",
    "shared_tokens",
]


def pages(tokens, page_tokens):
    """Count the pages that a sequence takes.

    Parameters
    ----------
    tokens : float or ndarray
        Tokens of the sequence. [token]
    page_tokens : int or ndarray
        Tokens that a page holds. [token]

    Returns
    -------
    int or ndarray
        Pages, the last one filled in part. [-]

    Notes
    -----
    Equation :eq:`eq-pages`.

    References
    ----------
    W. Kwon et al., "Efficient memory management for large language model
    serving with PagedAttention", SOSP 2023, arXiv:2309.06180, section 4.

    Examples
    --------
    >>> pages(1000, 16)
    63
    """
    return ceil(tokens / page_tokens)


def page_bytes(kv_bytes, page_tokens):
    """Count the bytes of one page, over all layers.

    Parameters
    ----------
    kv_bytes : float or ndarray
        Cache that one token leaves. [byte/token]
    page_tokens : int or ndarray
        Tokens that a page holds. [token]

    Returns
    -------
    float or ndarray
        Bytes of a page. [byte]

    Notes
    -----
    Equation :eq:`eq-pages`.

    Examples
    --------
    >>> page_bytes(131072, 16) / 2**20
    2.0
    """
    return kv_bytes * page_tokens


def page_waste(page_tokens):
    """Expect what a sequence leaves empty in its last page.

    Parameters
    ----------
    page_tokens : int or ndarray
        Tokens that a page holds. [token]

    Returns
    -------
    float or ndarray
        Mean of the empty places. [token]

    Notes
    -----
    Equation :eq:`eq-page-waste`. It assumes that every filling of the last
    page is as likely as any other, which holds where lengths spread over many
    pages.

    Examples
    --------
    >>> page_waste(16)
    7.5
    """
    return (page_tokens - 1) / 2


def running_tokens(prompt_tokens, mean_reply):
    """Expect the tokens that a running sequence holds at a random moment.

    Parameters
    ----------
    prompt_tokens : float or ndarray
        Length of the prompt. [token]
    mean_reply : float or ndarray
        Mean length of a reply. [token]

    Returns
    -------
    float or ndarray
        Mean over all steps of all replies. [token]

    Notes
    -----
    Equation :eq:`eq-running`, for replies of geometric length: at each step
    the chance to stop is the same. Long replies run longer and are met more
    often, so what is met holds not half of a mean reply, but all of one.

    Examples
    --------
    >>> running_tokens(512, 256)
    768
    """
    return prompt_tokens + mean_reply


def reserved_tokens(prompt_tokens, mean_reply):
    """Expect the places that a running sequence would hold if its final length were known and set aside at once.

    Parameters
    ----------
    prompt_tokens : float or ndarray
        Length of the prompt. [token]
    mean_reply : float or ndarray
        Mean length of a reply. [token]

    Returns
    -------
    float or ndarray
        Mean over all steps of all replies. [token]

    Notes
    -----
    Equation :eq:`eq-running`, for replies of geometric length. What is met in
    the middle of its run has, on average, as much before it as behind it.

    Examples
    --------
    >>> reserved_tokens(512, 256)
    1023
    """
    return prompt_tokens + 2 * mean_reply - 1


def shared_tokens(sequences, shared, own):
    """Count the tokens to keep for sequences that begin alike.

    Parameters
    ----------
    sequences : float or ndarray
        Sequences. [-]
    shared : float or ndarray
        Tokens that all begin with, kept once. [token]
    own : float or ndarray
        Tokens that each goes on with. [token]

    Returns
    -------
    float or ndarray
        Tokens in the cache. [token]

    Notes
    -----
    Equation :eq:`eq-shared`. It counts places. A step still reads the shared
    part once for each sequence, unless its kernel was written to know better.

    Examples
    --------
    >>> shared_tokens(100, 2000, 500)
    52000
    """
    return shared + maximum(sequences, 0) * own
