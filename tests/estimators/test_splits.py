"""Rows to train on and rows to validate on: splits are fair and arguments complete."""

import numpy as np
import pytest
from sklearn.model_selection import GroupShuffleSplit, PredefinedSplit

from skann import BPClassifier, BPRegressor
from skann._estimators.validation_data import split_by, split_rows


class TestSplitRows:
    def split(self, rows, labels=None, fraction=0.2, seed=0):
        return split_rows(rows, labels, fraction, seed)

    @pytest.mark.parametrize("n_rows", [2, 3, 10, 101])
    @pytest.mark.parametrize("fraction", [0.1, 0.25, 0.5])
    def test_every_row_is_on_one_side(self, n_rows, fraction):
        rows = 3 * np.arange(n_rows) + 1
        train, validation = self.split(rows, fraction=fraction)
        both = np.sort(np.concatenate([train, validation]))
        np.testing.assert_array_equal(both, rows)
        assert len(validation) == int(np.ceil(fraction * n_rows))
        for side in (train, validation):
            np.testing.assert_array_equal(side, np.sort(side))

    def test_the_seed_decides(self):
        rows = np.arange(100)
        first, again, other = (self.split(rows, seed=seed)[1] for seed in (0, 0, 1))
        np.testing.assert_array_equal(first, again)
        assert not np.array_equal(first, other)

    def test_classes_are_in_proportion_on_both_sides(self):
        labels = np.repeat([0, 1, 2], [100, 60, 40])
        train, validation = self.split(np.arange(200), labels, 0.1)
        np.testing.assert_array_equal(np.bincount(labels[validation]), [10, 6, 4])
        np.testing.assert_array_equal(np.bincount(labels[train]), [90, 54, 36])

    def test_only_the_labels_of_the_rows_in_use_count(self):
        labels = np.repeat([0, 1, 2], [50, 50, 1])
        _, validation = self.split(np.arange(100), labels, 0.1)
        np.testing.assert_array_equal(np.bincount(labels[validation]), [5, 5])

    @pytest.mark.parametrize(
        ("counts", "fraction"),
        [((99, 1), 0.1), ((3, 3, 3, 3), 0.1), ((3, 3, 3, 3), 0.9)],
        ids=["a class of one", "few to validate", "few to train"],
    )
    def test_what_can_t_be_stratified_is_split_plainly(self, counts, fraction):
        labels = np.repeat(np.arange(len(counts)), counts)
        train, validation = self.split(np.arange(len(labels)), labels, fraction)
        assert len(train) + len(validation) == len(labels)
        assert len(validation) == int(np.ceil(fraction * len(labels)))

    @pytest.mark.parametrize("n_rows", [0, 1])
    def test_too_few_rows_to_split(self, n_rows):
        with pytest.raises(ValueError, match=rf"early_stopping.*got {n_rows} sample"):
            self.split(np.arange(n_rows))

    @pytest.mark.parametrize(("n_rows", "fraction"), [(3, 0.9), (2, 0.6), (10, 0.95)])
    def test_nothing_left_to_train_on(self, n_rows, fraction):
        with pytest.raises(ValueError, match=f"validation_fraction.*{fraction}"):
            self.split(np.arange(n_rows), fraction=fraction)


class TestSplitBy:
    X, y = np.zeros((12, 2)), np.arange(12)

    def test_the_first_split_is_taken(self):
        folds = np.where(self.y % 3 == 0, 0, np.where(self.y == 1, 1, -1))
        train, validation = split_by(
            PredefinedSplit(folds), self.X, self.y, None, np.arange(12)
        )
        np.testing.assert_array_equal(validation, [0, 3, 6, 9])
        np.testing.assert_array_equal(train, [1, 2, 4, 5, 7, 8, 10, 11])

    def test_groups_stay_together_and_rows_out_of_use_out(self):
        groups, rows = self.y // 2, np.arange(1, 12)
        splitter = GroupShuffleSplit(1, test_size=0.5, random_state=0)
        train, validation = split_by(splitter, self.X, self.y, groups, rows)
        assert not set(groups[train]) & set(groups[validation])
        np.testing.assert_array_equal(np.union1d(train, validation), rows)

    def test_a_part_without_rows_in_use_is_an_error(self):
        folds = PredefinedSplit(np.where(self.y < 3, 0, -1))
        with pytest.raises(ValueError, match=r"validation_fraction=.* 9 rows .* and 0"):
            split_by(folds, self.X, self.y, None, np.arange(3, 12))


class TestValidationArguments:
    X, y = np.arange(20.0).reshape(10, 2), np.arange(10) % 2

    @pytest.mark.parametrize("method", ["fit", "partial_fit"])
    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            ({"X_val": X}, "together; y_val is None"),
            ({"y_val": y}, "together; X_val is None"),
            ({"sample_weight_val": np.ones(10)}, "X_val and y_val are not"),
            ({"X_val": X, "y_val": y[:9]}, "y_val: .*inconsistent"),
            (
                {"X_val": X, "y_val": y, "sample_weight_val": -np.ones(10)},
                "sample_weight_val: .*negative",
            ),
            ({"X_val": X[:, :1], "y_val": y}, "1 features.* 2 features"),
        ],
        ids=str,
    )
    def test_are_complete(self, method, arguments, message):
        net = BPRegressor()
        with pytest.raises(ValueError, match=message):
            getattr(net, method)(self.X, self.y, **arguments)
        assert not hasattr(net, "coefs_")

    @pytest.mark.parametrize(
        "parameters",
        [
            {"solver": "adam"},
            {"alpha": 1.0, "max_iter": 5},
            {"solver": "adam", "validation_fraction": GroupShuffleSplit(1)},
        ],
        ids=["no trials", "nothing to choose", "no early stopping"],
    )
    def test_groups_are_used(self, parameters):
        with pytest.raises(ValueError, match=r"^groups are given but"):
            BPClassifier(**parameters).fit(self.X, self.y, groups=self.y)
