"""One style sheet for all pages, in place of a dozen: one request before the first picture, and no icon unshown.

The theme and each tool bring sheets of their own. They are put together in their order when the pages have been
written, and the theme's fonts, which hold two thousand icons, are cut down to the two dozen that the book shows.
"""

import posixpath
import re
from pathlib import Path

from fingerprint import ROOT, digest
from fontTools import subset

SHEET = "styles/tokenomics.css"
# Those that the theme's layout names, and not the page's context.
THEME = ["basic.css", "styles/theme.css", "styles/pydata-sphinx-theme.css"]

IMPORT = re.compile(r'@import "[^"]*";?')
ADDRESS = re.compile(r"""url\((["']?)(?!data:|https?:|#)([^"')]+)\1\)""")
ICON = re.compile(r'(?:\.fa-[\w-]+::?before,?)+\{content:"[^"]*"\}')
ICON_NAME = re.compile(r"fa-[\w-]+")
ICON_SIGN = re.compile(r"\\(f[0-9a-f]{3})\b")
ICON_FONT = re.compile(r'url\("([^"]*/fa-[\w-]+)\.woff2"\) format\("woff2"\),url\("[^"]*"\) format\("truetype"\)')

# What can change a page: a browser keeps no sheet of an older book.
SOURCES = (
    "_assets", "_config.yml", "_ext", "_toc.yml", "appendices", "chapters", "index.md", "labs", "requirements.txt",
    "tokenomics",
)  # fmt: skip


def _name(sheet) -> str:
    return posixpath.relpath(str(getattr(sheet, "filename", sheet)), "_static")


def _replace(app, pagename, templatename, context, doctree) -> None:
    app.sheets.update(dict.fromkeys(map(_name, context["css_files"])))
    context["css_files"] = []
    context["one_style"] = f"_static/{SHEET}"
    context["one_style_version"] = app.one_style_version


def join(sheets: dict[str, str], target: str) -> str:
    """The text of style sheets, by path, as one sheet at the path `target`.

    >>> join({"a.css": "p { background: url(dot.png) }", "b.css": "b {}"}, "styles/all.css")
    'p { background: url("../dot.png") }\\nb {}'
    """

    def moved(folder: str):
        return lambda found: f'url("{posixpath.relpath(posixpath.join(folder, found[2]), posixpath.dirname(target))}")'

    return "\n".join(ADDRESS.sub(moved(posixpath.dirname(path)), IMPORT.sub("", text)) for path, text in sheets.items())


def without_icons(css: str, shown: set[str]) -> str:
    """A style sheet without the rules of Font Awesome's icons that are not shown.

    >>> without_icons('.fa-bars:before,.fa-navicon:before{content:"1"}.fa-cat:before{content:"2"}', {"fa-bars"})
    '.fa-bars:before,.fa-navicon:before{content:"1"}'
    """
    return ICON.sub(lambda found: found[0] if shown & set(ICON_NAME.findall(found[0])) else "", css)


def _cut(font: Path, signs: set[int]) -> None:
    """Write the font again, as WOFF, with these signs only."""
    options = subset.Options(flavor="woff")
    cut = subset.Subsetter(options)
    cut.populate(unicodes=signs)
    whole = subset.load_font(font.with_suffix(".ttf"), options)
    cut.subset(whole)
    subset.save_font(whole, font.with_suffix(".woff"), options)


def _start(app) -> None:
    app.sheets = {}
    app.one_style_version = digest(path for name in SOURCES if (path := ROOT / name).exists())[:8]


def _write(app, exception) -> None:
    if exception or app.builder.format != "html":
        return
    static = Path(app.outdir) / "_static"
    sheets = {name: (static / name).read_text(encoding="utf-8") for name in [*THEME, *app.sheets]}
    pages = [*Path(app.outdir).rglob("*.html"), *static.glob("*.js"), *static.glob("scripts/[!f]*.js")]
    shown = set().union(*(ICON_NAME.findall(page.read_text(encoding="utf-8")) for page in pages))
    css = without_icons(join(sheets, SHEET), shown)
    signs = {int(sign, 16) for sign in ICON_SIGN.findall(css)}
    for font in ICON_FONT.findall(css):
        _cut(static / "styles" / font, signs)
    (static / SHEET).write_text(ICON_FONT.sub(r'url("\1.woff") format("woff")', css), encoding="utf-8")


def setup(app) -> dict[str, bool]:
    app.connect("builder-inited", _start)
    app.connect("html-page-context", _replace, priority=950)  # when all sheets have been added
    app.connect("build-finished", _write, priority=900)  # when all have been written
    return {"parallel_read_safe": True, "parallel_write_safe": False}
