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
