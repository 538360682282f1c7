"""When full-batch training ends, and what it then leaves."""

import numpy as np
import pytest
from _fullbatch import Run, over_minimizers, recorded

from skann._engine.reference import Curvature, Objective
from skann._optimize.minimizers import MINIMIZERS
from skann._training.monitor import Limits, Monitor
from skann._training.stopping import Patience

SMALL_GRADIENT = "the gradient is small enough"
NO_STEP = "no step was found that lowers the loss any further"
NEWTON = [name for name, kind in MINIMIZERS.items() if kind.uses_hessian]


class Counting(Objective):
    """Counts its evaluations."""

    n_evaluations = 0

    def full(self):
        self.n_evaluations += 1
        return super().full()


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
        if MINIMIZERS[solver].uses_hessian or MINIMIZERS[solver].uses_gauss_newton:
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
