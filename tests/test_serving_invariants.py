"""What holds of every simulation, whatever arrives, under whatever rules, and however small the memory."""

import dataclasses

import numpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tokenomics.deployment import Deployment, deployment
from tokenomics.objective import Objective, attained, goodput, kept
from tokenomics.pace import Pace
from tokenomics.policy import Policy
from tokenomics.recording import Record
from tokenomics.requests import Requests
from tokenomics.scheduling import Scheduler
from tokenomics.sequences import Sequence
from tokenomics.serving import simulate
from tokenomics.traffic import draw
from tokenomics.workloads import workload

MODELS = [("llama-3.1-8b", "L40S"), ("gemma-2-9b", "H100-SXM-80GB"), ("gpt-oss-20b", "H100-SXM-80GB")]
SLACK = 1 + 1e-9


def with_room_for(place: Deployment, tokens: int) -> Deployment:
    """The same deployment with memory for a cache of so many tokens."""
    server = place.server
    share = (server.held_weights + sum(server.cache) * tokens) / (server.devices * server.memory)
    return dataclasses.replace(place, efficiency=dataclasses.replace(place.efficiency, memory_share=share))


@st.composite
def places(draw) -> Deployment:
    place = deployment(*draw(st.sampled_from(MODELS)), tensor=draw(st.sampled_from([1, 2])))
    return with_room_for(place, draw(st.integers(600, 6000)))


@st.composite
def policies(draw, **fixed) -> Policy:
    chosen = {
        "batching": draw(st.sampled_from(["continuous", "dynamic", "static"])),
        "batch_size": draw(st.integers(1, 20)),
        "wait_limit": draw(st.floats(0, 2)),
        "chunk_tokens": draw(st.sampled_from([None, 1, 7, 64, 512])),
        "max_sequences": draw(st.sampled_from([None, 1, 5])),
        "admission": draw(st.sampled_from(["prompt", "reply"])),
        "preemption": draw(st.sampled_from(["recompute", "swap"])),
        "watermark": draw(st.sampled_from([0, 0.01, 0.3])),
        "queue_limit": draw(st.sampled_from([None, None, 3])),
    }
    return Policy(**{**chosen, **fixed})


@st.composite
def many_requests(draw, priorities=(0,)) -> Requests:
    count = draw(st.integers(1, 40))
    random = numpy.random.default_rng(draw(st.integers(0, 10**6)))
    prompts = random.integers(1, draw(st.sampled_from([5, 300, 700])), count)
    return Requests(
        arrival=numpy.cumsum(random.exponential(draw(st.sampled_from([0.0, 0.01, 0.3, 5.0])), count)),
        input_tokens=prompts,
        output_tokens=random.integers(1, draw(st.sampled_from([2, 200, 500])), count),
        cached_tokens=random.integers(0, prompts) if draw(st.booleans()) else None,
        priority=random.choice(priorities, count),
    )


def run(place, requests, policy):
    try:
        return simulate(place, requests, policy)
    except ValueError as error:
        assert "the shortest request" in str(error)
        return None


@settings(max_examples=300)
@given(places(), many_requests(priorities=(0, 1, 5)), policies())
def test_no_token_is_lost_or_made(place, requests, policy):
    found = run(place, requests, policy)
    if found is None:
        return
    served = numpy.isfinite(found.end)
    assert found.served + found.rejected == len(requests)
    assert found.tokens == requests.output_tokens[served].sum()
    read = (requests.input_tokens - requests.cached_tokens)[served].sum()
    if found.preemptions == 0 or policy.preemption == "swap":
        assert found.prompt_tokens == read
    else:
        assert found.prompt_tokens > read
    assert policy.queue_limit is not None or found.turned_away == 0


@settings(max_examples=300)
@given(places(), many_requests(priorities=(0, 1)), policies())
def test_the_cache_stays_within_its_budget(place, requests, policy):
    found = run(place, requests, policy)
    if found is not None:
        assert 0 < found.cache_peak <= SLACK
        assert found.cache_share <= found.cache_peak * SLACK
        assert policy.admission == "prompt" or found.preemptions == 0


@settings(max_examples=200)
@given(places(), many_requests(priorities=(0, 1)), policies())
def test_times_are_in_order(place, requests, policy):
    found = run(place, requests, policy)
    if found is None:
        return
    served = numpy.isfinite(found.end)
    assert (numpy.isfinite(found.first_token) == served).all()
    assert (found.ttft[served] > 0).all()
    assert (found.end >= found.first_token)[served].all()
    # Every token after the first takes a step.
    least = simulate(place, requests_of(1, 1, 2), Policy()).tpot[0]
    further = requests.output_tokens > 1
    assert (found.tpot * SLACK >= least * 0.999)[served & further].all()
    assert (numpy.diff(found.timeline.time) >= 0).all()
    assert sum(found.spent.values()) == pytest.approx(found.duration)


def requests_of(count, prompt, reply, **more) -> Requests:
    """Requests that come together, all alike."""
    return Requests(
        arrival=numpy.zeros(count),
        input_tokens=numpy.full(count, prompt),
        output_tokens=numpy.full(count, reply),
        **more,
    )


@settings(max_examples=200)
@given(places(), many_requests(), policies(queue_limit=None))
def test_who_comes_first_is_answered_first(place, requests, policy):
    found = run(place, requests, policy)
    if found is not None:
        first = found.first_token[numpy.isfinite(found.first_token)]
        assert (numpy.diff(first) >= 0).all()


@settings(max_examples=50)
@given(places(), many_requests(priorities=(0, 1)), policies())
def test_the_same_again_is_the_same(place, requests, policy):
    first, second = run(place, requests, policy), run(place, requests, policy)
    if first is not None:
        assert numpy.array_equal(first.end, second.end, equal_nan=True)
        assert first.spent == second.spent


@settings(max_examples=50)
@given(places(), many_requests(priorities=(0, 1)), policies(), st.floats(0.0, 0.99))
def test_goodput_is_no_more_than_throughput(place, requests, policy, percentile):
    found = run(place, requests, policy)
    if found is None:
        return
    limits = Objective(ttft=1.0, tpot=0.05, end_to_end=10.0, percentile=percentile)
    assert goodput(found, limits) <= found.request_rate * SLACK
    # What was attained is attained: that share of the requests keeps it.
    for measure, time in attained(found, percentile).items():
        if 0 < time < numpy.inf:
            assert kept(found, Objective(**{measure: time})).mean() >= percentile - 1e-9


@settings(max_examples=300)
@given(many_requests(priorities=(0, 1)), policies(admission="prompt"), st.integers(800, 2500))
def test_a_server_ends_empty(requests, policy, tokens):
    """Windows fill and requests give way and come back: all that was counted in is counted out."""
    place = deployment("gpt-oss-20b", "H100-SXM-80GB")
    graphs = dataclasses.replace(place.efficiency, eager_time=1e-5, capture_limit=300)
    place = with_room_for(dataclasses.replace(place, efficiency=graphs), tokens)
    columns = zip(
        *(getattr(requests, name).tolist() for name in ("arrival", "input_tokens", "output_tokens", "cached_tokens")),
        strict=True,
    )
    arrivals = [Sequence(index, *row, 0) for index, row in enumerate(columns)]
    record = Record(len(requests))
    scheduler = Scheduler(Pace(place), policy, arrivals, record)
    scheduler.run()
    batch = scheduler.batch
    assert (batch.running, batch.context, batch.seen, batch.growing, batch.eager) == (0, 0, 0, 0, 0)
    assert (scheduler.inside, scheduler.read_context, scheduler.read_seen) == (0, 0, 0)
    assert min(record.spent.values()) >= 0


def test_giving_way_over_and_over_ends():
    """Overload with windows and a full memory: a sequence may come back so soon that its end does not move."""
    place = deployment("gemma-2-9b", "H100-SXM-80GB", engine="vllm")
    for policy in (Policy(), Policy(watermark=0)):
        found = simulate(place, draw(workload("short-long", 2.25), 4000, seed=1), policy)
        assert found.overloaded and found.preemptions > 4000
        assert found.served == 4000 and min(found.spent.values()) >= 0
        assert found.cache_peak <= SLACK


def test_the_urgent_are_served_first():
    priority = numpy.array([2, 0, 1, 0, 2, 1])
    place = deployment("llama-3.1-8b", "L40S")
    found = simulate(place, requests_of(6, 100, 10, priority=priority), Policy(max_sequences=1))
    assert numpy.argsort(found.end).tolist() == [1, 3, 2, 5, 0, 4]


def test_the_less_urgent_give_way():
    """Memory for two replies and three that grow: the one of the largest number is put back, whenever it came."""
    place = with_room_for(deployment("llama-3.1-8b", "L40S"), 1300)
    requests = requests_of(3, 200, 400, priority=numpy.array([1, 0, 0]))
    found = simulate(place, requests, Policy(watermark=0))
    assert found.preemptions > 0
    assert found.end[0] == found.end.max()


@pytest.mark.parametrize("preemption", ["recompute", "swap"])
def test_giving_way_costs_time(preemption):
    place = with_room_for(deployment("llama-3.1-8b", "L40S"), 2000)
    requests = requests_of(16, 200, 300)
    tight = simulate(place, requests, Policy(preemption=preemption))
    roomy = simulate(deployment("llama-3.1-8b", "L40S"), requests)
    assert tight.preemptions > 0 == roomy.preemptions
    assert tight.duration > roomy.duration
    assert (tight.spent["swap"] > 0) == (preemption == "swap")
    assert tight.preemption_rate == tight.preemptions / 16


def test_a_slower_link_swaps_longer_in_proportion():
    place, requests = with_room_for(deployment("llama-3.1-8b", "L40S"), 2000), requests_of(16, 200, 300)
    fast, slow = (
        simulate(place, requests, Policy(preemption="swap", host_link=link)).spent["swap"] for link in (64e9, 16e9)
    )
    assert slow == pytest.approx(4 * fast)


def test_what_never_fits_is_refused_and_the_rest_is_served():
    place = with_room_for(deployment("llama-3.1-8b", "L40S"), 1000)
    requests = Requests(arrival=[0.0, 0.1, 0.2], input_tokens=[100, 2000, 100], output_tokens=[10, 10, 10])
    found = simulate(place, requests)
    assert (found.never_fit, found.served, found.rejected) == (1, 2, 1)
    assert numpy.isnan(found.end).tolist() == [False, True, False]
    assert attained(found, 0.99)["ttft"] == numpy.inf


def test_a_full_queue_turns_away():
    policy = Policy(max_sequences=1, queue_limit=4)
    found = simulate(deployment("llama-3.1-8b", "L40S"), requests_of(50, 100, 100), policy)
    assert found.turned_away > 40 and found.served + found.turned_away == 50


def test_a_static_batch_waits_for_its_last():
    """The ninth request starts when the eight before it have ended, the longest of them last."""
    replies = numpy.array([10, 10, 10, 10, 10, 10, 10, 200, 10])
    requests = Requests(arrival=numpy.zeros(9), input_tokens=numpy.full(9, 50), output_tokens=replies)
    found = simulate(deployment("llama-3.1-8b", "L40S"), requests, Policy(batching="static", batch_size=8))
    assert found.first_token[8] > found.end[7] == found.end[:8].max()
    continuous = simulate(deployment("llama-3.1-8b", "L40S"), requests, Policy(max_sequences=8))
    assert continuous.end[8] < continuous.end[7]


def test_a_dynamic_batch_waits_no_longer_than_it_may():
    requests = Requests(arrival=[0.0, 10.0], input_tokens=[50, 50], output_tokens=[10, 10])
    place = deployment("llama-3.1-8b", "L40S")
    dynamic = simulate(place, requests, Policy(batching="dynamic", batch_size=8, wait_limit=0.5))
    static = simulate(place, requests, Policy(batching="static", batch_size=8))
    alone = simulate(place, requests)
    assert dynamic.ttft[0] == pytest.approx(alone.ttft[0] + 0.5)
    assert static.ttft[0] > 10


def test_a_timeline_stays_small_and_ends_with_the_run():
    place = deployment("llama-3.1-8b", "L40S")
    random = numpy.random.default_rng(1)
    requests = Requests(
        arrival=numpy.cumsum(random.exponential(0.2, 8000)),
        input_tokens=numpy.full(8000, 50),
        output_tokens=random.integers(1, 30, 8000),
    )
    found = simulate(place, requests)
    assert 1000 < len(found.timeline.time) <= 4001
    assert found.timeline.time[-1] > 0.99 * found.duration
    assert found.timeline.running.mean() == pytest.approx(found.running, rel=0.5)
