"""The table of measured figures: each filter shows what Python finds in the same data."""

import json
import math
import re
from statistics import median

import pytest

PAGE = "appendices/how-well-it-predicts.html"
KINDS = {"dense": False, "mixture of experts": True}


@pytest.fixture
def opened(visit, book):
    def at(protocol="http", query="", **options):
        found = visit(f"{book[protocol]}{PAGE}{query}", **options)
        found.page.locator("#anchors form").wait_for()
        return found

    return at


def data_of(page) -> dict:
    """The data as they stand in the file: the script has put its table in their place."""
    html = page.evaluate("async () => (await fetch(location.pathname)).text()")
    return json.loads(re.search(r'<div id="anchors">.*?<script type="application/json">(.*?)</script>', html)[1])


def rows(data) -> list[dict]:
    return [dict(zip(data["columns"], row, strict=True)) for row in data["rows"]]


def chosen(data, source=None, metric=None, machine=None, kind=None, load=None) -> list[dict]:
    return [
        row
        for row in rows(data)
        if source in (None, data["sources"][row["source"]][0])
        and metric in (None, data["metrics"][row["metric"]][0])
        and machine in (None, data["machines"][row["machine"]])
        and (kind is None or data["models"][row["model"]][1] == KINDS[kind])
        and load in (None, data["loads"][row["load"]])
    ]


def percent(thousandths) -> str:
    return f"{math.floor(abs(thousandths) / 10 + 0.5):,}\N{NO-BREAK SPACE}%"


def signed(thousandths) -> str:
    sign = "" if abs(thousandths) < 5 else "+" if thousandths > 0 else "\N{MINUS SIGN}"
    return sign + percent(thousandths)


def summary(data, found) -> str:
    if not found:
        return f"None of {len(data['rows']):,} figures: clear a filter."
    errors = [row["error"] for row in found]
    inside = 1000 * sum(row["inside"] for row in found) / len(found)
    return (
        f"{len(found):,} of {len(data['rows']):,} figures: median error {percent(median(map(abs, errors)))}, "
        f"signed {signed(median(errors))}; {percent(inside)} inside their interval; "
        f"half of them reach {percent(median(row['ceiling'] for row in found))} of the ceiling or more."
    )


def test_each_choice_shows_what_python_finds(opened):
    visit = opened()
    page, data = visit.page, data_of(visit.page)
    status = page.locator("#anchors [role=status]")
    assert status.text_content() == summary(data, rows(data))
    for name in ("source", "metric", "machine", "kind", "load"):
        control = page.locator(f"#anchors-{name}")
        for text in control.locator("option").all_text_contents()[1:]:
            control.select_option(label=text)
            assert status.text_content() == summary(data, chosen(data, **{name: text}))
        control.select_option(label="all")
    both = {"metric": "output of all requests", "kind": "mixture of experts", "load": "as many as fit"}
    for name, text in both.items():
        page.locator(f"#anchors-{name}").select_option(label=text)
    assert chosen(data, **both) and status.text_content() == summary(data, chosen(data, **both))
    assert visit.faults == []


def test_the_figures_shown_are_those_chosen_and_more_come_when_asked_for(opened):
    page = opened().page
    data = data_of(page)
    page.locator("#anchors-order").select_option(label="largest error first")
    expected = sorted((abs(row["error"]) for row in rows(data)), reverse=True)
    lines = page.locator("#anchors tbody tr")
    assert lines.count() == 25
    shown = lines.locator("td:nth-child(4)").all_text_contents()
    assert [text.lstrip("+\N{MINUS SIGN}") for text in shown] == list(map(percent, expected[:25]))
    page.locator("#anchors button", has_text="Show").click()
    assert lines.count() == 125
    text = lines.first.text_content()
    assert "outside" in text or "to" in text


def test_the_choice_is_in_the_address_and_comes_back(opened, protocol):
    visit = opened(protocol)
    page = visit.page
    page.locator("#anchors-kind").select_option(label="mixture of experts")
    page.locator("#anchors-order").select_option(label="smallest error first")
    said = page.locator("#anchors [role=status]").text_content()
    query = page.evaluate("location.search")
    assert "anchors-kind=mixture" in query
    again = opened(protocol, query).page
    assert again.locator("#anchors [role=status]").text_content() == said
    assert again.locator("#anchors-order").input_value() == "smallest error first"
    again.locator("#anchors button", has_text="Clear").click()
    assert again.evaluate("document.activeElement.id") == "anchors-source"
    assert "anchors-kind" not in again.evaluate("location.search")
    assert visit.faults == []


def test_the_controls_work_from_the_keyboard_and_have_names(opened):
    page = opened().page
    for control in page.locator("#anchors select").all():
        assert page.locator(f"label[for={control.get_attribute('id')}]").count() == 1
    before = page.locator("#anchors [role=status]").text_content()
    page.locator("#anchors-load").focus()
    page.keyboard.press("ArrowDown")
    assert page.locator("#anchors [role=status]").text_content() != before
    assert page.locator("#anchors [role=region]").get_attribute("aria-label")


def test_without_scripts_the_sources_stand(visit, book):
    page = visit(book["http"] + PAGE, java_script_enabled=False).page
    assert page.locator("#anchors > p").is_visible()
    assert page.get_by_role("cell", name="AutoAWQ README benchmarks").is_visible()
