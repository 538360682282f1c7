"""The compiled engine's rules, and that threads change nothing."""

import numpy as np
import pytest
from _helpers import (
    constant_rate,
    make_case,
    make_data,
    make_optimizer,
)
from _native import RULES, needs_engine, one_step
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse

from skann import BPClassifier
from skann._engine import native, reference
from skann._engine.contract import UnfusedEpochs
from skann._engine.native import binding, rules
from skann._engine.step_options import StepModifier, StepOptions
from skann._optimize.adam import Adam
from skann._optimize.schedule_base import Counts

pytestmark = needs_engine


class TestRules:
    @pytest.mark.parametrize("form", RULES)
    @pytest.mark.parametrize("alpha", [0.0, 0.05])
    @pytest.mark.parametrize("n", [1, 2])
    def test_are_the_optimisers_own(self, form, alpha, n, threads, level):
        threads(n)
        network, theta, X, y = make_case("softmax", ("tanh", "relu"), n_rows=30)
        engine = rules.rule_of(make_optimizer(form), alpha)
        mine = make_optimizer(form).start(theta.size, np.float64)
        numpy_s = make_optimizer(form).start(theta.size, np.float64)
        one, other = theta.copy(), theta.copy()
        data = make_data(X, y, "softmax")
        training = binding.training(network, one, engine, mine.state, data, 30)
        objective = reference.Objective(network, alpha, other, data)
        numpy_s.bind(other, objective.gradient, network.layout.weight_slices)
        for step in range(50):
            rate = 0.01 * (1 + step % 3)
            found, _ = one_step(training, mine, 30, rate)
            right, _ = objective.batch(slice(0, 30))
            numpy_s.step(rate)
            assert found == pytest.approx(right, rel=1e-11)
        assert_allclose(one, other, rtol=1e-10, atol=1e-12)
        for vector, twin in zip(mine.state, numpy_s.state, strict=True):
            assert_allclose(vector, twin, rtol=1e-9, atol=1e-12)

    @pytest.mark.parametrize("form", RULES)
    def test_epochs_are_the_optimisers_own(self, form):
        network, theta, X, y = make_case("softmax", ("tanh",), n_rows=30)
        data, found = make_data(X, y, "softmax"), []
        for kind in (native.FusedEpochs, UnfusedEpochs):
            optimizer = make_optimizer(form).start(theta.size, np.float64)
            # So many that next to nothing is left of Nadam's product of momenta.
            optimizer.count(20_000)
            w = theta.copy()
            about = network, 0.01, w, data
            if kind is native.FusedEpochs:
                epochs = kind(*about, optimizer, 7)
            else:
                epochs = kind(reference.Objective(*about), optimizer, 7)
            schedule = constant_rate(0.01)
            for _ in range(3):
                epochs.epoch(schedule, Counts(), np.random.default_rng(0), np.inf)
            found.append((w, optimizer.n_steps, optimizer.momenta_product))
        assert_allclose(found[0][0], found[1][0], rtol=1e-10, atol=1e-12)
        assert found[0][1:] == found[1][1:]

    def test_others_are_none(self):
        class Own(Adam):
            """Its step may have another equation."""

        assert rules.rule_of(Own(), 0.0) is None
        assert rules.rule_of(make_optimizer("rprop"), 0.0) is None


LIMITS = {
    "l1": {"l1": 0.3},
    "value": {"max_grad_value": 0.1},
    "norm": {"max_grad_norm": 0.2},
    "all": {"l1": 0.1, "max_grad_value": 0.1, "max_grad_norm": 0.2},
    "max-norm": {"max_norm": 0.5},
    "what stays": {"frozen": np.arange(0, 30, 2)},
    "really all": {
        "l1": 0.1,
        "max_grad_norm": 0.2,
        "max_norm": 0.6,
        "frozen": np.arange(1, 30, 3),
    },
    "too high": {"max_grad_value": 1e6, "max_grad_norm": 1e6, "max_norm": 1e6},
}


class TestPenaltyAndLimits:
    """Steps with them are those of the optimiser and ``StepModifier`` in NumPy."""

    @pytest.mark.parametrize("form", RULES)
    @pytest.mark.parametrize("limits", LIMITS.values(), ids=LIMITS)
    @pytest.mark.parametrize("storage", [np.asarray, sparse.csr_matrix])
    @pytest.mark.parametrize("n", [1, 2])
    def test_are_numpy_s(self, form, limits, storage, n, threads, level):
        threads(n)
        network, theta, X, y = make_case("softmax", ("tanh", "relu"), n_rows=30)
        options, alpha = StepOptions(**limits), 0.02
        theta[::7] = 0
        engine = rules.rule_of(make_optimizer(form), alpha)
        mine = make_optimizer(form).start(theta.size, np.float64)
        numpy_s = make_optimizer(form).start(theta.size, np.float64)
        one, other = theta.copy(), theta.copy()
        data = make_data(storage(X), y, "softmax")
        training = binding.training(
            network, one, engine, mine.state, data, 30, options=options
        )
        objective = reference.Objective(network, alpha, other, data)
        bound = other, objective.gradient
        numpy_s.bind(*bound, network.layout.weight_slices)
        modifier = StepModifier(options, *bound, network.layout)
        for _ in range(50):
            found, square = one_step(training, mine, 30, 0.01)
            loss, norm = modifier.before(*objective.batch(slice(0, 30)))
            numpy_s.step(0.01)
            modifier.after()
            assert found == pytest.approx(loss, rel=1e-11)
            assert np.sqrt(square) == pytest.approx(norm, rel=1e-9)
        assert_allclose(one, other, rtol=1e-9, atol=1e-11)
        if options.l1:
            assert_array_equal(one == 0, other == 0)
            assert (one == 0).any()

    def an_epoch(self, case, dtype, storage, batch_size, limits):
        """Losses and theta after an epoch of Adam."""
        network, theta, X, y = case
        w, X = theta.astype(dtype), storage(X.astype(dtype))
        optimizer = make_optimizer("adam").start(theta.size, dtype)
        training = binding.training(
            network,
            w,
            rules.rule_of(optimizer, 0.01),
            optimizer.state,
            make_data(X, y, "softmax", dtype=dtype),
            batch_size,
            options=StepOptions(**limits),
        )
        losses, _ = training.run(None, 0, len(y), None, 0.01, 0, 0.0, np.inf)
        return losses, w

    @pytest.mark.parametrize("limits", LIMITS.values(), ids=LIMITS)
    def test_of_single_precision_too(self, limits, level):
        network, theta, X, y = make_case("softmax", ("relu",), n_rows=30)
        case = network, theta.astype(np.float32), X.astype(np.float32), y
        (losses, w), (right_losses, right_w) = (
            self.an_epoch(case, dtype, np.asarray, 10, limits)
            for dtype in (np.float32, np.float64)
        )
        assert_allclose(losses, right_losses, rtol=1e-5)
        assert_allclose(w, right_w, rtol=1e-3, atol=1e-4)

    @pytest.mark.parametrize("limits", LIMITS.values(), ids=LIMITS)
    @pytest.mark.parametrize("storage", [np.asarray, sparse.csr_matrix])
    def test_threads_change_nothing(self, limits, storage, threads):
        case = make_case("softmax", ("relu",), n_rows=60, sizes=(70, 40, 3))
        found = []
        for n in (1, 2, 3, 5):
            threads(n)
            found.append(self.an_epoch(case, np.float64, storage, 20, limits))
        for losses, w in found[1:]:
            assert losses == found[0][0]
            assert_array_equal(w, found[0][1])


@pytest.fixture(scope="module")
def blobs():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(400, 130))
    return X, (X[:, :3].sum(axis=1) > 0).astype(int) + (X[:, 4] > 1)


class TestThreads:
    """They change nothing, to the last bit."""

    @pytest.mark.parametrize("solver", ["sgd", "adam", "adamw", "lion", "lbfgs"])
    @pytest.mark.parametrize("storage", [np.asarray, sparse.csr_matrix])
    @pytest.mark.parametrize("alpha", [0.0, 0.01])
    @pytest.mark.parametrize("n_features", [30, 130])  # the latter goes in halves
    @pytest.mark.filterwarnings(
        "ignore::sklearn.exceptions.ConvergenceWarning"  # three iterations of L-BFGS
    )
    def test_of_any_number(self, blobs, solver, storage, alpha, n_features, threads):
        X, y = blobs
        X = storage(np.where(X > 0.5, X, 0)[:, :n_features])
        fits = []
        for n in (1, 2, 3, 4, 5):
            threads(n)
            model = BPClassifier(
                (40, 20), solver=solver, alpha=alpha, max_iter=3, random_state=0
            )
            fits.append(model.fit(X, y))
        for model in fits[1:]:
            for one, other in zip(model.coefs_, fits[0].coefs_, strict=True):
                assert_array_equal(one, other)
            for name, column in fits[0].history_.items():
                if name != "seconds":
                    assert_array_equal(model.history_[name], column)
            assert_array_equal(model.predict_proba(X), fits[0].predict_proba(X))

    def test_as_many_as_the_work_is_worth(self):
        assert binding.n_threads(1e3, 1e12) == 1
        assert binding.n_threads(1e12, 1e3) == 1
        assert binding.n_threads(1e12, 1e12) >= 1

    def test_no_more_than_the_blas_has(self):
        from threadpoolctl import threadpool_limits

        with threadpool_limits(1, user_api="blas"):
            assert binding.n_threads(1e12, 1e12) == 1
