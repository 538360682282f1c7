"""Training that goes on: call after call, and from a file in another process.

Going on is exact: what two calls do is what one would have done, bit for bit, wherever
the model has been in between.
"""

import copy
import os
import pickle
import subprocess
import sys
from pathlib import Path

import joblib
import numpy as np
import pytest
from _helpers import FEW_ITERATIONS_ARE_ENOUGH, small_net, theta
from numpy.testing import assert_array_equal
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

import skann
from skann import BPClassifier, BPRegressor

each_estimator = pytest.mark.parametrize("Estimator", [BPClassifier, BPRegressor])
each_pass_solver = pytest.mark.parametrize("solver", ["adam", "sgd"])

rng = np.random.RandomState(0)
X = rng.normal(size=(60, 5))
Y = {
    BPClassifier: (X[:, 0] > 0).astype(int) + (X[:, 1] > 0.5),
    BPRegressor: np.sin(X[:, 0]) + X[:, 1] * X[:, 2],
}
CLASSES = {BPClassifier: {"classes": [0, 1, 2]}, BPRegressor: {}}
WEIGHT = rng.uniform(0.5, 2, 60)

# A rate so small that it changes no weight.
STILL = {"solver": "sgd", "learning_rate_init": 1e-300, "momentum": 0.0}


def make(Estimator, **parameters):
    """A small network whose units are those of y, whichever rows come first."""
    if Estimator is BPRegressor:
        parameters = {"normalize_y": False} | parameters
    return small_net(Estimator, **parameters)


def given(model):
    """Arguments that make another model start with this one's weights."""
    return {"coef_init": model.coefs_, "intercept_init": model.intercepts_}


@each_estimator
class TestPartialFit:
    def test_is_there_where_it_makes_sense(self, Estimator):
        assert hasattr(Estimator(), "partial_fit")
        assert hasattr(Estimator(solver="sgd"), "partial_fit")
        assert not hasattr(Estimator(solver="lbfgs"), "partial_fit")
        assert not hasattr(Estimator(learning_rate="one_cycle"), "partial_fit")
        assert hasattr(Estimator(early_stopping=True), "partial_fit")

    @each_pass_solver
    @pytest.mark.parametrize("dtype", [np.float32, np.float64])
    def test_is_an_epoch(self, Estimator, solver, dtype):
        rows, y = X.astype(dtype), Y[Estimator]
        epoch = make(Estimator, solver=solver, max_iter=1, shuffle=False)
        one, parts = clone(epoch), clone(epoch)
        epoch.fit(rows, y)
        one.partial_fit(rows, y, **CLASSES[Estimator])
        for start in range(0, 60, 16):
            batch = slice(start, start + 16)
            parts.partial_fit(rows[batch], y[batch], **CLASSES[Estimator])
        for other in (one, parts):
            assert_array_equal(theta(other), theta(epoch))
            assert theta(other).dtype == dtype
            assert_array_equal(other.batch_loss_curve_, epoch.batch_loss_curve_)
            assert other.t_ == epoch.t_ == 60
        assert (epoch.n_iter_, one.n_iter_, parts.n_iter_) == (1, 1, 1)
        assert parts.history_["epoch"] == [1, 2, 3, 4]

    @each_pass_solver
    def test_passes_are_a_fit(self, Estimator, solver):
        fitted = make(Estimator, solver=solver).fit(X, Y[Estimator], WEIGHT)
        passes = make(Estimator, solver=solver)
        for _ in range(5):
            passes.partial_fit(
                X, Y[Estimator], sample_weight=WEIGHT, **CLASSES[Estimator]
            )
        assert_array_equal(theta(passes), theta(fitted))
        assert passes.loss_curve_ == fitted.loss_curve_

    def test_an_int_seed_does_not_repeat_a_permutation(self, Estimator):
        model = make(Estimator, batch_size=1, **STILL)
        for _ in range(2):
            model.partial_fit(X, Y[Estimator], **CLASSES[Estimator])
        # With weights that stand still a loss tells its row.
        first, second = model.batch_loss_curve_.reshape(2, 60)
        assert not np.array_equal(first, second)
        assert_array_equal(np.sort(first), np.sort(second))

    @each_pass_solver
    def test_goes_on_from_fit(self, Estimator, solver):
        model = make(Estimator, solver=solver, shuffle=False).fit(X, Y[Estimator])
        curve, weights = model.batch_loss_curve_.copy(), theta(model)
        start = {k: [a.copy() for a in v] for k, v in given(model).items()}
        model.partial_fit(X, Y[Estimator])
        assert not np.array_equal(theta(model), weights)
        assert_array_equal(model.batch_loss_curve_[:20], curve)
        assert len(model.batch_loss_curve_) == 24
        assert model.n_iter_ == 1
        assert len(model.loss_curve_) == 6
        assert model.history_["epoch"] == [1, 2, 3, 4, 5, 6]
        assert model.t_ == 360
        fresh = make(Estimator, solver=solver, shuffle=False, max_iter=1)
        fresh.fit(X, Y[Estimator], **start)
        assert_array_equal(theta(model), theta(fresh))

    def test_goes_on_from_given_weights(self, Estimator):
        donor = make(Estimator).fit(X, Y[Estimator])
        for model in (make(Estimator), make(Estimator).fit(X, Y[Estimator])):
            model.set_params(**STILL)
            model.partial_fit(X, Y[Estimator], **CLASSES[Estimator], **given(donor))
            assert_array_equal(theta(model), theta(donor))

    @pytest.mark.parametrize(
        "change", [{"solver": "adam"}, {"momentum": 0.0}], ids=["solver", "momentum"]
    )
    def test_a_changed_optimiser_is_used(self, Estimator, change):
        model = make(Estimator, solver="sgd", shuffle=False)
        model.partial_fit(X, Y[Estimator], **CLASSES[Estimator])
        fresh = clone(model).set_params(**change)
        fresh.partial_fit(X, Y[Estimator], **CLASSES[Estimator], **given(model))
        model.set_params(**change).partial_fit(X, Y[Estimator])
        assert_array_equal(theta(model), theta(fresh))

    def test_a_pass_never_runs_out_of_patience(self, Estimator):
        model = make(Estimator, n_iter_no_change=1, tol=1e9)
        for _ in range(4):
            model.partial_fit(X, Y[Estimator], **CLASSES[Estimator])
            assert model.stop_reason_ is None
            assert model.n_iter_ == 1
        assert len(model.loss_curve_) == 4

    def test_patience_counts_over_passes_where_it_is_asked_for(self, Estimator):
        model = make(Estimator, early_stopping=True, n_iter_no_change=2, tol=1e9)
        reasons = []
        for _ in range(6):
            model.partial_fit(X, Y[Estimator], **CLASSES[Estimator])
            reasons.append(model.stop_reason_)
        # The first pass improves on nothing at all; after its end patience is new.
        assert [reason is None for reason in reasons] == 2 * [True, True, False]
        assert "training loss did not improve" in reasons[2]
        assert "2 consecutive" in reasons[2]

    def test_the_end_of_patience_brings_the_best_weights_back(self, Estimator):
        y = Y[Estimator]
        model = make(Estimator, solver="sgd", early_stopping=True, n_iter_no_change=3)
        model.set_params(tol=0.0, learning_rate_init=0.2)
        validation = {"X_val": X[40:], "y_val": y[40:]}
        weights = []
        for _ in range(200):
            model.partial_fit(X[:40], y[:40], **validation, **CLASSES[Estimator])
            if model.stop_reason_ is not None:
                break
            weights.append(theta(model))
        assert "validation loss did not improve" in model.stop_reason_
        losses = model.validation_loss_curve_
        best = int(np.argmin(losses))
        assert best == len(losses) - 1 - 3
        assert model.best_iter_ == best + 1
        assert model.best_validation_score_ == model.validation_scores_[best]
        assert_array_equal(theta(model), weights[best])


@each_estimator
class TestWarmStart:
    @pytest.mark.parametrize(
        "parameters",
        [
            {"solver": "adam"},
            {"solver": "sgd"},
            {"solver": "sgd", "nesterovs_momentum": False},
            {"solver": "sgd", "momentum": 0.0, "shuffle": False},
            {"solver": "sgd", "learning_rate": "invscaling", "power_t": 0.3},
            {"batch_size": 200, "learning_rate": "adaptive"},
        ],
        ids=str,
    )
    @pytest.mark.parametrize("dtype", [np.float32, np.float64])
    def test_goes_on_exactly(self, Estimator, parameters, dtype):
        rows, y = X.astype(dtype), Y[Estimator]
        once = make(Estimator, max_iter=10, tol=0.0, **parameters).fit(rows, y)
        twice = clone(once).set_params(max_iter=5, warm_start=True)
        twice.fit(rows, y).fit(rows, y)
        assert_array_equal(theta(twice), theta(once))
        assert theta(twice).dtype == dtype
        assert twice.loss_curve_ == once.loss_curve_
        assert_array_equal(twice.batch_loss_curve_, once.batch_loss_curve_)
        assert (once.n_iter_, twice.n_iter_) == (10, 5)
        assert once.t_ == twice.t_ == 600
        assert once.history_["epoch"] == twice.history_["epoch"] == [*range(1, 11)]

    def test_goes_on_after_passes(self, Estimator):
        y = Y[Estimator]
        passes = make(Estimator, solver="adam", warm_start=True)
        for _ in range(2):
            passes.partial_fit(X, y, **CLASSES[Estimator])
        once = make(Estimator, solver="adam", max_iter=7).fit(X, y)
        assert_array_equal(theta(passes.fit(X, y)), theta(once))

    # Five iterations are not enough to converge, and not meant to be.
    @pytest.mark.filterwarnings(FEW_ITERATIONS_ARE_ENOUGH)
    def test_lbfgs_starts_where_it_was(self, Estimator):
        model = make(Estimator, solver="lbfgs", warm_start=True)
        model.fit(X, Y[Estimator])
        reached = model.loss_
        model.fit(X, Y[Estimator])
        assert model.batch_loss_curve_[5] == pytest.approx(reached, rel=1e-12)
        assert model.n_iter_ == 5
        assert len(model.loss_curve_) == 10

    def test_without_it_nothing_is_left(self, Estimator):
        model = make(Estimator).fit(X, Y[Estimator])
        wider = np.hstack([X, X])
        fresh = make(Estimator).fit(wider, Y[Estimator])
        model.fit(wider, Y[Estimator])
        assert_array_equal(theta(model), theta(fresh))
        assert model.n_features_in_ == 10


def store(model, path):
    """Write the model to a file in the way that its name says."""
    if path.suffix == ".joblib":
        joblib.dump(model, path)
    else:
        path.write_bytes(pickle.dumps(model))


IN_ANOTHER_PROCESS = """
import pickle, sys, warnings
from pathlib import Path
import joblib, numpy as np

warnings.filterwarnings("ignore", "The network is no better than guessing")
folder = Path(sys.argv[1])
data = np.load(folder / "data.npz")
for path in [*folder.glob("*.joblib"), *folder.glob("*.pickle")]:
    load = joblib.load if path.suffix == ".joblib" else pickle.load
    with open(path, "rb") as file:
        model = load(file)
    X, y = data["X"], data[type(model).__name__]
    found = {"predicted": model.predict(X)}
    model.partial_fit(X, y)
    found["passed"] = np.concatenate([w.ravel() for w in model.coefs_])
    model.fit(X, y)
    found["fitted"] = np.concatenate([w.ravel() for w in model.coefs_])
    found["batch_losses"] = model.batch_loss_curve_
    np.savez(path.with_suffix(path.suffix + ".npz"), **found)
"""


def models_to_store():
    for Estimator in (BPClassifier, BPRegressor):
        for solver in ("adam", "sgd"):
            model = make(Estimator, solver=solver, warm_start=True)
            yield f"{Estimator.__name__} {solver}", model


@pytest.fixture(scope="module")
def other_process(tmp_path_factory):
    """Folder of models and of what another process has done with them."""
    folder = tmp_path_factory.mktemp("models")
    targets = {kind.__name__: y for kind, y in Y.items()}
    np.savez(folder / "data.npz", X=X, **targets)
    for name, model in models_to_store():
        model.fit(X, targets[type(model).__name__])
        for suffix in ("joblib", "pickle"):
            store(model, folder / f"{name}.{suffix}")
    source = str(Path(skann.__file__).parents[1])
    subprocess.run(
        [sys.executable, "-W", "error", "-c", IN_ANOTHER_PROCESS, folder],
        env=os.environ | {"PYTHONPATH": source},
        check=True,
    )
    return folder


class TestStored:
    @pytest.mark.parametrize("suffix", ["joblib", "pickle"])
    @pytest.mark.parametrize(
        ("name", "model"), [pytest.param(n, m, id=n) for n, m in models_to_store()]
    )
    def test_another_process_goes_on(self, other_process, name, model, suffix):
        found = np.load(other_process / f"{name}.{suffix}.npz")
        y = Y[type(model)]
        model = clone(model).fit(X, y)
        assert_array_equal(found["predicted"], model.predict(X))
        model.partial_fit(X, y)
        passed = np.concatenate([w.ravel() for w in model.coefs_])
        assert_array_equal(found["passed"], passed)
        model.fit(X, y)
        fitted = np.concatenate([w.ravel() for w in model.coefs_])
        assert_array_equal(found["fitted"], fitted)
        assert_array_equal(found["batch_losses"], model.batch_loss_curve_)

    @each_estimator
    @pytest.mark.parametrize(
        "duplicate",
        [copy.deepcopy, lambda model: pickle.loads(pickle.dumps(model))],
        ids=["deepcopy", "pickle"],
    )
    def test_a_copy_lives_on_its_own(self, Estimator, duplicate):
        model = make(Estimator, warm_start=True).fit(X, Y[Estimator])
        weights, losses = theta(model), list(model.loss_curve_)
        other = duplicate(model).partial_fit(X, Y[Estimator])
        assert_array_equal(theta(model), weights)
        assert model.loss_curve_ == losses
        assert len(model.batch_loss_curve_) == 20
        assert_array_equal(theta(other), theta(model.partial_fit(X, Y[Estimator])))
        assert_array_equal(other.batch_loss_curve_, model.batch_loss_curve_)

    @each_estimator
    def test_weights_of_a_copy_take_part(self, Estimator):
        model = pickle.loads(pickle.dumps(make(Estimator).fit(X, Y[Estimator])))
        for parameters in model.coefs_ + model.intercepts_:
            parameters[...] = 0
        model.intercepts_[-1][0] = 1
        expected = [0] * 60 if Estimator is BPClassifier else [1.0] * 60
        assert_array_equal(model.predict(X), expected)
        held = model.coefs_[0]
        model.set_params(learning_rate_init=0.1).partial_fit(X, Y[Estimator])
        assert_array_equal(held, np.zeros((5, 7)))  # of the model as it was
        assert model.intercepts_[-1].any()

    @each_estimator
    @pytest.mark.parametrize("early_stopping", [False, True])
    @pytest.mark.parametrize("dtype", [np.float32, np.float64])
    def test_a_file_holds_little_but_the_weights(
        self, Estimator, early_stopping, dtype
    ):
        images = np.random.RandomState(0).uniform(size=(500, 784)).astype(dtype)
        y = np.arange(500) % 10
        if Estimator is BPRegressor:
            y = np.eye(10)[y]
        model = make(Estimator, hidden_layer_sizes=(100,), max_iter=2)
        model.set_params(early_stopping=early_stopping).fit(images, y)
        size = len(pickle.dumps(model))
        assert theta(model).size == 784 * 100 + 100 + 100 * 10 + 10
        assert size < 1.3 * theta(model).nbytes

    @each_estimator
    def test_a_model_without_a_fit(self, Estimator):
        model = pickle.loads(pickle.dumps(make(Estimator)))
        assert not hasattr(model, "coefs_")
        assert not hasattr(model, "intercepts_")
        assert not hasattr(model, "batch_loss_curve_")
        with pytest.raises(NotFittedError):
            model.predict(X)
        assert theta(model.fit(X, Y[Estimator])).any()
