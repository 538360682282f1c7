"""J and its gradient: the definition, differences, and what must change neither."""

import numpy as np
import pytest
from _helpers import (
    DIFFERENTIABLE,
    make_case,
    make_weight,
    objective_for,
    plain_objective,
    slope,
)
from scipy import sparse

from skann._engine.reference.rows import CHUNK_ROWS
from skann._network.losses import LOSSES

over_losses = pytest.mark.parametrize("loss", LOSSES)
over_weights = pytest.mark.parametrize("weighted", [False, True])
over_alphas = pytest.mark.parametrize("alpha", [0.0, 0.3])
over_depths = pytest.mark.parametrize("depth", [0, 1, 2, 3])


def assert_close_by_layer(network, found, expected, relative):
    """Every layer's weights, and its biases, within ``relative`` of their largest."""
    layout = network.layout
    for views in (layout.weights, layout.biases):
        for layer, reference in zip(views(found), views(expected), strict=True):
            error = abs(layer - reference).max()
            if not layer.any():  # slopes of straight lines may add up to nothing
                assert error <= 1e-12
                continue
            assert error <= relative * abs(reference).max()


def check_gradient(loss, activations, weighted, alpha, **case):
    # Steps move no pre-activation by as much as the margin, so none crosses a kink.
    network, theta, X, y = make_case(loss, activations, margin=3e-3, **case)
    weight = make_weight(len(X)) if weighted else None
    objective = objective_for(network, theta, X, y, weight, alpha)
    here = theta.copy()

    def value_at(point):
        theta[...] = point
        return objective.full()[0]

    value = value_at(here)
    gradient = objective.gradient.copy()
    assert value == pytest.approx(
        plain_objective(network, here, X, y, weight, alpha), rel=1e-12
    )
    numeric = np.array([slope(value_at, here, unit) for unit in np.eye(len(here))])
    assert_close_by_layer(network, gradient, numeric, 1e-6)


@over_losses
@over_weights
@over_alphas
class TestGradientIsTheDifferences:
    @pytest.mark.parametrize("depth", [1, 2, 3])
    @pytest.mark.parametrize("activation", DIFFERENTIABLE)
    def test_same_activation_in_every_layer(
        self, loss, weighted, alpha, activation, depth
    ):
        check_gradient(loss, (activation,) * depth, weighted, alpha)

    @pytest.mark.parametrize("n_outputs", [1, 2, 5])
    def test_no_hidden_layer(self, loss, weighted, alpha, n_outputs):
        if loss == "softmax" and n_outputs == 1:
            n_outputs = 3  # one softmax output is always 1 and has no gradient
        check_gradient(loss, (), weighted, alpha, n_outputs=n_outputs)

    @pytest.mark.parametrize("first", ["tanh", "gelu"])
    @pytest.mark.parametrize("second", ["tanh", "gelu"])
    def test_several_activations_on_top_of_each_other(
        self, loss, weighted, alpha, first, second
    ):
        check_gradient(loss, (first, second, first), weighted, alpha)

    def test_one_row_one_unit(self, loss, weighted, alpha):
        n_outputs = 2 if loss == "softmax" else 1
        sizes = (1, 1, n_outputs)
        network, theta, X, y = make_case(loss, ("tanh",), n_rows=1, sizes=sizes)
        weight = np.array([1.0]) if weighted else None
        value, _ = objective_for(network, theta, X, y, weight, alpha).full()
        assert value == pytest.approx(
            plain_objective(network, theta, X, y, weight, alpha), rel=1e-12
        )


@over_losses
def test_below_a_step_nothing_is_learnt(loss):
    network, theta, X, y = make_case(loss, ("tanh", "step"), margin=3e-3)
    objective = objective_for(network, theta, X, y)
    objective.full()
    layout, gradient = network.layout, objective.gradient
    for below in (layout.weights(gradient)[:2], layout.biases(gradient)[:2]):
        assert all((views == 0).all() for views in below)
    assert layout.weights(gradient)[2].any()


@over_losses
def test_all_activations_in_one_network(loss):
    names = tuple(DIFFERENTIABLE)
    check_gradient(loss, names, True, 0.1, sizes=(5,) * len(names) + (5, 3))


def evaluate(network, theta, X, y, weight, alpha, dtype=np.float64):
    """J and its gradient from one batch, for targets rows first."""
    objective = objective_for(
        network, theta.astype(dtype), X.astype(dtype), y, weight, alpha
    )
    value, norm = objective.batch(slice(0, X.shape[0]))
    assert isinstance(value, float)
    assert norm == pytest.approx(np.linalg.norm(objective.gradient), rel=1e-5)
    return value, objective.gradient


@over_losses
@over_depths
class TestInvariances:
    def activations(self, depth):
        return ("tanh", "gelu", "relu")[:depth]

    @over_alphas
    def test_weight_two_is_a_row_repeated(self, loss, depth, alpha):
        network, theta, X, y = make_case(loss, self.activations(depth), n_rows=20)
        times = 1 + np.arange(20) % 3
        times[5] = 0
        value, gradient = evaluate(network, theta, X, y, times / times.mean(), alpha)
        X, y = np.repeat(X, times, axis=0), np.repeat(y, times, axis=0)
        repeated_value, repeated = evaluate(network, theta, X, y, None, alpha)
        assert value == pytest.approx(repeated_value, rel=1e-12)
        np.testing.assert_allclose(gradient, repeated, rtol=1e-10, atol=1e-13)

    def test_unit_weights_are_none(self, loss, depth):
        network, theta, X, y = make_case(loss, self.activations(depth), n_rows=20)
        value, gradient = evaluate(network, theta, X, y, None, 0.1)
        unit_value, unit = evaluate(network, theta, X, y, np.ones(20), 0.1)
        assert unit_value == pytest.approx(value, rel=1e-13)
        np.testing.assert_allclose(unit, gradient, rtol=1e-12, atol=1e-15)

    @over_weights
    @over_alphas
    @pytest.mark.parametrize("n_rows", [1, CHUNK_ROWS, CHUNK_ROWS + 1, 3 * CHUNK_ROWS])
    def test_full_is_the_batch_of_everything(
        self, loss, depth, weighted, alpha, n_rows
    ):
        network, theta, X, y = make_case(loss, self.activations(depth), n_rows=n_rows)
        weight = make_weight(n_rows) if weighted and n_rows > 1 else None
        value, gradient = evaluate(network, theta, X, y, weight, alpha)
        objective = objective_for(network, theta, X, y, weight, alpha)
        found, norm = objective.full()
        assert found == pytest.approx(value, rel=1e-12)
        assert norm == pytest.approx(np.linalg.norm(gradient), rel=1e-10)
        np.testing.assert_allclose(objective.gradient, gradient, rtol=1e-9, atol=1e-13)

    def test_rows_in_use_are_all_there_are(self, loss, depth):
        network, theta, X, y = make_case(loss, self.activations(depth), n_rows=50)
        weight, rows = make_weight(50), np.arange(3, 50, 2)
        some = objective_for(network, theta, X, y, weight, 0.1, rows)
        alone = objective_for(network, theta, X[rows], y[rows], weight[rows], 0.1)
        assert some.full() == pytest.approx(alone.full(), rel=1e-12)
        np.testing.assert_allclose(
            some.gradient, alone.gradient, rtol=1e-10, atol=1e-13
        )
        assert some.batch(rows[5:9]) == pytest.approx(
            alone.batch(slice(5, 9)), rel=1e-9
        )

    @over_weights
    def test_float32_is_float64_rounded(self, loss, depth, weighted):
        network, theta, X, y = make_case(loss, self.activations(depth), n_rows=200)
        weight = make_weight(200) if weighted else None
        value, gradient = evaluate(network, theta, X, y, weight, 0.1)
        single_value, single = evaluate(
            network, theta, X, y, weight, 0.1, dtype=np.float32
        )
        assert single.dtype == np.float32
        assert single_value == pytest.approx(value, rel=1e-4)
        assert_close_by_layer(network, single, gradient, 1e-4)

    def test_sparse_is_dense(self, loss, depth):
        network, theta, X, y = make_case(loss, self.activations(depth), n_rows=50)
        X[X < 0] = 0
        weight = make_weight(50)
        value, gradient = evaluate(network, theta, X, y, weight, 0.1)
        objective = objective_for(network, theta, sparse.csr_matrix(X), y, weight, 0.1)
        for evaluate_again in (objective.full, lambda: objective.batch(slice(0, 50))):
            found, _ = evaluate_again()
            assert found == pytest.approx(value, rel=1e-12)
            np.testing.assert_allclose(
                objective.gradient, gradient, rtol=1e-10, atol=1e-13
            )

    def test_batches_of_an_epoch_average_to_the_whole(self, loss, depth):
        # An unbiased estimate: with equal sizes the plain mean over batches is J.
        network, theta, X, y = make_case(loss, self.activations(depth), n_rows=48)
        weight = make_weight(48)
        objective = objective_for(network, theta, X, y, weight, 0.3)
        whole, _ = objective.full()
        whole_gradient = objective.gradient.copy()
        values, total = [], 0
        for rows in np.random.default_rng(0).permutation(48).reshape(6, 8):
            values.append(objective.batch(rows)[0])
            total += objective.gradient / 6
        assert np.mean(values) == pytest.approx(whole, rel=1e-12)
        np.testing.assert_allclose(total, whole_gradient, rtol=1e-10, atol=1e-13)


def test_a_batch_of_zero_weights_costs_the_penalty_only():
    network, theta, X, y = make_case("softmax", ("relu",))
    weight = np.ones(len(X))
    weight[:3] = 0
    objective = objective_for(network, theta, X, y, weight, 0.5)
    value, _ = objective.batch(slice(0, 3))
    weights = network.layout.weights(theta)
    assert value == pytest.approx(0.25 * sum((W**2).sum() for W in weights))
    expected = np.zeros_like(theta)
    network.layout.fill(expected, weights=[0.5 * W for W in weights])
    np.testing.assert_allclose(objective.gradient, expected, rtol=1e-13)


@over_losses
def test_the_penalty_is_on_weights_and_not_on_biases(loss):
    network, theta, X, y = make_case(loss, ("tanh", "silu"))
    plain, without = evaluate(network, theta, X, y, None, 0.0)
    value, gradient = evaluate(network, theta, X, y, None, 0.7)
    layout = network.layout
    weights = layout.weights(theta)
    assert value - plain == pytest.approx(
        0.35 * sum((W**2).sum() for W in weights), rel=1e-10
    )
    difference = gradient - without
    assert not any(b.any() for b in layout.biases(difference))
    for extra, W in zip(layout.weights(difference), weights, strict=True):
        np.testing.assert_allclose(extra, 0.7 * W, rtol=1e-10, atol=1e-14)


def test_theta_may_change_between_evaluations_and_sizes():
    network, theta, X, y = make_case("softmax", ("tanh",), n_rows=20)
    objective = objective_for(network, theta, X, y, None, 0.1)
    rng = np.random.default_rng(0)
    for n_rows in (20, 6, 20, 11):
        theta[...] = rng.normal(size=theta.shape)
        value, _ = objective.batch(slice(0, n_rows))
        expected, gradient = evaluate(network, theta, X[:n_rows], y[:n_rows], None, 0.1)
        assert value == expected
        np.testing.assert_array_equal(objective.gradient, gradient)


def test_the_gradient_may_be_destroyed():
    objective = objective_for(*make_case("softmax", ("tanh",)), None, 0.1)
    for evaluate_again in (objective.full, lambda: objective.batch(slice(0, 5))):
        evaluate_again()
        first = objective.gradient.copy()
        objective.gradient[...] = np.nan
        evaluate_again()
        np.testing.assert_array_equal(objective.gradient, first)


def test_missing_targets_are_those_of_nobody():
    network, theta, X, y = make_case("masked_squared_error", ("tanh",), n_rows=20)
    full = objective_for(network, theta, X, y)
    y = y.copy()
    y[::2, 1] = np.nan
    observed = objective_for(network, theta, X, y)
    value = observed.full()[0]
    assert value < full.full()[0]
    assert value == pytest.approx(plain_objective(network, theta, X, y, None, 0.0))
    assert np.isfinite(observed.gradient).all()
