"""A training pass against the lecture's recursion written out."""

import numpy as np
import pytest
from _helpers import (
    ACTIVATION_FORMULAS,
    make_case,
    make_targets,
    make_weight,
    outputs_first,
    plain_forward,
)
from scipy import sparse

from skann._network.activations import ACTIVATIONS
from skann._network.losses import LOSSES
from skann._network.network import Network, TrainingPass

DEPTHS = [0, 1, 2, 3]


class TestNetwork:
    def test_brings_its_parts(self):
        network = Network((2, 3, 4, 1), ("tanh", "gelu"), "cross_entropy")
        assert network.layout.shapes == [(2, 3), (3, 4), (4, 1)]
        assert network.activation_functions == [
            ACTIVATIONS["tanh"],
            ACTIVATIONS["gelu"],
        ]
        assert network.loss_function is LOSSES["cross_entropy"]

    def test_equal_if_all_is_equal(self):
        network = Network((2, 3, 1), ("tanh",), "cross_entropy")
        assert network == Network((2, 3, 1), ("tanh",), "cross_entropy")
        assert network != Network((2, 4, 1), ("tanh",), "cross_entropy")
        assert network != Network((2, 3, 1), ("relu",), "cross_entropy")
        assert network != Network((2, 3, 1), ("tanh",), "squared_error")

    def test_can_t_be_changed(self):
        network = Network((2, 3, 1), ("tanh",), "cross_entropy")
        with pytest.raises(AttributeError):
            network.loss = "squared_error"


def recursion(network, theta, X, delta):
    """Gradient by the lecture's equations, from delta at the outputs, rows first."""
    layout = network.layout
    gradient = np.empty_like(theta)
    weights = layout.weights(theta)
    d_weights, d_biases = layout.weights(gradient), layout.biases(gradient)
    z = plain_forward(network, theta, X)
    for i in reversed(range(len(weights))):
        if i == 0:
            a = X
        else:
            f, df = ACTIVATION_FORMULAS[network.activations[i - 1]]
            a = f(z[i - 1])
        d_weights[i][...] = a.T @ delta
        d_biases[i][...] = delta.sum(axis=0)
        if i > 0:
            delta = delta @ weights[i].T * df(z[i - 1])
    return gradient


class TestTrainingPass:
    @pytest.mark.parametrize("activation", ACTIVATIONS)
    @pytest.mark.parametrize("depth", DEPTHS)
    def test_gradient_is_the_recursion_s(self, activation, depth):
        network, theta, X, y = make_case(
            "squared_error", (activation,) * depth, n_rows=300
        )
        weight = make_weight(300)
        gradient = np.full_like(theta, np.nan)
        value = TrainingPass(network, theta, gradient, 300)(
            X, outputs_first(y), weight, 1.0
        )
        error = plain_forward(network, theta, X)[-1] - y
        assert value == pytest.approx(
            (weight * (error**2).sum(axis=1)).sum() / 2, rel=1e-12
        )
        expected = recursion(network, theta, X, weight[:, None] * error)
        np.testing.assert_allclose(gradient, expected, rtol=1e-10, atol=1e-10)

    @pytest.mark.parametrize("loss", LOSSES)
    def test_scale_is_for_the_gradient_alone(self, loss):
        network, theta, X, y = make_case(loss, ("tanh",))
        gradient = np.empty_like(theta)
        run = TrainingPass(network, theta, gradient, len(X))
        value = run(X, outputs_first(y), None, 1.0)
        unscaled = gradient.copy()
        assert run(X, outputs_first(y), None, 0.25) == value
        np.testing.assert_allclose(gradient, unscaled / 4, rtol=1e-13)

    def test_theta_and_gradient_stay_bound(self):
        network, theta, X, y = make_case("softmax", ("tanh", "gelu"))
        gradient = np.empty_like(theta)
        run = TrainingPass(network, theta, gradient, len(X))
        run(X, outputs_first(y), None, 1.0)
        theta *= 1.5
        value = run(X, outputs_first(y), None, 1.0)
        anew = np.empty_like(theta)
        again = TrainingPass(network, theta.copy(), anew, len(X))
        assert again(X, outputs_first(y), None, 1.0) == value
        np.testing.assert_array_equal(gradient, anew)

    @pytest.mark.parametrize("loss", LOSSES)
    @pytest.mark.parametrize("depth", DEPTHS)
    def test_a_second_batch_knows_nothing_of_the_first(self, loss, depth):
        network, theta, X, y = make_case(loss, ("gelu",) * depth, n_rows=20)
        gradient = np.empty_like(theta)
        run = TrainingPass(network, theta, gradient, 10)
        y = outputs_first(y)
        run(X[:10], y[:, :10], None, 1.0)
        value = run(X[10:], y[:, 10:], None, 1.0)
        anew = np.empty_like(theta)
        again = TrainingPass(network, theta, anew, 10)
        assert again(X[10:], y[:, 10:], None, 1.0) == value
        np.testing.assert_array_equal(gradient, anew)

    @pytest.mark.parametrize("loss", LOSSES)
    @pytest.mark.parametrize("depth", DEPTHS)
    def test_reads_the_batch_and_writes_to_none_of_it(self, loss, depth):
        network, theta, X, y = make_case(loss, ("tanh",) * depth)
        y, weight = outputs_first(y), make_weight(len(X))
        for array in (X, y, weight):
            array.flags.writeable = False
        gradient = np.empty_like(theta)
        value = TrainingPass(network, theta, gradient, len(X))(X, y, weight, 1.0)
        assert np.isfinite(value)
        assert np.isfinite(gradient).all()

    @pytest.mark.parametrize("depth", DEPTHS)
    @pytest.mark.parametrize("kind", [sparse.csr_matrix, sparse.csr_array])
    @pytest.mark.parametrize("dtype", [np.float32, np.float64])
    def test_sparse_is_dense(self, depth, kind, dtype):
        network, theta, X, y = make_case("softmax", ("tanh",) * depth, n_rows=30)
        X[X < 0] = 0
        X, theta, y = X.astype(dtype), theta.astype(dtype), outputs_first(y, dtype)
        dense, gradient = np.empty_like(theta), np.empty_like(theta)
        value = TrainingPass(network, theta, dense, 30)(X, y, None, 1.0)
        run = TrainingPass(network, theta, gradient, 30)
        rtol = 1e-5 if dtype == np.float32 else 1e-12
        assert run(kind(X), y, None, 1.0) == pytest.approx(value, rel=rtol)
        np.testing.assert_allclose(gradient, dense, rtol=rtol, atol=rtol)

    def test_all_activations_in_one_network(self):
        names = tuple(ACTIVATIONS)
        sizes = (3, *range(4, 4 + len(names)), 2)
        network, theta, X, _ = make_case("squared_error", names, sizes=sizes)
        y = make_targets("squared_error", len(X), 2, np.random.default_rng(0))
        gradient = np.empty_like(theta)
        TrainingPass(network, theta, gradient, len(X))(X, outputs_first(y), None, 1.0)
        error = plain_forward(network, theta, X)[-1] - y
        expected = recursion(network, theta, X, error)
        np.testing.assert_allclose(
            gradient, expected, rtol=1e-9, atol=1e-12 * abs(expected).max()
        )
