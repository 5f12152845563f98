"""How many parameters a model has, by part, and what they weigh."""

from .elementwise import wide
from .matrices import Matrix, embedding_width, layer_matrices

__all__ = [
    "Matrix",
    "active_parameters",
    "layer_matrices",
    "layer_parameters",
    "layer_parts",
    "matrix_parameters",
    "parameters_by_part",
    "total_parameters",
    "weight_bytes",
]


def matrix_parameters(matrix: Matrix) -> int:
    """Count the parameters of one matrix and its bias, in all its copies.

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
    return matrix.copies * (weights + matrix.outputs if matrix.bias else weights)


def layer_parts(hidden_size: int, layer) -> dict:
    """Count the parameters of one layer, part by part.

    Parameters
    ----------
    hidden_size : int
        Width of the vector that runs through the layers. [-]
    layer : Layer
        The layer. [-]

    Returns
    -------
    dict of str to int
        Parameters by part, of the parts that the layer has. [-]

    Notes
    -----
    Equation :eq:`eq-layer`.

    Examples
    --------
    >>> from tokenomics.catalogue import model
    >>> layer_parts(8192, model("llama-3.3-70b").layers[0])
    {'norms': 16384, 'attention': 150994944, 'feed-forward': 704643072}
    """
    parts = {"norms": layer.norms * hidden_size}
    for matrix in layer_matrices(hidden_size, layer):
        parts[matrix.block] = parts.get(matrix.block, 0) + matrix_parameters(matrix)
    blocks = [
        ["attention", layer.attention],
        ["recurrence", layer.recurrence],
        ["feed-forward" if layer.experts is None else "shared experts", layer.feed_forward],
        ["experts", layer.experts],
    ]
    for pair in blocks:
        name = pair[0]
        block = pair[1]
        if block is not None:
            parts["norms"] = parts["norms"] + block.norm_parameters
            parts[name] = parts.get(name, 0) + block.vectors
    return parts


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
    total = 0
    for part in layer_parts(hidden_size, layer).values():
        total = total + part
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
        when it is the embedding again); where a model has them also
        ``experts``, ``router``, ``shared experts``, ``recurrence``,
        ``positions`` and ``projections`` (of a narrow embedding). [-]

    Notes
    -----
    Equation :eq:`eq-total`. The final norm counts among the norms; layers for
    multi-token prediction do not count, see :func:`tokenomics.routing.prediction_parameters`.

    Examples
    --------
    >>> from tokenomics.catalogue import model
    >>> parameters_by_part(model("llama-3.3-70b"))["feed-forward"]
    56371445760
    """
    table = architecture.vocabulary_size * embedding_width(architecture)
    head = 0 if architecture.tied_embeddings else table
    parts = {
        "input embedding": table,
        "attention": 0,
        "feed-forward": 0,
        "norms": architecture.outer_norms * architecture.hidden_size,
        "output head": head + architecture.vocabulary_size if architecture.head_bias else head,
    }
    if architecture.positions > 0:
        parts["positions"] = architecture.positions * architecture.hidden_size
    if architecture.embedding_size is not None:
        parts["projections"] = 2 * architecture.embedding_size * architecture.hidden_size
    for layer in architecture.layers:
        of_layer = layer_parts(architecture.hidden_size, layer)
        for part in of_layer:
            parts[part] = parts.get(part, 0) + layer.count * of_layer[part]
    return parts


def total_parameters(architecture) -> int:
    """Count every parameter of the model.

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
    Equation :eq:`eq-total`. A checkpoint may hold more: see
    :func:`tokenomics.routing.prediction_parameters`.

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
        ``with embeddings`` counts all but the experts that a token is not sent
        to; ``without input embedding`` leaves the table out as well, of which
        a token reads one row; ``without embedding and head`` leaves out every
        table and the head. [-]

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
    Equation :eq:`eq-active`. A tied head is the table put to work: it is read
    in full at every step, so ``without input embedding`` leaves nothing out of
    a tied model.

    Examples
    --------
    >>> from tokenomics.catalogue import model
    >>> active_parameters(model("llama-3.3-70b"), convention="without input embedding")
    69503033344
    """
    parts = parameters_by_part(architecture)
    active = total_parameters(architecture)
    for layer in architecture.layers:
        experts = layer.experts
        if experts is not None:
            routed = layer_parts(architecture.hidden_size, layer)["experts"] - experts.vectors
            idle = experts.count - experts.active
            active = active - layer.count * idle * (routed // experts.count)
    table = parts["input embedding"]
    if convention == "with embeddings":
        return active
    if convention == "without input embedding":
        return active if architecture.tied_embeddings else active - table
    if convention == "without embedding and head":
        head = 0 if architecture.tied_embeddings else table
        return active - table - head - parts.get("positions", 0)
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
    return wide(parameters) * wide(bits) / 8
