"""Bad input gets one line that names the field, its value and what would be right."""

import json
import re

import pytest

from tokenomics.architecture import Architecture, Attention, FeedForward, Layer, from_config, from_file
from tokenomics.catalogue import accelerator, model, rows
from tokenomics.explorer import explore
from tokenomics.hardware import Accelerator, peak_flops
from tokenomics.latency import decode_step, decode_throughput
from tokenomics.parameters import active_parameters

CONFIG = {
    "model_type": "llama",
    "hidden_size": 64,
    "intermediate_size": 256,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "num_hidden_layers": 2,
    "vocab_size": 1000,
}
ABSENT = object()
SIZES = [key for key in CONFIG if key != "model_type"]


def changed(key, value):
    config = {**CONFIG, key: value}
    return {key: value for key, value in config.items() if value is not ABSENT}


def complaint(function, *arguments, **keywords) -> str:
    """The message of the error that a call must raise: a ValueError of one line."""
    with pytest.raises(ValueError) as caught:
        function(*arguments, **keywords)
    message = str(caught.value)
    assert message and "\n" not in message
    return message


def test_the_config_that_the_others_spoil_is_right():
    assert from_config(CONFIG).layers[0].attention == Attention(heads=4, kv_heads=2, head_dim=16)


@pytest.mark.parametrize("key", [key for key in SIZES if key != "num_key_value_heads"])
def test_a_missing_key_is_named(key):
    message = complaint(from_config, changed(key, ABSENT), name="mine")
    assert "mine" in message and f"{key} is missing" in message and "at least 1" in message


@pytest.mark.parametrize("key", SIZES)
@pytest.mark.parametrize("value", [0, -1, -8192, 2.5, "64", True, [64], float("nan")])
def test_a_size_that_is_no_size_is_named_with_its_value(key, value):
    message = complaint(from_config, changed(key, value))
    assert f"{key} is {value!r}" in message and "at least 1" in message


def test_heads_that_do_not_divide_are_named():
    message = complaint(from_config, changed("num_key_value_heads", 3))
    assert "num_key_value_heads" in message and "3" in message and "4" in message
    message = complaint(from_config, changed("num_attention_heads", 5))
    assert "num_attention_heads" in message and "5" in message and "64" in message


def test_an_unknown_family_is_named():
    message = complaint(from_config, changed("model_type", "lama"))
    assert "model_type is 'lama'" in message and "llama" in message


@pytest.mark.parametrize("value", [[CONFIG], "text", None, 7])
def test_a_config_is_an_object(value):
    assert "JSON object" in complaint(from_config, value)


@pytest.mark.parametrize("content", [b"", b"not JSON at all", b"{'hidden_size': 64}", b"\xff\xfe\x00"])
def test_a_file_that_is_not_json_is_named(tmp_path, content):
    path = tmp_path / "config.json"
    path.write_bytes(content)
    message = complaint(from_file, path)
    assert str(path) in message and "JSON" in message


def test_a_file_gives_what_its_config_gives(tmp_path):
    path = tmp_path / "mine.json"
    path.write_text(json.dumps(CONFIG))
    assert from_file(path) == from_config(CONFIG, name="mine")


def test_records_refuse_what_cannot_be():
    attention, feed_forward = Attention(heads=4, kv_heads=2, head_dim=16), FeedForward(intermediate_size=256)
    layer = Layer(count=2, attention=attention, feed_forward=feed_forward)
    assert "head_dim is 0" in complaint(Attention, heads=4, kv_heads=2, head_dim=0)
    divide = complaint(Attention, heads=4, kv_heads=3, head_dim=16)
    assert "heads is 4" in divide and "kv_heads is 3" in divide
    assert "intermediate_size is -1" in complaint(FeedForward, intermediate_size=-1)
    assert "count is 0" in complaint(Layer, count=0, attention=attention, feed_forward=feed_forward)
    sizes = {"vocabulary_size": 1000, "layers": (layer,)}
    assert "mine: hidden_size is 0" in complaint(Architecture, name="mine", hidden_size=0, **sizes)


@pytest.mark.parametrize("value", [0, -1.0, float("nan"), float("inf"), "3350 GB/s", None])
def test_a_machine_refuses_what_cannot_be(value):
    sound = {"name": "mine", "label": "Mine", "memory": 80e9, "bandwidth": 3e12}
    for field in ("memory", "bandwidth"):
        message = complaint(Accelerator, **{**sound, field: value})
        assert f"mine: {field} is {value!r}" in message and "above zero" in message
    assert f"bf16 peak is {value!r}" in complaint(Accelerator, **sound, peaks={"bf16": value})


@pytest.mark.parametrize("value", [0, -4, float("nan"), float("inf"), "many", None])
@pytest.mark.parametrize("field", ["batch", "context", "devices", "weight_bits", "kv_bits"])
def test_a_decode_step_refuses_what_cannot_be(field, value):
    message = complaint(decode_step, model("llama-3.3-70b"), accelerator("H100-SXM-80GB"), **{field: value})
    assert f"{field} is {value!r}" in message and "above zero" in message


def test_a_batch_of_zero_has_no_throughput():
    assert "batch is 0" in complaint(decode_throughput, 0, 0.04)


def test_unknown_names_are_answered_with_the_known_ones():
    assert "'H100-SXM-80GB'" in complaint(accelerator, "H100")
    assert "'llama-3.3-70b'" in complaint(model, "Llama-3.3-70B-Instruct")
    assert "L40S" in complaint(accelerator, "abacus")
    assert "'int7'" in complaint(peak_flops, accelerator("H100-SXM-80GB"), "int7")
    assert re.search("bf16.*fp8", complaint(peak_flops, accelerator("H100-SXM-80GB"), "int7"))
    assert "with embeddings" in complaint(active_parameters, model("llama-3.3-70b"), convention="all")
    assert "decode" in complaint(explore, "decod")


def test_records_cannot_be_changed():
    with pytest.raises(AttributeError):
        accelerator("L40S").bandwidth = 1
    with pytest.raises(AttributeError):
        model("llama-3.3-70b").hidden_size = 1
    with pytest.raises(OSError):
        rows("no-such-table")


@pytest.mark.parametrize("value", ["banana", "FP8", None])
def test_an_unknown_precision_does_not_lift_the_compute_roof(value):
    message = complaint(decode_step, model("llama-3.3-70b"), accelerator("H100-SXM-80GB"), precision=value)
    assert f"precision is {value!r}" in message and "fp8" in message
