"""Every loss: its value, its delta, and what both do under weights and permutations."""

import numpy as np
import pytest
from _helpers import (
    LOSS_FORMULAS,
    OUTPUT_FORMULAS,
    make_targets,
    outputs_first,
    scratch_like,
    slope,
)
from scipy.special import expit

from skann._network.losses import LOSSES

DTYPES = [np.float32, np.float64]
N_ROWS = [1, 6, 300]  # short and long ones take different ways to a softplus

over_dtypes = pytest.mark.parametrize("dtype", DTYPES)

# The general rule's two halves, rows first. For each output activation a = f(z) the
# product of its transposed Jacobian with a vector g, from a alone ...
JACOBIAN_PRODUCTS = {
    "identity": lambda a, g: g,
    "logistic": lambda a, g: a * (1 - a) * g,
    "softmax": lambda a, g: a * (g - (a * g).sum(axis=1, keepdims=True)),
}
# ... and for each loss its derivative with respect to a.
DERIVATIVES_BY_OUTPUT = {
    "squared_error": lambda a, y: a - y,
    "observed_squared_error": lambda a, y: np.where(np.isnan(y), 0, a - y),
    "logistic_squared_error": lambda a, y: a - y,
    "cross_entropy": lambda a, y: -y / a + (1 - y) / (1 - a),
    "softmax": lambda a, y: -y / a,
}


def evaluate(name, z, y, weight=None, dtype=np.float64):
    """Value and delta for rows-first z and y; delta rows first as well."""
    z, y = outputs_first(z, dtype), outputs_first(y, dtype)
    if weight is not None:
        weight = weight.astype(dtype)
    value = LOSSES[name].value_and_delta(z, y, weight, scratch_like(z))
    assert isinstance(value, float)
    assert z.dtype == dtype
    return value, z.T


def draw(name, n_rows, n_outputs=4, scale=2.0):
    rng = np.random.default_rng(n_rows)
    z = rng.normal(0, scale, (n_rows, n_outputs))
    return z, make_targets(name, n_rows, n_outputs, rng), rng.uniform(0, 3, n_rows)


@pytest.mark.parametrize("name", LOSSES)
class TestEveryLoss:
    @over_dtypes
    @pytest.mark.parametrize("n_rows", N_ROWS)
    @pytest.mark.parametrize("weighted", [False, True])
    def test_value_is_the_formula_s(self, name, n_rows, weighted, dtype):
        z, y, weight = draw(name, n_rows)
        losses = LOSS_FORMULAS[name](z, y)
        if weighted:
            losses = losses * weight
        value, _ = evaluate(name, z, y, weight if weighted else None, dtype)
        rtol = 1e-5 if dtype == np.float32 else 1e-13
        np.testing.assert_allclose(value, losses.sum(), rtol=rtol)

    @pytest.mark.parametrize("n_rows", N_ROWS)
    @pytest.mark.parametrize("n_outputs", [1, 2, 5])
    @pytest.mark.parametrize("weighted", [False, True])
    def test_delta_is_the_general_rule_s(self, name, n_rows, n_outputs, weighted):
        z, y, weight = draw(name, n_rows, n_outputs)
        out_activation = LOSSES[name].out_activation
        a = OUTPUT_FORMULAS[out_activation](z)
        g = DERIVATIVES_BY_OUTPUT[name](a, y)
        expected = JACOBIAN_PRODUCTS[out_activation](a, g)
        if weighted:
            expected = expected * weight[:, None]
        _, delta = evaluate(name, z, y, weight if weighted else None)
        np.testing.assert_allclose(delta, expected, rtol=1e-11, atol=1e-13)

    @pytest.mark.parametrize("weighted", [False, True])
    def test_delta_is_the_slope_of_the_value(self, name, weighted):
        z, y, weight = draw(name, 6)
        weight = weight if weighted else None
        _, delta = evaluate(name, z, y, weight)
        for direction in np.eye(z.size).reshape(-1, *z.shape):
            numeric = slope(lambda at: evaluate(name, at, y, weight)[0], z, direction)
            np.testing.assert_allclose(
                (delta * direction).sum(), numeric, rtol=1e-6, atol=1e-10
            )

    @pytest.mark.parametrize("n_outputs", [1, 4])
    def test_hessian_product_is_the_slope_of_delta(self, name, n_outputs):
        z, y, _ = draw(name, 20, n_outputs)
        direction = np.random.default_rng(1).normal(size=z.shape)
        numeric = slope(lambda at: evaluate(name, at, y)[1].copy(), z, direction)
        found = LOSSES[name].hessian_product(
            *(outputs_first(array) for array in (z, direction, y))
        )
        np.testing.assert_allclose(found.T, numeric, rtol=1e-7, atol=1e-10)

    def test_hessian_product_of_huge_logits_is_finite(self, name):
        rng = np.random.default_rng(0)
        z = rng.choice([-1e4, -1600.0, 0.0, 1600.0, 1e4], (3, 50))
        y = make_targets(name, 50, 3, rng)
        found = LOSSES[name].hessian_product(z, np.ones_like(z), outputs_first(y))
        assert np.isfinite(found).all()

    def test_soft_targets(self, name):
        z, y, _ = draw(name, 20)
        y = 0.9 * y + 0.1 / y.shape[1]
        value, delta = evaluate(name, z, y)
        np.testing.assert_allclose(value, LOSS_FORMULAS[name](z, y).sum(), rtol=1e-13)
        out_activation = LOSSES[name].out_activation
        a = OUTPUT_FORMULAS[out_activation](z)
        expected = JACOBIAN_PRODUCTS[out_activation](
            a, DERIVATIVES_BY_OUTPUT[name](a, y)
        )
        np.testing.assert_allclose(delta, expected, rtol=1e-11, atol=1e-13)

    @over_dtypes
    @pytest.mark.parametrize("n_rows", [4, 400])
    @pytest.mark.parametrize("weighted", [False, True])
    def test_huge_logits_neither_overflow_nor_lose_their_price(
        self, name, n_rows, weighted, dtype
    ):
        rng = np.random.default_rng(0)
        z = rng.choice([-1e4, -1600.0, 0.0, 1600.0, 1e4], (n_rows, 3))
        y = make_targets(name, n_rows, 3, rng)
        weight = np.ones(n_rows) if weighted else None
        value, delta = evaluate(name, z, y, weight, dtype)
        rtol = 1e-5 if dtype == np.float32 else 1e-13
        np.testing.assert_allclose(value, LOSS_FORMULAS[name](z, y).sum(), rtol=rtol)
        assert np.isfinite(delta).all()

    @pytest.mark.parametrize("n_rows", [5, 300])
    def test_a_weight_is_so_many_rows(self, name, n_rows):
        z, y, _ = draw(name, n_rows)
        times = np.arange(n_rows) % 3
        value, delta = evaluate(name, z, y, times.astype(float))
        repeated_value, repeated = evaluate(
            name, np.repeat(z, times, axis=0), np.repeat(y, times, axis=0)
        )
        np.testing.assert_allclose(value, repeated_value, rtol=1e-12)
        np.testing.assert_allclose(
            np.repeat(delta, times, axis=0),
            repeated * np.repeat(times, times)[:, None],
            rtol=1e-12,
            atol=1e-15,
        )
        assert not delta[times == 0].any()

    @over_dtypes
    def test_unit_weights_are_none(self, name, dtype):
        z, y, _ = draw(name, 50)
        value, delta = evaluate(name, z, y, None, dtype)
        weighted_value, weighted = evaluate(name, z, y, np.ones(50), dtype)
        rtol = 1e-5 if dtype == np.float32 else 1e-13
        np.testing.assert_allclose(value, weighted_value, rtol=rtol)
        np.testing.assert_array_equal(delta, weighted)

    def test_permuted_outputs_permute_the_delta(self, name):
        z, y, weight = draw(name, 40)
        order = [2, 0, 3, 1]
        value, delta = evaluate(name, z, y, weight)
        permuted_value, permuted = evaluate(name, z[:, order], y[:, order], weight)
        np.testing.assert_allclose(permuted_value, value, rtol=1e-13)
        np.testing.assert_allclose(permuted, delta[:, order], rtol=1e-13, atol=1e-15)

    def test_only_z_and_the_work_memory_are_written_to(self, name):
        z, y, weight = draw(name, 10)
        z, y = outputs_first(z), outputs_first(y)
        y_before, weight_before = y.copy(), weight.copy()
        LOSSES[name].value_and_delta(z, y, weight, scratch_like(z))
        np.testing.assert_array_equal(y, y_before)
        np.testing.assert_array_equal(weight, weight_before)

    @over_dtypes
    @pytest.mark.parametrize("weighted", [False, True])
    def test_never_negative_where_all_is_well(self, name, weighted, dtype):
        # Right answers with logits of many sizes cost next to nothing, and a sum of
        # such prices must not round to a gain.
        rng = np.random.default_rng(0)
        for _ in range(20):
            z = rng.normal(0, 30, (200, 10))
            z += 20 * np.sign(z)
            y = (z > 0).astype(float)
            if LOSSES[name].out_activation == "softmax":
                y = (z == z.max(axis=1, keepdims=True)).astype(float)
            elif LOSSES[name].out_activation == "identity":
                y = z
            weight = np.ones(200) if weighted else None
            value, _ = evaluate(name, z, y, weight, dtype)
            assert value >= 0


@over_dtypes
@pytest.mark.parametrize("n_rows", [1, 500])
def test_a_wrong_answer_of_logit_1600_costs_1600(n_rows, dtype):
    wrong = np.full((n_rows, 1), 1600.0)
    value, delta = evaluate("cross_entropy", wrong, np.zeros((n_rows, 1)), dtype=dtype)
    assert value == pytest.approx(1600 * n_rows, rel=1e-6)
    assert (delta == 1).all()
    pair = np.hstack([wrong, np.zeros((n_rows, 1))])
    value, delta = evaluate(
        "softmax", pair, np.tile([0.0, 1.0], (n_rows, 1)), dtype=dtype
    )
    assert value == pytest.approx(1600 * n_rows, rel=1e-6)
    assert (delta == [1, -1]).all()


def test_softmax_does_not_see_a_common_shift():
    z, y, weight = draw("softmax", 30)
    value, delta = evaluate("softmax", z, y, weight)
    shifted_value, shifted = evaluate("softmax", z + 64, y, weight)
    np.testing.assert_allclose(shifted_value, value, rtol=1e-11)
    np.testing.assert_allclose(shifted, delta, rtol=1e-11, atol=1e-13)


def test_two_softmax_outputs_are_one_logistic_output():
    rng = np.random.default_rng(0)
    z = rng.normal(size=(50, 2))
    y = rng.integers(2, size=50).astype(float)
    one, one_delta = evaluate("cross_entropy", z[:, 1:] - z[:, :1], y[:, None])
    two, two_delta = evaluate("softmax", z, np.stack([1 - y, y], axis=1))
    np.testing.assert_allclose(two, one, rtol=1e-13)
    np.testing.assert_allclose(two_delta[:, 1:], one_delta, rtol=1e-11)


def test_confident_small_probabilities_keep_their_digits():
    # expit by way of tanh would round these deltas to 0, and so would 1 - (1 - p).
    z = np.array([[-40.0], [-100.0], [-300.0]])
    _, delta = evaluate("cross_entropy", z, np.zeros_like(z))
    np.testing.assert_allclose(delta, expit(z), rtol=1e-12)


@pytest.mark.parametrize("name", LOSSES)
def test_output_activation_is_one_that_has_a_name(name):
    assert LOSSES[name].out_activation in OUTPUT_FORMULAS
