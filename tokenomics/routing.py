"""What a batch of tokens reads of a model that sends each token to a few of its experts."""

from .matrices import expert_matrices
from .parameters import matrix_parameters, parameters_by_part, total_parameters

__all__ = ["experts_touched", "touched_parameters"]


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
    return count - count * (1 - active / count) ** tokens


def touched_parameters(architecture, *, tokens=1):
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
        if layer.experts is not None:
            count = layer.experts.count
            untouched = count - experts_touched(count, layer.experts.active, tokens)
            for matrix in expert_matrices(architecture.hidden_size, layer.experts):
                if matrix.copies > 1:
                    touched = touched - layer.count * untouched * matrix_parameters(matrix) / count
    return touched
