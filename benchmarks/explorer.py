"""How soon the calculators of the built pages can be used, how fast they answer, and how large they are."""

import re
import shutil
import sys
from collections.abc import Iterator
from statistics import median, quantiles

from playwright.sync_api import Browser

from .browser import HTML, NAMES, chromium, server

RUNS = 11
TARGETS = {"ready": 600, "answer": 5, "size": 40_000}  # ms, ms, bytes

# Notes when the first calculator can be used: when its answers have been painted.
WATCH = """new MutationObserver((changes, observer) => {
    if (!document.querySelector("section.explorer dd")) return;
    observer.disconnect();
    window.mounted = performance.now();
    requestAnimationFrame(() => requestAnimationFrame(() => { window.painted = performance.now(); }));
}).observe(document, {childList: true, subtree: true});"""

# From the event of a slider to the changed page, its layout included: [ms].
MOVE = """() => [...document.querySelectorAll("section.explorer input[type=range]")].flatMap((slider) =>
    Array.from({length: 100}, (_, step) => {
        slider.value = step % (Number(slider.max) + 1);
        const start = performance.now();
        slider.dispatchEvent(new Event("input"));
        document.body.offsetHeight;
        return performance.now() - start;
    }))"""


def hosts() -> list[str]:
    """The pages that have a calculator."""
    pages = [
        page for page in sorted(HTML.rglob("*.html")) if 'class="explorer-host"' in page.read_text(encoding="utf-8")
    ]
    return [page.relative_to(HTML).as_posix() for page in pages]


def loads(browser: Browser, address: str) -> Iterator[tuple[float, float]]:
    """Time from navigation to mounted and to painted, each time with a browser that knows nothing: [ms]."""
    for _ in range(RUNS + 1):
        context = browser.new_context()
        context.add_init_script(WATCH)
        page = context.new_page()
        page.goto(address)
        page.wait_for_function("window.painted")
        yield page.evaluate("[window.mounted, window.painted]")
        context.close()


def moves(browser: Browser, address: str) -> list[float]:
    page = browser.new_page()
    page.goto(address)
    page.evaluate(MOVE)  # the first round is the compiler's
    times = page.evaluate(MOVE)
    page.close()
    return times


def size(page: str) -> int:
    """The scripts of a page's calculators, formulas included, and their style, before compression: [byte]."""
    scripts = set(re.findall(r"_static/((?:calculators-[\w-]+|explorer)\.js)", (HTML / page).read_text("utf-8")))
    return sum((HTML / "_static" / name).stat().st_size for name in {*scripts, "explorer.css"})


def verdict(value: float, target: str) -> str:
    return f"{'within' if value <= TARGETS[target] else 'OVER'} {TARGETS[target]:,}"


def main() -> None:
    program = next(filter(None, map(shutil.which, NAMES)), None)
    if program is None:
        sys.exit(f"No browser to measure with: install one of {', '.join(NAMES)}.")
    pages = hosts()
    if not pages:
        sys.exit("No page with a calculator in _build/html: run `make book` first.")
    with server() as http, chromium(program) as browser:
        print(f"Chromium {browser.version}; from the start of navigation, medians of {RUNS} visits with an empty cache")
        for page in pages:
            for protocol, base in (("http", http), ("file", HTML.as_uri() + "/")):
                _, *visits = loads(browser, base + page)  # the first visit warms the machine, not the browser
                mounted, painted = (median(times) for times in zip(*visits, strict=True))
                judged = verdict(painted, "ready")
                print(f"{page:33} {protocol}: mounted {mounted:.0f} ms, usable {painted:.0f} ms, {judged}")
            times = moves(browser, http + page)
            if times:
                middle, slow = median(times), quantiles(times, n=20)[-1]
                judged = verdict(middle, "answer")
                print(f"{page:33} answer: median {middle:.1f} ms, 95th percentile {slow:.1f} ms, {judged}")
            print(f"{page:33} scripts and style: {size(page):,} bytes, {verdict(size(page), 'size')}")
