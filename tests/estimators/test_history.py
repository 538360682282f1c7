"""``history_``: a table of the life of a model, one row an epoch."""

import pickle

import numpy as np
import pytest
from _helpers import small_net
from numpy.testing import assert_array_equal
from sklearn.datasets import make_classification, make_regression

from skann import BPClassifier, BPRegressor
from skann._optimize.solvers import SOLVERS
from skann._training.monitor import COLUMNS

# Short fits on purpose: what they would still gain is no matter here.
pytestmark = pytest.mark.filterwarnings("ignore:Training stopped at max_iter")

X, y = make_classification(60, 5, random_state=0)
X_REAL, y_real = make_regression(60, 5, random_state=0)
PAIRS = {BPClassifier: (X, y), BPRegressor: (X_REAL, y_real)}

over_estimators = pytest.mark.parametrize("Estimator", PAIRS)


# Columns that solvers add.
ADDED = {"lm": ("mu",), "br": ("mu", "alpha", "n_effective_parameters")}


def check_table(history, n_epochs, added=()):
    assert tuple(history) == (*COLUMNS, *added)
    assert {len(column) for column in history.values()} == {n_epochs}
    assert history["epoch"] == list(range(1, n_epochs + 1))
    assert np.isfinite(history["loss"]).all()
    assert history["seconds"][0] > 0
    assert (np.diff(history["seconds"]) > 0).all()


@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize("early_stopping", [False, True])
@over_estimators
def test_every_solver_fills_the_same_columns(Estimator, solver, early_stopping):
    model = small_net(Estimator, solver=solver, early_stopping=early_stopping)
    model.fit(*PAIRS[Estimator])
    check_table(model.history_, model.n_iter_, ADDED.get(solver, ()))
    for name in ("validation_loss", "validation_score"):
        column = model.history_[name]
        assert np.isfinite(column).all() if early_stopping else np.isnan(column).all()


class TestOneEntryAnEpoch:
    def test_of_a_fit(self):
        model = small_net(BPClassifier).fit(X, y)
        check_table(model.history_, 5)
        model.fit(X, y)
        check_table(model.history_, 5)

    @pytest.mark.parametrize("solver", ["adam", "lbfgs"])
    def test_of_warm_starts(self, solver):
        model = small_net(BPClassifier, warm_start=True, solver=solver, max_iter=3)
        model.fit(X, y)
        model.set_params(max_iter=2).fit(X, y)
        assert model.n_iter_ == 2
        check_table(model.history_, 5)

    @over_estimators
    def test_of_passes_after_a_fit(self, Estimator):
        pair = PAIRS[Estimator]
        model = small_net(Estimator).fit(*pair)
        for _ in range(3):
            model.partial_fit(*pair)
        assert model.n_iter_ == 1
        check_table(model.history_, 8)

    def test_of_passes_some_with_validation_data(self):
        model = small_net(BPClassifier).partial_fit(X, y, classes=[0, 1])
        model.partial_fit(X, y, X_val=X, y_val=y)
        check_table(model.history_, 2)
        assert np.isnan(model.validation_loss_curve_).tolist() == [True, False]
        assert np.isnan(model.validation_scores_).tolist() == [True, False]


class TestWhatIsReadOffIt:
    @pytest.mark.parametrize("solver", SOLVERS)
    @over_estimators
    def test_curves_and_the_best(self, Estimator, solver):
        model = small_net(Estimator, solver=solver, early_stopping=True, max_iter=20)
        model.fit(*PAIRS[Estimator])
        history = model.history_
        assert model.loss_curve_ == history["loss"]
        assert model.validation_loss_curve_ == history["validation_loss"]
        assert model.validation_scores_ == history["validation_score"]
        assert model.best_loss_ == min(history["loss"])
        assert model.loss_ == history["loss"][-1]
        best = int(np.argmin(history["validation_loss"]))
        assert model.best_iter_ == history["epoch"][best]
        assert model.best_validation_score_ == history["validation_score"][best]

    def test_without_validation_data(self):
        model = small_net(BPClassifier).fit(X, y)
        assert model.validation_loss_curve_ is None
        assert model.validation_scores_ is None
        assert model.best_validation_score_ is None
        assert model.best_iter_ == 5

    def test_before_a_fit_there_is_none(self):
        for name in ("history_", "loss_curve_", "validation_scores_", "best_loss_"):
            assert not hasattr(BPClassifier(), name)


@over_estimators
def test_survives_a_pickle_and_goes_on(Estimator):
    pair = PAIRS[Estimator]
    model = small_net(Estimator).fit(*pair)
    loaded = pickle.loads(pickle.dumps(model))
    for name in COLUMNS:
        assert_array_equal(loaded.history_[name], model.history_[name])
    loaded.partial_fit(*pair)
    check_table(loaded.history_, 6)
    check_table(model.history_, 5)


def test_an_error_leaves_it_as_it_was():
    model = small_net(BPClassifier, warm_start=True).fit(X, y)
    with pytest.raises(ValueError, match="y_val"):
        model.fit(X, y, X_val=X)
    check_table(model.history_, 5)


@pytest.mark.parametrize("solver", SOLVERS)
def test_pandas_makes_a_table_of_it(solver):
    pandas = pytest.importorskip("pandas")
    model = small_net(BPClassifier, solver=solver).fit(X, y)
    table = pandas.DataFrame(model.history_)
    assert tuple(table.columns) == (*COLUMNS, *ADDED.get(solver, ()))
    assert len(table) == model.n_iter_
    assert table["loss"].tolist() == model.loss_curve_
    assert table["validation_loss"].isna().all()


class TestInANotebook:
    def test_is_a_dict_and_shows_as_a_table(self):
        history = small_net(BPClassifier, max_iter=3).fit(X, y).history_
        assert isinstance(history, dict)
        assert repr(history) == repr(dict(history))
        assert type(pickle.loads(pickle.dumps(history))) is dict
        html = history._repr_html_()
        assert html.count("<tr>") == 1 + 3
        assert ">loss</th>" in html
        assert "validation" not in html  # NaN throughout
        assert f">{history['loss'][-1]:.6g}</td>" in html

    def test_a_long_one_is_cut_in_the_middle(self):
        net = small_net(BPClassifier, max_iter=30)
        html = net.fit(X, y).history_._repr_html_()
        assert html.count("<tr>") == 1 + 20 + 1
        assert ">10</td>" in html
        assert ">21</td>" in html
        assert ">15</td>" not in html
        assert ">30 epochs<" in html
