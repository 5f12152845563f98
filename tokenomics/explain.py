"""Say how a prediction came about: line by line, every input with its source."""

from . import catalogue
from .deployment import Deployment
from .passes import compute_share
from .prediction import Workload, predict

__all__ = ["explain"]


def _duration(seconds) -> str:
    for unit, scale in (("s", 1.0), ("ms", 1e-3), ("us", 1e-6)):
        if seconds >= scale:
            return f"{seconds / scale:.4g} {unit}"
    return f"{seconds / 1e-9:.3g} ns"


def explain(deployment: Deployment, workload: Workload) -> list:
    """Derive a prediction line by line.

    Parameters
    ----------
    deployment : Deployment
        What runs where. [-]
    workload : Workload
        What is asked of it: plain numbers, no arrays. [-]

    Returns
    -------
    list of (str, str, str)
        For each line what it is, its value, and where it comes from. [-]

    Raises
    ------
    ValueError
        If the model does not fit.

    Examples
    --------
    >>> from tokenomics.deployment import deployment
    >>> place = deployment("llama-3.3-70b", "H100-SXM-80GB", tensor=4, engine="vllm")
    >>> lines = explain(place, Workload(input_tokens=2035, output_tokens=300))
    >>> lines[0][:2]
    ('model', 'llama-3.3-70b')
    """
    found = predict(deployment, workload)
    t, s, c = found.times, deployment.server, deployment.efficiency
    machine, weights, spread = deployment.accelerator, deployment.weights, deployment.parallelism
    share = compute_share(c, deployment.arithmetic)
    peaks = [row for row in catalogue.rows("accelerators") if row["name"] == machine.name]
    sheet = f"{peaks[0]['source']}; {peaks[0]['verification']}" if peaks else "given by the caller"
    known = f"{c.data}, {c.date}; set '{c.name}'" if c.data else f"set '{c.name}', given by the caller"

    def constant(name):
        doubt = " - the data do not settle it" if name in c.unidentified else ""
        error = next((value for key, value in c.standard_errors.items() if key.split(",")[0] == name), None)
        return known + ("" if error is None else f"; standard error {error:.0%}") + doubt

    entry = _model_source(deployment.model.name)
    width = s.devices / s.pipeline
    lines = [
        ("model", deployment.model.name, entry),
        (
            "weights held",
            f"{s.held_weights / 1e9:.2f} GB",
            f"counted, {weights.name}: {weights.weight_bits:g} bits a weight",
        ),
        (
            "weights read in a pass",
            f"{s.shared_traffic / 1e9:.2f} GB",
            "all but the input embedding and the routed experts",
        ),
    ]
    if s.expert_weights:
        lines.append(
            (
                "routed experts",
                f"{s.expert_weights / 1e9:.2f} GB, {s.expert_share:.2%} a token",
                "counted; eq-experts-touched",
            )
        )
    lines += [
        (
            "cache of a token",
            f"{(s.cache[0] + s.cache[1]) / 1e3:.1f} kB",
            f"counted, {deployment.kv_bits:g} bits; as the busiest device makes it",
        ),
        ("arithmetic of a token", f"{(s.token_flops + s.head_flops) / 1e9:.1f} GFLOP", "counted, attention apart"),
        ("machine", f"{s.devices:.0f} x {machine.name}", sheet),
        ("split", f"tensor {spread.tensor}, pipeline {spread.pipeline}, replicas {spread.replicas}", "asked for"),
        ("bandwidth of one", f"{s.bandwidth / 1e9:.0f} GB/s", sheet),
        (
            "peak of one",
            f"{s.peak / 1e12:.0f} TFLOP/s at {deployment.arithmetic}" if s.peak < 1e17 else "not published",
            sheet,
        ),
        ("requests", f"{t.requests:g} of {workload.input_tokens:g} in, {workload.output_tokens:g} out", "asked for"),
        (
            "sequences that fit",
            f"{t.limit:.4g}",
            f"eq-concurrency: {c.memory_share:.0%} of the memory, at most {c.max_sequences:g}",
        ),
        ("waves, sequences in each", f"{t.waves:g}, {t.running:.4g}", "eq-waves"),
        ("share of bandwidth, weights", f"{c.weight_bandwidth:.3f}", constant("weight_bandwidth")),
        ("share of bandwidth, cache", f"{c.kv_bandwidth:.3f}", constant("kv_bandwidth")),
        (
            "share of peak arithmetic",
            f"{share:.3f}",
            constant("compute" if deployment.arithmetic == "bf16" else f"compute_{deployment.arithmetic}"),
        ),
        ("time around a pass", _duration(c.step_time), constant("step_time")),
        ("time of a layer", _duration(c.layer_time), constant("layer_time")),
        ("time of a collective call", f"{_duration(c.call_time)}, {s.calls:g} in a pass", constant("call_time")),
        ("time of a sequence", _duration(c.sequence_time), constant("sequence_time")),
        ("prefill of all prompts", _duration(t.prefill), "eq-pass over the prompts"),
        ("step: reading weights", _duration(t.weights), "eq-pass: weights / (devices x bandwidth x share)"),
        ("step: arithmetic of matrices", _duration(t.matrices), "eq-pass"),
        ("step: reading the cache", _duration(t.cache), "eq-cache-time, eq-stream"),
        ("step: arithmetic of attention", _duration(t.attention), "eq-pass"),
        ("step: overhead", _duration(t.overhead), "layers, calls, sequences, links"),
        ("step", _duration(t.step), "eq-pass: max(weights, matrices) + max(cache, attention) + overhead"),
        (
            "least step at the peaks",
            _duration(t.step_floor),
            f"{width:.0f} devices at once; no machine like this beats it",
        ),
        ("burst", _duration(t.total), "eq-burst: prefill + waves x steps x step + time around it"),
        ("bound by", f"{found.bound}; a step by {found.roof}", "the largest part"),
        ("MFU, MBU", f"{found.flops_utilisation:.3f}, {found.bandwidth_utilisation:.3f}", "eq-utilisation"),
    ]
    for label, estimate, unit in (
        ("time to first token", found.time_to_first_token, "s"),
        ("time per output token", found.time_per_output_token, "s"),
        ("output tokens a second", found.output_rate, "1/s"),
    ):
        texts = [_duration(value) if unit == "s" else f"{value:.4g}" for value in estimate]
        lines.append(
            (
                label,
                f"{texts[0]} ({texts[1]} to {texts[2]})",
                "80 % interval of the regime, from sources left out in turn",
            )
        )
    return lines


def _model_source(name: str) -> str:
    if name not in catalogue.models():
        return "given by the caller"
    entry = catalogue.model_entry(name)
    return f"{entry['source']}, {entry['date']}"
