"""Chromium in front of the built book, with every other host out of reach."""

import re
from dataclasses import dataclass

import pytest
from playwright.sync_api import BrowserContext, Page

from benchmarks.browser import HTML, NAMES, chromium, server

# Found when the tests are collected. Without a built book one page is asked for, and missed.
PAGES = sorted(path.relative_to(HTML).as_posix() for path in HTML.rglob("*.html") if "_static" not in path.parts)
CALCULATORS = [
    (page, name)
    for page in PAGES
    for name in re.findall(r'class="explorer-host" id="calculator-(\w+)"', (HTML / page).read_text(encoding="utf-8"))
]
LOCAL = ("http://127.0.0.1:", "ws://127.0.0.1:", "file:", "data:", "blob:")


def pytest_generate_tests(metafunc):
    if "path" in metafunc.fixturenames:
        if "calculator" in metafunc.fixturenames:
            metafunc.parametrize("path, calculator", CALCULATORS or [("index.html", "decode")])
        else:
            metafunc.parametrize("path", PAGES or ["index.html"])
    if "protocol" in metafunc.fixturenames:
        metafunc.parametrize("protocol", ["http", "file"])


# Not for the session: Playwright's event loop would run on below the notebook tests.
@pytest.fixture(scope="module")
def browser(tool):
    with chromium(tool(*NAMES)) as started:
        yield started


@pytest.fixture(scope="session")
def book():
    """The built pages' address by protocol."""
    if not (HTML / "index.html").is_file():
        pytest.fail("the book is not built: run `make book` first")
    with server() as address:
        yield {"http": address, "file": HTML.as_uri() + "/"}


@pytest.fixture
def hosted():
    """The calculators of the built pages, as pairs of page and name."""
    return CALCULATORS


@dataclass
class Visit:
    """An open page, and all that went wrong in it so far."""

    page: Page
    faults: list[str]


def watch(context: BrowserContext) -> list[str]:
    faults = []

    def note(kind, text):
        faults.append(f"{kind}: {text}")

    context.on("request", lambda request: request.url.startswith(LOCAL) or note("request to another host", request.url))
    context.on("requestfailed", lambda request: note("failed request", f"{request.url} {request.failure}"))
    context.on("response", lambda response: response.status < 400 or note(f"answer {response.status}", response.url))
    context.on("console", lambda line: line.type in ("error", "warning") and note(f"console {line.type}", line.text))
    context.on("weberror", lambda error: note("uncaught error", error.error))
    return faults


SETTLE = "async () => { await document.fonts.ready; }"


@pytest.fixture
def visit(browser):
    """Open an address in a browser that knows nothing yet, and wait for its fonts."""
    contexts = []

    def open_page(address: str, **options) -> Visit:
        context = browser.new_context(reduced_motion="reduce", **options)
        contexts.append(context)
        faults = watch(context)
        page = context.new_page()
        page.goto(address)
        if options.get("java_script_enabled", True):
            page.evaluate(SETTLE)
        return Visit(page, faults)

    yield open_page
    for context in contexts:
        context.close()
