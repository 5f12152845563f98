"""The weight matrices of a layer, listed: parameters, arithmetic and traffic are sums over these lists."""

from dataclasses import dataclass

__all__ = [
    "Matrix",
    "attention_matrices",
    "expert_matrices",
    "feed_forward_matrices",
    "latent_matrices",
    "layer_matrices",
]


@dataclass(frozen=True, kw_only=True)
class Matrix:
    """One weight matrix, or several copies of which a token uses some.

    Parameters
    ----------
    block : str
        The block it belongs to: attention, feed-forward, experts and so on. [-]
    name : str
        What it computes. [-]
    inputs, outputs : int
        Width of the vector it takes and of the vector it gives. [-]
    bias : bool, optional
        Whether it adds a bias vector to its output. [-]
    copies : int, optional
        How many are stored: one for each expert. [-]
    active : int, optional
        How many of the copies one token runs through. [-]

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
    copies: int = 1
    active: int = 1


def attention_matrices(hidden_size: int, attention) -> list:
    """List the weight matrices of an attention block, in the order they are used.

    Parameters
    ----------
    hidden_size : int
        Width of the vector that runs through the layers. [-]
    attention : Attention or LatentAttention
        The block. [-]

    Returns
    -------
    list of Matrix
        Grouped: query, key, value, gate (if there is one), output. Latent:
        see :func:`latent_matrices`. [-]

    Notes
    -----
    Equation :eq:`eq-layer` sums over this list.

    Examples
    --------
    >>> from tokenomics.catalogue import model
    >>> [matrix.name for matrix in attention_matrices(8192, model("llama-3.3-70b").layers[0].attention)]
    ['query', 'key', 'value', 'output']
    """
    if attention.kind == "latent":
        return latent_matrices(hidden_size, attention)
    value_dim = attention.head_dim if attention.value_dim is None else attention.value_dim
    query = attention.heads * attention.head_dim
    key = attention.kv_heads * attention.head_dim
    value = attention.kv_heads * value_dim
    result = attention.heads * value_dim
    matrices = [
        Matrix(block="attention", name="query", inputs=hidden_size, outputs=query, bias=attention.query_bias),
        Matrix(block="attention", name="key", inputs=hidden_size, outputs=key, bias=attention.key_value_bias),
        Matrix(block="attention", name="value", inputs=hidden_size, outputs=value, bias=attention.key_value_bias),
    ]
    if attention.gate_width > 0:
        width = attention.gate_width
        matrices.append(
            Matrix(block="attention", name="gate", inputs=hidden_size, outputs=width, bias=attention.gate_bias)
        )
    matrices.append(
        Matrix(block="attention", name="output", inputs=result, outputs=hidden_size, bias=attention.output_bias)
    )
    return matrices


def latent_matrices(hidden_size: int, attention) -> list:
    """List the weight matrices of latent attention, in the order they are used.

    Parameters
    ----------
    hidden_size : int
        Width of the vector that runs through the layers. [-]
    attention : LatentAttention
        The block. [-]

    Returns
    -------
    list of Matrix
        The way of the query, the latent, the keys and values made of it,
        output; then the indexer, if there is one. [-]

    Notes
    -----
    Equation :eq:`eq-mla`. The latent carries beside its rank the part of the
    key that knows the position, shared by all heads.

    References
    ----------
    DeepSeek-AI, *DeepSeek-V2*, arXiv:2405.04434, section 2.1.

    Examples
    --------
    >>> from tokenomics.catalogue import model
    >>> [matrix.name for matrix in latent_matrices(7168, model("deepseek-v3").layers[0].attention)]
    ['query down', 'query up', 'latent', 'key up', 'value up', 'output']
    """
    query = attention.heads * (attention.nope_dim + attention.rope_dim)
    latent = attention.latent_rank + attention.rope_dim
    key = attention.heads * attention.nope_dim
    value = attention.heads * attention.value_dim
    rank = attention.query_rank
    bias = attention.bias
    matrices = []
    if rank is None:
        matrices.append(Matrix(block="attention", name="query", inputs=hidden_size, outputs=query))
    else:
        matrices.append(Matrix(block="attention", name="query down", inputs=hidden_size, outputs=rank, bias=bias))
        matrices.append(Matrix(block="attention", name="query up", inputs=rank, outputs=query))
    matrices.append(Matrix(block="attention", name="latent", inputs=hidden_size, outputs=latent, bias=bias))
    matrices.append(Matrix(block="attention", name="key up", inputs=attention.latent_rank, outputs=key))
    matrices.append(Matrix(block="attention", name="value up", inputs=attention.latent_rank, outputs=value))
    matrices.append(Matrix(block="attention", name="output", inputs=value, outputs=hidden_size, bias=bias))
    if attention.index_heads > 0:
        heads = attention.index_heads
        width = attention.index_dim
        matrices.append(Matrix(block="attention", name="index query", inputs=rank, outputs=heads * width))
        matrices.append(Matrix(block="attention", name="index key", inputs=hidden_size, outputs=width))
        matrices.append(Matrix(block="attention", name="index weights", inputs=hidden_size, outputs=heads))
    return matrices


def expert_matrices(hidden_size: int, experts) -> list:
    """List the weight matrices of routed experts, the router first.

    Parameters
    ----------
    hidden_size : int
        Width of the vector that runs through the layers. [-]
    experts : Experts
        The experts. [-]

    Returns
    -------
    list of Matrix
        Router, the gate of the shared expert (if it has one), then one matrix
        for each of an expert's, with as many copies as there are experts. [-]

    Notes
    -----
    Equation :eq:`eq-active`.

    Examples
    --------
    >>> from tokenomics.catalogue import model
    >>> [matrix.copies for matrix in expert_matrices(4096, model("mixtral-8x7b").layers[0].experts)]
    [1, 8, 8, 8]
    """
    width = experts.intermediate_size
    matrices = [
        Matrix(block="router", name="router", inputs=hidden_size, outputs=experts.count, bias=experts.router_bias)
    ]
    if experts.shared_gate:
        matrices.append(Matrix(block="router", name="shared gate", inputs=hidden_size, outputs=1))
    for matrix in feed_forward_matrices(hidden_size, width, experts.gated, experts.bias, "experts"):
        matrices.append(
            Matrix(
                block="experts",
                name=matrix.name,
                inputs=matrix.inputs,
                outputs=matrix.outputs,
                bias=matrix.bias,
                copies=experts.count,
                active=experts.active,
            )
        )
    return matrices


def feed_forward_matrices(hidden_size: int, width: int, gated: bool, bias: bool, block: str) -> list:
    """List the weight matrices of one feed-forward block or of one expert.

    Parameters
    ----------
    hidden_size : int
        Width of the vector that runs through the layers. [-]
    width : int
        Width between the matrices. [-]
    gated : bool
        Whether there is a gate matrix. [-]
    bias : bool
        Whether each matrix adds a bias vector. [-]
    block : str
        The block that they belong to. [-]

    Returns
    -------
    list of Matrix
        Gate (if gated), up, down. [-]

    Notes
    -----
    Equation :eq:`eq-layer`.

    Examples
    --------
    >>> len(feed_forward_matrices(768, 3072, False, True, "feed-forward"))
    2
    """
    matrices = []
    if gated:
        matrices.append(Matrix(block=block, name="gate", inputs=hidden_size, outputs=width, bias=bias))
    matrices.append(Matrix(block=block, name="up", inputs=hidden_size, outputs=width, bias=bias))
    matrices.append(Matrix(block=block, name="down", inputs=width, outputs=hidden_size, bias=bias))
    return matrices


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
        Those of attention or of the recurrent block, of the feed-forward
        block, of the experts. [-]

    Notes
    -----
    Equation :eq:`eq-layer` sums over this list. Parameters, arithmetic and
    weight traffic of a layer are all sums over it.

    Examples
    --------
    >>> from tokenomics.catalogue import model
    >>> [matrix.name for matrix in layer_matrices(8192, model("llama-3.3-70b").layers[0])]
    ['query', 'key', 'value', 'output', 'gate', 'up', 'down']
    """
    matrices = []
    if layer.attention is not None:
        for matrix in attention_matrices(hidden_size, layer.attention):
            matrices.append(matrix)
    if layer.recurrence is not None:
        for matrix in layer.recurrence.matrices:
            matrices.append(matrix)
    if layer.feed_forward is not None:
        block = layer.feed_forward
        name = "feed-forward" if layer.experts is None else "shared experts"
        for matrix in feed_forward_matrices(hidden_size, block.intermediate_size, block.gated, block.bias, name):
            matrices.append(matrix)
    if layer.experts is not None:
        for matrix in expert_matrices(hidden_size, layer.experts):
            matrices.append(matrix)
    return matrices
