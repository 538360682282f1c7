"""Derivatives by theta, and the Gauss-Newton matrix, against differences."""

import numpy as np
import pytest
from _helpers import (
    DIFFERENTIABLE,
    make_case,
    make_data,
    make_weight,
    plain_forward,
    slope,
)
from scipy import sparse

from skann._engine.reference import Curvature, gauss_newton, jacobian_blocks
from skann._engine.reference.gauss_newton import _BLOCK
from skann._network.losses import LOSSES, MultitaskLoss

CONVEX = ["squared_error", "cross_entropy", "softmax", "poisson", "gamma"]


def jacobian(network, theta, X):
    """dz/dtheta by differences, one parameter after the other."""
    columns = [
        slope(lambda t: plain_forward(network, t, X)[-1], theta, direction)
        for direction in np.eye(theta.size)
    ]
    return np.stack(columns, axis=-1)


def written_out(network, theta, X, y, weight, alpha):
    """Σ s J^T B J / Σ s + alpha, with J and B by differences."""
    loss = network.loss_function
    J, z = jacobian(network, theta, X), plain_forward(network, theta, X)[-1]
    K = z.shape[1]
    B = np.stack(
        [slope(lambda z: loss.value_and_delta(z, y)[1], z, e) for e in np.eye(K)],
        axis=-1,
    )
    weight = np.ones(len(X)) if weight is None else weight
    G = np.einsum("i,ikp,ikl,ilq->pq", weight / weight.sum(), J, B, J)
    for where in network.layout.weight_slices:
        index = np.arange(where.start, where.stop)
        G[index, index] += alpha
    return G


@pytest.mark.parametrize("activation", DIFFERENTIABLE)
def test_derivatives_by_theta(activation):
    case = make_case("squared_error", (activation, "tanh"), margin=0.01)
    network, theta, X, _ = case
    ((rows, found),) = jacobian_blocks(network, theta, X)
    assert (rows.start, rows.stop) == (0, len(X))
    np.testing.assert_allclose(found, jacobian(network, theta, X), atol=1e-8)


@pytest.mark.parametrize("n_outputs", [1, 3])
@pytest.mark.parametrize("alpha", [0.0, 0.3])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("loss", CONVEX)
def test_the_matrix_is_the_sum_written_out(loss, weighted, alpha, n_outputs):
    if loss == "softmax" and n_outputs == 1:
        return
    network, theta, X, y = make_case(loss, ("tanh", "silu"), n_outputs=n_outputs)
    weight = make_weight(len(X)) if weighted else None
    expected = written_out(network, theta, X, y, weight, alpha)
    found = gauss_newton(network, alpha, make_data(X, y, loss, weight), theta)
    np.testing.assert_allclose(found.matrix, expected, rtol=1e-6, atol=1e-8)
    assert found.n_rows == len(X)
    assert found.n_targets == y.size
    csr = gauss_newton(
        network, alpha, make_data(sparse.csr_array(X), y, loss, weight), theta
    )
    np.testing.assert_allclose(csr.matrix, found.matrix, rtol=1e-12)


@pytest.mark.parametrize("loss", CONVEX)
def test_without_hidden_layers_it_is_the_hessian(loss):
    network, theta, X, y = make_case(loss, ())
    data = make_data(X, y, loss)
    matrix = gauss_newton(network, 0.1, data, theta).matrix
    hessian = Curvature(network, 0.1, data)
    for direction in np.eye(theta.size):
        np.testing.assert_allclose(
            matrix @ direction, hessian.product(theta, direction), atol=1e-12
        )


@pytest.mark.parametrize(
    "loss", [n for n, loss in LOSSES.items() if loss.has_curvature]
)
def test_no_direction_has_negative_curvature(loss):
    network, theta, X, y = make_case(loss, ("tanh",), n_rows=40, margin=1e-4)
    found = gauss_newton(network, 0.0, make_data(X, y, loss), theta).matrix
    np.testing.assert_allclose(found, found.T, atol=1e-12)
    assert np.linalg.eigvalsh(found).min() > -1e-10


def test_squared_errors_of_a_sigmoid_have_residuals_behind_it():
    network, theta, X, y = make_case("logistic_squared_error", ("tanh",))
    found = gauss_newton(
        network, 0.0, make_data(X, y, "logistic_squared_error"), theta
    ).matrix
    a = 1 / (1 + np.exp(-plain_forward(network, theta, X)[-1]))
    of_residuals = (a * (1 - a))[:, :, None] * jacobian(network, theta, X)
    expected = np.einsum("ikp,ikq->pq", of_residuals, of_residuals) / len(X)
    np.testing.assert_allclose(found, expected, atol=1e-8)


def test_targets_that_are_not_observed_say_nothing():
    network, theta, X, y = make_case("masked_squared_error", ("tanh",))
    y[0] = y[2, 1] = np.nan
    found = gauss_newton(network, 0.0, make_data(X, y, "masked_squared_error"), theta)
    known = np.sqrt(~np.isnan(y))[:, :, None] * jacobian(network, theta, X)
    expected = np.einsum("ikp,ikq->pq", known, known) / len(X)
    np.testing.assert_allclose(found.matrix, expected, atol=1e-8)
    assert found.n_targets == y.size - 4


def test_rows_in_use_in_more_blocks_than_one():
    network, theta, X, y = make_case("softmax", ("tanh",), n_rows=15_000)
    n_rows = _BLOCK // (theta.size * 3)
    assert n_rows < 12_000
    rows = np.arange(len(X))[::-1][:12_000]
    whole = gauss_newton(
        network, 0.0, make_data(X, y, "softmax", rows=rows), theta
    ).matrix
    parts = [
        gauss_newton(network, 0.0, make_data(X, y, "softmax", rows=part), theta).matrix
        for part in np.split(rows, 4)
    ]
    np.testing.assert_allclose(whole, np.mean(parts, axis=0), rtol=1e-10, atol=1e-14)


def test_a_loss_over_tasks_has_a_block_for_each():
    z = np.random.default_rng(0).normal(size=(5, 5))
    y = np.eye(5)[[0, 1, 2, 0, 1]]
    loss = MultitaskLoss(LOSSES["softmax"], (2, 3))
    direction = np.zeros((5, 5))
    direction[:, 0] = 1
    found = loss.gauss_newton_product(z, y, direction)
    assert np.abs(found[:, :2]).min() > 0
    assert not found[:, 2:].any()
    assert loss.has_curvature
    assert loss.dispersion == "known"
