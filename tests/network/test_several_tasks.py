"""Losses of several tasks, what a constant costs, and the Gauss-Newton matrix."""

import numpy as np
import pytest
from _helpers import make_targets, make_weight
from scipy.special import expit

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


def test_without_residuals_the_gauss_newton_matrix_is_the_hessian():
    z, _ = draw("logistic_squared_error", 20, 3)
    loss, direction = LOSSES["logistic_squared_error"], np.cos(z)
    found = loss.gauss_newton_product(z, expit(z), direction)
    expected = loss.hessian_product(z, expit(z), direction)
    np.testing.assert_allclose(found, expected, rtol=1e-12)


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
