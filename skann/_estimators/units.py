"""Which units of a network are drawn, and what they are called."""

import numpy as np


def shown_units(n_units, max_units):
    """Numbers of the units that are drawn of so many: the first and the last ones.

    Parameters
    ----------
    n_units : int
    max_units : int
        Units that are drawn at most, the place of the dots between them included.

    Returns
    -------
    shown : ndarray of int
    """
    if n_units <= max_units:
        return np.arange(n_units)
    first = max_units // 2  # one place is the dots'
    return np.r_[:first, n_units - (max_units - 1 - first) : n_units]


def places(shown):
    """Heights of units one above the other, with a gap where some are left out.

    Parameters
    ----------
    shown : ndarray of int of shape (n_shown,)

    Returns
    -------
    heights : ndarray of shape (n_shown,)
        Falling by one, the gap by two, around zero.
    """
    heights = -np.arange(len(shown), dtype=float)
    jump = np.flatnonzero(np.diff(shown) > 1)
    if len(jump):
        heights[jump[0] + 1 :] -= 1
    return heights - heights.mean()


def input_names(estimator):
    """Names of the inputs of a fitted network: its features, else x0, x1 and so on."""
    unnamed = [f"x{i}" for i in range(estimator.n_features_in_)]
    return [str(name) for name in getattr(estimator, "feature_names_in_", unnamed)]


def output_names(estimator):
    """Names of the output units: the classes, where each has one."""
    n = estimator.n_outputs_
    classes = getattr(estimator, "classes_", None)
    if classes is None:
        return _names_of_values(estimator._network, n)
    if isinstance(classes, list):
        return [f"y{i}" for i in range(n)]
    if n == 1:
        return [str(classes[-1])]
    return [str(name) for name in classes]


def _names_of_values(network, n):
    """Names of a regressor's outputs: what they stand for, else y0, y1 and so on."""
    if network.loss == "gaussian":
        kinds, each = ("mean", "variance"), range(n // 2)
        return [f"{kind} {i}" if n > 2 else kind for kind in kinds for i in each]
    if network.loss == "quantile" and len(network.loss_options) == n > 1:
        return [f"quantile {level:g}" for level in network.loss_options]
    return [f"y{i}" for i in range(n)] if n > 1 else ["y"]
