"""A fit that was interrupted and goes on is one that was not, bit for bit."""

import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from _helpers import theta
from numpy.testing import assert_array_equal
from scipy import sparse

import skann
from skann import BPClassifier, BPRegressor
from skann.callbacks import Checkpoint
from skann.schedules import Adaptive, OneCycle
from skann.solvers import SGD, AdamW

pytest.importorskip("sklearn.callback", reason="callbacks came with scikit-learn 1.9")
pytestmark = [
    pytest.mark.filterwarnings("ignore:Training stopped at max_iter"),
    pytest.mark.filterwarnings("ignore:Training interrupted"),
]

rng = np.random.default_rng(0)
X = rng.normal(size=(150, 5))
Y = {
    BPClassifier: (X[:, 0] > 0).astype(int) + (X[:, 1] > 0.5),
    BPRegressor: 100 + np.sin(X[:, 0]) + X[:, 1] * X[:, 2],
}
SETTINGS = {
    "auto": {"solver": "auto", "n_iter_no_change": 10},
    "natural units": {"solver": "auto", "n_iter_no_change": 10},
    **{name: {"solver": name} for name in ("sgd", "adam", "nadam", "rprop", "lion")},
    "early stopping": {"solver": "adam", "early_stopping": True},
    "scorer": {"solver": "adam", "early_stopping": True, "scoring": "r2"},
    "scorers": {
        "solver": "adam",
        "early_stopping": True,
        "scoring": ["r2", "neg_mean_absolute_error"],
        "training_score": True,
        "gradient_norms": True,
    },
    "adaptive": {"solver": SGD(0.5), "learning_rate": Adaptive(2), "tol": 0.05},
    "one cycle": {"solver": AdamW(0.1), "learning_rate": OneCycle()},
    "warm-up": {"solver": "sgd", "learning_rate": Adaptive(2, warmup=0.5)},
    "function": {"solver": "sgd", "learning_rate": lambda k: 0.1 / (1 + k)},
    "not shuffled": {"solver": "adam", "shuffle": False},
    "patience": {"solver": "adam", "tol": 0.5, "n_iter_no_change": 3},
    "ema": {"solver": "adam", "average": "ema", "early_stopping": True},
    "swa": {"average": "swa"},
    "noise": {"input_dropout": 0.1, "input_noise": 0.1, "dropout": 0.1},
    "no limit": {"solver": "adam", "tol": 0.05, "learning_rate_init": 0.1},
    "retries": {"solver": SGD(), "learning_rate_init": 1e4, "divergence_retries": 30},
}


class Crash:
    """A callback that ends the process's work in the middle of a fit."""

    def __init__(self, after, error=MemoryError):
        self.after, self.error = after, error

    def setup(self, estimator, context):
        pass

    on_fit_task_begin = teardown = setup

    def on_fit_task_end(self, estimator, context, *, metadata):
        if getattr(metadata, "history_row", {"epoch": 0})["epoch"] == self.after:
            raise self.error


def make(Estimator=BPClassifier, **settings):
    defaults = {
        "hidden_layer_sizes": (6,),
        "solver": "adam",
        "max_iter": 14,
        "batch_size": 16,
        "random_state": 0,
        "n_iter_no_change": 4,
    }
    return Estimator(**(defaults | settings))


def data(name, Estimator, dtype=np.float64):
    rows = X * [1, 1000, 1, 1, 1] + [0, 500, 0, 0, 0] if name == "natural units" else X
    return rows.astype(dtype), Y[Estimator]


def interrupted(model, path, rows, y, after, **options):
    with pytest.raises(MemoryError):
        model.set_callbacks(Checkpoint(path, **options), Crash(after)).fit(rows, y)
    assert not hasattr(model, "coefs_")


def assert_same(model, other):
    assert_array_equal(theta(model), theta(other))
    for name in ("n_iter_", "t_", "loss_", "stop_reason_", "best_iter_"):
        assert getattr(model, name) == getattr(other, name)
    assert model.best_validation_score_ == other.best_validation_score_
    assert_array_equal(model.batch_loss_curve_, other.batch_loss_curve_)
    for name in model.history_.keys() - {"seconds"}:
        assert_array_equal(model.history_[name], other.history_[name])


@pytest.fixture
def path(tmp_path):
    return tmp_path / "fit.checkpoint"


class TestGoesOn:
    @pytest.mark.parametrize("after", [1, 6])
    @pytest.mark.parametrize("name", SETTINGS)
    @pytest.mark.parametrize("Estimator", [BPClassifier, BPRegressor])
    def test_bit_for_bit(self, path, Estimator, name, after):
        if Estimator is BPClassifier and name == "scorer":
            pytest.skip("R² is of real targets")
        rows, y = data(name, Estimator)
        whole = make(Estimator, **SETTINGS[name]).fit(rows, y)
        assert whole.auto_params_.get("standardize", False) == (name == "natural units")
        model = make(Estimator, **SETTINGS[name])
        if whole.n_iter_ <= after:
            after = 2
        interrupted(model, path, rows, y, after)
        again = make(Estimator, **SETTINGS[name])
        again.set_callbacks(Checkpoint(path, resume=True)).fit(rows, y)
        assert_same(again, whole)

    @pytest.mark.parametrize("kind", ["float32", "sparse", "weights"])
    def test_all_kinds_of_data(self, path, kind):
        rows, weight = X, None
        if kind == "float32":
            rows = X.astype(np.float32)
        elif kind == "sparse":
            rows = sparse.csr_array(np.where(X > 0, X, 0))
        else:
            weight = rng.uniform(size=len(X)) * (X[:, 4] > -1)
        y = Y[BPClassifier]
        whole = make(solver="adam").fit(rows, y, sample_weight=weight)
        model = make(solver="adam").set_callbacks(Checkpoint(path), Crash(5))
        with pytest.raises(MemoryError):
            model.fit(rows, y, sample_weight=weight)
        model.set_callbacks(Checkpoint(path, resume=True))
        assert_same(model.fit(rows, y, sample_weight=weight), whole)

    def test_again_and_again(self, path):
        rows, y = data("auto", BPRegressor)
        whole = make(BPRegressor, solver="adam").fit(rows, y)
        for after in (2, 3, 9, 13):
            model = make(BPRegressor, solver="adam")
            interrupted(model, path, rows, y, after, resume=True)
        model.set_callbacks(Checkpoint(path, resume=True)).fit(rows, y)
        assert_same(model, whole)

    def test_from_the_last_of_every_few_epochs(self, path):
        rows, y = data("auto", BPClassifier)
        interrupted(make(solver="adam"), path, rows, y, 9, every=4)
        whole = make(solver="adam").fit(rows, y)
        model = make(solver="adam").set_callbacks(Checkpoint(path, resume=True))
        assert_same(model.fit(rows, y), whole)

    @pytest.mark.parametrize("name", ["auto", "early stopping", "patience"])
    def test_a_fit_that_had_ended_ends_at_once(self, path, name):
        rows, y = data(name, BPClassifier)
        whole = make(**SETTINGS[name])
        whole.set_callbacks(Checkpoint(path, every=100)).fit(rows, y)
        crash = Crash(whole.n_iter_)  # which no epoch comes to
        model = make(**SETTINGS[name])
        model.set_callbacks(Checkpoint(path, resume=True), crash).fit(rows, y)
        assert_same(model, whole)

    def test_layers_that_stay_are_part_of_what_is_trained(self, path):
        rows, y = data("auto", BPClassifier)
        models = [make(solver="adam", warm_start=True) for _ in range(2)]
        models[0].set_params(trainable=[False, True])
        models[0].set_callbacks(Checkpoint(path), Crash(5))
        with pytest.raises(MemoryError):
            models[0].fit(rows, y)
        models[1].set_callbacks(Checkpoint(path, resume=True))
        with pytest.raises(ValueError, match=r"trainable=\[False, True\], and this"):
            models[1].fit(rows, y)

    def test_in_a_warm_start(self, path):
        rows, y = data("auto", BPClassifier)
        whole = make(solver="adam", warm_start=True).fit(rows, y)
        model = pickle.loads(pickle.dumps(whole))
        whole.fit(rows, y)
        other = pickle.loads(pickle.dumps(model))
        with pytest.raises(MemoryError):
            model.set_callbacks(Checkpoint(path), Crash(20)).fit(rows, y)
        other.set_callbacks(Checkpoint(path, resume=True)).fit(rows, y)
        assert_same(other, whole)
        fresh = make(solver="adam", warm_start=True)
        with pytest.raises(ValueError, match="trained for longer"):
            fresh.set_callbacks(Checkpoint(path, resume=True)).fit(rows, y)

    def test_without_a_file_it_begins(self, path):
        rows, y = data("auto", BPClassifier)
        model = make().set_callbacks(Checkpoint(path, resume=True)).fit(rows, y)
        assert_same(model, make().fit(rows, y))

    def test_without_resume_it_begins(self, path):
        rows, y = data("auto", BPClassifier)
        interrupted(make(), path, rows, y, 5)
        model = make().set_callbacks(Checkpoint(path)).fit(rows, y)
        assert_same(model, make().fit(rows, y))

    def test_without_a_seed(self, path):
        rows, y = data("auto", BPClassifier)
        model = make(solver="adam", random_state=None)
        interrupted(model, path, rows, y, 5)
        model.set_callbacks(Checkpoint(path, resume=True)).fit(rows, y)
        assert model.n_iter_ == 14
        other = make(solver="adam", random_state=None)
        other.set_callbacks(Checkpoint(path, resume=True)).fit(rows, y)
        assert_same(other, model)

    def test_time_that_is_over_does_not_end_it_for_good(self, path):
        rows, y = data("auto", BPClassifier)
        model = make(solver="adam", max_time=1e-9).set_callbacks(Checkpoint(path))
        assert model.fit(rows, y).stop_reason_.startswith("max_time")
        model = make(solver="adam").set_callbacks(Checkpoint(path, resume=True))
        assert_same(model.fit(rows, y), make(solver="adam").fit(rows, y))

    def test_after_a_kill(self, path):
        script = """
import os, signal, sys
import numpy as np
from skann import BPRegressor
from skann.callbacks import Checkpoint
class Kill:
    def setup(self, estimator, context): pass
    on_fit_task_begin = teardown = setup
    def on_fit_task_end(self, estimator, context, *, metadata):
        if getattr(metadata, "history_row", {"epoch": 0})["epoch"] == int(sys.argv[2]):
            os.kill(os.getpid(), signal.SIGKILL)
X = np.random.default_rng(1).normal(size=(150, 5))
model = BPRegressor((6,), solver="adam", max_iter=14, random_state=0)
model.set_callbacks(Checkpoint(sys.argv[1], resume=True), Kill()).fit(X, X[:, 0])
"""
        source = str(Path(skann.__file__).parents[1])
        for epoch in ("3", "8"):
            command = [sys.executable, "-W", "ignore", "-c", script, str(path), epoch]
            done = subprocess.run(command, cwd=source, check=False)
            assert done.returncode == -9
        rows = np.random.default_rng(1).normal(size=(150, 5))
        model = BPRegressor((6,), solver="adam", max_iter=14, random_state=0)
        whole = pickle.loads(pickle.dumps(model)).fit(rows, rows[:, 0])
        model.set_callbacks(Checkpoint(path, resume=True)).fit(rows, rows[:, 0])
        assert_same(model, whole)


class TestRefusals:
    @pytest.fixture
    def saved(self, path):
        rows, y = data("auto", BPClassifier)
        interrupted(make(solver="adam", early_stopping=True), path, rows, y, 3)
        return path

    def refused(self, path, message, rows=X, y=Y[BPClassifier], given=None, **settings):
        model = make(**{"solver": "adam", "early_stopping": True, **settings})
        before = dict(vars(model))
        model.set_callbacks(Checkpoint(path, resume=True))
        with pytest.raises(ValueError, match=message):
            model.fit(rows, y, **(given or {}))
        assert before.keys() <= vars(model).keys()
        assert not hasattr(model, "coefs_")

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("solver", SGD(0.5)),
            ("alpha", 0.1),
            ("batch_size", 8),
            ("max_iter", 20),
            ("hidden_layer_sizes", (3,)),
            ("activation", "tanh"),
            ("learning_rate_init", 0.1),
            ("early_stopping", False),
        ],
    )
    def test_another_parameter(self, saved, name, value):
        self.refused(saved, f"of a fit with {name}=", **{name: value})

    def test_other_data(self, saved):
        self.refused(saved, "other data", X + 1e-9)
        self.refused(saved, "other data", X[::-1])
        self.refused(saved, "other data", y=np.roll(Y[BPClassifier], 1))
        weight = np.linspace(1, 2, len(X))
        self.refused(saved, "other data", given={"sample_weight": weight})
        self.refused(saved, "another dtype|other data", X.astype(np.float32))
        self.refused(saved, "other data", random_state=1)

    def test_other_validation_data(self, path):
        model = make(solver="adam").set_callbacks(Checkpoint(path), Crash(3))
        y = Y[BPClassifier]
        given = {"X_val": X[:20], "y_val": y[:20]}
        with pytest.raises(MemoryError):
            model.fit(X, y, **given)
        given["X_val"] = X[:20] + 1
        settings = {"early_stopping": False}
        self.refused(path, "other validation data", given=given, **settings)

    def test_a_file_that_is_cut_or_something_else(self, saved):
        whole = saved.read_bytes()
        for content in (whole[:-1], whole[: len(whole) // 2], b"", b"no checkpoint"):
            saved.write_bytes(content)
            self.refused(saved, "damaged or not a model file")
        make().fit(X, Y[BPClassifier]).save_model(saved)
        self.refused(saved, "it is no checkpoint")

    def test_a_minimiser(self, path):
        model = make(solver="lbfgs").set_callbacks(Checkpoint(path))
        with pytest.raises(ValueError, match=r"an optimiser of skann\.solvers"):
            model.fit(X, Y[BPClassifier])

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("every", 0),
            ("every", True),
            ("seconds", -1),
            ("keep_last", 0),
            ("keep_last", None),
            ("keep_best", "yes"),
            ("seconds", np.nan),
            ("resume", 1),
        ],
    )
    def test_parameters_that_are_not_valid(self, path, name, value):
        with pytest.raises(ValueError, match=rf"^{name} must be"):
            Checkpoint(path, **{name: value})

    def test_a_folder_that_is_not_there(self, path):
        with pytest.raises(FileNotFoundError, match="there is no folder"):
            Checkpoint(path / "in" / "nowhere")


class TestFile:
    def test_a_pickle_has_no_run(self, path):
        checkpoint = Checkpoint(path, every=3)
        make().set_callbacks(checkpoint).fit(X, Y[BPClassifier])
        assert len(pickle.dumps(checkpoint)) < 500
        assert repr(pickle.loads(pickle.dumps(checkpoint))) == repr(checkpoint)

    def test_seconds_between_checkpoints(self, path):
        model = make(solver="adam")
        interrupted(model, path, X, Y[BPClassifier], 9, seconds=1000)
        assert not path.exists()
        model.set_callbacks(Checkpoint(path, seconds=1000)).fit(X, Y[BPClassifier])
        assert path.exists()  # the end is kept in any case

    def test_a_full_disk_leaves_the_one_before(self, path, monkeypatch):
        interrupted(make(solver="adam"), path, X, Y[BPClassifier], 5)
        before = path.read_bytes()

        def full(handle):
            raise OSError(28, "No space left on device")

        monkeypatch.setattr("os.fsync", full)
        model = make(solver="adam").set_callbacks(Checkpoint(path, resume=True))
        with pytest.raises(OSError, match="No space left"):
            model.fit(X, Y[BPClassifier])
        assert path.read_bytes() == before
