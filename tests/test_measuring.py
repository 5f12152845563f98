"""Measuring a machine: all that needs no PyTorch. What needs it stands in test_measuring_torch.py."""

import copy
import dataclasses
import json
import math
import sys
import types

import jsonschema
import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_catalogue import check_provenance

from tokenomics import catalogue
from tokenomics.burst import times
from tokenomics.cli import main
from tokenomics.latency import decode_step, step_time
from tokenomics.measuring import compare, plot
from tokenomics.measuring.devices import find_device
from tokenomics.measuring.files import measured, read, write
from tokenomics.measuring.plan import EXTENTS, plan
from tokenomics.measuring.record import FORMAT, Machine, Point, Provenance, Run
from tokenomics.measuring.roofs import above_roofs, least_time, measured_machine, roofs
from tokenomics.measuring.runner import carry_out
from tokenomics.measuring.schema import from_json, json_schema, to_json
from tokenomics.measuring.tasks import (
    BITS,
    ROOM,
    SHAPES,
    Task,
    default_shape,
    is_llama_shaped,
    needed_memory,
    work_of,
)
from tokenomics.measuring.timing import sample
from tokenomics.operations import decode_operations, prefill_operations, total

RUNS = measured()
FILES = sorted(catalogue.path("measured").glob("*.json"))
every_run = pytest.mark.parametrize("name", RUNS)


# What the catalogue keeps.


def test_there_is_a_run():
    assert RUNS


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_kept_file_is_valid_by_its_schema_and_says_where_it_comes_from(path):
    data = json.loads(path.read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator(json_schema(Run)).validate(data)
    check_provenance(data["provenance"])
    assert data["provenance"]["versions"]["torch"] and len(data["provenance"]["load"]) == 2
    assert path.stem == f"{data['machine']['name']}-{data['provenance']['date']}"


@every_run
def test_a_kept_run_is_complete_and_nothing_in_it_is_above_the_measured_roof(name):
    run = RUNS[name]
    assert run.state == "complete" and above_roofs(run) == []
    assert {point.kind for point in run.points} == {
        "copy", "read", "product", "vectors", "launch", "prefill", "decode",
    }  # fmt: skip
    assert all(len(point.seconds) >= 5 for point in run.points)


@every_run
def test_what_was_counted_while_running_is_what_the_formulas_count(name):
    """The products by PyTorch's own counter, the bytes by the tensors that each operation was given."""
    assert {count.kind for count in RUNS[name].counts} == {"prefill", "decode"}
    for count in RUNS[name].counts:
        check_count(count)


def check_count(count, model=None):
    model = catalogue.model(count.model) if model is None else model
    bits = {"bits": count.bits, "kv_bits": count.bits}
    if count.kind == "decode":
        operations = decode_operations(model, **count.shape, **bits)
    else:
        operations = prefill_operations(model, **count.shape, **bits, attention="full", logits="last")
    assert count.flops == total(operations, "flops")
    assert count.weights_read == total(operations, "weight_bytes")
    assert count.cache_read == total(operations, "kv_read")
    assert count.cache_written == total(operations, "kv_written")


@every_run
def test_every_point_holds_the_work_of_its_task(name):
    for point in RUNS[name].points:
        task = Task(**{key: getattr(point, key) for key in ("kind", "precision", "shape", "model", "mode")})
        assert (point.flops, point.traffic) == work_of(task)


@every_run
def test_no_prediction_beats_the_bound_and_the_fit_is_nearer_than_the_bound(name):
    rows = compare.beside(RUNS[name])
    assert all(row.bound <= row.point.median for row in rows)
    # The fitted shares are at most 1; a prompt's time may fall below its bound in traffic by what it writes.
    assert all(row.fitted >= 0.99 * row.bound for row in rows)
    found = compare.errors(rows)
    assert found["fitted"] < found["bound"] and found["held_out"] < found["bound"]


# Records and their files.


def kept():
    return next(iter(RUNS.values()))


def changed(path, value):
    """The data of a run with one value replaced."""
    data = copy.deepcopy(json.loads(json.dumps(to_json(kept()))))
    holder = data
    for key in path[:-1]:
        holder = holder[key]
    holder[path[-1]] = value
    return data


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        (["format"], FORMAT + 1, "format is"),
        (["state"], "done", "state is 'done'"),
        (["points"], {}, "points is {}; it must be a list"),
        (["points", 0, "kind"], "cpy", "kind is 'cpy'; did you mean 'copy'?"),
        (["points", 0, "seconds"], [], "seconds is empty"),
        (["points", 0, "seconds", 0], "fast", "seconds, number 1 is 'fast'; it must be a number"),
        (["points", 0, "seconds", 0], None, "it must be a number"),
        (["points", 0, "seconds", 0], True, "it must be a number"),
        (["points", 0, "flops"], -1.0, "flops is -1.0"),
        (["points", 0, "shape"], {"bytes": 1.5}, "bytes is 1.5; it must be a whole number"),
        (["points", 0, "mode"], "jit", "mode is 'jit'"),
        (["points", 0, "speed"], 1, "speed is no field of it"),
        (["counts", 0, "flops"], "many", "flops is 'many'"),
        (["machine", "device"], "tpu", "device is 'tpu'"),
        (["machine", "memory"], 0.0, "memory is 0.0"),
        (["machine"], None, "machine is None; it must be an object"),
        (["provenance"], "me", "provenance is 'me'; it must be an object"),
    ],
)
def test_schema_and_reader_refuse_the_same_and_name_the_field(tmp_path, path, value, words):
    data = changed(path, value)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft202012Validator(json_schema(Run)).validate(data)
    file = tmp_path / "mine.json"
    file.write_text(json.dumps(data))
    with pytest.raises(ValueError) as caught:
        read(file)
    assert words in str(caught.value) and "\n" not in str(caught.value)


def test_a_missing_field_is_named():
    data = changed(["state"], "complete")
    del data["machine"]["label"]
    with pytest.raises(ValueError, match=r"mine: machine: label is missing"):
        from_json(Run, data, "mine")


def test_writing_replaces_a_file_as_a_whole(tmp_path, monkeypatch):
    path = tmp_path / "run.json"
    write(kept(), path)
    before = path.read_text()
    monkeypatch.setattr("tokenomics.measuring.files.os.replace", lambda *names: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        write(dataclasses.replace(kept(), points=()), path)
    assert path.read_text() == before


@given(st.lists(st.floats(1e-9, 1e3), min_size=1, max_size=60))
def test_middle_and_spread_lie_among_the_samples(seconds):
    point = Point(kind="read", seconds=tuple(seconds))
    low, high = point.spread
    assert point.best <= low <= point.median <= high <= max(seconds)
    assert math.isclose(point.median, numpy.median(seconds)) and math.isclose(low, numpy.quantile(seconds, 0.25))


# Timing.


class Stopwatch:
    """A clock that only calls move."""

    def __init__(self, durations):
        self.now, self.durations, self.calls = 0.0, iter(durations), 0

    def __call__(self):
        return self.now

    def call(self):
        self.calls += 1
        self.now += next(self.durations)


def test_the_first_call_is_not_timed_and_warming_up_is_not_either():
    watch = Stopwatch([100.0, 9.0, *[1.0] * 50])
    assert sample(watch.call, clock=watch, budget=4, least=3) == (1.0, 1.0, 1.0, 1.0)


def test_short_calls_are_timed_many_at_a_time():
    watch = Stopwatch([1e-6] * 10_000_000)
    samples = sample(watch.call, clock=watch, budget=0.01, least=4, most=4, shortest=1e-3)
    assert samples == pytest.approx([1e-6] * 4) and watch.calls > 4000


@pytest.mark.parametrize(("seconds", "count"), [(10.0, 5), (0.4, 5), (0.1, 10), (0.001, 50)])
def test_samples_stop_at_the_budget_but_not_below_the_least(seconds, count):
    watch = Stopwatch([seconds] * 1_000_000)
    assert len(sample(watch.call, clock=watch, budget=1.0, shortest=0.0)) == pytest.approx(count, abs=1)


def test_waiting_for_the_device_is_timed():
    watch = Stopwatch([0.0] * 1000)

    def settle():
        watch.now += 0.5

    assert sample(watch.call, settle, clock=watch, budget=1, most=5) == (0.5,) * 5


# The plan.


@given(st.sampled_from(list(EXTENTS)), st.sampled_from(SHAPES), st.sampled_from(["bf16", "fp32"]), st.floats(1e9, 1e12))
def test_a_plan_never_asks_for_more_than_there_is(device, model, precision, memory):
    try:
        tasks, left_out = plan(device, [model], precision, memory, 50e6)
    except ValueError as error:
        assert needed_memory(model, BITS[precision]) > ROOM * memory
        assert "--model is" in str(error) and str(error).count("\n") == 0
        return
    passes = [task for task in tasks if task.model is not None]
    for task in passes:
        tokens = task.shape.get("tokens", task.shape.get("context"))
        assert needed_memory(model, BITS[precision], task.shape.get("batch", 1), tokens) <= memory
    extent = EXTENTS[device]
    decodes = len(extent.modes) * len(extent.batches) * len(extent.contexts)
    assert len(passes) + len(left_out) == len(extent.prompts) + decodes
    assert all(2 * task.shape["bytes"] <= memory / 4 for task in tasks if task.kind == "copy")


def test_weights_that_meet_vectors_do_not_fit_the_cache():
    for cache in (1e6, 50e6, 500e6):
        tasks, _ = plan("cpu", ["qwen2.5-0.5b"], "bf16", 64e9, cache)
        sizes = [2 * task.shape["matrices"] * task.shape["size"] ** 2 for task in tasks if task.kind == "vectors"]
        assert sizes and min(sizes) >= 2 * cache


def test_what_does_not_fit_is_refused_with_one_that_does():
    with pytest.raises(ValueError, match=r"'llama-3.3-70b', .* the largest that fits is llama-3.1-8b"):
        plan("cuda", ["llama-3.3-70b"], "bf16", 24e9, 50e6)
    with pytest.raises(ValueError, match="none of the decoders fits"):
        default_shape("cpu", 5e8, 16)


@pytest.mark.parametrize("name", ["gpt2", "mixtral-8x7b", "deepseek-v3", "gemma-2-9b", "qwen3-8b", "jamba-v0.1"])
def test_another_shape_is_refused(name):
    assert not is_llama_shaped(catalogue.model(name))
    with pytest.raises(ValueError, match=f"--model is '{name}', which is no Llama-shaped decoder"):
        plan("cpu", [name], "bf16", 1e12, 50e6)


@pytest.mark.parametrize("name", SHAPES)
def test_the_shapes_on_offer_can_be_taken_and_rise(name):
    assert is_llama_shaped(catalogue.model(name))
    sizes = [needed_memory(shape, 16) for shape in SHAPES]
    assert sizes == sorted(sizes)


def test_the_default_rises_with_the_memory():
    assert [default_shape("cpu", memory, 16) for memory in (4e9, 1e12)] == ["qwen2.5-0.5b"] * 2
    found = [SHAPES.index(default_shape("cuda", memory, 16)) for memory in (2e9, 8e9, 16e9, 24e9, 141e9)]
    assert found == sorted(found) and SHAPES[found[-1]] == "llama-3.1-8b"


# Carrying it out.


def empty(state="interrupted"):
    return Run(
        format=FORMAT,
        state=state,
        machine=Machine(name="mine", label="Mine", device="cpu", memory=16e9, last_cache=32e6),
        provenance=Provenance(source="a test of the book", date="2026-11-21", command="none", kind="measured"),
        points=(),
    )


TASKS = [Task(kind="product", precision="bf16", shape={"size": size}) for size in (256, 512, 1024, 2048)]


def carried(fault=None, at=2, tasks=TASKS):
    """Carry out some tasks, of which one goes wrong; what came of it, and what was kept on the way."""
    states = []

    def time_task(task):
        if fault is not None and task is tasks[at]:
            raise fault
        return (1.0,) * 5

    run = carry_out(tasks, time_task, lambda name: [], empty(), states.append)
    assert states[-1] == run
    # Whoever is killed, rather than asked to stop, leaves a file that is marked too.
    assert {state.state for state in states[:-1]} == {"interrupted"}
    return run


def test_a_run_that_ends_is_complete():
    run = carried()
    assert run.state == "complete" and len(run.points) == 4 and run.left_out == ()


def test_ctrl_c_keeps_what_was_measured_and_says_what_was_not():
    run = carried(KeyboardInterrupt())
    assert run.state == "interrupted" and [point.shape["size"] for point in run.points] == [256, 512]
    assert run.left_out == ("product bf16 size 1024: interrupted", "product bf16 size 2048: interrupted")


def test_out_of_memory_leaves_one_task_out_and_proposes_a_smaller_model():
    run = carried(MemoryError("tried to allocate 99 GB"))
    assert run.state == "out of memory" and len(run.points) == 3
    (line,) = run.left_out
    assert "product bf16 size 1024: out of memory (tried to allocate 99 GB); a smaller --model" in line


def test_what_a_machine_cannot_do_is_left_out_in_one_line():
    run = carried(RuntimeError("no such\nkernel " + "x" * 500))
    assert run.state == "complete" and len(run.points) == 3
    assert "\n" not in run.left_out[0] and len(run.left_out[0]) < 250


def test_every_decoder_is_counted_once():
    tasks = [Task(kind="prefill", precision="bf16", shape={"tokens": n}, model="qwen2.5-0.5b") for n in (1, 2)]
    counted = []
    run = carry_out(tasks, lambda task: (1.0,), lambda name: counted.append(name) or [], empty(), lambda run: None)
    assert counted == ["qwen2.5-0.5b"] and len(run.points) == 2


# The command line.


def refused(capsys, *arguments):
    code = main(["measure", *arguments])
    captured = capsys.readouterr()
    assert code == 2 and captured.out == "" and captured.err.count("\n") == 1
    return captured.err


@pytest.fixture
def without_pytorch(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)


def test_without_pytorch_it_says_how_to_get_it(capsys, without_pytorch):
    assert "measure needs PyTorch, which is not installed here; install it with: pip install torch" in refused(capsys)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--precision", "fp7"], "--precision is 'fp7'; "),
        (["--budget", "0"], "--budget is 0.0; it must be a finite number above zero"),
        (["--model", "lama-3.1-8b"], "did you mean 'llama-3.1-8b'?"),
        (["--show", "nowhere.json"], "nowhere.json: "),
        (["--show", str(catalogue.path("models/gpt2.json"))], "gpt2.json: label is no field of it"),
    ],
)
def test_a_wrong_option_is_named(capsys, without_pytorch, arguments, words):
    assert words in refused(capsys, *arguments)


def test_without_cuda_it_says_so():
    torch = types.SimpleNamespace(__version__="2.13", cuda=types.SimpleNamespace(is_available=lambda: False))
    with pytest.raises(ValueError, match=r"--device is 'cuda', but PyTorch 2.13 sees no CUDA device"):
        find_device(torch, "cuda")
    assert find_device(torch, "auto") == "cpu"
    with pytest.raises(ValueError, match=r"--device is 'tpu'; .*nown: auto, cpu, cuda"):
        find_device(torch, "tpu")


def test_a_file_is_shown_without_pytorch(capsys, without_pytorch, tmp_path):
    picture = tmp_path / "run.svg"
    assert main(["measure", "--show", str(FILES[0]), "--plot", str(picture)]) == 0
    out = capsys.readouterr().out
    assert "the roofs" in out and "0 of" in out and "Median |error|" in out
    assert picture.read_text(encoding="utf-8").count("<path") > 20
    assert main(["measure", "--show", str(FILES[0]), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["above the roofs"] == 0


def test_a_run_cut_off_early_is_shown_as_far_as_it_goes(capsys, tmp_path):
    path = tmp_path / "run.json"
    write(carried(KeyboardInterrupt()), path)
    assert "state is 'interrupted', and it holds no memory measurement" in last_line(capsys, path)


def last_line(capsys, path):
    code = main(["measure", "--show", str(path)])
    err = capsys.readouterr().err.splitlines()
    assert code == 2 and all(line.startswith(("left out: ", "tokenomics: ")) for line in err)
    return err[-1]


# Roofs and comparison.


def point(kind, seconds, **what):
    task = Task(kind=kind, precision="bf16", **what)
    flops, traffic = work_of(task)
    return Point(seconds=(seconds,) * 5, flops=flops, traffic=traffic, **vars(task))


def machine_points(bandwidth, peak):
    """A read and a product on a machine that does just what it is said to."""
    return (
        point("read", 1e9 / bandwidth, shape={"bytes": 10**9}),
        point("product", 2 * 2048**3 / peak, shape={"size": 2048}),
    )


@given(st.floats(1e9, 1e13), st.floats(1e10, 1e16))
def test_the_roofs_are_what_the_kernels_did(bandwidth, peak):
    run = dataclasses.replace(empty("complete"), points=machine_points(bandwidth, peak))
    found = roofs(run)
    assert found.bandwidth == pytest.approx(bandwidth) and found.peaks == {"bf16": pytest.approx(peak)}
    assert measured_machine(run, "bf16").peaks["bf16"] == found.peaks["bf16"]


def test_a_point_above_the_roofs_is_found():
    fast = point("decode", 1e-6, shape={"batch": 1, "context": 128}, model="qwen2.5-0.5b")
    slow = point("decode", 1.0, shape={"batch": 1, "context": 128}, model="qwen2.5-0.5b")
    run = dataclasses.replace(empty("complete"), points=(*machine_points(30e9, 1e12), fast, slow))
    assert above_roofs(run) == [fast]


def test_the_bound_is_that_of_the_decode_law():
    for batch, context in ((1, 128), (16, 4096), (512, 64)):
        step = point("decode", 1.0, shape={"batch": batch, "context": context}, model="llama-3.1-8b")
        run = dataclasses.replace(empty("complete"), points=(*machine_points(30e9, 1e12), step))
        law = step_time(
            decode_step(catalogue.model("llama-3.1-8b"), measured_machine(run, "bf16"), batch=batch, context=context)
        )
        assert least_time(step, roofs(run)) == pytest.approx(law)


TRUE = {"weight_bandwidth": 0.8, "kv_bandwidth": 0.4, "compute": 0.6, "layer_time": 200e-6, "sequence_time": 1e-4}


def imagined():
    """A run of an imagined machine whose passes take what the model says with the constants above.

    Two decoders: the passes of one cannot tell the time of its layers from that of its weights.
    """
    shapes = [("prefill", {"tokens": n}) for n in (32, 512, 2048)]
    shapes += [("decode", {"batch": b, "context": c}) for b in (1, 4, 16) for c in (128, 2048, 8192)]
    models = ("qwen2.5-0.5b", "llama-3.1-8b")
    passes = [point(kind, 1.0, shape=shape, model=name) for name in models for kind, shape in shapes]
    run = dataclasses.replace(empty("complete"), points=(*machine_points(30e9, 1e12), *passes))
    rows, constants = compare._rows(run, passes), compare.fit_run(run).constants
    constants = dataclasses.replace(constants, **TRUE)
    t = times(
        rows.server, constants, constants.compute, rows.input_tokens, rows.output_tokens, rows.requests, rows.longest
    )
    taken = numpy.where(rows.kind == "step", t.step, t.prefill)
    passes = [dataclasses.replace(entry, seconds=(float(s),)) for entry, s in zip(passes, taken, strict=True)]
    return dataclasses.replace(run, points=(*machine_points(30e9, 1e12), *passes))


def test_the_fit_finds_the_constants_of_an_imagined_machine():
    run = imagined()
    found = compare.fit_run(run)
    assert {"weight_bandwidth", "kv_bandwidth", "compute"}.isdisjoint(found.constants.unidentified)
    for name, value in TRUE.items():
        # What the passes cannot tell is said to be so.
        if name not in found.constants.unidentified:
            assert getattr(found.constants, name) == pytest.approx(value, rel=0.1), name
    assert compare.errors(compare.beside(run))["held_out"] < 0.02


def test_too_few_passes_are_not_fitted_to():
    run = imagined()
    few = dataclasses.replace(run, points=run.points[:5])
    with pytest.raises(ValueError, match="holds 3 passes of a decoder in eager mode; 5 constants"):
        compare.fit_run(few)


def test_the_passes_of_a_machine_of_the_catalogue_become_measurements():
    machine = dataclasses.replace(empty().machine, accelerator="H200-SXM-141GB")
    run = dataclasses.replace(imagined(), machine=machine)
    rows = compare.measurements_of(run)
    passes = [entry for entry in run.points if entry.model is not None]
    assert [row.time for row in rows] == pytest.approx([entry.median for entry in passes])
    assert {row.machine for row in rows} == {"H200-SXM-141GB"} and {row.engine for row in rows} == {"pytorch"}
    with pytest.raises(ValueError, match=r"accelerator is None; .* measure --accelerator"):
        compare.measurements_of(imagined())
    with pytest.raises(ValueError, match="accelerator is 'H2000'"):
        dataclasses.replace(machine, accelerator="H2000")


def test_a_figure_wants_a_decode_step(tmp_path):
    run = dataclasses.replace(empty("complete"), points=machine_points(30e9, 1e12))
    with pytest.raises(ValueError, match="holds no decode step"):
        plot.draw(run, tmp_path / "run.svg")
