"""The whole book as one page, from which `make pdf` prints: a title page, and none of what only a screen can use."""

from html import escape

STYLE = "print.css"


def _share_translations(app) -> None:
    """One extension says how it writes for this builder, which makes Sphinx forget how the others write HTML."""
    handlers = app.registry.translation_handlers
    handlers["singlehtml"] = handlers.get("html", {}) | handlers.get("singlehtml", {})


def _add_title_page(app, pagename, templatename, context, doctree) -> None:
    if app.builder.name != "singlehtml" or "body" not in context:
        return
    config = app.config
    context["body"] = (
        f'<div class="title-page"><p class="title">{escape(config.html_title)}</p>'
        f"<p>The economics of LLM inference, from config.json to dollars per million tokens</p>"
        f"<p>{escape(config.author)}</p><p>{escape(context.get('last_updated') or '')}</p>"
        f"<p>{escape(config.html_theme_options['extra_footer'])}</p></div>"
        f"{context['body'].replace('<details>', '<details open>')}"  # nobody unfolds an answer on paper
    )
    app.add_css_file(STYLE)


def setup(app) -> dict[str, bool]:
    app.connect("builder-inited", _share_translations)
    app.connect("html-page-context", _add_title_page)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
