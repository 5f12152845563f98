"""Pages are read, and their cells executed, side by side on all processors; they are written one after another."""

import os

# They do not say whether that is safe. It is: one numbers sections when all pages have been read, one writes LaTeX.
UNDECLARED = ("sphinx_jupyterbook_latex", "sphinx_multitoc_numbering")


def _read_together(app) -> None:
    for name in UNDECLARED:
        app.extensions[name].parallel_read_safe = True
    app.parallel = os.cpu_count() or 1


def _write_alone(app, env) -> None:
    app.parallel = 1  # there is one Node that sets the formulas


def setup(app) -> dict[str, bool]:
    app.connect("builder-inited", _read_together)
    app.connect("env-updated", _write_alone)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
