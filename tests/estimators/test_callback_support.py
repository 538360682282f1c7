"""scikit-learn's callbacks on the estimators."""

import pickle

import numpy as np
import pytest
import sklearn
from numpy.testing import assert_array_equal
from scipy import sparse
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skann import BPClassifier, BPRegressor

try:
    import sklearn.callback as sklearn_callback
except ImportError:
    sklearn_callback = None
has_callbacks = pytest.mark.skipif(
    sklearn_callback is None, reason="callbacks came with scikit-learn 1.9"
)
both = pytest.mark.parametrize("Estimator", [BPClassifier, BPRegressor])
each_family = pytest.mark.parametrize(
    "solver", ["auto", "adam", "sgd", "rprop", "lbfgs", "cg", "newton-cg", "trust-ncg"]
)
few_are_enough = pytest.mark.filterwarnings(
    "ignore::sklearn.exceptions.ConvergenceWarning"
)
pytestmark = few_are_enough

rng = np.random.default_rng(0)
X = rng.normal(size=(90, 4))
Y = {
    BPClassifier: (X[:, 0] > 0).astype(int) + (X[:, 1] > 0.5),
    BPRegressor: np.sin(X[:, 0]) + X[:, 1],
}


SCORING = {BPClassifier: "accuracy", BPRegressor: "r2"}


class Record:
    """Keeps what its hooks are called with."""

    def __init__(self, stop_at=None):
        self.calls, self.stop_at = [], stop_at

    def setup(self, estimator, context):
        self.calls.append(("setup", context, {}))

    def teardown(self, estimator, context):
        self.calls.append(("teardown", context, {}))

    def on_fit_task_begin(
        self, estimator, context, *, X, y, metadata, fitted_estimator
    ):
        kept = {"X": X, "y": y, "metadata": metadata, "fitted": fitted_estimator}
        self.calls.append(("begin", context, kept))

    def on_fit_task_end(self, estimator, context, *, X, y, metadata, fitted_estimator):
        kept = {"X": X, "y": y, "metadata": metadata, "fitted": fitted_estimator}
        self.calls.append(("end", context, kept))
        return context.task_name == "epoch" and context.task_id + 1 == self.stop_at

    def of(self, hook, task="epoch"):
        return [
            kept
            for name, context, kept in self.calls
            if (name, context.task_name) == (hook, task)
        ]


class Bare:
    """Asks for nothing."""

    def setup(self, estimator, context):
        pass

    teardown = on_fit_task_begin = on_fit_task_end = setup


class Failing(Bare):
    torn_down = 0

    def on_fit_task_end(self, estimator, context):
        raise RuntimeError("no more")

    def teardown(self, estimator, context):
        self.torn_down += 1


def make(Estimator, **settings):
    return Estimator(
        **{"hidden_layer_sizes": 5, "max_iter": 6, "random_state": 0} | settings
    )


def fitted(Estimator, callback, **settings):
    return make(Estimator, **settings).set_callbacks(callback).fit(X, Y[Estimator])


@has_callbacks
@both
class TestEpochs:
    @each_family
    def test_each_begins_and_ends(self, Estimator, solver):
        record = Record()
        model = fitted(Estimator, record, solver=solver)
        order = [(name, context.task_name) for name, context, _ in record.calls]
        assert order[:2] == [("setup", "fit"), ("begin", "fit")]
        assert order[-2:] == [("end", "fit"), ("teardown", "fit")]
        assert order[2:-2] == [("begin", "epoch"), ("end", "epoch")] * model.n_iter_
        numbers = [c.task_id for name, c, _ in record.calls if c.task_name == "epoch"]
        assert numbers == [i for i in range(model.n_iter_) for _ in "be"]
        assert {c.max_subtasks for _, c, _ in record.calls} == {0, 6}

    @each_family
    def test_true_stops(self, Estimator, solver):
        model = fitted(Estimator, Record(stop_at=3), solver=solver)
        assert model.n_iter_ == 3
        assert model.stop_reason_ == "a callback asked to stop"
        twin = make(Estimator, solver=solver).fit(X, Y[Estimator])
        assert twin.loss_curve_[:3] == model.loss_curve_

    @each_family
    def test_a_fit_is_the_same_with_and_without(self, Estimator, solver):
        model = fitted(Estimator, Record(), solver=solver)
        twin = make(Estimator, solver=solver).fit(X, Y[Estimator])
        assert_array_equal(model.predict(X), twin.predict(X))
        assert model.loss_curve_ == twin.loss_curve_
        assert model.stop_reason_ == twin.stop_reason_

    @each_family
    def test_the_fitted_estimator_is_that_of_a_shorter_fit(self, Estimator, solver):
        settings = {"solver": solver, "learning_rate": "constant"}
        record = Record()
        model = fitted(Estimator, record, **settings)
        for n_iter, kept in enumerate(record.of("end"), 1):
            view = kept["fitted"]
            short = make(Estimator, **settings | {"max_iter": n_iter})
            short.fit(X, Y[Estimator])
            assert_array_equal(view.predict(X), short.predict(X))
            assert view.loss_curve_ == model.loss_curve_[:n_iter]
            assert (view.n_iter_, view.t_) == (n_iter, short.t_)
            assert view.stop_reason_ in (None, model.stop_reason_)

    def test_it_begins_with_the_weights_of_the_last(self, Estimator):
        record = Record()
        fitted(Estimator, record)
        begins = [kept["fitted"].predict(X) for kept in record.of("begin")]
        ends = [kept["fitted"].predict(X) for kept in record.of("end")]
        for begin, end in zip(begins[1:], ends, strict=False):
            assert_array_equal(begin, end)

    @pytest.mark.parametrize("solver", ["adam", "lbfgs"])
    def test_metadata_have_the_epoch_s_record(self, Estimator, solver):
        record = Record()
        model = fitted(Estimator, record, solver=solver, early_stopping=True)
        rows = [kept["metadata"].history_row for kept in record.of("end")]
        for name, column in model.history_.items():
            assert_array_equal([row[name] for row in rows], column)
        first = record.of("end")[0]["metadata"]
        assert dict(first) == {}
        copy = pickle.loads(pickle.dumps(first))
        assert copy.history_row == pytest.approx(first.history_row, nan_ok=True)

    def test_scorers_get_the_row_weights_of_the_rows_trained_on(self, Estimator):
        record, weight = Record(), rng.uniform(size=90)
        weight[:20] = 0
        model = make(Estimator).set_callbacks(record)
        model.fit(X.tolist(), Y[Estimator].tolist(), sample_weight=weight)
        for kept in record.of("begin") + record.of("end"):
            assert_array_equal(kept["X"], X[20:])
            assert_array_equal(kept["y"], Y[Estimator][20:])
            assert_array_equal(kept["metadata"]["sample_weight"], weight[20:])

    def test_frames_and_sparse_data_are_handed_over_as_they_are(self, Estimator):
        pandas = pytest.importorskip("pandas")
        frame = pandas.DataFrame(X, columns=list("abcd"))
        for data in (frame, sparse.csr_array(X)):
            record = Record()
            model = make(Estimator, early_stopping=True, solver="adam")
            model.set_callbacks(record).fit(data, Y[Estimator])
            kept = record.of("end")[-1]
            assert type(kept["X"]) is type(data)
            assert kept["X"].shape == (81, 4)
            # Without a warning of names:
            assert kept["fitted"].predict(kept["X"]).shape == kept["y"].shape

    def test_going_on_counts_on(self, Estimator):
        record = Record()
        model = make(Estimator, warm_start=True).set_callbacks(record)
        model.fit(X, Y[Estimator])
        first = record.of("end")[-1]["fitted"]
        model.fit(X, Y[Estimator])
        assert first.history_["epoch"] == [1, 2, 3, 4, 5, 6]
        last = record.of("end")[-1]
        assert last["metadata"].history_row["epoch"] == 12
        for name, column in last["fitted"].history_.items():
            assert_array_equal(column, model.history_[name])
        assert_array_equal(last["fitted"].predict(X), model.predict(X))

    def test_it_takes_columns_in_the_units_that_were_given(self, Estimator):
        record, units = Record(), X * 1e4 + 2e4
        model = make(Estimator).set_callbacks(record).fit(units, Y[Estimator])
        assert model.auto_params_["standardize"]
        begins = record.of("begin")
        assert_array_equal(begins[0]["X"], units)
        last = record.of("end")[-1]["fitted"]
        assert_array_equal(last.predict(units), model.predict(units))

    def test_a_fitted_estimator_leaves_the_callbacks_alone(self, Estimator):
        record = Record()
        fitted(Estimator, record, solver="adam")
        view, n_calls = record.of("end")[0]["fitted"], len(record.calls)
        pickle.loads(pickle.dumps(view)).partial_fit(X, Y[Estimator])
        view.partial_fit(X, Y[Estimator])
        view.fit(X, Y[Estimator])
        assert len(record.calls) == n_calls

    def test_partial_fit_calls_none(self, Estimator):
        record = Record()
        model = make(Estimator, solver="adam").set_callbacks(record)
        classes = {"classes": [0, 1, 2]} if Estimator is BPClassifier else {}
        model.partial_fit(X, Y[Estimator], **classes)
        assert record.calls == []

    def test_an_epoch_that_finds_no_better_point_ends_too(self, Estimator):
        record = Record()
        model = fitted(Estimator, record, solver="bfgs", tol=0, max_iter=10_000)
        assert "no step was found" in model.stop_reason_
        assert len(record.of("begin")) == len(record.of("end")) == model.n_iter_ + 1
        assert record.of("end")[-1]["fitted"] is None

    @each_family
    def test_an_error_ends_the_callbacks_and_changes_nothing_else(
        self, Estimator, solver
    ):
        callback = Failing()
        model = make(Estimator, solver=solver).fit(X, Y[Estimator])
        before = dict(vars(model))
        with pytest.raises(RuntimeError, match="no more"):
            model.set_callbacks(callback).fit(X, Y[Estimator])
        assert callback.torn_down == 1
        model.set_callbacks()
        assert vars(model) == before

    def test_nothing_is_copied_that_is_not_asked_for(self, Estimator):
        class Counting(Estimator):
            times = 0

            def _set_fitted_attributes(self, *arguments):
                Counting.times += 1
                super()._set_fitted_attributes(*arguments)

        Counting(5, max_iter=6).set_callbacks(Bare()).fit(X, Y[Estimator])
        assert Counting.times == 1

    def test_callbacks_are_checked(self, Estimator):
        for wrong, hint in (
            (lambda row: None, "which lacks setup, on_fit_task_begin"),
            (Record, r"which is a class: give an instance, Record\(...\)"),
            ([Record()], "one after the other; got \\["),
        ):
            with pytest.raises(TypeError, match=f"objects with the methods.*{hint}"):
                make(Estimator).set_callbacks(wrong)


@has_callbacks
@both
class TestInScikitLearn:
    def test_a_scoring_monitor_has_a_row_an_epoch(self, Estimator):
        monitor = sklearn_callback.ScoringMonitor(scoring=SCORING[Estimator])
        model = fitted(Estimator, monitor)
        data = monitor.get_logs().data
        epochs = [row for row in data if row["task_name"] == "epoch"]
        assert len(epochs) == model.n_iter_
        assert epochs[-1][SCORING[Estimator]] == model.score(X, Y[Estimator])

    def test_in_a_pipeline(self, Estimator):
        monitor = sklearn_callback.ScoringMonitor(scoring=SCORING[Estimator])
        net = make(Estimator).set_callbacks(monitor)
        pipe = make_pipeline(StandardScaler(), net).fit(X, Y[Estimator])
        rows = [r for r in monitor.get_logs().data if r["task_name"] == "epoch"]
        assert len(rows) == pipe[-1].n_iter_
        assert rows[-1][SCORING[Estimator]] == pipe.score(X, Y[Estimator])
        assert len({row["parent_task_id_path"] for row in rows}) == 1

    def test_in_a_search_on_two_processes(self, Estimator):
        monitor = sklearn_callback.ScoringMonitor(scoring=SCORING[Estimator])
        net = make(Estimator).set_callbacks(monitor)
        pipe = make_pipeline(StandardScaler(), net)
        name = f"{type(net).__name__.lower()}__hidden_layer_sizes"
        search = GridSearchCV(pipe, {name: [2, 3]}, cv=3, n_jobs=2)
        search.fit(X, Y[Estimator])
        rows = [r for r in monitor.get_logs().data if r["task_name"] == "epoch"]
        # Two candidates on three folds, and the best one on all.
        assert len(rows) == 7 * 6
        assert len({row["parent_task_id_path"] for row in rows}) == 7

    @pytest.mark.parametrize("n_jobs", [1, 2])
    def test_a_progress_bar_goes_from_the_search_down(self, Estimator, n_jobs, capsys):
        pytest.importorskip("rich")
        bar = sklearn_callback.ProgressBar(max_propagation_depth=None)
        pipe = make_pipeline(StandardScaler(), make(Estimator))
        search = GridSearchCV(pipe, {}, cv=3, n_jobs=n_jobs).set_callbacks(bar)
        search.fit(X, Y[Estimator])
        assert f"{Estimator.__name__} - fit" in capsys.readouterr().out

    def test_clones_have_them(self, Estimator):
        record = Record()
        clone(make(Estimator).set_callbacks(record)).fit(X, Y[Estimator])
        assert len(record.of("end")) == 6

    def test_one_that_stops_the_best_is_restored(self, Estimator):
        settings = {"early_stopping": True, "solver": "adam", "learning_rate_init": 0.3}
        model = fitted(Estimator, Record(stop_at=5), **settings)
        best = int(np.argmin(model.validation_loss_curve_)) + 1
        assert model.best_iter_ == best
        assert model.n_iter_ == 5


@pytest.mark.skipif(sklearn_callback is not None, reason="it has callbacks")
def test_an_older_scikit_learn_is_named():
    model = make(BPClassifier)
    assert model.set_callbacks() is model
    message = f"needs scikit-learn 1.9 or later.*this is {sklearn.__version__}"
    with pytest.raises(ImportError, match=message):
        model.set_callbacks(Record())
