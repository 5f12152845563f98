"""The roofline and the decode step: closed forms, limits, physical bounds; numbers and arrays alike."""

import dataclasses

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokenomics import elementwise, latency, roofline
from tokenomics.catalogue import accelerator, accelerators, model, models
from tokenomics.hardware import devices_to_hold

positive = st.floats(1e-3, 1e18)
batches = st.integers(1, 4096)
contexts = st.integers(1, 10**6)
LLAMA, H100 = model("llama-3.3-70b"), accelerator("H100-SXM-80GB")


@given(positive, positive, positive, positive)
def test_the_binding_roof_sets_the_time(flops, traffic, peak, bandwidth):
    time = roofline.operation_time(flops, traffic, peak, bandwidth)
    alone = {"compute": flops / peak, "memory": traffic / bandwidth}
    assert time == alone[roofline.binding_roof(flops, traffic, peak, bandwidth)] == max(alone.values())


@given(positive, positive, positive, positive)
def test_no_operation_beats_peak_or_bandwidth(flops, traffic, peak, bandwidth):
    time = roofline.operation_time(flops, traffic, peak, bandwidth)
    assert flops / time <= peak * (1 + 1e-12)
    assert traffic / time <= bandwidth * (1 + 1e-12)
    intensity = roofline.arithmetic_intensity(flops, traffic)
    assert flops / time == pytest.approx(roofline.attainable_flops(intensity, peak, bandwidth))


@given(positive, positive)
def test_the_roofs_meet_at_the_ridge(peak, bandwidth):
    ridge = roofline.ridge_point(peak, bandwidth)
    assert roofline.attainable_flops(ridge, peak, bandwidth) == pytest.approx(peak)
    assert roofline.attainable_flops(ridge / 2, peak, bandwidth) == pytest.approx(peak / 2)
    assert roofline.attainable_flops(ridge * 2, peak, bandwidth) == peak


@given(st.sampled_from(models()), st.sampled_from(accelerators()), batches, contexts, st.integers(1, 16))
def test_no_decode_step_beats_the_machine(name, machine, batch, context, devices):
    chosen = accelerator(machine)
    step = latency.decode_step(model(name), chosen, batch=batch, context=context, devices=devices)
    time = latency.step_time(step)
    moved = step.weight_traffic + step.kv_traffic
    assert moved / time <= devices * chosen.bandwidth * (1 + 1e-12)
    if "bf16" in chosen.peaks:
        assert step.flops / time <= devices * chosen.peaks["bf16"] * (1 + 1e-12)


@given(batches, contexts, st.integers(1, 16), st.sampled_from([4, 8]))
def test_more_of_a_resource_never_makes_a_step_slower(batch, context, devices, bits):
    def time(machine=H100, devices=devices, **changed):
        options = {"batch": batch, "context": context, "weight_bits": 16, **changed}
        return latency.step_time(latency.decode_step(LLAMA, machine, devices=devices, **options))

    wider = dataclasses.replace(H100, bandwidth=2 * H100.bandwidth)
    quicker = dataclasses.replace(H100, peaks={"bf16": 2 * H100.peaks["bf16"]})
    assert time(machine=wider) <= time()
    assert time(machine=quicker) <= time()
    assert time(devices=devices + 1) <= time()
    assert time(weight_bits=bits) <= time()
    assert time(batch=batch + 1) >= time()
    assert time(context=context + 1) >= time()


def test_an_empty_context_leaves_the_law():
    """At batch 1 and a short context the step takes what the law says of the parameters it reads."""
    step = latency.decode_step(LLAMA, H100, batch=1, context=1)
    read = 70553706496 - 128256 * 8192
    assert latency.step_time(step) == pytest.approx(latency.law_step_time(read, 16, H100.bandwidth), rel=1e-5)


def test_a_large_batch_approaches_the_compute_roof():
    """Throughput rises with the batch towards peak over the operations of one token, and never past it."""
    batch = 2 ** numpy.arange(0, 24, 2)
    step = latency.decode_step(LLAMA, H100, batch=batch, context=1)
    throughput = latency.decode_throughput(batch, latency.step_time(step))
    limit = H100.peaks["bf16"] / (step.flops / batch)
    assert (numpy.diff(throughput) >= 0).all()
    assert (throughput <= limit * (1 + 1e-12)).all()
    assert throughput[-1] == pytest.approx(limit[-1])


def test_a_long_context_is_bound_by_the_cache():
    """In the limit of long contexts a token takes the reading of its sequence's cache, whatever the batch."""
    for batch in (1, 8):
        step = latency.decode_step(LLAMA, H100, batch=batch, context=1e12)
        assert latency.step_time(step) / batch == pytest.approx(1e12 * 327680 / H100.bandwidth, rel=1e-3)


def test_an_unpublished_peak_leaves_the_memory_bound():
    step = latency.decode_step(LLAMA, accelerator("Apple-M3-Ultra"), batch=1000)
    assert step.compute_time == 0
    assert latency.step_time(step) == step.weight_time + step.kv_time


@given(st.floats(0, 100), st.integers(1, 10**5), st.floats(1e-4, 1))
def test_a_reply_waits_for_its_first_token_and_then_for_each_other(first, tokens, each):
    assert latency.reply_time(first, 1, each) == first
    assert latency.reply_time(first, tokens, each) == pytest.approx(first + (tokens - 1) * each)


@given(st.floats(1, 1e13), st.floats(1e9, 1e12))
def test_the_devices_hold_the_weights_and_one_fewer_does_not(size, memory):
    devices = devices_to_hold(size, memory)
    assert devices * memory >= size * (1 - 1e-12)
    assert (devices - 1) * memory < size


def test_formulas_take_arrays():
    """A sweep over batches and contexts is one call, and gives what single calls give."""
    batch, context = numpy.meshgrid([1, 7, 64, 1000], [1, 300, 131072])
    step = latency.decode_step(LLAMA, H100, batch=batch, context=context)
    times = latency.step_time(step)
    roofs = roofline.binding_roof(step.flops, step.weight_traffic + step.kv_traffic, H100.peaks["bf16"], H100.bandwidth)
    for place in numpy.ndindex(times.shape):
        single = latency.decode_step(LLAMA, H100, batch=int(batch[place]), context=int(context[place]))
        assert times[place] == latency.step_time(single)
        assert roofs[place] == ("compute" if single.compute_time > single.weight_time + single.kv_time else "memory")
    assert devices_to_hold(numpy.array([79e9, 80e9, 81e9]), 80e9).tolist() == [1, 1, 2]


@given(st.lists(st.tuples(st.floats(-1e9, 1e9), st.floats(-1e9, 1e9)), min_size=1))
def test_elementwise_functions_treat_numbers_and_arrays_alike(pairs):
    first, second = numpy.array(pairs).T
    for function in (elementwise.maximum, elementwise.minimum):
        assert function(first, second).tolist() == [function(*pair) for pair in pairs]
    chosen = elementwise.where(first > second, first, second)
    assert chosen.tolist() == [elementwise.where(one > two, one, two) for one, two in pairs]
    assert elementwise.ceil(first).tolist() == [elementwise.ceil(one) for one, _ in pairs]
