"""Bad input gets one line that names the field, its value and what would be right."""

import dataclasses
import json
import re
from fractions import Fraction

import numpy
import pytest

from tokenomics.architecture import Architecture, Attention, FeedForward, Layer, from_config, from_file
from tokenomics.blocks import Experts, LatentAttention, Recurrence
from tokenomics.cache import sequences_that_fit
from tokenomics.catalogue import accelerator, model, rows
from tokenomics.checks import between, choice, positive, shown, suggestion
from tokenomics.explorer import explore
from tokenomics.hardware import Accelerator, devices_to_hold, peak_flops
from tokenomics.latency import decode_step, decode_throughput
from tokenomics.operations import decode_operations, prefill_operations, total
from tokenomics.parameters import active_parameters
from tokenomics.routing import experts_touched

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


NOT_POSITIVE = [
    numpy.array([]), numpy.array(["a"]), numpy.array([None]), numpy.array([1.0, numpy.nan]), numpy.array(0), 10**400,
    numpy.arange(5000).reshape(50, 100), [1, 2], True, numpy.array([True]), 1j, object(),
]  # fmt: skip


@pytest.mark.parametrize("value", NOT_POSITIVE, ids=range(len(NOT_POSITIVE)))
def test_what_is_not_positive_is_refused_in_a_short_line(value):
    for message in (complaint(positive, "step", "batch", value), complaint(between, "step", "batch", value, 0.5)):
        assert message.startswith("step: batch is ") and len(message) < 200
    assert ("give a number or a NumPy array" in message) == isinstance(value, list)


@pytest.mark.parametrize("value", [3, 0.1, Fraction(1, 3), numpy.array(3), numpy.float32(2), numpy.array([1, 2])])
def test_what_is_positive_is_given_back(value):
    assert positive("step", "batch", value) is value and between("step", "batch", value, 0) is value


def test_names_are_suggested_for_text_alone_and_only_where_there_are_any():
    assert complaint(choice, "step", "precision", "bf16", []) == "step: precision is 'bf16'; none is known"
    assert suggestion(None, ["None", "x"]) == "known: None, x"
    assert "known: a" in complaint(choice, "step", "precision", numpy.array(["a", "a"]), ["a"])
    assert len(complaint(choice, "step", "precision", "x" * 5000, ["a"])) < 200
    assert shown("a" * 50) == repr("a" * 50)


BLOCK = FeedForward(intermediate_size=256)
SOUND = {
    Attention: {"heads": 4, "kv_heads": 2, "head_dim": 16},
    LatentAttention: {"heads": 4, "latent_rank": 8, "rope_dim": 2, "nope_dim": 4, "value_dim": 4},
    Recurrence: {"name": "Mamba", "matrices": (), "state": 1, "tail": 1, "flops": 1},
    FeedForward: {"intermediate_size": 256},
    Experts: {"count": 8, "active": 2, "intermediate_size": 256},
    Layer: {"count": 1, "feed_forward": BLOCK},
    Architecture: {
        "name": "mine",
        "hidden_size": 64,
        "vocabulary_size": 99,
        "layers": (Layer(count=1, feed_forward=BLOCK),),
    },
    Accelerator: {"name": "mine", "label": "Mine", "memory": 80e9, "bandwidth": 3e12},
}


@pytest.mark.parametrize("record", SOUND, ids=lambda record: record.__name__)
def test_every_flag_size_and_name_of_a_record_is_checked(record):
    record(**SOUND[record])
    for field in dataclasses.fields(record):
        wrong = "no" if field.type is bool else 2.5 if field.type is int else None if field.type is str else ...
        if wrong is not ...:
            assert f"{field.name} is {wrong!r}" in complaint(record, **{**SOUND[record], field.name: wrong})
        if field.type is int:
            assert f"{field.name} is None" in complaint(record, **{**SOUND[record], field.name: None})


@pytest.mark.parametrize(
    ("record", "field", "value"),
    [
        (Attention, "kind", "latent"),
        (LatentAttention, "kind", "grouped"),
        (Layer, "attention", BLOCK),
        (Layer, "feed_forward", "wide"),
        (Layer, "recurrence", 1),
        (Architecture, "layers", ()),
        (Architecture, "layers", (1,)),
        (Architecture, "layers", None),
        (Architecture, "prediction_layers", "x"),
        (Accelerator, "peaks", None),
    ],
)
def test_a_record_refuses_what_is_not_of_its_kind(record, field, value):
    assert f"{field} is {shown(value)}" in complaint(record, **{**SOUND[record], field: value})


def test_a_layer_is_made_of_something_and_a_peak_has_a_known_precision():
    assert "empty" in complaint(Layer, count=2)
    assert "'fp16'" in complaint(Accelerator, **SOUND[Accelerator], peaks={"fp16": 1e15})


def test_conventions_and_quantities_of_operations_are_checked():
    assert "logits is 'lsat'; did you mean 'last'" in complaint(
        prefill_operations, model("llama-3.3-70b"), tokens=8, logits="lsat"
    )
    mamba = Architecture(**SOUND[Architecture])
    assert "attention is 'ful'" in complaint(prefill_operations, mamba, tokens=8, attention="ful")
    operations = decode_operations(model("llama-3.3-70b"), batch=1, context=8)
    assert "did you mean 'flops'" in complaint(total, operations, "flop")
    assert "known: flops, weight_bytes" in complaint(total, operations, "name")


@pytest.mark.parametrize("field", ["memory", "context", "weight_bits", "kv_bits", "activations", "reserve"])
def test_what_fits_is_asked_of_sizes_that_can_be(field):
    sound = {"memory": 1e12, "context": 4096, "weight_bits": 16, "kv_bits": 16, "activations": 0, "reserve": 0.1}
    assert sequences_that_fit(model("llama-3.3-70b"), **sound) > 0
    assert f"{field} is -1" in complaint(sequences_that_fit, model("llama-3.3-70b"), **{**sound, field: -1})
    assert "reserve is 1.5" in complaint(sequences_that_fit, model("llama-3.3-70b"), **{**sound, "reserve": 1.5})


def test_no_memory_holds_nothing_and_no_more_experts_are_used_than_there_are():
    assert "device_memory is 0" in complaint(devices_to_hold, 1e9, 0)
    assert "active / count is 1.125; it must be a number from 0 to 1" in complaint(experts_touched, 8, 9, 1)
    assert "count is 0" in complaint(experts_touched, 0, 0, 1)


def test_a_config_says_what_is_missing_and_what_would_do():
    assert "model_type is missing" in complaint(from_config, {})
    assert "choose a divisor" in complaint(from_config, changed("num_key_value_heads", 3))


def test_a_path_that_leads_to_no_config_is_named(tmp_path):
    assert "path is None" in complaint(from_file, None)
    for path, word in ((tmp_path, "a directory"), (tmp_path / "none.json", "No such file")):
        with pytest.raises(OSError, match=f"{word}.*; give the config.json") as caught:
            from_file(path)
        assert caught.value.filename == str(path)
    for content, word in (("[1]", "holds a list"), ('{"vocab_size": ' + "9" * 5000 + "}", "not JSON")):
        file = tmp_path / "config.json"
        file.write_text(content)
        message = complaint(from_file, file)
        assert str(file) in message and word in message
