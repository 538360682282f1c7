"""What activations and losses share: right for every argument."""

import numpy as np
import pytest
from scipy.special import expit

from skann._network.elementwise import constant, logistic, softplus


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("n", [10, 1000])
def test_logistic_and_softplus_of_anything(n, dtype):
    z = np.linspace(-1e4, 1e4, n, dtype=dtype)
    out, scratch = np.empty_like(z), np.empty_like(z)
    assert logistic(z, out) is out
    tolerance = np.finfo(dtype).eps
    np.testing.assert_allclose(out, expit(z.astype(float)), atol=tolerance)
    assert softplus(z, out, scratch) is out
    np.testing.assert_allclose(
        out,
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
