"""How many threads the compiled engine asks for, and that it does not matter."""

import os

import joblib
import numpy as np
import pytest
from numpy.testing import assert_array_equal
from scipy import sparse

from skann import BPRegressor
from skann._engine.native import binding


@pytest.fixture
def no_blas(monkeypatch):
    """threadpoolctl knows none of the libraries, as on a Mac."""
    monkeypatch.setattr(binding, "_blas", lambda: ())
    binding._threads_without_blas.cache_clear()
    yield
    binding._threads_without_blas.cache_clear()


@pytest.mark.usefixtures("no_blas")
class TestWithoutABlas:
    @pytest.mark.parametrize(
        ("value", "n"), [("3", 3), ("5,2", 5), (" 4 ", 4), ("100000", 1024)]
    )
    def test_the_environment_says(self, value, n, monkeypatch):
        monkeypatch.setenv("OMP_NUM_THREADS", value)
        assert binding.n_threads(1e15, 1e15) == n

    @pytest.mark.parametrize("value", [None, "", "0", "-2", "many"])
    def test_else_the_processors_that_may_be_used(self, value, monkeypatch):
        if value is None:
            monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
        else:
            monkeypatch.setenv("OMP_NUM_THREADS", value)
        assert binding.n_threads(1e15, 1e15) == joblib.cpu_count()

    @pytest.mark.skipif(
        not hasattr(os, "sched_setaffinity"), reason="needs affinities of processes"
    )
    def test_an_affinity_is_kept_to(self, monkeypatch):
        monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
        before = os.sched_getaffinity(0)
        os.sched_setaffinity(0, {min(before)})
        try:
            assert binding.n_threads(1e15, 1e15) == 1
        finally:
            os.sched_setaffinity(0, before)


@pytest.mark.skipif(not binding.is_compiled(), reason="the compiled engine is off")
@pytest.mark.parametrize("solver", ["sgd", "adam"])
@pytest.mark.parametrize("density", [0.005, 0.1])  # lazy updates, and none
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_features_change_hands_from_epoch_to_epoch(solver, density, monkeypatch):
    # From time to time an epoch is left to one thread, to see whether it is faster.
    rng = np.random.default_rng(0)
    X = sparse.random_array((300, 700), density=density, format="csr", random_state=rng)
    y = rng.normal(size=300)
    models = []
    for n in (1, 2, 3, 5):
        monkeypatch.setattr(binding, "n_threads", lambda step, call, n=n: n)
        model = BPRegressor((6,), solver=solver, batch_size=20, max_iter=25, tol=0)
        models.append(model.set_params(random_state=0).fit(X, y))
    for model in models[1:]:
        assert_array_equal(model.coefs_[0], models[0].coefs_[0])
        assert model.loss_curve_ == models[0].loss_curve_
