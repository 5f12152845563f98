"""From seconds to dollars: closed forms, limits, and that prices add up to the cost."""

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokenomics.comparison import compare_api
from tokenomics.deployment import deployment
from tokenomics.offers import offers
from tokenomics.ownership import Owned, owned, ownership_rate, power_drawn
from tokenomics.pricing import bill, break_even_load, discount, margin, output_price, rental_rate, request_cost
from tokenomics.quote import quote
from tokenomics.rentals import Rental, rental

PLACE = deployment("llama-3.3-70b", "H100-SXM-80GB", tensor=4, engine="vllm")
RENT = rental("H100-SXM-80GB", "Lambda")
HOME = deployment("llama-3.1-8b", "RTX-4090", weights="int8", engine="llama.cpp")
CHAT = {"input_tokens": 2035, "output_tokens": 300}

amounts = st.floats(1e-9, 1e9)
ratios = st.floats(0, 10)
lengths = st.floats(1, 1e6)


@given(cost=amounts, ratio=ratios, cached_ratio=ratios, inputs=lengths, outputs=lengths, share=st.floats(0, 1))
def test_the_prices_add_up_to_the_cost(cost, ratio, cached_ratio, inputs, outputs, share):
    cached = share * inputs
    price = output_price(cost, ratio, inputs, outputs, cached_ratio, cached)
    assert bill(ratio * price, price, inputs, outputs, cached_ratio * price, cached) == pytest.approx(cost)


@pytest.mark.parametrize("ratio", [None, 0.3])
@pytest.mark.parametrize("running", [1, 16, None])
@pytest.mark.parametrize("utilisation", [1.0, 0.25])
def test_a_quote_adds_up_to_its_cost_at_every_end_of_its_interval(ratio, running, utilisation):
    found = quote(PLACE, RENT, **CHAT, cached_tokens=500, running=running, utilisation=utilisation, input_ratio=ratio)
    for end in range(3):
        charged = bill(found.input[end], found.output[end], 2035, 300, found.cached[end], 500)
        assert charged == pytest.approx(found.cost[end])
    assert found.cost.low <= found.cost.value <= found.cost.high
    # All that is sold in an hour pays for the hour.
    assert found.cost.value * found.capacity * utilisation == pytest.approx(RENT.rate(4))


def test_half_sold_costs_twice():
    full, half = (quote(PLACE, RENT, **CHAT, running=16, utilisation=share) for share in (1.0, 0.5))
    assert half.output.value == pytest.approx(2 * full.output.value)
    assert half.input.value == pytest.approx(2 * full.input.value)


def test_a_larger_batch_never_costs_more():
    costs = [quote(PLACE, RENT, **CHAT, running=running).cost.value for running in (1, 2, 4, 8, 16, 32, 64, 128)]
    assert costs == sorted(costs, reverse=True)


def test_no_end_of_the_interval_beats_the_peaks():
    found = quote(PLACE, RENT, **CHAT, running=16)
    matrices = 2 * 70e9 * (2035 + 300) / (4 * 989e12)
    assert found.cost.low > RENT.rate(4) * matrices


def test_quotes_of_many_workloads_are_those_of_each():
    inputs = numpy.array([100.0, 2035.0, 20000.0])
    together = quote(PLACE, RENT, input_tokens=inputs, output_tokens=300.0, running=8)
    for place, tokens in enumerate(inputs):
        alone = quote(PLACE, RENT, input_tokens=tokens, output_tokens=300.0, running=8)
        assert together.cost.value[place] == pytest.approx(alone.cost.value)
        assert together.input_ratio[place] == pytest.approx(alone.input_ratio)


@given(load=amounts, idle=st.floats(0, 1), utilisation=st.floats(0, 1), overhead=st.floats(1, 3))
def test_power_lies_between_its_two_states(load, idle, utilisation, overhead):
    power = power_drawn(load, idle * load, utilisation, overhead)
    assert idle * load * overhead * (1 - 1e-9) <= power <= load * overhead * (1 + 1e-9)


def test_a_machine_of_ones_own_pays_itself_off_in_its_life():
    life = 4 * 365 * 86400
    assert ownership_rate(1600, life, 0, 1) * life == pytest.approx(1600)
    assert ownership_rate(1600, life, 500, 0.2 / 3.6e6) - ownership_rate(1600, life, 0, 1) == pytest.approx(
        0.5 * 0.2 / 3600
    )


def test_rent_does_not_ask_whether_the_machine_works_and_electricity_does():
    assert RENT.rate(8, 0.0) == RENT.rate(8, 1.0) == rental_rate(8, 3.99)
    home = owned("RTX-4090")
    assert home.rate(1, 1.0) - home.rate(1, 0.0) == pytest.approx(470 * 0.1784 / 3.6e6)
    assert home.rate(2, 0.5) == pytest.approx(2 * home.rate(1, 0.5))


@given(fixed=amounts, revenue=amounts, share=st.floats(0, 0.99))
def test_at_the_break_even_the_revenue_is_the_cost(fixed, revenue, share):
    load = break_even_load(fixed, revenue, share * revenue)
    assert load * revenue == pytest.approx(fixed + load * share * revenue)


def test_what_costs_more_than_it_brings_never_breaks_even():
    assert break_even_load(1.0, 0.5, 0.5) == break_even_load(1.0, 0.5, 0.7) == numpy.inf
    assert break_even_load(1.0, numpy.array([0.5, 2.0]), 1.0).tolist() == [numpy.inf, 1.0]


def test_margin_and_discount():
    assert margin(2.0, 2.0) == 0 and margin(2.0, 3.0) < 0 < margin(3.0, 2.0) < 1
    assert discount(1.0, 1.0) == 0 and discount(0.25, 1.0) == 0.75
    assert request_cost(1.0, 1.0, 1.0, 1.0) == 1


def test_self_hosting_is_cheaper_above_the_break_even_and_dearer_below():
    (found,) = compare_api(PLACE, RENT, **CHAT, provider="Together")
    for factor, cheaper in ((0.9, False), (1.1, True)):
        load = factor * found.break_even
        assert (RENT.rate(4) < load * found.bill) is cheaper
    assert found.utilisation == pytest.approx(found.break_even / found.capacity)
    assert found.tokens_per_day == pytest.approx(found.break_even * 2335 * 86400)
    assert found.pays == (found.utilisation <= 1) == (found.margin >= 0)


def test_a_machine_of_ones_own_counts_its_power_into_the_break_even():
    home = owned("RTX-4090")
    for found in compare_api(HOME, home, input_tokens=1000, output_tokens=300, running=1):
        if numpy.isfinite(found.break_even):
            share = found.break_even / found.capacity
            assert found.break_even * found.bill == pytest.approx(home.rate(1, share))


def test_every_offer_is_compared_the_cheapest_first():
    found = compare_api(PLACE, RENT, **CHAT)
    assert [entry.bill for entry in found] == sorted(entry.bill for entry in found)
    assert {entry.offer for entry in found} == set(offers("llama-3.3-70b"))


def refusal(call, *arguments, **named) -> str:
    with pytest.raises(ValueError) as caught:
        call(*arguments, **named)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(
    ("field", "value"),
    [("utilisation", 0), ("utilisation", 1.1), ("utilisation", -0.5), ("utilisation", float("nan")),
     ("input_tokens", 0), ("output_tokens", 0.5), ("cached_tokens", -1), ("cached_tokens", 2035), ("running", 0),
     ("input_ratio", -0.3)],
)  # fmt: skip
def test_a_quote_out_of_range_is_refused_by_its_field(field, value):
    message = refusal(quote, PLACE, RENT, **{**CHAT, field: value})
    assert field in message and "must be" in message


def test_what_does_not_fit_cannot_be_priced():
    assert "fit" in refusal(quote, deployment("llama-3.3-70b", "H100-SXM-80GB"), RENT, **CHAT)


@pytest.mark.parametrize("hourly", [0, -2.5, float("nan"), "cheap"])
def test_a_rent_is_above_zero(hourly):
    assert "hourly" in refusal(Rental, machine="H100-SXM-80GB", provider="me", hourly=hourly)


@pytest.mark.parametrize(
    ("field", "value"),
    [("capital", -1), ("life", 0), ("idle_power", 900), ("electricity", -0.1), ("overhead", 0.5), ("load_power", 0)],
)
def test_a_machine_of_ones_own_checks_its_fields(field, value):
    good = {"machine": "mine", "capital": 1600, "life": 1e8, "load_power": 500, "idle_power": 50, "electricity": 5e-8}
    assert f"{field} is {value!r}" in refusal(Owned, **{**good, field: value})


def test_unknown_providers_and_machines_are_answered_with_those_known():
    assert "Lambda" in refusal(rental, "H100-SXM-80GB", "Lambada")
    assert "'RTX-4090'" in refusal(owned, "RTX-409")
    assert "household" in refusal(owned, "RTX-4090", site="garage")
    assert "Groq" in refusal(compare_api, PLACE, RENT, **CHAT, provider="Grok")
    unserved = deployment("gpt2", "RTX-4090")
    assert "no price per token of gpt2" in refusal(compare_api, unserved, RENT, input_tokens=10, output_tokens=10)
    assert "nobody rents out 16 together" in refusal(rental, "H100-SXM-80GB", devices=16)
    assert "whose rent is not known" in refusal(rental, "Apple-M3-Ultra")
