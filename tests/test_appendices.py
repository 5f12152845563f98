"""What the appendices gather from the chapters: solutions, back-links, notation, measured figures."""

import importlib
import inspect
import json
import pkgutil
import re
import sys
from collections import Counter
from dataclasses import fields, is_dataclass, replace
from functools import cache
from pathlib import Path

import pytest
from bs4 import BeautifulSoup

import tokenomics
from tokenomics import catalogue
from tokenomics.evidence import LOADS, METRIC_LABELS, evidence, host, load_of
from tokenomics.measurement_tables import read_table
from tokenomics.measurements import METRICS
from tokenomics.validation import compare

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "_ext"))
HTML = ROOT / "_build" / "html"


@cache
def soup(name: str) -> BeautifulSoup:
    return BeautifulSoup((HTML / name).read_text(encoding="utf-8"), "html.parser")


# A book of three pages, built and changed: the pages that gather follow.

INDEX = "# Book\n\n```{toctree}\none\ntwo\nall\nwords\n```\n"
ONE = """# One

A {term}`token` and (a-place)=

$$ x = 1 $$ (eq-x)

```{exercise} How many?
:label: ex-one
Count.
```

```{solution-start} ex-one
:class: dropdown
```

Seven, by {eq}`eq-x`; see [two](two.md), {term}`token` and <https://example.org/>.

![A dot](dot.png)

$$ y = 2 $$ (eq-y)

```{solution-end}
```
"""
WORDS = "# Words\n\n:::{glossary}\ntoken\n  A piece.\n\nbatch\n  Many. A {term}`token` each.\n:::\n"
CONF = """
extensions = ["myst_parser", "sphinx_exercise", "solutions", "used_in"]
myst_enable_extensions = ["colon_fence", "dollarmath"]
numfig = True
math_numfig = True
"""
DOT = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108000000003a7e9b550000000a49444154789c6360000000020001486fb3e1"
    "0000000049454e44ae426082"
)


@pytest.fixture(scope="module")
def small_book(tmp_path_factory):
    """Build a small book; call it again after a change of its pages."""
    from sphinx.testing.util import SphinxTestApp

    source = tmp_path_factory.mktemp("book")
    pages = {"index": INDEX, "one": ONE, "two": "# Two\n\nOf a {term}`batch`.\n", "words": WORDS}
    pages["all"] = "# All\n\n```{solutions}\n```\n"
    for name, text in pages.items():
        (source / f"{name}.md").write_text(text)
    (source / "conf.py").write_text(CONF)
    (source / "dot.png").write_bytes(DOT)

    def build(builder="html", **changed):
        for name, text in changed.items():
            (source / f"{name}.md").write_text(text)
        app = SphinxTestApp(builder, srcdir=source)
        try:
            app.build()
            assert not re.search("WARNING|ERROR", app.warning.getvalue()), app.warning.getvalue()
            written = list(Path(app.outdir).glob("*.html"))
        finally:
            app.cleanup()
        return {page.stem: BeautifulSoup(page.read_text(), "html.parser") for page in written}

    return build


def used_in(page: BeautifulSoup, term: str) -> str:
    definition = page.find(id=f"term-{term}").find_next_sibling("dd")
    line = definition.find_next_sibling(["dd", "dt"])
    return line.get_text().strip() if line and line.get("class") == ["used-in"] else ""


def test_solutions_and_back_links_are_gathered_and_follow_a_change(small_book):
    pages = small_book()
    solution = pages["all"].select_one("section#solutions-one > div.solution#solution-ex-one")
    assert "dropdown" not in solution["class"] and "dropdown" in pages["one"].select_one("div.solution")["class"]
    links = [link["href"] for link in solution.select("a") if "headerlink" not in link.get("class", ())]
    assert links == ["one.html#ex-one", "one.html#equation-eq-x", "two.html", "words.html#term-token", "https://example.org/"]
    assert solution.select_one("img")["src"] == "_images/dot.png"
    ids = [found["id"] for found in pages["all"].find_all(id=True)]
    assert len(ids) == len(set(ids)) and "equation-eq-y" not in ids
    assert pages["all"].select_one("section#solutions-one > h2 > a")["href"] == "one.html"
    assert pages["all"].select_one('.sphinxsidebar a[href="#solutions-one"]').get_text() == "One"
    assert used_in(pages["words"], "token") == "Used in: One" and used_in(pages["words"], "batch") == "Used in: Two"

    changed = ONE.replace("Seven", "Eight").replace("A {term}`token`", "A {term}`batch`")
    pages = small_book(one=changed)
    assert "Eight" in pages["all"].get_text() and "Seven" not in pages["all"].get_text()
    assert used_in(pages["words"], "token") == "Used in: One"
    assert used_in(pages["words"], "batch") == "Used in: One, Two"
    pages = small_book(one=changed.replace("{term}`token`", "token"))
    assert used_in(pages["words"], "token") == "" and used_in(pages["words"], "batch") == "Used in: One, Two"


def test_in_the_book_as_one_page_a_solution_stands_once(small_book):
    page = small_book("singlehtml")["index"]
    assert len(page.select("div.solution")) == 1
    assert "behind its exercise" in page.get_text()


# The book itself.


def labels() -> dict[str, str]:
    """The page of each exercise, by its label."""
    pages = [*ROOT.glob("chapters/*.md"), *ROOT.glob("appendices/*.md")]
    found = {}
    for page in pages:
        for label in re.findall(r"```\{exercise\}[^\n]*\n:label: (\S+)", page.read_text(encoding="utf-8")):
            found[label] = page.relative_to(ROOT).with_suffix(".html").as_posix()
    return found


def test_every_exercise_is_solved_on_the_page_of_solutions():
    page = soup("appendices/exercises.html")
    solutions = {found["id"].removeprefix("solution-"): found for found in page.select("div.solution")}
    assert labels() and set(solutions) == set(labels())
    for label, target in labels().items():
        title = solutions[label].select_one(".admonition-title a")
        path, _, anchor = title["href"].partition("#")
        assert (HTML / "appendices" / path).resolve() == HTML / target and anchor == label
        original = soup(target).select_one(f'div.solution:has(.admonition-title a[href="#{label}"])')
        assert title.get_text() and title.get_text() in original.select_one(".admonition-title").get_text()
        contents = [part.select_one("section").get_text() for part in (original, solutions[label])]
        assert contents[0].split() == contents[1].split()


def test_no_id_stands_twice_and_every_link_leads_somewhere():
    page = soup("appendices/exercises.html")
    counts = Counter(found["id"] for found in page.select("main article [id]"))
    assert [name for name, count in counts.items() if count > 1] == []
    for link in page.select("main article a[href]"):
        path, _, anchor = link["href"].partition("#")
        if re.match(r"[a-z]+:", path):
            continue
        target = (HTML / "appendices" / path).resolve() if path else HTML / "appendices" / "exercises.html"
        assert target.is_file(), link
        if anchor:
            assert soup(target.relative_to(HTML).as_posix()).find(id=anchor), link
    for picture in page.select("main article img"):
        assert (HTML / "appendices" / picture["src"]).resolve().is_file()


def test_each_back_link_leads_to_a_page_with_the_term():
    page = soup("appendices/glossary.html")
    lines = page.select("dd.used-in")
    assert len(lines) > 60
    for line in lines:
        names = [term["id"] for term in previous_terms(line)]
        for link in line.select("a"):
            target = soup((HTML / "appendices" / link["href"]).resolve().relative_to(HTML).as_posix())
            hrefs = {found["href"].partition("#")[2] for found in target.select("a[href*='glossary.html#term-']")}
            assert hrefs & set(names), (names, link)


def previous_terms(line):
    for found in line.find_previous_siblings():
        if found.name == "dt":
            yield found
        elif found.get("class") == ["used-in"]:
            return


# Names in code.


def names_in_package() -> set[str]:
    """The parameters of all public functions and the fields of all records."""
    found = set()
    for module in pkgutil.walk_packages(tokenomics.__path__, "tokenomics."):
        if "measuring" in module.name or module.name.endswith("__main__"):
            continue
        for thing in vars(importlib.import_module(module.name)).values():
            if getattr(thing, "__module__", "").startswith("tokenomics"):
                found |= {field.name for field in fields(thing)} if is_dataclass(thing) else set()
                found |= set(getattr(thing, "_fields", ()))
                found |= set(inspect.signature(thing).parameters) if inspect.isfunction(thing) else set()
    return found


def imports(name: str) -> bool:
    module, _, attribute = name.rpartition(".")
    try:
        return hasattr(importlib.import_module(module), attribute)
    except ImportError:
        return False


def test_each_name_in_code_is_in_the_package():
    text = (ROOT / "appendices" / "glossary.md").read_text(encoding="utf-8").partition("# Notation and glossary")[2]
    found = {name.partition("=")[0] for name in re.findall(r"(?<!\})`([a-z_][\w.]*\w(?:=\S+)?)`", text)}
    # The tables leave out the package.
    names = {f"tokenomics.{name}" if "." in name and not imports(name) else name for name in found}
    assert len(names) > 80 and imports("tokenomics.rows.Rows") and not imports("tokenomics.rows.Row")
    known = names_in_package()
    missing = [name for name in names if not (imports(name) if "." in name else name in known)]
    assert missing == []


def test_each_symbol_of_the_notation_is_introduced_somewhere():
    text = (ROOT / "appendices" / "glossary.md").read_text(encoding="utf-8")
    labels = re.findall(r"\{eq\}`([\w-]+)`", text.partition("## Glossary")[0])
    files = [*ROOT.glob("chapters/*.md"), *ROOT.glob("appendices/*.md")]
    pages = "".join(page.read_text(encoding="utf-8") for page in files)
    assert len(labels) > 40
    assert [label for label in labels if not re.search(rf"\({label}\)|:label: {label}\n", pages)] == []


# Measured figures.


def test_every_metric_has_its_words_and_every_number_of_requests_its_load():
    assert set(METRIC_LABELS) == set(METRICS)
    assert [load_of(number) for number in (1, 2, 8, 9, 64, 65, 1e6, None)] == [
        "one request", "2 to 8", "2 to 8", "9 to 64", "9 to 64", "more than 64", "more than 64", "as many as fit",
    ]  # fmt: skip
    assert set(map(load_of, (1, 2, 9, 65, None))) == set(LOADS)


def test_evidence_says_of_each_figure_what_the_comparison_says():
    runs = [replace(run, source="the grid") for run in read_table(catalogue.path("vllm_grid.csv"))[0][:50]]
    found = compare(runs)
    spread = {"the grid": {"single": (0.9, 1.1), "batched": (0.8, 1.2), "first token": (0.5, 2.0)}}
    data = evidence(found, spread)
    assert json.loads(re.search(r"<script[^>]*>(.*)</script>", host(data, "No </script> here."))[1]) == data
    for row, each in zip(data["rows"], found, strict=True):
        named = dict(zip(data["columns"], row, strict=True))
        assert data["models"][named["model"]] == [catalogue.model_entry(each.measurement.model)["label"], False]
        assert data["machines"][named["machine"]] == catalogue.accelerator(each.measurement.machine).label
        assert named["measured"] == each.measurement.value and named["requests"] == each.measurement.requests
        assert named["error"] == pytest.approx(1000 * each.error, abs=0.5) and named["inside"] == each.covered
        assert 0 < named["ceiling"] <= 1000
    assert data["sources"] == [["the grid", [[0.9, 1.1], [0.8, 1.2], [0.5, 2.0]]]]


def test_no_text_ends_the_data():
    assert host({"rows": ["</script>"]}, "").count("</script>") == 1


def test_the_page_of_figures_stays_light_and_stands_without_scripts():
    file = HTML / "appendices" / "how-well-it-predicts.html"
    assert file.stat().st_size < 500_000
    page = soup("appendices/how-well-it-predicts.html")
    data = json.loads(page.select_one("#anchors script").string)
    good, _ = read_table(catalogue.path("vllm_grid.csv"))
    assert len(data["rows"]) > 1000 + len(good)
    assert page.select_one("#anchors > p").get_text().startswith("Without a script")
    sources = [row.td.get_text() for row in page.select("table tr") if row.td and len(row.select("td")) == 5]
    assert {name for name, _ in data["sources"]} <= set(sources)
