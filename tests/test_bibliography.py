"""The bibliography labels a work as the text cites it, and no two works alike."""

import sys

import pytest
from pybtex.database import parse_file


@pytest.fixture(scope="module")
def labels(root):
    sys.path.insert(0, str(root / "_ext"))
    try:
        from author_year import AuthorYear
    finally:
        sys.path.remove(str(root / "_ext"))
    entries = AuthorYear().format_bibliography(parse_file(str(root / "references.bib"))).entries
    return {entry.key: entry.label for entry in entries}


def test_a_label_is_author_and_year(labels):
    assert labels["shazeer2020glu"] == "Shazeer, 2020"
    assert labels["gu2023mamba"] == "Gu and Dao, 2023"
    assert labels["ainslie2023gqa"] == "Ainslie et al., 2023"


def test_no_two_works_have_one_label(labels):
    assert len(set(labels.values())) == len(labels)


def test_the_list_is_sorted_by_its_labels(labels):
    assert list(labels.values()) == sorted(labels.values(), key=str.casefold)
