"""Real targets to what the network is trained on, and raw outputs back.

Trained on targets of mean zero and variance one, the same learning rate, tolerance and
starting weights suit targets in any unit. Losses that do not follow outliers take the
median and the median absolute deviation in their place, which do not either.

``log_transformer.py`` has what is different behind a log link, and
``quantile_transformer.py`` for several quantiles of one target.
"""

import copy
import math

import numpy as np

from .._network.losses import LOSSES
from .._network.network import loss_function
from .._training.data import Targets
from .._training.target_rescaling import TargetRescaling
from .d2 import d2_score
from .target_statistics import TargetStatistics

# A change of the mean or the scale by this part of the scale is rounding.
_TOLERANCE = 1e-6
# Deviations from zero of a mean that float32 rounds by no more than the thousandth part
# of a deviation.
_LARGEST_OFFSET = 1e4


class RealTransformer:
    """Shift and scale of the targets, and which shape they have.

    Attributes
    ----------
    min_rows_to_score : int
        Rows that a score needs.

    Parameters
    ----------
    y : ndarray of shape (n_samples,) or (n_samples, n_outputs)
        Targets of the first fit; NaN where not observed.
    weight : ndarray of shape (n_samples,) or None
        Row weights.
    normalize : bool
        Whether the network sees standardised targets.
    loss : Loss
        What it is trained with; of it, whether that is robust and its degree.
    """

    min_rows_to_score = 2  # R² of one row is not defined
    _levels = ()

    def __init__(self, y, weight, *, normalize, loss=LOSSES["squared_error"]):
        self.flat = y.ndim == 1
        columns = as_columns(y)
        self.n_outputs = columns.shape[1]
        self._is_robust, self._degree = loss.is_robust, loss.degree
        self._statistics = TargetStatistics.of(columns, weight, self._is_robust)
        self.mean, self.scale = self._units(normalize)

    @classmethod
    def of_units(
        cls, flat, statistics, mean, scale, *, is_robust=False, degree=2, levels=()
    ):
        """One with these units, which come from where :meth:`units` went."""
        transformer = cls.__new__(cls)
        transformer.flat, transformer.n_outputs = flat, len(mean)
        transformer._statistics = statistics
        transformer.mean, transformer.scale = mean, scale
        transformer._is_robust, transformer._degree = is_robust, degree
        transformer._levels = levels
        return transformer

    def units(self):
        """Mean and scale in use, and what has been seen of the targets and how."""
        seen = self._statistics
        return {
            "is_robust": self._is_robust,
            "degree": self._degree,
            "levels": list(self._levels),
            "mean": self.mean,
            "scale": self.scale,
            "count": seen.count,
            "seen_mean": seen.mean,
            "seen_deviation": seen.deviation,
        }

    def _units(self, normalize):
        if not normalize:
            return np.zeros(self.n_outputs), np.ones(self.n_outputs)
        # A column without a spread keeps the unit that it has.
        deviation = self._statistics.deviation
        return self._statistics.mean, np.where(deviation == 0, 1.0, deviation)

    def updated(self, y, weight, *, normalize, reset):
        """A transformer whose units suit these targets as well.

        Parameters
        ----------
        y, weight, normalize
            As for a new one.
        reset : bool
            Whether statistics are those of ``y`` alone, and not of all so far.
        """
        columns = as_columns(y)
        self._check_outputs(columns)
        seen = TargetStatistics.of(columns, weight, self._is_robust)
        transformer = copy.copy(self)
        if reset:
            transformer._statistics = seen.filled_from(self._statistics)
        else:
            transformer._statistics = self._statistics.merged(seen)
        mean, scale = transformer._units(normalize)
        # To follow rounding would cost some, and equal passes their equality.
        moved = np.abs(mean - self.mean) > _TOLERANCE * self.scale
        moved |= np.abs(scale - self.scale) > _TOLERANCE * self.scale
        transformer.mean = np.where(moved, mean, self.mean)
        transformer.scale = np.where(moved, scale, self.scale)
        return transformer

    def with_statistics(self, statistics, *, normalize):
        """The same for targets of which these are the statistics.

        Parameters
        ----------
        statistics : TargetStatistics
        normalize : bool
            As for a new one.
        """
        transformer = copy.copy(self)
        transformer._statistics = statistics
        transformer.mean, transformer.scale = transformer._units(normalize)
        return transformer

    def statistics(self):
        """What has been seen of the targets."""
        return self._statistics

    def rescaling_to(self, other, n_steps):
        """The rescaling from this one's units to another's; None if there is none.

        Parameters
        ----------
        other : RealTransformer
        n_steps : int
            Steps that the network has been trained for.
        """
        known = self._statistics.count > 0
        ratio = self.scale / other.scale
        # The unit of targets that were all alike was a guess. Small targets would have
        # to unlearn it; their mean is what has been learnt.
        guess = (self._statistics.deviation == 0) & (self.scale == 1)
        ratio = np.where(guess, np.minimum(ratio, 1), ratio)
        shift = (self.mean - other.mean) / other.scale
        ratio, shift = np.where(known, ratio, 1.0), np.where(known, shift, 0.0)
        if (ratio == 1).all() and (shift == 0).all():
            return None
        return TargetRescaling(ratio, shift, ratio**self._degree)

    def _check_outputs(self, columns):
        if columns.shape[1] != self.n_outputs:
            raise ValueError(
                f"y has {columns.shape[1]} outputs; the model was trained on "
                f"{self.n_outputs}."
            )

    def transform(self, y, loss, dtype):
        """Targets for ``y``; ``loss`` is a name in ``LOSSES``."""
        columns = as_columns(y)
        self._check_outputs(columns)
        with np.errstate(over="ignore", invalid="ignore"):
            scaled = ((columns - self.mean) / self.scale).T
            encoded = np.array(scaled, dtype, order="C")
            _check_squares(columns, encoded)
        return Targets(encoded, self.n_outputs, loss)

    def _decoded(self, raw):
        """Predictions for raw outputs, in float64 or their dtype."""
        return raw * self.scale + self.mean

    def decoded_gradients(self, raw, gradients):
        """Gradients of predictions, given those of raw outputs (outputs in the middle).

        In the dtype of the raw outputs.
        """
        return (gradients * self.scale[:, np.newaxis]).astype(raw.dtype)

    def inverse_transform(self, raw):
        """Predictions for raw outputs, in their dtype if that can hold them."""
        y = self._decoded(raw)
        y = y.astype(self.result_dtype(raw.dtype), copy=False)
        return y[:, 0] if self.flat else y

    def result_dtype(self, dtype):
        """``dtype`` if it keeps targets apart from one another, or float64."""
        limits = np.finfo(dtype)
        largest = np.abs(self.mean) + _LARGEST_OFFSET * self.scale
        near = np.abs(self.mean) <= _LARGEST_OFFSET * self.scale
        inside = (self.scale > limits.tiny * _LARGEST_OFFSET) & (largest < limits.max)
        return np.dtype(dtype if (near & inside).all() else np.float64)

    def score(self, raw, data):
        """Weighted R² on the rows in use, or D² of a loss that has it; NaN for one row.

        The mean over outputs. scikit-learn's way there takes a hundred times as long.
        """
        truth = data.take(as_columns(data.y))
        weight = np.ones(len(truth)) if data.weight is None else data.take(data.weight)
        loss = loss_function(data.targets.loss, data.targets.loss_options)
        if loss.has_d2:
            y = (truth - self.mean) / self.scale
            return d2_score(loss, *self._like_outputs(raw, y), weight)
        found = as_columns(self.inverse_transform(raw))
        weights = np.where(np.isnan(truth), 0, weight[:, None])
        if (np.count_nonzero(weights, axis=0) < 2).any():
            return float("nan")
        truth = np.where(weights > 0, truth, 0)
        mean = (weights * truth).sum(axis=0) / weights.sum(axis=0)
        residuals = (weights * (truth - found) ** 2).sum(axis=0)
        total = (weights * (truth - mean) ** 2).sum(axis=0)
        # As r2_score: a constant is predicted perfectly or not at all.
        constant = np.where(residuals == 0, 1.0, 0.0)
        safe = np.where(total == 0, 1, total)
        return float(np.where(total == 0, constant, 1 - residuals / safe).mean())

    def _like_outputs(self, raw, y):
        """Raw outputs as they are decoded, and a column of targets for each."""
        return raw, y


def _check_squares(columns, encoded):
    """Whether the sum of squares of the targets can be told from infinity."""
    observed = np.isfinite(columns)
    largest = np.abs(encoded.T, where=observed, out=np.zeros(columns.shape)).max()
    limit = math.sqrt(np.finfo(encoded.dtype).max / encoded.size)
    if not largest <= limit:
        size = np.abs(columns, where=observed, out=np.zeros(columns.shape)).max()
        raise ValueError(
            f"y has values as large as {size:g}; their squares overflow "
            f"{encoded.dtype}, which training is in. Divide y by a constant, or leave "
            "that to normalize_y=True, which can do so up to about 1e300."
        )


def as_columns(y):
    """Targets of shape (n_samples, n_outputs)."""
    return y[:, None] if y.ndim == 1 else y
