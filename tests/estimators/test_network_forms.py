"""A direct path, normalised layers and layers that stay, as users meet them."""

import copy
import pickle

import numpy as np
import pytest
from _helpers import small_net, theta
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import GridSearchCV

from skann import BPClassifier, BPRegressor, load_model

rng = np.random.default_rng(0)
X = rng.normal(size=(200, 5))
REAL = 2 * X[:, 0] - X[:, 1] + 0.1 * rng.normal(size=200)
TWO = (REAL > 0).astype(int)
MASK = rng.uniform(size=(5, 7)) < 0.5
FORMS = {
    "skip": {"skip_connection": True},
    "batch": {"normalization": "batch"},
    "layer": {"normalization": "layer"},
    "all": {"skip_connection": True, "normalization": "batch", "average": "ema"},
}
each_form = pytest.mark.parametrize("form", FORMS)
each_estimator = pytest.mark.parametrize("Estimator", [BPClassifier, BPRegressor])


def vector(model):
    """All parameters, those besides the layers too."""
    rest = [] if model.skip_coef_ is None else [model.skip_coef_.ravel()]
    for kind in (model.normalization_ or {}).values():
        rest += kind
    return np.concatenate([theta(model), *rest])


@each_form
@each_estimator
class TestEither:
    def test_learns_in_any_dtype_and_repeats(self, Estimator, form):
        model = small_net(Estimator, hidden_layer_sizes=(20,), **FORMS[form])
        model.set_params(alpha=1.0, max_iter=60).fit(X.astype(np.float32), TWO)
        again = copy.deepcopy(model).fit(X.astype(np.float32), TWO)
        assert_array_equal(vector(again), vector(model))
        assert vector(model).dtype == np.float32
        assert model.score(X, TWO) > 0.6
        assert model.engine_ == "reference"

    def test_units_of_columns_do_not_matter(self, Estimator, form):
        one = small_net(Estimator, max_iter=8, **FORMS[form]).fit(100 + 30 * X, TWO)
        other = small_net(Estimator, max_iter=8, **FORMS[form]).fit(100 + 60 * X, TWO)
        assert one.auto_params_["standardize"]
        assert_allclose(
            one._raw(100 + 30 * X), other._raw(100 + 60 * X), rtol=1e-6, atol=1e-8
        )

    @pytest.mark.parametrize("way", ["pickle", "file", "copy"])
    def test_stored_it_predicts_and_trains_on_the_same(
        self, Estimator, form, way, tmp_path
    ):
        model = small_net(Estimator, **FORMS[form])
        more = {"classes": [0, 1]} if Estimator is BPClassifier else {}
        model.partial_fit(X, TWO, **more)
        if way == "pickle":
            other = pickle.loads(pickle.dumps(model))
        elif way == "copy":
            other = copy.deepcopy(model)
        else:
            model.save_model(tmp_path / "model.skann")
            other = load_model(tmp_path / "model.skann")
        assert_array_equal(other.predict(X), model.predict(X))
        for each in (other, model):
            each.partial_fit(X, TWO)
        assert_array_equal(vector(other), vector(model))

    def test_code_predicts_the_same(self, Estimator, form):
        model = small_net(Estimator, **FORMS[form]).fit(X, TWO)
        module = {}
        exec(model.to_code(), module)  # our own text
        found = np.ravel(module["predict"](X))
        assert_allclose(found, model.predict(X), rtol=1e-6, atol=1e-6)

    def test_sparse_rows_and_summary(self, Estimator, form):
        matrix = sparse.csr_array(np.where(X > 0, X, 0))
        model = small_net(Estimator, **FORMS[form]).fit(matrix, TWO)
        assert np.isfinite(model.predict(matrix)).all()
        assert model.summary().parameters >= theta(model).size
        assert model.transform(X).shape == (200, 7)
        assert "batch" in form or np.isfinite(model.input_gradients(X)).all()


class TestSkip:
    def test_what_is_linear_is_left_to_it(self):
        model = BPRegressor((5,), skip_connection=True, normalize_y=False)
        model.set_params(solver="lbfgs", random_state=0, tol=1e-9, max_iter=2000)
        model.set_params(trainable=[False, False])
        model.fit(X, REAL, coef_init=[np.zeros((5, 5)), np.zeros((5, 1))])
        theirs = LinearRegression(fit_intercept=False).fit(X, REAL)
        assert_allclose(model.skip_coef_[:, 0], theirs.coef_, rtol=1e-4)

    @pytest.mark.filterwarnings("ignore:Training stopped at max_iter")
    @pytest.mark.parametrize("solver", ["lbfgs", "newton-cg", "trust-ncg", "rprop"])
    def test_solvers_of_all_rows(self, solver):
        model = small_net(BPRegressor, solver=solver, skip_connection=True, max_iter=30)
        model.fit(X, REAL)
        assert model.loss_ < 0.5 * model.loss_curve_[0]

    def test_without_hidden_layers_it_is_a_second_linear_layer(self):
        model = small_net(BPRegressor, hidden_layer_sizes=(), skip_connection=True)
        assert model.fit(X, REAL).score(X, REAL) > 0.5


class TestNormalization:
    @pytest.mark.parametrize("solver", ["lbfgs", "rprop"])
    def test_solvers_that_can_t(self, solver):
        with pytest.raises(ValueError, match="normalization='batch' can't be used"):
            BPRegressor(normalization="batch", solver=solver).fit(X, REAL)

    def test_a_batch_of_one_row(self):
        with pytest.raises(ValueError, match="needs two rows or more in a batch"):
            BPRegressor(normalization="batch", batch_size=1).fit(X, REAL)
        with pytest.raises(ValueError, match="needs two rows or more in a batch"):
            BPRegressor(normalization="batch").partial_fit(X[:1], REAL[:1])

    @pytest.mark.parametrize("wrong", ["group", True, 1])
    def test_what_is_none(self, wrong):
        with pytest.raises(ValueError, match="'normalization' parameter"):
            BPRegressor(normalization=wrong).fit(X, REAL)

    def test_statistics_are_those_of_the_rows(self):
        settings = {"solver": "sgd", "learning_rate_init": 1e-30, "batch_size": 200}
        model = small_net(BPRegressor, normalization="batch", **settings).fit(X, REAL)
        z = X @ model.coefs_[0] + model.intercepts_[0]
        found = model.normalization_
        assert_allclose(found["mean"][0], z.mean(axis=0), atol=1e-12)
        assert_allclose(found["variance"][0], z.var(axis=0, ddof=1), rtol=1e-9)

    @pytest.mark.parametrize(
        ("kind", "more"),
        [
            ("sparse", {"alpha": 1.0}),
            ("float32", {"solver": "sgd"}),
            ("dense", {"solver": "adam", "average": "ema"}),
            ("sparse", {"solver": "adam", "early_stopping": True}),
            ("dense", {"solver": "adam", "n_init": 2, "dropout": 0.1}),
        ],
        ids=str,
    )
    @each_estimator
    def test_predictions_agree_with_the_loss_for_columns_far_from_zero(
        self, Estimator, more, kind
    ):
        rows = {"dense": 300 + X, "float32": (300 + X).astype(np.float32)}
        rows["sparse"] = sparse.csr_array(300 + X)
        model = small_net(Estimator, normalization="batch")
        model.set_params(max_iter=30, hidden_layer_sizes=(7, 7), **more)
        if "solver" in more:
            model.set_params(learning_rate_init=0.01, n_iter_no_change=30)
        model.fit(rows[kind], TWO)
        assert model.score(rows[kind], TWO) > (
            0.9 if Estimator is BPClassifier else 0.5
        )

    @pytest.mark.parametrize("average", [None, "ema"])
    def test_statistics_are_those_of_weighted_rows_after_every_epoch(self, average):
        weight = rng.uniform(0, 2, 200)
        model = small_net(BPRegressor, normalization="batch", average=average)
        model.set_params(solver="adam", learning_rate_init=0.05)
        model.fit(X, REAL, weight, X_val=X, y_val=REAL, sample_weight_val=weight)
        z = X @ model.coefs_[0] + model.intercepts_[0]
        mean = np.average(z, axis=0, weights=weight)
        variance = np.average((z - mean) ** 2, axis=0, weights=weight) * 200 / 199
        assert_allclose(model.normalization_["mean"][0], mean, rtol=1e-9, atol=1e-12)
        assert_allclose(model.normalization_["variance"][0], variance, rtol=1e-9)
        raw = model._raw(X)[:, 0]
        squares = 0.5 * (raw - (REAL - model.y_mean_) / model.y_scale_) ** 2
        assert_allclose(
            model.validation_loss_curve_[-1], np.average(squares, weights=weight)
        )

    def test_a_stream_keeps_statistics_of_all_its_batches(self):
        model = small_net(BPRegressor, normalization="batch", learning_rate_init=1e-30)
        for _ in range(50):
            model.partial_fit(X, REAL)
        z = X @ model.coefs_[0] + model.intercepts_[0]
        model.partial_fit(X[:16] + 9, REAL[:16])
        mean = model.normalization_["mean"][0]
        assert_allclose(mean, z.mean(axis=0), atol=3 * z.std())

    def test_a_layer_that_stays_has_no_gradient(self):
        model = small_net(BPRegressor, normalization="layer", solver="adam")
        model.set_params(trainable=[False, True])
        before = model.initialize(X, REAL).coefs_[0].copy()
        model.partial_fit(X, REAL)
        assert_array_equal(model.coefs_[0], before)


class TestTrainable:
    @pytest.mark.filterwarnings("ignore:Training stopped at max_iter")
    @pytest.mark.parametrize(
        "solver",
        ["auto", "sgd", "adam", "adamw", "lion", "rprop", "lbfgs", "newton-cg", "bfgs"],
    )
    @each_estimator
    def test_what_is_frozen_stays_and_the_rest_learns(self, Estimator, solver):
        mask = rng.uniform(size=(5, 7)) < 0.5
        model = small_net(Estimator, solver=solver, alpha=0.01, trainable=[mask, True])
        model.initialize(X, TWO)
        before, biases = model.coefs_[0].copy(), model.intercepts_[0].copy()
        model.fit(X, TWO)
        changed = model.coefs_[0] != before
        assert not changed[~mask].any()
        assert changed[mask].mean() > 0.5
        assert (model.intercepts_[0] != biases).any()

    def test_a_connection_that_is_not_there(self):
        weights = [np.ones((5, 7)), np.ones((7, 1))]
        mask = np.ones((5, 7), bool)
        mask[3] = False
        weights[0][3] = 0
        model = small_net(BPRegressor, solver="adam", average="ema", max_norm=2.0)
        model.set_params(trainable=[mask, True])
        model.initialize(X, REAL, coef_init=weights).partial_fit(X, REAL)
        assert (model.coefs_[0][3] == 0).all()
        other = X.copy()
        other[:, 3] = 99
        assert_array_equal(model.predict(other), model.predict(X))

    @pytest.mark.parametrize("way", ["pickle", "file", "copy"])
    def test_files_and_pickles_keep_it(self, way, tmp_path):
        model = small_net(BPRegressor, solver="adam", trainable=[False, True])
        model.partial_fit(X, REAL)
        before = model.coefs_[0].copy()
        if way == "pickle":
            model = pickle.loads(pickle.dumps(model))
        elif way == "copy":
            model = copy.deepcopy(model)
        else:
            model.save_model(tmp_path / "model.skann")
            model = load_model(tmp_path / "model.skann")
        assert_array_equal(model.partial_fit(X, REAL).coefs_[0], before)

    @pytest.mark.parametrize("trainable", [[False, True], [MASK, True]], ids=str)
    @pytest.mark.parametrize("sparse_rows", [False, True])
    @each_estimator
    def test_holds_in_a_search_with_given_weights(
        self, Estimator, trainable, sparse_rows
    ):
        rows = sparse.csr_array(X) if sparse_rows else X
        front = rng.normal(size=(5, 7))
        net = small_net(Estimator, trainable=trainable)
        search = GridSearchCV(net, {"learning_rate_init": [0.001, 0.01]}, cv=2)
        search.fit(rows, TWO, coef_init=[front, np.zeros((7, 1))])
        frozen = ~np.broadcast_to(trainable[0], front.shape)
        found = search.best_estimator_.coefs_
        assert_array_equal(found[0][frozen], front[frozen])
        assert found[1].any()

    @each_estimator
    def test_holds_in_every_start(self, Estimator):
        model = small_net(Estimator, trainable=[False, True], n_init=3).fit(X, TWO)
        assert not model.intercepts_[0].any()
        assert model.intercepts_[1].any()

    def test_may_change_from_fit_to_fit(self):
        model = small_net(BPRegressor, trainable=[False, True], warm_start=True)
        front = model.initialize(X, REAL).coefs_[0].copy()
        assert_array_equal(model.fit(X, REAL).coefs_[0], front)
        model.set_params(trainable=None).fit(X, REAL)
        assert (model.coefs_[0] != front).all()

    @each_estimator
    def test_fit_warns_where_it_drops_given_weights(self, Estimator):
        model = small_net(Estimator)
        model.initialize(X, TWO, coef_init=[np.ones((5, 7)), np.ones((7, 1))])
        with pytest.warns(UserWarning, match="drops the weights that initialize"):
            model.fit(X, TWO)
        model.fit(X, TWO)

    def test_initialize_names_the_parameter(self):
        with pytest.raises(TypeError, match=r"BPRegressor\(trainable=\.\.\.\)"):
            BPRegressor().initialize(X, REAL, trainable=[False, True])

    def test_the_gradient_s_length_is_of_what_is_trained(self):
        model = small_net(BPRegressor, solver="adam", trainable=[False, False])
        model.partial_fit(X, REAL)
        assert model.history_["gradient_norm"] == [0]

    @pytest.mark.parametrize(
        "wrong",
        [
            [True],
            (True, True, True),
            [np.ones((7, 5), bool), True],
            [np.ones((5, 7)), True],
            [1, 0],
        ],
        ids=str,
    )
    def test_what_is_none(self, wrong):
        model = small_net(BPRegressor, trainable=wrong)
        for method in (model.initialize, model.fit, model.partial_fit):
            with pytest.raises(ValueError, match="trainable must be a list with True"):
                method(X, REAL)
        assert not hasattr(model, "coefs_")
