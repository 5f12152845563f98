"""What runs where: a model on machines, at a precision, under an engine."""

from dataclasses import dataclass
from functools import cache, cached_property

from . import catalogue
from .architecture import Architecture
from .checks import positive, suggestion
from .efficiency import Efficiency, efficiency
from .hardware import Accelerator
from .parallelism import Parallelism
from .server import Server, arithmetic_of, server

__all__ = ["Deployment", "Precision", "deployment", "precision"]


@dataclass(frozen=True, kw_only=True)
class Precision:
    """How weights are stored and multiplied.

    Parameters
    ----------
    name : str
        What it is called. [-]
    weight_bits, embedding_bits : float
        Stored size of a weight of a layer, scales included, and of a number in
        the embedding and the head. [bit]
    arithmetic : str
        The precision that matrix products run in. [-]

    Examples
    --------
    >>> precision("fp8").weight_bits
    8.0
    """

    name: str
    weight_bits: float
    embedding_bits: float
    arithmetic: str

    def __post_init__(self):
        positive(self.name, "weight_bits", self.weight_bits)
        positive(self.name, "embedding_bits", self.embedding_bits)


def precision(name: str) -> Precision:
    """Look up a precision.

    Parameters
    ----------
    name : str
        Its name in the catalogue. [-]

    Returns
    -------
    Precision
        The precision. [-]

    Raises
    ------
    ValueError
        If the catalogue has no such name; the message lists those it has.

    Examples
    --------
    >>> precision("int4-awq").arithmetic
    'bf16'
    """
    if (found := _precisions().get(str(name).strip().lower())) is None:
        raise ValueError(f"deployment: precision is {name!r}; {suggestion(name, _precisions())}")
    return found


@cache
def _precisions() -> dict:
    return {
        row["name"]: Precision(
            name=row["name"],
            weight_bits=float(row["weight_bits"]),
            embedding_bits=float(row["embedding_bits"]),
            arithmetic=row["arithmetic"],
        )
        for row in catalogue.rows("precisions")
    }


@dataclass(frozen=True, kw_only=True)
class Deployment:
    """A model, the machines it runs on, and how.

    Parameters
    ----------
    model : Architecture
        The model. [-]
    accelerator : Accelerator
        The machine, of which there may be several. [-]
    parallelism : Parallelism
        How the model is spread over them. [-]
    weights : Precision
        How the weights are stored and multiplied. [-]
    kv_bits : float
        Stored size of one cached number. [bit]
    efficiency : Efficiency
        What the engine reaches of the machine. [-]

    Examples
    --------
    >>> deployment("llama-3.3-70b", "H100-SXM-80GB", tensor=4, engine="vllm").parallelism.devices
    4
    """

    model: Architecture
    accelerator: Accelerator
    parallelism: Parallelism
    weights: Precision
    kv_bits: float
    efficiency: Efficiency

    def __post_init__(self):
        positive("deployment", "kv_bits", self.kv_bits)

    @cached_property
    def arithmetic(self) -> str:
        """The precision of the matrix products."""
        return arithmetic_of(self.weights, self.accelerator)

    @cached_property
    def server(self) -> Server:
        """The deployment in numbers, worked out once."""
        return server(self.model, self.accelerator, self.parallelism, self.weights, self.kv_bits)


def deployment(
    model,
    accelerator,
    *,
    tensor: int = 1,
    pipeline: int = 1,
    replicas: int = 1,
    weights: str = "bf16",
    kv_bits: float = 16,
    engine: str | None = None,
    constants: Efficiency | None = None,
) -> Deployment:
    """Put a deployment together from names.

    Parameters
    ----------
    model : str or Architecture
        The model, or its name in the catalogue. [-]
    accelerator : str or Accelerator
        The machine, or its name in the catalogue. [-]
    tensor, pipeline, replicas : int, optional
        How many ways the model is split; see :class:`Parallelism`. [-]
    weights : str, optional
        Name of the precision of the weights. [-]
    kv_bits : float, optional
        Stored size of one cached number. [bit]
    engine : str or None, optional
        The engine; None takes the broad constants of the machine's class. [-]
    constants : Efficiency or None, optional
        Constants of one's own, instead of those of an engine. [-]

    Returns
    -------
    Deployment
        The deployment. [-]

    Raises
    ------
    ValueError
        If a name is unknown or a number out of range; the message says what is known.

    Examples
    --------
    >>> deployment("llama-3.1-8b", "L40S").efficiency.name
    'any engine, GDDR GPU'
    """
    machine = catalogue.accelerator(accelerator) if isinstance(accelerator, str) else accelerator
    return Deployment(
        model=catalogue.model(model) if isinstance(model, str) else model,
        accelerator=machine,
        parallelism=Parallelism(tensor=tensor, pipeline=pipeline, replicas=replicas),
        weights=precision(weights),
        kv_bits=kv_bits,
        efficiency=efficiency(engine, machine.machine_class, machine.name) if constants is None else constants,
    )
