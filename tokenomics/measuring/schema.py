"""Records to JSON and back: the types of their fields are the schema of the file."""

import dataclasses
import types
import typing

from ..checks import shown

__all__ = ["from_json", "json_schema", "to_json"]

_PLAIN = {str: "string", int: "integer", float: "number", bool: "boolean"}
_EMPTY = (None, "", {}, ())
_WORDS = {
    str: "text",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    dict: "an object",
    tuple: "a list",
}


def json_schema(record) -> dict:
    """Write the JSON Schema of a record.

    Parameters
    ----------
    record : type
        A dataclass. [-]

    Returns
    -------
    dict
        Its schema, draft 2020-12; limits that the fields name in their
        metadata included. [-]

    Examples
    --------
    >>> from tokenomics.measuring.record import Count
    >>> json_schema(Count)["properties"]["flops"]
    {'type': 'number', 'minimum': 0}
    """
    hints = typing.get_type_hints(record)
    fields = dataclasses.fields(record)
    return {
        "type": "object",
        "properties": {field.name: _schema_of(hints[field.name]) | dict(field.metadata) for field in fields},
        "required": [field.name for field in fields if _is_required(field)],
        "additionalProperties": False,
    }


def _is_required(field) -> bool:
    return field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING


def _schema_of(kind) -> dict:
    if kind in _PLAIN:
        return {"type": _PLAIN[kind]}
    if dataclasses.is_dataclass(kind):
        return json_schema(kind)
    parts = typing.get_args(kind)
    if isinstance(kind, types.UnionType):
        return {"anyOf": [{"type": "null"} if part is type(None) else _schema_of(part) for part in parts]}
    if typing.get_origin(kind) is tuple:
        return {"type": "array", "items": _schema_of(parts[0])}
    return {"type": "object", "additionalProperties": _schema_of(parts[1])}


def to_json(value):
    """Turn a record into what JSON holds.

    Parameters
    ----------
    value : object
        A dataclass, or what stands in one. [-]

    Returns
    -------
    dict, list, str, int, float, bool or None
        The same; fields that are empty, and may be missing, are left out. [-]

    Examples
    --------
    >>> from tokenomics.measuring.record import Point
    >>> to_json(Point(kind="read", seconds=(0.5,), traffic=1e9))
    {'kind': 'read', 'seconds': [0.5], 'flops': 0.0, 'traffic': 1000000000.0, 'mode': 'eager'}
    """
    if dataclasses.is_dataclass(value):
        fields = {field.name: (field, getattr(value, field.name)) for field in dataclasses.fields(value)}
        kept = {name: held for name, (field, held) in fields.items() if _is_required(field) or held not in _EMPTY}
        return {name: to_json(held) for name, held in kept.items()}
    if isinstance(value, dict):
        return {key: to_json(part) for key, part in value.items()}
    if isinstance(value, tuple):
        return [to_json(part) for part in value]
    return value


def from_json(record, data, owner: str):
    """Make a record of what a JSON file holds.

    Parameters
    ----------
    record : type
        A dataclass. [-]
    data : object
        What the file holds for it. [-]
    owner : str
        What it belongs to, as the reader knows it. [-]

    Returns
    -------
    object
        The record, its own checks passed. [-]

    Raises
    ------
    ValueError
        If a field is missing, unknown, or holds what it may not.

    Examples
    --------
    >>> from tokenomics.measuring.record import Point
    >>> from_json(Point, {"kind": "read", "seconds": [0.5], "traffic": 1e9}, "mine.json").best
    0.5
    """
    if not isinstance(data, dict):
        raise ValueError(f"{owner} is {shown(data)}; it must be an object")
    hints = typing.get_type_hints(record)
    fields = {field.name: field for field in dataclasses.fields(record)}
    for name in data:
        if name not in fields:
            raise ValueError(f"{owner}: {name} is no field of it; known: {', '.join(fields)}")
    for name, field in fields.items():
        if name not in data and _is_required(field):
            raise ValueError(f"{owner}: {name} is missing")
    return record(**{name: _value(hints[name], data[name], f"{owner}: {name}") for name in fields if name in data})


def _value(kind, data, owner):
    if dataclasses.is_dataclass(kind):
        return from_json(kind, data, owner)
    if isinstance(kind, types.UnionType):
        (kind,) = (part for part in typing.get_args(kind) if part is not type(None))
        return None if data is None else _value(kind, data, owner)
    origin, parts = typing.get_origin(kind) or kind, typing.get_args(kind)
    expected = {float: (int, float), tuple: list}.get(origin, origin)
    if not isinstance(data, expected) or (isinstance(data, bool) and origin is not bool):
        raise ValueError(f"{owner} is {shown(data)}; it must be {_WORDS[origin]}")
    if origin is tuple:
        return tuple(_value(parts[0], item, f"{owner}, number {place}") for place, item in enumerate(data, 1))
    if origin is dict:
        return {key: _value(parts[1], item, f"{owner}, {key}") for key, item in data.items()}
    return float(data) if kind is float else data
