"""Categories of a table: a column for each level, and targets where levels are many."""

import numpy as np
from sklearn.model_selection import KFold
from sklearn.preprocessing import OneHotEncoder, TargetEncoder


class Levels:
    """One-hot columns of categories.

    A gap is a level of its own. Levels beyond `max_categories`, by frequency, share one
    column, and a level that `fit` has not seen is one of them; where there are no such
    it is zeros. A category of one level is left out.
    """

    def fit(self, levels, max_categories):
        """Learn the levels.

        Parameters
        ----------
        levels : ndarray of object of shape (n_samples, n_categories)
            Text, with None for gaps.
        max_categories : int
        """
        self.kept = [j for j, column in enumerate(levels.T) if len(set(column)) > 1]
        # Of each category that is kept: the levels with a column of their own, and
        # whether all others share one.
        self.own, self.shared = [], []
        if self.kept:
            one_hot = OneHotEncoder(
                handle_unknown="infrequent_if_exist", max_categories=max_categories
            )
            one_hot.fit(levels[:, self.kept])
            pairs = zip(
                one_hot.categories_, one_hot.infrequent_categories_, strict=True
            )
            for known, rare in pairs:
                rare = set() if rare is None else set(rare)
                self.own.append([level for level in known if level not in rare])
                self.shared.append(bool(rare))
        return self

    def transform(self, levels):
        """The columns, as a list of one array or none."""
        if not self.kept:
            return []
        n_columns = sum(map(len, self.own)) + sum(self.shared)
        out, end = np.zeros((len(levels), n_columns), np.float32), 0
        for j, own, shared in zip(self.kept, self.own, self.shared, strict=True):
            start, end = end, end + len(own) + shared
            places = {level: start + i for i, level in enumerate(own)}
            other = end - 1 if shared else -1
            found = [places.get(level, other) for level in levels[:, j]]
            found = np.array(found, dtype=np.intp)
            rows = np.flatnonzero(found >= 0)
            out[rows, found[rows]] = 1
        return [out]

    def names(self, names):
        """Names of the columns, for those of the categories."""
        found = []
        for j, own, shared in zip(self.kept, self.own, self.shared, strict=True):
            # As scikit-learn's encoder calls the last.
            found += [_level_name(names[j], level) for level in own]
            found += [f"{names[j]}_infrequent_sklearn"] * shared
        return found


def _level_name(name, level):
    return f"{name}_missing" if level is None else f"{name}_{level}"


class Targets:
    """Numbers for categories of many levels: what the targets of their rows are.

    Real targets make one number of a category, classes one for each (two classes, one
    for both): the mean over the level's rows, drawn towards that of all by how few they
    are, as in scikit-learn's ``TargetEncoder``. Rows that are learnt from get what the
    rows of other folds say, so that none sees its own target.

    Parameters
    ----------
    columns : list of int
        The categories that have so many.
    """

    def __init__(self, columns):
        self.columns = columns

    def fit_transform(self, levels, y, known):
        """Learn the levels' targets.

        Parameters
        ----------
        levels : ndarray of object of shape (n_samples, n_categories)
        y : ndarray of shape (n_samples,)
        known : slice or ndarray of bool
            The rows to learn from.

        Returns
        -------
        numbers : ndarray of shape (n_samples, n_numbers)
        """
        levels = levels[:, self.columns]
        self.labels, targets = _as_numbers(y)
        learnt = _learnt(levels[known], targets[known])
        self.levels, self.encodings, self.means = learnt
        numbers = _numbers(levels, *learnt)
        rows = np.arange(len(levels))[known]
        # The folds are a part of the rule, not of chance: a transformer without
        # random_state makes the same of the same table.
        folds = KFold(min(5, len(rows)), shuffle=True, random_state=0)
        for train, rest in folds.split(rows):
            of_fold = _learnt(levels[rows[train]], targets[rows[train]])
            numbers[rows[rest]] = _numbers(levels[rows[rest]], *of_fold)
        return numbers

    def transform(self, levels):
        """The levels' targets; the mean for a level that `fit` has not seen."""
        levels = levels[:, self.columns]
        return _numbers(levels, self.levels, self.encodings, self.means)

    def names(self, names):
        """Names of the numbers."""
        names = [f"{names[j]}_target" for j in self.columns]
        if self.labels is None:
            return names
        return [f"{name}_{label}" for label in self.labels for name in names]


# Classes up to here get a number each; more of them, if they are numbers, are taken as
# real targets.
_MAX_CLASSES = 30


def _as_numbers(y):
    """Labels as text or None, and targets of shape (n_samples, n_targets)."""
    classes = np.unique(y)
    if len(classes) > _MAX_CLASSES:
        return None, y.astype(np.float64)[:, None]
    if len(classes) == 2:
        classes = classes[1:]
    labels = [str(label) for label in classes.tolist()]
    return labels, (y[:, None] == classes).astype(np.float64)


def _learnt(levels, targets):
    """Of each category its levels, and each target's numbers for them; the means.

    The numbers of a category are of shape (n_targets, n_levels).
    """
    encoders = [
        TargetEncoder(target_type="continuous").fit(levels, target)
        for target in targets.T
    ]
    known = [own.tolist() for own in encoders[0].categories_]
    by_category = zip(*(encoder.encodings_ for encoder in encoders), strict=True)
    means = np.array([encoder.target_mean_ for encoder in encoders])
    return known, [np.array(own) for own in by_category], means


def _numbers(levels, known, encodings, means):
    """The numbers of some rows: of the first target first, for each category."""
    found = np.empty((len(means), len(known), len(levels)))
    for j, (own, numbers) in enumerate(zip(known, encodings, strict=True)):
        places = {level: i for i, level in enumerate(own)}
        places = [places.get(level, len(own)) for level in levels[:, j]]
        found[:, j] = np.column_stack([numbers, means])[:, places]
    return found.reshape(-1, len(levels)).T


def is_target(y):
    """Whether numbers can be made of such targets: one column, few classes or real."""
    if y is None or np.ndim(y) not in (1, 2) or np.size(y) != np.shape(y)[0]:
        return False
    y = np.ravel(y)
    return y.dtype.kind in "biuf" or len(np.unique(y)) <= _MAX_CLASSES
