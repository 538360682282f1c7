"""One model in many threads, many fits at once, after a fork; nobody else's state."""

import os
import subprocess
import sys
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import numpy as np
import pytest
from _helpers import theta
from numpy.testing import assert_array_equal
from threadpoolctl import threadpool_info

import skann
from skann import BPClassifier, BPRegressor

pytestmark = pytest.mark.filterwarnings("ignore:Training stopped at max_iter")

rng = np.random.default_rng(0)
X = rng.normal(size=(300, 5))
Y = {BPClassifier: (X[:, 0] > 0) + (X[:, 1] > 0.5), BPRegressor: np.sin(X[:, 0])}
over_estimators = pytest.mark.parametrize("Estimator", [BPClassifier, BPRegressor])


def make(Estimator=BPRegressor, **settings):
    return Estimator((16,), random_state=0, **({"max_iter": 5} | settings))


def together(work, n_threads):
    """What ``work(k)`` gives in so many threads, which begin at the same time."""
    barrier = Barrier(n_threads)

    def begin(k):
        barrier.wait()
        return work(k)

    with ThreadPoolExecutor(n_threads) as pool:
        return list(pool.map(begin, range(n_threads)))


@over_estimators
def test_sixteen_threads_predict_what_one_does(Estimator):
    model = make(Estimator).fit(X, Y[Estimator])
    parts = [X[k : k + 1 + k % 9] for k in range(200)]
    expected = [model.predict(part) for part in parts]

    def wrong(thread):
        return sum(
            not np.array_equal(model.predict(parts[k % 200]), expected[k % 200])
            for k in range(13 * thread, 13 * thread + 1000)
        )

    assert together(wrong, 16) == [0] * 16


@pytest.mark.parametrize("solver", ["auto", "sgd", "lbfgs"])
@over_estimators
def test_eight_fits_at_once_are_those_one_after_the_other(Estimator, solver):
    def fit(k):
        model = make(Estimator, solver=solver).set_params(random_state=k)
        return theta(model.fit(X, Y[Estimator]))

    alone = [fit(k) for k in range(8)]
    for own, other in zip(alone, together(fit, 8), strict=True):
        assert_array_equal(own, other)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
def test_a_fork_fits_and_predicts_the_same():
    # In a process of its own, for a fork of one with threads may hang it.
    script = """
import os, sys
import numpy as np
from skann import BPClassifier
X = np.random.default_rng(0).normal(size=(600, 50))
def fit():
    return BPClassifier((100,), random_state=0, max_iter=2).fit(X, X[:, 0] > 0)
model = fit()
expected = model.predict_proba(X)
child = os.fork()
same = np.array_equal(model.predict_proba(X), expected)
same = same and np.array_equal(fit().predict_proba(X), expected)
if child == 0:
    os._exit(0 if same else 1)
assert same
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
"""
    command = [sys.executable, "-W", "ignore", "-c", script]
    subprocess.run(
        command, check=True, timeout=100, cwd=Path(skann.__file__).parents[1]
    )


def settings():
    """What a process has of its own that a library may not change."""
    threads = [(lib["filepath"], lib["num_threads"]) for lib in threadpool_info()]
    state = np.random.get_state(legacy=False)  # noqa: NPY002 (the global one is meant)
    printing = tuple(sorted(map(repr, np.get_printoptions().items())))
    position, key = state["state"]["pos"], state["state"]["key"].tobytes()
    return (
        *(np.geterr(), np.geterrcall(), list(warnings.filters), printing, threads),
        *(position, key, os.getcwd(), dict(os.environ)),
    )


@pytest.mark.parametrize("solver", ["auto", "sgd", "adam", "lbfgs", "trust-ncg"])
@over_estimators
def test_the_process_s_settings_stay(Estimator, solver):
    before = settings()
    model = make(Estimator, solver=solver).fit(X, Y[Estimator])
    model.predict(X)
    with pytest.raises(ValueError, match="NaN"):
        model.fit(X * np.nan, Y[Estimator])
    assert settings() == before


def test_errors_of_arithmetic_are_the_caller_s():
    """A caller who wants errors of overflow gets none of what is meant to be so."""
    with np.errstate(all="raise"):
        model = make(solver="sgd", divergence_retries=300, learning_rate_init=1e100)
        assert np.isfinite(model.fit(X, Y[BPRegressor]).predict(X)).all()
        assert np.geterr()["over"] == "raise"
