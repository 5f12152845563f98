"""The formulas in the page give what they give in Python: thousands of random inputs, one run of Node."""

import inspect
import json
import math
import random
import subprocess
from dataclasses import asdict, is_dataclass

import pytest

from tokenomics import cache, catalogue, elementwise, latency, matrices, numerals, parameters, roofline, routing, work
from tokenomics.architecture import Architecture
from tokenomics.blocks import Attention, Experts, FeedForward, LatentAttention, Layer
from tokenomics.explorer import panels
from tokenomics.explorer.calculators import CALCULATORS, plain, shelf
from tokenomics.explorer.javascript import formulas, reached
from tokenomics.hardware import devices_to_hold

EACH = 250
SHELF = shelf(CALCULATORS["decode"].controls)
CONVENTIONS = ("with embeddings", "without input embedding", "without embedding and head")


def size(rng):
    """Between a nano and a peta of something, evenly over the powers of ten; now and then a plain integer."""
    value = 10 ** rng.uniform(-9, 15)
    return round(value) + 1 if rng.random() < 0.3 else value


def count(rng, largest=512):
    return rng.randint(1, largest)


def bits(rng):
    return rng.choice([4, 4.5, 8, 16, 32])


def number_to_print(rng):
    """Positive, negative, zero, and the numbers at which rounding adds a digit."""
    kind = rng.randrange(8)
    if kind == 0:
        return 0
    if kind == 1:
        return float(f"{rng.choice(['9.99', '99.9', '999', '9.995', '99.95', '999.5'])}e{rng.randint(-9, 12)}")
    return -size(rng) if kind == 2 else size(rng)


def grouped(rng):
    kv_heads = count(rng, 16)
    return Attention(
        heads=kv_heads * count(rng, 8),
        kv_heads=kv_heads,
        head_dim=rng.choice([64, 80, 128, 256]),
        query_bias=rng.random() < 0.5,
        key_value_bias=rng.random() < 0.5,
        output_bias=rng.random() < 0.5,
        value_dim=rng.choice([None, 96]),
        window=rng.choice([None, count(rng, 8192)]),
        gate_width=rng.choice([0, 64]),
        norm_parameters=rng.choice([0, 256]),
        vectors=rng.choice([0, 64]),
    )


def latent(rng):
    return LatentAttention(
        heads=count(rng, 128),
        latent_rank=count(rng, 512),
        rope_dim=64,
        nope_dim=128,
        value_dim=count(rng, 128),
        query_rank=count(rng, 1536) if rng.random() < 0.7 else None,
    )


def attention(rng):
    return grouped(rng) if rng.random() < 0.7 else latent(rng)


def experts(rng):
    stored = count(rng, 256)
    return Experts(
        count=stored,
        active=count(rng, stored),
        intermediate_size=count(rng, 4096),
        gated=rng.random() < 0.5,
        bias=rng.random() < 0.5,
        router_bias=rng.random() < 0.5,
        shared_gate=rng.random() < 0.5,
    )


def layer(rng):
    feed_forward = FeedForward(
        intermediate_size=count(rng, 60000), gated=rng.random() < 0.5, bias=rng.random() < 0.5
    )
    return Layer(
        count=count(rng, 128),
        attention=attention(rng),
        feed_forward=feed_forward,
        norms=rng.randrange(5),
        experts=experts(rng) if rng.random() < 0.3 else None,
    )


def architecture(rng):
    if rng.random() < 0.2:
        return catalogue.model(rng.choice(catalogue.models()))
    return Architecture(
        name="random",
        hidden_size=count(rng, 20000),
        vocabulary_size=count(rng, 300000),
        layers=tuple(layer(rng) for _ in range(count(rng, 3))),
        tied_embeddings=rng.random() < 0.5,
    )


def machine(rng):
    return catalogue.accelerator(rng.choice(catalogue.accelerators()))


def decode_options(rng):
    return {
        "batch": count(rng),
        "context": rng.uniform(1, 200000),
        "devices": count(rng, 64),
        "weight_bits": bits(rng),
        "kv_bits": bits(rng),
        "precision": rng.choice(["bf16", "fp8", "int8", "fp4"]),
    }


def step(rng):
    return latency.decode_step(architecture(rng), machine(rng), **decode_options(rng))


def roofline_inputs(rng):
    options = decode_options(rng)
    with_peak = [name for name in catalogue.accelerators() if "bf16" in catalogue.accelerator(name).peaks]
    chosen = catalogue.accelerator(rng.choice(with_peak))
    result = latency.decode_step(architecture(rng), chosen, **options)
    return chosen, options["devices"], result, latency.step_time(result)


def values(rng, calculator):
    return {control.name: rng.choice(control.options)[0] for control in CALCULATORS[calculator].controls}


def sizes(how_many):
    return lambda rng: ([size(rng) for _ in range(how_many)], {})


def positional(*makers):
    return lambda rng: ([make(rng) for make in makers], {})


# How to draw the arguments of each formula: a list and keywords.
INPUTS = {
    elementwise.maximum: sizes(2),
    elementwise.minimum: sizes(2),
    elementwise.where: lambda rng: ([rng.random() < 0.5, size(rng), size(rng)], {}),
    elementwise.ceil: positional(number_to_print),
    numerals.grouped: lambda rng: ([int(number_to_print(rng)), rng.choice([",", " "])], {}),
    numerals.decimal: lambda rng: ([rng.uniform(-1e9, 1e9), rng.randrange(7)], {}),
    numerals.significant: lambda rng: ([number_to_print(rng), rng.randint(1, 6)], {}),
    numerals.quantity: lambda rng: ([number_to_print(rng), rng.choice(["B", "s", "FLOP/s"]), rng.randint(1, 6)], {}),
    numerals.counted: lambda rng: ([abs(number_to_print(rng)), rng.randint(1, 6)], {}),
    parameters.matrix_parameters: lambda rng: ([rng.choice(matrices.layer_matrices(count(rng), layer(rng)))], {}),
    parameters.layer_parts: positional(count, layer),
    matrices.layer_matrices: positional(count, layer),
    matrices.embedding_width: positional(architecture),
    matrices.value_width: positional(attention),
    matrices.attention_matrices: positional(count, attention),
    matrices.latent_matrices: positional(count, latent),
    matrices.feed_forward_rows: lambda rng: ([count(rng), rng.choice([layer(rng).feed_forward, experts(rng)])], {}),
    matrices.matrices_of: lambda rng: (["experts", matrices.feed_forward_rows(64, experts(rng)), count(rng)], {}),
    routing.experts_touched: positional(lambda rng: count(rng) + 512, count, count),
    routing.touched_parameters: positional(architecture, count),
    cache.cached_numbers: positional(attention),
    cache.cached_tokens: positional(attention, count),
    cache.cache_bytes: lambda rng: ([architecture(rng)], {"context": count(rng, 10**6), "bits": bits(rng)}),
    cache.fixed_state_bytes: lambda rng: ([architecture(rng)], {"bits": bits(rng)}),
    work.matrix_flops: positional(count, layer),
    work.head_flops: positional(architecture),
    work.attended_tokens: positional(attention, count),
    work.attention_flops: positional(attention, count, count),
    parameters.layer_parameters: positional(count, layer),
    parameters.parameters_by_part: positional(architecture),
    parameters.total_parameters: positional(architecture),
    parameters.active_parameters: lambda rng: ([architecture(rng)], {"convention": rng.choice(CONVENTIONS)}),
    parameters.weight_bytes: positional(size, bits),
    work.decode_flops: lambda rng: ([architecture(rng)], {"batch": count(rng), "context": count(rng, 10**6)}),
    work.decode_weight_traffic: lambda rng: ([architecture(rng)], {"bits": bits(rng), "batch": count(rng)}),
    cache.kv_bytes_per_token: lambda rng: ([architecture(rng)], {"bits": bits(rng)}),
    work.decode_kv_traffic: lambda rng: (
        [architecture(rng)],
        {"batch": count(rng), "context": count(rng, 10**6), "bits": bits(rng)},
    ),
    devices_to_hold: sizes(2),
    roofline.arithmetic_intensity: sizes(2),
    roofline.ridge_point: sizes(2),
    roofline.attainable_flops: sizes(3),
    roofline.operation_time: sizes(4),
    roofline.binding_roof: sizes(4),
    latency.compute_only_rate: sizes(2),
    latency.law_step_time: positional(size, bits, size),
    latency.decode_step: lambda rng: ([architecture(rng), machine(rng)], decode_options(rng)),
    latency.step_time: positional(step),
    latency.decode_rate: sizes(1),
    latency.decode_throughput: positional(count, size),
    latency.reply_time: positional(size, lambda rng: count(rng, 5000), size),
    panels.readout: lambda rng: (["Weights", numerals.quantity(size(rng), "B")], {}),
    panels.segment: lambda rng: (["weights", size(rng), "text", rng.randrange(6)], {}),
    panels.part_segments: positional(architecture),
    panels.parts_chart: positional(architecture),
    panels.weigh_panel: lambda rng: ([SHELF, values(rng, "weigh")], {}),
    panels.build_panel: lambda rng: ([SHELF, values(rng, "build")], {}),
    panels.roofline_chart: lambda rng: (list(roofline_inputs(rng)), {}),
    panels.decode_panel: lambda rng: ([SHELF, values(rng, "decode")], {}),
}

# Reads calls as lines of JSON, answers in lines of JSON. The shelf is sent once.
RUNNER = """
const names = {names};
let shelf = null;
const answer = (call) => names[call.name](...call.arguments);
const show = (value) => JSON.stringify(value, (key, item) =>
  typeof item === "number" && !Number.isFinite(item) ? String(item) : item);
for (const line of require("fs").readFileSync(0, "utf8").trim().split("\\n")) {
  const call = JSON.parse(line);
  if (call.shelf) { shelf = call.shelf; continue; }
  call.arguments = call.arguments.map((item) => item === "the shelf" ? shelf : item);
  let result;
  try { result = {value: answer(call)}; } catch (error) { result = {error: String(error)}; }
  console.log(show(result));
}
"""


def as_json(value):
    """What JSON makes of a value: a record becomes a dictionary, a tuple a list."""
    if is_dataclass(value):
        return asdict(value)
    if isinstance(value, dict):
        return {key: as_json(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [as_json(item) for item in value]
    return value


def run_in_node(node, calls):
    names = ", ".join(function.__name__ for function in INPUTS)
    program = formulas(INPUTS) + RUNNER.replace("{names}", f"{{{names}}}")
    lines = [json.dumps({"shelf": plain(SHELF)})]
    for function, arguments, keywords in calls:
        bound = inspect.signature(function).bind(*arguments, **keywords)
        bound.apply_defaults()
        sent = ["the shelf" if item is SHELF else as_json(item) for item in bound.arguments.values()]
        lines.append(json.dumps({"name": function.__name__, "arguments": sent}))
    done = subprocess.run(
        [node, "-e", program], input="\n".join(lines), capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def difference(python, page, where="result"):
    """Where two results part, or nothing. Numbers may differ in the last bits, text not at all."""
    if isinstance(python, bool) or isinstance(page, bool) or not isinstance(python, (int, float, dict, list)):
        return None if python == page and type(python) is type(page) else f"{where}: {python!r} is not {page!r}"
    if isinstance(python, (int, float)):
        near = isinstance(page, (int, float)) and math.isclose(python, page, rel_tol=1e-12)
        return None if near else f"{where}: {python!r} is not {page!r}"
    if type(python) is not type(page) or len(python) != len(page):
        return f"{where}: {python!r} is not {page!r}"
    keys = python if isinstance(python, dict) else range(len(python))
    if isinstance(python, dict) and set(python) != set(page):
        return f"{where}: keys {sorted(python)} are not {sorted(page)}"
    found = (difference(python[key], page[key], f"{where}[{key!r}]") for key in keys)
    return next((text for text in found if text), None)


@pytest.fixture(scope="module")
def answers(tool):
    """For each formula its inputs, what Python says and what the page says."""
    rng = random.Random(2026)
    calls = [(function, *draw(rng)) for function, draw in INPUTS.items() for _ in range(EACH)]
    results = run_in_node(tool("node"), calls)
    assert len(results) == len(calls)
    grouped = {}
    for (function, arguments, keywords), result in zip(calls, results, strict=True):
        grouped.setdefault(function.__name__, []).append((arguments, keywords, result))
    return grouped


def test_every_formula_of_the_page_is_tried():
    assert set(reached(calculator.panel for calculator in CALCULATORS.values())) <= set(INPUTS)


@pytest.mark.parametrize("function", INPUTS, ids=lambda function: function.__name__)
def test_page_and_python_agree(function, answers):
    for arguments, keywords, result in answers[function.__name__]:
        shown = ["shelf" if item is SHELF else item for item in arguments]
        assert "error" not in result, (shown, keywords, result)
        fault = difference(as_json(function(*arguments, **keywords)), result.get("value"))
        assert fault is None, (shown, keywords, fault)


def test_a_difference_is_seen():
    """The comparison can fail: in a number's eleventh digit, in a letter, in a missing key."""
    assert difference({"a": [1.0, "x"]}, {"a": [1, "x"]}) is None
    assert difference(1.0, 1.0 + 1e-11)
    assert difference("41.8 ms", "41.9 ms")
    assert difference({"a": 1}, {"b": 1})
    assert difference([1, 2], [1])
    assert difference(1, "1")
    assert difference(1.0, None)
