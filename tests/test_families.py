"""Every family of the table: small models of it against the classes of transformers, and rules that hang together."""

import json
from pathlib import Path

import pytest

from tokenomics import families as module
from tokenomics.architecture import from_config
from tokenomics.cache import cached_numbers
from tokenomics.families import families, wrappers
from tokenomics.parameters import total_parameters
from tokenomics.prefill import prefill_flops

SMALL = json.loads((Path(__file__).parent / "oracles" / "small.json").read_text(encoding="utf-8"))["models"]
COUNTED = [family for family, row in families().items() if "unsupported" not in row]
REFUSED = [family for family, row in families().items() if "unsupported" in row]

# Families that transformers cannot build by themselves, each with what stands for it.
ELSEWHERE = {
    "phi-msft": "tests/test_count.py, phi-2",
    "kimi_k2": "deepseek_v3, whose class it names",
    "dbrx": "test_dbrx_has_its_published_size",
    "qwen2_vl": "qwen2", "qwen2_vl_text": "qwen2", "qwen2_5_vl": "qwen2", "qwen2_5_vl_text": "qwen2",
    "qwen3_vl_text": "qwen3", "qwen3_vl_moe_text": "qwen3_moe",
}  # fmt: skip


@pytest.mark.parametrize("known", SMALL, ids=lambda known: known["config"]["model_type"])
def test_a_small_model_equals_its_class(known):
    architecture = from_config(known["config"])
    assert total_parameters(architecture) == known["total_params"]
    if "cached_numbers_after_40_tokens" in known:
        assert cached(architecture, 40) == known["cached_numbers_after_40_tokens"]
    if "state_numbers" in known:
        recurrent = [layer for layer in architecture.layers if layer.recurrence is not None]
        states = sum(layer.count * (layer.recurrence.state + layer.recurrence.tail) for layer in recurrent)
        assert states == known["state_numbers"]
    if "prefill_flops_32" in known:
        assert prefill_flops(architecture, tokens=32) == known["prefill_flops_32"]


def cached(architecture, tokens):
    """Numbers in the cache of the reference classes, whose windows keep one token less than they attend to."""
    numbers = 0
    for layer in architecture.layers:
        if layer.attention is not None:
            window = layer.attention.window
            kept = tokens if window is None else min(tokens, window - 1)
            index = layer.attention.index_dim if layer.attention.kind == "latent" else 0
            numbers += layer.count * (cached_numbers(layer.attention) * kept + index * tokens)
    return numbers


def test_every_family_is_held_against_something():
    tested = {known["config"]["model_type"] for known in SMALL}
    assert set(COUNTED) - tested == set(ELSEWHERE)
    assert len(COUNTED) > 90


def test_dbrx_has_its_published_size():
    attention, feed_forward = {"kv_n_heads": 8}, {"ffn_hidden_size": 10752, "moe_num_experts": 16, "moe_top_k": 4}
    config = {"model_type": "dbrx", "d_model": 6144, "n_heads": 48, "n_layers": 40, "vocab_size": 100352}
    model = from_config({**config, "attn_config": attention, "ffn_config": feed_forward})
    assert total_parameters(model) == 131_596_523_520


@pytest.mark.parametrize("family", REFUSED)
def test_what_is_not_supported_is_refused_with_its_reason(family):
    with pytest.raises(ValueError) as caught:
        from_config({"model_type": family, "hidden_size": 64})
    assert family in str(caught.value) and families()[family]["unsupported"] in str(caught.value)


def test_wrappers_lead_to_families():
    assert set(wrappers().values()) <= set(COUNTED)
    for wrapper in wrappers():
        with pytest.raises(ValueError, match="text_config is missing"):
            from_config({"model_type": wrapper})


def keys(rule):
    """The keys of the config that a rule reads."""
    if isinstance(rule, dict):
        return set().union(*map(keys, rule.values()))
    return {rule[1:]} if isinstance(rule, str) and rule.startswith("$") else set()


@pytest.mark.parametrize("family", COUNTED)
def test_the_rules_of_a_family_hang_together(family):
    """A rule reads a key that has a default, and aliases belong to keys that are read."""
    row = families()[family]
    traits = set(module._table()["usual"]) | {"like", "aliases", "only", "defaults"}
    read = set().union(*(keys(rule) for trait, rule in row.items() if trait not in ("aliases", "only", "defaults")))
    without = read - set(row["defaults"])
    assert without <= ({"tie_word_embeddings"} if family.endswith("vl") or family.endswith("vl_text") else set())
    assert set(row.get("aliases", {})) <= read | set(row["defaults"])
    own = set(module._table()["families"][family]) - traits
    # A trait that is not usual is one that the code asks for by this name.
    source = "".join(path.read_text() for path in Path(module.__file__).parent.glob("*.py"))
    assert [trait for trait in own if f'"{trait}"' not in source] == []
