"""Categories of a table: a column for each level, and targets where levels are many."""

import numpy as np
from sklearn.model_selection import KFold
from sklearn.preprocessing import OneHotEncoder, TargetEncoder

# What stands for a gap among a category's levels.
MISSING = "missing"


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
        max_categories : int
        """
        self.kept = [j for j, column in enumerate(levels.T) if len(set(column)) > 1]
        if self.kept:
            self._one_hot = OneHotEncoder(
                handle_unknown="infrequent_if_exist",
                max_categories=max_categories,
                sparse_output=False,
                dtype=np.float32,
            ).set_output(transform="default")
            self._one_hot.fit(levels[:, self.kept])
        return self

    def transform(self, levels):
        """The columns, as a list of one array or none."""
        return [self._one_hot.transform(levels[:, self.kept])] if self.kept else []

    def names(self, names):
        """Names of the columns, for those of the categories."""
        if not self.kept:
            return []
        names = np.asarray(names, dtype=object)[self.kept]
        return [*self._one_hot.get_feature_names_out(names)]


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
        self._columns = columns

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
        levels = levels[:, self._columns]
        self._labels, targets = _as_numbers(y)
        self._encoders = _fitted(levels[known], targets[known])
        numbers = _joined(self._encoders, levels)
        rows = np.arange(len(levels))[known]
        # The folds are a part of the rule, not of chance: a transformer without
        # random_state makes the same of the same table.
        folds = KFold(min(5, len(rows)), shuffle=True, random_state=0)
        for train, rest in folds.split(rows):
            of_fold = _fitted(levels[rows[train]], targets[rows[train]])
            numbers[rows[rest]] = _joined(of_fold, levels[rows[rest]])
        return numbers

    def transform(self, levels):
        """The levels' targets; the mean for a level that `fit` has not seen."""
        return _joined(self._encoders, levels[:, self._columns])

    def names(self, names):
        """Names of the numbers."""
        names = [f"{names[j]}_target" for j in self._columns]
        if self._labels is None:
            return names
        return [f"{name}_{label}" for label in self._labels for name in names]


# Classes up to here get a number each; more of them, if they are numbers, are taken as
# real targets.
_MAX_CLASSES = 30


def _as_numbers(y):
    """Labels or None, and targets of shape (n_samples, n_targets)."""
    classes = np.unique(y)
    if len(classes) > _MAX_CLASSES:
        return None, y.astype(np.float64)[:, None]
    if len(classes) == 2:
        classes = classes[1:]
    return classes.tolist(), (y[:, None] == classes).astype(np.float64)


def _fitted(levels, targets):
    encoders = [TargetEncoder(target_type="continuous") for _ in targets.T]
    for encoder, target in zip(encoders, targets.T, strict=True):
        encoder.set_output(transform="default").fit(levels, target)
    return encoders


def _joined(encoders, levels):
    return np.hstack([encoder.transform(levels) for encoder in encoders])


def is_target(y):
    """Whether numbers can be made of such targets: one column, few classes or real."""
    if y is None or np.ndim(y) not in (1, 2) or np.size(y) != np.shape(y)[0]:
        return False
    y = np.ravel(y)
    return y.dtype.kind in "biuf" or len(np.unique(y)) <= _MAX_CLASSES
