"""How tables are encoded and trained: every number that was chosen by measurement.

Each rule is a function of the rows that ``fit`` is given, of columns and of classes.
``docs/tabular.md`` says what they were measured on.
"""

from dataclasses import dataclass

import numpy as np

from .._optimize.adam import AdamW

# Numbers in an encoded table at most: a million rows get fewer bins.
_LARGEST_TABLE = 1 << 28

# Columns from which on zeros are left out.
_WIDE = 1000

# Numbers that are encoded at a time for prediction.
_CHUNK = 1 << 21

# Rows below which quantiles tell nothing.
_MIN_ROWS = 100


def n_folds(n_rows):
    """Folds, and so networks of a kind: 8 below 20,000 rows, else 4.

    Parameters
    ----------
    n_rows : int

    Returns
    -------
    n : int
    """
    return 8 if n_rows < 20_000 else 4


def n_bins(n_rows, n_numeric, n_of_rows=0, n_levels=0):
    """Bins of a numeric column: n / 100 between 5 and 32, 1,000 in all columns.

    None, which is 0, where fewer than 3 would be left, and below 100 rows. In a table
    that is wide without bins, at most three for each column in which a row has a
    number: in sparse rows these are most of the entries.

    Parameters
    ----------
    n_rows : int
    n_numeric : int
        Columns of numbers that have more than two values.
    n_of_rows : int
        Columns in which a row has a number, bins apart.
    n_levels : int
        Columns of categories.

    Returns
    -------
    n : int
    """
    if n_rows < _MIN_ROWS or not n_numeric:
        return 0
    room = min(1000, _LARGEST_TABLE // n_rows)
    if is_wide(n_levels + n_of_rows, n_of_rows):
        room = min(room, 3 * n_of_rows)
    n = min(max(n_rows // 100, 5), 32, room // n_numeric)
    return n if n >= 3 else 0


def is_wide(n_columns, n_of_rows):
    """Whether an encoded table is sparse: 1,000 columns or more, most of them zero.

    Parameters
    ----------
    n_columns : int
    n_of_rows : int
        Columns in which a row has a number.

    Returns
    -------
    is_wide : bool
    """
    return n_columns >= _WIDE and n_columns > 5 * n_of_rows


def chunk_rows(n_columns):
    """Rows that are predicted at a time: 2²¹ numbers, 256 rows at least.

    Parameters
    ----------
    n_columns : int
        Columns of the encoded table.

    Returns
    -------
    n : int
    """
    return max(_CHUNK // max(n_columns, 1), 256)


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


@dataclass(frozen=True)
class Kind:
    """A kind of network, of which each fold trains one.

    Attributes
    ----------
    hidden_layer_sizes : tuple of int
    activation : str
    decay : float
        What multiplies :func:`weight_decay`.
    rate : float
        The cycle's highest learning rate.
    epochs : int
    sees_bins : bool
        Whether it sees the bins beside the rest of the encoded table.
    """

    hidden_layer_sizes: tuple
    activation: str = "relu"
    decay: float = 1.0
    rate: float = 0.005
    epochs: int = 30
    sees_bins: bool = True

    def parameters(self, n_rows):
        """Parameters of a `BPClassifier` or a `BPRegressor` of this kind."""
        return {
            "hidden_layer_sizes": self.hidden_layer_sizes,
            "activation": self.activation,
            "solver": AdamW(weight_decay=self.decay * weight_decay(n_rows)),
            "learning_rate": "one_cycle",
            "learning_rate_init": self.rate,
            "max_iter": self.epochs,
            "early_stopping": True,
            "standardize": False,  # the encoder has scaled the columns
        }


# Unlike each other, so that their mistakes are: corners and curves, a strong decay for
# noise, and the table without bins, which suits smooth dependence.
KINDS = (
    Kind((64, 64)),
    Kind((64, 64), activation="tanh", decay=0.3, rate=0.01),
    Kind((64, 64), decay=3.0),
    Kind((100,), rate=0.01, epochs=60, sees_bins=False),
)

# From here on one kind has enough to learn from.
_ONE_KIND_FROM = 50_000


def kinds(n_rows):
    """The kinds of networks: four, but one from 50,000 rows on.

    Parameters
    ----------
    n_rows : int

    Returns
    -------
    kinds : tuple of Kind
    """
    return KINDS if n_rows < _ONE_KIND_FROM else KINDS[:1]


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
