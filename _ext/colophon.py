"""When each page was last changed, and a feed of what has changed in the book, both without a network."""

import re
import subprocess
from html import escape
from pathlib import Path

from markdown_it import MarkdownIt
from sphinx.util.i18n import format_date

FEED = "feed.xml"
DAY = re.compile(r"\d{4}-\d\d-\d\d")
RELEASE = re.compile(r"^## (?P<version>[^\n,]+), (?P<date>[^\n]+)\n(?P<text>.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL)


def committed(root: Path) -> dict[str, str]:
    """The day of the last commit to each file, by its path; nothing where there is no git or no history."""
    command = ["git", "-c", "core.quotePath=off", "log", "--format=%x00%cs", "--name-only", "--no-renames"]
    try:
        log = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return {}
    days = {}
    for commit in log.split("\0")[1:]:
        day, *names = commit.split("\n")
        for name in filter(None, names):
            days.setdefault(name, day)
    return days


def releases(changelog: str) -> list[dict[str, str]]:
    """The sections of a changelog, newest first.

    >>> releases("# Changes\\n\\n## 0.2, 2026-05-01\\n\\n- More.\\n\\n## 0.1, 2026-01-01\\n\\n- First.\\n")[1]
    {'version': '0.1', 'date': '2026-01-01', 'text': '- First.'}
    """
    return [{name: text.strip() for name, text in found.groupdict().items()} for found in RELEASE.finditer(changelog)]


def feed(entries: list[dict[str, str]], *, title: str, author: str, address: str, today: str) -> str:
    """An Atom feed (RFC 4287). What is not released yet has the date of today."""
    markdown = MarkdownIt()

    def moment(entry) -> str:
        day = entry["date"] if DAY.fullmatch(entry["date"]) else today
        return f"{day}T00:00:00Z"

    lines = [
        '<?xml version="1.0" encoding="utf-8"?>',
        '<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="en">',
        f"<title>{escape(title)}: changes to text and data</title>",
        f"<id>{escape(address)}</id>",
        f'<link rel="alternate" href="{escape(address)}"/>',
        f"<updated>{max(map(moment, entries))}</updated>",
        f"<author><name>{escape(author)}</name></author>",
    ]
    for entry in entries:
        lines += [
            "<entry>",
            f"<title>{escape(title)} {escape(entry['version'])}</title>",
            f"<id>{escape(address)}/releases/{escape(entry['version'])}</id>",
            f'<link rel="alternate" href="{escape(address)}/releases"/>',
            f"<updated>{moment(entry)}</updated>",
            f'<content type="html">{escape(markdown.render(entry["text"]))}</content>',
            "</entry>",
        ]
    return "\n".join([*lines, "</feed>", ""])


def _start(app) -> None:
    app.committed = committed(Path(app.srcdir))


def _date(app, pagename, templatename, context, doctree) -> None:
    """The page's own day in place of that of the build, and where the feed is."""
    if doctree is not None:
        source = Path(app.env.doc2path(pagename)).relative_to(app.srcdir).as_posix()
        context["last_updated"] = app.committed.get(source, context["last_updated"])
    link = f'<link rel="alternate" type="application/atom+xml" title="Changes" href="{context["pathto"](FEED, 1)}" />'
    context["metatags"] = context.get("metatags", "") + link + "\n"


def _write_feed(app, exception) -> None:
    if exception or app.builder.name != "html":
        return
    text = feed(
        releases((Path(app.srcdir) / "CHANGELOG.md").read_text(encoding="utf-8")),
        title=app.config.html_title,
        author=app.config.author,
        address=app.config.html_theme_options["repository_url"],
        # Sphinx takes the day of the build from SOURCE_DATE_EPOCH where it is set.
        today=app.committed.get("CHANGELOG.md", format_date("%Y-%m-%d", language="en")),
    )
    (Path(app.outdir) / FEED).write_text(text, encoding="utf-8")


def setup(app) -> dict[str, bool]:
    app.connect("builder-inited", _start)
    app.connect("html-page-context", _date)
    app.connect("build-finished", _write_feed)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
