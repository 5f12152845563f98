"""Configs that are wrong: refused in one line that names the key, or counted as the key's absence would have it."""

import json
import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokenomics.architecture import from_config
from tokenomics.cache import cache_bytes, kv_bytes_per_token
from tokenomics.families import families
from tokenomics.parameters import active_parameters, parameters_by_part, total_parameters

HERE = Path(__file__).parent / "oracles"
TRUTH = json.loads((HERE / "truth.json").read_text(encoding="utf-8"))["models"]
REAL = {
    name: json.loads((HERE / "configs" / f"{name}.json").read_text(encoding="utf-8"))
    for name, known in TRUTH.items()
    if known["class"]
}
# What each class counts without a key; null where the class refuses.
DROPPED = json.loads((HERE / "dropped.json").read_text(encoding="utf-8"))["models"]
COUNTED = [family for family, row in families().items() if "unsupported" not in row]
NO_SIZE = ["x", "32", -1, 1.5, [], {}, 10**30, math.nan, math.inf]
NO_FLAG = ["yes", "", 7, 1.5, [], {}]


def outcome(config):
    """The counts of a config, or the message with which it is refused."""
    try:
        architecture = from_config(config)
    except ValueError as error:
        message = str(error)
        assert message and "\n" not in message and len(message) < 500
        return message
    parts = parameters_by_part(architecture).values()
    counts = [total_parameters(architecture), active_parameters(architecture), *parts]
    assert all(isinstance(count, int) and count >= 0 for count in counts)
    assert counts[0] >= counts[1] > 0
    per_token = kv_bytes_per_token(architecture, bits=16)
    assert per_token >= 0 and per_token == int(per_token)
    return counts[0], per_token, cache_bytes(architecture, context=40_000, bits=16)


def inner(config):
    return config.get("text_config", config)


def spoilt(config, key, *value):
    """The config with a key of its text model changed, or dropped."""
    part = {name: content for name, content in inner(config).items() if name != key}
    if value:
        part[key] = value[0]
    return {**config, "text_config": part} if "text_config" in config else part


@pytest.mark.parametrize("name", [name for name in REAL if name in DROPPED])
def test_a_dropped_key_gives_the_count_of_the_class_or_is_named(name):
    for key in inner(REAL[name]):
        result = outcome(spoilt(REAL[name], key))
        if isinstance(result, str):
            assert key in result
        else:
            assert result[0] == DROPPED[name].get(key, TRUTH[name]["total_params"]), key


@pytest.mark.parametrize("name", REAL)
def test_a_mangled_key_does_not_matter_or_is_named(name):
    right = outcome(REAL[name])
    for key, content in inner(REAL[name]).items():
        for value in NO_FLAG if isinstance(content, bool) else NO_SIZE:
            result = outcome(spoilt(REAL[name], key, value))
            if isinstance(result, str):
                assert key in result, (key, value)
            else:
                assert result == right, (key, value)


@pytest.mark.parametrize("name", REAL)
def test_a_changed_size_is_counted_or_named(name):
    for key, content in inner(REAL[name]).items():
        for value in (0, 1, 7, content + 1 if type(content) is int else 2, None, True, False):
            result = outcome(spoilt(REAL[name], key, value))
            assert not isinstance(result, str) or key in result, (key, value)


@pytest.mark.parametrize("value", [0, "text", [], True, -1.5])
def test_a_nest_that_is_no_object_is_named(value):
    assert "text_config" in outcome({"model_type": "gemma3", "text_config": value})


def test_two_names_of_one_key_must_agree():
    config = {"model_type": "gpt2", "n_embd": 768, "n_layer": 12, "n_head": 12, "vocab_size": 50257}
    assert outcome({**config, "hidden_size": 768}) == outcome(config)
    message = outcome({**config, "hidden_size": 512})
    assert "hidden_size is 512" in message and "n_embd is 768" in message


def test_a_default_is_taken_only_where_files_leave_it_out():
    """Files of wrapped models leave out what equals the class default; others state their sizes."""
    nested = {"model_type": "gemma3", "text_config": {"hidden_size": 2560, "num_hidden_layers": 34}}
    assert from_config(nested).vocabulary_size == 262_208
    assert "is missing" in outcome({"model_type": "gemma3_text", **nested["text_config"]})


defaults = {key for family in COUNTED for key in families()[family]["defaults"]}
keys = sorted(defaults | {"layer_types", "mlp_layer_types"})
words = st.sampled_from(["full_attention", "sliding_attention", "linear_attention", "dense", "sparse", "auto", "x", ""])
numbers = st.integers(-1, 40) | st.sampled_from([64, 128, 4096])
anything = numbers | st.booleans() | st.none() | st.floats() | words | st.lists(words | numbers, max_size=6)
plausible = st.integers(1, 8) | st.sampled_from([16, 64]) | st.booleans() | st.none()


@given(st.sampled_from(COUNTED), st.dictionaries(st.sampled_from(keys), anything, max_size=12))
def test_any_config_is_counted_or_refused(family, changes):
    sizes = {"hidden_size": 64, "num_hidden_layers": 4, "num_attention_heads": 4, "intermediate_size": 96}
    outcome({"model_type": family, "vocab_size": 99, **sizes, **changes})


@given(st.sampled_from(COUNTED), st.data())
def test_any_plausible_config_is_counted_or_refused(family, data):
    fields = dict.fromkeys(families()[family]["defaults"], plausible)
    outcome({"model_type": family, **data.draw(st.fixed_dictionaries({}, optional=fields))})


short = st.text(max_size=5)
leaves = st.none() | st.booleans() | st.integers() | st.floats() | short


@given(st.recursive(leaves, lambda twigs: st.lists(twigs, max_size=3) | st.dictionaries(short, twigs, max_size=3)))
def test_whatever_json_is_no_config_is_refused(content):
    with pytest.raises(ValueError):
        from_config(content)
