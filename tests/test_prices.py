"""The prices of the catalogue: each with its date and source, of a machine or a model that the catalogue has."""

import re

import pytest

from tokenomics import catalogue
from tokenomics.offers import TokenPrices, offers
from tokenomics.ownership import owned
from tokenomics.rentals import rental, rentals

ROWS = catalogue.rows("prices")
# A year, a month or a day, as exactly as the source says.
DATE = re.compile(r"20\d\d( to 20\d\d|-[01]\d(-[0-3]\d)?)?")
UNITS = {
    "rental": "USD per device and hour",
    "input token": "USD per million tokens",
    "output token": "USD per million tokens",
    "cached token": "USD per million tokens",
}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row['provider']}-{row['item']}-{row['what']}")
def test_a_price_says_what_for_from_whom_and_when(row):
    assert row["unit"] == UNITS[row["what"]]
    assert DATE.fullmatch(row["as_of"]) and row["provider"] and row["term"]
    # What nobody asked but somebody assumed says so.
    assert (row["kind"] == "assumption") == (row["term"] in ("assumed", "lease"))
    if row["what"] == "rental":
        assert catalogue.accelerator(row["item"])
        assert 0.1 < float(row["value"]) < 10 and int(row["devices"]) >= 1
    else:
        assert catalogue.model(row["item"])
        assert 0.01 < float(row["value"]) < 20 and row["devices"] == ""


@pytest.mark.parametrize("row", catalogue.rows("ownership"), ids=lambda row: f"{row['item']}-{row['quantity']}")
def test_what_a_machine_of_ones_own_costs_is_dated_or_marked_as_assumed(row):
    assert DATE.fullmatch(row["as_of"]) and float(row["value"]) > 0
    assert (row["kind"] == "assumption") == ("assum" in row["source"] or "estimate" in row["notes"])


def test_every_price_of_the_table_is_read_once():
    assert len(rentals()) == sum(row["what"] == "rental" for row in ROWS)
    assert len(offers()) == sum(row["what"] == "output token" for row in ROWS)
    assert len({(entry.machine, entry.provider, entry.devices, entry.term) for entry in rentals()}) == len(rentals())
    assert len({(entry.model, entry.provider) for entry in offers()}) == len(offers())
    assert all(entry.source and entry.as_of for entry in (*rentals(), *offers()))


@pytest.mark.parametrize("entry", offers(), ids=lambda entry: f"{entry.provider}-{entry.model}")
def test_no_offer_sells_output_below_input_or_a_cached_token_above_one_that_is_computed(entry):
    prices = entry.prices
    assert prices.output >= prices.input >= (prices.cached or 0) >= 0


def test_the_cheapest_rent_that_holds_enough_devices_is_taken():
    alone, eight = rental("H100-SXM-80GB"), rental("H100-SXM-80GB", devices=8)
    assert alone.hourly <= eight.hourly and eight.devices == 8
    assert alone.hourly == min(entry.hourly for entry in rentals("H100-SXM-80GB", "on-demand"))


def test_prices_are_shown_with_their_dates():
    assert all(entry.as_of in entry.label and entry.provider in entry.label for entry in (*rentals(), *offers()))
    assert "2022-09-20" in owned("RTX-4090").label and "USD/kWh" in owned("RTX-4090").label


@pytest.mark.parametrize("field", ["input", "output", "cached"])
def test_no_token_has_a_negative_price(field):
    with pytest.raises(ValueError, match=f"{field} is -1"):
        TokenPrices(**{"input": 1e-6, "output": 1e-6, field: -1})
