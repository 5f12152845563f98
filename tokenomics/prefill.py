"""The arithmetic of a prefill, by its conventions, and other ways to count a pass beside ours."""

from .checks import choice
from .elementwise import minimum, wide
from .work import attended_tokens, attention_flops, decode_flops, head_flops, matrix_flops

__all__ = [
    "attended_pairs",
    "expanded_attention_flops",
    "expanded_decode_flops",
    "long_prefill_flops",
    "prefill_flops",
    "rule_of_thumb_flops",
]


def attended_pairs(tokens, reach, *, attention="full"):
    """Count the pairs of query and key in a prefill.

    Parameters
    ----------
    tokens : float or ndarray
        Tokens of the prompt. [token]
    reach : float or ndarray
        How far back a token attends. [token]
    attention : str, optional
        ``full`` counts every pair, as a plain matrix product computes them
        before the mask; ``causal`` only those that the mask leaves. [-]

    Returns
    -------
    float or ndarray
        Pairs. [-]

    Raises
    ------
    ValueError
        If the convention is neither.

    Notes
    -----
    Equation :eq:`eq-pairs`: token i attends to min(i, reach) tokens.

    Examples
    --------
    >>> attended_pairs(4, 2, attention="causal")
    7.0
    """
    tokens = wide(tokens)
    # Simulations ask for the causal pairs millions of times.
    if attention != "causal" and choice("prefill", "attention", attention, ["full", "causal"]) == "full":
        return tokens * tokens
    ramp = minimum(tokens, wide(reach))
    return ramp * (ramp + 1) / 2 + (tokens - ramp) * ramp


def expanded_attention_flops(attention, attended, scored):
    """Count scores and weighted values in one layer, latent attention on the keys and values it stands for.

    Parameters
    ----------
    attention : Attention or LatentAttention
        The attention block. [-]
    attended : float or ndarray
        Pairs of a query and a key that are used. [-]
    scored : float or ndarray
        Pairs that the indexer of sparse attention looks at. [-]

    Returns
    -------
    float or ndarray
        Arithmetic. [FLOP]

    Notes
    -----
    Equation :eq:`eq-attention-flops`. A head's key and value are narrower
    than the latent, so this is the cheaper way once they are made.

    Examples
    --------
    >>> from tokenomics.catalogue import model
    >>> expanded_attention_flops(model("deepseek-v3").layers[0].attention, 1, 1)
    81920
    """
    if attention.kind != "latent":
        return attention_flops(attention, attended, scored)
    read = attention.nope_dim + attention.rope_dim + attention.value_dim
    index = attention.index_heads * (attention.index_dim + 1)
    return 2 * attention.heads * read * wide(attended) + 2 * index * wide(scored)


def expanded_decode_flops(architecture, *, batch, context):
    """Count a decode step that makes the keys and values of the whole cache anew from its latents.

    Parameters
    ----------
    architecture : Architecture
        The model. [-]
    batch : int or ndarray
        Sequences that decode together. [-]
    context : float or ndarray
        Tokens that each new token attends to, itself included. [token]

    Returns
    -------
    float or ndarray
        Arithmetic of one new token for every sequence; without latent
        attention that of :func:`tokenomics.work.decode_flops`. [FLOP]

    Notes
    -----
    Equation :eq:`eq-mla-expanded`. It is what the reference class does, and
    what absorption saves.

    Examples
    --------
    >>> from tokenomics.catalogue import model
    >>> expanded_decode_flops(model("deepseek-v3"), batch=1, context=129)
    335886827520
    """
    context = wide(context)
    flops = decode_flops(architecture, batch=1, context=context)
    for layer in architecture.layers:
        attention = layer.attention
        if attention is not None and attention.kind == "latent":
            attended = attended_tokens(attention, context)
            absorbed = attention_flops(attention, attended, context)
            # The new token's own key and value are already among the matrices.
            made = 2 * attention.latent_rank * attention.heads * (attention.nope_dim + attention.value_dim)
            expanded = expanded_attention_flops(attention, attended, context) + made * (context - 1)
            flops = flops + layer.count * (expanded - absorbed)
    return wide(batch) * flops


def prefill_flops(architecture, *, tokens, batch=1, attention="full", logits="every", latent="expanded"):
    """Count the arithmetic of a prefill.

    Parameters
    ----------
    architecture : Architecture
        The model. [-]
    tokens : float or ndarray
        Tokens of each prompt. [token]
    batch : int or ndarray, optional
        Prompts. [-]
    attention : str, optional
        ``full`` counts every pair of query and key, ``causal`` those that the
        mask leaves. [-]
    logits : str, optional
        ``every`` counts the output head for each position, ``last`` for the
        last one, which is all that generation needs. [-]
    latent : str, optional
        ``expanded`` lets latent attention work on the keys and values made of
        the latents, which is cheaper here; ``absorbed`` on the latents. [-]

    Returns
    -------
    float or ndarray
        Arithmetic. [FLOP]

    Raises
    ------
    ValueError
        If a convention is not among those named.

    Notes
    -----
    Equation :eq:`eq-prefill-flops`. Norms, activations, softmax and rotary
    embedding are left out; :func:`long_prefill_flops` has them.

    Examples
    --------
    >>> from tokenomics.catalogue import model
    >>> round(prefill_flops(model("llama-3.3-70b"), tokens=2048) / 1e12, 1)
    295.7
    """
    choice("prefill", "logits", logits, ["every", "last"])
    choice("prefill", "latent", latent, ["expanded", "absorbed"])
    tokens = wide(tokens)
    count = expanded_attention_flops if latent == "expanded" else attention_flops
    flops = head_flops(architecture) * (tokens if logits == "every" else 1)
    if architecture.embedding_size is not None:
        flops = flops + 4 * architecture.embedding_size * architecture.hidden_size * tokens
    for layer in architecture.layers:
        flops = flops + layer.count * matrix_flops(architecture.hidden_size, layer) * tokens
        if layer.attention is not None:
            pairs = attended_pairs(tokens, attended_tokens(layer.attention, tokens), attention=attention)
            scored = attended_pairs(tokens, tokens, attention=attention)
            flops = flops + layer.count * count(layer.attention, pairs, scored)
    return wide(batch) * flops


def long_prefill_flops(architecture, *, tokens):
    """Count the arithmetic of a prefill with the small operations too.

    Parameters
    ----------
    architecture : Architecture
        The model. [-]
    tokens : float or ndarray
        Tokens of the prompt. [token]

    Returns
    -------
    float or ndarray
        Arithmetic. [FLOP]

    Notes
    -----
    Equation :eq:`eq-long-prefill`: :func:`prefill_flops`, and for each layer
    one norm of 4 h, rotary embedding of 6 for each element of the queries
    and five for each score of the softmax. The source counts one norm of the
    two, turns the keys as if they had all the heads, halves nothing for the
    causal mask, and leaves out the activation.

    References
    ----------
    tugot17, *Tokenomics from first principles*, section "Total FLOPs in a Llama model".

    Examples
    --------
    >>> from tokenomics.catalogue import model
    >>> round(long_prefill_flops(model("llama-3.3-70b"), tokens=2048) / 1e12, 1)
    295.8
    """
    tokens = wide(tokens)
    small = 0
    for layer in architecture.layers:
        if layer.attention is not None:
            heads = layer.attention.heads
            head_dim = layer.attention.rope_dim if layer.attention.kind == "latent" else layer.attention.head_dim
            norm = 4 * architecture.hidden_size * tokens
            small = small + layer.count * (norm + 6 * heads * head_dim * tokens + 5 * heads * tokens * tokens)
    return prefill_flops(architecture, tokens=tokens) + small


def rule_of_thumb_flops(parameters, tokens):
    """Estimate the arithmetic of a forward pass by the rule of two per parameter.

    Parameters
    ----------
    parameters : float or ndarray
        Parameters that a token runs through. [-]
    tokens : float or ndarray
        Tokens of the pass. [token]

    Returns
    -------
    float or ndarray
        Arithmetic. [FLOP]

    Notes
    -----
    Equation :eq:`eq-two-p-s`. It leaves attention out, which grows with the
    square of the prompt, and counts the embedding table, which is only looked
    up. For a 70B model and two thousand tokens the two nearly cancel.

    Examples
    --------
    >>> rule_of_thumb_flops(70e9, 4096)
    573440000000000.0
    """
    return 2 * wide(parameters) * wide(tokens)
