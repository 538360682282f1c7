"""Rows in, mini-batches out.

:class:`Batches` owns what training reads: X, targets and weights, and the subset of
rows in use. It yields ``(X, y, weight)`` triples in the network's dtype with targets
*outputs first*, ``(n_outputs, n_rows)``, as the losses want them. What it yields is
valid until the next one: the memory is used again.

X itself is never copied as a whole, unless it is small: up to :data:`SMALL_BYTES` it
is copied once with a last column of ones (``ones_column``), so that the first layer's
biases become a row of its weights and cost no operation of their own. Rows in their
stored order are slices of X; rows in another order are gathered with
``np.take(..., mode="clip")`` (the default mode goes through a buffer) a block at a
time. A block is at least one batch and as many as fit in the cache, so that on narrow
data the cost of the calls is shared by many batches. Class labels stay one integer a
row and become one-hot a block at a time.
"""

import math

import numpy as np
from scipy import sparse

from .._network import memory

# Dense X up to this size is copied for the sake of the column of ones.
SMALL_BYTES = 1 << 23

# Bytes of X gathered at once: half of a usual second-level cache's share per core.
_BLOCK_BYTES = 1 << 18


class Batches:
    """Mini-batches of weighted rows.

    Parameters
    ----------
    X : ndarray or csr matrix of shape (n_samples, n_features)
    y : ndarray of shape (n_samples,) of int or (n_outputs, n_samples) of float
        Class codes, or targets with outputs first in the network's dtype.
    weight : ndarray of shape (n_samples,) or None
        Row weights in the network's dtype; None for ones.
    n_outputs : int
    dtype : dtype
        The network's.
    rows : ndarray of intp or None
        The rows in use; None for all.

    Attributes
    ----------
    n_rows : int
        Rows in use.
    ones_column : bool
        Whether the X of every batch ends in a column of ones.
    """

    def __init__(self, X, y, weight, *, n_outputs, dtype, rows=None):
        self.dtype = np.dtype(dtype)
        self.ones_column = (
            not sparse.issparse(X)
            and X.shape[0] * X.shape[1] * self.dtype.itemsize <= SMALL_BYTES
        )
        if self.ones_column:
            X = _with_ones(X, self.dtype)
        self.X, self.y, self.weight, self.rows = X, y, weight, rows
        self.n_outputs = n_outputs
        self.n_rows = X.shape[0] if rows is None else len(rows)
        self._labels = np.arange(n_outputs, dtype=np.intp)[:, None]
        self._buffers = {}
        self._everything = None

    def epoch(self, batch_size, rng=None):
        """Iterate over all rows once, shuffled by ``rng`` or in their order.

        A single batch of everything is not shuffled: its sums do not depend on the
        order but for rounding, and it is gathered only once.
        """
        if batch_size >= self.n_rows:
            return iter((self._whole(),))
        if rng is not None:
            order = rng.permutation(self.n_rows if self.rows is None else self.rows)
        else:
            order = self.rows
        return self._split(order, batch_size)

    def _whole(self):
        if self._everything is None:
            rows = slice(None) if self.rows is None else self.rows
            self._everything = (
                self.X[rows].astype(self.dtype, copy=False),
                self._targets(rows).copy(),
                None if self.weight is None else self.weight[rows],
            )
        return self._everything

    def _split(self, order, batch_size):
        row_bytes = max(1, self.X.shape[1]) * self.dtype.itemsize
        n_batches = max(1, _BLOCK_BYTES // row_bytes // batch_size)
        if sparse.issparse(self.X):
            n_batches = 1
        step = n_batches * batch_size
        for start in range(0, self.n_rows, step):
            stop = min(start + step, self.n_rows)
            if order is None:
                block = self._stored(slice(start, stop))
            else:
                block = self._gathered(order[start:stop])
            if stop - start <= batch_size:
                yield block
            else:
                yield from _slices(*block, batch_size)

    def _stored(self, rows):
        weight = None if self.weight is None else self.weight[rows]
        return self._cast(self.X[rows]), self._targets(rows), weight

    def _gathered(self, rows):
        n = len(rows)
        if sparse.issparse(self.X) or not self.X.flags.c_contiguous:
            # np.take would first make a contiguous copy of all of X.
            X = self.X[rows]
        else:
            X = self._buffer("X", (n, self.X.shape[1]), self.X.dtype)
            np.take(self.X, rows, 0, X, "clip")
        weight = None
        if self.weight is not None:
            weight = self._buffer("weight", (n,), self.dtype)
            np.take(self.weight, rows, 0, weight, "clip")
        return self._cast(X), self._targets(rows), weight

    def _targets(self, rows):
        if self.y.ndim == 2:
            if isinstance(rows, slice):
                return self.y[:, rows]
            y = self._buffer("y", (self.n_outputs, len(rows)), self.dtype)
            return np.take(self.y, rows, 1, y, "clip")
        codes = self.y[rows]
        y = self._buffer("y", (self.n_outputs, len(codes)), self.dtype)
        return np.equal(self._labels, codes, y)

    def _cast(self, X):
        if X.dtype == self.dtype:
            return X
        if sparse.issparse(X):
            return X.astype(self.dtype)
        out = self._buffer("cast", X.shape, self.dtype)
        np.copyto(out, X)
        return out

    def _buffer(self, name, shape, dtype):
        size = math.prod(shape)
        buffer = self._buffers.get(name)
        if buffer is None or buffer.size < size:
            buffer = self._buffers[name] = memory.empty(size, dtype)
        return buffer[:size].reshape(shape)


def _with_ones(X, dtype):
    wider = np.empty((X.shape[0], X.shape[1] + 1), dtype)
    wider[:, :-1] = X
    wider[:, -1] = 1
    return wider


def _slices(X, y, weight, batch_size):
    for start in range(0, X.shape[0], batch_size):
        rows = slice(start, start + batch_size)
        yield X[rows], y[:, rows], None if weight is None else weight[rows]
