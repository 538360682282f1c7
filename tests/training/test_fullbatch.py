"""Full-batch training finds the minimum, as SciPy alone, and records its way."""

import numpy as np
import pytest
from _fullbatch import Run, over_minimizers, recorded
from scipy.optimize import minimize

from skann._engine.reference import Objective
from skann._optimize.minimizer import ScipyMinimizer
from skann._optimize.minimizers import LBFGS, MINIMIZERS
from skann._training.best import BestWeights
from skann._training.monitor import Limits, Monitor


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
            run.theta, Limits(), validate=validate, best=BestWeights(), watched=watched
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
@pytest.mark.parametrize(
    "solver",
    [name for name, kind in MINIMIZERS.items() if issubclass(kind, ScipyMinimizer)],
)
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
        hessp=product if kind.uses_hessian else None,
        method=kind.method,
        options={"maxiter": 6},
    )
    np.testing.assert_allclose(run.theta, result.x, rtol=1e-5, atol=1e-6)


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
