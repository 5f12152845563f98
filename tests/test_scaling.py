"""Scaling over devices: identities, limits, simulated pipelines, and the model of the server as an oracle."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokenomics.deployment import deployment
from tokenomics.parallelism import all_reduce_bytes, all_reduce_time
from tokenomics.prediction import Workload, predict
from tokenomics.scaling import (
    bubble_share,
    cache_room_share,
    even_message,
    half_devices,
    scaled_time,
    scaling_efficiency,
)  # fmt: skip

times = st.floats(1e-6, 10.0)
counts = st.integers(1, 1024)


@given(times, times, counts)
def test_efficiency_is_ideal_time_over_time(divided, delay, devices):
    time = scaled_time(divided, delay, devices)
    assert scaling_efficiency(divided, delay, devices) == pytest.approx(divided / devices / time)
    assert time > max(delay, divided / devices)


@given(times, times)
def test_half_of_the_devices_time_is_lost_at_the_half(divided, delay):
    half = half_devices(divided, delay)
    assert scaling_efficiency(divided, delay, half) == pytest.approx(0.5)
    assert scaled_time(divided, delay, half) == pytest.approx(2 * delay)


@given(st.floats(1e-7, 1e-3), st.floats(1e9, 1e12), st.integers(2, 64))
def test_an_even_message_takes_twice_the_latency(latency, link, devices):
    size = even_message(latency, link, devices)
    assert all_reduce_bytes(size, devices) / link == pytest.approx(latency)
    assert all_reduce_time(size, devices, link, latency) == pytest.approx(2 * latency)


@given(st.integers(1, 12), st.integers(1, 40))
def test_the_bubble_is_what_a_simulated_pipeline_leaves_idle(stages, parts):
    """A part enters a stage when it has left the one before and the part before it has left this one."""
    done = np.zeros((parts + 1, stages + 1))
    for part in range(1, parts + 1):
        for stage in range(1, stages + 1):
            done[part, stage] = max(done[part - 1, stage], done[part, stage - 1]) + 1
    span = done[-1, -1]
    assert bubble_share(stages, parts) == pytest.approx(1 - parts / span)


def test_the_room_is_that_of_the_server():
    place = deployment("llama-3.3-70b", "H100-SXM-80GB", tensor=4, engine="vllm")
    server, share = place.server, place.efficiency.memory_share
    room = cache_room_share(4, server.memory, share, server.held_weights) * 4 * share * server.memory
    limit = predict(place, Workload(input_tokens=2035, output_tokens=300)).times.limit
    assert room / (server.cache[0] * 2335) == pytest.approx(limit)


def test_the_closed_form_is_the_fitted_step_of_one_sequence():
    """At batch one all but the delays is divided, until key-value heads run out."""
    steps, delays = {}, {}
    for devices in (2, 4, 8):
        place = deployment("llama-3.3-70b", "H100-SXM-80GB", tensor=devices, engine="vllm")
        found = predict(place, Workload(input_tokens=2035, output_tokens=300)).times
        steps[devices], delays[devices] = found.step, found.overhead
    divided = 4 * (steps[4] - delays[4])
    for devices in (2, 8):
        assert scaled_time(divided, delays[4], devices) == pytest.approx(steps[devices], rel=2e-3)
