"""What a network has to beat: one constant prediction for all rows."""

import math

import numpy as np


def loss_of_guessing(loss_function, data):
    """Mean loss over the rows in use of the best constant prediction.

    That is the targets' mean for most losses; for classes, their shares. Of many rows a
    sample is taken.

    Parameters
    ----------
    loss_function : Loss
    data : Data

    Returns
    -------
    loss : float
        Infinite where a constant says nothing.
    """
    if not loss_function.has_guess:
        return math.inf
    rows = data.sample()
    y = data.targets_of(np.float64, rows)
    weight = data.weight_of(rows)
    z = np.broadcast_to(loss_function.best_constant(y, weight), y.shape)
    losses, _ = loss_function.value_and_delta(z, y)
    return float(np.average(losses, weights=weight))
