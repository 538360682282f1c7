"""What each kind of network counts for."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from skann._tabular.blend import blend_weights

rng = np.random.default_rng(0)
y = rng.normal(size=500)


def found(*predictions):
    def loss(counts):
        mean = np.tensordot(counts / counts.sum(), np.array(predictions), axes=1)
        return np.mean((y - mean) ** 2)

    return blend_weights(loss, len(predictions))


def test_independent_mistakes_are_averaged_by_their_precision():
    # Of variances 1 and 1/3, the best shares are 1/4 and 3/4.
    one = y + rng.normal(size=500)
    other = y + rng.normal(size=500) / np.sqrt(3)
    assert_allclose(found(one, other), [0.25, 0.75], atol=0.1)


def test_what_helps_nothing_has_no_share():
    good = y + 0.1 * rng.normal(size=500)
    assert_allclose(found(good, np.full(500, 50.0)), [1, 0])


@pytest.mark.parametrize("n_kinds", [1, 3])
def test_shares_sum_to_one(n_kinds):
    assert found(*rng.normal(size=(n_kinds, 500))).sum() == pytest.approx(1)
