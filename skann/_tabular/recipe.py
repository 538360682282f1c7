"""How tables are encoded and trained: every number that was chosen by measurement.

Each rule is a function of the rows that ``fit`` is given, of columns and of classes.
``docs/tabular.md`` says what they were measured on.
"""

import numpy as np

from .._optimize.adam import AdamW

# Numbers in an encoded table at most: a million rows get fewer bins.
_LARGEST_TABLE = 1 << 28

# Rows below which quantiles tell nothing.
_FEWEST_ROWS = 100


def n_members(n_rows):
    """Folds, and so networks: 8 below 2,500 rows, else 4.

    Parameters
    ----------
    n_rows : int

    Returns
    -------
    n : int
    """
    return 8 if n_rows < 2500 else 4


def n_bins(n_rows, n_numeric):
    """Bins of a numeric column: n / 100 between 5 and 32, 1,000 in all columns.

    None, which is 0, where fewer than 3 would be left, and below 100 rows.

    Parameters
    ----------
    n_rows : int
    n_numeric : int
        Columns of numbers that have more than two values.

    Returns
    -------
    n : int
    """
    if n_rows < _FEWEST_ROWS or not n_numeric:
        return 0
    room = min(1000, _LARGEST_TABLE // n_rows) // n_numeric
    n = min(max(n_rows // 100, 5), 32, room)
    return n if n >= 3 else 0


def weight_decay(n_rows):
    """AdamW's decay: 1000 / n, between 0.2 and 1.

    Parameters
    ----------
    n_rows : int

    Returns
    -------
    decay : float
    """
    return min(max(1000 / n_rows, 0.2), 1.0)


def member(n_rows, n_columns, n_classes):
    """Parameters of a network.

    Parameters
    ----------
    n_rows : int
    n_columns : int
        Of the encoded table.
    n_classes : int
        2 for real targets and for labels that are there or not.

    Returns
    -------
    parameters : dict
        Of a `BPClassifier` or a `BPRegressor`.
    """
    return {
        "hidden_layer_sizes": (64, 64),
        "solver": AdamW(weight_decay=weight_decay(n_rows)),
        "learning_rate": "one_cycle",
        "learning_rate_init": 0.005,
        "max_iter": 30,
        "early_stopping": True,
    }


def dtype(n_rows):
    """What networks compute in: float64 below 1,000 rows, where it costs nothing.

    Parameters
    ----------
    n_rows : int

    Returns
    -------
    dtype : type
        ``numpy.float64`` or ``numpy.float32``.
    """
    return np.float64 if n_rows < 1000 else np.float32
