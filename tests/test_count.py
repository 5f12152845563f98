"""Counts of real models against those that the classes of transformers give: all of them exact, or refused in words."""

import json
from pathlib import Path

import pytest
from oracle_adapter import count

from tokenomics.architecture import from_config
from tokenomics.prefill import prefill_flops
from tokenomics.routing import prediction_parameters

HERE = Path(__file__).parent / "oracles"
TRUTH = json.loads((HERE / "truth.json").read_text(encoding="utf-8"))["models"]
BUILT = [name for name, known in TRUTH.items() if known["class"]]
STRANGERS = [name for name, known in TRUTH.items() if not known["class"]]
EXACT = ("total_params", "active_params", "active_params_excl_input_embedding",
         "active_params_excl_embeddings_and_head", "kv_bytes_per_token")  # fmt: skip


def config(name):
    return json.loads((HERE / "configs" / f"{name}.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", BUILT)
def test_parameters_and_cache_are_exact(name):
    counted, known = count(config(name)), TRUTH[name]
    for quantity in EXACT:
        assert counted[quantity] == known[quantity], quantity
    assert {str(context): size for context, size in counted["kv_bytes_at"].items()} == known["kv_bytes_at"]


@pytest.mark.parametrize("name", [name for name in BUILT if "prefill_flops_128" in TRUTH[name]])
def test_arithmetic_is_exact(name):
    counted, known = count(config(name)), TRUTH[name]
    if "prefill_flops_128" not in counted:
        assert any(layer.recurrence is not None for layer in from_config(config(name)).layers)
        return
    assert counted["prefill_flops_128"] == known["prefill_flops_128"]
    assert counted["decode_flops_128"] == known["decode_flops_128"]
    last = prefill_flops(from_config(config(name)), tokens=128, logits="last")
    assert last == known["prefill_flops_128_last_logit_only"]


@pytest.mark.parametrize("name", [name for name in BUILT if "prediction_params" in TRUTH[name]])
def test_layers_for_prediction_are_counted_apart(name):
    assert prediction_parameters(from_config(config(name))) == TRUTH[name]["prediction_params"]


@pytest.mark.parametrize("name", STRANGERS)
def test_a_model_without_a_class_is_refused(name):
    with pytest.raises(ValueError, match="model_type is"):
        count(config(name))


@pytest.mark.parametrize("name", BUILT)
def test_what_does_not_count_changes_nothing(name):
    """A quantised copy of a model, saved by another release, has the same parameters."""
    copy = {"quantization_config": {"bits": 4}, "torch_dtype": "int8", "architectures": None, "unheard_of": [1]}
    assert count({**config(name), **copy}) == count(config(name))
