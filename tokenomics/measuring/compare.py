"""Prediction beside measurement: the bound of the measured roofs, and the model with constants fitted to the run."""

from dataclasses import dataclass
from statistics import median

from .. import catalogue
from ..calibration import Fit, fit
from ..deployment import Precision
from ..efficiency import ENDLESS, Efficiency
from ..measurements import Measurement
from ..parallelism import Parallelism
from ..rows import Rows, predicted_over_measured
from ..server import server, stack
from .record import Point, Run
from .roofs import least_time, measured_machine, roofs
from .tasks import BITS

__all__ = ["FREE", "Beside", "beside", "errors", "fit_run", "measurements_of", "passes"]

# What the passes of one decoder can tell apart. The fixed time of a step cannot be told from that of its layers; it is
# taken to be nothing.
FREE = ("weight_bandwidth", "kv_bandwidth", "compute", "layer_time", "sequence_time")
# Operations that a layer of the decoder sends, about: norms, products, rotary embedding, cache, softmax.
_OPERATIONS = 30
_ENGINES = {"eager": "pytorch", "graph": "pytorch cuda graphs"}


@dataclass(frozen=True, kw_only=True)
class Beside:
    """A measured pass beside its predictions.

    Parameters
    ----------
    point : Point
        What was measured. [-]
    bound : float
        The least time that the measured roofs allow. [s]
    fitted : float
        The time by the model, with constants fitted to all passes. [s]
    held_out : float
        The same, with constants fitted to all passes but this one. [s]

    Examples
    --------
    >>> point = Point(kind="decode", seconds=(0.10,))
    >>> Beside(point=point, bound=0.05, fitted=0.09, held_out=0.08).held_out
    0.08
    """

    point: Point
    bound: float
    fitted: float
    held_out: float


def passes(run: Run, mode: str = "eager") -> list:
    """List the passes of the decoders in a run.

    Parameters
    ----------
    run : Run
        The run. [-]
    mode : str, optional
        How decoding sent its operations; prompts are always read eagerly. [-]

    Returns
    -------
    list of Point
        Prompts, and decode steps in this mode. [-]

    Examples
    --------
    >>> from tokenomics.measuring.files import measured
    >>> sorted({point.kind for run in measured().values() for point in passes(run)})
    ['decode', 'prefill']
    """
    return [point for point in run.points if point.kind == "prefill" or (point.kind, point.mode) == ("decode", mode)]


def _tokens(point) -> tuple:
    """A pass as a workload: prompt, reply, requests. One step after a prompt sees the prompt and itself."""
    if point.kind == "prefill":
        return point.shape["tokens"], 1, 1
    return point.shape["context"] - 1, 2, point.shape["batch"]


def _rows(run, points) -> Rows:
    """The passes in numbers, as the fit takes them."""
    import numpy

    machines = {precision: measured_machine(run, precision) for precision in {point.precision for point in points}}
    servers = []
    for point in points:
        bits = BITS[point.precision]
        stored = Precision(name=point.precision, weight_bits=bits, embedding_bits=bits, arithmetic="bf16")
        machine = machines[point.precision]
        servers.append(server(catalogue.model(point.model), machine, Parallelism(), stored, bits))
    prompts, replies, requests = numpy.array([_tokens(point) for point in points], dtype=float).T
    return Rows(
        measurements=tuple(points),
        server=stack(servers),
        input_tokens=prompts,
        output_tokens=replies,
        longest=replies,
        requests=requests,
        arithmetic=("bf16",) * len(points),
        machine_class=tuple(machines[point.precision].machine_class for point in points),
        kind=numpy.array([{"prefill": "first token", "decode": "step"}[point.kind] for point in points]),
        measured=numpy.array([point.median for point in points]),
    )


def fit_run(run: Run, mode: str = "eager", points=None) -> Fit:
    """Fit the constants of PyTorch on a machine to the passes of its run.

    Parameters
    ----------
    run : Run
        The run. [-]
    mode : str, optional
        ``eager`` or ``graph``. [-]
    points : sequence of Point or None, optional
        The passes to fit to; None is all of them. [-]

    Returns
    -------
    Fit
        The constants, as shares of the measured roofs, and how well they are known. [-]

    Raises
    ------
    ValueError
        If there are fewer passes than constants.

    Notes
    -----
    No server stands around the decoder: nothing is added for a request, and a
    prompt is read in one pass.

    Examples
    --------
    >>> from tokenomics.measuring.files import measured
    >>> run = next(iter(measured().values()))
    >>> 0 < fit_run(run).constants.weight_bandwidth < 1
    True
    """
    points = passes(run, mode) if points is None else list(points)
    if len(points) < len(FREE):
        raise ValueError(
            f"run of {run.machine.name}: it holds {len(points)} passes of a decoder in {mode} mode; "
            f"{len(FREE)} constants need at least as many"
        )
    base = Efficiency(
        name=f"{_ENGINES[mode]}, {run.machine.name}",
        engine=_ENGINES[mode],
        machine=run.machine.name,
        # A small operation is seldom faster than its launch.
        layer_time=_OPERATIONS * roofs(run).launch.get(mode, 3e-6),
        step_time=0.0,
        request_time=0.0,
        call_time=0.0,
        pass_tokens=ENDLESS,
        max_sequences=ENDLESS,
        memory_share=1.0,
        data=f"{len(points)} passes measured on {run.machine.label}",
        date=run.provenance.date,
    )
    return fit(_rows(run, points), base, FREE)


def beside(run: Run, mode: str = "eager") -> list:
    """Put every pass of a run beside its predictions.

    Parameters
    ----------
    run : Run
        The run. [-]
    mode : str, optional
        ``eager`` or ``graph``. [-]

    Returns
    -------
    list of Beside
        One for each pass. [-]

    Raises
    ------
    ValueError
        If the run holds too few passes to fit to.

    Examples
    --------
    >>> from tokenomics.measuring.files import measured
    >>> run = next(iter(measured().values()))
    >>> all(row.bound <= row.point.median for row in beside(run))
    True
    """
    points, machine = passes(run, mode), roofs(run)
    everything = fit_run(run, mode)
    found = []
    for place, point in enumerate(points):
        others = points[:place] + points[place + 1 :]
        apart = fit_run(run, mode, others).constants if len(others) >= len(FREE) else everything.constants
        ratio = float(predicted_over_measured(_rows(run, [point]), apart)[0][0])
        found.append(
            Beside(
                point=point,
                bound=least_time(point, machine),
                fitted=float(everything.ratios[place]) * point.median,
                held_out=ratio * point.median,
            )
        )
    return found


def errors(rows) -> dict:
    """Sum up how far predictions and measurements lie apart.

    Parameters
    ----------
    rows : sequence of Beside
        Passes beside their predictions. [-]

    Returns
    -------
    dict of str to float
        The median of the absolute error by prediction: measured over predicted
        time, less one. [-]

    Examples
    --------
    >>> point = Point(kind="decode", seconds=(3.0,))
    >>> errors([Beside(point=point, bound=1.5, fitted=2.4, held_out=6.0)])
    {'bound': 1.0, 'fitted': 0.25, 'held_out': 0.5}
    """
    return {
        name: median(abs(row.point.median / getattr(row, name) - 1) for row in rows)
        for name in ("bound", "fitted", "held_out")
    }


def measurements_of(run: Run) -> list:
    """Turn the passes of a run into measurements like those of the catalogue.

    Parameters
    ----------
    run : Run
        The run, of a machine that stands in the catalogue. [-]

    Returns
    -------
    list of Measurement
        One for each pass. [-]

    Raises
    ------
    ValueError
        If the machine is not in the catalogue, or the decoder ran in fp32, which
        no server does.

    Examples
    --------
    >>> import dataclasses
    >>> from tokenomics.measuring.files import measured
    >>> run = next(iter(measured().values()))
    >>> machine = dataclasses.replace(run.machine, accelerator="L40S")
    >>> {row.metric for row in measurements_of(dataclasses.replace(run, machine=machine))} == {"tpot_ms", "ttft_ms"}
    True
    """
    machine = run.machine
    if machine.accelerator is None:
        raise ValueError(
            f"run of {machine.name}: accelerator is None; only what ran on a machine of the catalogue becomes a "
            "measurement; name it with measure --accelerator"
        )
    found = []
    for number, point in enumerate(run.points, start=1):
        if point.model is None:
            continue
        prompt, reply, requests = _tokens(point)
        found.append(
            Measurement(
                name=f"{machine.name} {run.provenance.date}, point {number}",
                source=run.provenance.source,
                model=point.model,
                weights=point.precision,
                kv_bits=BITS[point.precision],
                machine=machine.accelerator,
                parallelism=Parallelism(),
                engine=_ENGINES[point.mode],
                input_tokens=prompt,
                output_tokens=reply,
                requests=requests,
                metric="ttft_ms" if point.kind == "prefill" else "tpot_ms",
                value=1e3 * point.median,
                date=run.provenance.date,
            )
        )
    return found
