"""Each calculator of each page says what Python says, under the pointer, the keyboard and from the address."""

import json
import random
from functools import cache

import pytest
from bs4 import BeautifulSoup

from benchmarks.browser import HTML
from tokenomics.explorer import Explorer
from tokenomics.explorer.calculators import CALCULATORS

# What a calculator shows, in the form that `answer` expects.
READ = """(section) => {
    const texts = (selector, from = section) => [...from.querySelectorAll(selector)].map((found) => found.textContent);
    return {
        values: JSON.parse(section.dataset.values),
        settings: [...section.querySelectorAll(".explorer-control")].map((control) =>
            (control.querySelector("output") ?? control.querySelector("select").selectedOptions[0]).textContent),
        headline: section.querySelector("[role=status]").textContent,
        readouts: [...section.querySelectorAll(".explorer-readouts > div")].map((line) =>
            ({label: line.querySelector("dt").textContent, text: line.querySelector("dd").textContent})),
        titles: texts("figcaption"),
        legends: [...section.querySelectorAll(".explorer-legend")].map((legend) => texts("li", legend)),
    };
}"""

# Puts the controls, in turn, into each of the states, given by the place of each option, and reads each answer.
THROUGH = f"""(section, states) => states.map((places) => {{
    section.querySelectorAll("input, select").forEach((input, index) => {{
        input.value = places[index];
        input.dispatchEvent(new Event("input"));
    }});
    return ({READ})(section);
}})"""


def controls(name):
    return CALCULATORS[name].controls


@cache
def explorer(name):
    return Explorer(name)


def in_legend(chart):
    """The parts of a chart that its legend names: the pieces of bars, the marks of a curve."""
    return chart["marks"] if chart["kind"] == "curve" else [part for bar in chart["bars"] for part in bar["segments"]]


def answer(name, values):
    """What a calculator must show, from Python."""
    explorer(name).values = values
    panel = explorer(name).panel()
    return {
        "values": values,
        "settings": [dict(control.options)[values[control.name]] for control in controls(name)],
        "headline": panel["headline"],
        "readouts": panel["readouts"],
        "titles": [chart["title"] for chart in panel["charts"]],
        "legends": [
            [f"{part['label']} {part['text']}" for part in in_legend(chart)]
            for chart in panel["charts"]
            if chart["kind"] == "bars" or "legend" in chart
        ],
    }


def shown(section):
    return section.evaluate(READ)


def random_places(name, count):
    """Random states of a calculator, as the place of each control's option; the same in every run."""
    chance = random.Random(name)
    return [[chance.randrange(len(control.options)) for control in controls(name)] for _ in range(count)]


def values_at(name, places):
    return {control.name: control.options[place][0] for control, place in zip(controls(name), places, strict=True)}


def start(path, name):
    """Where the controls stand when the page opens."""
    page = BeautifulSoup((HTML / path).read_text(encoding="utf-8"), "html.parser")
    return json.loads(page.select_one(f"#calculator-{name} script").string)["values"]


@pytest.fixture
def section(visit, book):
    """Open a page and find a calculator on it."""

    def find(path, calculator, protocol="http", query="", **options):
        opened = visit(f"{book[protocol]}{path}{query}", **options)
        return opened, opened.page.locator(f"#calculator-{calculator} section.explorer")

    return find


def test_every_calculator_is_in_the_book(hosted):
    assert {name for _, name in hosted} == set(CALCULATORS)


def test_each_control_moves_the_answer(path, calculator, protocol, section):
    opened, found = section(path, calculator, protocol)
    values = shown(found)["values"]
    assert shown(found) == answer(calculator, values)
    for control in controls(calculator):
        knob = found.get_by_role("slider" if control.slider else "combobox", name=control.label, exact=True)
        options = [value for value, _ in control.options]
        if control.slider:
            steps = {"Home": 0, "ArrowRight": 1, "ArrowUp": 2, "End": len(options) - 1, "ArrowLeft": len(options) - 2}
            for key, place in steps.items():
                knob.press(key)
                values[control.name] = options[place]
                assert shown(found) == answer(calculator, values), key
        else:
            for value, text in control.options:
                knob.select_option(text)
                values[control.name] = value
                assert shown(found) == answer(calculator, values)
    assert opened.faults == []


def test_random_states_agree_with_python(path, calculator, section):
    opened, found = section(path, calculator)
    states = random_places(calculator, 60)
    for places, seen in zip(states, found.evaluate(THROUGH, states), strict=True):
        assert seen == answer(calculator, values_at(calculator, places))
    assert opened.faults == []


def test_keyboard_reaches_each_control(path, calculator, section):
    opened, found = section(path, calculator)
    keyboard = opened.page.keyboard
    focused = """() => {
        const style = getComputedStyle(document.activeElement);
        return {
            name: document.activeElement.name || document.activeElement.classList[0],
            seen: document.activeElement.matches(":focus-visible") && style.outlineStyle === "solid",
        };
    }"""
    # From the last thing before the calculator, by Tab alone.
    found.locator("input, select").first.focus()
    keyboard.press("Shift+Tab")
    assert not found.evaluate("(section) => section.contains(document.activeElement)")
    for name in [*(control.name for control in controls(calculator)), "explorer-link"]:
        keyboard.press("Tab")
        assert opened.page.evaluate(focused) == {"name": name, "seen": True}
        before = shown(found)["values"]
        if name in before:
            keyboard.press("ArrowDown")
            if before[name] == shown(found)["values"][name]:  # the control stood at its end
                keyboard.press("ArrowUp")
            assert shown(found)["values"] != before
            assert shown(found) == answer(calculator, shown(found)["values"])
    keyboard.press("Tab")
    assert not found.evaluate("(section) => section.contains(document.activeElement)")


def test_link_opens_the_same_state(path, calculator, protocol, section):
    opened, found = section(path, calculator, protocol)
    places = random_places(calculator, 1)[0]
    found.evaluate(THROUGH, [places])
    link = found.locator("a.explorer-link").evaluate("(link) => link.href")
    there = opened.page.context.new_page()
    there.goto(link)
    found = there.locator(f"#calculator-{calculator} section.explorer")
    assert shown(found) == answer(calculator, values_at(calculator, places))
    assert opened.faults == []


def test_nonsense_in_the_address_is_ignored(path, calculator, section):
    wrong = [f"{calculator}.{control.name}={value}" for control in controls(calculator) for value in ("-1", "<b>")]
    wrong += [f"{calculator}.nothing=1", "other.bits=8", "=", calculator]
    opened, found = section(path, calculator, query="?" + "&".join(wrong))
    assert shown(found) == answer(calculator, start(path, calculator))
    assert opened.faults == []


def test_table_stands_without_javascript(path, calculator, visit, book):
    page = visit(book["file"] + path, java_script_enabled=False).page
    there = answer(calculator, start(path, calculator))
    rows = [[control.label, text] for control, text in zip(controls(calculator), there["settings"], strict=True)]
    rows += [[readout["label"], readout["text"]] for readout in there["readouts"]]
    table = page.locator(f"#calculator-{calculator} table")
    assert table.is_visible()
    assert [row.locator("th, td").all_inner_texts() for row in table.locator("tbody tr").all()] == rows
