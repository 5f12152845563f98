"""Gamma derived: the machine time of one more token against the closed form, limits and bounds."""

from dataclasses import replace

import pytest

from tokenomics.burst import times
from tokenomics.catalogue import accelerator
from tokenomics.deployment import deployment
from tokenomics.efficiency import CEILING
from tokenomics.marginal import full_server, marginal_times, request_time
from tokenomics.passes import compute_share
from tokenomics.policy import Policy
from tokenomics.serving import simulate
from tokenomics.traffic import Arrivals, draw, single

PLACE = deployment("llama-3.3-70b", "H100-SXM-80GB", tensor=4, engine="vllm")
PEAKS = deployment("llama-3.3-70b", "H100-SXM-80GB", tensor=4, constants=CEILING)
MIXED = deployment("deepseek-v3", "H200-SXM-141GB", tensor=8, weights="fp8")
BATCHES = (1, 2, 8, 32, 128)


@pytest.mark.parametrize("place", [PLACE, MIXED, deployment("gemma-3-27b", "H100-SXM-80GB", tensor=2)])
@pytest.mark.parametrize("running", [1, 7, 64])
def test_the_time_of_a_request_is_its_share_of_a_burst(place, running):
    compute = compute_share(place.efficiency, place.arithmetic)
    burst = times(place.server, place.efficiency, compute, 2035, 300, running)
    assert burst.waves == 1
    share = (burst.total - place.efficiency.request_time) / running
    assert request_time(place, 2035, 300, running=running) == pytest.approx(share)


@pytest.mark.parametrize("running", BATCHES)
def test_at_the_peaks_the_derivative_is_the_closed_form(running):
    """Prefill bound by arithmetic, decode by memory: Llama 3.3 70B on the peaks of four devices."""
    computed, cached, outputs = 2000.0, 1000.0, 300.0
    machine, server = accelerator("H100-SXM-80GB"), PEAKS.server
    peak, bandwidth = 4 * machine.peaks["bf16"], 4 * machine.bandwidth
    attention, cache = 4 * 8192 * 80, 327680  # FLOP for each pair, bytes for each token
    found = marginal_times(PEAKS, computed + cached, outputs, cached, running)
    kept = (outputs - 1) * cache / bandwidth
    sent = server.sent / server.link
    context = computed + cached + outputs / 2
    step = server.shared_traffic / bandwidth / running + cache * context / bandwidth
    assert found.input == pytest.approx(
        (server.token_flops + attention * (computed + cached + 0.5)) / peak + sent + kept, rel=1e-6
    )
    assert found.cached == pytest.approx(attention * computed / peak + kept, rel=1e-6)
    assert found.output == pytest.approx(step + sent + kept / 2, rel=1e-6)


@pytest.mark.parametrize("place", [PLACE, PEAKS, MIXED])
def test_gamma_grows_with_the_batch_that_shares_each_step(place):
    """A prompt's arithmetic is not shared; a step's weights are."""
    ratios = [found.input / found.output for found in (marginal_times(place, 2035, 300, 0, b) for b in BATCHES)]
    assert ratios == sorted(ratios) and ratios[0] < 0.02 < ratios[-1]


@pytest.mark.parametrize("running", [*BATCHES, None])
@pytest.mark.parametrize("place", [PLACE, PEAKS, MIXED])
def test_a_cached_token_costs_less_than_one_that_is_computed(place, running):
    found = marginal_times(place, 2035, 300, 500, running)
    assert 0 < found.cached < found.input


def test_tokens_at_their_marginal_times_pay_for_the_whole_request_and_for_its_curvature():
    """The time is convex in its lengths, so the last token costs more than the mean one."""
    for running in BATCHES:
        found = marginal_times(PLACE, 2035, 300, 0, running)
        assert 1 < (found.input * 2035 + found.output * 300) / found.request < 1.2


def test_a_full_server_charges_each_token_for_the_room_it_takes():
    fits = full_server(PLACE, 2035, 300)
    fixed, full = marginal_times(PLACE, 2035, 300, 0, fits), marginal_times(PLACE, 2035, 300)
    assert full.request == pytest.approx(fixed.request) and full.running == pytest.approx(fits)
    assert full.input > fixed.input and full.output > fixed.output and full.cached > fixed.cached


def test_a_prefix_found_in_the_cache_saves_its_arithmetic_and_what_its_passes_send_and_wait_for():
    whole = request_time(PLACE, 2035, 300, running=16)
    found = request_time(PLACE, 2035, 300, 1000, running=16)
    saved = PLACE.server.token_flops * 1000 / (4 * 989e12 * PLACE.efficiency.compute)
    assert saved < whole - found < 1.5 * saved


def test_the_simulator_agrees_on_what_a_token_adds_to_a_full_server():
    """An oracle of its own: three waves of as many as fit, simulated with prompts or replies a little longer."""
    together = Arrivals(pattern="together")

    def simulated(inputs, outputs):
        count = 3 * int(full_server(PLACE, inputs, outputs))
        traffic = replace(single(inputs, outputs), arrivals=together)
        outcome = simulate(PLACE, draw(traffic, count, seed=1), Policy(admission="reply"))
        return outcome.duration / count

    found = marginal_times(PLACE, 2035, 300)
    of_input = (simulated(2235, 300) - simulated(1835, 300)) / 400
    of_output = (simulated(2035, 340) - simulated(2035, 260)) / 80
    assert simulated(2035, 300) == pytest.approx(found.request, rel=0.03)
    assert of_input == pytest.approx(found.input, rel=0.1)
    assert of_output == pytest.approx(found.output, rel=0.1)


@pytest.mark.parametrize("running", [193, 1000])
def test_more_than_fit_cannot_run(running):
    with pytest.raises(ValueError, match=f"running is {running}; at most 192"):
        marginal_times(PLACE, 2035, 300, 0, running)


def test_faster_machines_take_less_time_for_every_token():
    slow, fast = (
        marginal_times(deployment("llama-3.1-8b", name), 1000, 200, 0, 8) for name in ("A100-SXM-80GB", "H100-SXM-80GB")
    )
    assert fast.input < slow.input and fast.output < slow.output and fast.request < slow.request
