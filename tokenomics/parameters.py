"""How many parameters a model has, by part, and what they weigh."""

from dataclasses import dataclass

__all__ = [
    "Matrix",
    "active_parameters",
    "layer_matrices",
    "layer_parameters",
    "matrix_parameters",
    "parameters_by_part",
    "total_parameters",
    "weight_bytes",
]


@dataclass(frozen=True, kw_only=True)
class Matrix:
    """One weight matrix of a layer.

    Parameters
    ----------
    block : str
        The block it belongs to: attention or feed-forward. [-]
    name : str
        What it computes. [-]
    inputs, outputs : int
        Width of the vector it takes and of the vector it gives. [-]
    bias : bool, optional
        Whether it adds a bias vector to its output. [-]

    Examples
    --------
    >>> Matrix(block="attention", name="query", inputs=8192, outputs=8192).outputs
    8192
    """

    block: str
    name: str
    inputs: int
    outputs: int
    bias: bool = False


def matrix_parameters(matrix: Matrix) -> int:
    """Count the parameters of one matrix and its bias.

    Parameters
    ----------
    matrix : Matrix
        The matrix. [-]

    Returns
    -------
    int
        Parameters. [-]

    Notes
    -----
    Equation :eq:`eq-matrix`: every output reads every input once, so a matrix
    holds inputs x outputs weights, and one bias for each output if it has any.

    Examples
    --------
    >>> matrix_parameters(Matrix(block="attention", name="key", inputs=8192, outputs=1024))
    8388608
    """
    weights = matrix.inputs * matrix.outputs
    return weights + matrix.outputs if matrix.bias else weights


def layer_matrices(hidden_size: int, layer) -> list:
    """List the weight matrices of one layer, in the order they are used.

    Parameters
    ----------
    hidden_size : int
        Width of the vector that runs through the layers. [-]
    layer : Layer
        The layer. [-]

    Returns
    -------
    list of Matrix
        Query, key, value, output; then gate (if gated), up, down. [-]

    Notes
    -----
    Equation :eq:`eq-layer` sums over this list.

    Examples
    --------
    >>> from tokenomics.catalogue import model
    >>> [matrix.name for matrix in layer_matrices(8192, model("llama-3.3-70b").layers[0])]
    ['query', 'key', 'value', 'output', 'gate', 'up', 'down']
    """
    attention = layer.attention
    feed_forward = layer.feed_forward
    query = attention.heads * attention.head_dim
    key_value = attention.kv_heads * attention.head_dim
    width = feed_forward.intermediate_size
    matrices = [
        Matrix(block="attention", name="query", inputs=hidden_size, outputs=query, bias=attention.query_bias),
        Matrix(block="attention", name="key", inputs=hidden_size, outputs=key_value, bias=attention.key_value_bias),
        Matrix(block="attention", name="value", inputs=hidden_size, outputs=key_value, bias=attention.key_value_bias),
        Matrix(block="attention", name="output", inputs=query, outputs=hidden_size, bias=attention.output_bias),
    ]
    if feed_forward.gated:
        matrices.append(
            Matrix(block="feed-forward", name="gate", inputs=hidden_size, outputs=width, bias=feed_forward.bias)
        )
    matrices.append(Matrix(block="feed-forward", name="up", inputs=hidden_size, outputs=width, bias=feed_forward.bias))
    matrices.append(
        Matrix(block="feed-forward", name="down", inputs=width, outputs=hidden_size, bias=feed_forward.bias)
    )
    return matrices


def layer_parameters(hidden_size: int, layer) -> int:
    """Count the parameters of one layer: its matrices and its norms.

    Parameters
    ----------
    hidden_size : int
        Width of the vector that runs through the layers. [-]
    layer : Layer
        The layer. [-]

    Returns
    -------
    int
        Parameters of one layer of the run. [-]

    Notes
    -----
    Equation :eq:`eq-layer`. For Llama 3.3 70B it is 12.75 h^2 + 2 h.

    Examples
    --------
    >>> from tokenomics.catalogue import model
    >>> layer_parameters(8192, model("llama-3.3-70b").layers[0])
    855654400
    """
    total = layer.norms * hidden_size
    for matrix in layer_matrices(hidden_size, layer):
        total = total + matrix_parameters(matrix)
    return total


def parameters_by_part(architecture) -> dict:
    """Count the parameters of a model, part by part.

    Parameters
    ----------
    architecture : Architecture
        The model. [-]

    Returns
    -------
    dict of str to int
        Parameters of the whole model by part: ``input embedding``,
        ``attention``, ``feed-forward``, ``norms`` and ``output head`` (zero
        when it is the embedding again). [-]

    Notes
    -----
    Equation :eq:`eq-total`. The final norm counts among the norms.

    Examples
    --------
    >>> from tokenomics.catalogue import model
    >>> parameters_by_part(model("llama-3.3-70b"))["feed-forward"]
    56371445760
    """
    table = architecture.vocabulary_size * architecture.hidden_size
    parts = {
        "input embedding": table,
        "attention": 0,
        "feed-forward": 0,
        "norms": architecture.hidden_size,
        "output head": 0 if architecture.tied_embeddings else table,
    }
    for layer in architecture.layers:
        for matrix in layer_matrices(architecture.hidden_size, layer):
            parts[matrix.block] = parts[matrix.block] + layer.count * matrix_parameters(matrix)
        parts["norms"] = parts["norms"] + layer.count * layer.norms * architecture.hidden_size
    return parts


def total_parameters(architecture) -> int:
    """Count every parameter that is stored.

    Parameters
    ----------
    architecture : Architecture
        The model. [-]

    Returns
    -------
    int
        Parameters. [-]

    Notes
    -----
    Equation :eq:`eq-total`.

    References
    ----------
    tugot17, *Tokenomics from first principles*, section "Model parameters and
    hardware requirements", for Llama 3.3 70B.

    Examples
    --------
    >>> from tokenomics.catalogue import model
    >>> total_parameters(model("llama-3.3-70b"))
    70553706496
    """
    total = 0
    for part in parameters_by_part(architecture).values():
        total = total + part
    return total


def active_parameters(architecture, *, convention: str = "with embeddings") -> int:
    """Count the parameters that one token uses, in a named convention.

    Parameters
    ----------
    architecture : Architecture
        The model. [-]
    convention : str, optional
        ``with embeddings`` counts all; ``without input embedding`` leaves the
        table out, of which a token reads one row; ``without embedding and
        head`` leaves the output head out as well. [-]

    Returns
    -------
    int
        Parameters. [-]

    Raises
    ------
    ValueError
        If the convention is none of the three.

    Notes
    -----
    A tied head is the table put to work: it is read in full at every step, so
    ``without input embedding`` leaves nothing out of a tied model.

    Examples
    --------
    >>> from tokenomics.catalogue import model
    >>> active_parameters(model("llama-3.3-70b"), convention="without input embedding")
    69503033344
    """
    parts = parameters_by_part(architecture)
    total = total_parameters(architecture)
    head = parts["input embedding"] if architecture.tied_embeddings else parts["output head"]
    if convention == "with embeddings":
        return total
    if convention == "without input embedding":
        return total if architecture.tied_embeddings else total - parts["input embedding"]
    if convention == "without embedding and head":
        return total - head if architecture.tied_embeddings else total - parts["input embedding"] - head
    raise ValueError(
        f"convention is {convention!r}; choose 'with embeddings', 'without input embedding' "
        "or 'without embedding and head'"
    )


def weight_bytes(parameters, bits):
    """Weigh parameters at a precision.

    Parameters
    ----------
    parameters : int or ndarray
        How many. [-]
    bits : float or ndarray
        Stored size of one parameter. [bit]

    Returns
    -------
    float or ndarray
        Size of the weights. [byte]

    Notes
    -----
    Equation :eq:`eq-bytes`. Scales and zero points of a quantised format are
    left out; give their share as a fraction of a bit (4.5 rather than 4).

    Examples
    --------
    >>> weight_bytes(70553706496, 16)
    141107412992.0
    """
    return parameters * bits / 8
