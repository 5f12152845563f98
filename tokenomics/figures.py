"""House style of the figures: dark ink on nothing, which the page turns for the dark theme."""

from .numerals import quantity

__all__ = ["COLOURS", "DIMENSIONS", "SERIES", "STYLE", "plain_log_axis", "prefixed_axis", "setup"]

# One colour for each dimension of a model, the same in equations, prose and figures.
DIMENSIONS = {"layers": "#7a3f98", "heads": "#c07a10", "sequence": "#b5452f", "width": "#0b7f79"}

# The colours of the calculators' parts, in their order.
SERIES = ("#5b6bb5", "#0b7f79", "#c07a10", "#b5452f", "#7a3f98", "#8a93a3", "#b04a7f", "#4d8436")

COLOURS = {"compute": "#b5452f", "weights": "#0b7f79", "kv": "#c07a10", "mark": "#7a3f98", "quiet": "#8a93a3"}

STYLE = {
    "figure.figsize": (4.9, 3.8),  # with this font, what a phone shows stays legible
    "figure.constrained_layout.use": True,
    "figure.facecolor": "none",
    "axes.facecolor": "none",
    "savefig.facecolor": "none",
    "font.size": 12,
    "axes.titlesize": 11,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": "#4c5463",
    "axes.labelcolor": "#1f2430",
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#c4c8d0",
    "grid.linewidth": 0.6,
    "legend.frameon": False,
    "lines.linewidth": 2.2,
    "text.color": "#1f2430",
    "xtick.color": "#4c5463",
    "ytick.color": "#4c5463",
    # Outlines look the same whatever fonts a machine has; the salt makes the file the same in every run.
    "svg.fonttype": "path",
    "svg.hashsalt": "tokenomics",
}


def setup() -> None:
    """Take the house style for the figures of this notebook.

    Notes
    -----
    Figures are drawn as SVG without a date, so that two runs give one file.
    """
    import matplotlib
    from IPython import get_ipython
    from matplotlib_inline.backend_inline import set_matplotlib_formats

    if get_ipython() is not None:
        get_ipython().run_line_magic("matplotlib", "inline")
        set_matplotlib_formats("svg", metadata={"Date": None})
    matplotlib.rcParams.update(STYLE)


def prefixed_axis(axis, unit: str) -> None:
    """Label an axis with prefixes: 100 G, 1 T, 10 T.

    Parameters
    ----------
    axis : matplotlib.axis.Axis
        The axis. [-]
    unit : str
        Symbol of its unit; empty for none. [-]
    """
    axis.set_major_formatter(lambda value, _: quantity(value, unit, 1) if value > 0 else "0")


def plain_log_axis(axis) -> None:
    """Label a logarithmic axis with whole numbers rather than powers.

    Parameters
    ----------
    axis : matplotlib.axis.Axis
        The axis. [-]
    """
    axis.set_major_formatter(lambda value, _: f"{value:,g}")
