"""The prose of a page: what a reader reads as text, without code, mathematics, roles, targets and addresses.

A page is read by the parser that also builds the book, so what counts as prose is not guessed from its characters.
"""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import nbformat
import yaml
from markdown_it.renderer import RendererHTML
from myst_parser.config.main import MdParserConfig
from myst_parser.parsers.mdit import create_md_parser

# Directives whose body is no prose.
NO_PROSE = {
    "bibliography", "code", "code-block", "code-cell", "eval-rst", "literalinclude", "math", "raw", "tableofcontents",
    "toctree",
}  # fmt: skip
# Directives whose argument is a file, a label or a layout rather than a title.
NO_TITLE = {"div", "figure", "grid", "image", "solution", "solution-start", "solution-end", "glossary"} | NO_PROSE
TEXT_OPTIONS = ("caption", "alt", "title")
# Roles that show their own words; the others look up what they show, unless they say `words <target>`.
TEXT_ROLES = {"abbr", "sub", "sup", "term"}


@cache
def parser():
    settings = yaml.safe_load((Path(__file__).parent.parent / "_config.yml").read_text(encoding="utf-8"))
    extensions = {"colon_fence", *settings["parse"]["myst_enable_extensions"]}
    return create_md_parser(MdParserConfig(enable_extensions=extensions), RendererHTML)


def prose(text: str, first_line: int = 1) -> Iterator[tuple[int, str]]:
    """The pieces of prose in a MyST text, each with the line on which it starts."""
    for token in parser().parse(text):
        line = first_line + (token.map[0] if token.map else 0)
        if token.type == "inline":
            words = "".join(inline(token.children))
            if words.strip():
                yield line, words
        elif token.type in ("fence", "colon_fence"):
            yield from directive(token, line)
        elif token.type == "html_block":
            yield line, re.sub(r"<[^>]*>", " ", token.content)


def inline(tokens) -> Iterator[str]:
    """What a reader reads of a line."""
    in_address = False
    for token in tokens:
        if token.type in ("link_open", "link_close"):
            # <https://…> shows its address; a link with words of its own shows those.
            in_address = token.type == "link_open" and token.info == "auto"
        elif token.type in ("softbreak", "hardbreak"):
            yield " "
        elif token.type == "text" and not in_address:
            yield token.content
        elif token.type == "image":
            yield from inline(token.children)
        elif token.type == "myst_role" and (words := role(token.meta["name"], token.content)):
            yield words
        elif not token.type.endswith(("_open", "_close")):
            # Something stands here that is looked up or set; words on both sides are no neighbours.
            yield " … "


def role(name: str, content: str) -> str:
    """The words of its own that a role shows."""
    words, target = re.fullmatch(r"(.*?)\s*(<[^>]*>)?", content, re.DOTALL).groups()
    return words if target or name in TEXT_ROLES else ""


def directive(token, line: int) -> Iterator[tuple[int, str]]:
    """The prose of a directive: its title, its captions, its body."""
    head = re.match(r"\{([^}]+)\}\s*(.*)", token.info)
    if not head:
        return
    name, title = head.groups()
    options, body, lines = split_options(token.content)
    yield from ((line, text) for text in captions(options))
    if name not in NO_TITLE and title:
        yield from prose(title, line)
    if name == "glossary":
        # Terms stand at the margin, their definitions below them, indented.
        yield from prose(re.sub(r"^ +", "", body, flags=re.MULTILINE), line + 1 + lines)
    elif name not in NO_PROSE:
        yield from prose(body, line + 1 + lines)


def split_options(content: str) -> tuple[dict, str, int]:
    """The options at the head of a directive, its body, and how many lines the options take."""
    fenced = re.match(r"---\n(.*?\n)---\n", content, re.DOTALL)
    if fenced:
        return yaml.safe_load(fenced[1]) or {}, content[fenced.end() :], fenced[0].count("\n")
    short = re.match(r"(?::[\w-]+:.*\n|:[\w-]+:.*$)+", content)
    if short:
        options = dict(re.findall(r"^:([\w-]+): *(.*)$", short[0], re.MULTILINE))
        return options, content[short.end() :], short[0].count("\n")
    return {}, content, 0


def captions(options) -> Iterator[str]:
    """The texts among options, however deep: the caption and the description of a figure."""
    for name, value in options.items():
        if isinstance(value, dict):
            yield from captions(value)
        elif name in TEXT_OPTIONS and isinstance(value, str):
            yield value


def pages(root: Path) -> list[Path]:
    """Every page of the book whose prose is written by hand."""
    folders = ("chapters/*.md", "appendices/*.md", "labs/*.ipynb")
    return [root / "index.md", *sorted(page for pattern in folders for page in root.glob(pattern))]


def prose_of(page: Path) -> Iterator[tuple[int, str]]:
    """The prose of a page; in a notebook the line is counted within the cell."""
    if page.suffix == ".ipynb":
        for cell in nbformat.read(page, as_version=4).cells:
            if cell.cell_type == "markdown":
                yield from prose(cell.source)
    else:
        yield from prose(page.read_text(encoding="utf-8"))
