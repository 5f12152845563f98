"""Plans: the cheapest is the cheapest, no promise is broken, and what cannot be kept is said to be so."""

from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from multiprocessing import get_context

import pytest

from tokenomics.candidates import Candidate, candidates
from tokenomics.deployment import deployment
from tokenomics.efficiency import slowed
from tokenomics.marginal import request_time
from tokenomics.objective import Objective
from tokenomics.offers import offer
from tokenomics.ownership import owned, power_drawn
from tokenomics.planning import plan
from tokenomics.policy import Policy
from tokenomics.pricing import bill, users_load
from tokenomics.rentals import Rental, rental
from tokenomics.traffic import single
from tokenomics.worked_plans import chat_service, home_card, nightly_batch

CHOICE = candidates("llama-3.1-8b", ["L40S", "H100-SXM-80GB"])
TRAFFIC = single(1000, 200, rate=20.0)
PROMISE = Objective(ttft=1.0, tpot=0.04)
POLICY = Policy(max_sequences=128)


@pytest.fixture(scope="module")
def found():
    return plan(CHOICE, TRAFFIC, PROMISE, policy=POLICY)


def refusal(call, *arguments, **named) -> str:
    with pytest.raises(ValueError) as caught:
        call(*arguments, **named)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_the_cheapest_comes_first_and_nobody_is_lost(found):
    options = (found.best, *found.runners_up)
    assert [entry.rate for entry in options] == sorted(entry.rate for entry in options)
    assert len(options) + len(found.lacking) == len(CHOICE)


def test_the_groups_carry_the_load_and_one_fewer_would_not(found):
    for entry in (found.best, *found.runners_up):
        assert entry.groups * entry.capacity.rate >= 20.0 > (entry.groups - 1) * entry.capacity.rate
        assert entry.load == pytest.approx(20.0 / (entry.groups * entry.capacity.rate))


def test_each_keeps_its_promise_at_the_rate_it_is_said_to_sustain(found):
    for entry in (found.best, *found.runners_up):
        assert entry.capacity.attained["ttft"] <= 1.0 and entry.capacity.attained["tpot"] <= 0.04


def test_the_cost_of_the_requests_is_the_rent_of_whole_machines(found):
    for entry in (found.best, *found.runners_up):
        rent, devices = entry.candidate.payment, entry.candidate.deployment.parallelism.devices
        assert entry.devices % rent.devices == 0 and entry.devices >= entry.groups * devices
        assert entry.devices - entry.groups * devices < rent.devices + entry.groups * (rent.devices % devices)
        assert entry.rate == pytest.approx(entry.devices * rent.hourly / 3600)
        assert entry.cost * 20.0 == pytest.approx(entry.rate)
        assert entry.token_cost * 1200 == pytest.approx(entry.cost)


def test_a_promise_costs_something_and_a_batch_that_nobody_waits_for_less(found):
    loose = plan(CHOICE, TRAFFIC, Objective(), policy=POLICY)
    by_label = {entry.candidate.label: entry for entry in (loose.best, *loose.runners_up)}
    for entry in (found.best, *found.runners_up):
        assert 0 <= entry.batch_discount < 1
        free = by_label[entry.candidate.label]
        assert free.capacity.rate >= entry.capacity.rate and free.rate <= entry.rate
        # Without a promise the rate is that of a server that never idles.
        assert free.batch_discount == pytest.approx(0)


def test_a_stricter_promise_sustains_less(found):
    strict = plan(CHOICE, TRAFFIC, Objective(ttft=1.0, tpot=0.02), policy=POLICY)
    rates = {entry.candidate.label: entry.capacity.rate for entry in (strict.best, *strict.runners_up)}
    assert rates
    for entry in (found.best, *found.runners_up):
        assert rates.get(entry.candidate.label, 0.0) <= entry.capacity.rate


def test_caution_takes_no_fewer_machines_of_the_cheapest(found):
    assert found.cautious.candidate.label == found.best.candidate.label
    assert found.cautious.groups >= found.best.groups and found.cautious.capacity.rate < found.best.capacity.rate


def test_a_cautious_plan_costs_no_less(found):
    careful = plan(CHOICE, TRAFFIC, PROMISE, policy=POLICY, cautious=True)
    assert found.best.rate <= careful.best.rate <= found.cautious.rate
    assert careful.cautious is careful.best


@pytest.mark.parametrize("factor", [1.0, 1.7, 4.0])
@pytest.mark.parametrize("engine", ["vllm", None])
def test_a_slowed_engine_takes_the_factor_longer_for_everything(factor, engine):
    place = deployment("llama-3.1-8b", "H100-SXM-80GB", tensor=2, engine=engine, weights="int4-awq")
    slow = replace(place, efficiency=slowed(place.efficiency, factor))
    for running in (1, 64):
        likely, longer = (request_time(one, 2000, 300, 500, running) for one in (place, slow))
        assert longer == pytest.approx(factor * likely)


def test_a_reserve_takes_more_machines():
    only = CHOICE[-1:]
    busy = single(1000, 200, rate=200.0)
    bare, reserved = (plan(only, busy, PROMISE, policy=POLICY, reserve=share) for share in (0.0, 0.5))
    assert reserved.best.groups >= 2 * bare.best.groups - 1 and reserved.best.load <= 0.5


def test_any_executor_plans_the_same(found):
    with ProcessPoolExecutor(2, get_context("spawn")) as executor:
        again = plan(CHOICE[:2], TRAFFIC, PROMISE, policy=POLICY, executor=executor)
    known = {entry.candidate.label: entry for entry in (found.best, *found.runners_up)}
    for entry in (again.best, *again.runners_up):
        same = known[entry.candidate.label]
        assert (entry.groups, entry.rate, entry.capacity.rate) == (same.groups, same.rate, same.capacity.rate)


def test_a_promise_that_none_keeps_says_how_near_the_nearest_comes():
    message = refusal(plan, CHOICE, TRAFFIC, Objective(ttft=0.001), policy=POLICY)
    assert f"none of {len(CHOICE)} deployments" in message and "the nearest is" in message
    assert "ttft 0.0" in message and "where 0.001 s is promised" in message
    # The nearest is the one with the most arithmetic.
    assert "2 x H100" in message


def test_what_does_not_fit_is_said_to_lack_room():
    rent = rental("L40S")
    small = Candidate(deployment=deployment("llama-3.3-70b", "L40S"), payment=rent)
    message = refusal(plan, [small], TRAFFIC, Objective())
    assert "does not fit" in message
    fits = Candidate(deployment=deployment("llama-3.1-8b", "L40S"), payment=rent)
    together = plan([small, fits], single(1000, 200, rate=1.0), Objective(), policy=POLICY)
    assert together.best.candidate == fits and together.lacking[0].candidate == small


def test_bad_input_is_refused_by_name():
    assert "options is ()" in refusal(plan, [], TRAFFIC, PROMISE)
    assert "options is" in refusal(plan, ["H100"], TRAFFIC, PROMISE)
    assert "reserve is 1" in refusal(plan, CHOICE, TRAFFIC, PROMISE, reserve=1)
    assert "provider is 'nobody'" in refusal(candidates, "llama-3.1-8b", provider="nobody")
    assert "term is 'forever'" in refusal(candidates, "llama-3.1-8b", term="forever")
    assert "fits on none" in refusal(candidates, "llama-3.1-405b", ["L40S"])
    assert "whose rent is not known" in refusal(candidates, "llama-3.1-8b", ["Apple-M3-Ultra"])
    lone = Rental(machine="H100-SXM-80GB", provider="me", hourly=2.0, devices=1)
    pair = Candidate(deployment=deployment("llama-3.3-70b", "H100-SXM-80GB", tensor=2), payment=lone)
    assert "rents out 1 together; 2 are needed" in refusal(plan, [pair], single(100, 10, rate=0.1), Objective())


def test_candidates_hold_the_model_and_somebody_rents_them_out():
    for entry in candidates("llama-3.3-70b", weights=("bf16", "fp8")):
        devices = entry.deployment.parallelism.devices
        assert entry.payment.machine == entry.deployment.accelerator.name and entry.payment.devices >= devices
        assert entry.deployment.server.held_weights < devices * entry.deployment.accelerator.memory


def test_users_who_think_longer_bring_less():
    assert users_load(1000, 60, 0) > users_load(1000, 60, 10) > users_load(1000, 120, 10)
    # Little: the users are those who think and those who wait.
    load = users_load(1000, 60, 10)
    assert load * 60 + load * 10 == pytest.approx(1000)


def test_the_chat_service_keeps_its_promise_at_dated_prices():
    found = chat_service(users=100, machines=["H200-SXM-141GB"])
    assert found.best.candidate.payment.as_of and found.best.candidate.payment.source
    assert found.best.groups * found.best.capacity.rate >= 100 / 60
    assert found.best.capacity.attained["ttft"] <= 1.0 and found.best.capacity.attained["tpot"] <= 0.05


def test_the_night_is_cheaper_than_the_chat_by_the_token_and_its_bills_are_those_of_the_apis():
    night = nightly_batch(tokens=2e8, machines=["MI300X"])
    assert night.requests == pytest.approx(1e5)
    assert night.cost == pytest.approx(night.plan.best.rate * 8 * 3600)
    prices = offer("llama-3.3-70b", "Groq").prices
    bills = {label.split(",")[0]: charged for label, charged in night.bills}
    assert bills["Groq"] == pytest.approx(1e5 * bill(prices.input, prices.output, 1500, 500))


def test_a_card_at_home_cannot_beat_those_who_share_their_steps():
    for machine, compared in home_card().items():
        assert compared[0].offer.as_of and not compared[0].pays
        # Yet a card that hurries beats a laptop, whose memory is slower.
        assert compared[0].capacity > 0, machine
        # So says the chapter: the electricity alone costs more than the cheapest of those asks for everything.
        paid = owned(machine)
        watts = power_drawn(paid.load_power, paid.idle_power, 1.0, paid.overhead)
        assert watts / compared[0].capacity * paid.electricity > compared[0].bill
    card, laptop = home_card().values()
    assert card[0].capacity > laptop[0].capacity
    # Only the dearest are beaten by the card, and nobody is by the laptop.
    assert card[-1].pays and not any(entry.pays for entry in laptop)
