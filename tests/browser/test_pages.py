"""Each page opens from a server and from a file, whole and without the network."""

import pytest
from bs4 import BeautifulSoup

from benchmarks.browser import HTML

# Formulas that were not set while the book was built, or not rightly; marks of TeX in the text outside of code.
UNSET = """() => {
    const text = document.querySelector("main").cloneNode(true);
    text.querySelectorAll("pre, code, script").forEach((code) => code.remove());
    return {
        left: [...document.querySelectorAll("main .math:not(:has(mjx-container))")].map((math) => math.textContent),
        faulty: [...document.querySelectorAll("mjx-merror, [data-mml-node=merror]")].map((error) => error.outerHTML),
        raw: text.textContent.match(/\\\\[([\\])]|\\$\\$/g) ?? [],
    };
}"""
FAULTS = [
    "console.error('no')",
    "console.warn('no')",
    "setTimeout(() => { throw Error('no') })",
    "fetch('https://example.org/').catch(() => {})",
    "fetch('missing')",
]


@pytest.mark.parametrize("fault", FAULTS)
def test_the_watch_sees(fault, visit, book):
    opened = visit(book["http"] + "search.html")
    assert opened.faults == []
    opened.page.evaluate(f"() => {{ {fault} }}")
    opened.page.wait_for_load_state("networkidle")
    opened.page.wait_for_timeout(100)
    assert opened.faults


def test_the_measure_sees_unset_mathematics(visit, book):
    page = visit(book["http"] + "search.html").page
    faults = r'<span class="math">x</span><mjx-merror>x</mjx-merror><p>\(x\)</p>'
    page.evaluate("(faults) => document.querySelector('main').insertAdjacentHTML('beforeend', faults)", faults)
    assert all(page.evaluate(UNSET).values())


def test_page_is_whole(path, protocol, visit, book):
    opened = visit(book[protocol] + path)
    opened.page.wait_for_load_state("networkidle")
    assert opened.faults == []
    assert opened.page.evaluate(UNSET) == {"left": [], "faulty": [], "raw": []}
    hosts = opened.page.locator(".explorer-host")
    assert hosts.count() == opened.page.locator(".explorer-host > div > section.explorer").count()
    assert opened.page.locator(".explorer-fallback").count() == 0


def test_search_finds_a_page(protocol, visit, book):
    opened = visit(book[protocol] + "search.html?q=bandwidth")
    result = opened.page.locator("#search-results li a").first
    result.wait_for()
    opened.page.wait_for_load_state("networkidle")  # it fetches the pages that it found, for their summaries
    result.click()
    opened.page.wait_for_load_state("networkidle")
    assert "bandwidth" in opened.page.locator("main").inner_text()
    assert opened.faults == []


def test_term_shows_its_definition(visit, book):
    page = "chapters/decode-law.html"
    opened = visit(book["http"] + page)
    link = opened.page.locator("main a[href*='glossary.html#term-']").first
    term = link.get_attribute("href").partition("#")[2]
    glossary = BeautifulSoup((HTML / "appendices" / "glossary.html").read_text(encoding="utf-8"), "html.parser")
    definition = glossary.find(id=term).find_next("dd").p.get_text()
    link.hover()
    tip = opened.page.locator(".tippy-content")
    tip.wait_for()
    assert " ".join(definition.split()) in " ".join(tip.inner_text().split())
    assert opened.faults == []
