"""What a network has to beat: one constant prediction for all rows."""

import numpy as np

# Probabilities of a class that no row has, in its place: their logarithm is finite.
_TINY = 1e-30


def loss_of_guessing(loss_function, data):
    """Mean loss over the rows in use of always predicting the targets' mean.

    For classes that is their shares. Of many rows a sample is taken.

    Parameters
    ----------
    loss_function : Loss
    data : Data

    Returns
    -------
    loss : float
    """
    rows = data.sample()
    y = data.targets_of(np.float64, rows)
    weight = data.weight_of(rows)
    known = ~np.isnan(y)
    total = weight @ known
    mean = weight @ np.where(known, y, 0) / np.where(total > 0, total, 1)
    if loss_function.out_activation != "identity":
        mean = np.clip(mean, _TINY, 1 - np.finfo(float).eps / 2)
    z = np.broadcast_to(loss_function.raw_mean(mean), y.shape)
    losses, _ = loss_function.value_and_delta(z, y)
    return float(np.average(losses, weights=weight))
