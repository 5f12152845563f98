"""Economies of scale: limits, identities, and the model of the server as an oracle."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokenomics.catalogue import accelerator, model
from tokenomics.deployment import deployment
from tokenomics.economies import critical_batch, fill_wait, half_batch, output_limit, rate_beside, shared_rate
from tokenomics.efficiency import CEILING
from tokenomics.latency import decode_step, step_time
from tokenomics.prediction import Workload, predict
from tokenomics.roofline import ridge_point

times = st.floats(1e-7, 1.0)
batches = st.floats(1, 1e5)


@given(batches, times, times)
def test_throughput_is_the_rate_of_each_times_the_batch(batch, shared, own):
    throughput = shared_rate(batch, shared, own)
    step = shared + batch * own
    assert throughput == pytest.approx(batch / step)
    assert rate_beside(throughput, shared, own) == pytest.approx(1 / step, rel=1e-6, abs=1e-9 / shared)
    assert throughput < 1 / own


@given(times, times)
def test_at_the_half_batch_half_is_reached(shared, own):
    assert shared_rate(half_batch(shared, own), shared, own) == pytest.approx(0.5 / own)


@given(st.lists(st.floats(0.01, 100), min_size=2, max_size=40))
def test_the_wait_for_a_batch_needs_only_the_mean_gap(gaps):
    """In the mean over all orders of the gaps; two orders that mirror each other suffice."""
    arrivals = np.concatenate([[0], np.cumsum(gaps)])
    mirrored = np.concatenate([[0], np.cumsum(gaps[::-1])])
    wait = np.mean([(times[-1] - times).mean() for times in (arrivals, mirrored)])
    assert fill_wait(len(arrivals), 1 / np.mean(gaps)) == pytest.approx(wait)


def test_the_critical_batch_of_plain_weights_is_the_ridge_point():
    h100 = accelerator("H100-SXM-80GB")
    peak, bandwidth = h100.peaks["bf16"], h100.bandwidth
    assert critical_batch(peak, bandwidth, 16) == ridge_point(peak, bandwidth)
    assert critical_batch(peak, bandwidth, 4) == ridge_point(peak, bandwidth) / 4
    # Each expert sees one in thirty-two tokens, so it takes thirty-two times the batch.
    assert critical_batch(peak, bandwidth, 16, 8 / 256) == 32 * ridge_point(peak, bandwidth)


def test_the_closed_form_is_the_decode_step_while_memory_binds():
    llama, h100 = model("llama-3.3-70b"), accelerator("H100-SXM-80GB")
    one = decode_step(llama, h100, batch=1, context=2048, devices=4)
    batch = np.array([1, 7, 64])
    step = decode_step(llama, h100, batch=batch, context=2048, devices=4)
    assert shared_rate(batch, one.weight_time, one.kv_time) == pytest.approx(batch / step_time(step))


def test_no_burst_beats_the_limit_and_large_ones_near_it():
    place = deployment("llama-3.1-8b", "H100-SXM-80GB", constants=CEILING)
    requests = np.array([1, 16, 40])
    found = predict(place, Workload(input_tokens=8000, output_tokens=200, requests=requests)).times
    prompt_time = found.prefill[-1] / requests[-1]
    own = found.cache[-1] / requests[-1]
    limit = output_limit(prompt_time, 200, own)
    rates = requests * 200 / found.total
    assert (rates < limit).all() and (np.diff(rates) > 0).all()
    assert rates[-1] > 0.85 * limit
