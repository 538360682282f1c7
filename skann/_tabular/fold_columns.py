"""The columns of an encoded table that differ from fold to fold: target means."""

from functools import lru_cache

import numpy as np


class FoldColumns:
    """Target means as columns of an encoded table, for each fold's network.

    Parameters
    ----------
    cross_fitting : CrossFitting
        What has the numbers.
    numbers : Numbers
        The fitted encoding of numbers. Target means are its last.
    n_others : int
        Numbers before the target means.
    Z : ndarray of shape (n_samples, n_features_out)
        The encoded table.

    Attributes
    ----------
    places : ndarray of int of shape (n_places,)
        The columns that target means and their bins have in the encoded table.
    """

    def __init__(self, cross_fitting, numbers, n_others, Z):
        self._dtype = Z.dtype
        self._own = own = numbers.from_column(n_others)
        self._first = first = len(numbers.kept) - len(own.kept)
        values = np.arange(first, len(numbers.kept))
        n_bins = sum(len(edges) - 1 for edges in own.bin_edges)
        bins = np.arange(Z.shape[1] - n_bins, Z.shape[1])
        self.places = np.concatenate([values, bins])
        # The networks of a fold follow each other.
        self._numbers = lru_cache(1)(cross_fitting.numbers)

    def write(self, Z, fold):
        """Write what a fold's network sees into the first columns of the table."""
        parts, bins = self._own.transform(self._numbers(fold), self._dtype)
        columns = np.hstack([*parts, *bins]) if parts else np.empty((len(Z), 0))
        seen = self.places < Z.shape[1]
        Z[:, self.places[seen]] = columns[:, seen]
