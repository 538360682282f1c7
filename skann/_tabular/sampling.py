"""Random samples of large data."""

import numpy as np


def sampled(rows, n_most):
    """At most n_most of the rows, drawn at random with a fixed seed, in their order.

    Every k-th row would show a pattern in the data instead of the data.
    """
    if len(rows) <= n_most:
        return rows
    rng = np.random.default_rng(0)
    return rows[np.sort(rng.choice(len(rows), n_most, replace=False))]
