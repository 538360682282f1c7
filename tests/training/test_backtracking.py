"""A run that diverges goes back to good weights, and on at a lower rate."""

import warnings

import joblib
import numpy as np
import pytest
from _helpers import theta
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.metrics import r2_score

from skann import BPClassifier, BPRegressor, load_model
from skann._optimize.optimizers import OPTIMIZERS

pytestmark = pytest.mark.filterwarnings("ignore:Training stopped at max_iter")

rng = np.random.default_rng(0)
X = rng.normal(size=(200, 4))
Y = X[:, 0] - 2 * X[:, 1] + 0.1 * rng.normal(size=200)
# So high that weights overflow by squared errors.
WILD = {"solver": "sgd", "learning_rate_init": 1e4, "max_iter": 20}


def make(Estimator=BPRegressor, **settings):
    return Estimator((8,), random_state=0, **(WILD | {"batch_size": 20} | settings))


class TestRetries:
    @pytest.mark.parametrize("dtype", [np.float32, np.float64])
    def test_reach_a_rate_that_learns(self, dtype):
        with pytest.raises(ValueError, match="Training diverged"):
            make().fit(X.astype(dtype), Y)
        model = make(divergence_retries=20).fit(X.astype(dtype), Y)
        assert model.predict(X.astype(dtype)).dtype == dtype
        assert r2_score(Y, model.predict(X.astype(dtype))) > 0.9
        history = model.history_
        assert len(history["retries"]) == len(history["loss"]) == model.n_iter_
        n_retries = np.cumsum(history["retries"])
        assert 0 < n_retries[-1] <= 20
        assert_allclose(history["learning_rate"], 1e4 / 5**n_retries, rtol=1e-6)
        assert np.isfinite(model.batch_loss_curve_).all()
        assert len(model.batch_loss_curve_) == 10 * model.n_iter_
        assert model.t_ == 200 * model.n_iter_

    @pytest.mark.parametrize("name", [n for n in OPTIMIZERS if n != "rprop"])
    def test_with_every_optimiser(self, name):
        model = make(solver=name, divergence_retries=400, learning_rate_init=1e200)
        assert np.isfinite(model.fit(X, Y).predict(X)).all()
        assert sum(model.history_["retries"]) > 0

    def test_are_none_where_nothing_diverges(self):
        settings = {"learning_rate_init": 0.01}
        model, same = make(divergence_retries=5, **settings), make(**settings)
        assert_array_equal(theta(model.fit(X, Y)), theta(same.fit(X, Y)))
        assert set(model.history_["retries"]) == {0.0}
        assert "retries" not in same.history_

    def test_go_back_to_the_lowest_losses(self):
        """A rate that jumps in the sixth epoch ruins nothing that was learnt."""
        per_epoch = 10

        def rate(step):
            return 0.01 if step < 5 * per_epoch else 1e6

        model = make(learning_rate=rate, divergence_retries=40, max_iter=6)
        model.set_params(learning_rate_init="auto")
        before = make(learning_rate_init=0.01, max_iter=5).fit(X, Y)
        model.fit(X, Y)
        assert model.history_["loss"][:5] == before.history_["loss"]
        assert model.history_["retries"][:5] == [0] * 5
        assert model.history_["retries"][5] > 0
        # Of the first batch, at the weights gone back to.
        assert model.batch_loss_curve_[50] < 2 * max(before.history_["loss"][3:])

    def test_that_do_not_suffice_are_an_error_that_changes_nothing(self):
        model = make(learning_rate_init=0.01).fit(X, Y)
        model.set_params(learning_rate_init=1e100, divergence_retries=2)
        before = joblib.hash(vars(model))
        with pytest.raises(ValueError, match=r"diverged.* 2 times.*factor of 0\.04"):
            model.fit(X, Y)
        assert joblib.hash(vars(model)) == before

    def test_of_a_loss_on_validation_data(self):
        model = make(BPClassifier, early_stopping=True, divergence_retries=400)
        model.set_params(learning_rate_init=1e200).fit(X, Y > 0)
        assert model.score(X, Y > 0) > 0.8
        assert np.isfinite(model.validation_loss_curve_).all()

    def test_are_reported(self, capsys):
        make(divergence_retries=20, verbose=True).fit(X, Y)
        assert "Training diverged: back to the weights of" in capsys.readouterr().out

    def test_warn_of_nothing(self):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            warnings.filterwarnings("ignore", message="Training stopped at max_iter")
            make(divergence_retries=20).fit(X, Y)


class TestStreams:
    def test_go_on_at_the_lower_rate(self, tmp_path):
        model = make(divergence_retries=20)
        for _ in range(3):
            model.partial_fit(X, Y)
        rates, retries = model.history_["learning_rate"], model.history_["retries"]
        assert retries[0] > 0
        assert rates[-1] <= rates[0] < 1e4
        model.save_model(tmp_path / "model")
        other = load_model(tmp_path / "model").partial_fit(X, Y)
        assert_array_equal(theta(other), theta(model.partial_fit(X, Y)))

    def test_begin_anew_with_another_rate(self):
        model = make(divergence_retries=20).partial_fit(X, Y)
        model.set_params(learning_rate_init=1e-3).partial_fit(X, Y)
        assert model.history_["learning_rate"][-1] == 1e-3


class TestParameter:
    @pytest.mark.parametrize("wrong", [-1, 1.5, None, "3"])
    def test_that_is_not_valid(self, wrong):
        with pytest.raises(ValueError, match="'divergence_retries' parameter"):
            make(divergence_retries=wrong).fit(X, Y)

    @pytest.mark.parametrize("solver", ["lbfgs", "rprop"])
    def test_is_refused_where_it_would_not_be_used(self, solver):
        with pytest.raises(ValueError, match="divergence_retries=1 can't be used"):
            make(solver=solver, divergence_retries=1).fit(X, Y)
