"""Errors name the parameter, what was given and what is allowed."""

import numpy as np
import pytest

from skann import BPClassifier, BPRegressor
from skann._estimators.validation import (
    check_activations,
    check_sample_weight,
    check_targets,
    hidden_layers,
    prefix_errors,
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
        with prefix_errors("y_val"):
            raise error

    with pytest.raises(ValueError, match=r"^y_val: too long$"):
        fail(ValueError("too long"))
    with pytest.raises(KeyError):
        fail(KeyError("other errors are left alone"))


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
