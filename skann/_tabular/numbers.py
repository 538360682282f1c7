"""Numbers of a table: filled in, of one scale, and with bins."""

import numpy as np
from sklearn.impute import SimpleImputer
from sklearn.preprocessing import StandardScaler

from .piecewise import all_ramps, bin_names, edges_of, n_bins_of


class Numbers:
    """Encode columns of numbers.

    Gaps are filled with the median, with an indicator beside it, and numbers are
    standardised, with those that are far out drawn in. Columns that are constant, or
    the same as one before, are left out.
    """

    def fit(self, numbers, weight, rule):
        """Learn the columns.

        Parameters
        ----------
        numbers : ndarray of float64 of shape (n_samples, n_numbers)
            With NaN for gaps.
        weight : ndarray of shape (n_samples,) or None
            Positive row weights.
        rule : callable
            ``rule(n_numeric)``: bins of a column at most.
        """
        self.kept = _informative(numbers)
        numbers = numbers[:, self.kept]
        largest = np.nanmax(np.abs(numbers), axis=0, initial=0)
        # Squares of numbers beyond are not finite, or nothing.
        usual = ((largest > 1e-100) & (largest < 1e100)) | (largest == 0)
        self.unit = np.where(usual, 1, largest)
        numbers = numbers / self.unit
        self.with_gaps = _different_gaps(numbers)
        self.with_bins, self.bin_edges = [], []
        self.median = self.mean = self.deviation = np.empty(0)
        if not self.kept:
            return self
        self.median = SimpleImputer(strategy="median").fit(numbers).statistics_
        scaler = StandardScaler().fit(self._filled(numbers), sample_weight=weight)
        self.mean, self.deviation = scaler.mean_, scaler.scale_
        scaled = self._scaled(numbers)
        with_bins = [
            j for j, column in enumerate(scaled.T) if _has_more_than_two(column)
        ]
        n_bins = rule(len(with_bins))
        if n_bins and with_bins:
            self.with_bins = with_bins
            self.bin_edges = edges_of(scaled[:, with_bins], n_bins)
        return self

    def _filled(self, numbers):
        return np.where(np.isnan(numbers), self.median, numbers)

    def _scaled(self, numbers):
        with np.errstate(over="ignore"):  # what is too far out is drawn in
            scaled = self._filled(numbers)
            scaled -= self.mean
            scaled /= self.deviation
        return _squashed(scaled)

    def transform(self, numbers, dtype):
        """Encode.

        Returns
        -------
        parts : list of ndarray of shape (n_samples, n_columns_of_part)
            The numbers and the indicators of their gaps.
        bins : list of ndarray of shape (n_samples, n_bins)
            The bins, if there are any.
        """
        if not self.kept:
            return [], []
        with np.errstate(over="ignore"):
            numbers = numbers[:, self.kept] / self.unit
        scaled = self._scaled(numbers).astype(dtype)
        parts = [scaled, np.isnan(numbers[:, self.with_gaps])]
        if not self.with_bins:
            return parts, []
        bins = np.empty((len(scaled), n_bins_of(self.bin_edges)), dtype)
        all_ramps(scaled[:, self.with_bins], self.bin_edges, bins)
        return parts, [bins]

    def names(self, names):
        """Names of the parts' columns and of the bins, for those of the numbers."""
        names = [names[j] for j in self.kept]
        gaps = [f"{names[j]}_missing" for j in self.with_gaps]
        return names + gaps, bin_names(
            [names[j] for j in self.with_bins], self.bin_edges
        )


def _squashed(scaled):
    """x / √(1 + (x/3)²): what is far out comes no farther than 3.

    Holzmüller, D., Grinsztajn, L. & Steinwart, I. (2024). Better by default: strong
    pre-tuned MLPs and boosted trees on tabular data. NeurIPS.
    """
    np.clip(scaled, -1e9, 1e9, out=scaled)
    scaled /= np.hypot(1, scaled / 3)
    return scaled


def _has_more_than_two(column):
    # Most columns show it in a few rows, which saves the sorting.
    return len(np.unique(column[:1000])) > 2 or len(np.unique(column)) > 2


def _different_gaps(numbers):
    """Columns with gaps, one of those whose gaps are in the same rows."""
    found = {}
    for j, column in enumerate(numbers.T):
        gaps = np.isnan(column)
        if gaps.any():
            found.setdefault(np.packbits(gaps).tobytes(), j)
    return list(found.values())


def _informative(numbers):
    """Columns that are neither constant nor the same as one before."""
    seen, kept = set(), []
    for j, column in enumerate(numbers.T):
        gaps = np.isnan(column)
        if gaps.all() or (not gaps.any() and (column == column[0]).all()):
            continue
        key = hash(np.ascontiguousarray(column).tobytes())
        if key not in seen:
            seen.add(key)
            kept.append(j)
    return kept
