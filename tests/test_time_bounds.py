"""Physical bounds, over random deployments: what no prediction may do, whatever the constants."""

import dataclasses

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tokenomics import catalogue
from tokenomics.burst import times
from tokenomics.deployment import Deployment, deployment
from tokenomics.efficiency import CEILING, SHARES, efficiencies
from tokenomics.passes import compute_share
from tokenomics.prediction import Workload, predict

MODELS = ["llama-3.1-8b", "llama-3.3-70b", "mixtral-8x7b", "gpt-oss-20b", "deepseek-v3", "gemma-2-9b"]
MACHINES = ["H100-SXM-80GB", "H200-SXM-141GB", "B200-180GB", "L40S", "A100-SXM-80GB", "MI300X", "Apple-M3-Ultra"]
SETS = [*efficiencies().values(), CEILING]
# Sums in another order differ in the last digits.
SLACK = 1 + 1e-9


@st.composite
def places(draw) -> Deployment:
    """Any model on any machine, split in any way, under any set of constants."""
    split = draw(st.sampled_from(["tensor", "pipeline", "replicas", "both"]))
    ways = draw(st.sampled_from([1, 2, 3, 4, 8, 16]))
    return deployment(
        draw(st.sampled_from(MODELS)),
        draw(st.sampled_from(MACHINES)),
        tensor=ways if split in ("tensor", "both") else 1,
        pipeline=2 if split == "both" else ways if split == "pipeline" else 1,
        replicas=ways if split == "replicas" else 1,
        weights=draw(st.sampled_from(["bf16", "fp8", "int4-awq", "fp4"])),
        kv_bits=draw(st.sampled_from([8, 16])),
        constants=draw(st.sampled_from(SETS)),
    )


@st.composite
def workloads(draw) -> Workload:
    output = draw(st.integers(1, 4000))
    return Workload(
        input_tokens=draw(st.integers(1, 40_000)),
        output_tokens=output,
        requests=draw(st.one_of(st.none(), st.integers(1, 2000))),
        longest=draw(st.sampled_from([None, output, 2 * output])),
    )


def prediction(place, work):
    """The prediction, where the model fits at all."""
    try:
        return predict(place, work)
    except ValueError as error:
        assert "too little" in str(error)
        assume(False)


def timed(place, work, server=None):
    return times(
        server or place.server,
        place.efficiency,
        compute_share(place.efficiency, place.arithmetic),
        work.input_tokens,
        work.output_tokens,
        work.requests,
        work.longest,
    )


@settings(deadline=None)
@given(places(), workloads())
def test_no_prediction_beats_the_peaks(place, work):
    found = prediction(place, work)
    assert found.flops_utilisation <= SLACK
    assert found.bandwidth_utilisation <= SLACK
    assert found.times.step * SLACK >= found.times.step_floor
    assert found.times.prefill * SLACK >= found.times.prefill_floor


@settings(deadline=None)
@given(places(), workloads())
def test_no_end_of_an_interval_beats_the_peaks(place, work):
    found = prediction(place, work)
    t = found.times
    assert found.time_per_output_token.low * SLACK >= t.step_floor
    assert found.time_to_first_token.low * t.waves * SLACK >= t.prefill_floor
    assert found.burst_time.low * SLACK >= t.prefill_floor + t.steps * t.step_floor
    for estimate in (found.time_per_output_token, found.time_to_first_token, found.output_rate, found.burst_time):
        assert 0 < estimate.low * (1 / SLACK) <= estimate.value <= estimate.high * SLACK


@settings(deadline=None)
@given(places(), workloads())
def test_no_link_is_outrun(place, work):
    t = prediction(place, work).times
    staged = max(t.running / place.server.pipeline, 1.0)
    assert t.overhead * SLACK >= staged * place.server.sent / place.server.link
    sent = t.requests / place.server.pipeline * work.input_tokens * place.server.sent
    assert t.prefill * SLACK >= sent / place.server.link


@settings(deadline=None)
@given(places(), workloads(), st.sampled_from(["bandwidth", "peak", "link", "memory"]), st.floats(1.0, 10.0))
def test_more_of_a_resource_never_makes_it_slower(place, work, resource, factor):
    assume(work.requests is not None)  # a fuller server takes longer for more
    prediction(place, work)
    more = dataclasses.replace(place.server, **{resource: getattr(place.server, resource) * factor})
    assert timed(place, work, more).total <= timed(place, work).total * SLACK


@settings(deadline=None)
@given(places(), workloads(), st.sampled_from(SHARES), st.floats(0.1, 1.0))
def test_a_better_engine_is_never_slower(place, work, share, factor):
    prediction(place, work)
    worse = dataclasses.replace(place.efficiency, **{share: getattr(place.efficiency, share) * factor})
    assert timed(dataclasses.replace(place, efficiency=worse), work).total * SLACK >= timed(place, work).total


@settings(deadline=None)
@given(places(), workloads())
def test_a_batch_never_yields_less_than_one_request(place, work):
    assume(work.requests is not None)
    found = prediction(place, work)
    alone = prediction(place, dataclasses.replace(work, requests=1))
    assert found.output_rate.value * SLACK >= alone.output_rate.value


@settings(deadline=None)
@given(places(), workloads())
def test_the_parts_sum_to_the_total(place, work):
    t = prediction(place, work).times
    assert t.step == pytest.approx(max(t.weights, t.matrices) + max(t.cache, t.attention) + t.overhead)
    assert t.total == pytest.approx(t.prefill + t.steps * t.step + place.efficiency.request_time)
    assert t.waves * t.running == pytest.approx(t.requests)


@settings(deadline=None)
@given(places(), workloads())
def test_the_ceiling_is_above_every_engine(place, work):
    assume(work.requests is not None)
    found = prediction(place, work)
    ceiling = prediction(dataclasses.replace(place, efficiency=CEILING), work)
    assert ceiling.output_rate.value * SLACK >= found.output_rate.value


@pytest.mark.parametrize("name", efficiencies())
def test_no_efficiency_is_above_one(name):
    assert all(0 < getattr(efficiencies()[name], share) <= 1 for share in SHARES)


def test_every_set_says_where_it_comes_from():
    assert all(constants.data and constants.date for constants in efficiencies().values())
    assert {catalogue.accelerator(name).machine_class for name in catalogue.accelerators(every=True)} == {
        constants.machine_class for constants in efficiencies().values() if constants.engine is None
    }
