"""The reference's equations: forward against formulas, backward against differences."""

import numpy as np
import pytest
from _helpers import ACTIVATION_FORMULAS, make_case, plain_forward, slope
from scipy import sparse

from skann._engine.reference.equations import backward, forward
from skann._network.activations import ACTIVATIONS

DEPTHS = [0, 1, 2, 3]


def value(network, theta, X, V):
    """A linear function of the raw outputs, whose delta is V."""
    return (plain_forward(network, theta, X)[-1] * V).sum()


def gradient(network, theta, X, V):
    found = np.full_like(theta, np.nan)
    z, a = forward(network, theta, X)
    backward(network, theta, z, a, V, found)
    return found


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("depth", DEPTHS)
class TestEquations:
    def test_forward_is_the_formula_s_layer_by_layer(self, activation, depth):
        network, theta, X, _ = make_case("squared_error", (activation,) * depth)
        z, a = forward(network, theta, X)
        assert a[0] is X
        assert len(z) == depth + 2
        assert len(a) == depth + 1
        f, _ = ACTIVATION_FORMULAS[activation]
        for found, right in zip(z[1:], plain_forward(network, theta, X), strict=True):
            np.testing.assert_allclose(found, right, rtol=1e-11, atol=1e-13)
        for found, right in zip(a[1:], z[1:-1], strict=True):
            np.testing.assert_allclose(found, f(right), rtol=1e-11, atol=1e-13)

    def test_backward_is_the_slope(self, activation, depth):
        network, theta, X, V = make_case(
            "squared_error", (activation,) * depth, margin=3e-3
        )
        found = gradient(network, theta, X, V)
        for unit in np.eye(len(theta)):
            numeric = slope(lambda at: value(network, at, X, V), theta, unit)
            assert found @ unit == pytest.approx(numeric, rel=1e-6, abs=1e-8)


@pytest.mark.parametrize("depth", DEPTHS)
@pytest.mark.parametrize("kind", [sparse.csr_matrix, sparse.csr_array])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_sparse_is_dense(depth, kind, dtype):
    network, theta, X, V = make_case("squared_error", ("tanh",) * depth, n_rows=30)
    X, theta, V = np.maximum(X, 0).astype(dtype), theta.astype(dtype), V.astype(dtype)
    dense, found = (gradient(network, theta, x, V) for x in (X, kind(X)))
    assert found.dtype == dtype
    tolerance = 1e-4 if dtype == np.float32 else 1e-12
    np.testing.assert_allclose(found, dense, rtol=tolerance, atol=tolerance)


def test_nothing_given_is_written_to():
    network, theta, X, V = make_case("squared_error", ("tanh", "gelu"))
    for array in (theta, X, V):
        array.flags.writeable = False
    assert np.isfinite(gradient(network, theta, X, V)).all()
