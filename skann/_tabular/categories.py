"""Categories of a table: a column for each level."""

import numpy as np
from sklearn.preprocessing import OneHotEncoder


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

    @property
    def n_columns(self):
        """Columns of all categories."""
        return sum(map(len, self.own)) + sum(self.shared)

    def places(self, levels):
        """Columns of the levels, and whether they have one.

        Parameters
        ----------
        levels : ndarray of object of shape (n_samples, n_categories)

        Returns
        -------
        places : ndarray of int of shape (n_samples, n_kept)
            In each row, a column of each category that is kept.
        found : ndarray of bool of the same shape
            False for a level without a column, whose place is the category's first.
        """
        places = np.empty((len(levels), len(self.kept)), np.int32)
        found = np.ones(places.shape, bool)
        end = 0
        pairs = zip(self.kept, self.own, self.shared, strict=True)
        for i, (j, own, shared) in enumerate(pairs):
            start, end = end, end + len(own) + shared
            known = {level: start + k for k, level in enumerate(own)}
            other = end - 1 if shared else -1
            places[:, i] = [known.get(level, other) for level in levels[:, j]]
            found[:, i] = places[:, i] >= 0
            places[~found[:, i], i] = start
        return places, found

    def transform(self, levels):
        """The columns, as a list of one array or none."""
        if not self.kept:
            return []
        out = np.zeros((len(levels), self.n_columns), np.float32)
        places, found = self.places(levels)
        np.put_along_axis(out, places, found, axis=1)
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
