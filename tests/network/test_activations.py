"""Every activation: its values, its derivatives, its extremes."""

import numpy as np
import pytest
from _helpers import ACTIVATION_FORMULAS, BENT_AT_ZERO, slope

from skann._network.activations import ACTIVATIONS

DTYPES = [np.float32, np.float64]
SHAPES = [(1, 1), (3, 5), (40, 200)]
EXTREMES = np.array([-1e3, -50, -1, -1e-3, -0.0, 0, 1e-3, 1, 50, 1e3])

over_dtypes = pytest.mark.parametrize("dtype", DTYPES)
over_shapes = pytest.mark.parametrize("shape", SHAPES, ids=str)


def normal(shape, dtype, scale=2.0):
    return np.random.default_rng(0).normal(0, scale, shape).astype(dtype)


def activate(name, z):
    """Output and derivative."""
    a = ACTIVATIONS[name].value(z)
    return a, ACTIVATIONS[name].derivative(z, a)


@pytest.mark.parametrize("name", ACTIVATIONS)
class TestEveryActivation:
    @over_dtypes
    @over_shapes
    def test_value_and_derivative_are_the_formula_s(self, name, shape, dtype):
        z = normal(shape, dtype)
        a, derivative = activate(name, z)
        assert a.dtype == derivative.dtype == dtype
        f, df = ACTIVATION_FORMULAS[name]
        exact = z.astype(np.float64)
        tolerance = 8 * np.finfo(dtype).eps
        np.testing.assert_allclose(a, f(exact), rtol=tolerance, atol=tolerance)
        np.testing.assert_allclose(
            derivative, df(exact), rtol=tolerance, atol=tolerance
        )

    def test_derivative_is_the_slope(self, name):
        z = np.linspace(-6, 6, 401)  # odd, and then without zero: no kink is near
        z = z[abs(z) > 1e-2]
        numeric = slope(lambda at: activate(name, at)[0], z, np.ones_like(z))
        np.testing.assert_allclose(activate(name, z)[1], numeric, rtol=1e-6, atol=1e-10)

    def test_second_derivative_is_the_slope_of_the_derivative(self, name):
        z = np.linspace(-6, 6, 401)
        z = z[abs(z) > 1e-2]
        numeric = slope(ACTIVATION_FORMULAS[name][1], z, np.ones_like(z))
        second = ACTIVATIONS[name].second_derivative(z, activate(name, z)[0])
        np.testing.assert_allclose(second, numeric, rtol=1e-6, atol=1e-10)

    def test_second_derivative_at_extremes(self, name):
        z = np.array([-1e3, -50, 50, 1e3])
        second = ACTIVATIONS[name].second_derivative(z, activate(name, z)[0])
        # Straight lines on both sides, up to what exp(-50) can bend.
        np.testing.assert_allclose(second, 0, atol=1e-12)

    def test_slope_at_zero_is_the_left_one(self, name):
        zero = np.zeros(1)
        step = np.full(1, 1e-7)
        at_zero = activate(name, zero)[0]
        left = (at_zero - activate(name, -step)[0]) / step
        right = (activate(name, step)[0] - at_zero) / step
        found = activate(name, zero)[1]
        if name in BENT_AT_ZERO:
            assert abs(found - left) < 1e-6
        else:
            np.testing.assert_allclose(found, (left + right) / 2, rtol=1e-6)

    @over_dtypes
    @pytest.mark.parametrize("repeats", [1, 500])
    def test_extremes_are_finite_and_right(self, name, dtype, repeats):
        z = np.tile(EXTREMES.astype(dtype), (repeats, 1))
        a, derivative = activate(name, z)
        f, df = ACTIVATION_FORMULAS[name]
        tolerance = 8 * np.finfo(dtype).eps
        exact = z.astype(np.float64)
        np.testing.assert_allclose(a, f(exact), rtol=tolerance, atol=tolerance)
        # Of z σ(z) the derivative has a factor z, and with it z's rounding.
        np.testing.assert_allclose(
            derivative, df(exact), rtol=tolerance, atol=50 * tolerance
        )

    @over_dtypes
    @over_shapes
    def test_results_are_new_and_of_one_dtype(self, name, shape, dtype):
        z = normal(shape, dtype)
        z.flags.writeable = False
        a = ACTIVATIONS[name].value(z)
        given = a.copy()
        given.flags.writeable = False
        found = (
            a,
            ACTIVATIONS[name].derivative(z, given),
            ACTIVATIONS[name].second_derivative(z, given),
        )
        for array in found:
            assert array.dtype == dtype
            assert array.shape == shape
            assert not np.shares_memory(array, z)
            assert not np.shares_memory(array, given)


def test_scaled_tangent_maps_one_to_one():
    # The constants are rounded to five digits, and so is the fixed point.
    np.testing.assert_allclose(
        activate("tanh_opt", np.array([-1.0, 1.0]))[0], [-1, 1], atol=1e-4
    )
