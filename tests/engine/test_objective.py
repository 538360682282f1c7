"""J and its gradient: the definition, differences, and what must change neither."""

import numpy as np
import pytest
from _helpers import (
    LOSS_FORMULAS,
    make_batches,
    make_case,
    make_targets,
    make_weight,
    objective_for,
    outputs_first,
    plain_objective,
    slope,
)
from scipy import sparse

from skann._engine.objective import Objective, mean_loss
from skann._engine.prediction import raw_outputs
from skann._network.activations import ACTIVATIONS
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
            assert abs(reference).max() > 0
            error = abs(layer - reference).max()
            assert error <= relative * abs(reference).max()


def check_gradient(loss, activations, weighted, alpha, **case):
    # Steps move no pre-activation by as much as the margin, so none crosses a kink.
    network, theta, X, y = make_case(loss, activations, margin=3e-3, **case)
    weight = make_weight(len(X)) if weighted else None
    y_first = outputs_first(y)
    objective = Objective(network, alpha, theta)

    def value_at(point):
        theta[...] = point
        return objective.batch(X, y_first, weight)

    here = theta.copy()
    value = value_at(here)
    gradient = objective.gradient.copy()
    assert value == pytest.approx(
        plain_objective(network, here, X, y, weight, alpha), rel=1e-12
    )
    numeric = np.array([slope(value_at, here, unit) for unit in np.eye(len(here))])
    assert_close_by_layer(network, gradient, numeric, 1e-6)

    # All rows at once, in chunks that do not divide them.
    batches = make_batches(X, y, weight)
    whole = objective_for(batches, network, alpha, theta)

    def full_at(point):
        theta[...] = point
        return whole.full(batches, 3)

    assert full_at(here) == pytest.approx(value, rel=1e-12)
    gradient = whole.gradient.copy()
    rng = np.random.default_rng(0)
    for _ in range(3):
        direction = rng.normal(size=len(here))
        direction /= np.linalg.norm(direction)
        difference = gradient @ direction - slope(full_at, here, direction)
        assert abs(difference) <= 1e-6 * np.linalg.norm(gradient)


@over_losses
@over_weights
@over_alphas
class TestGradientIsTheDifferences:
    @pytest.mark.parametrize("depth", [1, 2, 3])
    @pytest.mark.parametrize("activation", ACTIVATIONS)
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
    def test_both_kinds_of_activation_on_top_of_each_other(
        self, loss, weighted, alpha, first, second
    ):
        check_gradient(loss, (first, second, first), weighted, alpha)

    def test_one_row_one_unit(self, loss, weighted, alpha):
        n_outputs = 2 if loss == "softmax" else 1
        sizes = (1, 1, n_outputs)
        network, theta, X, y = make_case(loss, ("tanh",), n_rows=1, sizes=sizes)
        weight = np.array([1.0]) if weighted else None
        objective = Objective(network, alpha, theta)
        value = objective.batch(X, outputs_first(y), weight)
        assert value == pytest.approx(
            plain_objective(network, theta, X, y, weight, alpha), rel=1e-12
        )


@over_losses
def test_all_activations_in_one_network(loss):
    names = tuple(ACTIVATIONS)
    check_gradient(loss, names, True, 0.1, sizes=(5,) * len(names) + (5, 3))


def evaluate(network, theta, X, y, weight, alpha, dtype=np.float64):
    """J and its gradient from one batch, for targets rows first."""
    objective = Objective(network, alpha, theta.astype(dtype))
    value = objective.batch(
        X.astype(dtype),
        outputs_first(y, dtype),
        None if weight is None else weight.astype(dtype),
    )
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
    @pytest.mark.parametrize("chunk", [1, 7, 20, 49, 50, 1000])
    def test_full_is_the_batch_of_everything_in_any_chunks(
        self, loss, depth, weighted, alpha, chunk
    ):
        network, theta, X, y = make_case(loss, self.activations(depth), n_rows=50)
        weight = make_weight(50) if weighted else None
        value, gradient = evaluate(network, theta, X, y, weight, alpha)
        batches = make_batches(X, y, weight)
        objective = objective_for(batches, network, alpha, theta)
        full = objective.full(batches, chunk)
        assert full == pytest.approx(value, rel=1e-12)
        np.testing.assert_allclose(objective.gradient, gradient, rtol=1e-10, atol=1e-13)

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
        batches = make_batches(sparse.csr_matrix(X), y, weight)
        objective = objective_for(batches, network, 0.1, theta)
        for chunk in (50, 16):
            assert objective.full(batches, chunk) == pytest.approx(value, rel=1e-12)
            np.testing.assert_allclose(
                objective.gradient, gradient, rtol=1e-10, atol=1e-13
            )

    def test_batches_of_an_epoch_average_to_the_whole(self, loss, depth):
        # An unbiased estimate: with equal sizes the plain mean over batches is J.
        network, theta, X, y = make_case(loss, self.activations(depth), n_rows=48)
        weight = make_weight(48)
        batches = make_batches(X, y, weight)
        objective = objective_for(batches, network, 0.3, theta)
        whole = objective.full(batches, 48)
        whole_gradient = objective.gradient.copy()
        values, total = [], 0
        for batch in batches.epoch(8, np.random.default_rng(0)):
            values.append(objective.batch(*batch))
            total += objective.gradient / 6
        assert np.mean(values) == pytest.approx(whole, rel=1e-12)
        np.testing.assert_allclose(total, whole_gradient, rtol=1e-10, atol=1e-13)


def test_a_batch_of_zero_weights_costs_the_penalty_only():
    network, theta, X, y = make_case("softmax", ("relu",))
    value, gradient = evaluate(network, theta, X, y, np.zeros(len(X)), 0.5)
    weights = network.layout.weights(theta)
    assert value == pytest.approx(0.25 * sum((W**2).sum() for W in weights))
    expected = np.zeros_like(theta)
    network.layout.fill(expected, weights=[0.5 * W for W in weights])
    np.testing.assert_allclose(gradient, expected, rtol=1e-13)


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
    objective = Objective(network, 0.1, theta)
    rng = np.random.default_rng(0)
    for n_rows in (20, 6, 20, 11):
        theta[...] = rng.normal(size=theta.shape)
        value = objective.batch(X[:n_rows], outputs_first(y)[:, :n_rows], None)
        expected, gradient = evaluate(network, theta, X[:n_rows], y[:n_rows], None, 0.1)
        assert value == expected
        np.testing.assert_array_equal(objective.gradient, gradient)


def test_the_gradient_may_be_destroyed():
    network, theta, X, y = make_case("softmax", ("tanh",))
    batches = make_batches(X, y)
    objective = objective_for(batches, network, 0.1, theta)
    for evaluate_again in (
        lambda: objective.full(batches, 3),
        lambda: objective.batch(*next(batches.epoch(len(X)))),
    ):
        evaluate_again()
        first = objective.gradient.copy()
        objective.gradient[...] = np.nan
        evaluate_again()
        np.testing.assert_array_equal(objective.gradient, first)


@over_losses
@over_depths
@over_alphas
def test_a_factor_is_for_the_gradient_alone(loss, depth, alpha):
    network, theta, X, y = make_case(loss, ("tanh",) * depth)
    value, gradient = evaluate(network, theta, X, y, None, alpha)
    objective = Objective(network, alpha, theta)
    assert objective.batch(X, outputs_first(y), None, 0.25) == value
    np.testing.assert_allclose(objective.gradient, gradient / 4, rtol=1e-12)


@over_depths
@over_weights
def test_a_column_of_ones_stands_for_the_first_biases(depth, weighted):
    network, theta, X, y = make_case("softmax", ("tanh",) * depth)
    weight = make_weight(len(X)) if weighted else None
    value, gradient = evaluate(network, theta, X, y, weight, 0.1)
    objective = Objective(network, 0.1, theta, ones_column=True)
    with_ones = np.hstack([X, np.ones((len(X), 1))])
    assert objective.batch(with_ones, outputs_first(y), weight) == pytest.approx(value)
    np.testing.assert_allclose(objective.gradient, gradient, rtol=1e-11, atol=1e-14)


@over_depths
def test_the_input_gradient_can_be_left_to_the_caller(depth):
    network, theta, X, y = make_case("softmax", ("tanh",) * depth)
    value, gradient = evaluate(network, theta, X, y, None, 0.0)
    objective = Objective(network, 0.0, theta, skip_input_gradient=True)
    assert objective.batch(X, outputs_first(y), None) == value
    views = network.layout.weights(objective.gradient)
    views[0][...] = X.T @ objective.pass_for(len(X)).input_delta
    np.testing.assert_allclose(objective.gradient, gradient, rtol=1e-12, atol=1e-15)


class TestMeanLoss:
    @over_losses
    @over_weights
    def test_is_the_weighted_mean(self, loss, weighted):
        rng = np.random.default_rng(0)
        raw = rng.normal(size=(40, 3))
        y = make_targets(loss, 40, 3, rng)
        weight = rng.uniform(0, 5, 40) if weighted else None
        before = raw.copy()
        found = mean_loss(LOSSES[loss], raw, outputs_first(y), weight)
        assert found == pytest.approx(
            np.average(LOSS_FORMULAS[loss](raw, y), weights=weight), rel=1e-12
        )
        np.testing.assert_array_equal(raw, before)

    @over_losses
    def test_is_the_objective_without_penalty(self, loss):
        network, theta, X, y = make_case(loss, ("tanh",))
        value, _ = evaluate(network, theta, X, y, None, 0.0)
        found = mean_loss(
            network.loss_function,
            raw_outputs(network, theta, X),
            outputs_first(y),
            None,
        )
        assert found == pytest.approx(value, rel=1e-12)
