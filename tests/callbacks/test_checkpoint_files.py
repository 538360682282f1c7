"""Which files a checkpoint keeps, and which of them a fit goes on from."""

import numpy as np
import pytest
from _helpers import theta
from numpy.testing import assert_array_equal
from scipy import sparse
from sklearn.model_selection import GridSearchCV, cross_val_score

from skann import BPClassifier, BPRegressor, load_model
from skann.callbacks import Checkpoint

pytest.importorskip("sklearn.callback", reason="callbacks came with scikit-learn 1.9")
pytestmark = pytest.mark.filterwarnings("ignore:Training stopped at max_iter")

rng = np.random.default_rng(0)
X = rng.normal(size=(150, 5))
Y = np.sin(X[:, 0]) + X[:, 1] * X[:, 2]


class Crash:
    """A callback that ends a fit in its middle."""

    def __init__(self, after):
        self.after = after

    def setup(self, estimator, context):
        pass

    on_fit_task_begin = teardown = setup

    def on_fit_task_end(self, estimator, context, *, metadata):
        if getattr(metadata, "history_row", {"epoch": 0})["epoch"] == self.after:
            raise MemoryError


def make(Estimator=BPRegressor, **settings):
    defaults = {"solver": "adam", "max_iter": 14, "batch_size": 16, "random_state": 0}
    return Estimator((6,), **(defaults | settings))


def crashed(path, after=9, **options):
    with pytest.raises(MemoryError):
        make().set_callbacks(Checkpoint(path, **options), Crash(after)).fit(X, Y)


def resumed(path, **options):
    return make().set_callbacks(Checkpoint(path, resume=True, **options)).fit(X, Y)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "fit.checkpoint"


class TestLast:
    def test_so_many_are_kept(self, path):
        crashed(path, every=2, keep_last=3)
        names = sorted(file.name for file in path.parent.iterdir())
        assert names == ["fit.checkpoint", "fit.checkpoint.1", "fit.checkpoint.2"]

    @pytest.mark.parametrize("n_damaged", [0, 1, 2])
    def test_the_newest_that_can_be_read_is_gone_on_from(self, path, n_damaged):
        crashed(path, every=2, keep_last=3)
        for file in sorted(path.parent.iterdir())[:n_damaged]:
            file.write_bytes(file.read_bytes()[:-7])
        if n_damaged:
            with pytest.warns(UserWarning, match="goes on from the one before"):
                model = resumed(path, keep_last=3)
        else:
            model = resumed(path, keep_last=3)
        assert_array_equal(theta(model), theta(make().fit(X, Y)))

    def test_a_kill_between_two_names_leaves_the_one_before(self, path):
        crashed(path, keep_last=2)
        path.unlink()
        model = resumed(path, keep_last=2)
        assert_array_equal(theta(model), theta(make().fit(X, Y)))

    def test_with_none_that_can_be_read_there_is_an_error(self, path):
        crashed(path, keep_last=2)
        for file in path.parent.iterdir():
            file.write_bytes(b"nothing")
        with (
            pytest.warns(UserWarning, match="goes on from the one before"),
            pytest.raises(ValueError, match=r"fit\.checkpoint\.1' is damaged"),
        ):
            resumed(path, keep_last=2)

    def test_those_of_another_fit_do_not_stay_behind(self, path):
        crashed(path, keep_last=3)
        crashed(path, after=2, keep_last=3)
        names = sorted(file.name for file in path.parent.iterdir())
        assert names == ["fit.checkpoint", "fit.checkpoint.1"]


class TestBest:
    def best(self, path, model, y=Y, **given):
        checkpoint = Checkpoint(path, every=5, keep_best=True)
        model.set_callbacks(checkpoint).fit(X, y, **given)
        return load_model(f"{path}.best")

    @pytest.mark.parametrize("scoring", ["loss", "r2"])
    def test_is_the_model_that_early_stopping_keeps(self, path, scoring):
        model = make(early_stopping=True, scoring=scoring, learning_rate_init=0.3)
        best = self.best(path, model)
        assert model.best_iter_ < model.n_iter_
        assert_array_equal(best.predict(X), model.predict(X))

    def test_has_the_lowest_training_loss_without_validation_data(self, path):
        model = make(learning_rate_init=0.5)
        best = self.best(path, model)
        assert best.loss_ == min(model.loss_curve_)
        assert best.n_iter_ == 1 + np.argmin(model.loss_curve_)
        assert best.n_iter_ < model.n_iter_

    def test_has_the_lowest_loss_on_validation_data_that_are_watched(self, path):
        given = {"X_val": X[:40], "y_val": Y[::-1][:40]}
        model = make(learning_rate_init=0.1)
        best = self.best(path, model, **given)
        assert best.n_iter_ == 1 + np.argmin(model.validation_loss_curve_)

    def test_survives_a_crash(self, path):
        crashed(path, every=4, keep_best=True)
        model = resumed(path, every=4, keep_best=True)
        whole = make().fit(X, Y)
        best = load_model(f"{path}.best")
        assert best.loss_ == min(whole.loss_curve_)
        assert_array_equal(theta(model), theta(whole))

    def test_of_a_model_that_no_file_can_hold_is_an_error_at_once(self, path):
        model = make(BPClassifier, solver="sgd", learning_rate=lambda k: 0.1)
        model.set_callbacks(Checkpoint(path, keep_best=True))
        with pytest.raises(ValueError, match="keep_best=True: learning_rate="):
            model.fit(X, Y > 0)
        assert list(path.parent.iterdir()) == []


class TestFitsOfASearch:
    @pytest.mark.parametrize("sparse_rows", [False, True])
    def test_each_resumes_from_its_own_file(self, tmp_path, sparse_rows):
        rows = sparse.csr_array(X) if sparse_rows else X
        path = tmp_path / "fold-{fit}.checkpoint"

        def searched(*callbacks):
            net = make(max_iter=6).set_callbacks(*callbacks)
            grid = {"alpha": [0.0, 0.1], "random_state": [0, 1]}
            search = GridSearchCV(net, grid, cv=2, error_score="raise")
            return search.fit(rows, Y)

        whole = searched()
        with pytest.raises(MemoryError):
            searched(Checkpoint(path, resume=True), Crash(4))
        found = searched(Checkpoint(path, resume=True, keep_best=True))
        assert_array_equal(theta(found.best_estimator_), theta(whole.best_estimator_))
        scores = [each.cv_results_["mean_test_score"] for each in (whole, found)]
        assert_array_equal(*scores)
        assert len(list(tmp_path.glob("fold-*.checkpoint"))) == 9
        assert len(list(tmp_path.glob("fold-*.checkpoint.best"))) == 9

    def test_one_name_for_all_is_an_error_that_says_how(self, path):
        net = make().set_callbacks(Checkpoint(path, resume=True))
        with pytest.raises(
            ValueError, match=r"Checkpoint\('.*fit-\{fit\}.checkpoint'\)"
        ):
            cross_val_score(net, X, Y, cv=3, error_score="raise")

    def test_one_file_that_another_fit_replaces_warns(self, path):
        net = make().set_callbacks(Checkpoint(path))
        with pytest.warns(UserWarning, match="replaces the file of another fit"):
            cross_val_score(net, X, Y, cv=2)

    def test_a_warm_start_goes_on_in_its_file(self, path):
        net = make(warm_start=True).set_callbacks(Checkpoint(path))
        net.fit(X, Y).fit(X, Y)
        assert path.exists()
