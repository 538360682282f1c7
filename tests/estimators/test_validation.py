"""Errors name the parameter, what was given and what is allowed; splits are fair."""

import numpy as np
import pytest
from sklearn.base import BaseEstimator
from sklearn.model_selection import GroupShuffleSplit, PredefinedSplit

from skann import BPClassifier, BPRegressor
from skann._estimators.validation import (
    check_activations,
    check_sample_weight,
    check_targets,
    hidden_layers,
    named_in_errors,
    split_by,
    split_rows,
    unchanged_on_error,
)
from skann._network.activations import ACTIVATIONS


class TestHiddenLayerSizes:
    @pytest.mark.parametrize(
        ("given", "sizes"),
        [
            (5, (5,)),
            (np.int64(5), (5,)),
            ((), ()),
            ([], ()),
            ((3,), (3,)),
            ([3, 2], (3, 2)),
            (np.array([3, 2]), (3, 2)),
        ],
    )
    def test_become_a_tuple_of_ints(self, given, sizes):
        found = hidden_layers(BPClassifier(given))
        assert found == sizes
        assert all(type(size) is int for size in found)

    @pytest.mark.parametrize("given", [0, -1, (3, 0), (3, -2), (3, 2.0), "ab", ["a"]])
    def test_others_are_named_and_shown(self, given):
        with pytest.raises(ValueError, match=r"^hidden_layer_sizes must be") as error:
            hidden_layers(BPClassifier(given))
        assert "of at least 1" in str(error.value)
        assert str(given).strip("(,)") in str(error.value)

    @pytest.mark.parametrize(
        ("depth", "width", "sizes"),
        [
            (2, 30, (30, 30)),
            (3, None, (100, 100, 100)),
            (None, 7, (7,)),
            (0, None, ()),
            (0, 7, ()),
            (np.int64(2), np.int64(5), (5, 5)),
        ],
    )
    def test_two_numbers_say_the_same(self, depth, width, sizes):
        net = BPRegressor(n_hidden_layers=depth, n_hidden_units=width)
        found = hidden_layers(net)
        assert found == sizes
        assert all(type(size) is int for size in found)

    @pytest.mark.parametrize("numbers", [{"n_hidden_layers": 2}, {"n_hidden_units": 9}])
    @pytest.mark.parametrize("given", [(50,), 7, ()])
    def test_only_one_way_can_be_used(self, numbers, given):
        ((name, number),) = numbers.items()
        with pytest.raises(ValueError, match=r"^hidden_layer_sizes=") as error:
            hidden_layers(BPClassifier(given, **numbers))
        assert repr(given) in str(error.value)
        assert f"{name}={number}" in str(error.value)


class TestActivations:
    @pytest.mark.parametrize("name", ACTIVATIONS)
    def test_one_name_is_for_all_layers(self, name):
        assert check_activations(name, 3) == (name,) * 3
        assert check_activations(name, 0) == ()

    def test_several_names_are_one_a_layer(self):
        assert check_activations(["relu", "tanh"], 2) == ("relu", "tanh")
        assert check_activations((), 0) == ()

    def test_a_name_that_is_no_text_is_shown(self):
        with pytest.raises(ValueError, match=r"activation \['relu'\] is unknown"):
            check_activations([["relu"]], 1)

    @pytest.mark.parametrize("given", [["relu"], ["relu"] * 3])
    def test_a_wrong_number_is_shown(self, given):
        with pytest.raises(ValueError, match=rf"2 hidden layers; got {len(given)}"):
            check_activations(given, 2)

    @pytest.mark.parametrize(
        ("given", "n_hidden"), [("sigm", 2), (["relu", "sigm"], 2), ("sigm", 0)]
    )
    def test_an_unknown_name_is_shown_with_the_known_ones(self, given, n_hidden):
        with pytest.raises(ValueError, match="activation 'sigm' is unknown") as error:
            check_activations(given, n_hidden)
        assert all(name in str(error.value) for name in ACTIVATIONS)


class TestSampleWeight:
    X = np.zeros((4, 2))

    def test_none_stays_none(self):
        assert check_sample_weight(None, self.X) is None

    @pytest.mark.parametrize("given", [[1, 2, 0, 3], np.ones(4, np.float32)])
    def test_become_float64(self, given):
        found = check_sample_weight(given, self.X)
        assert found.dtype == np.float64
        np.testing.assert_array_equal(found, given)

    def test_a_number_is_every_row_s(self):
        np.testing.assert_array_equal(check_sample_weight(2.5, self.X), [2.5] * 4)

    @pytest.mark.parametrize(
        ("given", "message"),
        [
            ([1, 1, 1], r"sample_weight must have shape \(4,\).*got \(3,\)"),
            ([[1, 1, 1, 1]], r"sample_weight must have shape \(4,\).*got \(1, 4\)"),
            ([1, 1, np.nan, 1], "sample_weight contains NaN"),
            ([1, 1, np.inf, 1], "sample_weight contains infinity"),
            ([1, -0.5, 1, 1], "sample_weight must not be negative.*-0.5"),
            ([0, 0, 0, 0], "sample_weight must have at least one positive weight"),
        ],
    )
    def test_others_are_errors(self, given, message):
        with pytest.raises(ValueError, match=message):
            check_sample_weight(given, self.X)


class TestSplitRows:
    def split(self, rows, labels=None, fraction=0.2, seed=0):
        rng = np.random.default_rng(seed)
        return split_rows(rows, labels, fraction, rng)

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

    def test_the_generator_decides(self):
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


class TestTargets:
    X = np.zeros((3, 2))

    @pytest.mark.parametrize("given", [[1, 2, 3], np.array([1, 2, 3], object)])
    def test_numbers_are_numbers(self, given):
        found = check_targets(given, self.X, dtype="numeric")
        assert found.dtype.kind in "if"
        np.testing.assert_array_equal(found, [1, 2, 3])

    def test_gaps_are_targets_where_they_are_allowed(self):
        gaps = [1, np.nan, 2]
        found = check_targets(gaps, self.X, dtype="numeric", allow_nan=True)
        np.testing.assert_array_equal(found, gaps)
        with pytest.raises(ValueError, match="y contains NaN"):
            check_targets(gaps, self.X, dtype="numeric")

    def test_they_belong_to_rows(self):
        with pytest.raises(ValueError, match=r"inconsistent.*\[3, 2\]"):
            check_targets([1, 2], self.X)


def test_an_argument_is_named_in_errors():
    def fail(error):
        with named_in_errors("y_val"):
            raise error

    with pytest.raises(ValueError, match=r"^y_val: too long$"):
        fail(ValueError("too long"))
    with pytest.raises(KeyError):
        fail(KeyError("other errors are left alone"))


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
            {},
            {"early_stopping": True},
            {"validation_fraction": GroupShuffleSplit(1)},
        ],
        ids=["nothing", "no splitter", "no early stopping"],
    )
    def test_groups_are_used(self, parameters):
        with pytest.raises(ValueError, match=r"^groups are given but"):
            BPClassifier(**parameters).fit(self.X, self.y, groups=self.y)


class TestUnchangedOnError:
    def make(self):
        estimator = BaseEstimator()
        estimator.coefs_, estimator.n_iter_ = [1, 2], 3
        return estimator

    @pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
    def test_attributes_come_back(self, error):
        estimator = self.make()
        before = dict(vars(estimator))

        def fail():
            with unchanged_on_error(estimator):
                estimator.n_iter_ = 4
                estimator.classes_ = [0, 1]
                del estimator.coefs_
                raise error

        with pytest.raises(error):
            fail()
        assert vars(estimator) == before

    def test_without_an_error_they_stay(self):
        estimator = self.make()
        with unchanged_on_error(estimator):
            estimator.n_iter_ = 4
            del estimator.coefs_
        assert vars(estimator) == {"n_iter_": 4}


class TestHiddenLayerSizesAsArrays:
    def test_an_array_of_one_number_is_that_number(self):
        assert hidden_layers(BPRegressor(np.array(5))) == (5,)

    @pytest.mark.parametrize("given", [np.array(5.0), np.array("5"), np.array(True)])
    def test_of_something_else_is_named(self, given):
        with pytest.raises(ValueError, match=r"^hidden_layer_sizes must be an integer"):
            hidden_layers(BPRegressor(given))

    @pytest.mark.parametrize("given", [{5, 3}, {5: 3}, {5: 3}.keys()])
    def test_without_an_order_are_refused(self, given):
        with pytest.raises(ValueError, match=r"^hidden_layer_sizes must be array-like"):
            hidden_layers(BPRegressor(given))
