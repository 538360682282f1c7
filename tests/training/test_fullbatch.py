"""SciPy's minimisers behind the same monitor: minima, limits, reasons to stop."""

import numpy as np
import pytest
from _helpers import (
    make_case,
    make_data,
    make_weight,
    plain_objective,
)
from scipy.optimize import minimize

from skann._engine.reference import Curvature, Objective
from skann._optimize.minimizers import LBFGS, MINIMIZERS
from skann._training.best import Best
from skann._training.fullbatch import train
from skann._training.monitor import Limits, Monitor, new_history
from skann._training.stopping import Patience

SMALL_GRADIENT = "the gradient is small enough"
NO_STEP = "no step was found that lowers the loss any further"

over_minimizers = pytest.mark.parametrize("solver", MINIMIZERS)
NEWTON = [name for name, kind in MINIMIZERS.items() if kind.uses_curvature]


class Counting(Objective):
    """Counts its evaluations."""

    n_evaluations = 0

    def full(self):
        self.n_evaluations += 1
        return super().full()


def recorded(monitor, column):
    """One column of what the monitor has written down."""
    history = new_history()
    monitor.write_to(history)
    return history[column]


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
        data = make_data(self.X, self.y, loss, self.weight)
        self.objective = objective(self.network, alpha, self.theta, data)

    def train(
        self,
        solver="lbfgs",
        *,
        max_iter=1000,
        tol=1e-6,
        patience=None,
        monitor=None,
        **options,
    ):
        monitor = monitor or Monitor(self.theta, Limits(patience), max_iter=max_iter)
        train(
            self.objective,
            monitor,
            solver=MINIMIZERS[solver](**({"max_fun": 10_000} | options)),
            max_iter=max_iter,
            tol=tol,
        )
        return monitor

    def value(self):
        return plain_objective(
            self.network, self.theta, self.X, self.y, self.weight, self.alpha
        )

    def largest_slope(self):
        self.objective.full()
        return abs(self.objective.gradient).max()


@over_minimizers
class TestLinearLeastSquares:
    """Without hidden layers the minimum is that of the normal equations."""

    @pytest.mark.parametrize("alpha", [0.0, 0.3])
    @pytest.mark.parametrize("weighted", [False, True])
    def test_finds_the_minimum(self, solver, weighted, alpha):
        run = Run(activations=(), weighted=weighted, alpha=alpha)
        run.train(solver, tol=1e-7)
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

    def test_more_rows_than_are_evaluated_at_once(self, solver):
        run = Run(activations=(), n_rows=10_000)
        run.train(solver, tol=1e-7)
        ones = np.hstack([run.X, np.ones((10_000, 1))])
        exact, *_ = np.linalg.lstsq(ones, run.y)
        layout = run.network.layout
        np.testing.assert_allclose(
            layout.weights(run.theta)[0], exact[:-1], rtol=1e-4, atol=1e-5
        )


@over_minimizers
class TestRecord:
    def test_losses_are_those_of_each_iteration(self, solver):
        run = Run(alpha=0.01)
        first = run.value()
        monitor = run.train(solver, max_iter=20)
        losses = recorded(monitor, "loss")
        assert losses[-1] == monitor.loss == pytest.approx(run.value(), rel=1e-12)
        assert losses == sorted(losses, reverse=True)
        # Before each iteration: the start, and then what the one before has reached.
        assert list(monitor.batch_losses) == pytest.approx(
            [first, *losses[:-1]], rel=1e-12
        )
        assert recorded(monitor, "epoch") == list(range(1, 21))
        assert monitor.n_iter == 20
        assert monitor.n_seen == 60 * 20

    def test_there_is_no_learning_rate(self, solver):
        assert np.isnan(
            recorded(Run().train(solver, max_iter=3), "learning_rate")
        ).all()

    def test_validation_sees_theta_of_the_iteration(self, solver):
        run = Run()
        seen = []

        def validate():
            seen.append(run.value())
            return seen[-1], -len(seen)

        monitor = Monitor(run.theta, Limits(), validate=validate)
        run.train(solver, max_iter=10, monitor=monitor)
        assert seen == pytest.approx(recorded(monitor, "loss"), rel=1e-12)
        assert recorded(monitor, "validation_loss") == seen
        assert recorded(monitor, "validation_score") == [-n for n in range(1, 11)]

    @pytest.mark.parametrize(
        "watched", ["training loss", "validation loss", "validation score"]
    )
    def test_the_best_is_kept_with_its_parameters(self, solver, watched):
        run = Run()
        # By validation the fourth of ten iterations is the best.
        losses = [5.0, 4.0, 3.0, 1.0, 2.0, 6.0, 7.0, 8.0, 9.0, 10.0]
        remaining, thetas = iter(losses), []

        def validate():
            thetas.append(run.theta.copy())
            loss = next(remaining)
            return loss, -loss

        monitor = Monitor(
            run.theta, Limits(), validate=validate, best=Best(), watched=watched
        )
        run.train(solver, max_iter=10, monitor=monitor)
        training_losses = recorded(monitor, "loss")
        expected = int(np.argmin(training_losses if watched[0] == "t" else losses))
        assert monitor.best.epoch == expected + 1
        np.testing.assert_array_equal(run.theta, thetas[-1])
        monitor.restore_best()
        np.testing.assert_array_equal(run.theta, thetas[expected])
        assert run.value() == pytest.approx(training_losses[expected], rel=1e-12)

    def test_the_gradient_s_norm_is_that_of_the_iteration(self, solver):
        run, other = (Run("softmax", alpha=0.01) for _ in range(2))
        expected = []

        class Watching(Monitor):
            def end_of_epoch(self, *args, **options):
                other.theta[...] = run.theta
                other.objective.full()
                expected.append(np.linalg.norm(other.objective.gradient))
                return super().end_of_epoch(*args, **options)

        monitor = run.train(solver, max_iter=10, monitor=Watching(run.theta, Limits()))
        norms = recorded(monitor, "gradient_norm")
        assert len(norms) > 5
        np.testing.assert_allclose(norms, expected, rtol=1e-9, atol=1e-12)

    def test_nothing_is_evaluated_twice(self, solver):
        class Recording(Objective):
            def full(self):
                thetas.append(self.theta.tobytes())
                return super().full()

        thetas = []
        Run("softmax", ("tanh",), alpha=0.01, objective=Recording).train(
            solver, max_iter=30
        )
        assert len(set(thetas)) == len(thetas)


# What SciPy does by itself with a function that shares no memory: the same path.
@over_minimizers
def test_is_scipy_s_own_run(solver):
    run = Run("softmax", ("tanh", "gelu"), weighted=True, alpha=0.01)
    other = Run("softmax", ("tanh", "gelu"), weighted=True, alpha=0.01)

    def evaluate(theta):
        other.theta[...] = theta
        value, _ = other.objective.full()
        return value, other.objective.gradient.copy()

    def product(theta, vector):
        step = 1e-5 / np.linalg.norm(vector)
        higher = evaluate(theta + step * vector)[1]
        return (higher - evaluate(theta - step * vector)[1]) / (2 * step)

    run.train(solver, max_iter=6)
    kind = MINIMIZERS[solver]
    result = minimize(
        evaluate,
        other.theta.copy(),
        jac=True,
        hessp=product if kind.uses_curvature else None,
        method=kind.method,
        options={"maxiter": 6},
    )
    np.testing.assert_allclose(run.theta, result.x, rtol=1e-5, atol=1e-6)


@over_minimizers
class TestReasonsToStop:
    def test_max_iter(self, solver):
        monitor = Run().train(solver, max_iter=3)
        assert monitor.n_iter == 3
        assert monitor.stop_reason is None
        assert monitor.limit == ("max_iter", 3)

    @pytest.mark.parametrize("max_fun", [1, 5, 20])
    def test_max_fun(self, solver, max_fun):
        run = Run(objective=Counting)
        first = run.value()
        monitor = run.train(solver, max_fun=max_fun, tol=0.0)
        if MINIMIZERS[solver].uses_curvature:
            assert run.objective.n_evaluations <= max_fun
        else:
            assert run.objective.n_evaluations == max_fun
        assert monitor.stop_reason is None
        assert monitor.limit == ("max_fun", max_fun)
        # The last completed iteration and not the last point tried.
        losses = recorded(monitor, "loss")
        assert [monitor.loss] == (losses or [monitor.loss])[-1:]
        assert run.value() == pytest.approx((losses or [first])[-1], rel=1e-12)

    @pytest.mark.parametrize("tol", [1e-1, 1e-3, 1e-6, 1e-9])
    @pytest.mark.parametrize("activations", [(), ("tanh", "tanh")], ids=str)
    def test_a_gradient_that_is_said_to_be_small_is_at_most_tol(
        self, solver, activations, tol
    ):
        run = Run("softmax", activations, alpha=0.001)
        monitor = run.train(solver, tol=tol)
        if tol >= 1e-3:
            assert monitor.stop_reason == SMALL_GRADIENT
        if monitor.stop_reason == SMALL_GRADIENT:
            assert run.largest_slope() <= tol
        elif monitor.stop_reason is not None:
            assert NO_STEP in monitor.stop_reason
            said = float(monitor.stop_reason.rsplit(maxsplit=1)[-1])
            assert said == pytest.approx(run.largest_slope(), rel=0.1, abs=1e-12)

    @pytest.mark.parametrize("tol", [1e-2, 1e-3])
    def test_stops_at_the_first_gradient_that_is_small(self, solver, tol):
        run = Run("softmax", ("tanh",), alpha=0.001)
        n_iter = run.train(solver, tol=tol).n_iter
        shorter = Run("softmax", ("tanh",), alpha=0.001)
        shorter.train(solver, tol=tol, max_iter=n_iter - 1)
        assert run.largest_slope() <= tol < shorter.largest_slope()

    def test_a_search_that_fails_ends_at_the_last_iteration(self, solver, capfd):
        # With nothing left but rounding SciPy tries points until it gives up.
        run = Run("softmax", ("tanh",), alpha=0.01)
        monitor = run.train(solver, tol=0.0, max_iter=10_000)
        assert run.value() == pytest.approx(monitor.loss, rel=1e-14)
        assert recorded(monitor, "loss")[-1] == monitor.loss
        assert run.largest_slope() < 1e-4
        assert NO_STEP in monitor.stop_reason
        assert capfd.readouterr() == ("", "")

    def test_patience(self, solver):
        run = Run()
        monitor = run.train(solver, patience=Patience(1e9, 3))
        assert monitor.n_iter == 4
        assert "training loss did not improve" in monitor.stop_reason
        assert monitor.loss == pytest.approx(run.value(), rel=1e-12)

    def test_whatever_the_monitor_says_ends_the_run(self, solver):
        class Impatient(Monitor):
            def end_of_epoch(self, *args, **options):
                super().end_of_epoch(*args, **options)
                self.stop_reason = "time is up"
                return self.n_iter == 2

        run = Run()
        monitor = run.train(solver, monitor=Impatient(run.theta, Limits()))
        assert monitor.n_iter == 2
        assert monitor.stop_reason == "time is up"
        assert monitor.loss == pytest.approx(run.value(), rel=1e-12)

    def test_time_that_runs_out_between_iterations_is_seen_before_the_next(
        self, solver
    ):
        class Late(Monitor):
            def end_of_epoch(self, *args, **options):
                stops = super().end_of_epoch(*args, **options)
                evaluations.append(run.objective.n_evaluations)
                if self.n_iter == 2:
                    self.deadline = -np.inf
                return stops

        evaluations = []
        run = Run(objective=Counting)
        monitor = run.train(solver, monitor=Late(run.theta, Limits()))
        assert run.objective.n_evaluations == evaluations[-1]
        assert monitor.n_iter == len(evaluations) == 2
        assert monitor.stop_reason == "max_time is over, in mid-iteration"
        assert monitor.loss == recorded(monitor, "loss")[-1]
        assert run.value() == pytest.approx(monitor.loss, rel=1e-12)

    def test_the_first_iteration_has_all_the_time_it_takes(self, solver):
        run = Run()
        first = run.value()
        monitor = run.train(
            solver, monitor=Monitor(run.theta, Limits(max_time=-np.inf))
        )
        assert monitor.n_iter == 1
        assert "max_time" in monitor.stop_reason
        assert run.value() < first

    def test_a_start_at_the_minimum(self, solver):
        run = Run(activations=(), objective=Counting)
        run.train("lbfgs", tol=1e-9)
        before = run.theta.copy()
        run.objective.n_evaluations = 0
        monitor = run.train(solver, tol=1e-2)
        assert run.objective.n_evaluations == 1
        assert recorded(monitor, "loss") == []
        assert monitor.loss == pytest.approx(run.value(), rel=1e-12)
        assert monitor.stop_reason == SMALL_GRADIENT
        np.testing.assert_array_equal(run.theta, before)

    def test_a_start_without_a_finite_loss_is_an_error(self, solver):
        run = Run()
        run.theta *= 1e200
        with (
            np.errstate(over="ignore", invalid="ignore"),
            pytest.raises(ValueError, match=r"before the first iteration.*Scale X"),
        ):
            run.train(solver)


class Fenced(Counting):
    """Overflows to NaN farther than a radius from where it began."""

    radius = 1.0
    n_outside = 0

    def full(self):
        found = super().full()
        if self.n_evaluations == 1:
            self.centre = self.theta.copy()
        if np.linalg.norm(self.theta - self.centre) > self.radius:
            self.n_outside += 1
            self.gradient[...] = np.nan
            return np.nan, np.nan
        return found


@over_minimizers
def test_steps_into_overflow_are_taken_back(solver):
    run = Run("softmax", ("tanh",), objective=Fenced)
    start, first = run.theta.copy(), run.value()
    monitor = run.train(solver, max_iter=50)
    assert run.objective.n_outside > 0
    assert np.linalg.norm(run.theta - start) <= 1
    assert run.value() == pytest.approx(monitor.loss, rel=1e-12)
    assert monitor.loss < first


class Interrupted(Counting):
    """Someone presses Ctrl-C at an evaluation of the objective."""

    at = None

    def full(self):
        if self.n_evaluations + 1 == self.at:
            raise KeyboardInterrupt
        return super().full()


@over_minimizers
@pytest.mark.parametrize("at", [2, 3, 9, 20])
def test_an_interrupt_keeps_the_last_iteration(solver, at):
    # Between iterations SciPy tries points that may be far worse.
    run = Run(objective=Interrupted)
    first = run.value()
    run.objective.at = at
    with pytest.warns(UserWarning, match="interrupted by user"):
        monitor = run.train(solver)
    assert monitor.stop_reason == "interrupted by user"
    losses = recorded(monitor, "loss")
    assert run.value() == pytest.approx((losses or [first])[-1], rel=1e-12)


@pytest.mark.parametrize("solver", NEWTON)
def test_a_product_counts_as_two_gradients(solver, monkeypatch):
    def product(self, *args):
        nonlocal n_products
        n_products += 1
        return original(self, *args)

    n_products, original = 0, Curvature.product
    monkeypatch.setattr(Curvature, "product", product)
    run = Run("softmax", ("tanh",), alpha=0.01, objective=Counting)
    run.train(solver, max_fun=101, tol=0.0)
    spent = run.objective.n_evaluations + 2 * n_products
    assert 100 <= spent <= 101
    assert n_products > 20


def test_too_many_parameters_for_a_dense_matrix():
    run = Run()
    n = run.theta.size
    with pytest.raises(
        ValueError, match=rf"n_parameters={n}.*max_parameters={n - 1}.*lbfgs"
    ):
        run.train("bfgs", max_parameters=n - 1)
    assert run.train("bfgs", max_parameters=n, max_iter=2).n_iter == 2


def test_memory_of_lbfgs_is_used():
    n_iter = {
        memory: Run("softmax", (), alpha=1e-3).train(memory=memory).n_iter
        for memory in (1, 30)
    }
    assert n_iter[30] < n_iter[1]
    assert LBFGS().memory == 10


def test_radius_of_the_trust_region_bounds_the_step():
    run = Run("softmax", ("tanh",))
    start = run.theta.copy()
    run.train("trust-ncg", initial_radius=1e-3, max_iter=1)
    step = np.linalg.norm(run.theta - start)
    assert step == pytest.approx(1e-3)
    run.train("trust-ncg", initial_radius=1e-3, max_radius=2e-3, max_iter=10)
    assert np.linalg.norm(run.theta - start) < 1e-3 + 10 * 2e-3
