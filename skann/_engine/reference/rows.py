"""Rows of the data as the equations want them."""

# Rows evaluated at once where all are: memory does not grow with their number, and the
# arrays of one layer stay in the cache.
CHUNK_ROWS = 512


class Rows:
    """The rows to train on, in the network's dtype.

    Parameters
    ----------
    data : Data
    dtype : dtype
        The network's.
    """

    def __init__(self, data, dtype):
        self._data, self._dtype = data, dtype
        self._weight = data.normalized_weight(dtype)

    def take(self, rows):
        """X, targets (both one row a sample) and weights of some rows.

        Parameters
        ----------
        rows : slice or ndarray of int

        Returns
        -------
        X : ndarray or csr matrix of shape (n_rows, n_features)
        y : ndarray of shape (n_rows, n_outputs)
        weight : ndarray of shape (n_rows, 1), or the number 1
        """
        X = self._data.X[rows].astype(self._dtype, copy=False)
        weight = 1 if self._weight is None else self._weight[rows, None]
        return X, self._data.targets_of(self._dtype, rows), weight

    def chunks(self):
        """All rows in use, as :meth:`take` has them, so many at a time."""
        for start in range(0, self._data.n_rows, CHUNK_ROWS):
            rows = slice(start, min(start + CHUNK_ROWS, self._data.n_rows))
            yield self.take(rows if self._data.rows is None else self._data.rows[rows])
