"""Elementwise functions that activations, losses and optimisers share, in place.

NumPy's own ``exp`` and ``tanh`` are vectorised while SciPy's special functions are
not (on large arrays ``expit`` costs about six times a sigmoid by way of ``np.tanh``),
so SciPy's are used where NumPy has none or the array is small. On arrays of a few
elements a call is all overhead, and what counts is how it is made: outputs go by
position where NumPy allows it, and constants are 0-d arrays of the right dtype
(:func:`constant`), because converting a Python number doubles the time of a call.
"""

from functools import cache

import numpy as np


@cache
def constant(value, dtype):
    """``value`` as a 0-d array, made once."""
    array = np.array(value, dtype)
    array.flags.writeable = False
    return array


# Up to this many elements one call of a function that is not vectorised costs less
# than several calls of functions that are.
SMALL = 128


def logistic(z, out):
    """1 / (1 + exp(-z)) by way of tanh, which neither overflows nor branches.

    The error is absolute, half a unit in the last place of 1: right for a hidden
    layer, too coarse for the logarithm of a small probability.
    """
    half = constant(0.5, z.dtype)
    np.multiply(z, half, out)
    np.tanh(out, out)
    np.multiply(out, half, out)
    return np.add(out, half, out)


def softplus(z, out, scratch):
    """log(1 + exp(z)) = max(z, 0) + log1p(exp(-|z|)), for every z without overflow.

    ``out`` may be ``z``; ``scratch`` may be neither.
    """
    if z.size < SMALL:
        # One call, though NumPy does not vectorise it.
        return np.logaddexp(constant(0, z.dtype), z, out)
    np.abs(z, scratch)
    np.negative(scratch, scratch)
    np.exp(scratch, scratch)
    np.log1p(scratch, scratch)
    np.maximum(z, 0, out=out)
    return np.add(out, scratch, out)
