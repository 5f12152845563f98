"""The pages of the book in their order, and their titles as a reader knows them."""

from docutils import nodes


def in_order(env, page: str | None = None) -> list[str]:
    """A page and all below it, in the order of the table of contents; all pages, if none is named."""
    page = page or env.config.root_doc
    return [page, *(each for child in env.toctree_includes.get(page, ()) for each in in_order(env, child))]


def title(env, page: str) -> list[nodes.Node]:
    """The title of a page, with its number where it has one."""
    number = env.toc_secnumbers.get(page, {}).get("", ())
    text = [child.deepcopy() for child in env.titles[page].children]
    return [nodes.Text(f"{'.'.join(map(str, number))}. "), *text] if number else text
