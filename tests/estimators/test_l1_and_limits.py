"""`l1_ratio` and `max_grad_norm`, as users meet them."""

import warnings

import numpy as np
import pytest
from _helpers import small_net, theta
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.linear_model import ElasticNet, Lasso

from skann import BPClassifier, BPRegressor

rng = np.random.default_rng(0)
X = rng.normal(size=(200, 8))
REAL = 2 * X[:, 0] - X[:, 1] + 0.1 * rng.normal(size=200)
TWO = (REAL > 0).astype(int)
each_estimator = pytest.mark.parametrize("Estimator", [BPClassifier, BPRegressor])


@pytest.mark.parametrize("l1_ratio", [0.5, 1.0])
@pytest.mark.parametrize("solver", ["adam", "sgd"])
def test_is_elastic_net_without_hidden_layers(solver, l1_ratio):
    theirs = Lasso if l1_ratio == 1 else ElasticNet
    options = {} if l1_ratio == 1 else {"l1_ratio": l1_ratio}
    theirs = theirs(alpha=0.3, tol=1e-10, **options).fit(X, REAL)
    ours = BPRegressor(
        (),
        solver=solver,
        alpha=0.3,
        l1_ratio=l1_ratio,
        normalize_y=False,
        batch_size=200,
        learning_rate="cosine",
        learning_rate_init=0.03,
        max_iter=2000,
        random_state=0,
    ).fit(X, REAL)
    assert_allclose(ours.coefs_[0][:, 0], theirs.coef_, atol=1e-3)
    assert_array_equal(ours.coefs_[0][:, 0] == 0, theirs.coef_ == 0)


@each_estimator
class TestEither:
    def test_off_changes_nothing(self, Estimator):
        one = small_net(Estimator).fit(X, TWO)
        other = small_net(Estimator, l1_ratio=0.0, max_grad_norm=None).fit(X, TWO)
        assert_array_equal(theta(one), theta(other))

    def test_a_limit_that_no_gradient_reaches_changes_rounding_only(self, Estimator):
        one = small_net(Estimator, solver="adam").fit(X, TWO)
        other = small_net(Estimator, solver="adam", max_grad_norm=1e9).fit(X, TWO)
        assert_allclose(theta(other), theta(one), rtol=1e-9)

    @pytest.mark.parametrize("solver", ["auto", "adam", "sgd", "lion", "adagrad"])
    @pytest.mark.parametrize("average", [None, "ema", "swa"])
    def test_weights_become_zero(self, Estimator, solver, average):
        model = small_net(Estimator, solver=solver, alpha=0.1, l1_ratio=1.0)
        model.set_params(average=average)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model.set_params(max_iter=60, batch_size=200)
            model.set_params(learning_rate_init=0.03) if solver != "auto" else None
            model.fit(X, TWO)
        zeros = np.mean(np.concatenate([W.ravel() for W in model.coefs_]) == 0)
        assert zeros > 0.2

    def test_no_step_is_longer_than_its_rate_allows(self, Estimator):
        settings = {"solver": "sgd", "momentum": 0.0, "batch_size": 200, "max_iter": 1}
        start = small_net(Estimator, **settings).initialize(X, TWO)
        model = small_net(Estimator, max_grad_norm=0.01, **settings)
        model.set_params(learning_rate_init=1.0).fit(X, TWO)
        assert np.linalg.norm(theta(model) - theta(start)) == pytest.approx(0.01)
        assert model.history_["gradient_norm"][0] > 0.01

    def test_streams_and_dtypes(self, Estimator):
        model = small_net(Estimator, alpha=0.1, l1_ratio=0.5, max_grad_norm=1.0)
        for _ in range(3):
            model.partial_fit(
                X.astype(np.float32),
                TWO,
                **({"classes": [0, 1]} if Estimator is BPClassifier else {}),
            )
        assert theta(model).dtype == np.float32

    @pytest.mark.parametrize("solver", ["lbfgs", "newton-cg", "rprop"])
    @pytest.mark.parametrize(
        "options", [{"alpha": 0.1, "l1_ratio": 0.5}, {"max_grad_norm": 1.0}]
    )
    def test_solvers_that_can_t(self, Estimator, solver, options):
        with pytest.raises(ValueError, match=f"can't be used with solver='{solver}'"):
            Estimator(solver=solver, **options).fit(X, TWO)

    def test_a_share_of_no_number(self, Estimator):
        with pytest.raises(ValueError, match=r"l1_ratio=0\.5 would not be used"):
            Estimator(l1_ratio=0.5).fit(X, TWO)

    @pytest.mark.parametrize(
        ("name", "value"), [("l1_ratio", 1.5), ("l1_ratio", None), ("max_grad_norm", 0)]
    )
    def test_what_is_not_allowed(self, Estimator, name, value):
        with pytest.raises(ValueError, match=f"'{name}' parameter"):
            Estimator(**{name: value}).fit(X, TWO)
