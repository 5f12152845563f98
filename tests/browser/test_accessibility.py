"""Each page reads well for everyone: axe-core finds nothing, light and dark, and nothing is wider than a phone."""

import pytest

WIDE, PHONE = {"width": 1400, "height": 900}, {"width": 390, "height": 844}
UNFOLD = """() => {
    document.querySelectorAll("details").forEach((fold) => { fold.open = true; });
    document.querySelectorAll("button.toggle-button").forEach((button) => button.click());
}"""

# What of the article lies beyond the edge of the window, or is cut off by a box that does not scroll.
CUT = """() => {
    const overflow = (element) => getComputedStyle(element).overflowX;
    const found = [];
    const hidden = "mjx-assistive-mml, mjx-assistive-mml *, svg *"; // for screen readers; drawn
    for (const element of document.querySelectorAll(`main article *:not(${hidden})`)) {
        const box = element.getBoundingClientRect();
        if (!box.width || !box.height || !element.checkVisibility()) continue;
        let around = element.parentElement;
        while (around !== document.body && overflow(around) === "visible") around = around.parentElement;
        if (around !== document.body && ["auto", "scroll"].includes(overflow(around))) continue;
        const edge = around === document.body ? innerWidth : around.getBoundingClientRect().right;
        if (box.right > edge + 1) found.push(`${element.outerHTML.slice(0, 80)}: ${box.right} > ${edge}`);
    }
    return found;
}"""


@pytest.fixture
def examine(root):
    """Let axe-core look at a page; gives what it finds, in words."""
    script = root / "node_modules" / "axe-core" / "axe.min.js"

    def run(page) -> list[str]:
        page.add_script_tag(path=script)
        found = page.evaluate("async () => (await axe.run({resultTypes: ['violations']})).violations")
        faults = [(rule["id"], node) for rule in found for node in rule["nodes"]]
        return [f"{rule}: {node['html'][:120]} {node['failureSummary']}" for rule, node in faults]

    return run


def test_axe_can_find(visit, book, examine):
    page = visit(book["http"] + "index.html").page
    page.evaluate("document.querySelector('main').append(document.createElement('img'))")
    assert any(line.startswith("image-alt") for line in examine(page))


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing(path, theme, visit, book, examine):
    page = visit(book["http"] + path, color_scheme=theme, viewport=WIDE).page
    assert page.locator("html").get_attribute("data-theme") == theme
    page.evaluate(UNFOLD)
    assert examine(page) == []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_in_the_open_sidebar(theme, visit, book, examine):
    page = visit(book["http"] + "index.html", color_scheme=theme, viewport=PHONE).page
    page.locator("button.primary-toggle").first.click()
    page.locator("#pst-primary-sidebar-modal").wait_for()
    assert examine(page) == []


@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["wide", "phone"])
def test_nothing_is_wider_than_the_window(path, size, visit, book):
    page = visit(book["http"] + path, viewport=size).page
    page.evaluate(UNFOLD)
    assert page.evaluate("document.scrollingElement.scrollWidth") <= size["width"]
    assert page.evaluate(CUT) == []


def test_the_measure_sees_what_is_cut(visit, book):
    page = visit(book["http"] + "index.html", viewport=PHONE).page
    page.evaluate("""document.querySelector("main article").insertAdjacentHTML("afterbegin",
        '<div id="box" style="width: 100px; overflow: hidden"><div style="width: 600px">wide</div></div>')""")
    assert page.evaluate(CUT)
