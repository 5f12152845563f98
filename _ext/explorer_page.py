"""Puts the calculators' scripts and style into the built pages that show them; the pages hold the state themselves."""

import re
from pathlib import Path

from tokenomics.explorer.javascript import calculators_script, page_script, stylesheet

HOST = re.compile(r'class="explorer-host" id="calculator-(\w+)"')


def _write(folder: Path, name: str, text: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / name
    if not file.exists() or file.read_text(encoding="utf-8") != text:
        file.write_text(text, encoding="utf-8")


def _write_assets(app) -> None:
    # The theme adds its own static files after this; a folder of our own stays clear of them.
    folder = Path(app.outdir).parent / "explorer"
    _write(folder, "explorer.js", page_script())
    _write(folder, "explorer.css", stylesheet())
    app.config.html_static_path.append(str(folder))


def _add_scripts(app, pagename, templatename, context, doctree) -> None:
    """A page loads the formulas of the calculators that stand on it; the view, last, mounts them."""
    if names := sorted(set(HOST.findall(context.get("body", "")))):
        file = f"calculators-{'-'.join(names)}.js"
        _write(Path(app.outdir) / "_static", file, calculators_script(*names))
        app.add_js_file(file, loading_method="defer", priority=600)
        app.add_js_file("explorer.js", loading_method="defer", priority=700)
        app.add_css_file("explorer.css")


def setup(app) -> dict[str, bool]:
    app.connect("builder-inited", _write_assets)
    app.connect("html-page-context", _add_scripts)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
