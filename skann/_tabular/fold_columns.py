"""The columns of an encoded table that differ from fold to fold: target means."""

from functools import lru_cache

from scipy.sparse import issparse
from sklearn.utils import gen_batches

# Rows that are written at a time.
_CHUNK = 4096


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
    """

    def __init__(self, cross_fitting, numbers, n_others, Z):
        self._shape, self._dtype = Z.shape, Z.dtype
        self._own = numbers.from_column(n_others)
        self._first = len(numbers.kept) - len(self._own.kept)
        # The networks of a fold follow each other.
        self._numbers = lru_cache(1)(cross_fitting.numbers)

    def write(self, Z, fold):
        """Write what a fold's network sees into the table, or into all but its bins.

        Rows of a sparse table have entries for all numbers and all bins.
        """
        if not self._own.kept:
            return
        numbers = self._numbers(fold)
        values = Z.data.reshape(len(numbers), -1) if issparse(Z) else Z
        for rows in gen_batches(len(numbers), _CHUNK):
            (part, *_), bins = self._own.transform(numbers[rows], self._dtype)
            values[rows, self._first : self._first + part.shape[1]] = part
            if bins and Z.shape == self._shape:
                values[rows, -bins[0].shape[1] :] = bins[0]
