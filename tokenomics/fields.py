"""Checks over the fields of a record: that each holds what it is declared to hold, and that sizes are sizes."""

import dataclasses
import typing

from .checks import shown, whole

__all__ = ["declared", "sizes"]

_WORDS = {"bool": "True or False", "NoneType": "None"}


def declared(owner: str, record):
    """Check those fields of a record that are declared to be true or false, or to hold other records.

    Parameters
    ----------
    owner : str
        What the record is, as the reader knows it. [-]
    record : object
        A dataclass. [-]

    Raises
    ------
    ValueError
        If one of them holds something else.

    Examples
    --------
    >>> from tokenomics.blocks import FeedForward
    >>> declared("feed-forward", FeedForward(intermediate_size=28672))
    """
    for field in dataclasses.fields(record):
        kinds = typing.get_args(field.type) or (field.type,)
        is_checked = all(kind in (bool, type(None)) or dataclasses.is_dataclass(kind) for kind in kinds)
        value = getattr(record, field.name)
        if is_checked and not isinstance(value, kinds):
            wanted = " or ".join(_WORDS.get(kind.__name__, kind.__name__) for kind in kinds)
            raise ValueError(f"{owner}: {field.name} is {shown(value)}; it must be {wanted}")


def sizes(owner: str, record, *names: str, minimum: int = 1):
    """Check those fields of a record that are sizes; one that may be absent is None.

    Parameters
    ----------
    owner : str
        What the record is, as the reader knows it. [-]
    record : object
        A dataclass. [-]
    *names : str
        Its fields that are sizes. [-]
    minimum : int, optional
        The smallest value allowed. [-]

    Raises
    ------
    ValueError
        If one of them is no whole number of at least the minimum, or is
        absent though it may not be.

    Examples
    --------
    >>> from tokenomics.blocks import FeedForward
    >>> sizes("feed-forward", FeedForward(intermediate_size=28672), "intermediate_size")
    """
    optional = {field.name for field in dataclasses.fields(record) if type(None) in typing.get_args(field.type)}
    for name in names:
        value = getattr(record, name)
        if value is not None or name not in optional:
            whole(owner, name, value, minimum)
