"""What stands around the text: formulas and styles made ready, the feed, the dates, the cards, the book on paper."""

import re
import shutil
import subprocess
import sys
import xml.etree.ElementTree as xml
from pathlib import Path

import pytest
from bs4 import BeautifulSoup

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "_ext"))
import colophon  # noqa: E402
import mathematics  # noqa: E402
import one_style  # noqa: E402

HTML = ROOT / "_build" / "html"
PAGES = sorted(path for path in HTML.rglob("*.html") if "_static" not in path.parts)
ATOM = "{http://www.w3.org/2005/Atom}"


def soup(page: Path) -> BeautifulSoup:
    return BeautifulSoup(page.read_text(encoding="utf-8"), "html.parser")


def test_formulas_are_set_in_the_pages():
    pages = [soup(page) for page in PAGES]
    formulas = [formula for page in pages for formula in page.select("main article .math")]
    assert len(formulas) > 100
    # Each is drawn, and each is there for a screen reader.
    assert all(formula.select_one("mjx-container > mjx-math[aria-hidden=true]") for formula in formulas)
    assert all(formula.select_one("mjx-assistive-mml > math") for formula in formulas)
    assert not any("mathjax" in script.get("src", "").lower() for page in pages for script in page.select("script"))


@pytest.fixture(scope="module")
def typesetter():
    made = mathematics.Typesetter({"layers": r"\class{dim-layers}{L}"})
    yield made
    made.close()


def test_a_formula_is_set_once_and_a_wrong_one_is_named(typesetter):
    html = typesetter.set(r"\layers^2", display=False)["html"]
    assert "dim-layers" in html and "<math" in html
    assert typesetter.set(r"\layers^2", display=False)["html"] is html
    assert typesetter.set(r"\nonsense{x}", display=True) == {"error": r"Undefined control sequence \nonsense"}
    assert "mjx-msup" in typesetter.stylesheet()


@pytest.mark.parametrize(
    "tex, expected",
    [
        ("x", "x"),
        ("x \\\\ y", r"\begin{split}x \\ y\end{split}"),
        ("x\n\ny", r"\begin{align}\begin{aligned}x\\y\end{aligned}\end{align}"),
    ],
)
def test_lines_of_a_formula_are_aligned(tex, expected):
    assert mathematics.aligned(tex, nowrap=False) == expected
    assert mathematics.aligned(tex, nowrap=True) == tex


def test_every_page_has_one_style_sheet_and_its_fonts_are_there():
    for page in PAGES:
        (sheet,) = soup(page).select("link[rel=stylesheet]")
        file = page.parent / sheet["href"].partition("?")[0]
        assert file.resolve() == (HTML / "_static" / one_style.SHEET).resolve()
    css = file.read_text(encoding="utf-8")
    addresses = [found[2] for found in one_style.ADDRESS.finditer(css)]
    assert addresses and not re.search(r"url\(.?https?:", css)
    # Sphinx's own sheet names pictures for parts that the book does not have.
    missing = [address for address in addresses if not (file.parent / address).resolve().is_file()]
    assert missing == []


def test_icons_shown_are_in_the_sheet_and_others_are_not():
    css = (HTML / "_static" / one_style.SHEET).read_text(encoding="utf-8")
    names = {name for page in PAGES for icon in soup(page).select("i[class*='fa-']") for name in icon["class"]}
    shown = {name for name in names if name.startswith("fa-")} - {"fa-solid", "fa-brands", "fa-lg"}
    assert shown and all(re.search(rf"\.{name}::?before", css) for name in shown)
    assert ".fa-cat:before" not in css


def test_no_page_carries_what_nothing_reads():
    for page in PAGES:
        assert "widget-state" not in page.read_text(encoding="utf-8")
        assert "fontawesome.js" not in page.read_text(encoding="utf-8")


def test_the_feed_is_atom_and_every_page_names_it():
    root = xml.parse(HTML / colophon.FEED).getroot()
    assert root.tag == f"{ATOM}feed"
    entries = root.findall(f"{ATOM}entry")
    assert entries and root.find(f"{ATOM}author/{ATOM}name").text
    for part in [root, *entries]:  # what RFC 4287 asks for
        for name in ("id", "title", "updated"):
            assert len(part.findall(ATOM + name)) == 1 and part.find(ATOM + name).text
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT00:00:00Z", part.find(f"{ATOM}updated").text)
    assert len({entry.find(f"{ATOM}id").text for entry in entries}) == len(entries)
    for page in PAGES:
        link = soup(page).select_one("link[type='application/atom+xml']")
        assert (page.parent / link["href"]).resolve() == (HTML / colophon.FEED).resolve()


def test_a_release_is_dated_by_its_day_and_what_is_not_released_by_today():
    entries = colophon.releases("## 0.2, unreleased\n\n- <b>\n\n## 0.1, 2026-01-02\n\n- First.\n")
    text = colophon.feed(entries, title="A & B", author="We", address="https://example.org/x", today="2026-05-06")
    days = [each.find(f"{ATOM}updated").text[:10] for each in xml.fromstring(text).findall(f"{ATOM}entry")]
    assert days == ["2026-05-06", "2026-01-02"]


def test_a_page_is_dated_by_its_last_commit(tmp_path):
    def git(*arguments, day="2026-01-02"):
        moment = f"{day}T12:00:00Z"
        environment = {"GIT_AUTHOR_DATE": moment, "GIT_COMMITTER_DATE": moment, "HOME": str(tmp_path)}
        who = ["-c", "user.name=A", "-c", "user.email=a@example.org"]
        subprocess.run([program, *who, *arguments], cwd=tmp_path, env=environment, check=True, capture_output=True)

    if not (program := shutil.which("git")):
        pytest.skip("git is not here")
    assert colophon.committed(tmp_path) == {}
    (tmp_path / "a.md").write_text("a")
    (tmp_path / "ü b.md").write_text("b")
    git("init")
    git("add", ".")
    git("commit", "-m", "both")
    (tmp_path / "a.md").write_text("more")
    git("commit", "-am", "one", day="2026-03-04")
    assert colophon.committed(tmp_path) == {"a.md": "2026-03-04", "ü b.md": "2026-01-02"}


def test_every_page_has_a_card_a_description_and_a_date():
    for page in PAGES:
        if page.name == "search.html":
            continue
        head = soup(page).head
        card = head.select_one("meta[property='og:image']")["content"]
        assert (HTML / card).is_file()
        assert head.select_one("meta[name=description]")["content"]
        assert re.fullmatch(r"\d{4}-\d\d-\d\d", head.select_one("meta[name='docbuild:last-update']")["content"])


def test_the_whole_book_is_printed(tool, root):
    tool("chromium", "chromium-browser", "google-chrome")
    pypdf = pytest.importorskip("pypdf")
    done = subprocess.run([sys.executable, "scripts/pdf.py"], cwd=root, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    pdf = pypdf.PdfReader(root / "_build" / "tokenomics.pdf")

    def titles(outline):
        for item in outline:
            yield from titles(item) if isinstance(item, list) else [item.title]

    pages = [page for page in PAGES if page.parent != HTML]
    expected = {soup(page).select_one("main article h1").get_text().rstrip("#") for page in pages}
    assert expected <= set(titles(pdf.outline))
    assert "Tokenomics" in pdf.pages[0].extract_text() and len(pdf.pages) > 20
    text = " ".join(page.extract_text() for page in pdf.pages[:12])
    assert "How fast can it decode?" in text  # the table of a calculator
    book = soup(root / "_build" / "singlehtml" / "index.html")
    assert book.select("details[open]")  # the answers of the labs
    assert not book.select("details:not([open], .hide)")


def test_without_a_browser_printing_says_so(root):
    environment = {"PATH": str(Path(sys.executable).parent)}
    command = [sys.executable, "scripts/pdf.py"]
    done = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith("No browser to print with: install one of chromium, ")
