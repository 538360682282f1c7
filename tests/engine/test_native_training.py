"""The compiled engine's rules, and that threads change nothing."""

import numpy as np
import pytest
from _helpers import (
    make_case,
    make_data,
    make_optimizer,
)
from _native import RULES, needs_engine
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse

from skann import BPClassifier
from skann._engine import reference
from skann._engine.native import binding

pytestmark = needs_engine


class TestRules:
    @pytest.mark.parametrize("form", RULES)
    @pytest.mark.parametrize("alpha", [0.0, 0.05])
    @pytest.mark.parametrize("n", [1, 2])
    def test_are_the_optimisers_own(self, form, alpha, n, threads, level):
        threads(n)
        network, theta, X, y = make_case("softmax", ("tanh", "relu"), n_rows=30)
        engine = binding.rule_of(make_optimizer(form), alpha)
        mine = make_optimizer(form).start(theta.size, np.float64)
        numpy_s = make_optimizer(form).start(theta.size, np.float64)
        one, other = theta.copy(), theta.copy()
        data = make_data(X, y, "softmax")
        training = binding.training(network, one, engine, mine.state, data, 30)
        objective = reference.Objective(network, alpha, other, data)
        numpy_s.bind(other, objective.gradient, network.layout.weight_slices)
        for step in range(50):
            rate = 0.01 * (1 + step % 3)
            (found,), _ = training.run(None, 0, 30, None, rate, step, 0.0, np.inf)
            right, _ = objective.batch(slice(0, 30))
            numpy_s.step(rate)
            assert found == pytest.approx(right, rel=1e-11)
        assert_allclose(one, other, rtol=1e-10, atol=1e-12)
        for vector, twin in zip(mine.state, numpy_s.state, strict=True):
            assert_allclose(vector, twin, rtol=1e-9, atol=1e-12)

    def test_others_are_none(self):
        for form in ("amsgrad", "nadam", "rmsprop", "adagrad", "lion", "rprop"):
            assert binding.rule_of(make_optimizer(form), 0.0) is None


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
