"""A bibliography whose labels say what the citations in the text say, author and year, and that is sorted by them."""

from pybtex.backends.plaintext import Backend
from pybtex.plugin import register_plugin
from pybtex.style.formatting.unsrt import Style
from pybtex.style.labels import BaseLabelStyle
from pybtex.style.sorting import BaseSortingStyle
from sphinxcontrib.bibtex.style.referencing.author_year import AuthorYearReferenceStyle
from sphinxcontrib.bibtex.style.template import join, year

CITED = AuthorYearReferenceStyle()
LABEL = join(sep=CITED.author_year_sep)[CITED.person.author_or_editor_or_title(full=False), year]


def label(entry) -> str:
    """Say how an entry is cited."""
    return str(LABEL.format_data({"entry": entry, "style": CITED}))


class Labels(BaseLabelStyle):
    """Label each entry as it is cited."""

    def format_labels(self, entries):
        """Give the label of each entry, in their order."""
        return map(label, entries)


class Order(BaseSortingStyle):
    """Sort the entries by their labels."""

    def sorting_key(self, entry):
        """Give what an entry is sorted by."""
        return label(entry).casefold()


class AuthorYear(Style):
    """The plain style with these labels, in this order."""

    default_label_style = Labels
    default_sorting_style = Order


def setup(app) -> dict[str, bool]:
    register_plugin("pybtex.style.formatting", "author_year", AuthorYear)
    # Found here at once; else each citation would look through all packages that are installed.
    register_plugin("pybtex.backends", "plaintext", Backend, force=True)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
