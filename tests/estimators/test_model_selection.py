"""The estimators inside scikit-learn: pipelines, grid search, routing, frames."""

import joblib
import numpy as np
import pytest
import sklearn
from _helpers import FEW_ITERATIONS_ARE_ENOUGH
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.metrics import accuracy_score, make_scorer, r2_score
from sklearn.model_selection import (
    GridSearchCV,
    cross_val_predict,
    cross_val_score,
    cross_validate,
)
from sklearn.multioutput import MultiOutputClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

from skann import BPClassifier, BPRegressor
from skann.datasets import load_mnist, make_xor

XOR = make_xor(200, noise=0.3, random_state=0)
WEIGHT = np.random.RandomState(0).uniform(0.5, 2, 200)


def make_net(Estimator=BPClassifier, **parameters):
    defaults = {
        "solver": "adam",
        "hidden_layer_sizes": (8,),
        "learning_rate_init": 0.02,
        "batch_size": 32,
        "max_iter": 30,
        "n_iter_no_change": 30,
        "random_state": 0,
    }
    return Estimator(**(defaults | parameters))


def search(net, grid, X, y, n_jobs, backend="loky"):
    """A fitted grid search whose workers have one BLAS thread each."""
    pipeline = Pipeline([("scale", StandardScaler()), ("net", net)])
    grid = {f"net__{name}": values for name, values in grid.items()}
    # Without the compiled engine sums depend on it in their last bits.
    workers = {"inner_max_num_threads": 1} if backend == "loky" else {}
    with threadpool_limits(1), joblib.parallel_config(backend, **workers):
        return GridSearchCV(pipeline, grid, cv=3, n_jobs=n_jobs).fit(X, y)


def assert_same_search(one, other):
    assert one.best_params_ == other.best_params_
    scores = [name for name in one.cv_results_ if "test_score" in name]
    assert len(scores) == 6
    for name in scores:
        assert_array_equal(one.cv_results_[name], other.cv_results_[name])
    for a, b in zip(
        one.best_estimator_["net"].coefs_,
        other.best_estimator_["net"].coefs_,
        strict=True,
    ):
        assert_array_equal(a, b)


class TestGridSearch:
    def test_jobs_in_threads(self):
        grid = {"hidden_layer_sizes": [(4,), (8,)], "dropout": [0.0, 0.2]}
        one, two = (
            search(make_net(), grid, *XOR, n_jobs, "threading") for n_jobs in (1, 2)
        )
        assert_same_search(one, two)

    def test_xor(self):
        grid = {"hidden_layer_sizes": [(), (8,)], "loss": ["mse", "softmax"]}
        one, two = (search(make_net(), grid, *XOR, n_jobs) for n_jobs in (1, 2))
        assert_same_search(one, two)
        # No straight line parts the exclusive or.
        assert one.best_params_["net__hidden_layer_sizes"] == (8,)
        assert one.best_score_ > 0.95
        for parameters, score in zip(
            one.cv_results_["params"], one.cv_results_["mean_test_score"], strict=True
        ):
            assert (score < 0.75) == (parameters["net__hidden_layer_sizes"] == ())

    def test_digits(self):
        X, y = load_mnist(subset="test", return_X_y=True)
        X, y = X[:1000], y[:1000]
        net = make_net(hidden_layer_sizes=(32,), learning_rate_init=0.005, max_iter=5)
        grid = {"activation": ["relu", "tanh_opt"], "alpha": [0.0, 1.0]}
        one, two = (search(net, grid, X, y, n_jobs) for n_jobs in (1, 2))
        assert_same_search(one, two)
        assert one.best_params_["net__alpha"] == 0.0
        assert one.best_score_ > 0.8
        assert one.best_estimator_["net"].coefs_[0].dtype == np.float32


class TestCrossValidation:
    @pytest.mark.parametrize(
        "method", ["predict", "predict_proba", "decision_function"]
    )
    def test_cross_val_predict(self, method):
        X, y = XOR
        found = cross_val_predict(make_net(), X, y, cv=4, method=method)
        if method == "predict_proba":
            assert found.shape == (200, 2)
            found = found.argmax(axis=1)
        elif method == "decision_function":
            assert found.shape == (200,)
            found = found > 0
        assert accuracy_score(y, found) > 0.95

    # A hundred iterations are good enough for the scores asked for.
    @pytest.mark.filterwarnings(FEW_ITERATIONS_ARE_ENOUGH)
    def test_of_the_regressor(self):
        X = XOR[0]
        target = X[:, 0] * X[:, 1]
        net = make_net(BPRegressor, solver="lbfgs", max_iter=100, n_iter_no_change=100)
        found = cross_val_predict(net, X, target, cv=4)
        assert found.shape == (200,)
        assert r2_score(target, found) > 0.9
        assert cross_val_score(net, X, target, cv=4).min() > 0.8

    def test_inside_another_estimator(self):
        X, y = XOR
        both = MultiOutputClassifier(make_net()).fit(X, np.column_stack([y, 1 - y]))
        assert (both.predict(X)[:, 0] == y).mean() > 0.95


class TestRouting:
    def routed(self):
        return Pipeline(
            [
                ("scale", StandardScaler().set_fit_request(sample_weight=False)),
                ("net", make_net().set_fit_request(sample_weight=True)),
            ]
        )

    def test_weights_through_a_pipeline(self):
        X, y = XOR
        scaled = StandardScaler().fit_transform(X)
        weighted, plain = make_net().fit(scaled, y, WEIGHT), make_net().fit(scaled, y)
        with sklearn.config_context(enable_metadata_routing=True):
            pipeline = self.routed().fit(X, y, sample_weight=WEIGHT)
        assert_array_equal(pipeline["net"].coefs_[0], weighted.coefs_[0])
        assert not np.array_equal(plain.coefs_[0], weighted.coefs_[0])

    def test_weights_through_cross_validation(self):
        X, y = XOR
        weight = np.where(y == 1, 1.0, 0.0)  # nothing but one class counts
        with sklearn.config_context(enable_metadata_routing=True):
            scorer = make_scorer(accuracy_score).set_score_request(sample_weight=True)
            found = cross_validate(
                self.routed(),
                X,
                y,
                cv=2,
                scoring=scorer,
                params={"sample_weight": weight},
                return_estimator=True,
            )
        for pipeline in found["estimator"]:
            assert_array_equal(pipeline.predict(X), np.ones(200))
        assert_array_equal(found["test_score"], [1.0, 1.0])

    def test_weights_without_routing(self):
        X, y = XOR
        scaled = StandardScaler().fit_transform(X)
        pipeline = make_pipeline(StandardScaler(), make_net())
        pipeline.fit(X, y, bpclassifier__sample_weight=WEIGHT)
        weighted = make_net().fit(scaled, y, WEIGHT)
        assert_array_equal(pipeline[-1].coefs_[0], weighted.coefs_[0])


class TestFrames:
    @pytest.mark.parametrize("Estimator", [BPClassifier, BPRegressor])
    def test_set_output_hands_names_on(self, Estimator):
        pandas = pytest.importorskip("pandas")
        X, y = XOR
        frame = pandas.DataFrame(X, columns=["left", "right"])
        pipeline = make_pipeline(StandardScaler(), make_net(Estimator))
        pipeline.set_output(transform="pandas").fit(frame, y)
        assert_array_equal(pipeline[-1].feature_names_in_, ["left", "right"])
        plain = make_pipeline(StandardScaler(), make_net(Estimator)).fit(X, y)
        # A frame is in another memory order, which the last bits may tell.
        assert_allclose(pipeline.predict(frame), plain.predict(X), atol=1e-9)
