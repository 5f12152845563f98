"""Repairs of attributes that the tools below the theme write and that assistive technology trips over."""

REPAIRS = {
    # docutils: the role of a bibliography entry was withdrawn from ARIA.
    ' role="doc-biblioentry"': ' role="listitem"',
    # myst-nb: the label hides the text that says what folds out.
    '<summary aria-label="Toggle hidden content">': "<summary>",
}


def _repair(app, pagename, templatename, context, doctree) -> None:
    for fault, repaired in REPAIRS.items():
        if "body" in context:
            context["body"] = context["body"].replace(fault, repaired)


def setup(app) -> dict[str, bool]:
    app.connect("html-page-context", _repair)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
