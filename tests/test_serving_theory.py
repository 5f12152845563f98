"""The simulator against queueing theory, the closed forms of the book, and measurements."""

import dataclasses
import math
from functools import cache
from statistics import median

import numpy
import pytest

from tokenomics import catalogue
from tokenomics.burst import times
from tokenomics.deployment import Deployment, deployment, precision
from tokenomics.efficiency import CEILING, efficiencies
from tokenomics.lengths import lognormal
from tokenomics.measurement_tables import read_table
from tokenomics.pace import Pace
from tokenomics.passes import compute_share, forward_pass
from tokenomics.policy import Policy
from tokenomics.requests import Requests
from tokenomics.serving import simulate
from tokenomics.steady import requests_inside, shared_wait, single_wait
from tokenomics.steady_state import steady_state
from tokenomics.traffic import Arrivals, Stream, Traffic, draw
from tokenomics.workloads import workload, workload_names

LLAMA = deployment("llama-3.3-70b", "H100-SXM-80GB", tensor=4, engine="vllm")
SMALL = deployment("llama-3.1-8b", "L40S")
WINDOWED = deployment("gemma-2-9b", "A100-SXM-80GB", engine="vllm")
POLICIES = [
    Policy(),
    Policy(chunk_tokens=1024),
    Policy(admission="reply"),
    Policy(batching="dynamic", batch_size=16),
    Policy(batching="static", batch_size=16),
]
KINDS = ["whole", "chunks", "replies", "dynamic", "static"]


def chat(rate, **arrivals) -> Traffic:
    stream = Stream(input=lognormal(mean=800, spread=0.8), output=lognormal(mean=250, spread=0.7))
    return Traffic(streams=(stream,), arrivals=Arrivals(rate=rate, **arrivals))


def together(count, input_tokens, output_tokens) -> Requests:
    return Requests(
        arrival=numpy.zeros(count),
        input_tokens=numpy.full(count, input_tokens),
        output_tokens=numpy.full(count, output_tokens),
    )


def closed(place: Deployment, input_tokens, output_tokens, requests):
    share = compute_share(place.efficiency, place.arithmetic)
    return times(place.server, place.efficiency, share, input_tokens, output_tokens, requests)


@pytest.mark.parametrize("policy", POLICIES, ids=KINDS)
def test_littles_law(policy):
    """What is inside over time, against how long each request is inside: two independent sums."""
    found = simulate(LLAMA, draw(chat(3.0), 3000, seed=1), policy)
    inside = found.end_to_end - found.around
    rate = len(inside) / found.duration
    assert found.running + found.waiting == pytest.approx(requests_inside(rate, inside.mean()), rel=1e-9)


@pytest.mark.parametrize("policy", POLICIES[:3], ids=KINDS[:3])
@pytest.mark.parametrize("pattern", ["poisson", "regular", "bursty"])
def test_work_is_conserved(policy, pattern):
    """The server stands idle only while nobody is inside, and its parts of time make up the whole."""
    found = simulate(LLAMA, draw(chat(0.05, pattern=pattern), 300, seed=2), policy)
    start, end = found.requests.arrival - found.requests.arrival[0], found.end - found.around
    covered, reached = 0.0, 0.0
    for arrival, left in zip(start, end - found.requests.arrival[0], strict=True):
        covered += max(0.0, left - max(arrival, reached))
        reached = max(reached, left)
    assert found.duration - found.spent["idle"] == pytest.approx(covered, rel=1e-9)
    assert sum(found.spent.values()) == pytest.approx(found.duration, rel=1e-9)
    assert 0 < found.utilisation < 1


def one_by_one(output_tokens, rate, seed):
    """Requests of a token of prompt, served one at a time, and the service times that they need."""
    count = len(output_tokens)
    gaps = numpy.random.default_rng(seed).exponential(1 / rate, count)
    requests = Requests(
        arrival=numpy.cumsum(gaps), input_tokens=numpy.ones(count, int), output_tokens=output_tokens
    )
    pace = Pace(SMALL)
    first = pace.prompt(1, pace.pairs(1))
    lone = pace.step(1, 0)
    slope = pace.step(1, 1) - lone
    steps = output_tokens - 1
    # Contexts of 2, 3, ... up to the length: an arithmetic series.
    service = first + steps * lone + slope * (steps * (steps + 3) / 2)
    found = simulate(SMALL, requests, Policy(max_sequences=1))
    waits = found.end_to_end - found.around - service
    return waits, service


@pytest.mark.parametrize("load", [0.3, 0.6, 0.8])
def test_equal_services_one_at_a_time_wait_as_m_d_1(load):
    lengths = numpy.full(40_000, 50)
    _, service = one_by_one(lengths[:1], 1.0, 0)
    waits, service = one_by_one(lengths, load / service[0], seed=3)
    expected = load / (2 * (1 - load)) * service[0]
    assert waits.min() > -1e-6
    assert waits.mean() == pytest.approx(expected, rel=0.06)
    assert expected == pytest.approx(single_wait(load / service[0], service[0], service[0] ** 2))


@pytest.mark.parametrize("load", [0.3, 0.6, 0.8])
def test_exponential_services_one_at_a_time_wait_as_m_m_1(load):
    """Replies of exponential length; the cache of one short sequence hardly slows its steps."""
    lengths = numpy.ceil(numpy.random.default_rng(4).exponential(100, 60_000)).astype(int)
    mean = one_by_one(lengths[:1], 1.0, 0)[1] / lengths[0] * 100
    waits, service = one_by_one(lengths, load / mean[0], seed=5)
    rate = load / mean[0]
    load = rate * service.mean()
    assert waits.mean() == pytest.approx(load / (1 - load) * service.mean(), rel=0.1)
    assert waits.mean() == pytest.approx(single_wait(rate, service.mean(), (service**2).mean()), rel=0.1)
    assert shared_wait(load, 1, rate, 1, 1) == pytest.approx(load / (1 - load) * service.mean(), rel=1e-9)


PLACES = {
    "tensor": LLAMA,
    "alone": SMALL,
    "windows": WINDOWED,
    "pipeline": deployment("llama-3.3-70b", "H100-SXM-80GB", tensor=2, pipeline=2, engine="vllm"),
    "experts": deployment("mixtral-8x7b", "H100-SXM-80GB", tensor=2, engine="vllm"),
    "replicas": deployment("deepseek-v3", "H200-SXM-141GB", replicas=8, weights="fp8"),
}


@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES)
@pytest.mark.parametrize("shape", [(2048, 300, 4), (1024, 200, 8), (4096, 50, 2), (2048, 2, 16), (6000, 3000, 1)])
def test_a_burst_takes_as_long_as_its_closed_form(place, shape):
    """To rounding, where the prompts fill whole passes; a part of a pass costs a whole one in the simulation."""
    found = simulate(place, together(shape[2], *shape[:2]), Policy(admission="reply"))
    t = closed(place, *shape)
    assert t.waves == 1
    whole = shape[0] * shape[2] % place.efficiency.pass_tokens == 0
    tolerance = 1e-9 if whole else 0.01
    assert found.end_to_end.max() == pytest.approx(t.total, rel=tolerance)
    assert found.ttft.max() == pytest.approx(t.prefill + found.around, rel=1e-9 if whole else 0.12)


def test_waves_follow_each_other_as_in_the_closed_form():
    """With a limit that divides the requests each wave is full in both."""
    found = simulate(LLAMA, together(512, 512, 100), Policy(admission="reply", max_sequences=256))
    t = closed(LLAMA, 512, 100, 512)
    assert t.waves == 2
    assert found.end_to_end.max() == pytest.approx(t.total, rel=1e-6)


@pytest.mark.parametrize("place", [LLAMA, SMALL, WINDOWED], ids=lambda place: place.model.name)
@pytest.mark.parametrize("running", [1, 3, 64])
def test_the_lines_are_the_pass_itself(place, running):
    pace, share = Pace(place), compute_share(place.efficiency, place.arithmetic)
    for context in (10, 3000, 30_000):
        seen = min(context, place.server.window)
        step = forward_pass(
            place.server, place.efficiency, share, running=running, staged=running, context=context, seen=seen, eager=1
        )
        assert pace.step(running, running * context, running * seen, 1) == pytest.approx(step.time, rel=1e-12)


@pytest.mark.parametrize("place", [LLAMA, WINDOWED], ids=lambda place: place.model.name)
def test_jumping_equals_stepping(place):
    """A token at a time, by a second program that knows no events: windows fill and captured graphs are outgrown."""
    lengths = [(700, 40), (3000, 12), (5000, 90), (100, 161), (4090, 30), (4066, 30), (8150, 80), (8000, 193)]
    requests = Requests(
        arrival=numpy.zeros(len(lengths)),
        input_tokens=[length[0] for length in lengths],
        output_tokens=[length[1] for length in lengths],
    )
    found = simulate(place, requests, Policy(admission="reply"))
    share = compute_share(place.efficiency, place.arithmetic)
    now, left = found.ttft.max(), [[prompt + 1, reply - 1, number] for number, (prompt, reply) in enumerate(lengths)]
    ends = {}
    while left:
        running = len(left)
        window, limit = place.server.window, place.efficiency.capture_limit
        now += forward_pass(
            place.server,
            place.efficiency,
            share,
            running=running,
            staged=running,
            context=sum(entry[0] for entry in left) / running,
            seen=sum(min(entry[0], window) for entry in left) / running,
            eager=float(limit > 0 and max(entry[0] for entry in left) > limit),
        ).time
        left = [[context + 1, steps - 1, number] for context, steps, number in left]
        ends |= {number: now for _, steps, number in left if steps == 0}
        left = [entry for entry in left if entry[1]]
    assert found.end_to_end == pytest.approx([ends[number] for number in range(len(lengths))], rel=1e-12)


@cache
def grid_errors() -> tuple:
    """Relative errors of the output rate on the measured grid of the 70B model: simulated, closed form."""
    constants = efficiencies()["vllm, H100-SXM-80GB"]
    runs = [run for run in read_table(catalogue.path("vllm_grid.csv"))[0] if "70b" in run.model]
    simulated, in_closed_form = [], []
    for run in runs:
        place = Deployment(
            model=catalogue.model(run.model),
            accelerator=catalogue.accelerator(run.machine),
            parallelism=run.parallelism,
            weights=precision(run.weights),
            kv_bits=run.kv_bits,
            efficiency=constants,
        )
        reply = round(run.output_tokens if run.longest is None else run.longest)
        requests = together(round(run.requests), round(run.input_tokens), reply)
        time = simulate(place, requests, Policy(admission="reply")).end_to_end.max()
        # The grid is held against elapsed time, in both.
        simulated.append(time / run.time - 1)
        in_closed_form.append(closed(place, run.input_tokens, reply, run.requests).total / run.time - 1)
    return numpy.abs(simulated), numpy.abs(in_closed_form)


def test_on_the_measured_grid_it_is_as_accurate_as_the_closed_form():
    simulated, in_closed_form = grid_errors()
    assert len(simulated) > 300
    assert median(simulated) <= median(in_closed_form) + 0.005
    assert simulated.mean() <= in_closed_form.mean() + 0.01
    assert median(simulated) <= 0.04


@pytest.mark.parametrize("name", workload_names())
@pytest.mark.parametrize("policy", POLICIES[:2], ids=["whole", "chunks"])
def test_the_closed_form_of_the_steady_state_is_near_the_simulation(name, policy):
    largest = steady_state(LLAMA, workload(name), policy).largest_rate
    for load, tolerance in ((0.3, 0.15), (0.6, 0.15)):
        traffic = workload(name, load * largest)
        closed_form = steady_state(LLAMA, traffic, policy)
        found = simulate(LLAMA, draw(traffic, 4000, seed=6), policy)
        settled = slice(800, None)
        time = (found.end - found.first_token)[settled].sum() / (found.requests.output_tokens[settled] - 1).sum()
        assert not found.overloaded
        assert closed_form.tpot == pytest.approx(time, rel=tolerance)
        if policy.chunk_tokens is None:
            assert closed_form.ttft == pytest.approx(found.ttft[settled].mean(), rel=0.3)


@pytest.mark.parametrize("name", workload_names())
def test_beyond_the_largest_rate_the_queue_grows(name):
    largest = steady_state(SMALL, workload(name)).largest_rate
    assert simulate(SMALL, draw(workload(name, 1.6 * largest), 4000, seed=7)).overloaded
    assert not simulate(SMALL, draw(workload(name, 0.7 * largest), 4000, seed=7)).overloaded
    beyond = steady_state(SMALL, workload(name, 1.6 * largest))
    assert beyond.load == pytest.approx(1.6) and beyond.ttft == math.inf


def test_batching_orders_as_it_should():
    """Continuous batches start sooner than dynamic ones, and those than static ones."""
    requests = draw(chat(1.0), 2000, seed=8)
    waits = [simulate(LLAMA, requests, policy).ttft.mean() for policy in (POLICIES[0], POLICIES[3], POLICIES[4])]
    assert waits == sorted(waits) and waits[0] < waits[1] / 2


def test_chunks_spare_the_running_and_cost_the_new():
    """Whole prompts first: short TTFT, and decoding stands still meanwhile."""
    requests = draw(workload("long-short", 0.8), 2000, seed=9)
    whole, chunked = simulate(LLAMA, requests), simulate(LLAMA, requests, Policy(chunk_tokens=512))
    assert chunked.ttft.mean() > whole.ttft.mean()
    # The longest gap between tokens is a pass of prompts, or a piece of one.
    assert numpy.quantile(chunked.tpot, 0.99) < numpy.quantile(whole.tpot, 0.99)


def test_a_prefix_in_the_cache_spares_its_reading():
    bare = draw(workload("long-short", 0.5), 1000, seed=10)
    cached = dataclasses.replace(bare, cached_tokens=bare.input_tokens // 2)
    before, after = simulate(LLAMA, bare), simulate(LLAMA, cached)
    assert after.prompt_tokens == before.prompt_tokens - (bare.input_tokens // 2).sum()
    assert after.ttft.mean() < before.ttft.mean()


def test_no_peak_is_beaten():
    """Under full load, at the ceiling, not more weights are read than the bandwidth allows."""
    place = deployment("llama-3.1-8b", "H100-SXM-80GB", constants=CEILING)
    found = simulate(place, draw(chat(50.0), 2000, seed=11))
    assert found.steps * place.server.shared_traffic <= found.duration * place.server.bandwidth
    flops = (found.tokens + found.prompt_tokens) * place.server.token_flops
    assert flops <= found.duration * place.server.peak * (1 + 1e-9)
