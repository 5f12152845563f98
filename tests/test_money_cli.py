"""The verbs on money print what the functions return, with dates, and one line when they cannot."""

import csv
import json

import pytest

from tokenomics.cli import main
from tokenomics.deployment import deployment
from tokenomics.quote import quote
from tokenomics.rentals import rental

PLACE = ("llama-3.3-70b", "H100-SXM-80GB", "--tensor", "4", "--engine", "vllm")
CHAT = ("--input", "2035", "--output", "300")


def run(capsys, *arguments):
    code = main(list(arguments))
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def test_price_prints_the_quote(capsys):
    code, out, _ = run(capsys, "price", *PLACE, *CHAT, "--requests", "16", "--provider", "Lambda", "--json")
    report = json.loads(out)
    place = deployment("llama-3.3-70b", "H100-SXM-80GB", tensor=4, engine="vllm")
    found = quote(place, rental("H100-SXM-80GB", "Lambda"), input_tokens=2035, output_tokens=300, running=16)
    assert code == 0
    assert report["output [USD per million tokens]"]["value"] == pytest.approx(1e6 * found.output.value)
    assert report["gamma"] == report["gamma derived"] == pytest.approx(found.input_ratio)
    assert report["as of"] == "2026" and "skypilot" in report["source"]


def test_a_given_gamma_stands_beside_the_derived_one(capsys):
    _, out, _ = run(capsys, "price", *PLACE, *CHAT, "--gamma", "0.3", "--json")
    report = json.loads(out)
    assert report["gamma"] == 0.3 and report["gamma derived"] != 0.3
    prices = {name: report[f"{name} [USD per million tokens]"]["value"] for name in ("input", "output")}
    assert prices["input"] == pytest.approx(0.3 * prices["output"])


@pytest.mark.parametrize(
    "arguments",
    [
        ("price", *PLACE, *CHAT),
        ("price", *PLACE, "--workload", "mixed", "--draws", "40"),
        ("compare-api", *PLACE, *CHAT),
        ("compare-api", "llama-3.1-8b", "RTX-4090", "--weights", "gguf-q8_0", "--own", "household", "--requests", "1"),
        ("plan", "llama-3.1-8b", "--machine", "L40S", "--rate", "1", "--tpot", "0.1"),
    ],
)
def test_prices_are_never_shown_without_date_and_source(capsys, tmp_path, arguments):
    file = tmp_path / "out.csv"
    code, out, err = run(capsys, *arguments, "--csv", str(file))
    assert (code, err) == (0, "")
    assert "202" in out and ("github.com" in out or "slashgear.com" in out)
    with file.open(encoding="utf-8", newline="") as opened:
        table = list(csv.reader(opened))
    assert len(table) > 1 and len({len(row) for row in table}) == 1 and "nan" not in str(table)
    # JSON holds no infinity, and the same numbers of rows.
    code, out, _ = run(capsys, *arguments, "--json")
    assert code == 0 and "Infinity" not in out and "NaN" not in out and json.loads(out)


def test_draws_depend_on_the_seed_alone(capsys):
    arguments = ("price", *PLACE, "--workload", "mixed", "--draws", "40", "--json", "--seed")
    first, again, other = (run(capsys, *arguments, seed)[1] for seed in ("1", "1", "2"))
    assert first == again and json.loads(first)["gamma"] != json.loads(other)["gamma"]


def test_a_load_may_be_asked_in_three_ways(capsys):
    shared = ("plan", "llama-3.1-8b", "--machine", "L40S", "--json")
    by_rate, by_users, by_tokens = (
        json.loads(run(capsys, *shared, *load)[1])["rate [request/s]"]
        for load in (("--rate", "2"), ("--users", "120"), ("--tokens", "73728000", "--within", "8"))
    )
    assert by_rate == by_users == pytest.approx(by_tokens)


def test_prices_of_ones_own_stand_among_the_offers(capsys):
    report = json.loads(run(capsys, "compare-api", *PLACE, *CHAT, "--sell", "1", "3", "--json")[1])
    (own,) = [entry for entry in report["offers"] if entry["provider"] == "yours"]
    assert own["API [USD per thousand requests]"] == pytest.approx(1e-3 * (2035 + 3 * 300))
    assert own["pays"] == "yes" and 0 < own["share of capacity %"] < 100


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("price", *PLACE, "--utilisation", "0"), "utilisation is 0.0"),
        (("price", *PLACE, "--hourly", "-2.5"), "hourly is -2.5"),
        (("price", *PLACE, "--provider", "Lambada"), "did you mean 'Lambda"),
        (("price", *PLACE, "--term", "stolen"), "term is 'stolen'"),
        (("price", *PLACE, "--own", "garage"), "site is 'garage'"),
        (("price", *PLACE, "--requests", "5000"), "running is 5000; at most"),
        (("compare-api", *PLACE, "--sell", "-1", "1"), "input is -1e-06"),
        (("price", *PLACE, "--requests", "some"), "--requests is 'some'"),
        (("price", *PLACE, "--workload", "nonsense"), "name is 'nonsense'"),
        (("price", *PLACE, "--workload", "mixed", "--gamma", "0.3"), "leave one out"),
        (("price", *PLACE, "--cached", "5000"), "cached_tokens"),
        (("price", *PLACE, "--csv", "/nowhere/at/all.csv"), "/nowhere/at/all.csv"),
        (("compare-api", *PLACE, "--api", "Grok"), "Groq"),
        (("compare-api", "gpt2", "RTX-4090"), "no price per token of gpt2"),
        (("plan", "llama-3.1-8b", "--machine", "L40S", "--rate", "0"), "rate is 0.0"),
        (("plan", "llama-3.1-8b", "--machine", "L40S", "--users", "-5"), "users is -5"),
        (("plan", "llama-3.1-8b", "--machine", "L40S", "--rate", "1", "--ttft", "0"), "ttft is 0.0"),
        (("plan", "llama-3.1-8b", "--machine", "L40S", "--rate", "1", "--ttft", "0.001"), "the nearest is"),
        (("plan", "llama-3.1-8b", "--machine", "H200", "--rate", "1"), "did you mean"),
    ],
)
def test_what_cannot_be_priced_gets_one_line(capsys, arguments, words):
    code, out, err = run(capsys, *arguments)
    assert (code, out) == (2, "") and err.startswith("tokenomics: ") and err.count("\n") == 1
    assert words in err
