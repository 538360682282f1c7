"""Mean and deviation of targets that arrive batch by batch.

Batches are merged by the formulas of Chan, Golub & LeVeque (1979), written for the
deviation instead of the sum of squares, which units like 1e200 would overflow.

References
----------
Chan, T. F., Golub, G. H. & LeVeque, R. J. (1979). Updating formulae and a pairwise
algorithm for computing sample variances. Stanford University, STAN-CS-79-773.
"""

from dataclasses import dataclass

import numpy as np

from .._network.loss_base import weighted_quantile

# Of normal targets the median absolute deviation, so often, is the deviation.
_NORMAL_MAD = 1.4826


@dataclass(frozen=True)
class TargetStatistics:
    """Weighted statistics of each output.

    Attributes
    ----------
    count : ndarray of shape (n_outputs,)
        Observed targets, weighted by weights that are one on average in every batch.
    mean : ndarray of shape (n_outputs,)
        Zero for an output without an observation. Robust statistics have the median.
    deviation : ndarray of shape (n_outputs,)
        Root of the mean square distance from the mean; zero where that is rounding.
        Robust ones have 1.4826 times the median distance from the median, which is the
        same for normal targets, unless that is zero.
    """

    count: np.ndarray
    mean: np.ndarray
    deviation: np.ndarray

    @classmethod
    def of(cls, columns, weight, is_robust=False):
        """Those of one batch.

        Parameters
        ----------
        columns : ndarray of shape (n_samples, n_outputs)
            NaN where not observed.
        weight : ndarray of shape (n_samples,) or None
        is_robust : bool
            Whether outliers are not to count.
        """
        weight = np.ones(len(columns)) if weight is None else weight
        used = weight > 0
        # Of a largest weight of one: the sum of huge ones would overflow.
        columns, weight = columns[used], weight[used] / weight.max()
        # Numbers that are too large for this are refused where they are encoded.
        with np.errstate(over="ignore", invalid="ignore"):
            plain = cls._of(columns, weight)
            return plain._robust(columns, weight) if is_robust else plain

    @classmethod
    def _of(cls, columns, weight):
        observed = np.isfinite(columns)
        weights = np.where(observed, weight[:, None], 0)
        totals = weights.sum(axis=0)
        count = totals / weight.mean()
        safe_totals = np.where(totals > 0, totals, 1)
        known = np.where(observed, columns, 0)
        mean = (weights * known).sum(axis=0) / safe_totals
        deviations = np.where(observed, columns - mean, 0)
        # Squares of a part of the largest: those of tiny or huge units are 0 or inf.
        largest = np.abs(deviations).max(axis=0)
        parts = deviations / np.where(largest > 0, largest, 1)
        deviation = largest * np.sqrt((weights * parts**2).sum(axis=0) / safe_totals)
        return cls(count, mean, _beyond_rounding(deviation, mean))

    def _robust(self, columns, weight):
        columns = np.where(np.isfinite(columns), columns, np.nan)
        levels = np.full(columns.shape[1], 0.5)
        median = weighted_quantile(columns, weight, levels)
        distances = np.abs(columns - median)
        deviation = _NORMAL_MAD * weighted_quantile(distances, weight, levels)
        deviation = _beyond_rounding(deviation, median)
        deviation = np.where(deviation > 0, deviation, self.deviation)
        return TargetStatistics(self.count, median, deviation)

    def merged(self, other):
        """Those of both batches together; of medians, about those."""
        count = self.count + other.count
        safe = np.where(count > 0, count, 1)
        mine, theirs = self.count / safe, other.count / safe
        with np.errstate(over="ignore", invalid="ignore"):
            step = other.mean - self.mean
            mean = np.where(mine > 0, self.mean + step * theirs, other.mean)
            inside = np.hypot(
                self.deviation * np.sqrt(mine), other.deviation * np.sqrt(theirs)
            )
            deviation = np.hypot(inside, step * np.sqrt(mine * theirs))
            return TargetStatistics(count, mean, _beyond_rounding(deviation, mean))

    def filled_from(self, other):
        """The same, but ``other``'s for outputs without an observation."""
        seen = self.count > 0
        return TargetStatistics(
            np.where(seen, self.count, other.count),
            np.where(seen, self.mean, other.mean),
            np.where(seen, self.deviation, other.deviation),
        )


def _beyond_rounding(deviation, mean):
    # Constant targets: their deviation is rounding, of the mean's size.
    return np.where(deviation <= 1e-12 * np.abs(mean), 0.0, deviation)
