"""Scripts that one page needs and the others do without: each is loaded where its mark stands in the text."""

SCRIPTS = {'<div id="anchors">': "anchors.js"}


def _add(app, pagename, templatename, context, doctree) -> None:
    if app.builder.name == "singlehtml":  # printed, without scripts
        return
    for mark, script in SCRIPTS.items():
        if mark in context.get("body", ""):
            app.add_js_file(script, loading_method="defer")


def setup(app) -> dict[str, bool]:
    app.connect("html-page-context", _add)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
