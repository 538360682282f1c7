"""The recipe's rules: bounds, and where they change."""

import numpy as np
import pytest

from skann import BPClassifier, BPRegressor
from skann._tabular import recipe


def test_networks_are_fewer_where_rows_are_many():
    assert [recipe.n_folds(n) for n in (10, 19_999, 20_000, 10**6)] == [8, 8, 4, 4]
    assert [len(recipe.kinds(n)) for n in (10, 49_999, 50_000)] == [4, 4, 1]


@pytest.mark.parametrize("n_rows", [100, 500, 5_000, 10**6])
@pytest.mark.parametrize("n_numeric", [1, 5, 100, 1000])
def test_bins_are_no_more_than_there_is_room_for(n_rows, n_numeric):
    n_bins = recipe.n_bins(n_rows, n_numeric)
    assert n_bins == 0 or 3 <= n_bins <= 32
    assert n_bins * n_numeric <= 1000
    assert n_bins * n_numeric * n_rows <= 2**28


def test_bins_follow_the_rows():
    assert [recipe.n_bins(n, 10) for n in (99, 100, 1000, 2000, 9000)] == [
        0,
        5,
        10,
        20,
        32,
    ]
    assert recipe.n_bins(5000, 400) == 0
    assert recipe.n_bins(5000, 0) == 0


def test_decay_falls_with_the_rows():
    decays = [recipe.weight_decay(n) for n in (10, 1000, 2000, 5000, 10**6)]
    assert decays == [1, 1, 0.5, 0.2, 0.2]


def test_precision_is_higher_where_it_costs_nothing():
    assert recipe.dtype(999) is np.float64
    assert recipe.dtype(1000) is np.float32


@pytest.mark.parametrize("kind", [BPClassifier, BPRegressor])
@pytest.mark.parametrize("n_rows", [2, 10**7])
def test_members_have_parameters_that_networks_have(kind, n_rows):
    for each in recipe.kinds(n_rows):
        assert each.parameters(n_rows).keys() <= kind().get_params().keys()
