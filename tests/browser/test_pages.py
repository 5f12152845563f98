"""Each page opens from a server and from a file, whole and without the network."""

import pytest
from bs4 import BeautifulSoup

from benchmarks.browser import HTML

MATHEMATICS = """() => ({
    asked: document.querySelectorAll("main .math").length,
    unset: [...document.querySelectorAll("main .math")].filter((math) => !math.querySelector("mjx-container")).map((math) => math.textContent),
    faulty: [...document.querySelectorAll("mjx-merror, [data-mml-node=merror]")].map((error) => error.parentElement.textContent),
    invisible: [...document.querySelectorAll("main .math mjx-container")].filter((set) => !set.getClientRects().length && set.checkVisibility()).length,
})"""


@pytest.mark.parametrize("fault", ["console.error('no')", "fetch('https://example.org/')", "fetch('/missing')", "setTimeout(() => { throw Error('no') })"])
def test_the_watch_sees(fault, visit, book):
    opened = visit(book["http"] + "search.html")
    assert opened.faults == []
    opened.page.evaluate(f"() => {{ {fault.replace('fetch', 'void fetch')} }}")
    opened.page.wait_for_timeout(300)
    assert opened.faults


def test_page_is_whole(path, protocol, visit, book):
    opened = visit(book[protocol] + path)
    opened.page.wait_for_load_state("networkidle")
    assert opened.faults == []
    mathematics = opened.page.evaluate(MATHEMATICS)
    assert mathematics.pop("asked") == (HTML / path).read_text(encoding="utf-8").count('class="math notranslate')
    assert mathematics == {"unset": [], "faulty": [], "invisible": 0}
    hosts = opened.page.locator(".explorer-host")
    assert hosts.count() == opened.page.locator(".explorer-host > div > section.explorer").count()
    assert opened.page.locator(".explorer-fallback").count() == 0


def test_search_finds_a_page(protocol, visit, book):
    opened = visit(book[protocol] + "search.html?q=bandwidth")
    result = opened.page.locator("#search-results li a").first
    result.wait_for()
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
