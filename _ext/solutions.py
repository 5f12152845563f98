"""The solutions of all exercises once more, on a page of their own: a directive `{solutions}` says where.

What stands there is taken from the chapters when the page is written, with their numbers, outputs and links: nothing is
kept twice. In the book as one page each solution already stands behind its exercise, so there its place is named.
"""

from urllib.parse import urldefrag, urljoin, urlsplit

from contents import in_order, title
from docutils import nodes
from sphinx import addnodes
from sphinx.util.docutils import SphinxDirective
from sphinx.util.osutil import relative_uri
from sphinx_exercise.nodes import is_exercise_node, solution_node


class Place(nodes.General, nodes.Element):
    """Where the solutions are to stand."""


class Solutions(SphinxDirective):
    """Marks the place."""

    def run(self):
        """Leave a mark; the solutions come when the page is written."""
        self.env.metadata[self.env.docname]["solutions"] = "here"
        return [Place()]


def with_solutions(env) -> list[str]:
    """The pages that have solutions."""
    known = getattr(env, "sphinx_exercise_registry", {}).values()
    having = {entry["docname"] for entry in known if entry["type"].startswith("solution")}
    return [page for page in in_order(env) if page in having]


def _holders(env) -> list[str]:
    return [page for page, fields in env.metadata.items() if "solutions" in fields]


def _read_again(app, env, added, changed, removed) -> list[str]:
    """A change in any page may be one in its solutions."""
    return _holders(env) if added | changed | removed else []


def _section_id(page: str) -> str:
    return f"solutions-{page.rpartition('/')[2]}"


def _list_sections(app, env) -> None:
    """Put the pages' titles into the table of contents beside the text, which is otherwise made when it is read."""
    for holder in _holders(env):
        entries = nodes.bullet_list()
        for page in with_solutions(env):
            anchor = f"#{_section_id(page)}"
            link = nodes.reference("", "", *title(env, page), internal=True, refuri=holder, anchorname=anchor)
            entries += nodes.list_item("", addnodes.compact_paragraph("", "", link))
        top = next(env.tocs[holder].findall(nodes.list_item))
        del top.children[1:]
        top += entries


def move(node: nodes.Element, source: str, target: str, prefix: str) -> nodes.Element:
    """A copy of a part of the page at `source` for the page at `target`, both addresses: links lead where they led."""
    copy = node.deepcopy()
    for part in copy.findall(nodes.Element):
        part["ids"] = [f"{prefix}-{name}" for name in part.get("ids", ())]
    # A numbered equation has its number in its chapter only.
    for equation in copy.findall(nodes.math_block):
        equation["number"] = None
    for link in copy.findall(nodes.reference):
        if "refid" in link:
            link["refuri"] = f"#{link.attributes.pop('refid')}"
        address = link.get("refuri", "")
        if address and not urlsplit(address).scheme:
            path, anchor = urldefrag(urljoin(source, address))
            link["refuri"] = relative_uri(target, path) + (f"#{anchor}" if anchor else "")
    return copy


def _solved(app, page: str, holder: str):
    """The solutions of a page, ready to stand on another."""
    source, target = app.builder.get_target_uri(page), app.builder.get_target_uri(holder)
    for solution in app.env.get_and_resolve_doctree(page, app.builder).findall(solution_node):
        copy = move(solution, source, target, name := f"solution-{solution['target_label']}")
        copy["ids"] = [name]
        copy["classes"] = [name for name in copy["classes"] if name != "dropdown"]
        # Of "Solution to Exercise 5.1 (The law from memory)" the link, which says it all here.
        link = next(copy[0].findall(nodes.reference))
        link[0] = nodes.Text(link[0].astext().lstrip())
        copy[0].children = [link]
        yield copy


def _insert(app, doctree, docname) -> None:
    for section in doctree.findall(nodes.section):  # all contents have one id, which is no use to a link
        if isinstance(section.parent, solution_node) or is_exercise_node(section.parent):
            section["ids"] = []
    for place in list(doctree.findall(Place)):
        if app.builder.name == "singlehtml":
            place.replace_self(nodes.paragraph("", "On paper each solution stands behind its exercise."))
            continue
        sections = []
        for page in with_solutions(app.env):
            address = app.builder.get_relative_uri(docname, page)
            link = nodes.reference("", "", *title(app.env, page), internal=True, refuri=address)
            section = nodes.section("", nodes.title("", "", link), ids=[_section_id(page)])
            section += _solved(app, page, docname)
            sections.append(section)
        place.replace_self(sections)


def setup(app) -> dict[str, bool]:
    app.add_node(Place)
    app.add_directive("solutions", Solutions)
    app.connect("env-get-outdated", _read_again)
    app.connect("env-updated", _list_sections)
    app.connect("doctree-resolved", _insert, priority=400)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
