"""Hessian-vector products: differences of the gradient, and what a Hessian is."""

from dataclasses import replace

import numpy as np
import pytest
from _helpers import (
    DIFFERENTIABLE,
    LOSS_KINKS,
    make_case,
    make_data,
    make_targets,
    make_weight,
    objective_for,
    slope,
)
from scipy import sparse

from skann._engine.reference import Curvature, curvature
from skann._engine.reference.rows import CHUNK_ROWS
from skann._network.losses import LOSSES
from skann._network.network import Network

# Rows of which nothing is kept from one product to the next.
MANY = curvature._KEPT_ROWS + 1

GAPS = "masked_squared_error, with gaps"
TASKS = "softmax of two tasks"

# Every loss as it is, and what else targets can make of one.
over_losses = pytest.mark.parametrize("loss", [*LOSSES, GAPS, TASKS])
over_weights = pytest.mark.parametrize("weighted", [False, True])
over_alphas = pytest.mark.parametrize("alpha", [0.0, 0.3])


def special_case(loss, activations, **options):
    """As ``make_case``, also for targets with gaps and for several tasks."""
    if loss == TASKS:
        network, theta, X, y = make_case("softmax", activations, **options)
        n_rows, n_outputs = y.shape
        tasks = n_outputs // 2, n_outputs - n_outputs // 2
        rng = np.random.default_rng(0)
        y = np.hstack([make_targets("softmax", n_rows, n, rng) for n in tasks])
        return replace(network, tasks=tasks), theta, X, y
    network, theta, X, y = make_case(loss.split(",")[0], activations, **options)
    if loss == GAPS:
        rows = np.arange(len(y))
        y[rows, rows % y.shape[1]] = np.nan
        y[1] = np.nan
        y[2] = 1.5
    return network, theta, X, y


class Case:
    """A small network with its data, its gradient and its curvature."""

    def __init__(self, loss, activations, weighted=False, alpha=0.0, **options):
        as_sparse = options.pop("as_sparse", False)
        self.network, self.theta, X, y = special_case(loss, activations, **options)
        if as_sparse:
            X = sparse.csr_matrix(np.maximum(X, 0))
        weight = make_weight(X.shape[0]) if weighted else None
        self.objective = objective_for(
            self.network, self.theta.copy(), X, y, weight, alpha
        )
        self.curvature = Curvature(self.network, alpha, self.objective.data)
        # Of linear outputs a loss of straight lines is made of planes.
        straight = loss in ("absolute_error", "quantile", "perceptron")
        self.is_flat = straight and not activations and not alpha

    def gradient(self, point):
        self.objective.theta[...] = point
        self.objective.full()
        return self.objective.gradient.copy()

    def product(self, vector):
        return self.curvature.product(self.theta, vector)

    def directions(self, n=3):
        rng = np.random.default_rng(0)
        for vector in rng.normal(size=(n, self.theta.size)):
            yield vector / np.linalg.norm(vector)

    def check(self, relative=1e-8):
        for vector in self.directions():
            numeric = slope(self.gradient, self.theta, vector)
            assert abs(numeric).max() > 0 or self.is_flat
            error = abs(self.product(vector) - numeric).max()
            assert error <= relative * abs(numeric).max()


@over_losses
@over_weights
@over_alphas
class TestIsTheSlopeOfTheGradient:
    @pytest.mark.parametrize("depth", [1, 2, 3])
    @pytest.mark.parametrize("activation", DIFFERENTIABLE)
    def test_every_activation(self, loss, weighted, alpha, activation, depth):
        # No step crosses a kink, where the gradient of some activations jumps.
        Case(loss, (activation,) * depth, weighted, alpha, margin=3e-3).check()

    @pytest.mark.parametrize("n_outputs", [1, 2, 5])
    def test_no_hidden_layer(self, loss, weighted, alpha, n_outputs):
        if n_outputs == 1 or loss == TASKS:
            # One softmax output is always 1 and has no gradient.
            n_outputs += {"softmax": 2, "softmax_focal": 2, TASKS: 3}.get(loss, 0)
        Case(loss, (), weighted, alpha, n_outputs=n_outputs, margin=3e-3).check()

    @pytest.mark.parametrize("depth", [0, 1, 2])
    @pytest.mark.parametrize("as_sparse", [False, True])
    @pytest.mark.parametrize("n_rows", [7, CHUNK_ROWS + 1, 2 * MANY])
    def test_any_kind_of_x_in_any_number_of_rows(
        self, loss, weighted, alpha, depth, as_sparse, n_rows
    ):
        if loss in LOSS_KINKS:
            pytest.skip("of so many rows some are always near a kink")
        activations = ("tanh", "gelu")[:depth]
        Case(
            loss, activations, weighted, alpha, as_sparse=as_sparse, n_rows=n_rows
        ).check()


@over_losses
def test_all_activations_in_one_network(loss):
    names = tuple(DIFFERENTIABLE)
    Case(loss, names, True, 0.1, margin=3e-3, sizes=(5,) * len(names) + (5, 3)).check(
        1e-6
    )


@over_losses
@over_weights
@over_alphas
@pytest.mark.parametrize("depth", [0, 1, 3])
class TestIsAHessian:
    def test_symmetric(self, loss, weighted, alpha, depth):
        case = Case(loss, ("tanh", "silu", "logistic")[:depth], weighted, alpha)
        u, v, _ = case.directions()
        assert u @ case.product(v) == pytest.approx(v @ case.product(u), rel=1e-10)

    def test_linear(self, loss, weighted, alpha, depth):
        case = Case(loss, ("tanh", "silu", "logistic")[:depth], weighted, alpha)
        u, v, _ = case.directions()
        np.testing.assert_allclose(
            case.product(3 * u - 0.5 * v),
            3 * case.product(u) - 0.5 * case.product(v),
            rtol=1e-10,
            atol=1e-14,
        )
        assert not case.product(np.zeros_like(u)).any()


# Without hidden layers nothing joins the outputs: H has a block for each of them, or
# for each task, which is that of a network by itself.
class TestOutputsThatAreNotJoined:
    def parts(self, case, vector, outputs):
        layout = case.network.layout
        weights, biases = layout.weights(vector)[0], layout.biases(vector)[0]
        return np.concatenate([weights[:, outputs].ravel(), biases[outputs]])

    def alone(self, case, network, X, y, outputs, vector, alpha, weight=None):
        data = make_data(X, y, network.loss, weight)
        assert network.layout.n_parameters == len(X[0]) * y.shape[1] + y.shape[1]
        return Curvature(network, alpha, data).product(
            self.parts(case, case.theta, outputs), self.parts(case, vector, outputs)
        )

    def test_each_task_has_its_own_curvature(self):
        network, _, X, y = special_case(TASKS, (), n_outputs=7)
        assert network.tasks == (3, 4)
        case = Case(TASKS, (), alpha=0.1, n_outputs=7)
        (vector,) = case.directions(1)
        found = case.product(vector)
        for outputs in (slice(0, 3), slice(3, 7)):
            labels = y[:, outputs]
            small = Network((X.shape[1], labels.shape[1]), (), "softmax")
            np.testing.assert_allclose(
                self.parts(case, found, outputs),
                self.alone(case, small, X, labels, outputs, vector, 0.1),
                rtol=1e-12,
                atol=1e-15,
            )

    def test_a_gap_is_a_row_without_weight_for_its_output(self):
        _, _, X, y = special_case(GAPS, ())
        case = Case(GAPS, ())
        (vector,) = case.directions(1)
        found = case.product(vector)
        for k in range(y.shape[1]):
            seen = np.isfinite(y[:, k])
            assert 0 < seen.sum() < len(y)
            small = Network((X.shape[1], 1), (), "squared_error")
            outputs = slice(k, k + 1)
            target = np.nan_to_num(y[:, outputs])
            np.testing.assert_allclose(
                self.parts(case, found, outputs),
                # Weights are scaled to mean one.
                seen.mean()
                * self.alone(case, small, X, target, outputs, vector, 0.0, seen),
                rtol=1e-12,
                atol=1e-15,
            )


@pytest.mark.parametrize("n_rows", [7, 2 * MANY])
def test_a_changed_theta_is_seen(n_rows):
    case = Case("softmax", ("tanh",), n_rows=n_rows)
    (vector,) = case.directions(1)
    theta = case.theta.copy()
    first = case.curvature.product(theta, vector)
    theta += 0.1
    changed = case.curvature.product(theta, vector)
    fresh = Case("softmax", ("tanh",), n_rows=n_rows).curvature.product(theta, vector)
    np.testing.assert_array_equal(changed, fresh)
    assert abs(changed - first).max() > 1e-3
    theta -= 0.1
    np.testing.assert_allclose(
        case.curvature.product(theta, vector), first, rtol=1e-10, atol=1e-13
    )


def test_nothing_given_is_written_to_and_the_result_is_new():
    case = Case("cross_entropy", ("gelu", "tanh"), True, 0.1)
    (vector,) = case.directions(1)
    theta_before, vector_before = case.theta.copy(), vector.copy()
    first = case.product(vector)
    kept = first.copy()
    case.product(-vector)
    np.testing.assert_array_equal(first, kept)
    np.testing.assert_array_equal(case.theta, theta_before)
    np.testing.assert_array_equal(vector, vector_before)
