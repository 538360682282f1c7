"""Every loss: its value, its delta, its extremes."""

import numpy as np
import pytest
from _helpers import (
    LOSS_FORMULAS,
    OUTPUT_FORMULAS,
    make_targets,
    make_weight,
    outputs_of,
    slope,
)
from scipy.optimize import minimize_scalar
from scipy.special import expit
from sklearn._loss import HalfGammaLoss, HalfPoissonLoss, HalfTweedieLoss
from sklearn.metrics import mean_pinball_loss, mean_tweedie_deviance

from skann._network.focal_losses import Focal, SoftmaxFocal
from skann._network.losses import LOSSES
from skann._network.real_losses import Tweedie

DTYPES = [np.float32, np.float64]

over_dtypes = pytest.mark.parametrize("dtype", DTYPES)
over_rows = pytest.mark.parametrize("n_rows", [1, 6, 300])

# The general rule's two halves, rows first. For each output activation a = f(z) the
# product of its transposed Jacobian with a vector g, from a alone ...
JACOBIAN_PRODUCTS = {
    "identity": lambda a, g: g,
    "logistic": lambda a, g: a * (1 - a) * g,
    "softmax": lambda a, g: a * (g - (a * g).sum(axis=1, keepdims=True)),
    "exp": lambda a, g: a * g,
}


def normal_derivatives(z, y):
    means, logarithms = np.hsplit(z, 2)
    variances, residuals = np.exp(logarithms) + 1e-6, means - np.hsplit(y, 2)[0]
    of_variances = 1 / variances - residuals**2 / variances**2
    of_logarithms = of_variances * np.exp(logarithms)
    return np.hstack([residuals / variances, of_logarithms / 2])


# ... and for each loss its derivative with respect to a.
DERIVATIVES_BY_OUTPUT = {
    "tweedie": lambda a, y: a**-0.5 - y * a**-1.5,
    "gaussian": normal_derivatives,
    "focal": lambda a, y: (
        y * (2 * (1 - a) * np.log(a) - (1 - a) ** 2 / a)
        - (1 - y) * (2 * a * np.log(1 - a) - a**2 / (1 - a))
    ),
    "softmax_focal": lambda a, y: y * (2 * (1 - a) * np.log(a) - (1 - a) ** 2 / a),
    "squared_error": lambda a, y: a - y,
    "masked_squared_error": lambda a, y: np.where(np.isnan(y), 0, a - y),
    "logistic_squared_error": lambda a, y: a - y,
    "cross_entropy": lambda a, y: -y / a + (1 - y) / (1 - a),
    "softmax": lambda a, y: -y / a,
    "absolute_error": lambda a, y: np.where(a > y, 1.0, -1.0),
    "huber": lambda a, y: np.maximum(-1.35, np.minimum(a - y, 1.35)),
    "quantile": lambda a, y: np.where(a > y, 0.5, -0.5),
    "perceptron": lambda a, y: np.where((a > 0) == (y > 0.5), 0, 1 - 2 * y),
    "poisson": lambda a, y: 1 - y / a,
    "gamma": lambda a, y: 1 / a - y / a**2,
}


def evaluate(name, z, y, dtype=np.float64):
    """Sum of the losses, and delta."""
    z, y = z.astype(dtype), y.astype(dtype)
    value, delta = LOSSES[name].value_and_delta(z, y)
    assert value.dtype == delta.dtype == dtype
    assert value.shape == z.shape[:1]
    return value.sum(), delta


def draw(name, n_rows, n_outputs=4, scale=2.0):
    rng, n_outputs = np.random.default_rng(n_rows), outputs_of(name, n_outputs)
    z = rng.normal(0, scale, (n_rows, n_outputs))
    return z, make_targets(name, n_rows, n_outputs, rng)


def huge(name, n_rows):
    rng = np.random.default_rng(0)
    n_outputs = outputs_of(name, 3)
    z = rng.choice([-1e4, -1600.0, 0.0, 1600.0, 1e4], (n_rows, n_outputs))
    if LOSSES[name].out_activation == "exp":
        z /= 200  # exp(50): of more, a price in float32 is infinite, as it should be
    return z, make_targets(name, n_rows, n_outputs, rng)


@pytest.mark.parametrize("name", LOSSES)
class TestEveryLoss:
    @over_dtypes
    @over_rows
    def test_value_is_the_formula_s_row_by_row(self, name, n_rows, dtype):
        z, y = draw(name, n_rows)
        value, _ = LOSSES[name].value_and_delta(z.astype(dtype), y.astype(dtype))
        tolerance = 1e-6 if dtype == np.float32 else 1e-14
        np.testing.assert_allclose(
            value, LOSS_FORMULAS[name](z, y), rtol=10 * tolerance, atol=tolerance
        )

    @over_rows
    @pytest.mark.parametrize("n_outputs", [1, 2, 5])
    def test_delta_is_the_general_rule_s(self, name, n_rows, n_outputs):
        z, y = draw(name, n_rows, n_outputs)
        out_activation = LOSSES[name].out_activation
        a = OUTPUT_FORMULAS[out_activation](z)
        g = DERIVATIVES_BY_OUTPUT[name](a, y)
        expected = JACOBIAN_PRODUCTS[out_activation](a, g)
        _, delta = evaluate(name, z, y)
        np.testing.assert_allclose(delta, expected, rtol=1e-11, atol=1e-13)

    def test_delta_is_the_slope_of_the_value(self, name):
        z, y = draw(name, 6)
        _, delta = evaluate(name, z, y)
        for direction in np.eye(z.size).reshape(-1, *z.shape):
            numeric = slope(lambda at: evaluate(name, at, y)[0], z, direction)
            np.testing.assert_allclose(
                (delta * direction).sum(), numeric, rtol=1e-6, atol=1e-10
            )

    @pytest.mark.parametrize("n_outputs", [1, 4])
    def test_hessian_product_is_the_slope_of_delta(self, name, n_outputs):
        z, y = draw(name, 20, n_outputs)
        direction = np.random.default_rng(1).normal(size=z.shape)
        numeric = slope(lambda at: evaluate(name, at, y)[1], z, direction)
        found = LOSSES[name].hessian_product(z, y, direction)
        np.testing.assert_allclose(found, numeric, rtol=1e-7, atol=1e-10)

    def test_hessian_product_of_huge_logits_is_finite(self, name):
        z, y = huge(name, 50)
        found = LOSSES[name].hessian_product(z, y, np.ones_like(z))
        assert np.isfinite(found).all()

    def test_soft_targets(self, name):
        z, y = draw(name, 20)
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
    def test_huge_logits_neither_overflow_nor_lose_their_price(self, name, dtype):
        z, y = huge(name, 400)
        value, delta = evaluate(name, z, y, dtype)
        rtol = 1e-5 if dtype == np.float32 else 1e-13
        np.testing.assert_allclose(value, LOSS_FORMULAS[name](z, y).sum(), rtol=rtol)
        assert np.isfinite(delta).all()

    def test_permuted_outputs_permute_the_delta(self, name):
        z, y = draw(name, 40)
        order = [1, 0, 3, 2]
        value, delta = evaluate(name, z, y)
        permuted_value, permuted = evaluate(name, z[:, order], y[:, order])
        np.testing.assert_allclose(permuted_value, value, rtol=1e-13)
        np.testing.assert_allclose(permuted, delta[:, order], rtol=1e-13, atol=1e-15)

    def test_nothing_given_is_written_to_and_results_are_new(self, name):
        z, y = draw(name, 10)
        direction = np.ones_like(z)
        for array in (z, y, direction):
            array.flags.writeable = False
        _, delta = LOSSES[name].value_and_delta(z, y)
        product = LOSSES[name].hessian_product(z, y, direction)
        assert delta.flags.writeable
        assert product.flags.writeable

    @over_dtypes
    def test_never_negative_where_all_is_well(self, name, dtype):
        if name == "gaussian":
            pytest.skip("a density may be more than one")
        # Right answers with logits of many sizes cost next to nothing, which must not
        # round to a gain.
        rng = np.random.default_rng(0)
        z = rng.normal(0, 30, (4000, 10))
        z += 20 * np.sign(z)
        y = (z > 0).astype(float)
        if LOSSES[name].out_activation == "softmax":
            y = (z == z.max(axis=1, keepdims=True)).astype(float)
        elif LOSSES[name].out_activation == "identity":
            y = z
        elif LOSSES[name].out_activation == "exp":
            z = z.astype(dtype) / 4
            y = np.exp(z)
        value, _ = LOSSES[name].value_and_delta(z.astype(dtype), y.astype(dtype))
        assert (value >= 0).all()


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
    z, y = draw("softmax", 30)
    value, delta = evaluate("softmax", z, y)
    shifted_value, shifted = evaluate("softmax", z + 64, y)
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
    # A sigmoid by way of tanh would round these deltas to 0, and so would 1 - (1 - p).
    z = np.array([[-40.0], [-100.0], [-300.0]])
    _, delta = evaluate("cross_entropy", z, np.zeros_like(z))
    np.testing.assert_allclose(delta, expit(z), rtol=1e-12)


def best_by_search(loss, y, weight):
    """The constant for one column of targets that no other one beats, and its loss."""

    def cost(z):
        return weight @ loss.value_and_delta(np.full_like(y, z), y)[0]

    found = minimize_scalar(cost, bounds=(-9, 9), options={"xatol": 1e-10})
    return found.x, found.fun, cost


@pytest.mark.parametrize("name", LOSSES)
@pytest.mark.parametrize("weighted", [False, True])
def test_the_best_constant_is_the_best(name, weighted):
    several = LOSSES[name].out_activation == "softmax" or name == "gaussian"
    if several or not LOSSES[name].has_guess:
        pytest.skip("every constant is best, or zero; or there are two")
    y = make_targets(name, 41, 1, np.random.default_rng(3))
    weight = make_weight(41) if weighted else np.ones(41)
    _, least, cost = best_by_search(LOSSES[name], y, weight)
    (found,) = LOSSES[name].best_constant(y, weight)
    assert cost(found) <= least * (1 + 1e-9)


@pytest.mark.parametrize("name", ["huber", "quantile", "absolute_error"])
def test_targets_that_are_not_observed_cost_nothing(name):
    z, y = draw(name, 30)
    gaps = np.where(np.random.default_rng(0).uniform(size=y.shape) < 0.4, np.nan, y)
    value, delta = LOSSES[name].value_and_delta(z, gaps)
    for k in range(y.shape[1]):
        known = ~np.isnan(gaps[:, k])
        _, own = LOSSES[name].value_and_delta(z[known, k : k + 1], y[known, k : k + 1])
        np.testing.assert_array_equal(delta[known, k], own[:, 0])
        assert (delta[~known, k] == 0).all()
    assert np.isfinite(value).all()
    constant = LOSSES[name].best_constant(gaps, np.ones(30))
    for k in range(y.shape[1]):
        column = gaps[~np.isnan(gaps[:, k]), k : k + 1]
        alone = LOSSES[name].best_constant(column, np.ones(len(column)))
        np.testing.assert_allclose(constant[k], alone[0])


def test_quantiles_have_levels_of_their_own():
    z, y = draw("quantile", 50, 3)
    levels = 0.1, 0.5, 0.8
    value, delta = LOSSES["quantile"].with_options(levels).value_and_delta(z, y)
    expected = [
        mean_pinball_loss(y[:, k], z[:, k], alpha=level)
        for k, level in enumerate(levels)
    ]
    assert value.mean() == pytest.approx(sum(expected))
    np.testing.assert_array_equal(np.unique(delta[:, 0]), [-0.1, 0.9])


@pytest.mark.parametrize(
    ("name", "Theirs"), [("poisson", HalfPoissonLoss), ("gamma", HalfGammaLoss)]
)
def test_deviances_are_scikit_learn_s(name, Theirs):
    z, y = draw(name, 60, 1)
    value, delta = LOSSES[name].value_and_delta(z, y)
    theirs = Theirs()
    right, slope_ = theirs.loss_gradient(y[:, 0], z[:, 0].copy())
    right = right + theirs.constant_to_optimal_zero(y[:, 0])
    np.testing.assert_allclose(value, right, rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(delta[:, 0], slope_, rtol=1e-10, atol=1e-12)


def test_counts_of_zero_are_counts():
    z = np.array([[0.0], [-3.0], [2.0]])
    value, delta = LOSSES["poisson"].value_and_delta(z, np.zeros_like(z))
    np.testing.assert_allclose(value, np.exp(z[:, 0]))
    np.testing.assert_allclose(delta, np.exp(z))


@pytest.mark.parametrize("name", LOSSES)
def test_output_activation_is_one_that_has_a_name(name):
    assert LOSSES[name].out_activation in OUTPUT_FORMULAS


@pytest.mark.parametrize("power", [1.1, 1.5, 1.9, 2.5, 3.0])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_tweedie_is_scikit_learn_s(power, dtype):
    z, y = draw("tweedie", 50, 1)
    if power < 2:
        y[::3] = 0
    value, delta = Tweedie(power).value_and_delta(z.astype(dtype), y.astype(dtype))
    theirs = HalfTweedieLoss(power=power)
    expected = theirs.gradient(y[:, 0], z[:, 0])
    np.testing.assert_allclose(delta[:, 0], expected, rtol=1e-4, atol=1e-5)
    deviance = mean_tweedie_deviance(y, np.exp(z), power=power)
    assert 2 * value.mean() == pytest.approx(deviance, rel=1e-5)


@pytest.mark.parametrize("power", [1.2, 3.0])
def test_tweedie_s_derivatives_at_other_powers(power):
    z, y = draw("tweedie", 12, 2)
    loss, direction = Tweedie(power), np.random.default_rng(1).normal(size=z.shape)
    numeric = slope(lambda at: loss.value_and_delta(at, y)[1], z, direction)
    product = loss.hessian_product(z, y, direction)
    np.testing.assert_allclose(product, numeric, rtol=1e-6)
    numeric = slope(lambda at: loss.value_and_delta(at, y)[0].sum(), z, direction)
    _, delta = loss.value_and_delta(z, y)
    assert (delta * direction).sum() == pytest.approx(numeric, rel=1e-6)


class TestGaussian:
    def test_is_torch_s(self):
        torch = pytest.importorskip("torch")
        z, y = draw("gaussian", 30, 2)
        inputs = torch.tensor(z, requires_grad=True)
        variance = torch.exp(inputs[:, 1:]) + 1e-6
        theirs = torch.nn.GaussianNLLLoss(reduction="sum", eps=1e-12)
        total = theirs(inputs[:, :1], torch.tensor(y[:, :1]), variance)
        total.backward()
        value, delta = LOSSES["gaussian"].value_and_delta(z, y)
        assert value.sum() == pytest.approx(total.item(), rel=1e-9)
        np.testing.assert_allclose(delta, inputs.grad.numpy(), rtol=1e-6)

    def test_the_best_constant_is_mean_and_variance(self):
        y = np.tile(np.random.default_rng(0).normal(3, 2, (40, 1)), 2)
        weight = make_weight(40)
        mean, logarithm = LOSSES["gaussian"].best_constant(y, weight)
        assert mean == pytest.approx(np.average(y[:, 0], weights=weight))
        variance = np.average((y[:, 0] - mean) ** 2, weights=weight)
        assert np.exp(logarithm) + 1e-6 == pytest.approx(variance)

    def test_a_target_that_is_hit_is_worth_no_more_than_the_least_variance(self):
        z, y = np.array([[0.0, -1e3]]), np.zeros((1, 2))
        value, delta = LOSSES["gaussian"].value_and_delta(z, y)
        assert value[0] == pytest.approx(np.log(1e-6) / 2)
        assert np.isfinite(delta).all()

    def test_what_is_not_observed_costs_nothing(self):
        z, y = draw("gaussian", 20, 4)
        gaps = y.copy()
        gaps[:, [0, 2]] = np.nan
        value, delta = LOSSES["gaussian"].value_and_delta(z, gaps)
        own, own_delta = LOSSES["gaussian"].value_and_delta(z[:, 1::2], y[:, 1::2])
        np.testing.assert_allclose(value, own)
        np.testing.assert_allclose(delta[:, 1::2], own_delta)
        assert (delta[:, ::2] == 0).all()
        product = LOSSES["gaussian"].hessian_product(z, gaps, np.ones_like(z))
        assert (product[:, ::2] == 0).all()


class TestFocal:
    @pytest.mark.parametrize(
        ("kind", "plain"), [(Focal, "cross_entropy"), (SoftmaxFocal, "softmax")]
    )
    def test_without_focus_it_is_the_likelihood(self, kind, plain):
        z, y = draw(plain, 40)
        value, delta = kind(1e-12).value_and_delta(z, y)
        expected = LOSSES[plain].value_and_delta(z, y)
        np.testing.assert_allclose(value, expected[0], rtol=1e-9)
        np.testing.assert_allclose(delta, expected[1], rtol=1e-8, atol=1e-10)

    @pytest.mark.parametrize("gamma", [0.5, 1.0, 3.0])
    @pytest.mark.parametrize("kind", [Focal, SoftmaxFocal])
    def test_derivatives_of_any_focus(self, kind, gamma):
        z, y = draw("softmax", 12)
        loss, direction = kind(gamma), np.random.default_rng(1).normal(size=z.shape)
        numeric = slope(lambda at: loss.value_and_delta(at, y)[0].sum(), z, direction)
        _, delta = loss.value_and_delta(z, y)
        assert (delta * direction).sum() == pytest.approx(numeric, rel=1e-6)
        numeric = slope(lambda at: loss.value_and_delta(at, y)[1], z, direction)
        product = loss.hessian_product(z, y, direction)
        np.testing.assert_allclose(product, numeric, rtol=1e-6, atol=1e-9)

    def test_rows_that_are_right_count_less(self):
        z = np.array([[3.0, 0.0, 0.0], [-1.0, 0.0, 0.0]])
        y = np.tile([1.0, 0.0, 0.0], (2, 1))
        right, wrong = SoftmaxFocal(2.0).value_and_delta(z, y)[0]
        plain_right, plain_wrong = LOSSES["softmax"].value_and_delta(z, y)[0]
        assert right / wrong < 0.1 * plain_right / plain_wrong
