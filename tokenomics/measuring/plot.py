"""The figures of a run: its points under its roofs, and its predictions beside what was measured."""

from ..figures import COLOURS, STYLE, plain_log_axis, prefixed_axis
from ..roofline import arithmetic_intensity, attainable_flops
from .compare import beside
from .record import Run
from .roofs import roofs

__all__ = ["draw", "draw_beside", "draw_roofline"]

_MARKS = {"product": "s", "vectors": "o", "decode": "D", "prefill": "^"}
_NAMES = {
    "product": "two matrices",
    "vectors": "weights and a few vectors",
    "decode": "decode step",
    "prefill": "prompt",
}
_HUES = {"product": "quiet", "vectors": "compute", "decode": "weights", "prefill": "kv"}


def draw_roofline(axes, run: Run, precision: str, mode: str = "eager"):
    """Draw the measured points of a precision under the measured roofs.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        Where to. [-]
    run : Run
        The run. [-]
    precision : str
        The precision. [-]
    mode : str, optional
        ``eager`` or ``graph``. [-]
    """
    machine = roofs(run)
    shown = [
        point
        for point in run.points
        if point.kind in _MARKS and point.precision == precision and (point.mode == mode or point.kind != "decode")
    ]
    intensities = [arithmetic_intensity(point.flops, point.traffic) for point in shown]
    ends = min(intensities) / 2, max(intensities) * 2
    peak = machine.peaks[precision]
    corners = sorted({*ends, min(max(peak / machine.bandwidth, ends[0]), ends[1])})
    axes.loglog(corners, [attainable_flops(x, peak, machine.bandwidth) for x in corners], color=COLOURS["mark"])
    for kind, mark in _MARKS.items():
        points = [point for point in shown if point.kind == kind]
        if points:
            axes.plot(
                [point.flops / point.traffic for point in points],
                [point.flops / point.median for point in points],
                mark,
                color=COLOURS[_HUES[kind]],
                label=_NAMES[kind],
                markersize=5,
            )
    plain_log_axis(axes.xaxis)
    prefixed_axis(axes.yaxis, "FLOP/s")
    axes.set_xlabel("arithmetic intensity [FLOP/byte]")
    axes.set_ylabel("measured arithmetic")
    axes.legend(loc="lower right")


def draw_beside(axes, rows):
    """Draw predicted over measured times.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        Where to. [-]
    rows : sequence of Beside
        Passes beside their predictions. [-]
    """
    measured = [row.point.median for row in rows]
    ends = min(measured) / 2, max(measured) * 2
    axes.loglog(ends, ends, color=COLOURS["quiet"], linewidth=1.2)
    for name, mark, hue, words in (
        ("bound", "v", "compute", "bound of the roofs"),
        ("held_out", "o", "weights", "model, fitted to the others"),
    ):
        axes.plot(measured, [getattr(row, name) for row in rows], mark, color=COLOURS[hue], label=words, markersize=5)
    for axis in (axes.xaxis, axes.yaxis):
        prefixed_axis(axis, "s")
        axis.set_minor_formatter(lambda value, _: "")
    axes.set_xlabel("measured time of a pass")
    axes.set_ylabel("predicted time")
    axes.legend(loc="upper left")


def draw(run: Run, path):
    """Draw the figure of a run into a file.

    Parameters
    ----------
    run : Run
        The run. [-]
    path : str or path-like
        Where to; its ending says which form. [-]

    Raises
    ------
    ValueError
        If matplotlib is not installed, or the run was cut off too early.
    OSError
        If the file cannot be written.
    """
    try:
        import matplotlib
        from matplotlib.figure import Figure
    except ImportError:
        raise ValueError("the figure needs Matplotlib; install it with: pip install matplotlib") from None
    modes = sorted({point.mode for point in run.points if point.kind == "decode"})
    if not modes:
        raise ValueError(f"run of {run.machine.name}: it holds no decode step, so there is nothing to draw")
    precision = next(point.precision for point in run.points if point.kind == "decode")
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(11, 4.2 * len(modes)), facecolor="white")
        for row, mode in enumerate(modes):
            left, right = (figure.add_subplot(len(modes), 2, 2 * row + side) for side in (1, 2))
            draw_roofline(left, run, precision, mode)
            draw_beside(right, beside(run, mode))
            left.set_title(f"{run.machine.label}, {precision}")
            right.set_title(f"PyTorch, {mode}, {run.provenance.date}")
        figure.savefig(path, facecolor="white")
