"""What each kind of network counts for, by its predictions out of fold."""

import numpy as np

# Steps of the search: shares are multiples of one in so many.
_N_STEPS = 20


def blend_weights(loss, n_kinds):
    """Share of each kind in the blend with the lowest loss that is found.

    Kinds are taken one at a time, again and again, always the one that lowers the loss
    of the mean of all taken so far the most (Caruana et al. 2004): few steps, so that
    little is fitted to the rows that it goes by.

    Parameters
    ----------
    loss : callable
        Of the mean of the kinds' predictions, from an array with how often each is in
        it.
    n_kinds : int

    Returns
    -------
    blend_weights : ndarray of shape (n_kinds,)
        Non-negative, with sum one.

    References
    ----------
    Caruana, R., Niculescu-Mizil, A., Crew, G. & Ksikes, A. (2004). Ensemble selection
    from libraries of models. ICML.
    """
    counts = np.zeros(n_kinds)
    for _ in range(_N_STEPS):
        tried = counts + np.eye(n_kinds)
        counts = tried[np.argmin([loss(each) for each in tried])]
    return counts / _N_STEPS


def mean(outputs, shares):
    """Weighted mean of networks' outputs, in float64.

    Parameters
    ----------
    outputs : list of ndarray
    shares : list of float
    """
    total = 0.0
    for found, share in zip(outputs, shares, strict=True):
        total = total + share * found.astype(np.float64, copy=False)
    return total


def mixture(outputs, shares):
    """Mean and deviation of a mixture of distributions.

    Parameters
    ----------
    outputs : list of ndarray of shape (n_samples, 2, ...)
        Mean and deviation by each network.
    shares : list of float
        With sum one.

    Returns
    -------
    moments : ndarray of shape (n_samples, 2, ...)
    """
    centre = mean([each[:, 0] for each in outputs], shares)
    squares = [each[:, 1].astype(np.float64) ** 2 for each in outputs]
    squares += [(each[:, 0] - centre) ** 2 for each in outputs]
    return np.stack([centre, np.sqrt(mean(squares, [*shares, *shares]))], axis=1)
