"""Rows on their way to the engine: what is computed of them before training."""

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from skann._training.data import Data

rng = np.random.RandomState(0)
X = rng.normal(3, 5, size=(9000, 3))
X[rng.uniform(size=X.shape) < 0.5] = 0


def rms(X, weight=None, rows=None):
    return Data(X, None, None, weight, rows).root_mean_square()


class TestRootMeanSquare:
    @pytest.mark.parametrize("kind", [np.asarray, csr_matrix, np.float32])
    def test_of_all_entries(self, kind):
        expected = np.sqrt((X**2).mean())
        assert rms(kind(X)) == pytest.approx(expected, rel=1e-6)

    def test_of_the_rows_in_use(self):
        rows = np.arange(0, 9000, 7)
        assert rms(X, rows=rows) == pytest.approx(rms(X[rows]), rel=1e-12)

    def test_a_weight_of_two_is_a_row_twice(self):
        weight = np.where(np.arange(9000) % 3, 0.5, 1.0)
        twice = X[np.repeat(np.arange(9000), (2 * weight).astype(int))]
        assert rms(X, weight) == pytest.approx(rms(twice), rel=1e-12)

    @pytest.mark.parametrize("factor", [1e-300, 1e300])
    def test_of_units_whose_squares_are_no_numbers(self, factor):
        assert rms(factor * X) == pytest.approx(factor * rms(X), rel=1e-12)
        huge = csr_matrix(factor * X)
        assert rms(huge) == pytest.approx(factor * rms(X), rel=1e-12)

    @pytest.mark.parametrize("kind", [np.asarray, csr_matrix])
    def test_of_zeros(self, kind):
        assert rms(kind(np.zeros((5, 2)))) == 0
