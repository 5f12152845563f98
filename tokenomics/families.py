"""The table of families: what their configs mean, and what their classes fill in where a config is silent."""

import json
from functools import cache
from pathlib import Path

__all__ = ["families", "wrappers"]


@cache
def families() -> dict:
    """Read the table of families: what the config of each means.

    Returns
    -------
    dict
        One row for each ``model_type``. [-]

    Examples
    --------
    >>> families()["qwen2"]["query_bias"]
    True
    """
    table = _table()
    return {family: _complete(row, table) for family, row in table["families"].items()}


@cache
def wrappers() -> dict:
    """Read which families of models that also see or hear hold a text model, and of what family.

    Returns
    -------
    dict of str to str
        The family of the text model that a nested config leaves unsaid. [-]

    Examples
    --------
    >>> wrappers()["gemma3"]
    'gemma3_text'
    """
    return _table()["wrappers"]


@cache
def _table() -> dict:
    path = Path(__file__).parent / "catalogue" / "families.json"
    return json.loads(path.read_text(encoding="utf-8"))


def _complete(row: dict, table: dict) -> dict:
    """Lay a row over that of the family it is like, and that over what is usual."""
    kin = _complete(table["families"][row["like"]], table) if "like" in row else table["usual"]
    whole_row = {**kin, **row, "defaults": {**kin.get("defaults", {}), **row.get("defaults", {})}}
    if "attention_bias" in row:
        biases = ("query_bias", "key_value_bias", "output_bias")
        whole_row.update({bias: row.get(bias, row["attention_bias"]) for bias in biases})
    return whole_row
