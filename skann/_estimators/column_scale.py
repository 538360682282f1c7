"""Columns whose units keep a network from learning, and how to learn from them.

A year, an income and an area in natural units saturate or kill the first layer's units
in the first steps, and the network predicts one constant. Such columns are standardised
for the training alone, whichever solver trains: the trained weights are then put in
terms of the columns as they are, so that the fitted network takes, and its attributes
describe, what ``fit`` was given. ``partial_fit`` learns the scale of its columns from
all batches so far.
"""

import copy

import numpy as np
from scipy.sparse import issparse
from sklearn.preprocessing import StandardScaler

from .._training.data import Data
from .auto import is_perceptron

# Typical sizes of a column that training copes with. Beyond the largest it is seen to
# fail; all columns below the least look alike to the first layer.
_LARGEST, _LEAST = 10.0, 0.05
# The spread of a column, as a share of the widest one's, that goes unheard next to it.
_FAINT = 0.01


def unfit_columns(data):
    """Numbers of the columns that a network can't well learn from as they are.

    Those of large size, with their mean in it; those that vary a hundred times less
    than the widest, unless most of their values are zero: rare ones are meant so; and
    all, where none has any size.

    Parameters
    ----------
    data : Data

    Returns
    -------
    columns : ndarray of int
    """
    return _examined(data, data.sample())[0]


def fitted_scaler(data, rows):
    """A scaler fitted to some rows."""
    return _examined(data, rows)[1]


def _examined(data, rows):
    """The unfit columns by what some rows tell, and a scaler fitted to those rows."""
    X, weight = data.X_of(rows), data.weight_of(rows)
    scaler = StandardScaler(with_mean=not issparse(X))
    with np.errstate(over="ignore", invalid="ignore"):
        scaler.fit(X, sample_weight=weight)
        spread, mean = np.sqrt(scaler.var_), np.nan_to_num(scaler.mean_)
        size = np.hypot(spread, mean)
    if not np.isfinite(size).all():
        return np.empty(0, int), scaler  # training itself says what is wrong with them
    if issparse(X):
        filled = np.bincount(X.indices[X.data != 0], minlength=X.shape[1])
    else:
        filled = np.count_nonzero(X, axis=0)
    often = filled > len(rows) / 2
    varies = spread > 1e-6 * size
    faint = varies & often & (spread < _FAINT * spread.max())
    all_faint = varies & (size.max() < _LEAST)
    return np.flatnonzero((size > _LARGEST) | faint | all_faint), scaler


def merged_scaler(parts):
    """A scaler for the rows of several that were fitted to some of them each.

    Parameters
    ----------
    parts : list of tuple of (float, StandardScaler)
        Total weight of the rows, and their scaler.
    """
    total, scaler = parts[0]
    mean, var = scaler.mean_, scaler.var_
    for weight, other in parts[1:]:
        step, share = other.mean_ - mean, weight / (total + weight)
        var = (1 - share) * var + share * other.var_ + share * (1 - share) * step**2
        mean, total = mean + share * step, total + weight
    found = copy.copy(scaler)
    # A column that does not vary is left in its unit, as scikit-learn does.
    varies = var > 10 * np.finfo(var.dtype).eps * np.maximum(var, mean**2)
    found.mean_, found.var_ = mean, var
    found.scale_ = np.where(varies, np.sqrt(var), 1.0)
    found.n_samples_seen_ = total
    return found


class ColumnScale:
    """From columns as they are to standardised ones, for data and for weights.

    Parameters
    ----------
    scaler : StandardScaler or None
        Fitted; None changes nothing.
    weight : float
        Total weight of the rows that it was fitted to.
    """

    def __init__(self, scaler=None, weight=0.0):
        self._scaler, self._weight = scaler, weight

    @classmethod
    def for_data(cls, data, always=False):
        """The scale of all rows in use, where one is needed or always."""
        if not (always or len(unfit_columns(data))):
            return cls()
        # A sample can mistake the size of a column that is nearly always zero.
        columns, scaler = _examined(data, data.row_numbers)
        finite = np.isfinite(scaler.scale_).all()
        needed = finite if always else len(columns)
        return cls(scaler, data.total_weight()) if needed else cls()

    def with_rows_of(self, data):
        """The scale of the rows so far and of further ones; none stays none."""
        if not self.changes:
            return self
        scaler, weight = fitted_scaler(data, data.row_numbers), data.total_weight()
        if not np.isfinite(scaler.scale_).all():
            return self  # training itself says what is wrong with such numbers
        merged = merged_scaler([(self._weight, self._scaler), (weight, scaler)])
        return ColumnScale(merged, self._weight + weight)

    @property
    def changes(self):
        """Whether this is not the columns' own scale."""
        return self._scaler is not None

    def standardize(self, data):
        """The data with standardised columns; None stays None."""
        if data is None or not self.changes:
            return data
        X = data.X
        if issparse(X) and self._scaler.with_mean:
            X = X.toarray()  # as the rows that the scale is of
        X = self._scaler.transform(X)
        return Data(X, data.y, data.targets, data.weight, data.rows)

    def to_standardized(self, layout, *vectors):
        """Make networks for the columns as they are ones for standardised columns."""
        for theta in vectors if self.changes else ():
            for weights, biases, mean, scale in self._from_inputs(layout, theta):
                biases += mean @ weights
                weights *= scale[:, np.newaxis]

    def to_given(self, layout, *vectors):
        """Make networks for standardised columns ones for those that were given."""
        for theta in vectors if self.changes else ():
            for weights, biases, mean, scale in self._from_inputs(layout, theta):
                biases -= (mean / scale) @ weights
                weights /= scale[:, np.newaxis]

    def _from_inputs(self, layout, theta):
        """Views of weights that inputs meet, their biases, and columns' mean and scale.

        Those of the first layer, and of the direct path to the outputs.
        """
        scale = self._scaler.scale_
        mean = self._scaler.mean_ if self._scaler.with_mean else np.zeros_like(scale)
        biases = layout.biases(theta)
        yield layout.weights(theta)[0], biases[0], mean, scale
        if layout.skip(theta) is not None:
            yield layout.skip(theta), biases[-1], mean, scale

    def to_plain(self):
        """The scale as plain data; None where it changes nothing."""
        if not self.changes:
            return None
        scaler = self._scaler
        return {
            "mean": scaler.mean_,
            "variance": scaler.var_,
            "scale": scaler.scale_,
            "weight": float(self._weight),
            "with_mean": bool(scaler.with_mean),
        }

    @classmethod
    def from_plain(cls, plain, n_features):
        """The scale again, for so many columns.

        Raises
        ------
        ValueError
            If that is not what the data are of.
        """
        if plain is None:
            return cls()
        if not isinstance(plain, dict):
            raise ValueError("the scale of the columns must be None or a dict.")
        arrays = [plain.get(name) for name in ("mean", "variance", "scale")]
        for each in arrays:
            real = isinstance(each, np.ndarray) and each.dtype == np.float64
            if not (real and each.shape == (n_features,) and np.isfinite(each).all()):
                raise ValueError("the scale of the columns must be a number for each.")
        weight, with_mean = plain.get("weight"), plain.get("with_mean")
        if not (isinstance(weight, float) and 0 < weight < np.inf):
            raise ValueError("the weight of the columns' scale must be positive.")
        if not isinstance(with_mean, bool) or not (arrays[2] > 0).all():
            raise ValueError("the scale of the columns must be positive.")
        scaler = StandardScaler(with_mean=with_mean)
        scaler.mean_, scaler.var_, scaler.scale_ = arrays
        scaler.n_features_in_, scaler.n_samples_seen_ = n_features, weight
        return cls(scaler, weight)


def column_scale(estimator, data, resume, partial):
    """The scale in which the columns of an estimator's data are trained on.

    Parameters
    ----------
    estimator : BaseBP
    data : Data
    resume : bool
        Whether training goes on, in the scale that it has had so far.
    partial : bool
        Whether this is ``partial_fit``, whose batches each add to the scale.
    """
    always = estimator.standardize is True
    previous = estimator._column_scale if resume else None
    # The perceptron is shown in the data's own scale; below step units nothing learns.
    if not always and (estimator.standardize is False or is_perceptron(estimator)):
        return previous or ColumnScale()
    if previous is not None and (partial or previous.changes):
        return previous.with_rows_of(data) if partial else previous
    return ColumnScale.for_data(data, always)


def vectors_of(theta, progress):
    """All parameter vectors that a change of the inputs' units has to change."""
    vectors = [theta]
    if progress.best is not None:
        vectors.append(progress.best.theta)
    if progress.average is not None:
        vectors += [progress.average.moving, progress.average.average]
    found = [each for each in vectors if each is not None]
    # One array may have two names, and must not be changed twice.
    return list({id(each): each for each in found}.values())
