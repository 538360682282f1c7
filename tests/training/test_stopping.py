"""Patience counts what does not improve, and nothing else."""

import math

import pytest

from skann._training.stopping import Patience, decisive


def verdicts(patience, values):
    return [patience.update(value) for value in values]


@pytest.mark.parametrize("n", [1, 3, 10])
def test_ends_after_exactly_n_values_without_improvement(n):
    patience = Patience(0.0, n)
    assert verdicts(patience, [1.0] + [1.0] * n) == [False] * n + [True]


def test_improvement_starts_the_count_again():
    patience = Patience(0.0, 2)
    assert verdicts(patience, [5, 6, 4, 4, 3, 3]) == [False] * 6
    assert patience.update(3)


def test_to_improve_is_to_be_lower_by_more_than_tol():
    patience = Patience(0.5, 1)
    assert not patience.update(4.0)
    assert patience.update(3.5)  # by exactly tol
    assert not patience.update(2.9)


def test_the_best_value_counts_even_where_it_is_no_improvement():
    # Small steps downwards never improve on the best one by tol.
    patience = Patience(1.0, 3)
    assert verdicts(patience, [10, 9.5, 9.0, 8.5]) == [False, False, False, True]
    assert patience.best == 8.5


def test_a_worse_value_does_not_become_the_best():
    patience = Patience(0.0, 3)
    verdicts(patience, [1.0, 2.0])
    assert patience.best == 1.0
    verdicts(patience, [1.5])
    assert patience.count == 2


def test_renew_keeps_the_best():
    patience = Patience(0.0, 2)
    assert verdicts(patience, [1.0, 1.0, 1.0]) == [False, False, True]
    patience.renew()
    assert patience.best == 1.0
    assert verdicts(patience, [1.0, 1.0]) == [False, True]


def test_patience_that_has_run_out_stays_so():
    patience = Patience(0.0, 2)
    assert verdicts(patience, [1.0] * 6) == [False, False, True, True, True, True]


def test_infinite_patience_never_ends():
    patience = Patience(0.0, math.inf)
    assert not any(verdicts(patience, [1.0] * 1000))


def test_infinity_and_nan_are_no_improvement():
    patience = Patience(0.0, 2)
    assert verdicts(patience, [math.inf, math.nan]) == [False, True]
    assert not patience.update(7.0)
    assert patience.best == 7.0


@pytest.mark.parametrize(
    "scoring",
    [
        "r2",
        ["r2", "max_error", "explained_variance"],
        ("r2", "max_error"),
        {"z": "r2", "a": "max_error"},
    ],
)
def test_the_first_scorer_decides(scoring):
    assert decisive(scoring) == "r2"


def test_a_scorer_of_one_s_own_decides_itself():
    assert decisive(len) is len
    assert decisive(None) is None
