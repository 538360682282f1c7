"""Hidden layers as features, and gradients of what is predicted."""

import numpy as np
import pytest
from _helpers import ACTIVATION_FORMULAS, small_net
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from skann import BPClassifier, BPRegressor

rng = np.random.default_rng(0)
X = rng.normal(size=(600, 4))
TWO = (X[:, 0] * X[:, 1] > 0).astype(int)
THREE = np.digitize(X[:, 0], [-0.5, 0.5])
REAL = 100 * np.sin(X[:, 0]) + X[:, 1]
POSITIVE = np.exp(X[:, 0])
SIZES, NAMES = (7, 5), ("tanh", "gelu")
each_dtype = pytest.mark.parametrize("dtype", [np.float32, np.float64])


def net(Estimator, y, **more):
    settings = {"hidden_layer_sizes": SIZES, "activation": NAMES}
    return small_net(Estimator, **(settings | more)).fit(X, y)


class TestTransform:
    @pytest.mark.parametrize(("layer", "number"), [(0, 0), (1, 1), (-1, 1), (-2, 0)])
    def test_is_the_formula_s(self, layer, number):
        model, a = net(BPClassifier, TWO), X
        for i in range(number + 1):
            z = a @ model.coefs_[i] + model.intercepts_[i]
            a = ACTIVATION_FORMULAS[NAMES[i]][0](z)
        assert_allclose(model.transform(X, layer), a, rtol=1e-10, atol=1e-14)

    def test_the_output_layer_on_it_predicts_the_same(self):
        model = net(BPRegressor, REAL, normalize_y=False)
        found = model.transform(X) @ model.coefs_[-1] + model.intercepts_[-1]
        assert_allclose(found[:, 0], model.predict(X))

    @each_dtype
    def test_dtype_sparse_rows_and_any_number_of_them(self, dtype):
        model = small_net(BPClassifier).fit(X.astype(dtype), TWO)
        found = model.transform(X.astype(dtype))
        assert found.dtype == dtype
        assert found.shape == (600, 7)
        rows = sparse.csr_array(X.astype(dtype))
        assert_allclose(model.transform(rows), found, rtol=1e-4, atol=1e-5)

    def test_before_another_estimator(self):
        first = BPClassifier((8,), "tanh", random_state=0)
        both = make_pipeline(first, LogisticRegression()).fit(X, TWO)
        assert (
            both.score(X, TWO) > 0.95 > LogisticRegression().fit(X, TWO).score(X, TWO)
        )
        assert list(both[0].get_feature_names_out()) == [
            f"bpclassifier{i}" for i in range(8)
        ]

    def test_a_frame_where_it_is_asked_for(self):
        pandas = pytest.importorskip("pandas")
        model = net(BPRegressor, REAL).set_output(transform="pandas")
        found = model.transform(X)
        assert isinstance(found, pandas.DataFrame)
        assert list(found.columns) == list(model.get_feature_names_out())

    @pytest.mark.parametrize("layer", [2, -3, 0.0, "last", True, None])
    def test_a_layer_that_is_not_there(self, layer):
        with pytest.raises(ValueError, match="layer must be an integer from -2 to 1"):
            net(BPClassifier, TWO).transform(X, layer)

    def test_without_hidden_layers(self):
        model = net(BPClassifier, TWO, hidden_layer_sizes=(), activation="tanh")
        with pytest.raises(ValueError, match="the network has 0 hidden layers"):
            model.transform(X)


def differences(function, n_features=4, step=1e-6):
    """Derivatives of ``function(X)`` by each feature, the last axis of the result."""
    return np.stack(
        [
            (function(X + step * unit) - function(X - step * unit)) / (2 * step)
            for unit in np.eye(n_features)
        ],
        axis=-1,
    )


class TestInputGradients:
    @pytest.mark.parametrize("y", [TWO, THREE], ids=["two", "three"])
    def test_of_a_classifier_are_those_of_decision_function(self, y):
        model = net(BPClassifier, y)
        found = model.input_gradients(X)
        assert_allclose(found, differences(model.decision_function), atol=1e-7)

    @pytest.mark.parametrize(
        ("y", "options"),
        [
            (REAL, {}),
            (np.column_stack([REAL, TWO]), {}),
            (POSITIVE, {"loss": "poisson"}),
            (REAL, {"loss": "quantile", "quantile": [0.45, 0.5, 0.55]}),
        ],
        ids=["one", "two", "log", "quantiles"],
    )
    def test_of_a_regressor_are_those_of_predict(self, y, options):
        model = net(BPRegressor, y, max_iter=2, **options)
        found = model.input_gradients(X)
        assert_allclose(found, differences(model.predict), rtol=1e-5, atol=1e-5)

    def test_without_hidden_layers_they_are_the_weights(self):
        model = net(BPClassifier, TWO, hidden_layer_sizes=(), activation="tanh")
        expected = np.tile(model.coefs_[0].T, (600, 1))
        assert_array_equal(model.input_gradients(X), expected)

    @each_dtype
    def test_dtype_and_sparse_rows(self, dtype):
        model = small_net(BPRegressor).fit(X.astype(dtype), REAL.astype(dtype))
        found = model.input_gradients(X.astype(dtype))
        assert found.dtype == dtype
        rows = sparse.csr_array(X.astype(dtype))
        assert_allclose(model.input_gradients(rows), found, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("method", ["transform", "input_gradients"])
@pytest.mark.parametrize("Estimator", [BPClassifier, BPRegressor])
def test_what_is_refused(Estimator, method):
    with pytest.raises(NotFittedError):
        getattr(Estimator(), method)(X)
    model = small_net(Estimator).fit(X, TWO)
    with pytest.raises(ValueError, match="X has 2 features"):
        getattr(model, method)(X[:, :2])
