"""What activations and losses share: right for every argument."""

import numpy as np
import pytest
from scipy.special import expit

from skann._network.elementwise import constant, logistic, softplus


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_logistic_and_softplus_of_anything(dtype):
    z = np.linspace(-1e4, 1e4, 1001, dtype=dtype)
    assert logistic(z).dtype == softplus(z).dtype == dtype
    tolerance = np.finfo(dtype).eps
    np.testing.assert_allclose(logistic(z), expit(z.astype(float)), atol=tolerance)
    np.testing.assert_allclose(
        softplus(z),
        np.logaddexp(0, z.astype(float)),
        rtol=4 * tolerance,
        atol=np.finfo(dtype).tiny,
    )


def test_a_constant_is_made_once_and_stays():
    one = constant(1, np.dtype(np.float32))
    assert one is constant(1, np.dtype(np.float32))
    assert one.dtype == np.float32
    with pytest.raises(ValueError, match="read-only"):
        one[...] = 2
