"""A user's own loss or activation, as the engines take the package's.

The user's object has ``value`` and ``derivative``, a loss a ``link`` besides. What they
return is looked at in every call: an array of another shape would be broadcast without
a word.
"""

import numpy as np

from .activations import Activation
from .loss_base import Loss

# Output activations, by the link that undoes them.
OUT_ACTIVATIONS = {
    "identity": "identity",
    "log": "exp",
    "logit": "logistic",
    "softmax": "softmax",
}


class OwnLoss(Loss):
    """The loss of a user's object.

    Parameters
    ----------
    loss : object
        Has ``value``, ``derivative`` and ``link``.
    """

    has_guess = False  # the best constant is not known
    takes_zero = True  # the object says itself what it does not take

    def __init__(self, loss):
        self._loss = loss
        self.out_activation = OUT_ACTIVATIONS[loss.link]

    def value_and_delta(self, z, y):
        if self.out_activation == "softmax" and z.shape[1] == 1:
            # Two classes have one output z; their softmax is that of (0, z).
            z, y = np.hstack([np.zeros_like(z), z]), np.hstack([1 - y, y])
            value, delta = self.value_and_delta(z, y)
            return value, delta[:, 1:]
        value = result_of(self._loss, "value", z.shape[:1], z, y)
        return value, result_of(self._loss, "derivative", z.shape, z, y)


class OwnActivation(Activation):
    """The activation of a user's object.

    Parameters
    ----------
    activation : object
        Has ``value`` and ``derivative``.
    """

    def __init__(self, activation):
        self._activation = activation

    def value(self, z):
        return result_of(self._activation, "value", z.shape, z)

    def derivative(self, z, a):
        return result_of(self._activation, "derivative", z.shape, z)


def result_of(own, method, shape, z, *y):
    """What a method returns, in the dtype of ``z``, if it is of this shape.

    Raises
    ------
    ValueError
        If it is not.
    """
    found = np.asarray(getattr(own, method)(z, *y))
    if found.shape != shape or found.dtype.kind not in "fiub":
        raise ValueError(
            f"{type(own).__name__}.{method} must return numbers in an array of shape "
            f"{shape} for z of shape {z.shape}; got {found.dtype} of shape "
            f"{found.shape}."
        )
    return found.astype(z.dtype, copy=False)
