"""Validation data in other units than the training data: a warning of it.

Inside a pipeline ``X_val`` comes to the network as it was given, while ``X`` has been
scaled on its way; a ``TransformedTargetRegressor`` transforms ``y`` alone. Nothing
fails then: the validation loss is that of other data, and early stopping goes by it.
"""

from warnings import warn

import numpy as np
from scipy.sparse import issparse

from .real_transformer import as_columns

# What a Pipeline does about it.
TRANSFORMED = (
    "Pipeline(..., transform_input=['X_val']).fit(X, y, X_val=..., y_val=...) sends "
    "X_val through the steps as well, after "
    "sklearn.set_config(enable_metadata_routing=True)."
)

# How far off a column must be to count: its mean, in standard deviations of the
# training rows; its spread, as a ratio. Drift and chance stay below in most columns.
_FAR, _RATIO = 3.0, 10.0
# The last rows of a series with a trend may spread ten times less than all before.
_TARGET_RATIO = 30.0

# A column tells its spread in so many values other than zero: rare words and
# categories are left out.
_ENOUGH = 10

# Standard deviations from one quartile of normal values to the other.
_NORMAL_QUARTILES = 1.349


def warn_of_other_units(data, validation):
    """Warn where more than half of the columns of ``validation`` are far off.

    Parameters
    ----------
    data : Data
        To train on.
    validation : Data
        Given by the user, in the same columns.
    """
    train, own = _statistics(data), _statistics(validation)
    (filled, mean, spread), (own_filled, own_mean, own_spread) = train, own
    told = (np.minimum(filled, own_filled) >= _ENOUGH) & (spread > 0) & (own_spread > 0)
    if not told.any():
        return
    with np.errstate(over="ignore", invalid="ignore"):
        shift = np.abs(own_mean[told] - mean[told]) / spread[told]
        ratio = own_spread[told] / spread[told]
    far = (shift > _FAR) | (ratio > _RATIO) | (ratio < 1 / _RATIO)
    if far.mean() <= 0.5:
        return
    warn(
        f"X_val is not in the units of X: {far.sum()} of {told.sum()} columns are far "
        f"from those that are trained on (means lie up to {shift.max():.3g} standard "
        f"deviations away, spreads are {ratio.min():.3g} to {ratio.max():.3g} times "
        f"as large). If X was scaled by the steps of a Pipeline: {TRANSFORMED}",
        UserWarning,
        stacklevel=2,
    )


def warn_of_other_targets(data, validation):
    """Warn where more than half of the columns of ``y_val`` are far off.

    By quartiles of the values other than zero: real targets may have heavy tails, or be
    zero in most rows.

    Parameters
    ----------
    data, validation : Data
        As above, with real targets.
    """
    train, own = _quartiles(data), _quartiles(validation)
    told = (train[3] >= _ENOUGH) & (own[3] >= _ENOUGH)
    told &= (train[2] > train[0]) & (own[2] > own[0])
    if not told.any():
        return
    (low, middle, high, _), (own_low, own_middle, own_high, _) = train, own
    with np.errstate(over="ignore", invalid="ignore"):
        spread, own_spread = (high - low)[told], (own_high - own_low)[told]
        shift = np.abs(own_middle - middle)[told] / (spread / _NORMAL_QUARTILES)
        ratio = own_spread / spread
    far = (shift > _FAR) | (ratio > _TARGET_RATIO) | (ratio < 1 / _TARGET_RATIO)
    if far.mean() <= 0.5:
        return
    warn(
        f"y_val is not in the units of y: medians lie up to {shift.max():.3g} standard "
        f"deviations apart, and the spread of y_val is {ratio.min():.3g} to "
        f"{ratio.max():.3g} times that of y. A TransformedTargetRegressor transforms y "
        "and not y_val: transform y_val as well, or leave the units to normalize_y.",
        UserWarning,
        stacklevel=2,
    )


def _quartiles(data):
    """Of each column of y: the quartiles of values other than zero, and their number.

    An array of shape (4, n_outputs); NaN where there is no such value.
    """
    y = as_columns(data.y)[data.sample()].astype(np.float64)
    columns = [column[np.isfinite(column) & (column != 0)] for column in y.T]
    return np.transpose(
        [
            (*np.quantile(own, (0.25, 0.5, 0.75)), len(own))
            if len(own)
            else (np.nan, np.nan, np.nan, 0)
            for own in columns
        ]
    )


def _statistics(data):
    """Of each column: values other than zero, mean and standard deviation."""
    rows = data.sample()
    X = data.X_of(rows)
    n = max(len(rows), 1)
    if not issparse(X):
        with np.errstate(over="ignore", invalid="ignore"):
            mean = X.mean(axis=0, dtype=np.float64)
            return np.count_nonzero(X, axis=0), mean, X.std(axis=0, dtype=np.float64)
    filled = np.asarray((X != 0).sum(axis=0)).ravel()
    parts = X.astype(np.float64)
    mean = np.asarray(parts.sum(axis=0)).ravel() / n
    squares = np.asarray(parts.multiply(parts).sum(axis=0)).ravel() / n
    return filled, mean, np.sqrt(np.maximum(squares - mean**2, 0))
