"""Tweedie, normal likelihood and focal loss, as users meet them."""

import copy
import pickle

import numpy as np
import pytest
from _helpers import small_net, theta
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.linear_model import TweedieRegressor
from sklearn.model_selection import GridSearchCV

from skann import BPClassifier, BPRegressor, load_model
from skann._engine.choice import has_compiled
from skann.losses import Focal, Tweedie

rng = np.random.default_rng(0)
X = rng.normal(size=(400, 3))
MEAN = np.exp(0.5 * X[:, 0] - 0.7 * X[:, 1] + 1)
CLAIMS = rng.poisson(MEAN) * rng.gamma(2, 0.5, size=400)
NOISY = X[:, 0] - X[:, 1] + rng.normal(size=400) * (0.2 + abs(X[:, 2]))
THREE = (X[:, 0] > 0).astype(int) + (X[:, 1] > 0)
TO_THE_END = {
    "hidden_layer_sizes": (),
    "solver": "lbfgs",
    "tol": 1e-8,
    "max_iter": 2000,
    "random_state": 0,
}


class TestTweedie:
    @pytest.mark.parametrize("power", [1.2, 1.5, 3.0])
    def test_is_the_linear_model_s(self, power):
        y = CLAIMS + (power > 2)
        theirs = TweedieRegressor(
            power=power, link="log", alpha=0, tol=1e-10, max_iter=2000
        ).fit(X, y)
        ours = BPRegressor(loss=Tweedie(power), **TO_THE_END).fit(X, y)
        assert_allclose(ours.predict(X), theirs.predict(X), rtol=1e-3)

    def test_the_name_is_the_default_object(self):
        one = small_net(BPRegressor, loss="tweedie").fit(X, CLAIMS)
        other = small_net(BPRegressor, loss=Tweedie()).fit(X, CLAIMS)
        assert_array_equal(theta(one), theta(other))
        assert (one.predict(10 * X) > 0).all()

    def test_units_do_not_matter(self):
        one = small_net(BPRegressor, loss=Tweedie(1.3)).fit(X, CLAIMS)
        other = small_net(BPRegressor, loss=Tweedie(1.3)).fit(X, 1024 * CLAIMS)
        assert_allclose(other.predict(X), 1024 * one.predict(X), rtol=1e-8)

    def test_a_search_reaches_the_power(self):
        search = GridSearchCV(
            small_net(BPRegressor, loss=Tweedie()),
            {"loss__power": [1.1, 1.9]},
            scoring="neg_mean_absolute_error",
            cv=2,
        )
        assert set(search.fit(X, CLAIMS).best_params_) == {"loss__power"}

    @pytest.mark.parametrize("power", [1.0, 2.0, 0.5, "a", None])
    def test_powers_that_are_none(self, power):
        with pytest.raises(ValueError, match="'power' parameter of Tweedie"):
            BPRegressor(loss=Tweedie(power)).fit(X, CLAIMS)

    def test_targets_outside_of_the_domain(self):
        assert (CLAIMS == 0).any()
        with pytest.raises(ValueError, match="takes positive targets only"):
            BPRegressor(loss=Tweedie(3)).fit(X, CLAIMS)
        with pytest.raises(ValueError, match="takes non-negative targets only"):
            BPRegressor(loss="tweedie").fit(X, NOISY)


class TestGaussian:
    @pytest.mark.parametrize("seed", range(2))
    def test_is_calibrated_where_noise_differs_from_row_to_row(self, seed):
        draw = np.random.default_rng(seed)
        x = draw.uniform(-2, 2, size=(12_000, 1))
        deviation = 0.1 + 0.3 * abs(x[:, 0])
        y = 100 * (np.sin(2 * x[:, 0]) + draw.normal(size=12_000) * deviation)
        model = BPRegressor((20,), loss="gaussian", random_state=seed)
        mean, std = model.fit(x[:4000], y[:4000]).predict(x[4000:], return_std=True)
        z = abs(y[4000:] - mean) / std
        assert np.mean(z < 1) == pytest.approx(0.6827, abs=0.03)
        assert np.mean(z < 2) == pytest.approx(0.9545, abs=0.03)
        assert np.mean(abs(std / (100 * deviation[4000:]) - 1)) < 0.2

    def test_a_constant_is_mean_and_deviation(self):
        model = BPRegressor(loss="gaussian", **TO_THE_END)
        model.set_params(tol=1e-7).fit(np.zeros((400, 1)), NOISY)
        mean, std = model.predict([[0.0]], return_std=True)
        assert mean[0] == pytest.approx(NOISY.mean(), rel=1e-4)
        assert std[0] == pytest.approx(NOISY.std(), rel=1e-4)

    @pytest.mark.parametrize("dtype", [np.float32, np.float64])
    def test_shapes_and_dtypes(self, dtype):
        y = np.column_stack([NOISY, 100 * NOISY])
        model = small_net(BPRegressor, loss="gaussian").fit(X.astype(dtype), y)
        mean, std = model.predict(X.astype(dtype), return_std=True)
        assert mean.shape == std.shape == (400, 2)
        assert mean.dtype == std.dtype == dtype
        assert (std > 0).all()
        assert model.n_outputs_ == 4
        assert_array_equal(model.predict(X.astype(dtype)), mean)
        assert model.input_gradients(X).shape == (400, 2, 3)

    def test_targets_in_other_units_go_on_predicting_the_same(self):
        model = small_net(BPRegressor, loss="gaussian", learning_rate_init=1e-30)
        model.partial_fit(X[:100], NOISY[:100])
        before = model.predict(X, return_std=True)
        model.partial_fit(X[100:], 5 + 10 * NOISY[100:])
        # But for the least variance, which is one in the network's units.
        for old, new in zip(before, model.predict(X, return_std=True), strict=True):
            assert_allclose(new, old, rtol=1e-3)

    def test_gaps(self):
        y = np.column_stack([NOISY, NOISY])
        y[::3, 1] = np.nan
        model = small_net(BPRegressor, loss="gaussian", missing_targets="ignore")
        mean, std = model.fit(X, y).predict(X, return_std=True)
        assert np.isfinite(mean).all()
        assert np.isfinite(std).all()

    def test_other_losses_have_no_deviations(self):
        model = small_net(BPRegressor).fit(X, NOISY)
        with pytest.raises(ValueError, match="return_std=True needs a network trained"):
            model.predict(X, return_std=True)

    def test_a_network_that_learnt_nothing_says_so(self):
        model = small_net(BPRegressor, loss="gaussian", learning_rate_init=1e-12)
        start = [10.0 * np.ones((3, 7)), 10.0 * np.ones((7, 2))]
        with pytest.warns(match="no better than guessing"):
            model.fit(0.01 * X, NOISY, coef_init=start)


class TestFocal:
    @pytest.mark.parametrize(
        ("y", "out"), [(THREE > 0, "logistic"), (THREE, "softmax")]
    )
    def test_learns_and_has_probabilities(self, y, out):
        model = BPClassifier(loss="focal", random_state=0).fit(X, y)
        assert model.out_activation_ == out
        assert model.score(X, y) > 0.9
        assert_allclose(model.predict_proba(X).sum(axis=1), 1, rtol=1e-6)

    def test_labels_and_several_columns(self):
        labels = np.column_stack([THREE > 0, THREE > 1]).astype(int)
        model = BPClassifier(loss=Focal(1.0), random_state=0).fit(X, labels)
        assert model.score(X, labels) > 0.8
        columns = np.column_stack([THREE, X[:, 2] > 0])
        model = BPClassifier(loss=Focal(1.0), random_state=0).fit(X, columns)
        assert [p.shape for p in model.predict_proba(X)] == [(400, 3), (400, 2)]

    def test_is_less_sure_of_itself(self):
        same = {"alpha": 1.0, "max_iter": 60, "random_state": 0}
        sure, focal = (
            BPClassifier(loss=loss, **same).fit(X, THREE).predict_proba(X)
            for loss in ("softmax", "focal")
        )
        assert focal.max(axis=1).mean() < sure.max(axis=1).mean() - 0.05

    @pytest.mark.parametrize("gamma", [0, -1, None])
    def test_a_focus_that_is_none(self, gamma):
        with pytest.raises(ValueError, match="'gamma' parameter of Focal"):
            BPClassifier(loss=Focal(gamma)).fit(X, THREE)

    def test_losses_of_the_other_kind(self):
        with pytest.raises(ValueError, match="is for classes"):
            BPRegressor(loss=Focal()).fit(X, NOISY)
        with pytest.raises(ValueError, match="is for real targets"):
            BPClassifier(loss=Tweedie()).fit(X, THREE)
        with pytest.raises(ValueError, match=r"object of skann\.losses"):
            BPRegressor(loss=3).fit(X, NOISY)


CASES = {
    "tweedie": (BPRegressor, {"loss": "tweedie"}, CLAIMS),
    "Tweedie": (BPRegressor, {"loss": Tweedie(1.2)}, CLAIMS),
    "gaussian": (BPRegressor, {"loss": "gaussian"}, NOISY),
    "focal": (BPClassifier, {"loss": "focal"}, THREE),
    "Focal": (BPClassifier, {"loss": Focal(1.0)}, THREE > 0),
}


@pytest.mark.parametrize("case", CASES)
class TestStored:
    def trained(self, case):
        Estimator, options, y = CASES[case]
        model = small_net(Estimator, **options)
        more = {"classes": np.unique(y)} if Estimator is BPClassifier else {}
        return model.partial_fit(X[:200], y[:200], **more), y

    @pytest.mark.parametrize("way", ["pickle", "file", "copy"])
    def test_predicts_and_trains_on_the_same(self, case, way, tmp_path):
        model, y = self.trained(case)
        if way == "pickle":
            other = pickle.loads(pickle.dumps(model))
        elif way == "copy":
            other = copy.deepcopy(model)
        else:
            model.save_model(tmp_path / "model.skann")
            other = load_model(tmp_path / "model.skann")
        assert_array_equal(other.predict(X), model.predict(X))
        assert str(other.get_params()) == str(model.get_params())
        engine = "compiled" if has_compiled() else "reference"
        assert other.engine_ == model.engine_ == engine
        for each in (model, other):
            each.partial_fit(X[200:], y[200:])
        assert_array_equal(theta(other), theta(model))

    def test_code_predicts_the_same(self, case):
        model, _ = self.trained(case)
        module = {}
        exec(model.to_code(), module)  # our own text
        found = module["predict"](X)
        assert_allclose(np.ravel(found), model.predict(X), rtol=1e-6, atol=1e-6)
