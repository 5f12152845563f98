"""Back-links: below each definition of the glossary stand the pages that use the term."""

from contents import in_order, title
from docutils import nodes
from sphinx import addnodes


def _used(env) -> dict[str, set[str]]:
    """By page, the terms that it uses, in lower case."""
    if not hasattr(env, "terms_used"):
        env.terms_used = {}
    return env.terms_used


def _collect(app, doctree) -> None:
    links = doctree.findall(addnodes.pending_xref)
    used = {link["reftarget"].lower() for link in links if link["reftype"] == "term"}
    _used(app.env)[app.env.docname] = used


def _forget(app, env, docname) -> None:
    _used(env).pop(docname, None)


def _merge(app, env, docnames, other) -> None:
    _used(env).update({page: terms for page, terms in _used(other).items() if page in docnames})


def _definitions(env) -> dict[str, tuple[str, str]]:
    """By term, in lower case, the page that defines it and its id there."""
    objects = env.get_domain("std").objects
    return {name.lower(): place for (kind, name), place in objects.items() if kind == "term"}


def _read_again(app, env, added, changed, removed) -> list[str]:
    """A change in any page may be one in what it uses."""
    glossaries = {page for page, _ in _definitions(env).values()}
    return sorted(glossaries - removed) if added | changed | removed else []


def _add_links(app, doctree, docname) -> None:
    env = app.env
    at = {anchor: (name, page) for name, (page, anchor) in _definitions(env).items()}
    for item in doctree.findall(nodes.definition_list_item):
        terms = [at[name] for term in item.findall(nodes.term) for name in term["ids"] if name in at]
        names, homes = {name for name, _ in terms}, {page for _, page in terms}
        pages = [page for page in in_order(env) if page not in homes and _used(env).get(page, set()) & names]
        if not pages:
            continue
        line = nodes.paragraph("", "Used in: ")
        for number, page in enumerate(pages):
            address = app.builder.get_relative_uri(docname, page)
            line += [
                nodes.Text(", " if number else ""),
                nodes.reference("", "", *title(env, page), refuri=address, internal=True),
            ]
        # A definition of its own: what shows itself under the pointer is the first one.
        item += nodes.definition("", line, classes=["used-in"])


def setup(app) -> dict[str, bool]:
    app.connect("doctree-read", _collect)
    app.connect("env-purge-doc", _forget)
    app.connect("env-merge-info", _merge)
    app.connect("env-get-outdated", _read_again)
    app.connect("doctree-resolved", _add_links)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
