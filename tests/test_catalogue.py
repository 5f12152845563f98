"""Every row of the catalogue has its source, and is a number that a machine or a model can have."""

import csv
import datetime
import json

import pytest

from tokenomics import catalogue
from tokenomics.architecture import Architecture
from tokenomics.parameters import total_parameters

KINDS = {"datasheet", "paper", "config", "measured", "fitted", "price", "assumption"}
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


ROW = dict(catalogue.rows("accelerators")[1])


def refusal(function, *arguments) -> str:
    with pytest.raises(ValueError) as caught:
        function(*arguments)
    message = str(caught.value)
    assert message and "\n" not in message
    return message


@pytest.mark.parametrize("cell", ["33S0", "0", "-1", "nan", "inf", " "])
def test_a_cell_that_is_no_number_is_named_by_row_and_column(cell):
    message = refusal(catalogue._read_accelerators, [{**ROW, "bandwidth_gb_s": cell}])
    assert message.startswith(f"accelerators.csv: {ROW['name']}: bandwidth_gb_s is {cell!r}; ")
    assert "a number above zero" in message


def test_a_peak_of_zero_is_refused_and_an_empty_one_left_out():
    assert "bf16_tflops is '0'" in refusal(catalogue._read_accelerators, [{**ROW, "bf16_tflops": "0"}])
    machine = catalogue._read_accelerators([{**ROW, "bf16_tflops": ""}])[ROW["name"]]
    assert "bf16" not in machine.peaks and machine.bandwidth == 3.35e12


def test_doubled_names_missing_columns_and_missing_sources_are_refused():
    assert f"{ROW['name']} stands there twice" in refusal(catalogue._read_accelerators, [ROW, ROW])
    short = {key: value for key, value in ROW.items() if key != "link_gb_s"}
    assert "column link_gb_s is missing" in refusal(catalogue._read_accelerators, [short])
    for column in ("source", "date"):
        message = refusal(catalogue._check_provenance, "accelerators.csv", [{**ROW, column: " "}])
        assert message.startswith(f"accelerators.csv: {ROW['name']}: {column} is empty")


@pytest.mark.parametrize(
    "content", [b"", b'{"label": "x"', b"\x00\xff\xfe", b"[1]", b'{"label": ' + b"9" * 5000 + b"}"]
)
def test_a_spoilt_entry_is_called_by_its_file(tmp_path, content):
    file = tmp_path / "mine.json"
    file.write_bytes(content)
    assert str(file) in refusal(catalogue._read_entry, file)


@pytest.mark.parametrize("key", ["label", "config", "source", "date"])
def test_an_entry_without_a_part_is_called_by_its_file_and_the_part(tmp_path, key):
    entry = catalogue.model_entry("gpt2")
    file = tmp_path / "mine.json"
    file.write_text(json.dumps({**entry, key: None}))
    assert f"{file}: {key} is None" in refusal(catalogue._read_entry, file)
    del entry[key]
    file.write_text(json.dumps(entry))
    assert f"{file}: {key} is missing" in refusal(catalogue._read_entry, file)


def test_what_was_looked_up_is_the_callers_own():
    catalogue.model_entry("gpt2")["config"]["n_embd"] = 1
    assert catalogue.model_entry("gpt2")["config"]["n_embd"] == 768
    catalogue.accelerator("L40S").peaks.clear()
    assert catalogue.accelerator("L40S").peaks
    catalogue.rows("accelerators")[0]["vendor"] = "nobody"
    assert catalogue.rows("accelerators")[0]["vendor"] == "NVIDIA"


@pytest.mark.parametrize("name", [None, 7, ["gpt2"], {}])
def test_a_name_is_text(name):
    assert "in the catalogue" in refusal(catalogue.accelerator, name)
    for look_up in (catalogue.model, catalogue.model_entry):
        message = refusal(look_up, name)
        assert "in the catalogue" in message and "did you mean" not in message
