"""The package's own callbacks, on real fits."""

import copy
import csv
import json
import math
import pickle

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skann import BPClassifier, BPRegressor
from skann.callbacks import LivePlot, MLflowLog, TensorBoardLog, TrainingLog

pytest.importorskip("sklearn.callback", reason="callbacks came with scikit-learn 1.9")

rng = np.random.default_rng(0)
X = rng.normal(size=(90, 4))
y = (X[:, 0] + X[:, 1] > 0).astype(int)


def fitted(callback, **settings):
    net = BPClassifier(5, max_iter=6, random_state=0, solver="adam", **settings)
    return net.set_callbacks(callback).fit(X, y)


def lines_of(path):
    with open(path, newline="") as file:
        return list(csv.DictReader(file))


class TestTrainingLog:
    @pytest.mark.parametrize("early_stopping", [False, True])
    def test_csv_has_the_history(self, tmp_path, early_stopping):
        path = tmp_path / "log.csv"
        model = fitted(TrainingLog(path), early_stopping=early_stopping)
        rows = lines_of(path)
        assert list(rows[0]) == ["run", "task", *model.history_]
        for name, column in model.history_.items():
            np.testing.assert_array_equal([float(row[name]) for row in rows], column)

    def test_json_lines_have_null_for_what_is_not_there(self, tmp_path):
        path = tmp_path / "log.jsonl"
        model = fitted(TrainingLog(str(path)))
        rows = [json.loads(line) for line in path.read_text().splitlines()]
        assert [row["loss"] for row in rows] == model.loss_curve_
        assert {row["validation_loss"] for row in rows} == {None}

    def test_a_line_is_there_when_its_epoch_ends(self, tmp_path):
        path, seen = tmp_path / "log.csv", []

        class Reader:
            def setup(self, estimator, context):
                pass

            teardown = on_fit_task_begin = setup

            def on_fit_task_end(self, estimator, context):
                seen.append(len(lines_of(path)))

        net = BPClassifier(5, max_iter=3, solver="adam")
        net.set_callbacks(TrainingLog(path), Reader()).fit(X, y)
        assert seen == [1, 2, 3, 3]

    def test_a_search_on_two_processes_has_every_epoch_of_every_fit(self, tmp_path):
        path = tmp_path / "log.csv"
        net = BPClassifier(max_iter=6, solver="adam").set_callbacks(TrainingLog(path))
        pipe = make_pipeline(StandardScaler(), net)
        grid = {"bpclassifier__hidden_layer_sizes": [2, 3]}
        GridSearchCV(pipe, grid, cv=3, n_jobs=2).fit(X, y)
        rows = lines_of(path)
        assert len({row["run"] for row in rows}) == 1
        tasks = [row["task"] for row in rows]
        assert len(set(tasks)) == 7
        assert all(tasks.count(task) == 6 for task in tasks)

    def test_further_fits_are_appended(self, tmp_path):
        log = TrainingLog(tmp_path / "log.csv")
        fitted(log)
        fitted(pickle.loads(pickle.dumps(log)))
        rows = lines_of(log.path)
        assert len(rows) == 12
        assert len({row["run"] for row in rows}) == 2

    def test_a_file_of_something_else_is_left_alone(self, tmp_path):
        path = tmp_path / "data.csv"
        path.write_text("a,b\n1,2\n")
        with pytest.raises(ValueError, match=r"data.csv.*has the columns \['a', 'b'\]"):
            fitted(TrainingLog(path))
        assert path.read_text() == "a,b\n1,2\n"

    def test_where_it_can_t_write_is_said_at_once(self, tmp_path):
        with pytest.raises(ValueError, match=r"must end in .csv or .jsonl; got 'log'"):
            TrainingLog("log")
        with pytest.raises(FileNotFoundError, match="there is no folder"):
            TrainingLog(tmp_path / "none" / "log.csv")


def test_what_has_no_epochs_is_refused(tmp_path):
    pipe = make_pipeline(StandardScaler(), BPClassifier())
    pipe.set_callbacks(TrainingLog(tmp_path / "log.csv"))
    with pytest.raises(TypeError, match=r"set on Pipeline\. Set it on the network"):
        pipe.fit(X, y)


class TestLivePlot:
    def test_a_file_is_drawn_again(self, tmp_path):
        pytest.importorskip("matplotlib")
        path, sizes = tmp_path / "loss.png", set()

        class Watch(LivePlot):
            def _epoch(self, fit, row):
                super()._epoch(fit, row)
                sizes.add(path.read_bytes())

        fitted(Watch(path, interval=0), early_stopping=True)
        assert len(sizes) == 6
        assert path.read_bytes().startswith(b"\x89PNG")

    def test_the_last_epoch_is_drawn_however_short_the_fit(self, tmp_path):
        pytest.importorskip("matplotlib")
        short, long = tmp_path / "short.png", tmp_path / "long.png"
        fitted(LivePlot(short, interval=0))
        fitted(LivePlot(long, interval=1e6))
        assert short.read_bytes() == long.read_bytes()

    def test_without_a_screen_it_asks_for_a_file(self):
        matplotlib = pytest.importorskip("matplotlib")
        with matplotlib.rc_context():
            matplotlib.use("agg")
            with pytest.raises(RuntimeError, match=r"nowhere to draw.*'loss.png'"):
                fitted(LivePlot())

    def test_bad_interval(self):
        pytest.importorskip("matplotlib")
        with pytest.raises(ValueError, match="interval must be at least 0"):
            LivePlot(interval=math.nan)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_tensorboard_has_the_history(tmp_path):
    pytest.importorskip("tensorboard")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    model = fitted(TensorBoardLog(tmp_path), early_stopping=True)
    (folder,) = tmp_path.iterdir()
    events = EventAccumulator(str(folder)).Reload()
    for tag, column in {
        "loss/training": "loss",
        "loss/validation": "validation_loss",
        "score/validation": "validation_score",
        "learning_rate": "learning_rate",
    }.items():
        found = [e.tensor_proto.float_val[0] for e in events.Tensors(tag)]
        np.testing.assert_allclose(found, model.history_[column], rtol=1e-6)
        assert [e.step for e in events.Tensors(tag)] == [1, 2, 3, 4, 5, 6]


@pytest.mark.filterwarnings("ignore")
class TestMLflow:
    @pytest.fixture
    def mlflow(self, tmp_path, monkeypatch):
        monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
        mlflow = pytest.importorskip("mlflow")
        before = mlflow.get_tracking_uri()
        mlflow.set_tracking_uri((tmp_path / "runs").as_uri())
        yield mlflow
        mlflow.set_tracking_uri(before)

    def test_a_run_has_parameters_and_a_metric_an_epoch(self, mlflow):
        model = fitted(MLflowLog())
        (run,) = mlflow.search_runs(output_format="list")
        assert run.info.status == "FINISHED"
        assert run.data.params["hidden_layer_sizes"] == "5"
        losses = mlflow.MlflowClient().get_metric_history(run.info.run_id, "loss")
        assert [metric.value for metric in losses] == model.loss_curve_
        assert mlflow.active_run() is None

    def test_a_fit_inside_a_run_is_nested(self, mlflow):
        with mlflow.start_run() as parent:
            fitted(MLflowLog())
            fitted(MLflowLog())
            assert mlflow.active_run().info.run_id == parent.info.run_id
        runs = mlflow.search_runs(output_format="list")
        parents = [run.data.tags.get("mlflow.parentRunId") for run in runs]
        assert sorted(map(str, parents)) == sorted(["None", *2 * [parent.info.run_id]])

    def test_a_fit_that_fails_is_a_failed_run(self, mlflow):
        net = BPRegressor(5, solver="sgd", learning_rate_init=1e30, max_iter=9)
        with pytest.raises(ValueError, match="diverged"):
            net.set_callbacks(MLflowLog()).fit(X * 1e20, y * 1e20)
        (run,) = mlflow.search_runs(output_format="list")
        assert run.info.status == "FAILED"


@pytest.mark.parametrize(
    ("package", "kind", "arguments", "extra"),
    [
        ("tensorboard", TensorBoardLog, ["runs"], "tensorboard"),
        ("mlflow", MLflowLog, [], "mlflow"),
        ("matplotlib", LivePlot, [], "plot"),
    ],
)
def test_a_missing_package_names_the_extra(
    monkeypatch, package, kind, arguments, extra
):
    monkeypatch.setitem(__import__("sys").modules, package, None)
    with pytest.raises(ImportError, match=rf"{kind.__name__}.*skann\[{extra}\]"):
        kind(*arguments)


class Follower:
    """A callback that can't leave its process."""

    def setup(self, estimator, context): ...

    on_fit_task_begin = on_fit_task_end = teardown = setup

    def __reduce__(self):
        raise TypeError("a follower stays where it is")

    def __deepcopy__(self, memo):
        return self


class TestPickles:
    def test_that_of_a_fitted_model_has_no_callbacks(self):
        model = fitted(Follower())
        other = pickle.loads(pickle.dumps(model))
        assert_array_equal(other.predict(X), model.predict(X))
        assert "_skl_callbacks" not in vars(other)

    def test_skops_asks_for_the_one_class_of_a_model(self):
        skops = pytest.importorskip("skops.io")
        text = skops.dumps(make_pipeline(StandardScaler(), fitted(Follower())))
        assert skops.get_untrusted_types(data=text) == ["skann.BPClassifier"]

    def test_copies_and_clones_have_them(self):
        model = BPClassifier(max_iter=3).set_callbacks(Follower())
        for _ in range(2):
            for other in (clone(model), copy.copy(model), copy.deepcopy(model)):
                assert other._skl_callbacks == model._skl_callbacks
            model.fit(X, y)

    def test_that_of_an_unfitted_one_has_them(self):
        with pytest.raises(TypeError, match="a follower stays"):
            pickle.dumps(BPClassifier().set_callbacks(Follower()))
