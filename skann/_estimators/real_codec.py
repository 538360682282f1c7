"""Real targets to what the network is trained on, and raw outputs back.

Trained on targets of mean zero and variance one, the same learning rate, tolerance and
starting weights suit targets in any unit.
"""

import math

import numpy as np

from .._training.data import Targets


class RealCodec:
    """Shift and scale of the targets, and which shape they have.

    Attributes
    ----------
    least_to_score : int
        Rows that a score needs.

    Parameters
    ----------
    y : ndarray of shape (n_samples,) or (n_samples, n_outputs)
        Targets of the first fit; NaN where not observed.
    weight : ndarray of shape (n_samples,) or None
        Row weights.
    normalize : bool
        Whether the network sees standardised targets.
    """

    least_to_score = 2  # R² of one row is not defined

    def __init__(self, y, weight, *, normalize):
        self.flat = y.ndim == 1
        columns = _columns(y)
        self.n_outputs = columns.shape[1]
        self.mean = np.zeros(self.n_outputs)
        self.scale = np.ones(self.n_outputs)
        if normalize:
            weight = np.ones(len(columns)) if weight is None else weight
            used = weight > 0
            # Of a largest weight of one: the sum of huge ones would overflow.
            with np.errstate(over="ignore", invalid="ignore"):
                self._standardize(columns[used], weight[used] / weight.max())

    def _standardize(self, columns, weight):
        observed = np.isfinite(columns)
        weights = np.where(observed, weight[:, None], 0)
        totals = weights.sum(axis=0)
        known = np.where(observed, columns, 0)
        # A column without an observation keeps its mean of zero and scale of one.
        any_known = totals > 0
        totals = np.where(any_known, totals, 1)
        self.mean = (weights * known).sum(axis=0) / totals
        deviations = np.where(observed, columns - self.mean, 0)
        # Squares of a part of the largest: those of tiny or huge units are 0 or inf.
        largest = np.abs(deviations).max(axis=0)
        parts = deviations / np.where(largest > 0, largest, 1)
        scale = largest * np.sqrt((weights * parts**2).sum(axis=0) / totals)
        # Constant targets: their deviation is rounding, of the mean's size.
        flat = scale <= 1e-12 * np.abs(self.mean)
        self.scale = np.where(any_known & ~flat, scale, 1.0)

    def encode(self, y, loss, dtype):
        """Targets for ``y``; ``loss`` is a name in ``LOSSES``."""
        columns = _columns(y)
        if columns.shape[1] != self.n_outputs:
            raise ValueError(
                f"y has {columns.shape[1]} outputs; the model was trained on "
                f"{self.n_outputs}."
            )
        with np.errstate(over="ignore", invalid="ignore"):
            scaled = ((columns - self.mean) / self.scale).T
            encoded = np.array(scaled, dtype, order="C")
            _check_squares(columns, encoded)
        return Targets(encoded, self.n_outputs, loss)

    def decode(self, raw):
        """Predictions for raw outputs, in their dtype."""
        scale, mean = self.scale.astype(raw.dtype), self.mean.astype(raw.dtype)
        y = raw * scale + mean
        return y[:, 0] if self.flat else y

    def score(self, raw, data):
        """Weighted R² on the rows in use, the mean over outputs; NaN for one row.

        scikit-learn's way there takes a hundred times as long.
        """
        truth, found = data.take(_columns(data.y)), _columns(self.decode(raw))
        weight = np.ones(len(truth)) if data.weight is None else data.take(data.weight)
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


def _columns(y):
    return y[:, None] if y.ndim == 1 else y
