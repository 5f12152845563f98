"""Bad input to predictions and tables: one line that names the field or cell, the value, and what would be right."""

import json
import subprocess
import sys
from dataclasses import replace

import pytest

from tokenomics import catalogue
from tokenomics.calibration import fit
from tokenomics.cli import main
from tokenomics.deployment import deployment
from tokenomics.efficiency import CEILING, Efficiency
from tokenomics.measurement_tables import read_rows, read_table
from tokenomics.measurements import Measurement
from tokenomics.parallelism import Parallelism, parallelism_from_text
from tokenomics.prediction import Workload, predict
from tokenomics.results import Setting, read_measurements
from tokenomics.rows import predicted_over_measured, rows_of

HEADER = (
    "id,source_title,model,precision_weights,hardware,n_gpus,parallelism,engine,input_tokens,output_tokens,"
    "batch_or_concurrency,metric,value"
)
GOOD = "a,somebody,Llama-3.1-8B,bf16,H100-SXM-80GB,1,TP1,vLLM,2035,300,1,output_tok_s_total,130.6"


def table(*rows, header=HEADER) -> str:
    return "\n".join([header, *rows]) + "\n"


def one_problem(row) -> str:
    good, problems = read_rows(table(GOOD, row, GOOD), "table")
    assert len(good) == 2 and len(problems) == 1
    assert problems[0].line == 3
    return str(problems[0])


def refusal(call, *arguments, **named) -> str:
    with pytest.raises(ValueError) as caught:
        call(*arguments, **named)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_model_that_does_not_fit_says_by_how_much_and_what_would():
    place = deployment("llama-3.3-70b", "H100-SXM-80GB")
    text = refusal(predict, place, Workload(input_tokens=2035, output_tokens=300))
    assert "69.9 GB too little" in text and "2 devices" in text
    fits = deployment("llama-3.3-70b", "H100-SXM-80GB", tensor=2)
    assert predict(fits, Workload(input_tokens=2035, output_tokens=300)).times.limit > 1


def test_a_sweep_that_does_not_fit_somewhere_is_refused():
    import numpy

    place = deployment("llama-3.3-70b", "H100-SXM-80GB", tensor=2)
    work = Workload(input_tokens=numpy.array([100, 10_000_000]), output_tokens=10)
    assert "too little" in refusal(predict, place, work)


@pytest.mark.parametrize(
    ("named", "words"),
    [
        ({"weights": "fp9"}, ["precision is 'fp9'", "fp8"]),
        ({"engine": "vlm"}, ["engine is 'vlm'", "vllm"]),
        ({"tensor": 0}, ["tensor is 0", "at least 1"]),
        ({"tensor": 2.5}, ["tensor is 2.5", "whole number"]),
        ({"kv_bits": -8}, ["kv_bits is -8", "above zero"]),
    ],
)
def test_a_deployment_refuses_what_it_does_not_know(named, words):
    text = refusal(deployment, "llama-3.1-8b", "H100-SXM-80GB", **named)
    assert all(word in text for word in words)


def test_unknown_names_are_refused_with_the_nearest():
    assert "H100" in refusal(deployment, "llama-3.1-8b", "H10")
    assert "did you mean 'llama-3.1" in refusal(deployment, "llama-3.1", "L40S")


@pytest.mark.parametrize("field", ["input_tokens", "output_tokens", "requests", "longest"])
@pytest.mark.parametrize("value", [0, -1, float("nan"), "ten"])
def test_a_workload_refuses_impossible_numbers(field, value):
    numbers = {"input_tokens": 10, "output_tokens": 10, field: value}
    assert field in refusal(Workload, **numbers)


def test_an_efficiency_above_one_is_refused():
    assert "compute is 1.2" in refusal(Efficiency, name="mine", compute=1.2)
    assert "layer_time is -1" in refusal(Efficiency, name="mine", layer_time=-1)
    assert "spread" in refusal(Efficiency, name="mine", spread={"single": (2.0, 1.0)})


def test_a_split_that_contradicts_its_devices_is_refused():
    assert "needs 4 devices; the run has 8" in refusal(parallelism_from_text, "TP4", 8)
    assert "write TP4" in refusal(parallelism_from_text, "four ways", 4)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("130.6", "fast"), ["line 3, value", "'fast' is no number"]),
        (("130.6", "1,306"), ["line 3"]),
        (("130.6", "-5"), ["line 3, value", "-5", "above zero"]),
        (("130.6", "inf"), ["line 3, value", "finite"]),
        (("130.6", ""), ["line 3, value", "missing"]),
        (("2035", ""), ["line 3, input_tokens", "missing"]),
        ((",300,", ",,"), ["line 3, output_tokens", "missing"]),
        ((",300,1,", ",300,,"), ["line 3, batch_or_concurrency", "missing", "max"]),
        (("Llama-3.1-8B", "Llama-9"), ["line 3, model", "Llama-9"]),
        (("bf16", "fp9"), ["line 3, precision_weights", "fp9"]),
        (("H100-SXM-80GB", "H1000"), ["line 3, hardware", "H1000"]),
        (("vLLM", ""), ["line 3, engine", "missing"]),
        (("TP1", "TP3"), ["line 3, parallelism", "3 devices"]),
        ((",1,TP1", ",1.5,TP1"), ["line 3, n_gpus", "whole"]),
        (("output_tok_s_total", "speed"), ["line 3, metric", "speed", "tpot_ms"]),
        (("somebody", ""), ["line 3", "source is missing"]),
    ],
)
def test_a_bad_cell_is_named_and_the_good_rows_are_kept(change, words):
    text = one_problem(GOOD.replace(*change, 1))
    assert all(word in text for word in words)


def test_a_missing_column_is_named():
    text = refusal(read_rows, table(GOOD, header=HEADER.replace("hardware", "gpu")), "table.csv")
    assert text == "table.csv: line 1 names no column hardware"
    assert "names no column model" in refusal(read_rows, "", "empty.csv")


def test_optional_columns_may_be_missing():
    header = (
        "model,precision_weights,hardware,engine,input_tokens,output_tokens,batch_or_concurrency,metric,value,source"
    )
    row = "Llama-3.1-8B,bf16,H100-SXM-80GB,vLLM,2035,300,max,output_tok_s_total,2000,me"
    good, problems = read_rows(table(row, header=header), "table")
    assert problems == [] and good[0].requests is None and good[0].parallelism == Parallelism()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_tables_come_in_many_encodings(tmp_path, encoding, separator, newline):
    text = table(GOOD.replace("somebody", "Zoë"), GOOD).replace(",", separator).replace("\n", newline)
    path = tmp_path / "table.csv"
    path.write_bytes(text.encode(encoding))
    good, problems = read_table(path)
    assert [row.source for row in good] == ["Zoë", "somebody"] and problems == []


def test_what_is_no_text_is_refused(tmp_path):
    path = tmp_path / "table.csv"
    path.write_bytes(b"PK\x03\x04\x00\x00\x00\x00")
    assert "no text" in refusal(read_table, path)


def test_a_row_of_the_wrong_length_and_a_quoted_line_break_are_told_apart():
    text = table(GOOD + ",extra,cells", GOOD.replace("somebody", '"some\nbody"'), GOOD.replace("130.6", "x"))
    good, problems = read_rows(text, "table")
    assert len(good) == 1 and [problem.line for problem in problems] == [2, 5]


def test_the_record_refuses_a_figure_without_its_circumstances():
    complete = {
        "name": "row", "source": "me", "model": "llama-3.1-8b", "weights": "bf16", "kv_bits": 16, "machine": "L40S",
        "parallelism": Parallelism(), "engine": "vllm", "input_tokens": 10, "output_tokens": 10, "requests": 1,
        "metric": "tpot_ms", "value": 20.0,
    }  # fmt: skip
    assert Measurement(**complete).time == 0.02
    for field in complete:
        if field not in ("name",):
            with pytest.raises(TypeError):
                Measurement(**{key: value for key, value in complete.items() if key != field})
    assert "source is missing" in refusal(Measurement, **complete | {"source": " "})


SERVING = {
    "date": "20250401-120000", "backend": "vllm", "model_id": "meta-llama/Llama-3.1-8B-Instruct", "completed": 100,
    "duration": 20.0, "total_input_tokens": 102400, "total_output_tokens": 25600, "output_throughput": 1280.0,
    "mean_ttft_ms": 60.0, "mean_tpot_ms": 9.0, "max_concurrency": 16,
}  # fmt: skip
BURST = {
    "metadata": {"timestamp": "2025-03-19T11:42:01", "model": "llama-3.1-8b", "max_tokens": 300},
    "results": {
        "1": {"avg_input_tokens": 2035.0, "avg_output_tokens": 300.0, "tokens_per_second_in_batch": 130.6},
        "8": {"avg_input_tokens": 2035.0, "avg_output_tokens": 299.0, "tokens_per_second_in_batch": 737.5},
    },
}


def test_the_json_of_benchmark_tools_is_read(tmp_path):
    path, setting = tmp_path / "run.json", Setting(hardware="H100-SXM-80GB")
    path.write_text(json.dumps(SERVING))
    (row,), problems = read_measurements(path, setting)
    assert (row.input_tokens, row.output_tokens, row.requests, row.value, problems) == (1024, 256, 16, 1280, [])
    path.write_text(json.dumps(SERVING | {"max_concurrency": 1}))
    assert [row.metric for row in read_measurements(path, setting)[0]] == ["output_tok_s_total", "ttft_ms", "tpot_ms"]
    # A rate instead of a concurrency: 5 a second stay for 2.355 s each.
    path.write_text(json.dumps(SERVING | {"max_concurrency": None, "request_rate": 5.0}))
    assert read_measurements(path, setting)[0][0].requests == pytest.approx(5 * 2.355)
    path.write_text(json.dumps(BURST))
    rows, problems = read_measurements(path, setting)
    assert [row.requests for row in rows] == [1, 8] and rows[1].longest == 300 and problems == []


def test_a_json_that_is_none_of_them_is_refused(tmp_path):
    path = tmp_path / "run.json"
    path.write_text(json.dumps(SERVING))
    assert "--machine" in refusal(read_measurements, path)
    path.write_text("{broken")
    assert "not JSON" in refusal(read_measurements, path, Setting(hardware="L40S"))
    path.write_text(json.dumps([SERVING, {"completed": 0, "total_output_tokens": 1}, {"other": 1}]))
    good, problems = read_measurements(path, Setting(hardware="H100-SXM-80GB"))
    assert len(good) == 1 and [problem.line for problem in problems] == [2, 3]


def run(*arguments) -> tuple:
    """The command line in a process of its own: exit code, output, errors."""
    done = subprocess.run([sys.executable, "-m", "tokenomics", *arguments], capture_output=True, text=True, timeout=120)
    return done.returncode, done.stdout, done.stderr


def test_predict_and_explain_speak_json(capsys):
    asked = [
        "llama-3.3-70b",
        "H100-SXM-80GB",
        "--tensor",
        "4",
        "--engine",
        "vllm",
        "--input",
        "2035",
        "--output",
        "300",
    ]
    assert main(["predict", *asked, "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    rate = report["output rate [token/s]"]
    assert rate["low"] < rate["value"] < rate["high"] and report["bound"] == "weights"
    assert main(["explain", *asked, "--json"]) == 0
    lines = json.loads(capsys.readouterr().out)
    assert all(line["source"] for line in lines) and lines[0]["value"] == "llama-3.3-70b"
    assert main(["predict", *asked]) == 0
    assert "output rate" in capsys.readouterr().out


def test_machines_are_listed(capsys):
    assert main(["machines", "--json"]) == 0
    assert [row["name"] for row in json.loads(capsys.readouterr().out)] == catalogue.accelerators(every=True)


def test_validate_leaves_bad_and_impossible_rows_out_and_says_so(tmp_path, capsys):
    path = tmp_path / "table.csv"
    path.write_text(table(GOOD, GOOD.replace("130.6", "fast"), GOOD.replace("130.6", "9000")))
    assert main(["validate", str(path), "--json"]) == 1
    done = capsys.readouterr()
    report = json.loads(done.out)
    assert report["scores"]["all"][0]["count"] == 1 and report["scores"]["all"][0]["median"] < 0.05
    assert len(report["left out"]) == 2 and "line 3, value" in done.err and "wrong row" in done.err


def test_validate_is_quiet_about_a_good_table(tmp_path, capsys):
    path = tmp_path / "table.csv"
    path.write_text(table(GOOD, GOOD))
    assert main(["validate", str(path)]) == 0
    assert "2 rows compared, 0 left out" in capsys.readouterr().out


def test_calibrate_fits_says_what_it_cannot_tell_and_writes(tmp_path, capsys):
    pytest.importorskip("scipy", reason="fitting needs SciPy")
    path, output = tmp_path / "table.csv", tmp_path / "fitted.json"
    path.write_text(table(*[GOOD.replace("130.6", str(100 + number)) for number in range(20)]))
    assert main(["calibrate", str(path), "--output", str(output), "--json"]) == 0
    entry = next(entry for entry in json.loads(output.read_text())["sets"] if entry["engine"] == "vllm")
    assert "compute_fp4" in entry["unidentified"] and entry["standard_errors"]["weight_bandwidth"] > 0
    capsys.readouterr()


def test_a_single_constant_is_found_again_and_an_unknown_one_refused():
    pytest.importorskip("scipy", reason="fitting needs SciPy")
    truth = replace(CEILING, name="truth", weight_bandwidth=0.6)
    rows = rows_of(read_rows(table(GOOD, GOOD.replace(",1,output", ",4,output")), "table")[0])
    made = replace(rows, measured=rows.measured * predicted_over_measured(rows, truth)[0])
    for start in (0.3, 0.9):
        base = replace(truth, weight_bandwidth=start)
        assert fit(made, base, ["weight_bandwidth"]).constants.weight_bandwidth == pytest.approx(0.6, rel=0.02)
    assert "at least one" in refusal(fit, made, truth, [])
    assert "weight_bandwidth" in refusal(fit, made, truth, ["weight_bandwith"])


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["predict", "llama-3.3-70b", "H100-SXM-80GB"], "too little"),
        (["predict", "llama-3.3-70b", "H10"], "H100"),
        (["predict", "llama-3.1-8b", "L40S", "--requests", "many"], "--requests is 'many'"),
        (["validate", "no-such-table.csv"], "no-such-table.csv"),
        (["validate", __file__], "names no column"),
    ],
)
def test_refusals_are_one_line_and_exit_with_two(arguments, words):
    code, output, error = run(*arguments)
    assert (code, output) == (2, "")
    assert words in error and error.startswith("tokenomics: ") and error.count("\n") == 1
