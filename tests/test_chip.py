"""What a chip is made of: peaks that come out as published, intensities with their limits, launches, energy."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokenomics import catalogue
from tokenomics.catalogue import accelerator
from tokenomics.chip import (
    Chip,
    board_energy,
    chip,
    launched_time,
    peak_from_units,
    product_intensity,
    shared_bandwidth,
    tile_intensity,
)

CHIPS = [row["name"] for row in catalogue.rows("chips")]
many = st.integers(1, 10**6)


@pytest.mark.parametrize("name", CHIPS)
def test_the_published_peak_comes_out_of_units_and_clock(name):
    """Two data sheets of one maker, read apart: they agree to their rounding."""
    made = chip(name)
    peak = peak_from_units(made.matrix_units, made.flops_per_cycle, made.clock)
    assert peak == pytest.approx(accelerator(name).peaks["bf16"], rel=0.005)


def test_on_chip_memory_of_the_h100():
    """NVIDIA prints 33792 KB of registers for all processors; shared memory and first cache are the same again."""
    h100 = chip("H100-SXM-80GB")
    assert h100.processors * h100.registers / 1024 == 33792
    assert h100.registers == h100.shared


@pytest.mark.parametrize("name", CHIPS)
def test_the_nearer_memory_is_smaller_and_faster(name):
    made, machine = chip(name), accelerator(name)
    assert made.processors * made.shared < machine.memory and made.second_cache < machine.memory
    assert shared_bandwidth(made.processors, made.shared_bytes_per_cycle, made.clock) > 5 * machine.bandwidth


def test_a_chip_that_is_not_known_or_not_possible():
    with pytest.raises(ValueError, match=r"no chip 'H200' in the catalogue; .*H100-SXM-80GB"):
        chip("H200")
    fields = dict.fromkeys(Chip.__dataclass_fields__, 1) | {"name": "mine"}
    with pytest.raises(ValueError, match="mine: clock is 0"):
        Chip(**fields | {"clock": 0})


@given(many, many, many)
def test_intensity_of_a_product(rows, inputs, outputs):
    intensity = product_intensity(rows, inputs, outputs, 16)
    # Never more than the smallest side allows; the sides may change places.
    assert intensity <= min(rows, inputs, outputs) * (1 + 1e-12)
    assert intensity == pytest.approx(product_intensity(outputs, inputs, rows, 16), rel=1e-12)
    assert product_intensity(2 * rows, inputs, outputs, 16) > intensity
    assert product_intensity(rows, inputs, outputs, 8) == pytest.approx(2 * intensity)


def test_intensity_of_a_product_in_its_limits():
    assert product_intensity(1, 10**9, 10**9, 16) == pytest.approx(1)
    assert product_intensity(3 * 512, 3 * 512, 3 * 512, 16) == pytest.approx(512)  # a square of n: n/3 at two bytes
    assert product_intensity(10**12, 8192, 28672, 16) == pytest.approx(8192 * 28672 / (8192 + 28672))


@given(many, many)
def test_a_tile_is_a_product_with_a_long_inner_side(rows, columns):
    assert tile_intensity(rows, columns, 16) == pytest.approx(product_intensity(rows, 10**15, columns, 16), rel=1e-6)
    assert tile_intensity(rows, rows, 16) == pytest.approx(rows / 2)


def test_launches_hide_or_bind():
    assert launched_time(0.010, 0, 5e-6) == 0.010
    assert launched_time(0.010, 2000, 5e-6) == pytest.approx(0.010)
    assert launched_time(0.010, 4000, 5e-6) == pytest.approx(0.020)


def test_energy_times_rate_is_power():
    h100 = accelerator("H100-SXM-80GB")
    assert board_energy(h100.power, h100.bandwidth) * h100.bandwidth == pytest.approx(h100.power)
    # A byte costs as much as the operations of the ridge point.
    ratio = board_energy(h100.power, h100.bandwidth) / board_energy(h100.power, h100.peaks["bf16"])
    assert ratio == pytest.approx(h100.peaks["bf16"] / h100.bandwidth)
