"""A page for each student: points, what was wrong, hints. Nothing in it is anybody's markup but ours."""

from html import escape

from .grading import GRADED

__all__ = ["page"]

_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{assignment}: {student}</title>
<style>
body {{ font: 1rem/1.5 system-ui, sans-serif; max-width: 44rem; margin: 2rem auto; padding: 0 1rem; }}
table {{ border-collapse: collapse; width: 100%; }}
th, td {{ text-align: left; vertical-align: top; padding: .4rem .6rem; border-bottom: 1px solid #ccc; }}
td {{ overflow-wrap: anywhere; }}
</style>
</head>
<body>
<h1>{assignment}</h1>
<p>{student}, {submission}</p>
{body}
</body>
</html>
"""


def page(result: dict) -> str:
    """Write a student's page."""
    if result["status"] == GRADED:
        rows = "".join(map(_row, result["questions"]))
        body = (
            f"<p><strong>{result['score']:g} of {result['maximum']:g} points</strong></p>\n"
            f"<table>\n<thead><tr><th>Question</th><th>Points</th><th>What was found</th></tr></thead>\n"
            f"<tbody>\n{rows}</tbody>\n</table>\n"
        )
    else:
        body = f"<p><strong>Not graded:</strong> {_safe(result['reason'])}. This is no mark; ask your instructor.</p>\n"
    if result["flags"]:
        body += "<h2>Noted while it ran</h2>\n<ul>\n"
        body += "".join(f"<li>{_safe(flag)}</li>\n" for flag in result["flags"]) + "</ul>\n"
    safe = {name: _safe(result[name]) for name in ("assignment", "student", "submission")}
    return _PAGE.format(**safe, body=body)


def _row(entry: dict) -> str:
    found = _safe(entry["message"]) or "Right."
    if entry["hint"]:
        found += f"<br><strong>Hint:</strong> {_safe(entry['hint'])}"
    points = f"{entry['earned']:g} of {entry['points']:g}"
    return f"<tr><td>{_safe(entry['identity'])}</td><td>{points}</td><td>{found}</td></tr>\n"


def _safe(text) -> str:
    return escape(str(text), quote=True)
