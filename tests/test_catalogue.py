"""Every row of the catalogue has its source, and is a number that a machine or a model can have."""

import csv
import datetime
import json

import pytest

from tokenomics import catalogue
from tokenomics.architecture import Architecture
from tokenomics.parameters import total_parameters

KINDS = {"datasheet", "paper", "config", "measured", "fitted", "price"}
WANTED = {
    "A100-SXM-80GB", "H100-SXM-80GB", "H200-SXM-141GB", "B200-180GB", "L40S", "MI300X", "RTX-4090", "Apple-M3-Ultra",
}  # fmt: skip

every_machine = pytest.mark.parametrize("name", catalogue.accelerators(every=True))
every_model = pytest.mark.parametrize("name", catalogue.models())
every_table = pytest.mark.parametrize("table", sorted(path.stem for path in catalogue._HERE.glob("*.csv")))


def check_provenance(entry):
    assert entry["kind"] in KINDS
    assert len(entry["source"].strip()) > 10
    assert datetime.date(2024, 1, 1) <= datetime.date.fromisoformat(entry["date"]) <= datetime.date.today()


@every_table
def test_every_row_says_where_it_comes_from(table):
    assert catalogue.rows(table)
    for row in catalogue.rows(table):
        check_provenance(row)


@every_table
def test_no_row_has_a_cell_too_many_or_too_few(table):
    with (catalogue._HERE / f"{table}.csv").open(encoding="utf-8", newline="") as file:
        lengths = {len(cells) for cells in csv.reader(file)}
    assert len(lengths) == 1


@every_model
def test_every_model_says_where_it_comes_from(name):
    entry = catalogue.model_entry(name)
    check_provenance(entry)
    assert entry["label"] and entry["hub_id"].count("/") == 1


@every_model
def test_every_model_is_read_and_is_of_a_size_that_models_have(name):
    architecture = catalogue.model(name)
    assert isinstance(architecture, Architecture) and architecture.name == name
    assert 1e7 < total_parameters(architecture) < 1e13


def test_names_are_unique():
    names = [row["name"] for row in catalogue.rows("accelerators")]
    labels = [row["label"] for row in catalogue.rows("accelerators")]
    assert len(set(names)) == len(names) and len(set(labels)) == len(labels)


def test_the_machines_of_the_book_are_there():
    assert set(catalogue.accelerators()) >= WANTED


@every_machine
def test_every_machine_is_one_that_can_exist(name):
    machine = catalogue.accelerator(name)
    assert 4e9 <= machine.memory <= 2e12
    assert 5e10 <= machine.bandwidth <= 3e13
    assert machine.link is None or machine.link < machine.bandwidth
    assert machine.power is None or 10 <= machine.power <= 3000
    for peak in machine.peaks.values():
        assert 1e12 <= peak <= 2e16


@every_machine
def test_fewer_bits_are_never_slower(name):
    peaks = catalogue.accelerator(name).peaks
    known = [peaks[precision] for precision in ("bf16", "fp8", "fp4") if precision in peaks]
    assert known == sorted(known)
    # Dense: a sparse figure beside a dense one would be four times as large. Some chips gain nothing from fp8.
    if "bf16" in peaks and "fp8" in peaks:
        ratio = peaks["fp8"] / peaks["bf16"]
        assert ratio == 1 or 1.9 < ratio < 2.1


def test_datasheet_units_become_si():
    row = next(row for row in catalogue.rows("accelerators") if row["name"] == "H100-SXM-80GB")
    machine = catalogue.accelerator("H100-SXM-80GB")
    assert machine.memory == float(row["memory_gb"]) * 1e9 == 80e9
    assert machine.bandwidth == float(row["bandwidth_gb_s"]) * 1e9
    assert machine.peaks["bf16"] == float(row["bf16_tflops"]) * 1e12
    assert machine.power == float(row["power_w"])
    assert catalogue.accelerator("Apple-M3-Ultra").peaks == {}


@every_model
def test_entries_are_plain_json(name):
    text = (catalogue._HERE / "models" / f"{name}.json").read_text(encoding="utf-8")
    assert json.loads(text)["config"]["model_type"]
