"""Checked data on its way to the engine: rows, their targets and their weights."""

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy.sparse import issparse

# Values that are enough to learn the size and spread of the columns from: little
# work. Many columns share what the rows don't tell each of them.
_MAX_VALUES, _MIN_ROWS = 2**20, 1000


def enough_rows(n_features):
    """Number of rows that are enough to learn the size and spread of columns from."""
    return max(_MIN_ROWS, _MAX_VALUES // n_features)


@lru_cache(maxsize=4)
def sampled_places(n_rows, n):
    """Places of at most n of so many rows.

    A random sample, for rows may be in a pattern; always the same one.

    Returns
    -------
    places : ndarray of int, sorted
    """
    if n_rows <= n:
        return np.arange(n_rows)
    rng = np.random.default_rng(0)
    return np.sort(rng.choice(n_rows, n, replace=False, shuffle=False))


@dataclass
class Targets:
    """Targets as the engine wants them.

    Attributes
    ----------
    y : ndarray of shape (n_samples,) of int, or (n_outputs, n_samples) of float
        Class codes, or targets with outputs first.
    n_outputs : int
    loss : str or object
        A name in ``LOSSES``, or a user's own.
    labels : ndarray of shape (n_samples,) or None
        What a split is stratified by.
    tasks : tuple of int
        Numbers of outputs that each task has, where the loss is to be taken of each
        task by itself; empty for one loss over all outputs.
    loss_options : tuple of float
        Settings of the loss; empty for its own.
    """

    y: np.ndarray
    n_outputs: int
    loss: str
    labels: np.ndarray | None = None
    tasks: tuple = ()
    loss_options: tuple = ()


@dataclass
class Data:
    """Rows to train on, or to validate on.

    Attributes
    ----------
    X : ndarray or csr matrix of shape (n_samples, n_features)
    y : array-like of shape (n_samples,) or (n_samples, n_outputs)
        Targets as the user gave them.
    targets : Targets
        The same for the engine.
    weight : ndarray of shape (n_samples,) or None
        Row weights in float64.
    rows : ndarray of int or None
        The rows in use; None for all.
    """

    X: object
    y: object
    targets: Targets
    weight: np.ndarray | None
    rows: np.ndarray | None = None

    def using(self, rows):
        """The same data with other rows in use."""
        return Data(self.X, self.y, self.targets, self.weight, rows)

    def with_positive_weight(self):
        """The same data without those rows in use whose weight is zero."""
        if self.weight is None or self.take(self.weight).all():
            return self
        rows = self.row_numbers
        return self.using(rows[self.weight[rows] > 0])

    def take(self, array):
        """The entries of an array over all rows that belong to those in use."""
        return array if self.rows is None or array is None else array[self.rows]

    def normalized_weight(self, dtype):
        """Weights of all rows, scaled to mean one over those in use, in ``dtype``.

        None where they are all alike, for only their ratios matter.
        """
        if self.weight is None:
            return None
        # First to a largest weight of one: the sum of huge ones would overflow.
        weight = self.weight / self.weight.max()
        used = self.take(weight)
        if used.min() == used.max():
            return None
        return (weight / used.mean()).astype(dtype)

    def targets_of(self, dtype, rows=None):
        """Targets of some rows, or of those in use, of shape (n_rows, n_outputs)."""
        y = self.targets.y
        if rows is None:
            rows = slice(None) if self.rows is None else self.rows
        if y.ndim == 2:
            return y[:, rows].T.astype(dtype, copy=False)
        classes = np.arange(self.targets.n_outputs)
        return (y[rows, None] == classes).astype(dtype)

    def sample(self, n=None):
        """Numbers of rows in use that statistics are taken over, a random sample.

        Parameters
        ----------
        n : int, default=None
            At most so many; None for as many as statistics of X need.
        """
        places = sampled_places(self.n_rows, n or enough_rows(self.X.shape[1]))
        return places if self.rows is None else self.rows[places]

    def X_of(self, rows):
        """Some rows of X; no copy of it where they are all."""
        return self.X if len(rows) == self.X.shape[0] else self.X[rows]

    def weight_of(self, rows):
        """Weights of some rows in float64, the largest one: no sum overflows."""
        if self.weight is None:
            return np.ones(len(rows))
        weight = self.weight[rows].astype(np.float64)
        return weight / weight.max()

    def n_telling(self):
        """Number of rows in use; of classes, of those outside of the largest one.

        A thousand rows with twenty of a rare class tell as much as some forty do.
        """
        if self.targets.labels is None:
            return self.n_rows
        _, counts = np.unique(self.take(self.targets.labels), return_counts=True)
        return int(self.n_rows - counts.max())

    def total_weight(self):
        """Sum of the weights of the rows in use."""
        if self.weight is None:
            return float(self.n_rows)
        return float(self.take(self.weight).sum())

    def root_mean_square(self):
        """Root of the weighted mean of the squares of X, over the rows in use.

        Of many rows a sample is taken.
        """
        rows = self.sample()
        X = self.X_of(rows)
        weight = self.weight_of(rows)
        entries = X.data if issparse(X) else X
        # Squares of a part of the largest: those of huge units overflow.
        largest = float(max(entries.max(initial=0), -entries.min(initial=0))) or 1.0
        parts = X.astype(np.float64) / largest
        squares = parts.multiply(parts) if issparse(parts) else np.square(parts)
        total = weight @ np.asarray(squares.sum(axis=1)).ravel()
        return largest * math.sqrt(total / (weight.sum() * X.shape[1]))

    @property
    def row_numbers(self):
        """The rows in use, even if they are all."""
        return np.arange(self.X.shape[0]) if self.rows is None else self.rows

    @property
    def n_rows(self):
        """Number of rows in use."""
        return self.X.shape[0] if self.rows is None else len(self.rows)
