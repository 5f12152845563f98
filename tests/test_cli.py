"""The command line prints what the functions return, and one line when it cannot."""

import json
import os
import subprocess
import sys

import pytest

from tokenomics.catalogue import model, model_entry, models
from tokenomics.cli import main
from tokenomics.parameters import parameters_by_part, total_parameters


def run(capsys, *arguments):
    code = main(list(arguments))
    captured = capsys.readouterr()
    return code, captured.out, captured.err


@pytest.mark.parametrize("name", models())
def test_the_table_holds_the_count(capsys, name):
    code, out, err = run(capsys, "params", name)
    assert (code, err) == (0, "")
    assert f"{name}: {total_parameters(model(name)):,} parameters" in out
    for part, count in parameters_by_part(model(name)).items():
        assert count == 0 or f"{count:,}" in out, part
    assert max(map(len, out.splitlines())) < 100


def test_json_holds_the_same(capsys):
    code, out, _ = run(capsys, "params", "mixtral-8x7b", "--json")
    report = json.loads(out)
    assert code == 0 and report["parameters"]["total"] == 46_702_792_704
    assert sum(report["parameters"]["by part"].values()) == report["parameters"]["total"]
    assert report["cache bytes at 16 bit"]["per token"] == 131_072


def test_a_file_is_counted_like_its_entry(capsys, tmp_path):
    path = tmp_path / "config.json"
    path.write_text(json.dumps(model_entry("gpt2")["config"]))
    of_file = json.loads(run(capsys, "params", str(path), "--json")[1])
    of_name = json.loads(run(capsys, "params", "gpt2", "--json")[1])
    assert {**of_file, "name": "gpt2"} == of_name


def test_every_model_is_listed(capsys):
    code, out, _ = run(capsys, "models")
    assert code == 0 and [line.split()[0] for line in out.splitlines()] == models()


@pytest.mark.parametrize("content", [None, "", "[]", '{"model_type": "lama"}', '{"model_type": "llama"}'])
def test_what_cannot_be_counted_gets_one_line(capsys, tmp_path, content):
    path = tmp_path / "config.json"
    if content is not None:
        path.write_text(content)
    code, out, err = run(capsys, "params", str(path))
    assert (code, out) == (2, "") and err.startswith("tokenomics: ") and err.count("\n") == 1


def test_an_unknown_name_gets_one_line(capsys):
    code, _, err = run(capsys, "params", "lama-3.3-70b")
    assert code == 2 and err.count("\n") == 1 and "'llama-3.3-70b'" in err


def test_it_runs_as_a_module():
    done = subprocess.run([sys.executable, "-m", "tokenomics", "params", "nobody"], capture_output=True, text=True)
    assert done.returncode == 2 and done.stderr.count("\n") == 1 and not done.stdout


def test_a_closed_pipe_ends_it_quietly():
    reading, writing = os.pipe()
    os.close(reading)
    try:
        done = subprocess.run(
            [sys.executable, "-m", "tokenomics", "models"], stdout=writing, stderr=subprocess.PIPE, text=True
        )
    finally:
        os.close(writing)
    assert (done.returncode, done.stderr) == (141, "")


@pytest.mark.parametrize(("verb", "rest"), [("params", []), ("predict", ["H100-SXM-80GB"]), ("explain", ["L40S"])])
def test_a_folder_is_called_one(capsys, tmp_path, verb, rest):
    code, _, err = run(capsys, verb, str(tmp_path), *rest)
    assert code == 2 and err.count("\n") == 1 and f"{tmp_path}: a directory; give the config.json" in err


@pytest.mark.parametrize("name", ["x" * 5000, "x" * 5000 + ".json"])
def test_a_very_long_name_is_cut(capsys, name):
    code, _, err = run(capsys, "params", name)
    assert code == 2 and err.count("\n") == 1 and len(err) < 300


def test_an_error_without_a_file_does_not_speak_of_one(capsys, monkeypatch):
    def full():
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("tokenomics.cli._print_models", full)
    code, _, err = run(capsys, "models")
    assert code == 2 and "No space left" in err and "None" not in err
