"""Columns put together and taken apart."""

import numpy as np
from scipy.sparse import issparse


def side_by_side(columns, n_rows, dtype):
    """Columns as an array of shape (n_rows, n_columns)."""
    out = np.empty((n_rows, len(columns)), dtype, order="F")
    for j, column in enumerate(columns):
        out[:, j] = column
    return out


def first_columns(Z, n_columns):
    """The first so many columns, contiguous; all for None or 0."""
    if not n_columns or n_columns >= Z.shape[1]:
        return Z
    return Z[:, :n_columns].copy() if issparse(Z) else Z[:, :n_columns].copy(order="C")
