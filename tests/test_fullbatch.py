"""L-BFGS behind the same monitor: known minima, limits, and honest reasons to stop."""

import numpy as np
import pytest
from _helpers import (
    make_batches,
    make_case,
    make_weight,
    objective_for,
    plain_objective,
)
from scipy.optimize import minimize

from skann._fullbatch import train
from skann._monitor import Monitor
from skann._objective import Objective
from skann._stopping import Patience

SMALL_GRADIENT = "the gradient is small enough"


class Run:
    """A small network and its data, ready to be minimised."""

    def __init__(
        self,
        loss="squared_error",
        activations=("tanh",),
        *,
        weighted=False,
        alpha=0.0,
        objective=Objective,
        n_rows=60,
    ):
        self.network, self.theta, self.X, self.y = make_case(
            loss, activations, n_rows=n_rows
        )
        self.weight = make_weight(n_rows) if weighted else None
        self.alpha = alpha
        self.batches = make_batches(self.X, self.y, self.weight)
        self.objective = objective_for(
            self.batches, self.network, alpha, self.theta, objective
        )

    def train(
        self, *, max_iter=1000, max_fun=10_000, tol=1e-6, patience=None, validate=None
    ):
        monitor = Monitor(self.theta, patience, validate=validate)
        train(
            self.objective,
            self.batches,
            monitor,
            max_iter=max_iter,
            max_fun=max_fun,
            tol=tol,
        )
        return monitor

    def value(self):
        return plain_objective(
            self.network, self.theta, self.X, self.y, self.weight, self.alpha
        )

    def largest_slope(self):
        self.objective.full(self.batches, len(self.X))
        return abs(self.objective.gradient).max()


class TestLinearLeastSquares:
    """Without hidden layers the minimum is that of the normal equations."""

    @pytest.mark.parametrize("alpha", [0.0, 0.3])
    @pytest.mark.parametrize("weighted", [False, True])
    def test_finds_the_minimum(self, weighted, alpha):
        run = Run(activations=(), weighted=weighted, alpha=alpha)
        run.train(tol=1e-9)
        weight = np.ones(60) if run.weight is None else run.weight
        ones = np.hstack([run.X, np.ones((60, 1))])
        penalty = alpha * np.diag([1.0] * run.X.shape[1] + [0.0])
        normal = (ones.T * weight) @ ones / 60 + penalty
        exact = np.linalg.solve(normal, (ones.T * weight) @ run.y / 60)
        layout = run.network.layout
        np.testing.assert_allclose(
            layout.weights(run.theta)[0], exact[:-1], rtol=1e-4, atol=1e-5
        )
        np.testing.assert_allclose(
            layout.biases(run.theta)[0], exact[-1], rtol=1e-4, atol=1e-5
        )

    def test_more_rows_than_are_evaluated_at_once(self):
        run = Run(activations=(), n_rows=10_000)
        run.train(tol=1e-9)
        ones = np.hstack([run.X, np.ones((10_000, 1))])
        exact, *_ = np.linalg.lstsq(ones, run.y)
        layout = run.network.layout
        np.testing.assert_allclose(
            layout.weights(run.theta)[0], exact[:-1], rtol=1e-4, atol=1e-5
        )


class TestRecord:
    def test_losses_are_those_of_each_iteration(self):
        run = Run(alpha=0.01)
        first = run.value()
        monitor = run.train(max_iter=20)
        assert monitor.losses[-1] == pytest.approx(run.value(), rel=1e-12)
        assert monitor.losses == sorted(monitor.losses, reverse=True)
        # Before each iteration: the start, and then what the one before has reached.
        assert list(monitor.batch_losses) == pytest.approx(
            [first, *monitor.losses[:-1]], rel=1e-12
        )
        assert monitor.n_seen == 60 * len(monitor.losses)

    def test_is_scipy_s_own_run(self):
        run = Run("softmax", ("tanh", "gelu"), weighted=True, alpha=0.01)
        other = Run("softmax", ("tanh", "gelu"), weighted=True, alpha=0.01)

        def evaluate(theta):
            other.theta[...] = theta
            value = other.objective.full(other.batches, 60)
            return value, other.objective.gradient.copy()

        run.train(max_iter=10)
        result = minimize(
            evaluate,
            other.theta.copy(),
            jac=True,
            method="L-BFGS-B",
            options={"maxiter": 10},
        )
        np.testing.assert_allclose(run.theta, result.x, rtol=1e-6, atol=1e-8)

    def test_validation_sees_theta_of_the_iteration(self):
        run = Run()
        seen = []

        def validate():
            seen.append(run.value())
            return seen[-1], 0.0

        monitor = run.train(max_iter=10, validate=validate)
        assert seen == pytest.approx(monitor.losses, rel=1e-12)


class TestReasonsToStop:
    def test_max_iter(self):
        monitor = Run().train(max_iter=3)
        assert len(monitor.losses) == 3
        assert monitor.stop_reason is None
        assert monitor.limit == "max_iter"

    def test_max_fun(self):
        class Counting(Objective):
            n_evaluations = 0

            def full(self, *args):
                self.n_evaluations += 1
                return super().full(*args)

        run = Run(objective=Counting)
        monitor = run.train(max_fun=5)
        # SciPy looks at the limit between iterations, each of a few evaluations.
        assert 5 <= run.objective.n_evaluations < 15
        assert len(monitor.losses) <= 5
        assert monitor.stop_reason is None
        assert monitor.limit == "max_fun"

    @pytest.mark.parametrize("tol", [1e-1, 1e-3, 1e-6, 1e-9])
    @pytest.mark.parametrize("activations", [(), ("tanh", "tanh")], ids=str)
    def test_a_gradient_that_is_said_to_be_small_is_at_most_tol(self, activations, tol):
        # Losses that hardly fall any more end SciPy's search as well.
        run = Run("softmax", activations, alpha=0.001)
        monitor = run.train(tol=tol)
        assert monitor.stop_reason is not None
        if tol >= 1e-3:
            assert monitor.stop_reason == SMALL_GRADIENT
        if monitor.stop_reason == SMALL_GRADIENT:
            assert run.largest_slope() <= tol

    def test_a_search_that_fails_ends_at_the_last_iteration(self):
        # With nothing left but rounding SciPy tries points until it gives up.
        run = Run("softmax", ("tanh",), alpha=0.01)
        monitor = run.train(tol=0.0, max_iter=10_000)
        assert run.value() == pytest.approx(monitor.losses[-1], rel=1e-14)
        assert run.largest_slope() < 1e-4
        assert "can't be lowered" in monitor.stop_reason

    def test_patience(self):
        run = Run()
        monitor = run.train(patience=Patience(1e9, 3))
        assert len(monitor.losses) == 4
        assert "did not improve" in monitor.stop_reason
        assert monitor.losses[-1] == pytest.approx(run.value(), rel=1e-12)

    def test_a_start_at_the_minimum(self):
        run = Run(activations=())
        run.train(tol=1e-9)
        before = run.theta.copy()
        monitor = run.train(tol=1e-2)
        assert monitor.losses == []
        assert monitor.loss == pytest.approx(run.value(), rel=1e-12)
        assert monitor.stop_reason == SMALL_GRADIENT
        np.testing.assert_array_equal(run.theta, before)

    def test_a_start_without_a_finite_loss_is_an_error(self):
        run = Run()
        run.theta *= 1e200
        with (
            np.errstate(over="ignore", invalid="ignore"),
            pytest.raises(ValueError, match=r"before the first iteration.*Scale X"),
        ):
            run.train()


class Interrupted(Objective):
    """Someone presses Ctrl-C at an evaluation of the objective."""

    at = None
    n_evaluations = 0

    def full(self, *args):
        self.n_evaluations += 1
        if self.n_evaluations == self.at:
            raise KeyboardInterrupt
        return super().full(*args)


@pytest.mark.parametrize("at", [2, 3, 9, 20])
def test_an_interrupt_keeps_the_last_iteration(at):
    # Between iterations SciPy tries points that may be far worse.
    run = Run(objective=Interrupted)
    first = run.value()
    run.objective.at = at
    with pytest.warns(UserWarning, match="interrupted by user"):
        monitor = run.train()
    assert monitor.stop_reason == "interrupted by user"
    assert run.value() == pytest.approx((monitor.losses or [first])[-1], rel=1e-12)
