"""Numbers of a table: filled in, of one scale, and with bins."""

import numpy as np
from sklearn.preprocessing import StandardScaler

from .piecewise import all_ramps, bin_names, edges_of, n_bins_of

# Units from the median beyond which numbers are wild: codes such as -999999, mistakes.
# Long tails of ordinary columns reach 50,000 units. Within the limit, bins in float64
# keep the other numbers apart.
_FAR = 100_000

# Sums and differences of two numbers do not overflow if they are divided by 4 before.
_QUARTER = 0.25

_SMALLEST = np.finfo(np.float64).smallest_subnormal


class Numbers:
    """Encode columns of numbers.

    Gaps are filled with the median, with an indicator beside it, and numbers are
    standardised and smoothly clipped. Columns that are constant, or the same as one
    before, are left out. A few wild values do not determine the scale of a column:
    numbers are first measured from the median in units of the median distance to it,
    and those beyond _FAR units have no part in mean and deviation. All is computed in
    float64, which tells numbers beside a wild value apart, and rounded at the end.
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
        self.with_gaps = _different_gaps(numbers)
        self.with_bins, self.bin_edges = [], []
        self.median = self.unit = self.mean = self.deviation = np.empty(0)
        if not self.kept:
            return self
        found = [_centre_and_unit(column) for column in numbers.T]
        self.median, self.unit = np.array(found).T
        measured = self._measured(numbers)
        measured[np.abs(measured) > _FAR] = np.nan  # which the scaler leaves out
        scaler = StandardScaler(copy=False).fit(measured, sample_weight=weight)
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

    def _measured(self, numbers):
        """Distances to the median, zero for gaps."""
        with np.errstate(over="ignore"):  # infinite distances are clipped
            found = numbers * _QUARTER
            found -= self.median * _QUARTER
            found /= np.maximum(self.unit * _QUARTER, _SMALLEST)
        found[np.isnan(found)] = 0
        return found

    def _scaled(self, numbers):
        scaled = self._measured(numbers)
        with np.errstate(over="ignore"):
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
        numbers = numbers[:, self.kept]
        scaled = self._scaled(numbers)
        parts = [scaled.astype(dtype), np.isnan(numbers[:, self.with_gaps])]
        if not self.with_bins:
            return parts, []
        bins = np.empty((len(scaled), n_bins_of(self.bin_edges)), dtype)
        all_ramps(scaled[:, self.with_bins], self.bin_edges, bins)
        return parts, [bins]

    def from_column(self, first):
        """The same encoding of the columns from this one on alone."""
        part = Numbers()
        own = [i for i, j in enumerate(self.kept) if j >= first]
        places = {i: place for place, i in enumerate(own)}
        part.kept = [self.kept[i] - first for i in own]
        for name in ("unit", "median", "mean", "deviation"):
            setattr(part, name, getattr(self, name)[own])
        part.with_gaps = [places[i] for i in self.with_gaps if i in places]
        part.with_bins = [places[i] for i in self.with_bins if i in places]
        n_before = len(self.with_bins) - len(part.with_bins)
        part.bin_edges = self.bin_edges[n_before:]
        return part

    def names(self, names):
        """Names of the parts' columns and of the bins, for those of the numbers."""
        names = [names[j] for j in self.kept]
        gaps = [f"{names[j]}_missing" for j in self.with_gaps]
        return names + gaps, bin_names(
            [names[j] for j in self.with_bins], self.bin_edges
        )


def _centre_and_unit(column):
    """The median, and the median distance of the numbers that differ from it."""
    known = column[~np.isnan(column)] * _QUARTER
    centre = np.median(known)
    distances = np.abs(known - centre)
    distances = distances[distances > 0]
    unit = np.median(distances) if len(distances) else _QUARTER
    largest = np.finfo(np.float64).max
    return centre / _QUARTER, min(unit, largest * _QUARTER) / _QUARTER


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
