"""Products with second derivatives, losses of several tasks, best constants."""

import numpy as np
import pytest
from _helpers import OUTPUT_FORMULAS, make_targets, make_weight
from scipy.special import softmax

from skann._network.focal_losses import SoftmaxFocal
from skann._network.losses import LOSSES, MultitaskLoss


def draw(name, n_rows, n_outputs):
    rng = np.random.default_rng(n_outputs)
    z = rng.normal(0, 2, (n_rows, n_outputs))
    return z, make_targets(name, n_rows, n_outputs, rng)


@pytest.mark.parametrize("share", [0.0, 1.0])
@pytest.mark.parametrize("name", ["cross_entropy", "logistic_squared_error", "focal"])
def test_the_constant_of_one_class_alone_is_finite(name, share):
    constant = LOSSES[name].best_constant(np.full((9, 1), share), np.ones(9))
    assert np.isfinite(constant).all()
    assert np.sign(constant) == np.sign(share - 0.5)


@pytest.mark.parametrize("name", ["softmax", "softmax_focal"])
def test_a_constant_of_softmax_has_the_mean_probabilities(name):
    y, weight = np.eye(3)[[0, 0, 1, 2, 0, 1]], make_weight(6)
    constant = LOSSES[name].best_constant(y, weight)
    mean = weight @ y / weight.sum()
    np.testing.assert_allclose(softmax(constant), mean, atol=1e-20)


@pytest.mark.parametrize(
    ("name", "options"),
    [("focal", 0.5), ("softmax_focal", 0.5), ("tweedie", 1.2), ("huber", 0.1)],
)
def test_settings_make_another_loss_of_the_kind(name, options):
    z, y = draw(name, 30, 3)
    plain = LOSSES[name]
    other = plain.with_options((options,))
    assert type(other) is type(plain)
    expected = type(plain)(options).value_and_delta(z, y)
    for found, right in zip(other.value_and_delta(z, y), expected, strict=True):
        np.testing.assert_array_equal(found, right)
    assert (plain.value_and_delta(z, y)[0] != expected[0]).any()


class TestGaussNewton:
    """Second derivatives without what can be negative of them."""

    @pytest.mark.parametrize(
        "name",
        [
            "squared_error",
            "logistic_squared_error",
            "cross_entropy",
            "softmax",
            "poisson",
            "gamma",
            "tweedie",
        ],
    )
    def test_is_the_hessian_where_targets_are_what_is_predicted(self, name):
        loss, (z, _) = LOSSES[name], draw(name, 20, 3)
        mean, direction = OUTPUT_FORMULAS[loss.out_activation](z), np.cos(z)
        found = loss.gauss_newton_product(z, mean, direction)
        expected = loss.hessian_product(z, mean, direction)
        np.testing.assert_allclose(found, expected, rtol=1e-9)

    def test_of_a_normal_distribution_is_its_mean_over_targets(self):
        # These two have the mean and the variance of the distribution.
        z, _ = draw("gaussian", 9, 4)
        loss, direction = LOSSES["gaussian"], np.cos(z)
        means, logarithms = np.hsplit(z, 2)
        deviations = np.sqrt(np.exp(logarithms) + 1e-6)
        targets = (np.tile(means + sign * deviations, 2) for sign in (1, -1))
        expected = sum(loss.hessian_product(z, y, direction) for y in targets) / 2
        found = loss.gauss_newton_product(z, np.tile(means, 2), direction)
        np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-15)

    def test_of_focal_losses(self):
        z, y = draw("focal", 30, 3)
        curvature = LOSSES["focal"].hessian_product(z, y, np.ones_like(z))
        assert (curvature < 0).any()
        found = LOSSES["focal"].gauss_newton_product(z, y, 2 * np.ones_like(z))
        np.testing.assert_array_equal(found, 2 * np.maximum(curvature, 0))
        z, y = draw("softmax_focal", 30, 3)
        found = SoftmaxFocal(1.5).gauss_newton_product(z, y, np.cos(z))
        weight = (y * (1 - softmax(z, axis=1)) ** 1.5).sum(axis=1, keepdims=True)
        plain = LOSSES["softmax"].hessian_product(z, y, np.cos(z))
        np.testing.assert_allclose(found, weight * plain, rtol=1e-9)

    @pytest.mark.parametrize("name", LOSSES)
    def test_is_never_negative(self, name):
        if not LOSSES[name].has_curvature:
            pytest.skip("it has none")
        z, y = draw(name, 200, 4)
        direction = np.random.default_rng(1).normal(size=z.shape)
        product = LOSSES[name].gauss_newton_product(z, y, direction)
        assert (product * direction).sum(axis=1).min() >= -1e-15


@pytest.mark.parametrize(
    "name", ["masked_squared_error", "huber", "poisson", "gamma", "tweedie", "gaussian"]
)
def test_targets_that_are_not_observed_bend_nothing(name):
    z, y = draw(name, 12, 4)
    y[::3] = np.nan
    for method in ("hessian_product", "gauss_newton_product"):
        product = getattr(LOSSES[name], method)(z, y, np.ones_like(z))
        assert (product[::3] == 0).all()
        assert np.isfinite(product).all()
        assert product[1::3].any()


@pytest.mark.parametrize(
    "name", ["softmax", "cross_entropy", "logistic_squared_error", "squared_error"]
)
def test_the_loss_of_several_tasks_is_the_sum_of_theirs(name):
    own, sizes = LOSSES[name], (2, 3)
    z, y = zip(*(draw(name, 7, n) for n in sizes), strict=True)
    directions = [np.sin(part) for part in z]
    loss = MultitaskLoss(own, sizes)
    together = [np.hstack(parts) for parts in (z, y, directions)]
    value, delta = loss.value_and_delta(*together[:2])
    values, deltas = zip(*map(own.value_and_delta, z, y), strict=True)
    np.testing.assert_array_equal(value, values[0] + values[1])
    np.testing.assert_array_equal(delta, np.hstack(deltas))
    for method in ("hessian_product", "gauss_newton_product"):
        expected = np.hstack([*map(getattr(own, method), z, y, directions)])
        np.testing.assert_array_equal(getattr(loss, method)(*together), expected)
    weight = make_weight(7)
    constants = [own.best_constant(part, weight) for part in y]
    found = loss.best_constant(together[1], weight)
    np.testing.assert_allclose(found, np.hstack(constants), rtol=1e-12)
