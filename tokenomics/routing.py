"""What a pass reads of the parameters that are stored: the experts it is sent to, and no layer for prediction."""

from .checks import between, positive
from .elementwise import wide
from .parameters import layer_parameters, layer_parts, parameters_by_part, total_parameters

__all__ = ["experts_touched", "prediction_parameters", "touched_parameters"]


def experts_touched(count, active, tokens):
    """Expect how many experts of a layer a pass over some tokens reads.

    Parameters
    ----------
    count : int or ndarray
        Experts of the layer. [-]
    active : int or ndarray
        Experts that one token is sent to. [-]
    tokens : float or ndarray
        Tokens of the pass. [token]

    Returns
    -------
    float or ndarray
        Experts that at least one of the tokens uses. [-]

    Raises
    ------
    ValueError
        If there are no experts, or a token uses more than there are.

    Notes
    -----
    Equation :eq:`eq-experts-touched`: a token misses an expert with
    probability 1 - active/count, so all tokens miss it with that power. Each
    token is taken to choose freely and alike; real routers favour some
    experts, so a real batch touches rather fewer.

    Examples
    --------
    >>> round(experts_touched(256, 8, 32), 1)
    163.3
    """
    positive("experts", "count", count)
    count = wide(count)
    between("experts", "active / count", active / count, 0, 1)
    return count - count * (1 - active / count) ** wide(tokens)


def touched_parameters(architecture, tokens=1):
    """Expect how many parameters a pass over some tokens reads from memory.

    Parameters
    ----------
    architecture : Architecture
        The model. [-]
    tokens : float or ndarray, optional
        Tokens of the pass: the batch in decoding. [token]

    Returns
    -------
    float or ndarray
        Parameters. [-]

    Notes
    -----
    Equation :eq:`eq-experts-touched`. Every matrix is read once, but for
    the experts that no token is sent to; of the tables of embeddings and of
    positions a token reads one row, which is left out.

    Examples
    --------
    >>> from tokenomics.catalogue import model
    >>> touched_parameters(model("llama-3.3-70b"))
    69503033344
    """
    parts = parameters_by_part(architecture)
    touched = total_parameters(architecture) - parts.get("positions", 0)
    if not architecture.tied_embeddings:
        touched = touched - parts["input embedding"]
    for layer in architecture.layers:
        experts = layer.experts
        if experts is not None:
            routed = layer_parts(architecture.hidden_size, layer)["experts"] - experts.vectors
            idle = 1 - experts_touched(experts.count, experts.active, tokens) / experts.count
            touched = touched - layer.count * routed * idle
    return touched


def prediction_parameters(architecture) -> int:
    """Count the parameters that are stored to predict further tokens and do not run in plain decoding.

    Parameters
    ----------
    architecture : Architecture
        The model. [-]

    Returns
    -------
    int
        Parameters beside those of :func:`tokenomics.parameters.total_parameters`. [-]

    Notes
    -----
    Equation :eq:`eq-prediction`: a module holds one layer, a matrix that takes
    the hidden vector and the next token's embedding to one vector, and three
    norms. It shares embedding and head with the model.

    References
    ----------
    DeepSeek-AI, *DeepSeek-V3*, arXiv:2412.19437, section 2.2.

    Examples
    --------
    >>> from tokenomics.catalogue import model
    >>> prediction_parameters(model("deepseek-v3"))
    11610067968
    """
    hidden_size = architecture.hidden_size
    total = 0
    for layer in architecture.prediction_layers:
        of_module = layer_parameters(hidden_size, layer) + 2 * hidden_size * hidden_size + 3 * hidden_size
        total = total + layer.count * of_module
    return total
