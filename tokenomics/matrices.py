"""The weight matrices of a layer, listed: parameters, arithmetic and traffic are sums over these lists."""

from dataclasses import dataclass

__all__ = [
    "Matrix",
    "attention_matrices",
    "embedding_width",
    "feed_forward_rows",
    "latent_matrices",
    "layer_matrices",
    "matrices_of",
    "value_width",
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


def value_width(attention) -> int:
    """Say how wide one value head is.

    Parameters
    ----------
    attention : Attention or LatentAttention
        The attention block. [-]

    Returns
    -------
    int
        Its own width where it has one, else that of a key. [-]

    Examples
    --------
    >>> from tokenomics.blocks import Attention
    >>> value_width(Attention(heads=64, kv_heads=8, head_dim=128))
    128
    """
    return attention.head_dim if attention.value_dim is None else attention.value_dim


def embedding_width(architecture) -> int:
    """Say how wide a row of the embedding table is.

    Parameters
    ----------
    architecture : Architecture
        The model. [-]

    Returns
    -------
    int
        The width of the table where it is its own, else the hidden size. [-]

    Examples
    --------
    >>> from tokenomics.catalogue import model
    >>> embedding_width(model("llama-3.3-70b"))
    8192
    """
    return architecture.hidden_size if architecture.embedding_size is None else architecture.embedding_size


def matrices_of(block: str, rows: list, copies: int = 1, active: int = 1) -> list:
    """Make the matrices of a block from rows of name, inputs, outputs and bias.

    Parameters
    ----------
    block : str
        The block that they belong to. [-]
    rows : list of list
        Name, inputs, outputs, and whether there is a bias. [-]
    copies : int, optional
        How many of each are stored. [-]
    active : int, optional
        How many of the copies one token runs through. [-]

    Returns
    -------
    list of Matrix
        The matrices. [-]

    Examples
    --------
    >>> matrices_of("attention", [["query", 8192, 8192, False]])[0].outputs
    8192
    """
    return [
        Matrix(block=block, name=row[0], inputs=row[1], outputs=row[2], bias=row[3], copies=copies, active=active)
        for row in rows
    ]


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
    value_dim = value_width(attention)
    bias = attention.key_value_bias
    rows = [
        ["query", hidden_size, attention.heads * attention.head_dim, attention.query_bias],
        ["key", hidden_size, attention.kv_heads * attention.head_dim, bias],
        ["value", hidden_size, attention.kv_heads * value_dim, bias],
    ]
    if attention.gate_width > 0:
        rows.append(["gate", hidden_size, attention.gate_width, attention.gate_bias])
    rows.append(["output", attention.heads * value_dim, hidden_size, attention.output_bias])
    return matrices_of("attention", rows)


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
    heads = attention.heads
    rank = attention.query_rank
    bias = attention.bias
    query = heads * (attention.nope_dim + attention.rope_dim)
    if rank is None:
        rows = [["query", hidden_size, query, False]]
    else:
        rows = [["query down", hidden_size, rank, bias], ["query up", rank, query, False]]
    rows.append(["latent", hidden_size, attention.latent_rank + attention.rope_dim, bias])
    rows.append(["key up", attention.latent_rank, heads * attention.nope_dim, False])
    rows.append(["value up", attention.latent_rank, heads * attention.value_dim, False])
    rows.append(["output", heads * attention.value_dim, hidden_size, bias])
    if attention.index_heads > 0:
        rows.append(["index query", rank, attention.index_heads * attention.index_dim, False])
        rows.append(["index key", hidden_size, attention.index_dim, False])
        rows.append(["index weights", hidden_size, attention.index_heads, False])
    return matrices_of("attention", rows)


def feed_forward_rows(hidden_size: int, block) -> list:
    """List name, inputs, outputs and bias of the matrices of a feed-forward block or of one expert.

    Parameters
    ----------
    hidden_size : int
        Width of the vector that runs through the layers. [-]
    block : FeedForward or Experts
        The block. [-]

    Returns
    -------
    list of list
        Gate (if gated), up, down. [-]

    Notes
    -----
    Equation :eq:`eq-layer`.

    Examples
    --------
    >>> from tokenomics.blocks import FeedForward
    >>> feed_forward_rows(768, FeedForward(intermediate_size=3072, gated=False))
    [['up', 768, 3072, False], ['down', 3072, 768, False]]
    """
    width = block.intermediate_size
    rows = [["gate", hidden_size, width, block.bias]] if block.gated else []
    rows.append(["up", hidden_size, width, block.bias])
    rows.append(["down", width, hidden_size, block.bias])
    return rows


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
        block or shared expert, of the router, and of the experts: one matrix
        for each of an expert's, with as many copies as there are experts. [-]

    Notes
    -----
    Equation :eq:`eq-layer` sums over this list. Parameters, arithmetic and
    weight traffic of a layer are all sums over it.

    Examples
    --------
    >>> from tokenomics.catalogue import model
    >>> [matrix.name for matrix in layer_matrices(8192, model("llama-3.3-70b").layers[0])]
    ['query', 'key', 'value', 'output', 'gate', 'up', 'down']
    >>> layer_matrices(4096, model("mixtral-8x7b").layers[0])[-1].copies
    8
    """
    lists = []
    if layer.attention is not None:
        lists.append(attention_matrices(hidden_size, layer.attention))
    if layer.recurrence is not None:
        lists.append(layer.recurrence.matrices)
    if layer.feed_forward is not None:
        name = "feed-forward" if layer.experts is None else "shared experts"
        lists.append(matrices_of(name, feed_forward_rows(hidden_size, layer.feed_forward)))
    if layer.experts is not None:
        experts = layer.experts
        rows = [["router", hidden_size, experts.count, experts.router_bias]]
        if experts.shared_gate:
            rows.append(["shared gate", hidden_size, 1, False])
        lists.append(matrices_of("router", rows))
        lists.append(matrices_of("experts", feed_forward_rows(hidden_size, experts), experts.count, experts.active))
    return [matrix for matrices in lists for matrix in matrices]
