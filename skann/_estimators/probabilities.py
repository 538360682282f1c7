"""Raw outputs to probabilities and their logarithms, both without overflow.

Sigmoid and softmax never reach 0 or 1, only their rounding does. Probabilities here
are kept strictly inside, at the price of at most one rounding, so that a logarithm is
always finite and agrees with :func:`log_probabilities`.

Three kinds of outputs: "two classes" on one sigmoid unit, "labels" on one sigmoid unit
each, and several classes, whose outputs are a "softmax" layer or "logistic" units that
are divided by their sum.
"""

import numpy as np

from .._network.elementwise import softplus


def probabilities(raw, kind):
    """Probabilities for raw outputs of shape (n_samples, n_outputs)."""
    if kind == "two classes":
        z = np.stack([-raw[:, 0], raw[:, 0]], axis=1)
        return _inside(np.exp(_log_sigmoid(z)))
    if kind == "labels":
        return _inside(np.exp(_log_sigmoid(raw)))
    # Outputs first: sums over few classes are slow along the last axis.
    z = np.array((raw if kind == "softmax" else _log_sigmoid(raw)).T, order="C")
    z -= z.max(axis=0)
    np.exp(z, z)
    z /= z.sum(axis=0)
    p = np.array(z.T, order="C")
    return p if p.shape[1] == 1 else _inside(p)


def log_probabilities(raw, kind):
    """Logarithms of :func:`probabilities`, computed without rounding those first.

    Floored at the logarithm of the smallest normal number, as those are.
    """
    if kind == "two classes":
        log_p = _log_sigmoid(np.stack([-raw[:, 0], raw[:, 0]], axis=1))
    elif kind == "labels":
        log_p = _log_sigmoid(raw)
    else:
        z = raw if kind == "softmax" else _log_sigmoid(raw)
        z = z - z.max(axis=1, keepdims=True)
        log_p = z - np.log(np.exp(z).sum(axis=1, keepdims=True))
    return np.maximum(log_p, np.log(np.finfo(log_p.dtype).tiny))


def _log_sigmoid(z):
    """log σ(z) = -softplus(-z)"""
    return -softplus(-z)


def _inside(p):
    """Move what has rounded to 0 or 1 to the nearest number between them."""
    limits = np.finfo(p.dtype)
    return np.clip(p, limits.tiny, 1 - limits.epsneg, out=p)
