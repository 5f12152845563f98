"""The widget in Python: its values are checked, its table holds its answers, its page weighs little."""

import html
import json
import random
import re
from html.parser import HTMLParser

import pytest
import traitlets

from tokenomics import catalogue
from tokenomics.cache import cache_bytes, sequences_that_fit
from tokenomics.deployment import deployment
from tokenomics.efficiency import CEILING, efficiencies, efficiency
from tokenomics.explorer import Explorer, explore
from tokenomics.explorer.calculators import CALCULATORS
from tokenomics.explorer.controls import Control
from tokenomics.explorer.javascript import calculators_script, module, page_script, stylesheet
from tokenomics.explorer.panels.roofline import grouped_operations
from tokenomics.figures import SERIES
from tokenomics.marginal import full_server
from tokenomics.numerals import decimal, quantity, significant
from tokenomics.operations import decode_operations, prefill_operations, total
from tokenomics.parameters import total_parameters, weight_bytes
from tokenomics.prediction import Workload, predict
from tokenomics.quote import quote
from tokenomics.rentals import Rental

BUDGET = 40_000  # bytes of script and style on a page, before compression

every_calculator = pytest.mark.parametrize("name", CALCULATORS)


class Table(HTMLParser):
    """Collects the rows of a table, and what script elements hold."""

    def __init__(self, text):
        super().__init__()
        self.rows, self.scripts, self.inside = [], [], None
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        if tag == "tr":
            self.rows.append([])
        self.inside = tag

    def handle_endtag(self, tag):
        self.inside = None

    def handle_data(self, data):
        if self.inside in ("th", "td"):
            self.rows[-1].append(data)
        if self.inside == "script":
            self.scripts.append(data)


def drawn(name, seed):
    rng = random.Random(seed)
    return {control.name: rng.choice(control.options)[0] for control in CALCULATORS[name].controls}


@every_calculator
def test_the_table_holds_the_settings_and_the_answers(name):
    widget = explore(name, **drawn(name, 1))
    parsed = Table(widget._repr_mimebundle_()[0]["text/html"])
    settings = [
        [control.label, dict(control.options)[widget.values[control.name]]] for control in CALCULATORS[name].controls
    ]
    answers = [[readout["label"], readout["text"]] for readout in widget.panel()["readouts"]]
    assert parsed.rows == settings + answers


@every_calculator
def test_the_page_gets_state_and_values_as_json(name):
    widget = explore(name, **drawn(name, 2))
    (data,) = Table(widget._repr_mimebundle_()[0]["text/html"]).scripts
    assert json.loads(data) == json.loads(json.dumps({"state": widget.state, "values": widget.values}))


def test_text_in_the_data_cannot_end_its_script_element():
    widget = explore("weigh")
    hostile = "</script><script>alert(1)</script>"
    widget.state = {**widget.state, "title": hostile}
    parsed = Table(widget._html())
    (data,) = parsed.scripts
    assert json.loads(data)["state"]["title"] == hostile


def test_text_in_the_table_is_escaped(monkeypatch):
    readout = {"label": "a < b", "text": "<b>&"}
    widget = explore("weigh")
    monkeypatch.setattr(widget, "panel", lambda: {"headline": "", "readouts": [readout], "charts": []})
    assert Table(widget._html()).rows[-1] == ["a < b", "<b>&"]
    assert html.escape("<b>&") in widget._html()


@every_calculator
def test_the_same_cell_gives_the_same_output(name):
    first, second = (explore(name)._repr_mimebundle_()[0] for _ in range(2))
    assert first["text/html"] == second["text/html"]
    assert first["text/plain"] == second["text/plain"] == f"Explorer({name!r})"


@every_calculator
def test_controls_left_out_take_their_default(name):
    defaults = {control.name: control.default for control in CALCULATORS[name].controls}
    assert explore(name).values == defaults
    for control in CALCULATORS[name].controls:
        value = control.options[-1][0]
        assert explore(name, **{control.name: value}).values == {**defaults, control.name: value}


def complaint(function, *arguments, **keywords) -> str:
    with pytest.raises((ValueError, traitlets.TraitError)) as caught:
        function(*arguments, **keywords)
    message = str(caught.value)
    assert message and "\n" not in message
    return message


def test_unknown_names_and_values_are_refused():
    assert "calculator is 'weight'" in complaint(Explorer, "weight")
    assert "did you mean 'weigh'" in complaint(Explorer, "weight")
    message = complaint(explore, "decode", bach=8)
    assert "'bach'" in message and "batch" in message
    message = complaint(explore, "decode", batch=0)
    assert "batch is 0" in message and "1024" in message
    message = complaint(explore, "weigh", machine="H100")
    assert "machine is 'H100'" in message and "H100-SXM-80GB" in message
    assert "bits is 7" in complaint(explore, "weigh", bits=7)


def test_a_wrong_assignment_is_refused_and_changes_nothing():
    widget = explore("decode", batch=32)

    def assign(values):
        widget.values = values

    message = complaint(assign, {"batch": 0})
    assert "batch is 0" in message and "choose one of" in message
    assert widget.values["batch"] == 32
    assign({"batch": 64})
    assert widget.values["batch"] == 64 and set(widget.values) == {
        control.name for control in CALCULATORS["decode"].controls
    }


def test_a_control_must_offer_its_default():
    message = complaint(Control, name="bits", label="Bits", options=((1, "1"), (2, "2")), default=3)
    assert message == "default: bits is 3; choose one of 1, 2"


def test_values_take_the_type_of_their_option():
    """The page compares strictly: to it, true and 1 are two values."""
    values = explore("decode", batch=True, context=128.0).values
    assert [type(values[name]) for name in ("batch", "context")] == [int, int]


@every_calculator
@pytest.mark.parametrize("seed", range(20))
def test_panels_are_what_the_view_draws(name, seed):
    panel = explore(name, **drawn(name, seed)).panel()
    assert panel["headline"].endswith(".")
    labels = [readout["label"] for readout in panel["readouts"]]
    assert labels and len(set(labels)) == len(labels)
    for chart in panel["charts"]:
        if chart["kind"] == "bars":
            segments = [segment for bar in chart["bars"] for segment in bar["segments"]]
            assert all(segment["value"] >= 0 for segment in segments)
        else:
            assert chart["kind"] == "curve"
            segments = chart["lines"] + chart["marks"]
            for mark in chart["marks"]:
                # Not above a roof, and inside the frame.
                roofs = [line["points"][0][1] for line in chart["lines"] if line["label"] == "compute roof"]
                assert all(mark["y"] <= roof * (1 + 1e-12) for roof in roofs)
                assert chart["x"]["low"] <= mark["x"] <= chart["x"]["high"]
                assert chart["y"]["low"] <= mark["y"] <= chart["y"]["high"]
        assert all(0 <= segment["series"] < len(SERIES) for segment in segments)


def answers(name, **values):
    return {readout["label"]: readout["text"] for readout in explore(name, **values).panel()["readouts"]}


def test_calculators_give_the_published_figures():
    assert answers("weigh")["Parameters"] == answers("build")["Parameters"] == "70,553,706,496"
    assert answers("weigh")["Weights"] == "141 GB"
    assert answers("weigh")["Least number of devices"] == "2 devices"
    assert answers("weigh", bits=4)["Least number of devices"] == "1 device"
    assert answers("decode")["Ridge point at bf16"] == "295 FLOP/byte"
    assert answers("decode", machine="Apple-M3-Ultra")["Ridge point at bf16"] == "no published peak"


@pytest.mark.parametrize(
    ("devices", "batch", "fits"),
    # 141.1 GB of weights, and 0.67 GB of cache for each sequence of 2,048 tokens, on devices of 80 GB.
    [(1, 1, False), (2, 1, True), (2, 16, True), (2, 32, False), (4, 256, True), (4, 512, False)],
)
def test_what_fits(devices, batch, fits):
    panel = explore("decode", devices=devices, batch=batch).panel()
    assert ("does not fit" in panel["headline"]) != fits
    text = panel["readouts"][-1]["text"]
    assert ("does not fit" in text) != fits


def test_the_roof_that_binds():
    # Short contexts: arithmetic binds past the ridge of 295 sequences.
    assert answers("decode", batch=256, context=128)["Roof that binds"] == "memory"
    assert answers("decode", batch=512, context=128)["Roof that binds"] == "arithmetic"
    assert answers("decode", batch=512, context=8192)["Roof that binds"] == "memory"


def test_the_code_of_a_page_stays_small():
    for name in CALCULATORS:
        assert len((page_script() + calculators_script(name) + stylesheet()).encode()) < BUDGET
        assert len((module(name) + stylesheet()).encode()) < BUDGET


def test_the_code_of_a_page_calls_no_other_host():
    texts = page_script() + stylesheet() + "".join(calculators_script(name) + module(name) for name in CALCULATORS)
    addresses = set(re.findall(r"https?://[^\"'`\s)]+", texts))
    assert addresses <= {"http://www.w3.org/2000/svg"}


def test_a_window_bounds_the_cache_that_must_fit():
    """The room of a cache is that of the windows, not of the whole context."""
    chosen = Explorer("decode", model="gpt-oss-20b", bits=4, batch=64, context=131072)
    model = catalogue.model("gpt-oss-20b")
    needed = weight_bytes(total_parameters(model), 4) + 64 * cache_bytes(model, context=131072, bits=16)
    assert chosen.panel()["readouts"][-1]["text"].startswith(quantity(needed, "B"))


def test_no_roof_is_named_where_a_peak_is_not_published():
    panel = Explorer("decode", machine="Apple-M3-Ultra", batch=1024).panel()
    assert "memory binds" not in panel["headline"]
    texts = {readout["label"]: readout["text"] for readout in panel["readouts"]}
    assert "as far as is published" in texts["Roof that binds"]
    panel = Explorer("roofline", machine="Apple-M3-Ultra", phase="prefill").panel()
    assert "memory binds" not in panel["headline"]
    texts = {readout["label"]: readout["text"] for readout in panel["readouts"]}
    assert texts["Time in which memory binds"] == "unknown"


def test_the_headline_does_not_blame_a_model_for_its_cache():
    # 141 GB of weights have room on four H100s of 80 GB, and not on one.
    assert "and the model does not fit" in explore("decode", devices=1).panel()["headline"]
    assert "and the model fits" in explore("decode", devices=4).panel()["headline"]
    full = explore("decode", devices=4, batch=512).panel()["headline"]
    assert "and the cache beside the model does not fit" in full


@pytest.mark.parametrize("devices", [2, 4, 8])
@pytest.mark.parametrize("context", [2048, 131072])
def test_the_cache_calculator_fits_what_the_formula_fits(devices, context):
    """Eight key-value heads divide among up to eight devices, so nothing is held twice."""
    sizes = {"memory": devices * 80e9, "context": context, "weight_bits": 16, "kv_bits": 16, "reserve": 0.1}
    fit = sequences_that_fit(catalogue.model("llama-3.3-70b"), **sizes)
    assert answers("cache", devices=devices, context=context)["Sequences that fit"] == str(int(fit))


def test_the_share_that_the_cache_calculator_sets_aside_is_the_engines():
    assert efficiency(None, "HBM GPU").memory_share == 0.9
    assert answers("cache")["Set aside for the engine, a tenth"] == "32.0 GB"


@pytest.mark.parametrize("model", [value for value, _ in CALCULATORS["roofline"].controls[0].options])
@pytest.mark.parametrize("phase", ["decode", "prefill"])
def test_the_groups_of_the_roofline_add_up_to_the_pass(model, phase):
    chosen = {"model": model, "precision": "int4", "phase": phase, "batch": 8, "tokens": 512}
    architecture = catalogue.model(model)
    if phase == "decode":
        operations = decode_operations(architecture, batch=8, context=512, bits=4)
    else:
        operations = prefill_operations(architecture, batch=8, tokens=512, bits=4, attention="causal", logits="last")
    groups = grouped_operations(architecture, chosen)
    assert sum(group["flops"] for group in groups) == pytest.approx(total(operations, "flops"))
    kinds = ("weight_bytes", "kv_read", "kv_written", "activation_bytes")
    assert sum(group["bytes"] for group in groups) == pytest.approx(sum(total(operations, kind) for kind in kinds))


def test_the_roofline_needs_no_peak():
    panel = explore("roofline", machine="Apple-M3-Ultra").panel()
    assert [chart["kind"] for chart in panel["charts"]] == ["bars"]
    assert answers("roofline", machine="Apple-M3-Ultra")["Peak used"] == "none is published"
    # A machine without arithmetic in eight bits multiplies in sixteen.
    assert answers("roofline", machine="A100-SXM-80GB", precision="fp8")["Peak used"] == "bf16, 312 TFLOP/s"


@pytest.mark.parametrize("batch", [1, 16, 64, 1024])
def test_the_price_calculator_says_what_the_package_quotes(batch):
    place = deployment("llama-3.3-70b", "H100-SXM-80GB", tensor=4, engine="vllm")
    paid = Rental(machine="H100-SXM-80GB", provider="a landlord", hourly=2.5)
    fits = full_server(place, 2048, 256)
    running = batch if batch < fits else None
    found = quote(place, paid, input_tokens=2048, output_tokens=256, running=running, utilisation=0.3)
    panel = explore("price", batch=batch, utilisation=0.3).panel()
    pair = [f"{significant(1e6 * price.value)} USD" for price in (found.input, found.output)]
    assert panel["headline"].startswith(f"{pair[0]} for a million tokens in, {pair[1]} for a million out")


def test_the_price_calculator_refuses_what_does_not_fit():
    panel = explore("price", devices=1).panel()
    assert "Not even one" in panel["headline"] and panel["charts"] == []


def asked(values):
    """The deployment and the workload of a state of the calculator of everything."""
    engine = values["engine"]
    place = deployment(
        values["model"],
        values["machine"],
        **{name: values[name] for name in ("tensor", "pipeline", "replicas", "weights", "kv_bits")},
        engine=None if engine == "any engine" else engine,
        constants=CEILING if engine == "ceiling" else None,
    )
    requests = None if values["requests"] == "max" else values["requests"]
    return place, Workload(input_tokens=values["prompt"], output_tokens=values["reply"], requests=requests)


def said(estimate, unit, bound):
    """A value with its interval, as the calculator writes it."""
    value, low, high = (quantity(end, "s") if unit == "s" else f"{significant(end)} {unit}" for end in estimate)
    return bound + value if bound else f"{value} ({low if unit == 's' else low.removesuffix(f' {unit}')} to {high})"


@pytest.mark.parametrize("seed", range(60))
def test_the_calculator_of_everything_says_what_the_package_predicts_and_quotes(seed):
    values = drawn("predict", seed)
    # Of all states few fit, and of those with copies only models with experts.
    values |= {"replicas": 1} if seed % 4 else {"model": "deepseek-v3", "tensor": 1}
    values |= {"machine": "B200-180GB", "weights": "fp8"} if seed % 2 else {}
    place, workload = asked(values)
    shown = answers("predict", **values)
    try:
        found = predict(place, workload)
    except ValueError as reason:
        assert f"{shown['Devices that would hold them']} devices" in str(reason)
        if "bits" in str(reason):
            assert f"weights of {shown['Weights that would fit here'].removesuffix(' bit')} bits" in str(reason)
        return
    bound = "at least " if values["engine"] == "ceiling" else ""
    is_known = place.server.peak < 1e18
    unknown = bound or ("" if is_known else "at least ")
    assert shown["Time per output token"] == said(found.time_per_output_token, "s", bound)
    assert shown["Until the last reply ends"] == said(found.burst_time, "s", unknown)
    rate = said(found.output_rate, "token/s", "at most " if unknown else "")
    assert shown["Output of all, prefill included"] == rate
    assert shown["Roof over a decode step"] == {"memory": "memory", "compute": "arithmetic"}[found.roof]
    assert shown["Arithmetic in"] == place.arithmetic
    if is_known:
        assert shown["Time to first token"] == said(found.time_to_first_token, "s", bound)
        share = 100 * found.flops_utilisation
        assert shown["MFU of the burst"] == f"{decimal(share, 0 if share >= 10 else 1)} %"
    else:
        assert "not known" in shown["Time to first token"] and "not known" in shown["MFU of the burst"]
    fits = full_server(place, values["prompt"], values["reply"])
    running = workload.requests if workload.requests is not None and workload.requests < fits else None
    paid = Rental(machine=values["machine"], provider="a landlord", hourly=values["rent"])
    request = {"input_tokens": values["prompt"], "output_tokens": values["reply"]}
    priced = quote(place, paid, **request, running=running, utilisation=values["sold"])
    for name in ("input", "output"):
        million = [1e6 * end for end in getattr(priced, name)]
        assert shown[f"A million {name} tokens cost"] == said(million, "USD", unknown)


def test_the_calculator_of_everything_offers_everything():
    offered = {control.name: {value for value, _ in control.options} for control in CALCULATORS["predict"].controls}
    assert offered["model"] == set(catalogue.models())
    assert offered["machine"] == set(catalogue.accelerators(every=True))
    assert offered["weights"] == {row["name"] for row in catalogue.rows("precisions")}
    classes = {catalogue.accelerator(name).machine_class for name in offered["machine"]}
    engines = {found.engine for found in efficiencies().values() if found.machine_class in classes}
    assert offered["engine"] == {*engines, "any engine", "ceiling"} - {None}


def test_the_data_of_the_calculator_of_everything_stay_small():
    """Models travel as the numbers that the formulas need, not as architectures."""
    assert len(explore("predict")._repr_mimebundle_()[0]["text/html"].encode()) < 80_000


def test_copies_of_attention_need_experts():
    panel = explore("predict", replicas=2).panel()
    assert "no experts" in panel["headline"] and panel["charts"] == []
