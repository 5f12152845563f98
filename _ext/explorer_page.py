"""Puts the calculators' scripts and style into the built pages that show them; the pages hold the state themselves."""

import re
import zlib
from pathlib import Path

from tokenomics.explorer.javascript import calculators_script, page_script, stylesheet

HOST = re.compile(r'class="explorer-host" id="calculator-(\w+)"')


def _write(folder: Path, name: str, text: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / name
    if not file.exists() or file.read_text(encoding="utf-8") != text:
        file.write_text(text, encoding="utf-8")


def _write_style(app) -> None:
    # The theme adds its own static files after this; a folder of our own stays clear of them.
    folder = Path(app.outdir).parent / "explorer"
    _write(folder, "explorer.css", stylesheet())
    app.config.html_static_path.append(str(folder))


def _add_scripts(app, pagename, templatename, context, doctree) -> None:
    """A page loads the formulas of the calculators that stand on it, and the view, which mounts them.

    Both stand at the end of the text and run there, so that the calculators are in the first picture that a reader
    sees. In the book as one page, which is printed, their tables remain.
    """
    names = sorted(set(HOST.findall(context.get("body", ""))))
    if not names or app.builder.name == "singlehtml":
        return
    app.add_css_file("explorer.css")
    scripts = {f"calculators-{'-'.join(names)}.js": calculators_script(*names), "explorer.js": page_script()}
    for file, text in scripts.items():
        _write(Path(app.outdir) / "_static", file, text)
        version = f"{zlib.crc32(text.encode()):08x}"  # a browser keeps no script of an older book
        context["body"] += f'<script src="{context["pathto"](f"_static/{file}", 1)}?v={version}"></script>\n'


def setup(app) -> dict[str, bool]:
    app.connect("builder-inited", _write_style)
    app.connect("html-page-context", _add_scripts)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
