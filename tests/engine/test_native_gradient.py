"""The compiled engine's gradients and functions against the reference's."""

from dataclasses import replace

import numpy as np
import pytest
from _helpers import (
    ACTIVATION_FORMULAS,
    make_case,
    make_data,
    make_weight,
    plain_objective,
)
from _native import expected, gradient, needs_engine, network_of
from numpy.testing import assert_allclose, assert_array_equal

from skann._engine import native, reference
from skann._engine.native import binding
from skann._network.loss_base import ElementwiseLoss
from skann._network.losses import LOSSES
from skann._network.network import Network

pytestmark = needs_engine


def takes_nan(loss):
    """Whether a target of NaN is one that is not known."""
    real = isinstance(LOSSES[loss], ElementwiseLoss)
    return real or loss in ("masked_squared_error", "gaussian")


class TestGradient:
    @pytest.mark.parametrize("loss", binding.LOSSES)
    @pytest.mark.parametrize("depth", [0, 1, 3])
    @pytest.mark.parametrize("weighted", [False, True])
    @pytest.mark.parametrize("alpha", [0.0, 0.1])
    @pytest.mark.parametrize("n", [1, 2])
    def test_of_every_loss(self, loss, depth, weighted, alpha, n, threads, level):
        threads(n)
        network, theta, X, y = make_case(
            loss, ("tanh", "gelu", "relu")[:depth], n_rows=20
        )
        weight = make_weight(20) if weighted else None
        data = make_data(X, y, loss, weight)
        value, found, square = gradient(network, theta, data, 20, alpha)
        loss, right = expected(network, theta, X, y, weight, alpha)
        assert value == pytest.approx(loss, rel=1e-12)
        assert_allclose(found, right, rtol=1e-11, atol=1e-14)
        assert square == pytest.approx(right @ right, rel=1e-11)

    @pytest.mark.parametrize(
        ("loss", "options"),
        [
            ("huber", (0.3,)),
            ("quantile", (0.2,)),
            ("quantile", (0.1, 0.5, 0.9)),
            ("tweedie", (1.2,)),
            ("tweedie", (3.0,)),
            ("focal", (0.5,)),
            ("softmax_focal", (0.5,)),
        ],
    )
    def test_of_a_loss_with_settings(self, loss, options, level):
        network, theta, X, y = make_case(loss, ("tanh",), n_rows=20)
        network = replace(network, loss_options=options)
        _, found, _ = gradient(network, theta, make_data(X, y, loss), 20)
        value, right = expected(network, theta, X, y)
        assert_allclose(found, right, rtol=1e-11, atol=1e-14)
        assert value != expected(replace(network, loss_options=()), theta, X, y)[0]

    @pytest.mark.parametrize(
        "loss", [name for name in binding.LOSSES if takes_nan(name)]
    )
    def test_of_targets_that_are_not_known(self, loss, level):
        network, theta, X, y = make_case(loss, ("tanh",), n_rows=20)
        y[::3, 0] = np.nan
        _, found, _ = gradient(network, theta, make_data(X, y, loss), 20)
        value, right = expected(network, theta, X, y)
        assert np.isfinite(value)
        assert_allclose(found, right, rtol=1e-11, atol=1e-14)

    @pytest.mark.parametrize("loss", ["softmax", "softmax_focal"])
    def test_of_several_tasks(self, loss, level):
        network, theta, rng = network_of((3, 4, 5), loss)
        network = replace(network, tasks=(2, 3))
        X, picked = rng.normal(size=(90, 3)), rng.integers(2, size=(90, 2))
        y = np.hstack([np.eye(2)[picked[:, 0]], np.eye(3)[picked[:, 1]]])
        _, found, _ = gradient(network, theta, make_data(X, y, loss), 90)
        assert_allclose(
            found, expected(network, theta, X, y)[1], rtol=1e-11, atol=1e-14
        )

    @pytest.mark.parametrize("activation", binding.ACTIVATIONS)
    @pytest.mark.parametrize("dtype", [np.float32, np.float64])
    def test_of_every_activation(self, activation, dtype, level):
        network, theta, rng = network_of((3, 9, 17, 2), activation=activation)
        X, y = rng.normal(size=(21, 3)), rng.normal(size=(21, 2))
        theta = theta.astype(dtype)
        data = make_data(X.astype(dtype), y, "squared_error", dtype=dtype)
        value, found, _ = gradient(network, theta, data, 21)
        loss, right = expected(network, theta.astype(np.float64), X, y)
        tolerance = 2e-5 if dtype == np.float32 else 1e-12
        assert value == pytest.approx(loss, rel=tolerance)
        assert_allclose(found, right, rtol=tolerance, atol=tolerance)
        assert found.dtype == dtype

    # Around the edges of tiles, panels and blocks, and across the depth of a panel.
    @pytest.mark.parametrize(
        ("n_rows", "sizes"),
        [
            (1, (1, 1, 1)),
            (2, (5, 2, 3)),
            (3, (6, 4, 8)),
            (5, (7, 8, 9)),
            (7, (12, 9, 16)),
            (13, (13, 16, 17)),
            (24, (49, 17, 31)),
            (25, (97, 33, 5)),
            (30, (50, 64, 2)),
            (6, (1700, 10, 3)),
            (1700, (5, 40, 3)),
            (10, (3, 1030, 4)),
        ],
    )
    @pytest.mark.parametrize("n", [1, 2, 3])
    @pytest.mark.parametrize("dtype", [np.float32, np.float64])
    def test_of_every_shape(self, n_rows, sizes, n, dtype, threads, level):
        threads(n)
        network, theta, rng = network_of(sizes)
        theta /= np.sqrt(max(sizes))
        X, y = rng.normal(size=(n_rows, sizes[0])), rng.normal(size=(n_rows, sizes[-1]))
        X[rng.random(X.shape) < 0.1] = 0
        theta = theta.astype(dtype)
        data = make_data(X.astype(dtype), y, "squared_error", dtype=dtype)
        value, found, _ = gradient(network, theta, data, n_rows)
        loss, right = expected(network, theta.astype(np.float64), X, y)
        tolerance = 1e-4 if dtype == np.float32 else 1e-11
        assert value == pytest.approx(loss, rel=tolerance)
        assert_allclose(found, right, rtol=tolerance, atol=tolerance * abs(right).max())

    @pytest.mark.parametrize("share", [0.5, 0.9, 1.0])
    @pytest.mark.parametrize("n", [1, 2])
    def test_of_data_that_are_mostly_zeros_side_by_side(self, share, n, threads, level):
        threads(n)
        network, theta, rng = network_of((203, 70, 4))
        X, y = rng.normal(size=(90, 203)), rng.normal(size=(90, 4))
        X[np.repeat(rng.random((90, 51)) < share, 4, axis=1)[:, :203]] = 0
        _, found, _ = gradient(network, theta, make_data(X, y, "squared_error"), 90)
        _, right = expected(network, theta, X, y)
        assert_allclose(found, right, rtol=1e-11, atol=1e-13)

    def test_a_row_that_is_not_finite_is_not_taken_for_zeros(self):
        network, theta, rng = network_of((203, 70, 4))
        X, y = np.zeros((90, 203)), rng.normal(size=(90, 4))
        X[80, 100] = np.nan
        value, found, _ = gradient(network, theta, make_data(X, y, "squared_error"), 90)
        assert np.isnan(value)
        assert np.isnan(found).any()

    def test_of_class_codes_is_that_of_indicators(self):
        network, theta, X, y = make_case("softmax", ("tanh",), n_rows=20)
        one = gradient(network, theta, make_data(X, y, "softmax"), 20)
        other = gradient(network, theta, make_data(X, y, "softmax", codes=True), 20)
        assert one[0] == other[0]
        assert_array_equal(one[1], other[1])

    def test_by_tasks(self):
        network, theta, X, y = make_case("softmax", ("tanh",), n_rows=20, n_outputs=5)
        network = Network(network.layer_sizes, network.activations, "softmax", (2, 3))
        y[:, :2] = np.eye(2)[y[:, :2].argmax(axis=1)]
        y[:, 2:] = np.eye(3)[y[:, 2:].argmax(axis=1)]
        value, found, _ = gradient(network, theta, make_data(X, y, "softmax"), 20)
        loss, right = expected(network, theta, X, y)
        assert value == pytest.approx(loss, rel=1e-12)
        assert_allclose(found, right, rtol=1e-11, atol=1e-14)

    def test_where_targets_are_missing(self):
        loss = "masked_squared_error"
        network, theta, X, y = make_case(loss, ("tanh",), n_rows=20)
        y[::3, 1] = np.nan
        value, found, _ = gradient(network, theta, make_data(X, y, loss), 20)
        right, right_gradient = expected(network, theta, X, y)
        assert value == pytest.approx(right, rel=1e-12)
        assert_allclose(found, right_gradient, rtol=1e-11, atol=1e-14)

    @pytest.mark.parametrize("n_rows", [50, 5000])
    def test_over_all_rows_in_chunks(self, n_rows):
        network, theta, X, y = make_case("softmax", ("tanh",), n_rows=n_rows)
        rows, weight = np.arange(3, n_rows - 5), make_weight(n_rows)
        data = make_data(X, y, "softmax", weight, rows)
        one = native.Objective(network, 0.3, theta, data, 10)
        other = reference.Objective(network, 0.3, theta, data)
        for _ in range(2):
            assert one.full() == pytest.approx(other.full())
            assert_allclose(one.gradient, other.gradient, rtol=1e-11, atol=1e-14)

    @pytest.mark.parametrize("rows", [slice(3, 13), slice(49, 50), np.array([7, 3, 9])])
    def test_of_a_batch(self, rows):
        network, theta, X, y = make_case("softmax", ("tanh",), n_rows=50)
        data = make_data(X, y, "softmax", make_weight(50))
        one = native.Objective(network, 0.3, theta, data, 10)
        other = reference.Objective(network, 0.3, theta, data)
        for _ in range(2):
            assert one.batch(rows) == pytest.approx(other.batch(rows))
            assert_allclose(one.gradient, other.gradient, rtol=1e-11, atol=1e-14)


class TestElementwise:
    """Functions of one number, seen through a network of one unit."""

    def seen(self, activation, z):
        network = Network((1, 1, 1), (activation,), "squared_error")
        theta = np.array([1, 0, 1, 0], z.dtype)
        return network, theta, native.raw_outputs(network, theta, z[:, None])[0][:, 0]

    def values(self, activation, dtype):
        sizes = np.concatenate([np.logspace(-30, 1, 400), np.linspace(0, 90, 400)])
        if activation not in ("elu", "selu", "gelu", "silu", "softplus", "mish"):
            sizes = np.append(sizes, np.logspace(2, 30, 50))
        return np.concatenate([-sizes[::-1], [0.0], sizes]).astype(dtype)

    @pytest.mark.parametrize("activation", binding.ACTIVATIONS)
    @pytest.mark.parametrize("dtype", [np.float32, np.float64])
    def test_activations_keep_their_digits(self, activation, dtype, level):
        z = self.values(activation, dtype)
        *_, found = self.seen(activation, z)
        right = ACTIVATION_FORMULAS[activation][0](z.astype(np.float64))
        # exp goes no lower than the smallest normal number, times z here; and far out
        # SciPy's normal distribution has lost some digits.
        limits = np.finfo(dtype)
        tolerance = 1e-13 if activation == "gelu" else 0
        tolerance = max(tolerance, 16 * limits.eps)
        assert_allclose(found, right, rtol=tolerance, atol=200 * limits.tiny)

    @pytest.mark.parametrize("activation", binding.ACTIVATIONS)
    def test_derivatives_keep_their_digits(self, activation, level):
        z = np.linspace(-40, 40, 161)
        network, theta, a = self.seen(activation, z)
        data = make_data(z[:, None], a[:, None] - 1, "squared_error")
        found = [
            gradient(network, theta, data.using(np.array([i])), 1)[1][1]
            for i in range(len(z))
        ]
        right = ACTIVATION_FORMULAS[activation][1](z)
        # Those told from the output cancel where it has come to rest.
        assert_allclose(found, right, rtol=1e-9, atol=1e-14)

    @pytest.mark.parametrize("z", [-1e30, -800.0, -50.0, 50.0, 800.0, 1e30])
    @pytest.mark.parametrize("loss", ["cross_entropy", "logistic_squared_error"])
    def test_losses_of_huge_outputs(self, z, loss):
        network = Network((1, 2), (), loss)
        theta, X = np.array([0.0, 0.0, z, -z]), np.zeros((1, 1))
        y = np.array([[1.0, 1.0]])
        value, found, _ = gradient(network, theta, make_data(X, y, loss), 1)
        assert value == pytest.approx(plain_objective(network, theta, X, y, None, 0.0))
        assert np.isfinite(found).all()
