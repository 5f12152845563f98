"""Numbers in the prose are computed, not typed."""

import os
import re
import tomllib
from pathlib import Path

import pytest
from prose import pages, prose, prose_of

from tokenomics import catalogue

ROOT = Path(__file__).resolve().parent.parent
ALLOWED = tomllib.loads((Path(__file__).parent / "typed_numbers.toml").read_text(encoding="utf-8"))["allowed"]
LABELS = [row["label"] for row in catalogue.rows("accelerators")] + [
    catalogue.model_entry(name)["label"] for name in catalogue.models()
]
# The longest name first: "H100 SXM 80 GB" before "H100".
NAMES = re.compile(
    "|".join([*map(re.escape, sorted(LABELS, key=len, reverse=True)), *(entry["pattern"] for entry in ALLOWED)])
)

every_page = pytest.mark.parametrize("page", pages(ROOT), ids=lambda page: page.name)


def typed_numbers(pieces) -> list[str]:
    """The words with digits that are no names, each with its line."""
    remaining = ((line, NAMES.sub(" ", text)) for line, text in pieces)
    return [f"line {line}: {word}" for line, text in remaining for word in re.findall(r"\S*\d\S*", text)]


@every_page
def test_no_number_is_typed(page):
    assert typed_numbers(prose_of(page)) == []


@pytest.mark.parametrize(
    "text",
    [
        "It takes 42 ms.",
        "# Chapter 7",
        "- an item of 3 parts",
        "| a | b |\n|---|---|\n| c | 41.8 |",
        "**about 9 of 10**",
        "[24 tokens](https://example.org)",
        "![A bar of 5 GB](figure.svg)",
        "{term}`5 caches <KV cache>`",
        ":::{admonition} Takeaway 2\nBody.\n:::",
        ":::{admonition} Takeaway\n:class: takeaway\nIt reads 141 GB.\n:::",
        "::::{grid} 1 2\n:::{grid-item-card} A card\nWith 3 words.\n:::\n::::",
        "```{figure} plan.svg\n:alt: A line to 7.\n\nA caption.\n```",
        "```{figure} plan.svg\n\nA caption with 7.\n```",
        "```{code-cell} python\n---\nmystnb:\n  figure:\n    caption: Up to 24 tokens.\n---\nx = 1\n```",
        "```{exercise} Count to 9\n:label: ex-a\n\nTry.\n```",
        "```{exercise}\n:label: ex-a\n\nTry 9 times.\n```",
        ":::{glossary}\nTPOT\n  Some 20 ms.\n:::",
        "A note.[^a]\n\n[^a]: Printed as 617 MB.",
        "term\n: has 3 meanings",
        "An H1000 and a 700B model",
    ],
)
def test_a_typed_number_is_found(text):
    assert len(typed_numbers(prose(text))) >= 1


def test_its_line_is_named():
    text = "one\n\ntwo\n\n:::{admonition} Three\n:class: tip\n\nhas 3\n:::\n"
    assert typed_numbers(prose(text)) == ["line 8: 3"]


@pytest.mark.parametrize(
    "text",
    [
        "---\nversion: 3\n---\nNo number.",
        "{glue:text}`rate-70` tokens on an H100 SXM 80 GB running Llama 3.3 70B",
        "`batch=1` and $2 P$ and\n\n$$ 2 + 2 = 4 $$ (eq-4)",
        "```{math}\n:label: eq-2\n2 + 2\n```",
        "```{code-cell} ipython3\n:tags: [remove-input]\n\nprint(42)\n```",
        "```python\nx = 42\n```",
        "(ch-2)=\n# A title",
        "{eq}`eq-2`, {numref}`fig-2`, {cite}`williams2009roofline`, {ref}`words <fig-2>`",
        "[a link](https://example.org/2024) and <https://example.org/7>",
        "::::{grid} 1 2 2 3\n:::{grid-item}\nText.\n:::\n::::",
        "1. first\n2. second",
        "% a comment of 2024\n\nText.",
    ],
)
def test_what_is_no_prose_is_left_alone(text):
    assert typed_numbers(prose(text)) == []


@pytest.mark.parametrize("entry", ALLOWED, ids=lambda entry: entry["reason"])
def test_every_exception_has_a_reason_and_does_not_allow_a_bare_number(entry):
    assert set(entry) == {"pattern", "reason"} and entry["reason"]
    assert not re.search(entry["pattern"], "In 41.8 ms it reads 141 GB, 70,553,706,496 parameters at 24 token/s.")


def sequences(text: str, length: int = 8) -> set:
    words = re.findall(r"[\w'’]+", text.lower())
    return {tuple(words[start : start + length]) for start in range(len(words) - length + 1)}


@pytest.mark.skipif("TOKENOMICS_SOURCES" not in os.environ, reason="TOKENOMICS_SOURCES names no folder of source texts")
def test_the_words_are_our_own():
    """No eight words in a row stand in one of the texts that the book draws on."""
    sources = Path(os.environ["TOKENOMICS_SOURCES"])
    taken = set().union(*(sequences(path.read_text(encoding="utf-8")) for path in sources.glob("*.txt")))
    assert taken
    for page in pages(ROOT):
        ours = set().union(*(sequences(piece) for _, text in prose_of(page) for piece in text.split("…")))
        assert ours & taken == set(), page


def test_shared_words_are_found():
    words = "a step reads every weight of it once"
    assert len(sequences(words)) == 1
    assert sequences(f"It is said that {words}, and more.") & sequences(f"So {words.upper()}!")
    assert not sequences(words.replace("every", "each")) & sequences(words)
