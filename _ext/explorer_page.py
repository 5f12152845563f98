"""Puts the calculators' script and style into the built pages; the pages hold the state themselves."""

from pathlib import Path

from tokenomics.explorer.javascript import page_script, stylesheet


def _write_assets(app) -> None:
    # The theme adds its own static files after this; a folder of our own stays clear of them.
    folder = Path(app.outdir).parent / "explorer"
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in (("explorer.js", page_script()), ("explorer.css", stylesheet())):
        file = folder / name
        if not file.exists() or file.read_text(encoding="utf-8") != text:
            file.write_text(text, encoding="utf-8")
    app.config.html_static_path.append(str(folder))


def setup(app) -> dict[str, bool]:
    app.connect("builder-inited", _write_assets)
    app.add_js_file("explorer.js", loading_method="defer")
    app.add_css_file("explorer.css")
    return {"parallel_read_safe": True, "parallel_write_safe": True}
