"""Numbers of a table: filled in, of one scale, and with bins."""

import numpy as np
from sklearn.impute import SimpleImputer
from sklearn.preprocessing import StandardScaler

from .piecewise import PiecewiseLinearEncoder


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
        if not self.kept:
            self.with_bins = []
            return self
        numbers = numbers[:, self.kept]
        largest = np.nanmax(np.abs(numbers), axis=0)
        # Squares of numbers beyond are not finite, or nothing.
        usual = (largest > 1e-100) & (largest < 1e100)
        self._unit = np.where(usual, 1, largest)
        numbers = numbers / self._unit
        self._imputer = SimpleImputer(strategy="median").set_output(transform="default")
        self._with_gaps = _different_gaps(numbers)
        self._scaler = StandardScaler().set_output(transform="default")
        filled = self._imputer.fit_transform(numbers)
        scaled = _squashed(self._scaler.fit_transform(filled, sample_weight=weight))
        self.with_bins = [
            j for j, column in enumerate(scaled.T) if _has_more_than_two(column)
        ]
        n_bins = rule(len(self.with_bins))
        if not n_bins:
            self.with_bins = []
        else:
            self._bins = PiecewiseLinearEncoder(n_bins, keep_values=False)
            self._bins.set_output(transform="default")
            self._bins.fit(scaled[:, self.with_bins])
        return self

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
        numbers = numbers[:, self.kept] / self._unit
        scaled = self._scaler.transform(self._imputer.transform(numbers))
        scaled = _squashed(scaled).astype(dtype)
        bins = []
        if self.with_bins:
            bins.append(self._bins.transform(scaled[:, self.with_bins]))
        return [scaled, np.isnan(numbers[:, self._with_gaps])], bins

    def names(self, names):
        """Names of the parts' columns and of the bins, for those of the numbers."""
        if not self.kept:
            return [], []
        names = np.asarray(names, dtype=object)[self.kept]
        made = [*names, *(f"{n}_missing" for n in names[self._with_gaps])]
        bins = []
        if self.with_bins:
            bins += [*self._bins.get_feature_names_out(names[self.with_bins])]
        return made, bins


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
