"""Arrays that begin on a cache line.

NumPy's own arrays begin 16 bytes past one. Each of the processor's widest loads and
stores then touches two lines; an update of parameters that another core has just
written takes up to three times as long.
"""

import math

import numpy as np

LINE = 64


def empty(shape, dtype):
    """An aligned array, not initialised."""
    dtype = np.dtype(dtype)
    n_bytes = math.prod(np.atleast_1d(shape).tolist()) * dtype.itemsize
    memory = np.empty(n_bytes + LINE, np.uint8)
    start = -memory.ctypes.data % LINE
    return memory[start : start + n_bytes].view(dtype).reshape(shape)


def zeros(shape, dtype):
    """An aligned array of zeros."""
    array = empty(shape, dtype)
    array.fill(0)
    return array


def aligned(array):
    """The array itself if it is aligned, else a copy that is."""
    return copied(array) if array.ctypes.data % LINE else array


def copied(array, dtype=None):
    """An aligned copy."""
    copy = empty(array.shape, dtype or array.dtype)
    copy[...] = array
    return copy
