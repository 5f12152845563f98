"""The recurrent blocks of hybrid and state-space models, read from a config."""

from .blocks import Recurrence
from .checks import shown
from .elementwise import ceil
from .matrices import Matrix
from .settings import Settings, flag, optional_size, size, trait

__all__ = ["recurrence"]


def recurrence(settings: Settings, hidden_size: int) -> Recurrence:
    """Describe the recurrent block of a model.

    Parameters
    ----------
    settings : Settings
        The config and its family. [-]
    hidden_size : int
        Width of the vector that runs through the layers. [-]

    Returns
    -------
    Recurrence
        The block. [-]

    Raises
    ------
    ValueError
        If a size is missing or out of range; the message names it.

    Notes
    -----
    Equation :eq:`eq-state`. For the arithmetic beside the matrices each
    number of the state is taken to decay (one operation), to be written and to
    be read (two each); the delta rule reads it once more before it writes.
    Engines process a prompt in chunks, which costs more.

    References
    ----------
    A. Gu and T. Dao, *Mamba*, arXiv:2312.00752; T. Dao and A. Gu, *Transformers
    are SSMs*, arXiv:2405.21060; S. Yang et al., *Gated Delta Networks*, arXiv:2412.06464.

    Examples
    --------
    >>> from tokenomics.families import families
    >>> settings = Settings(name="mine", config={"conv_L_cache": 3}, family=families()["lfm2"])
    >>> recurrence(settings, 2048).tail
    6144
    """
    return _BUILDERS[trait(settings, "recurrence")](settings, hidden_size)


def _matrix(name: str, inputs: int, outputs: int, bias: bool = False) -> Matrix:
    return Matrix(block="recurrence", name=name, inputs=inputs, outputs=outputs, bias=bias)


def _inner_size(settings: Settings, hidden_size: int) -> int:
    """Width inside a Mamba block."""
    return optional_size(settings, "inner_size") or size(settings, "expand") * hidden_size


def _mamba(settings: Settings, hidden_size: int) -> Recurrence:
    inner = _inner_size(settings, hidden_size)
    state = size(settings, "state_size")
    kernel = size(settings, "conv_kernel")
    # The class takes "auto" for a sixteenth of the hidden size.
    rank = ceil(hidden_size / 16) if trait(settings, "step_rank") == "auto" else size(settings, "step_rank")
    bias = flag(settings, "recurrent_bias")
    conv_bias = inner if flag(settings, "conv_bias") else 0
    return Recurrence(
        name="Mamba",
        matrices=(
            _matrix("input", hidden_size, 2 * inner, bias),
            _matrix("step, input and output of the state", inner, rank + 2 * state),
            _matrix("step", rank, inner, True),
            _matrix("output", inner, hidden_size, bias),
        ),
        # The convolution and its bias; the decay A of each number of the state; the skip D.
        vectors=inner * kernel + conv_bias + inner * state + inner,
        norm_parameters=rank + 2 * state if flag(settings, "state_norm") else 0,
        state=inner * state,
        tail=inner * kernel,
        flops=2 * inner * kernel + 5 * inner * state,
    )


def _mamba2(settings: Settings, hidden_size: int) -> Recurrence:
    state = size(settings, "state_size")
    kernel = size(settings, "conv_kernel")
    heads = size(settings, "recurrent_heads")
    stated = trait(settings, "recurrent_head_dim")
    if trait(settings, "inner_size") == "by heads":
        inner = heads * size(settings, "recurrent_head_dim")
    else:
        inner = _inner_size(settings, hidden_size)
    head_dim = inner // heads if stated == "auto" else size(settings, "recurrent_head_dim")
    if heads * head_dim != inner:
        raise ValueError(
            f"{settings.name}: {heads} heads of {shown(stated)} do not make up the inner size {inner} of a block"
        )
    channels = inner + 2 * size(settings, "groups") * state
    conv_bias = channels if flag(settings, "conv_bias") else 0
    return Recurrence(
        name="Mamba-2",
        matrices=(
            _matrix("input", hidden_size, inner + channels + heads, flag(settings, "recurrent_bias")),
            _matrix("output", inner, hidden_size, flag(settings, "recurrent_output_bias")),
        ),
        # The convolution and its bias; decay A, skip D and step bias of each head.
        vectors=channels * kernel + conv_bias + 3 * heads,
        norm_parameters=inner if flag(settings, "state_norm") else 0,
        state=inner * state,
        tail=channels * kernel,
        flops=2 * channels * kernel + 5 * inner * state,
    )


def _delta(settings: Settings, hidden_size: int) -> Recurrence:
    key_heads, value_heads = size(settings, "linear_num_key_heads"), size(settings, "linear_num_value_heads")
    key_dim, value_dim = size(settings, "linear_key_head_dim"), size(settings, "linear_value_head_dim")
    kernel = size(settings, "linear_conv_kernel_dim")
    if value_heads % key_heads:
        raise ValueError(
            f"{settings.name}: linear_num_key_heads is {key_heads}, "
            f"which does not divide linear_num_value_heads {value_heads}"
        )
    keys, values = key_heads * key_dim, value_heads * value_dim
    channels = 2 * keys + values
    return Recurrence(
        name="gated delta rule",
        matrices=(
            _matrix("query, key, value and gate", hidden_size, channels + values),
            _matrix("write strength and decay", hidden_size, 2 * value_heads),
            _matrix("output", values, hidden_size),
        ),
        # The convolution; decay and its bias of each head.
        vectors=channels * kernel + 2 * value_heads,
        norm_parameters=value_dim,
        state=values * key_dim,
        tail=channels * kernel,
        flops=2 * channels * kernel + 7 * values * key_dim,
    )


def _lightning(settings: Settings, hidden_size: int) -> Recurrence:
    heads = size(settings, "num_attention_heads")
    head_dim = optional_size(settings, "head_dim") or hidden_size // heads
    width = heads * head_dim
    return Recurrence(
        name="lightning attention",
        matrices=(
            _matrix("query, key and value", hidden_size, 3 * width),
            _matrix("gate", hidden_size, width),
            _matrix("output", width, hidden_size),
        ),
        norm_parameters=width,
        state=width * head_dim,
        tail=0,
        flops=5 * width * head_dim,
    )


def _convolution(settings: Settings, hidden_size: int) -> Recurrence:
    kernel = size(settings, "conv_kernel")
    bias = flag(settings, "conv_bias")
    return Recurrence(
        name="short convolution",
        matrices=(
            _matrix("input", hidden_size, 3 * hidden_size, bias),
            _matrix("output", hidden_size, hidden_size, bias),
        ),
        vectors=hidden_size * kernel + (hidden_size if bias else 0),
        state=0,
        tail=hidden_size * kernel,
        flops=2 * hidden_size * kernel,
    )


_BUILDERS = {
    "mamba": _mamba,
    "mamba2": _mamba2,
    "delta": _delta,
    "lightning": _lightning,
    "convolution": _convolution,
}
