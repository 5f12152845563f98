"""Bad input to traffic, policies, objectives and simulations, and the verb that takes them all."""

import csv
import json

import numpy
import pytest

from tokenomics.capacity import capacity
from tokenomics.cli import main
from tokenomics.deployment import deployment
from tokenomics.lengths import Lengths, empirical, fixed, lognormal
from tokenomics.objective import Objective, attained, missed
from tokenomics.policy import Policy, host_link
from tokenomics.requests import Requests, read_trace
from tokenomics.serving import simulate
from tokenomics.steady_state import steady_state
from tokenomics.traffic import Arrivals, Stream, Traffic, draw, single
from tokenomics.workloads import workload

PLACE = deployment("llama-3.1-8b", "L40S")


def refusal(call, *arguments, **named) -> str:
    with pytest.raises(ValueError) as caught:
        call(*arguments, **named)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(
    ("call", "named", "words"),
    [
        (Arrivals, {"rate": -1.0}, ["rate is -1.0", "above zero"]),
        (Arrivals, {"rate": float("nan")}, ["rate is nan", "above zero"]),
        (Arrivals, {"pattern": "poison"}, ["pattern is 'poison'", "did you mean 'poisson'"]),
        (Arrivals, {"variation": 0}, ["variation is 0", "above zero"]),
        (Lengths, {"values": ()}, ["values is ()", "one whole number or more"]),
        (Lengths, {"values": (10, 0)}, ["values is 0", "at least 1"]),
        (fixed, {"tokens": 2.5}, ["tokens is 2.5", "whole number"]),
        (empirical, {"values": [3, -1]}, ["values is -1", "at least 1"]),
        (lognormal, {"spread": 1.0}, ["mean is None", "one of the two"]),
        (lognormal, {"spread": -1.0, "mean": 100}, ["spread is -1.0", "from 0 to 5"]),
        (lognormal, {"spread": 1.0, "mean": 0}, ["mean is 0", "above zero"]),
        (Stream, {"input": 300, "output": fixed(3)}, ["input is 300", "Lengths"]),
        (Stream, {"input": fixed(3), "output": fixed(3), "cached_share": 1.5}, ["cached_share is 1.5", "0 to 1"]),
        (Stream, {"input": fixed(3), "output": fixed(3), "priority": -1}, ["priority is -1", "at least 0"]),
        (Stream, {"input": fixed(3), "output": fixed(3), "weight": 0}, ["weight is 0", "above zero"]),
        (Traffic, {"streams": (), "arrivals": Arrivals()}, ["streams is ()", "at least one Stream"]),
        (Traffic, {"streams": single(1, 1).streams, "arrivals": 3.0}, ["arrivals is 3.0", "Arrivals"]),
        (single, {"input_tokens": 0, "output_tokens": 3}, ["input_tokens is 0", "at least 1"]),
        (workload, {"name": "short-shrt"}, ["name is 'short-shrt'", "did you mean 'short-short'"]),
        (draw, {"traffic": single(1, 1), "count": 0, "seed": 1}, ["count is 0", "at least 1"]),
        (draw, {"traffic": single(1, 1), "count": 1, "seed": -1}, ["seed is -1", "at least 0"]),
        (draw, {"traffic": single(1, 1), "count": 1, "seed": None}, ["seed is None", "whole number"]),
        (Policy, {"batching": "greedy"}, ["batching is 'greedy'", "continuous"]),
        (Policy, {"batching": "static"}, ["batch_size is None", "at least 1"]),
        (Policy, {"chunk_tokens": 0}, ["chunk_tokens is 0", "at least 1"]),
        (Policy, {"max_sequences": 1.5}, ["max_sequences is 1.5", "whole number"]),
        (Policy, {"queue_limit": 0}, ["queue_limit is 0", "at least 1"]),
        (Policy, {"wait_limit": -1}, ["wait_limit is -1", "at least 0"]),
        (Policy, {"watermark": 0.9}, ["watermark is 0.9", "0 to 0.5"]),
        (Policy, {"host_link": 0}, ["host_link is 0", "above zero"]),
        (Policy, {"admission": "all"}, ["admission is 'all'", "reply"]),
        (Policy, {"preemption": "drop"}, ["preemption is 'drop'", "swap"]),
        (host_link, {"name": "PCIe-9"}, ["host_link is 'PCIe-9'", "PCIe-5-x16"]),
        (Objective, {"ttft": 0}, ["ttft is 0", "above zero"]),
        (Objective, {"tpot": -0.1}, ["tpot is -0.1", "above zero"]),
        (Objective, {"end_to_end": float("inf")}, ["end_to_end is inf", "finite"]),
        (Objective, {"percentile": 90}, ["percentile is 90", "0 to 1"]),
    ],
)
def test_records_refuse_what_cannot_be(call, named, words):
    text = refusal(call, **named)
    assert all(word in text for word in words), text


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"arrival": [0.0, 2.0, 1.0]}, ["row 3", "arrival is", "1.0", "no earlier than the one before"]),
        ({"arrival": [-1.0, 2.0, 3.0]}, ["row 1", "arrival is", "from 0 on"]),
        ({"arrival": [0.0, float("nan"), 3.0]}, ["row 2", "arrival is", "nan"]),
        ({"arrival": ["now", 1, 2]}, ["arrival", "numbers"]),
        ({"input_tokens": [1, 0, 1]}, ["row 2", "input_tokens is", "at least 1"]),
        ({"output_tokens": [1, 1]}, ["output_tokens", "3 arrivals"]),
        ({"output_tokens": [1, 1.5, 2]}, ["row 2", "output_tokens is 1.5", "whole number"]),
        ({"cached_tokens": [0, 10, 0]}, ["row 2", "cached_tokens is", "less than input_tokens"]),
        ({"priority": [0, 0, -2]}, ["row 3", "priority is", "at least 0"]),
    ],
)
def test_requests_name_the_row_at_fault(change, words):
    good = {"arrival": [0.0, 1.0, 2.0], "input_tokens": [10, 10, 10], "output_tokens": [5, 5, 5]}
    text = refusal(Requests, **{**good, **change})
    assert all(word in text for word in words), text


def test_no_requests_are_refused():
    assert "there is none" in refusal(Requests, arrival=[], input_tokens=[], output_tokens=[])


HEADER = "arrival,input_tokens,output_tokens"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", ["line 1 names no column arrival"]),
        ("arrival,input_tokens\n0,1\n", ["line 1 names no column output_tokens"]),
        (HEADER + "\n", ["there is none"]),
        (HEADER + "\n0,10,5\nsoon,10,5\n", ["row 2", "arrival is 'soon'", "number"]),
        (HEADER + "\n0,10,5\n1,,5\n", ["row 2", "input_tokens is ''"]),
        (HEADER + "\n0,10,5\n1,10\n", ["row 2", "output_tokens is None"]),
        (HEADER + "\n0,10,5\n3,10,5\n2,10,5\n", ["row 3", "arrival is", "2.0", "no earlier"]),
    ],
)
def test_a_trace_names_the_row_at_fault(tmp_path, text, words):
    path = tmp_path / "trace.csv"
    path.write_text(text)
    message = refusal(read_trace, path)
    assert all(word in message for word in [str(path), *words]), message


def test_a_trace_is_read_whatever_parts_its_columns(tmp_path):
    path = tmp_path / "trace.csv"
    path.write_bytes("\ufeffarrival;input_tokens;output_tokens;priority\n0;10;5;0\n1.5;20;6;3\n".encode())
    requests = read_trace(path)
    assert requests.arrival.tolist() == [0.0, 1.5] and requests.priority.tolist() == [0, 3]


def test_a_model_without_room_is_refused():
    place = deployment("llama-3.3-70b", "L40S")
    for call in (lambda: simulate(place, draw(single(10, 10), 3, 1)), lambda: steady_state(place, single(10, 10))):
        text = refusal(call)
        assert "leaves 0.00 GB" in text and "more devices" in text


def test_an_objective_that_no_rate_meets_says_how_close_the_best_comes():
    found = capacity(PLACE, single(1000, 200), Objective(tpot=0.005), count=200)
    assert found.rate == 0 and found.bound == "tpot"
    assert found.missed["tpot"] == pytest.approx(found.attained["tpot"] / 0.005)
    assert 2 < found.missed["tpot"] < 10


def test_capacity_needs_requests_that_come_one_by_one():
    together = Traffic(streams=single(10, 10).streams, arrivals=Arrivals(pattern="together"))
    assert "pattern of the arrivals is 'together'" in refusal(capacity, PLACE, together)
    assert "count is 3" in refusal(capacity, PLACE, single(10, 10), count=3)


def test_the_largest_rate_keeps_its_promise_and_a_larger_one_does_not():
    objective, traffic, policy = Objective(ttft=0.5, tpot=0.05), workload("short-short"), Policy(max_sequences=128)
    found = capacity(PLACE, traffic, objective, policy, seed=1)
    assert not missed(found.attained, objective) and not found.outcome.overloaded
    beyond = simulate(PLACE, draw(traffic.at(1.1 * found.rate), 2000, seed=1), policy)
    assert missed(attained(beyond, 0.9, skip=0.2), objective)
    assert found.rate < found.saturated_rate
    # Stricter is never more.
    assert capacity(PLACE, traffic, Objective(ttft=0.5, tpot=0.04), policy, seed=1).rate < found.rate


@pytest.mark.parametrize("objective", [Objective(ttft=0.08), Objective(tpot=0.03), Objective(ttft=1, tpot=0.05)])
def test_the_largest_rate_is_the_one_that_halving_finds_and_takes_fewer_simulations(objective):
    traffic, rates = workload("short-short"), []
    found = capacity(PLACE, traffic, objective, seed=2, count=400, tolerance=0.05, progress=rates.append)
    low, high, halvings = 0.01 * found.saturated_rate, found.saturated_rate, 0
    while high / low > 1.05:
        middle, halvings = (low * high) ** 0.5, halvings + 1
        outcome = simulate(PLACE, draw(traffic.at(middle), 400, seed=2))
        good = not missed(attained(outcome, 0.9, skip=0.2), objective) and not outcome.overloaded
        low, high = (middle, high) if good else (low, middle)
    assert found.rate == pytest.approx(low) and found.rate in rates
    assert len(rates) < halvings + 2


def test_without_an_objective_the_server_itself_is_the_limit():
    found = capacity(PLACE, workload("long-long"))
    assert found.rate == found.saturated_rate and found.bound == "memory"
    assert found.steady.largest_rate == pytest.approx(found.rate, rel=0.15)


@pytest.mark.parametrize("spread", [0, 0.3, 1.0, 2.0])
@pytest.mark.parametrize("mean", [3, 300, 6000])
def test_lengths_have_the_mean_and_the_median_that_were_asked_for(mean, spread):
    lengths = lognormal(mean=mean, spread=spread)
    # Lengths that would round to nothing are one, which can only add.
    assert mean - 1e-9 <= lengths.mean <= mean + 0.5
    of_median = lognormal(median=400, spread=spread)
    assert numpy.median(of_median.values) == pytest.approx(400, rel=0.01)
    assert of_median.mean == pytest.approx(400 * numpy.exp(spread**2 / 2), abs=0.01)


@pytest.mark.parametrize("pattern", ["poisson", "regular", "bursty"])
def test_arrivals_have_the_rate_and_the_variation_that_were_asked_for(pattern):
    traffic = Traffic(streams=single(10, 10).streams, arrivals=Arrivals(pattern=pattern, rate=4.0))
    gaps = numpy.diff(draw(traffic, 60_000, seed=1).arrival)
    assert gaps.mean() == pytest.approx(0.25, rel=0.05)
    assert gaps.std() / gaps.mean() == pytest.approx(traffic.arrivals.gap_variation, rel=0.05, abs=1e-6)


def test_a_mix_holds_its_parts_in_proportion():
    requests = draw(workload("mixed"), 40_000, seed=2)
    parts = workload("mixed").streams
    expected = sum(part.weight * part.input.mean for part in parts) / sum(part.weight for part in parts)
    assert requests.input_tokens.mean() == pytest.approx(expected, rel=0.02)
    assert workload("mixed").mean(lambda prompt, reply, cached: prompt) == pytest.approx(expected)


def test_another_rate_stretches_the_same_requests():
    slow, fast = draw(workload("mixed", 1.0), 100, seed=3), draw(workload("mixed", 4.0), 100, seed=3)
    assert slow.input_tokens.tolist() == fast.input_tokens.tolist()
    assert slow.arrival == pytest.approx(4 * fast.arrival)
    assert draw(workload("mixed"), 100, seed=4).input_tokens.tolist() != slow.input_tokens.tolist()


def run(capsys, *arguments):
    code = main(["simulate", "llama-3.1-8b", "L40S", *arguments])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def test_the_verb_prints_what_the_simulation_returns(capsys, tmp_path):
    path = tmp_path / "requests.csv"
    code, out, err = run(
        capsys, "--rate", "2", "--requests", "200", "--seed", "5", "--ttft", "1", "--json", "--csv", str(path)
    )
    report = json.loads(out)
    found = simulate(PLACE, draw(single(1024, 256, rate=2.0), 200, seed=5))
    assert (code, err) == (0, "")
    assert report["served"] == 200 and report["output tokens a second"] == pytest.approx(found.output_rate)
    assert report["TTFT [s]"]["90%"] == attained(found, 0.9)["ttft"]
    with path.open() as file:
        rows = list(csv.DictReader(file))
    assert [float(row["end_to_end"]) for row in rows] == found.end_to_end.tolist()


def test_the_verb_takes_a_trace_and_says_what_was_refused(capsys, tmp_path):
    path = tmp_path / "trace.csv"
    path.write_text(HEADER + "\n0,100,10\n0.5,90000000,10\n1,100,1\n")
    code, out, _ = run(capsys, "--trace", str(path), "--json", "--csv", str(tmp_path / "out.csv"))
    report = json.loads(out)
    assert code == 1 and report["refused, larger than the memory"] == 1
    assert report["TTFT [s]"]["99%"] is None
    assert (tmp_path / "out.csv").read_text().splitlines()[2].endswith(",,,")


def test_the_verb_reports_overload_and_ends(capsys):
    code, out, _ = run(capsys, "--rate", "200", "--requests", "500")
    assert code == 1 and "Overloaded" in out and "keeps up with about" in out


def test_the_verb_finds_the_largest_rate(capsys):
    code, out, _ = run(capsys, "--quadrant", "short-short", "--tpot", "0.04", "--capacity", "--requests", "500")
    assert code == 0 and "capacity [request/s]" in out and "tpot" in out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--rate", "-1"], ["rate is -1.0", "above zero"]),
        (["--requests", "0"], ["count is 0", "at least 1"]),
        (["--ttft", "0"], ["ttft is 0.0", "above zero"]),
        (["--quadrant", "long"], ["name is 'long'", "did you mean"]),
        (["--arrivals", "daily"], ["pattern is 'daily'", "poisson"]),
        (["--batching", "static"], ["batch_size is None"]),
        (["--trace", "none.csv"], ["none.csv"]),
        (["--trace", "none.csv", "--capacity"], ["--trace is 'none.csv'"]),
        (["--engine", "vlm"], ["engine is 'vlm'"]),
        (["--requests", "3", "--csv", "/nowhere/at/all.csv"], ["/nowhere/at/all.csv"]),
    ],
)
def test_the_verb_refuses_bad_input_in_one_line(capsys, arguments, words):
    code, out, err = run(capsys, *arguments)
    assert (code, out) == (2, "") and err.count("\n") == 1
    assert all(word in err for word in words), err
