"""What a calculator asks of the reader: a list of controls, each with the values it can take."""

from collections.abc import Callable
from dataclasses import dataclass

from .. import catalogue
from ..checks import choice
from ..numerals import grouped

__all__ = [
    "BATCHES",
    "CONTEXTS",
    "PRECISIONS",
    "Calculator",
    "Control",
    "check_values",
    "engine_control",
    "machine_control",
    "model_control",
    "numbers_control",
    "weights_control",
]

PRECISIONS = ((32, "fp32, 32 bit"), (16, "bf16, 16 bit"), (8, "fp8 or int8, 8 bit"), (4, "int4, 4 bit"))
CONTEXTS = [2**power for power in range(7, 18)]
BATCHES = [2**power for power in range(11)]

# What the calculators offer: every model of the catalogue would make a page heavy and the choice hard.
MODELS = (
    "llama-3.2-1b",
    "llama-3.1-8b",
    "llama-3.3-70b",
    "llama-3.1-405b",
    "mistral-7b-v0.3",
    "mixtral-8x7b",
    "qwen2.5-7b",
    "qwen2.5-72b",
    "qwen3-30b-a3b",
    "gpt-oss-20b",
    "gpt-oss-120b",
    "deepseek-v3",
)


@dataclass(frozen=True, kw_only=True)
class Control:
    """One knob of a calculator. Every value it can take is listed.

    Parameters
    ----------
    name : str
        The key of its value. [-]
    label : str
        What the reader sees. [-]
    options : tuple of tuple
        Pairs of a value and its text, in order. [-]
    default : object
        The value at the start. [-]
    slider : bool, optional
        Whether it is drawn as a slider rather than as a list. [-]

    Examples
    --------
    >>> Control(name="bits", label="Precision", options=((16, "bf16"), (8, "fp8")), default=16).default
    16
    """

    name: str
    label: str
    options: tuple
    default: object
    slider: bool = False

    def __post_init__(self):
        _option("default", self, self.default)


@dataclass(frozen=True, kw_only=True)
class Calculator:
    """A question that the reader can vary.

    Parameters
    ----------
    name : str
        Its name, also in the address of a shared state. [-]
    title : str
        The question. [-]
    controls : tuple of Control
        What can be varied. [-]
    panel : callable
        The answer, a function of the shelf that its controls offer and of their values. [-]
    records : callable, optional
        What returns the shelf, records by part and name, where that is not what
        the controls offer; None leaves it to them. [-]

    Examples
    --------
    >>> Calculator(name="weigh", title="What?", controls=(model_control(),), panel=dict).controls[0].name
    'model'
    """

    name: str
    title: str
    controls: tuple
    panel: Callable
    records: Callable | None = None


def _option(owner: str, control: Control, value):
    """Return the option that equals a value, in the type the page knows: 1 for True, 8 for 8.0."""
    options = [option for option, _ in control.options]
    if value not in options:
        known = options if len(options) <= 20 else [options[0], options[1], "…", options[-1]]
        raise ValueError(f"{owner}: {control.name} is {value!r}; choose one of {', '.join(map(str, known))}")
    return options[options.index(value)]


def model_control(default: str = "llama-3.3-70b") -> Control:
    """Offer the best-known models of the catalogue.

    Parameters
    ----------
    default : str, optional
        The model at the start. [-]

    Returns
    -------
    Control
        The control named ``model``. [-]

    Examples
    --------
    >>> model_control().default
    'llama-3.3-70b'
    """
    options = tuple((name, catalogue.model_entry(name)["label"]) for name in MODELS)
    return Control(name="model", label="Model", options=options, default=default)


def machine_control(default: str = "H100-SXM-80GB") -> Control:
    """Offer the accelerators of the catalogue.

    Parameters
    ----------
    default : str, optional
        The machine at the start. [-]

    Returns
    -------
    Control
        The control named ``machine``. [-]

    Examples
    --------
    >>> machine_control().default
    'H100-SXM-80GB'
    """
    options = [(name, catalogue.accelerator(name).label) for name in catalogue.accelerators()]
    return Control(name="machine", label="Machine", options=tuple(options), default=default)


def weights_control(default: str = "bf16") -> Control:
    """Offer ways to store the weights.

    Parameters
    ----------
    default : str, optional
        The precision at the start. [-]

    Returns
    -------
    Control
        The control named ``weights``. [-]

    Examples
    --------
    >>> weights_control().options[1][0]
    'fp8'
    """
    options = (("bf16", "bf16, 16 bit"), ("fp8", "fp8, 8 bit"), ("int4-awq", "int4, 4.2 bit with scales"))
    return Control(name="weights", label="Weights", options=options, default=default)


def engine_control() -> Control:
    """Offer the bound, and what one engine was measured to reach.

    Returns
    -------
    Control
        The control named ``engine``. [-]

    Examples
    --------
    >>> engine_control().default
    'vllm, H100-SXM-80GB'
    """
    options = (
        ("ceiling", "every peak, nothing added"),
        ("vllm, H100-SXM-80GB", "what vLLM reached on H100s"),
    )
    return Control(name="engine", label="What the engine reaches", options=options, default=options[1][0])


def numbers_control(name: str, label: str, values, default: int) -> Control:
    """Offer a row of whole numbers on a slider.

    Parameters
    ----------
    name : str
        The key of its value. [-]
    label : str
        What the reader sees. [-]
    values : iterable of int
        The numbers, in order. [-]
    default : int
        The number at the start. [-]

    Returns
    -------
    Control
        The slider. [-]

    Examples
    --------
    >>> numbers_control("batch", "Batch", [1, 2, 4], 1).options[2]
    (4, '4')
    """
    options = tuple((value, grouped(value)) for value in values)
    return Control(name=name, label=label, options=options, default=default, slider=True)


def check_values(calculator: str, controls, values: dict) -> dict:
    """Complete a choice of values by the defaults, or say which is wrong.

    Parameters
    ----------
    calculator : str
        The name of the calculator. [-]
    controls : iterable of Control
        Its controls. [-]
    values : dict
        Values by control; those left out take their default. [-]

    Returns
    -------
    dict
        One value for every control. [-]

    Raises
    ------
    ValueError
        If a key is no control, or a value is none of its options.

    Examples
    --------
    >>> check_values("decode", [numbers_control("batch", "Batch", [1, 2], 1)], {"batch": 2})
    {'batch': 2}
    """
    controls = {control.name: control for control in controls}
    for name in values:
        choice(calculator, "control", name, controls)
    return {
        name: _option(calculator, control, values.get(name, control.default)) for name, control in controls.items()
    }
