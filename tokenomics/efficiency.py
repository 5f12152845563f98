"""What an engine reaches of a machine's peaks, and what it adds: fitted constants with their provenance."""

import json
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path

from .checks import choice, positive, suggestion

__all__ = [
    "CEILING", "ENDLESS", "REGIMES", "SHARES", "TIMES", "Efficiency", "efficiencies", "efficiency", "engine_name",
    "nearest_set", "slowed",
]  # fmt: skip

SHARES = ("weight_bandwidth", "packed_bandwidth", "kv_bandwidth", "compute", "compute_fp8", "compute_fp4", "link")
TIMES = ("step_time", "layer_time", "call_time", "sequence_time", "request_time", "eager_time")

ENDLESS = 1e18  # a rate, a peak or a window that never binds

# Kinds of prediction whose errors differ, each with its own interval.
REGIMES = ("single", "batched", "first token")

_WHOLE_RANGE = dict.fromkeys(REGIMES, (0.5, 2.0))


@dataclass(frozen=True, kw_only=True)
class Efficiency:
    """The constants of one engine on one class of machines.

    Parameters
    ----------
    name : str
        What the set is called. [-]
    engine : str or None, optional
        The engine it was fitted on; None is a set for engines without data. [-]
    machine_class : str or None, optional
        The class of machines it was fitted on, by their memory; None is any. [-]
    machine : str or None, optional
        The one machine it was fitted on; None is a class of them. [-]
    weight_bandwidth, kv_bandwidth : float or ndarray, optional
        Share of the memory bandwidth reached in reading weights, and in reading
        the KV cache when enough of it is read at once. [-]
    packed_bandwidth : float or ndarray, optional
        Share of that again when the weights are packed, a few bits each, and the
        ordinary units of the machine must unpack them. [-]
    compute, compute_fp8, compute_fp4 : float or ndarray, optional
        Share of the peak arithmetic that large matrix products reach, by
        precision of the arithmetic. [-]
    link : float or ndarray, optional
        Share of the link bandwidth that collectives reach. [-]
    step_time : float or ndarray, optional
        Time around every pass: the host schedules it and picks the tokens. [s]
    layer_time : float or ndarray, optional
        Time that a layer adds to every pass: launches and gaps. [s]
    call_time : float or ndarray, optional
        Latency of one collective call; there are two a layer. [s]
    sequence_time : float or ndarray, optional
        Time that each running sequence adds to a step: scheduling, sampling. [s]
    request_time : float or ndarray, optional
        Time around a whole burst: HTTP, tokenising, the last byte. [s]
    eager_time : float or ndarray, optional
        Time that a layer adds on top when no captured graph fits. [s]
    capture_limit : float, optional
        Longest context of a captured graph; 0 is no limit. [token]
    stream_rate : float or ndarray, optional
        Rate at which one block of threads reads the cache. [byte/s]
    cores : float, optional
        Blocks of threads that a cache too small to fill the machine is split
        into: its processors. [-]
    pass_tokens : float, optional
        Prompt tokens that one pass takes. [token]
    max_sequences : float, optional
        Sequences that the engine runs at once. [-]
    memory_share : float, optional
        Share of the memory that weights and cache may take. [-]
    spread : dict of str to (float, float), optional
        By regime, the factors on a predicted time that bound 80 % of the
        measured ones. [-]
    standard_errors : dict of str to float, optional
        Relative standard errors of the fitted constants. [-]
    unidentified : tuple of str, optional
        Constants that the data could not tell from what was assumed. [-]
    data, date : str, optional
        What the set was fitted on, and when. [-]

    Examples
    --------
    >>> efficiency("vllm", "HBM GPU", "H100-SXM-80GB").capture_limit
    8192
    """

    name: str
    engine: str | None = None
    machine_class: str | None = None
    machine: str | None = None
    weight_bandwidth: float = 0.75
    kv_bandwidth: float = 0.6
    packed_bandwidth: float = 0.8
    compute: float = 0.5
    compute_fp8: float = 0.45
    compute_fp4: float = 0.35
    link: float = 0.6
    step_time: float = 1e-3
    layer_time: float = 60e-6
    call_time: float = 10e-6
    sequence_time: float = 20e-6
    request_time: float = 5e-3
    eager_time: float = 0.0
    capture_limit: float = 0
    stream_rate: float = ENDLESS
    cores: float = 1
    pass_tokens: float = 8192
    max_sequences: float = 2048
    memory_share: float = 0.9
    spread: dict = field(default_factory=lambda: dict(_WHOLE_RANGE))
    standard_errors: dict = field(default_factory=dict)
    unidentified: tuple = ()
    data: str = ""
    date: str = ""

    def __post_init__(self):
        for name in (*SHARES, "memory_share"):
            value = positive(self.name, name, getattr(self, name))
            if (value.max() if hasattr(value, "dtype") and value.ndim else value) > 1:
                raise ValueError(f"{self.name}: {name} is {value!r}; a share of a peak is at most 1")
        for name in ("stream_rate", "cores", "pass_tokens", "max_sequences"):
            positive(self.name, name, getattr(self, name))
        for name in (*TIMES, "capture_limit"):
            value = getattr(self, name)
            if not (value.min() if hasattr(value, "dtype") and value.ndim else value) >= 0:
                raise ValueError(f"{self.name}: {name} is {value!r}; it must not be below zero")
        for regime, (low, high) in self.spread.items():
            choice(self.name, "spread", regime, REGIMES)
            if not 0 < low <= high:
                raise ValueError(
                    f"{self.name}: spread of {regime} is {low!r} to {high!r}; the factors must rise from above zero"
                )


# Every peak reached and nothing added: what no machine beats. The interval is one-sided: times are longer.
CEILING = Efficiency(
    name="ceiling",
    **dict.fromkeys(SHARES, 1.0),
    **dict.fromkeys(TIMES, 0.0),
    memory_share=1.0,
    max_sequences=ENDLESS,
    spread=dict.fromkeys(REGIMES, (1.0, 10.0)),
    data="no data: peaks",
)

_ALIASES = {
    "tensorrt": "tensorrt-llm", "trtllm": "tensorrt-llm", "trt-llm": "tensorrt-llm",
    "lmdeploy turbomind": "lmdeploy", "turbomind": "lmdeploy",
    "transformers neuronx": "neuronx", "gptfast": "gpt-fast", "mlx": "mlx-lm", "llamacpp": "llama.cpp",
    "hf": "transformers",
}  # fmt: skip


def engine_name(text: str) -> str:
    """Bring the name of an engine into one spelling.

    Parameters
    ----------
    text : str
        The name as a table gives it, a version in brackets or not. [-]

    Returns
    -------
    str
        The name in lower case, known aliases resolved. [-]

    Examples
    --------
    >>> engine_name("vLLM (version not recorded, 2025-03)"), engine_name("TensorRT-LLM")
    ('vllm', 'tensorrt-llm')
    """
    name = text.split("(")[0].strip().lower()
    return _ALIASES.get(name, name)


@cache
def efficiencies() -> dict:
    """Read the constant sets of the catalogue.

    Returns
    -------
    dict of str to Efficiency
        Every set by its name. [-]

    Examples
    --------
    >>> "vllm, H100-SXM-80GB" in efficiencies()
    True
    """
    path = Path(__file__).parent / "catalogue" / "efficiencies.json"
    sets = json.loads(path.read_text(encoding="utf-8"))["sets"]
    return {entry["name"]: _from_entry(entry) for entry in sets}


def _from_entry(entry: dict) -> Efficiency:
    entry = dict(entry, unidentified=tuple(entry["unidentified"]))
    entry["spread"] = {regime: tuple(factors) for regime, factors in entry["spread"].items()}
    return Efficiency(**entry)


def efficiency(engine: str | None, machine_class: str, machine: str = "") -> Efficiency:
    """Choose the constant set for an engine on a machine.

    Parameters
    ----------
    engine : str or None
        The engine; None asks for the broad set of the class. [-]
    machine_class : str
        The class of the machine. [-]
    machine : str, optional
        Its name in the catalogue. [-]

    Returns
    -------
    Efficiency
        The engine's own set for the machine where there is one, else for the
        class, else the broad one of the class. [-]

    Raises
    ------
    ValueError
        If no such engine is known; the message lists those known.

    Examples
    --------
    >>> efficiency(None, "GDDR GPU").name
    'any engine, GDDR GPU'
    """
    sets = efficiencies()
    if engine is None:
        return nearest_set(sets, "any engine", machine_class, machine)
    name = engine_name(engine)
    known = sorted({entry.engine for entry in sets.values() if entry.engine})
    if name not in known:
        raise ValueError(f"deployment: engine is {engine!r}; {suggestion(name, known)}; or leave it out")
    return nearest_set(sets, name, machine_class, machine)


def nearest_set(sets: dict, engine: str, machine_class: str, machine: str) -> Efficiency:
    """Choose among constant sets by their names.

    Parameters
    ----------
    sets : dict of str to Efficiency
        The sets. [-]
    engine : str
        The engine, as the names of the sets spell it, or ``any engine``. [-]
    machine_class, machine : str
        The machine and its class. [-]

    Returns
    -------
    Efficiency
        The set of the engine on the machine, else on the class, else the broad
        one of the class. [-]

    Examples
    --------
    >>> nearest_set(efficiencies(), "vllm", "HBM GPU", "MI300X").name
    'vllm, HBM GPU'
    """
    broad = sets["any engine, " + machine_class]
    return sets.get(engine + ", " + machine, sets.get(engine + ", " + machine_class, broad))


def slowed(constants: Efficiency, factor: float) -> Efficiency:
    """Make an engine that takes a factor longer for everything.

    Parameters
    ----------
    constants : Efficiency
        The constants of the engine. [-]
    factor : float
        The factor, such as an end of the interval. [-]

    Returns
    -------
    Efficiency
        The slower engine, with the same intervals. [-]

    Raises
    ------
    ValueError
        If the factor is so small that a peak would be passed.

    Examples
    --------
    >>> slowed(efficiency("vllm", "HBM GPU"), 2.0).compute * 2 == efficiency("vllm", "HBM GPU").compute
    True
    """
    positive(constants.name, "factor", factor)
    longer = {name: getattr(constants, name) * factor for name in TIMES}
    # Sharing a peak again with packed weights would slow those twice.
    rates = [name for name in (*SHARES, "stream_rate") if name != "packed_bandwidth"]
    return replace(constants, **longer, **{name: getattr(constants, name) / factor for name in rates})
