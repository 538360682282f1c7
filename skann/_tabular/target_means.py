"""Target means: numbers for categories of many levels, by the targets of their rows.

A level's number is the mean target of its rows, less that of all rows, drawn towards
zero by how few the rows are (empirical Bayes), plus the mean of all rows. Rows that a
network trains on get the numbers that other rows say, so that none sees its own target;
which other rows, the folds of the fit decide. See :class:`CrossFitting`.

References
----------
Micci-Barreca, D. (2001). A preprocessing scheme for high-cardinality categorical
attributes in classification and prediction problems. SIGKDD Explorations 3.
"""

import numpy as np
from sklearn.model_selection import GroupKFold, KFold

# Parts that rows are divided into where the folds of the fit say nothing of them.
_N_PARTS = 5

# A category is taken to explain at least this share of the targets' variance.
_LEAST_SHARE = 0.01


class TargetMeans:
    """Target means of categories.

    Parameters
    ----------
    columns : list of int
        The categories that get them.
    """

    def __init__(self, columns):
        self.columns = columns

    def fit(self, levels, targets, weight, splits=(), groups=None):
        """Learn the levels' numbers.

        Parameters
        ----------
        levels : ndarray of object of shape (n_samples, n_categories)
        targets : tuple
            Columns of targets of shape (n_samples, n_targets), and their labels, as the
            functions of ``target_columns.py`` return them.
        weight : ndarray of shape (n_samples,)
            Row weights. Rows of weight zero are not learnt from.
        splits : list of (ndarray of int, ndarray of int)
            Rows that each network trains on and is validated on.
        groups : ndarray of shape (n_samples,) or None
            Groups of rows that are to be kept together.

        Returns
        -------
        cross_fitting : CrossFitting
            What has the numbers of the rows that were learnt from.
        """
        columns, self.labels = targets
        own, used = levels[:, self.columns], weight > 0
        self.levels = [_in_order(set(column)) for column in own[used].T]
        # Squares of huge numbers would overflow.
        unit = np.nanmax(np.abs(columns[used]), axis=0, initial=0)
        unit[unit == 0] = 1
        columns = columns / unit
        weight = weight / weight[used].mean()
        sizes = [len(known) for known in self.levels]
        codes = self._codes(own)
        effects, means = _learnt(codes, sizes, columns, weight, np.flatnonzero(used))
        self.means = means * unit
        self.encodings = [
            own[:, :-1] * unit[:, None] + self.means[:, None] for own in effects
        ]
        about = codes, sizes, columns, weight
        return CrossFitting(*about, unit, self.means, splits, groups)

    def transform(self, levels):
        """The levels' numbers; the mean for a level that `fit` has not seen."""
        codes = self._codes(levels[:, self.columns])
        tables = [np.column_stack([own, self.means]) for own in self.encodings]
        return _looked_up(codes, tables)

    def names(self, names):
        """Names of the numbers."""
        names = [f"{names[j]}_target" for j in self.columns]
        if self.labels is None:
            return names
        return [f"{name}_{label}" for label in self.labels for name in names]

    def _codes(self, levels):
        """Places of the levels among those of each category, in columns."""
        codes = np.empty(levels.shape, np.intp, order="F")
        for j, own in enumerate(self.levels):
            places = {level: i for i, level in enumerate(own)}
            codes[:, j] = [places.get(level, len(own)) for level in levels[:, j]]
        return codes


class CrossFitting:
    """Numbers of the rows that target means were learnt from.

    The numbers of a network's training rows come from the other folds of its training
    rows: a row that another network validates on is encoded by what that network trains
    on. So groups stay together, and what comes later is not used, where the folds of
    the fit have it so. Rows in no other fold are cross-fitted among themselves.
    """

    def __init__(self, codes, sizes, columns, weight, unit, means, splits, groups):
        self._data = codes, sizes, columns, weight
        self._unit, self._means = unit, means
        self._groups = groups
        self._splits = [tuple(self._mask(part) for part in split) for split in splits]

    def numbers(self, fold=None):
        """Numbers of all rows as a fold's network sees them.

        Parameters
        ----------
        fold : int or None
            None is for a network that trains on all rows of positive weight.

        Returns
        -------
        numbers : ndarray of shape (n_samples, n_numbers)
        """
        train = self._data[3] > 0 if fold is None else self._splits[fold][0]
        found = self._by(np.flatnonzero(train), np.arange(len(train)))
        left = train.copy()
        for other, held_out in self._splits:
            rows = np.flatnonzero(left & held_out & ~other)
            by = np.flatnonzero(train & other)
            if len(rows) and len(by):
                found[rows] = self._by(by, rows)
                left[rows] = False
        left = np.flatnonzero(left)
        for by, rows in self._parts(left):
            found[rows] = self._by(by, rows)
        return found

    def _parts(self, rows):
        """Splits of rows among themselves, with whole groups."""
        if self._groups is None:
            # A part of the rule, not of chance: without random_state a transformer
            # makes the same of the same table.
            n, own = len(rows), None
            kind, options = KFold, {"shuffle": True, "random_state": 0}
        else:
            own = self._groups[rows]
            n, kind, options = len(np.unique(own)), GroupKFold, {}
        if n < 2:
            return [(rows[:0], rows)]
        found = kind(min(_N_PARTS, n), **options).split(rows, groups=own)
        return [(rows[by], rows[part]) for by, part in found]

    def _by(self, by, rows):
        """Numbers of some rows by what others say; the mean if there are no others."""
        codes, sizes, columns, weight = self._data
        effects, _ = _learnt(codes, sizes, columns, weight, by)
        shifts = self._means[:, None]
        tables = [own * self._unit[:, None] + shifts for own in effects]
        return _looked_up(codes[rows], tables)

    def _mask(self, rows):
        mask = np.zeros(len(self._data[0]), bool)
        mask[rows] = True
        return mask


def _in_order(levels):
    """Levels in the order of their text, a gap last."""
    return sorted(levels, key=lambda level: (level is None, level or ""))


def _learnt(codes, sizes, columns, weight, rows):
    """Effects of each category's levels by some rows, and the mean targets.

    The effects of a category are of shape (n_targets, n_levels + 1); the last one, of a
    level that is not known, is zero.
    """
    codes, columns, weight = codes[rows], columns[rows], weight[rows]
    means = np.zeros(columns.shape[1])
    effects = [np.zeros((len(means), size + 1)) for size in sizes]
    for k, target in enumerate(columns.T):
        observed = np.isfinite(target)
        seen = np.where(observed, weight, 0)
        total = seen.sum()
        if not total > 0:
            continue
        target = np.where(observed, target, 0)
        means[k] = (seen @ target) / total
        target = target - means[k]
        variance = (seen @ target**2) / total
        for code, own in zip(codes.T, effects, strict=True):
            own[k] = _effects(code, own.shape[1], target, seen, variance)
    return effects, means


def _effects(codes, n_levels, target, weight, variance):
    """Shrunken means of centred targets, by level."""
    counts = np.bincount(codes, weight, n_levels)
    sums = np.bincount(codes, weight * target, n_levels)
    means = sums / np.where(counts > 0, counts, 1)
    total, n_seen = counts.sum(), np.count_nonzero(counts)
    # What the levels leave over, by the degrees of freedom that they leave.
    within = variance - (counts @ means**2) / total
    within = max(within, 0) * total / (total - n_seen) if total > n_seen else variance
    within = min(within, variance)
    between = max(variance - within, _LEAST_SHARE * variance)
    if not between > 0:
        return np.zeros(n_levels)
    return means * counts / np.where(counts > 0, counts + within / between, 1)


def _looked_up(codes, tables):
    """A number for each target and category: those of the first target first."""
    n_targets = len(tables[0])
    found = np.empty((n_targets, len(tables), len(codes)))
    for j, table in enumerate(tables):
        found[:, j] = table[:, codes[:, j]]
    return found.reshape(n_targets * len(tables), len(codes)).T
