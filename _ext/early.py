"""A page paints early: what can wait does not hold up its first picture, and it carries nothing that nothing reads."""

import re
from pathlib import Path

from myst_nb.sphinx_ import NbMetadataCollector

# Scripts of the page itself refer to it; it is some hundred bytes.
AT_ONCE = "_static/documentation_options.js"

# The theme's own script settles light or dark after the page has been painted, and paints it again.
THEME = """{
  const root = document.documentElement;
  const dark = matchMedia("(prefers-color-scheme: dark)").matches;
  if (root.dataset.mode === "auto") root.dataset.theme = dark ? "dark" : "light";
}"""

FIGURE = re.compile(r'<img (?![^>]*(?:width|loading)=)(?=[^>]*src="[^"]*_images/([^"/]+\.svg)")')
SIZE = re.compile(r'<svg [^>]*width="([\d.]+)pt" height="([\d.]+)pt"')


# Names, modules, punctuation and space: more than half of what Pygments marks, in the colour that all code has.
PLAIN = re.compile(r'<span class="(?:n|nn|p|w)">([^<]*)</span>')


def _drop_widget_state(app, env) -> None:
    """The state of the ipywidgets, tens of kilobytes on each page: meant for a script that the book does without."""
    for page in NbMetadataCollector.get_doc_data(env).values():
        page.get("js_files", {}).pop("ipywidgets_state", None)


def _drop_plain_marks(app, pagename, templatename, context, doctree) -> None:
    """A page of many cells has thousands of elements fewer to lay out, and looks the same."""
    if "body" in context:
        context["body"] = PLAIN.sub(r"\1", context["body"])


def _defer_figures(app, pagename, templatename, context, doctree) -> None:
    """A figure is fetched when the reader comes near it; its place is kept free, so that nothing jumps."""
    files = {name: Path(app.srcdir, path) for path, name in app.builder.images.items()}

    def sized(found: re.Match) -> str:
        size = SIZE.search(files[found[1]].read_text(encoding="utf-8")[:2000])
        width, height = (round(float(points) * 4 / 3) for points in size.groups())
        return f'<img loading="lazy" width="{width}" height="{height}" '

    if "body" in context and app.builder.name != "singlehtml":
        context["body"] = FIGURE.sub(sized, context["body"])


def _defer_scripts(app, pagename, templatename, context, doctree) -> None:
    if templatename == "search.html":  # adds scripts that need the others at once
        return
    # Copies: the pages share these objects, and the search page must keep its own way.
    context["script_files"] = [
        script
        if script.filename in (None, "", AT_ONCE)
        else type(script)(script.filename, priority=script.priority, **(script.attributes | {"defer": "defer"}))
        for script in context["script_files"]
    ]


def setup(app) -> dict[str, bool]:
    app.add_js_file(None, body=THEME, priority=1)
    app.connect("env-check-consistency", _drop_widget_state)
    app.connect("html-page-context", _drop_plain_marks, priority=400)
    app.connect("html-page-context", _defer_figures, priority=400)  # before the tips copy them
    app.connect("html-page-context", _defer_scripts, priority=900)  # when all scripts have been added
    return {"parallel_read_safe": True, "parallel_write_safe": True}
