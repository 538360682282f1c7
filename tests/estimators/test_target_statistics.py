"""Statistics of targets, in one go and batch by batch."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from skann._estimators.target_statistics import TargetStatistics

rng = np.random.default_rng(0)
Y = rng.normal(size=(90, 3)) * [1, 1000, 1e-6] + [0, -7, 3]
Y[rng.uniform(size=Y.shape) < 0.2] = np.nan
PARTS = [slice(0, 1), slice(1, 40), slice(40, 90)]
of = TargetStatistics.of


def merged(parts, weight=None):
    all_of_them = [of(Y[p], None if weight is None else weight[p]) for p in parts]
    total = all_of_them[0]
    for other in all_of_them[1:]:
        total = total.merged(other)
    return total


def test_in_one_go():
    found = of(Y, None)
    assert_array_equal(found.count, (~np.isnan(Y)).sum(axis=0))
    assert_allclose(found.mean, np.nanmean(Y, axis=0))
    assert_allclose(found.deviation, np.nanstd(Y, axis=0))


def test_batches_are_merged():
    found = merged(PARTS)
    assert_array_equal(found.count, (~np.isnan(Y)).sum(axis=0))
    assert_allclose(found.mean, np.nanmean(Y, axis=0), rtol=1e-12)
    assert_allclose(found.deviation, np.nanstd(Y, axis=0), rtol=1e-9)


def test_weights_are_one_on_average_in_each_batch():
    weight = rng.uniform(0, 2, 90)
    found = merged(PARTS, weight)
    rescaled = [weight[p] / weight[p].mean() for p in PARTS]
    one = of(Y, np.concatenate(rescaled))
    assert_allclose(found.count, one.count)
    assert_allclose(found.mean, one.mean)
    assert_allclose(found.deviation, one.deviation, rtol=1e-9)
    # Only ratios matter, however large the weights.
    again = merged(PARTS, 1e300 * weight)
    assert_allclose(again.deviation, found.deviation)


def test_rows_of_weight_zero_do_not_count():
    weight = np.where(np.arange(90) < 40, 1.0, 0.0)
    found, expected = of(Y, weight), of(Y[:40], None)
    assert_array_equal(found.count, expected.count)
    assert_array_equal(found.deviation, expected.deviation)


@pytest.mark.parametrize("unit", [1e-200, 1e200])
def test_in_units_whose_squares_are_no_numbers(unit):
    parts = [of(unit * Y[p], None) for p in PARTS]
    found = parts[0].merged(parts[1]).merged(parts[2])
    assert_allclose(found.deviation, unit * np.nanstd(Y, axis=0), rtol=1e-9)


def test_outputs_that_are_not_observed():
    nothing, something = of(np.full((4, 1), np.nan), None), of(np.ones((2, 1)), None)
    assert (nothing.count, nothing.mean, nothing.deviation) == (0, 0, 0)
    for found in (
        nothing.merged(something),
        something.merged(nothing),
        nothing.filled_from(something),
        something.filled_from(nothing),
    ):
        assert (found.count, found.mean, found.deviation) == (2, 1, 0)


def test_rounding_is_no_deviation():
    third = of(np.full((7, 1), 1e9 / 3), None)
    assert third.deviation == 0
    assert third.merged(third).deviation == 0
