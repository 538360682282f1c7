"""Early stopping, the record, callbacks and time limits: as on one machine."""

import numpy as np
import pytest
import sklearn
from sklearn.datasets import make_classification
from sklearn.utils.fixes import parse_version

from skann import BPClassifier
from skann.callbacks import Checkpoint, TrainingLog
from skann.dask import DaskBPClassifier

pytest.importorskip("distributed", reason="the extra 'dask' is not installed")
da = pytest.importorskip("dask.array")

NET = {
    "hidden_layer_sizes": (8,),
    "solver": "adam",
    "random_state": 0,
    "batch_size": 16,
}
has_callbacks = pytest.mark.skipif(
    parse_version(sklearn.__version__) < parse_version("1.9"),
    reason="callbacks came with scikit-learn 1.9",
)


@pytest.fixture(scope="module")
def data():
    X, y = make_classification(200, 5, n_redundant=0, random_state=0)
    return da.from_array(X, chunks=(50, 5)), da.from_array(y, chunks=50)


def test_early_stopping_keeps_the_best(data, two_workers):
    net = DaskBPClassifier(
        **NET, early_stopping=True, n_iter_no_change=3, learning_rate_init=0.05
    ).fit(*data)
    assert net.stop_reason_.startswith("validation loss did not improve")
    losses = net.history_["validation_loss"]
    assert net.best_iter_ == 1 + np.argmin(losses) < net.n_iter_
    # A tenth of the rows of each worker is held out.
    assert net.t_ == 180 * net.n_iter_


@pytest.mark.parametrize("persist", [True, False])
def test_the_record_has_validation_data(persist, data, two_workers):
    X, y = data
    net = DaskBPClassifier(**NET, max_iter=3, persist=persist)
    net.fit(X, y, X_val=X[:70], y_val=y[:70])
    plain = net.estimator_
    rows, labels = X[:70].compute(), y[:70].compute()
    accuracy = np.mean(plain.predict(rows) == labels)
    assert net.history_["validation_score"][-1] == pytest.approx(accuracy)
    of_all = -plain.predict_log_proba(rows)[np.arange(70), labels].mean()
    assert net.history_["validation_loss"][-1] == pytest.approx(of_all)


def test_verbose_prints_the_table_of_one_machine(data, two_workers, capsys):
    DaskBPClassifier(**NET, max_iter=2, verbose=True).fit(*data)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split()[:2] == ["epoch", "loss"]
    assert lines[1].startswith("1 of 2")
    assert lines[-1] == "Stopped: max_iter reached."


def test_max_time_ends_it(data, two_workers):
    net = DaskBPClassifier(**NET, max_iter=10_000, max_time=0.2).fit(*data)
    assert net.stop_reason_ == "max_time=0.2 seconds are over"
    assert np.isfinite(net.coefs_[0]).all()


@has_callbacks
def test_callbacks_follow_the_epochs(data, two_workers, tmp_path):
    log = TrainingLog(tmp_path / "log.csv")
    net = DaskBPClassifier(**NET, max_iter=3).set_callbacks(log).fit(*data)
    assert len((tmp_path / "log.csv").read_text().splitlines()) == 1 + 3
    assert net.n_iter_ == 3
    # What is left is no estimator that would call them again.
    X, y = (one.compute() for one in data)
    net.estimator_.fit(X, y)
    assert len((tmp_path / "log.csv").read_text().splitlines()) == 1 + 3


class Crash(Exception):
    pass


class CrashAfter:
    """A callback in whose epoch the client dies."""

    def __init__(self, epochs):
        self.left = epochs

    def setup(self, estimator, context):
        pass

    def on_fit_task_begin(self, estimator, context):
        pass

    def on_fit_task_end(self, estimator, context):
        if context.task_name == "epoch":
            self.left -= 1
            if not self.left:
                raise Crash

    def teardown(self, estimator, context):
        pass


@has_callbacks
@pytest.mark.parametrize(
    "options", [{}, {"outer_momentum": 0.5}, {"early_stopping": True}]
)
def test_a_checkpoint_resumes_to_the_bit(options, data, two_workers, tmp_path):
    net = DaskBPClassifier(**NET, max_iter=6, **options)
    expected = net.fit(*data).coefs_[0]
    path = tmp_path / "fit.checkpoint"
    net = DaskBPClassifier(**NET, max_iter=6, **options)
    with pytest.raises(Crash):
        net.set_callbacks(Checkpoint(path), CrashAfter(3)).fit(*data)
    assert not hasattr(net, "estimator_")
    net.set_callbacks(Checkpoint(path, resume=True)).fit(*data)
    np.testing.assert_array_equal(net.coefs_[0], expected)
    assert net.n_iter_ == 6


def test_a_search_needs_no_code_of_ours(two_workers):
    import joblib
    from sklearn.model_selection import GridSearchCV

    X, y = make_classification(60, 4, random_state=0)
    net = BPClassifier((4,), max_iter=3, random_state=0)
    search = GridSearchCV(net, {"alpha": [0.001, 0.1]}, cv=2)
    expected = search.fit(X, y).cv_results_["mean_test_score"]
    with joblib.parallel_config("dask", client=two_workers):
        found = search.fit(X, y).cv_results_["mean_test_score"]
    np.testing.assert_array_equal(found, expected)
