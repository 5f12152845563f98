"""A lab tells a student what is wrong with an answer, takes a right one however it is written, and never breaks."""

import contextlib
import csv
import io
from functools import cache
from pathlib import Path

import matplotlib
import nbformat
import pytest

from tokenomics import catalogue

matplotlib.use("Agg")
LABS = Path(__file__).resolve().parent.parent / "labs"
STUB = "return None  # your turn"
LEFT_OUT = ("measured-", "interface")  # what measures a machine or shows controls


def told(lab: str, cell: str, answer: str) -> str:
    """What a cell prints when its first stub is replaced by an answer; the cells before it have run as they are."""
    place, source = prepared(lab)[cell]
    assert STUB in source
    return printed(source.replace(STUB, f"{answer}  # your turn", 1), dict(place))


@cache
def prepared(lab: str) -> dict:
    """Each code cell of a lab with what stands in the kernel before it runs."""
    cells, place = {}, {}
    for cell in nbformat.read(LABS / f"{lab}.ipynb", as_version=4).cells:
        if cell.cell_type == "code" and not cell.id.startswith(LEFT_OUT):
            cells[cell.id] = (dict(place), cell.source)
            if cell.id != "judge":
                printed(cell.source, place)
    return cells


def printed(source: str, place: dict) -> str:
    # A lab runs where it stands: it may read a table beside it.
    with contextlib.chdir(LABS), contextlib.redirect_stdout(io.StringIO()) as output:
        exec(source, place)
    return output.getvalue()


NUMBERS = "2 * c['num_hidden_layers'] * c['num_key_value_heads'] * head_width(c)"
BEFORE_AND_AFTER = "return request_time(place, PROMPT, REPLY + {0}, running=batch) - request_time(place, PROMPT, REPLY"
EVEN = "return fixed_rate / left if (left := revenue - variable_cost) > 0 else float('inf')"
HELD = "return np.sum((ttft <= ttft_limit) & (tpot <= tpot_limit))"
ANSWERS = [
    ("serving", "little", "return time * rate", "right in all"),
    ("serving", "little", "return rate / time", "longer they stay"),
    ("serving", "little", "return rate + time", "leave again"),
    ("serving", "queue", "return waits_of(gaps, services)", "stops with NameError"),
    ("serving", "queue", "return [0]", "gives 1 numbers where 4 are wanted"),
    ("serving", "queue", "return [0, 1, 2, 1]", "number 4 is the first that is wrong"),
    ("serving", "queue", "return [0] + [max(0, s - g) for g, s in zip(gaps[1:], services)]", "have had to wait too"),
    ("serving", "queue", "return np.cumsum([0, *(s - g for g, s in zip(gaps[1:], services))])", "less than no time"),
    ("serving", "goodput", f"{HELD} / duration", "right in all"),
    ("serving", "goodput", HELD, "not requests a second"),
    ("serving", "goodput", f"{HELD} / len(ttft)", "a share"),
    ("serving", "goodput", "return np.sum(ttft <= ttft_limit) / duration", "both limits"),
    ("serving", "goodput", "return np.sum(tpot <= tpot_limit) / duration", "both limits"),
    ("pricing", "rent", "return devices * hourly / 60 / 60", "right in all"),
    ("pricing", "rent", "return devices * hourly / 60", "for a minute"),
    ("pricing", "rent", "return devices * hourly", "for an hour"),
    ("pricing", "rent", "return hourly / 3600", "one device only"),
    ("pricing", "cost", "return rate * time / requests / utilisation", "right in all"),
    ("pricing", "cost", "return rate * time / requests", "nobody buys"),
    ("pricing", "cost", "return rate * time / requests * utilisation", "dearer"),
    ("pricing", "cost", "return rate * time / utilisation", "all of them"),
    ("pricing", "pair", "return cost / (reply + prompt * gamma)", "right in all"),
    ("pricing", "pair", "return cost / reply", "the prompt"),
    ("pricing", "pair", "return cost / (prompt + gamma * reply)", "belongs to the input"),
    ("pricing", "more-in", "return request_time(place, PROMPT + 0.5, REPLY, running=batch) - before", "right in all"),
    ("pricing", "more-in", "return before - request_time(place, PROMPT + 0.5, REPLY, running=batch)", "is later"),
    ("pricing", "more-in", "return request_time(place, PROMPT, REPLY, running=batch) - before", "not half a token"),
    ("pricing", "more-out", BEFORE_AND_AFTER.format("0.5") + " - 0.5, running=batch)", "right in all"),
    ("pricing", "more-out", BEFORE_AND_AFTER.format("1") + " - 1, running=batch)", "not two"),
    ("pricing", "even", "return fixed_rate / (revenue - variable_cost)", "more than it brings"),
    ("pricing", "even", "return fixed_rate / revenue", "adds must be paid"),
    ("pricing", "even", EVEN, "right in all"),
    ("calibration", "error", "return (measured_time - predicted_time) / predicted_time", "right"),
    ("calibration", "error", "return predicted_time / measured_time - 1", "compares times"),
    ("calibration", "error", "return abs(measured_time / predicted_time - 1)", "below zero"),
    ("calibration", "error", "return measured_time / predicted_time", "has no error"),
    ("calibration", "interval", "return np.quantile(factors, [tail, 1 - tail])", "right"),
    ("calibration", "interval", "return min(factors), max(factors)", "0% of the runs lie below the lower"),
    ("calibration", "interval", "return np.median(factors)", "two numbers are wanted"),
    ("transformer", "product", "return 2 * rows * columns * inner", "right in all"),
    ("transformer", "product", "return rows * inner * columns", "count the additions too"),
    ("transformer", "product", "return rows / 0", "stops with ZeroDivisionError"),
    ("transformer", "product", "return 'many'", "stops with ValueError"),
    ("transformer", "product", "return [1, 2]", "has the shape (2,), not ()"),
    ("transformer", "product", "return float('nan')", "not yet"),
    ("transformer", "norm", "return x / np.sqrt((x * x).mean(axis=1) + SMALL)[:, None] * gain", "right in all"),
    ("transformer", "norm", "return x / np.sqrt((x * x).mean(axis=1) + SMALL)[:, None]", "differs in 2 of 6 places"),
    ("transformer", "mask", "return np.tril(np.ones((new, seen)), seen - new)", "right in all"),
    ("transformer", "mask", "return np.tril(np.ones((new, seen)))", "case 2: differs in 4 of 5 places"),
    ("transformer", "mask", "return np.ones((seen, new))", "not yet"),
    ("transformer", "shared", "return head * groups // heads", "right in all"),
    ("transformer", "shared", "return head % groups", "not yet"),
    ("transformer", "cache-size", "return 2 * 2 * 8 * 3 * tokens * bits", "bits or bytes"),
    ("transformer", "cache-size", "return 2 * 8 * 8 * 3 * tokens * bits / 8", "which heads are kept"),
    ("transformer", "cache-size", "return 2 * 2 * 8 * tokens * bits / 8", "one layer only"),
    ("transformer", "cache-size", "return 2 * 8 * 3 * tokens * bits / 8", "half"),
    ("transformer", "missing", "return tokens[-1:]", "case 1: has the shape"),
    ("transformer", "enough", "return peak / bandwidth * bits / 16", "right in all"),
    ("transformer", "enough", "return peak / bandwidth * bits", "sixteen times"),
    ("kv-capacity", "token", f"return {NUMBERS} * bits / 8", "right in all"),
    ("kv-capacity", "token", f"return {NUMBERS} * bits", "bits or bytes"),
    ("kv-capacity", "token", "return c['num_hidden_layers'] * 2 * c['hidden_size'] * bits / 8", "which heads have"),
    ("kv-capacity", "token", f"return {NUMBERS} * bits / 16", "besides a key"),
    ("kv-capacity", "room", "return memory_gb * 2**30 * devices * share - weights", "GB is not a GiB"),
    ("kv-capacity", "room", "return memory_gb * 1e9 * share - weights", "one device only"),
    ("kv-capacity", "room", "return devices * (memory_gb * 1e9 * share - weights)", "holds its part"),
    ("kv-capacity", "room", "return memory_gb * 1e9 * devices - weights", "leaves a part"),
    ("kv-capacity", "fit", "return int(room / context / per_token)", "right in all"),
    ("kv-capacity", "fit", "return room / context / per_token", "in part"),
    ("kv-capacity", "fit", "return math.ceil(room / context / per_token)", "rounded up"),
    ("kv-capacity", "blocks", "return math.ceil(tokens / block)", "right in all"),
    ("kv-capacity", "blocks", "return tokens // block", "rounded down"),
    ("kv-capacity", "blocks", "return tokens // block + 1", "one too many"),
    ("kv-capacity", "prefix", "return room // ((context - prefix) * per_token)", "takes room, once"),
    ("kv-capacity", "prefix", "return room // (context * per_token)", "in every conversation"),
    ("batching", "step", "return weights / bandwidth + batch * context * per_token / bandwidth", "right in all"),
    ("batching", "step", "return batch * (weights + context * per_token) / bandwidth", "once, together"),
    ("batching", "step", "return (weights + context * per_token) / bandwidth", "a cache of its own"),
    ("batching", "step", "return weights + batch * context * per_token", "bytes, not seconds"),
    ("batching", "rates", "return batch / step", "not the whole batch"),
    ("batching", "bend", "return weights / per_token", "a batch of one"),
    ("batching", "ceiling", "return reply / (prompt + reply * cache)", "comes with the prompt"),
    ("batching", "ceiling", "return reply / prompt", "what of the cache"),
    ("batching", "promise", "return len([step for step in steps if step <= limit])", "right in all"),
    ("batching", "promise", "return len([step for step in steps if step < limit])", "too small"),
    ("batching", "refill", "return max(lengths)", "other batches"),
    ("batching", "refill", "return sum(lengths) / batch", "its longest reply"),
]  # fmt: skip


@pytest.mark.parametrize(("lab", "cell", "answer", "words"), ANSWERS, ids=lambda value: str(value)[:60])
def test_an_answer_is_judged(lab, cell, answer, words):
    found = told(lab, cell, answer)
    assert words in found
    assert ("not yet" in found) == ("right" not in words)


def test_a_plan_is_judged():
    place, source = prepared("kv-capacity")["plan"]
    plans = {4: "right", 8: "half as many would do", 2: "too few", "four": "not yet", -1: "not yet"}
    for devices, verdict in plans.items():
        found = printed(source.replace("None,  # your turn", f"{devices!r},  # your turn"), dict(place))
        assert verdict in found.splitlines()[0]


def test_the_sample_to_calibrate_on_is_that_of_the_catalogue():
    sample = (LABS / "data" / "vllm-llama-70b.csv").read_text().splitlines()
    columns = sample[0].split(",")
    grid = list(csv.DictReader(catalogue.path("vllm_grid.csv").read_text().splitlines()))
    known = {tuple(row[column] for column in columns) for row in grid if not row["left_out"]}
    assert len(sample) == 45 and {tuple(row) for row in csv.reader(sample[1:])} <= known
