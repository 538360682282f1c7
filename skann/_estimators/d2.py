"""D²: the share of a loss that predictions take away from the best constant."""

import numpy as np


def d2_score(loss, z, y, weight):
    """Weighted D² of a loss, the mean over outputs.

    scikit-learn's ``d2_pinball_score``, ``d2_absolute_error_score`` and
    ``d2_tweedie_score``, of raw outputs. Losses of real targets grow by a power of the
    unit, so the unit does not matter.

    Parameters
    ----------
    loss : Loss
        With ``has_d2``: a sum over outputs.
    z : ndarray of shape (n_rows, n_outputs)
        Raw outputs.
    y : ndarray of shape (n_rows, n_outputs)
        Targets in the network's unit; NaN where not observed.
    weight : ndarray of shape (n_rows,)

    Returns
    -------
    score : float
        NaN where an output has fewer than two observed targets of positive weight.
    """
    used = weight > 0
    z, y, weight = z[used].astype(np.float64), y[used], weight[used]
    if (np.count_nonzero(~np.isnan(y), axis=0) < 2).any():
        return float("nan")
    guess = np.broadcast_to(loss.best_constant(y, weight), y.shape)
    # A row far from the others may have an infinite loss.
    with np.errstate(over="ignore", invalid="ignore"):
        losses = weight @ loss.by_output(z, y)
        total = weight @ loss.by_output(guess, y)
        explained = 1 - losses / np.where(total > 0, total, 1)
    # As scikit-learn has it: a constant is predicted perfectly or not at all.
    constant = np.where(losses == 0, 1.0, 0.0)
    return float(np.where(total > 0, explained, constant).mean())
