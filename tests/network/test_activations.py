"""Every activation: its values, its derivative, its extremes, its use of memory."""

import numpy as np
import pytest
from _helpers import ACTIVATION_FORMULAS, BENT_AT_ZERO, activate, slope

from skann._network.activations import ACTIVATIONS

DTYPES = [np.float32, np.float64]
# Some activations choose another way by the size of the array.
SHAPES = [(1, 1), (3, 5), (40, 200)]
EXTREMES = np.array([-1e3, -50, -1, -1e-3, -0.0, 0, 1e-3, 1, 50, 1e3])

over_dtypes = pytest.mark.parametrize("dtype", DTYPES)
over_shapes = pytest.mark.parametrize("shape", SHAPES, ids=str)


def normal(shape, dtype, scale=2.0):
    return np.random.default_rng(0).normal(0, scale, shape).astype(dtype)


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
        before = z.copy()
        a, first, second = ACTIVATIONS[name].derivatives(z)
        np.testing.assert_allclose(
            np.broadcast_to(second, z.shape), numeric, rtol=1e-6, atol=1e-10
        )
        expected_a, expected_first = activate(name, z)
        np.testing.assert_array_equal(a, expected_a)
        np.testing.assert_array_equal(first, expected_first)
        np.testing.assert_array_equal(z, before)

    def test_second_derivative_at_extremes(self, name):
        *_, second = ACTIVATIONS[name].derivatives(np.array([-1e3, -50, 50, 1e3]))
        # Straight lines on both sides, up to what exp(-50) can bend.
        np.testing.assert_allclose(np.broadcast_to(second, 4), 0, atol=1e-12)

    def test_slope_at_zero_is_one_side_s(self, name):
        zero = np.zeros(1)
        step = np.full(1, 1e-7)
        at_zero = activate(name, zero)[0]
        left = (at_zero - activate(name, -step)[0]) / step
        right = (activate(name, step)[0] - at_zero) / step
        found = activate(name, zero)[1]
        if name in BENT_AT_ZERO:
            assert min(abs(found - left), abs(found - right)) < 1e-6
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
    def test_in_place_is_out_of_place_bit_for_bit(self, name, shape, dtype):
        activation = ACTIVATIONS[name]
        z = normal(shape, dtype)
        out, scratch = np.empty_like(z), np.empty_like(z)
        activation.forward(z, out, scratch)
        np.testing.assert_array_equal(z, normal(shape, dtype), "z was written to")
        activation.forward(z, z, scratch)
        np.testing.assert_array_equal(z, out)

    @over_dtypes
    def test_small_and_large_arrays_agree(self, name, dtype):
        z = np.concatenate([normal(4990, dtype), EXTREMES.astype(dtype)])
        whole = activate(name, z)
        parts = [activate(name, part) for part in np.split(z, 500)]
        for i, found in enumerate(whole):
            pieces = np.concatenate([part[i] for part in parts])
            tolerance = 4 * np.finfo(dtype).eps
            np.testing.assert_allclose(found, pieces, rtol=tolerance, atol=tolerance)

    @over_dtypes
    @over_shapes
    def test_backward_multiplies_what_comes_from_above(self, name, shape, dtype):
        activation = ACTIVATIONS[name]
        z = normal(shape, dtype)
        above = np.random.default_rng(1).normal(size=shape).astype(dtype)
        _, derivative = activate(name, z)
        scratch = np.empty_like(z)
        if activation.saves_derivative:
            known = z
            activation.forward_saving(z, np.empty_like(z), scratch)
        else:
            known = np.empty_like(z)
            activation.forward(z, known, scratch)
        before, delta = known.copy(), above.copy()
        activation.backward(delta, known, scratch)
        tolerance = 4 * np.finfo(dtype).eps
        np.testing.assert_allclose(
            delta, above * derivative, rtol=tolerance, atol=tolerance
        )
        np.testing.assert_array_equal(known, before, "backward wrote to its input")


@pytest.mark.parametrize(
    "name", [name for name, f in ACTIVATIONS.items() if f.saves_derivative]
)
@over_dtypes
@over_shapes
def test_both_ways_forward_give_one_output(name, shape, dtype):
    z = normal(shape, dtype)
    out, saving, scratch = (np.empty_like(z) for _ in range(3))
    ACTIVATIONS[name].forward(z, out, scratch)
    ACTIVATIONS[name].forward_saving(z, saving, scratch)
    np.testing.assert_array_equal(saving, out)


def test_scaled_tangent_maps_one_to_one():
    # The constants are rounded to five digits, and so is the fixed point.
    np.testing.assert_allclose(
        activate("tanh_opt", np.array([-1.0, 1.0]))[0], [-1, 1], atol=1e-4
    )


def test_relu_keeps_or_clears_every_bit_of_delta():
    rng = np.random.default_rng(0)
    for n in (10, 5000):
        a = np.maximum(rng.normal(size=n), 0)
        delta = rng.normal(size=n) * 10.0 ** rng.integers(-300, 300, n)
        expected = np.where(a > 0, delta, 0)
        ACTIVATIONS["relu"].backward(delta, a, np.empty(n))
        np.testing.assert_array_equal(delta, expected)
