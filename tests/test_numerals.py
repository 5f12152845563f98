"""Numbers as text: the text reads back as the number, to the digits it shows."""

import math
import re

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokenomics.numerals import counted, decimal, grouped, quantity, significant

PREFIXES = {"n": 1e-9, "µ": 1e-6, "m": 1e-3, "": 1, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "P": 1e15, "E": 1e18}
SCALES = {"": 1, "thousand": 1e3, "million": 1e6, "billion": 1e9, "trillion": 1e12, "quadrillion": 1e15}


def read(text):
    return float(text.replace(",", ""))


@given(st.integers(-(10**15), 10**15))
def test_grouping_changes_no_digit(value):
    text = grouped(value)
    assert int(text.replace(",", "")) == value
    assert re.fullmatch(r"-?\d{1,3}(,\d{3})*", text)


@given(st.floats(-1e9, 1e9), st.integers(0, 6))
def test_decimal_is_within_half_a_place(value, places):
    text = decimal(value, places)
    assert abs(read(text) - value) <= 0.5 * 10**-places * (1 + 1e-6) + abs(value) * 1e-15
    assert len(text.partition(".")[2]) == places


# At most twelve places are printed: enough for six digits from a millionth up.
@given(st.floats(1e-6, 1e15), st.integers(1, 6))
def test_significant_is_within_half_a_digit(value, digits):
    text = significant(value, digits)
    assert read(text) == pytest.approx(value, rel=0.5 * 10 ** (1 - digits) * (1 + 1e-6))
    shown = text.replace(",", "").replace(".", "").lstrip("0")
    assert len(shown) == max(digits, len(text.replace(",", "").partition(".")[0].lstrip("0")))


@given(st.floats(1e-9, 1e20))
def test_quantity_reads_back_through_its_prefix(value):
    number, unit = quantity(value, "B").split(" ")
    assert read(number) * PREFIXES[unit.removesuffix("B")] == pytest.approx(value, rel=0.5e-2 * (1 + 1e-6))
    assert 1 <= read(number) < 1000 or value >= 999.5e18


@given(st.integers(0, 10**18))
def test_counted_reads_back_through_its_scale(value):
    number, _, scale = counted(value).partition(" ")
    assert read(number) * SCALES[scale] == pytest.approx(value, rel=0.5e-2 * (1 + 1e-6))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (significant(9.996), "10.0"),
        (significant(9.994), "9.99"),
        (significant(0), "0.00"),
        (significant(-41.791), "-41.8"),
        (quantity(0, "s"), "0 s"),
        (quantity(999.6, "B"), "1.00 kB"),
        (quantity(-0.0418, "s"), "-41.8 ms"),
        (counted(999), "999"),
        (counted(999_999), "1.00 million"),
        (decimal(0.5, 0), "1"),
        (grouped(1000, " "), "1 000"),
        (grouped(numpy.float64(1234567.0)), "1,234,567"),
        (grouped(numpy.int64(1234567)), "1,234,567"),
        (decimal(-0.001, 2), "0.00"),
        (decimal(-0.005, 2), "-0.01"),
        (decimal(-0.4, 0), "0"),
    ],
)
def test_edges(text, expected):
    assert text == expected


FUNCTIONS = [grouped, counted, significant, lambda value: decimal(value, 1), lambda value: quantity(value, "B")]


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, "7", None, True])
def test_what_is_no_finite_number_is_refused(function, value):
    with pytest.raises(ValueError, match=r"it must be a (whole|finite) number"):
        function(value)


def test_a_part_is_no_whole_number_and_places_are_counted():
    with pytest.raises(ValueError, match=r"value is 2\.5; it must be a whole number"):
        grouped(2.5)
    with pytest.raises(ValueError, match="places is -1"):
        decimal(1.5, -1)
