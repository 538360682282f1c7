"""A regressor's losses: what each predicts, its units, and what it refuses."""

import copy
import pickle
from functools import partial

import numpy as np
import pytest
from _helpers import small_net, theta
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.linear_model import GammaRegressor, PoissonRegressor, QuantileRegressor
from sklearn.metrics import (
    d2_absolute_error_score,
    d2_pinball_score,
    d2_tweedie_score,
    mean_absolute_error,
    mean_gamma_deviance,
    mean_pinball_loss,
    mean_poisson_deviance,
    r2_score,
)
from sklearn.model_selection import GridSearchCV
from sklearn.neural_network import MLPRegressor

from skann import BPRegressor, load_model
from skann.losses import Tweedie

rng = np.random.default_rng(0)
X = rng.normal(size=(400, 3))
MEAN = np.exp(0.5 * X[:, 0] - 0.7 * X[:, 1] + 2)
COUNTS = rng.poisson(MEAN).astype(float)
AMOUNTS = rng.gamma(2, MEAN / 2)
NOISY = X[:, 0] - X[:, 1] + rng.normal(size=400) * (0.2 + abs(X[:, 2]))
TARGETS = {
    "squared_error": NOISY,
    "absolute_error": NOISY,
    "huber": NOISY,
    "quantile": NOISY,
    "poisson": COUNTS,
    "gamma": AMOUNTS,
}
each_loss = pytest.mark.parametrize("loss", TARGETS)
each_log_loss = pytest.mark.parametrize("loss", ["poisson", "gamma"])
TO_THE_END = {
    "hidden_layer_sizes": (),
    "solver": "lbfgs",
    "tol": 1e-8,
    "max_iter": 2000,
    "random_state": 0,
}


class TestAgainstLinearModels:
    @pytest.mark.parametrize("normalize_y", [True, False])
    @pytest.mark.parametrize(
        ("loss", "Theirs"), [("poisson", PoissonRegressor), ("gamma", GammaRegressor)]
    )
    def test_log_link(self, loss, Theirs, normalize_y):
        ours = BPRegressor(loss=loss, normalize_y=normalize_y, **TO_THE_END)
        theirs = Theirs(alpha=0, tol=1e-10, max_iter=1000).fit(X, TARGETS[loss])
        ours.fit(X, TARGETS[loss])
        assert_allclose(ours.predict(X), theirs.predict(X), rtol=1e-4)
        assert_allclose(ours.coefs_[0][:, 0], theirs.coef_, atol=1e-4)

    @pytest.mark.parametrize("level", [0.2, 0.5, 0.9])
    def test_quantile(self, level):
        theirs = QuantileRegressor(quantile=level, alpha=0).fit(X, NOISY)
        ours = BPRegressor(
            (), loss="quantile", quantile=level, batch_size=400, random_state=0
        ).fit(X, NOISY)
        best, found = (
            mean_pinball_loss(NOISY, model.predict(X), alpha=level)
            for model in (theirs, ours)
        )
        assert best <= found * (1 + 1e-9) <= 1.02 * best


class TestCounts:
    def test_predictions_are_positive(self):
        rare = rng.poisson(0.02 * MEAN)
        model = small_net(BPRegressor, loss="poisson", max_iter=60).fit(X, rare)
        found = model.predict(np.vstack([X, 100 * X[:5].clip(-2, -1)]))
        assert (found > 0).all()
        assert model.out_activation_ == "exp"

    @pytest.mark.parametrize("seed", range(3))
    def test_no_worse_than_scikit_learn_s(self, seed):
        if "loss" not in MLPRegressor().get_params():
            pytest.skip("scikit-learn's network has it from 1.7 on")
        draw = np.random.default_rng(seed)
        inputs = draw.normal(size=(1500, 4))
        mean = np.exp(0.5 * inputs[:, 0] - 0.7 * abs(inputs[:, 1]) + 0.3)
        y = draw.poisson(mean)
        train, test = slice(1000), slice(1000, None)
        ours = BPRegressor(loss="poisson", random_state=seed)
        theirs = MLPRegressor(loss="poisson", random_state=seed, early_stopping=True)
        deviances = [
            mean_poisson_deviance(
                y[test], model.fit(inputs[train], y[train]).predict(inputs[test])
            )
            for model in (ours, theirs)
        ]
        assert deviances[0] <= 1.01 * deviances[1]

    def test_a_stream_that_starts_with_zeros(self):
        model = small_net(BPRegressor, loss="poisson", learning_rate_init=0.01)
        model.partial_fit(X[:20], np.zeros(20))
        for _ in range(200):
            model.partial_fit(X, COUNTS)
        assert r2_score(MEAN, model.predict(X)) > 0.8

    @pytest.mark.parametrize("unit", [1e-5, 1e-2])
    @pytest.mark.parametrize("loss", ["poisson", "gamma", "tweedie", Tweedie(3)])
    def test_level_of_a_stream_that_starts_with_small_targets_is_learnt(
        self, loss, unit
    ):
        streams = [small_net(BPRegressor, loss=loss) for _ in range(2)]
        streams[0].partial_fit(X[:20], unit * AMOUNTS[:20])
        for model in streams * 20:
            model.partial_fit(X[20:], AMOUNTS[20:])
        found, without = (mean_gamma_deviance(MEAN, m.predict(X)) for m in streams)
        assert found < 1.2 * without

    @pytest.mark.parametrize("dtype", [np.float32, np.float64])
    @pytest.mark.parametrize("loss", ["poisson", "gamma", "tweedie"])
    def test_predict_gives_infinity_for_a_wild_row_alone(self, loss, dtype):
        rows = X.astype(dtype)
        model = small_net(BPRegressor, loss=loss).fit(rows, AMOUNTS)
        expected, wild = model.predict(rows), rows.copy()
        # The input that raises the output.
        wild[7] = 1e6 * np.sign(model.input_gradients(rows[:1])[0])
        with pytest.warns(RuntimeWarning, match="in 1 of 400 rows, first in row 7"):
            found = model.predict(wild)
        assert found.dtype == dtype
        assert np.isposinf(found[7])
        assert_array_equal(np.delete(found, 7), np.delete(expected, 7))


class TestQuantiles:
    levels = (0.1, 0.5, 0.9)

    def fitted(self, **more):
        model = BPRegressor(
            (20,), loss="quantile", quantile=list(self.levels), random_state=0, **more
        )
        return model

    def test_coverage_and_columns_that_do_not_cross(self):
        # Noise that grows with |x|; each level within two points on new rows.
        draw = np.random.default_rng(1)
        x = draw.uniform(-2, 2, size=(12_000, 1))
        noise = draw.normal(size=12_000) * (0.1 + 0.3 * abs(x[:, 0]))
        y = np.sin(2 * x[:, 0]) + noise
        model = self.fitted().fit(x[:4000], y[:4000])
        found = model.predict(x[4000:])
        assert found.shape == (8000, 3)
        assert (np.diff(found, axis=1) >= 0).all()
        coverage = (y[4000:, None] <= found).mean(axis=0)
        assert_allclose(coverage, self.levels, atol=0.02)

    def test_columns_do_not_cross_where_nothing_was_learnt(self):
        model = small_net(BPRegressor, loss="quantile", quantile=[0.4, 0.5, 0.6])
        model.set_params(max_iter=1).fit(X, NOISY)
        assert (np.diff(model.predict(10 * X), axis=1) >= 0).all()

    @pytest.mark.parametrize("weight", [None, rng.uniform(0, 2, 400)], ids=["", "w"])
    def test_score_is_d2(self, weight):
        model = self.fitted(max_iter=5).fit(X, NOISY)
        found = model.predict(X)
        expected = [
            d2_pinball_score(NOISY, found[:, k], alpha=level, sample_weight=weight)
            for k, level in enumerate(self.levels)
        ]
        score = model.score(X, NOISY, weight)
        assert score == pytest.approx(np.mean(expected), abs=2e-3)

    def test_validation_score_is_the_same(self):
        model = self.fitted(max_iter=5).fit(X, NOISY, X_val=X[:99], y_val=NOISY[:99])
        assert model.validation_scores_[-1] == pytest.approx(
            model.score(X[:99], NOISY[:99]), rel=1e-6
        )

    def test_one_number_is_one_column(self):
        model = small_net(BPRegressor, loss="quantile", quantile=0.3).fit(X, NOISY)
        assert model.predict(X).shape == (400,)
        other = small_net(BPRegressor, loss="quantile", quantile=[0.3]).fit(X, NOISY)
        assert model.score(X, NOISY) == other.score(X, NOISY)

    def test_gaps_and_partial_fit(self):
        y = np.where(np.arange(400) % 7 == 0, np.nan, NOISY)
        model = self.fitted(missing_targets="ignore")
        for start in range(0, 400, 100):
            model.partial_fit(X[start : start + 100], y[start : start + 100])
        assert np.isfinite(model.predict(X)).all()
        assert np.isfinite(model.score(X, y))

    @pytest.mark.parametrize(
        "wrong", [[], [0.5, 0.1], [0.1, 0.1], [0.1, 1.0], [[0.1]], ["a"], {0.1, 0.2}]
    )
    def test_levels_that_are_none(self, wrong):
        model = BPRegressor(loss="quantile", quantile=wrong)
        with pytest.raises(ValueError, match="quantile"):
            model.fit(X, NOISY)
        assert not hasattr(model, "coefs_")

    def test_several_levels_of_several_targets_are_refused(self):
        with pytest.raises(ValueError, match="y has 2 columns"):
            self.fitted().fit(X, np.column_stack([NOISY, NOISY]))


class TestOutliers:
    y = np.where(np.arange(400) % 20 == 0, 1e4, X[:, 0])

    @pytest.mark.parametrize("loss", ["absolute_error", "huber", "quantile"])
    def test_do_not_count(self, loss):
        model = BPRegressor(loss=loss, random_state=0).fit(X, self.y)
        clean = self.y < 1e3
        assert mean_absolute_error(X[clean, 0], model.predict(X[clean])) < 0.3

    def test_huber_s_delta_is_where_it_goes_straight(self):
        squares, straight, absolute = (
            BPRegressor(loss=loss, huber_delta=delta, random_state=0, max_iter=20)
            .fit(X, NOISY)
            .predict(X)
            for loss, delta in [
                ("huber", 1e6),
                ("huber", 0.05),
                ("absolute_error", None),
            ]
        )
        assert abs(straight - absolute).mean() < abs(squares - absolute).mean()


@pytest.mark.parametrize("weight", [None, rng.integers(0, 3, 400)], ids=["", "w"])
class TestScore:
    @pytest.mark.parametrize(
        ("parameters", "y", "expected"),
        [
            ({"loss": "squared_error"}, NOISY, r2_score),
            ({"loss": "huber"}, NOISY, r2_score),
            ({"loss": "gaussian"}, NOISY, r2_score),
            ({"loss": "absolute_error"}, NOISY, d2_absolute_error_score),
            ({"loss": "quantile"}, NOISY, d2_absolute_error_score),
            (
                {"loss": "quantile", "quantile": 0.9},
                NOISY,
                partial(d2_pinball_score, alpha=0.9),
            ),
            ({"loss": "poisson"}, COUNTS, partial(d2_tweedie_score, power=1)),
            ({"loss": "gamma"}, AMOUNTS, partial(d2_tweedie_score, power=2)),
            ({"loss": "tweedie"}, COUNTS, partial(d2_tweedie_score, power=1.5)),
            ({"loss": Tweedie(3)}, AMOUNTS, partial(d2_tweedie_score, power=3)),
        ],
    )
    def test_score_is_r2_or_d2_of_the_loss(self, parameters, y, expected, weight):
        validation = {"X_val": X, "y_val": y, "sample_weight_val": weight}
        model = small_net(BPRegressor, **parameters).fit(X, y, **validation)
        # scikit-learn's quantiles lie between two targets, which costs the guess a bit.
        near = pytest.approx(
            expected(y, model.predict(X), sample_weight=weight), abs=1e-3
        )
        assert model.score(X, y, weight) == near
        assert model.validation_scores_[-1] == near

    @each_log_loss
    def test_score_of_several_targets_is_their_mean(self, loss, weight):
        y = np.column_stack([TARGETS[loss], 100 * AMOUNTS])
        model = small_net(BPRegressor, loss=loss).fit(X, y)
        power = {"poisson": 1, "gamma": 2}[loss]
        expected = [
            d2_tweedie_score(*columns, power=power, sample_weight=weight)
            for columns in zip(y.T, model.predict(X).T, strict=True)
        ]
        assert model.score(X, y, weight) == pytest.approx(np.mean(expected))


@each_loss
class TestEveryLoss:
    def test_units_of_the_targets_do_not_matter(self, loss):
        one = small_net(BPRegressor, loss=loss).fit(X, TARGETS[loss])
        other = small_net(BPRegressor, loss=loss).fit(X, 1024 * TARGETS[loss])
        assert_allclose(other.predict(X), 1024 * one.predict(X), rtol=1e-8)

    @pytest.mark.parametrize("dtype", [np.float32, np.float64])
    def test_dtype_is_kept(self, loss, dtype):
        model = small_net(BPRegressor, loss=loss).fit(X.astype(dtype), TARGETS[loss])
        assert model.predict(X.astype(dtype)).dtype == dtype

    def test_the_same_seed_is_the_same_network(self, loss):
        one, other = (
            small_net(BPRegressor, loss=loss).fit(X, TARGETS[loss]) for _ in range(2)
        )
        assert_array_equal(theta(one), theta(other))

    def test_beats_guessing_and_says_nothing(self, loss):
        model = BPRegressor(loss=loss, alpha=1.0, max_iter=60, random_state=0)
        assert model.fit(X, TARGETS[loss]).score(X, TARGETS[loss]) > 0.4

    def test_a_network_that_learnt_nothing_says_so(self, loss):
        y = TARGETS[loss]
        model = small_net(BPRegressor, loss=loss, learning_rate_init=1e-12)
        start = [10.0 * np.ones((3, 7)), 10.0 * np.ones((7, 1))]
        with pytest.warns(match="no better than guessing"):
            model.fit(
                0.01 * X, y, coef_init=start, intercept_init=[5 * np.ones(7), [5]]
            )

    def test_targets_in_other_units_go_on_predicting_the_same(self, loss):
        y = TARGETS[loss]
        model = small_net(BPRegressor, loss=loss, batch_size=1)
        for _ in range(8):
            model.partial_fit(X[:100], y[:100])
        before = model.set_params(learning_rate_init=1e-30).predict(X)
        after = model.partial_fit(X[100:], 30 * y[100:]).predict(X)
        assert_allclose(after, before, rtol=1e-7)

    def test_several_targets(self, loss):
        y = np.column_stack([TARGETS[loss], 2 * TARGETS[loss]])
        model = small_net(BPRegressor, loss=loss, max_iter=60).fit(X, y)
        assert model.predict(X).shape == (400, 2)

    @pytest.mark.filterwarnings("ignore:Training stopped:UserWarning")
    @pytest.mark.parametrize("solver", ["adam", "sgd", "lbfgs", "rprop"])
    def test_every_kind_of_solver(self, loss, solver):
        model = small_net(BPRegressor, loss=loss, solver=solver, max_iter=20)
        model.fit(X, TARGETS[loss])
        assert model.loss_ < model.loss_curve_[0]


class TestRefusals:
    @each_log_loss
    def test_targets_outside_of_the_domain(self, loss):
        y = TARGETS[loss].copy()
        y[7] = -1
        with pytest.raises(ValueError, match=f"loss='{loss}' takes .* -1 in row 7"):
            BPRegressor(loss=loss).fit(X, y)
        model = BPRegressor(loss=loss, max_iter=2)
        with pytest.raises(ValueError, match="y_val: loss="):
            model.fit(X, TARGETS[loss], X_val=X, y_val=y)

    def test_zero_is_a_count_and_no_amount(self):
        y = np.where(np.arange(400) == 3, 0, AMOUNTS)
        small_net(BPRegressor, loss="poisson").fit(X, y)
        with pytest.raises(ValueError, match="takes positive targets only; y has 0 in"):
            small_net(BPRegressor, loss="gamma").fit(X, y)

    @pytest.mark.parametrize(
        ("name", "owner"), [("quantile", "quantile"), ("huber_delta", "huber")]
    )
    def test_a_setting_of_another_loss(self, name, owner):
        model = BPRegressor(loss="absolute_error", **{name: 0.5})
        with pytest.raises(
            ValueError, match=f"{name}=0.5 would not be used.*'{owner}'"
        ):
            model.fit(X, NOISY)

    def test_another_quantile_can_t_go_on(self):
        model = small_net(BPRegressor, loss="quantile", quantile=0.1, warm_start=True)
        model.fit(X, NOISY).set_params(quantile=0.2)
        with pytest.raises(ValueError, match="another network"):
            model.fit(X, NOISY)


def test_a_search_reaches_the_settings():
    search = GridSearchCV(
        small_net(BPRegressor, loss="quantile"),
        {"quantile": [0.5, 0.9]},
        scoring="neg_mean_absolute_error",
        cv=2,
    )
    assert search.fit(X, NOISY).best_params_ == {"quantile": 0.5}


class TestStored:
    @pytest.fixture(
        params=[
            {"loss": "absolute_error"},
            {"loss": "huber", "huber_delta": 0.7},
            {"loss": "quantile", "quantile": 0.3},
            {"loss": "quantile", "quantile": [0.1, 0.5, 0.9]},
            {"loss": "poisson"},
            {"loss": "gamma"},
        ],
        ids=str,
    )
    def model(self, request):
        model = small_net(BPRegressor, **request.param)
        return model.partial_fit(X[:200], TARGETS[model.loss][:200])

    @pytest.mark.parametrize("way", ["pickle", "file", "copy"])
    def test_predicts_and_trains_on_the_same(self, model, way, tmp_path):
        if way == "pickle":
            other = pickle.loads(pickle.dumps(model))
        elif way == "copy":
            other = copy.deepcopy(model)
        else:
            model.save_model(tmp_path / "model.skann")
            other = load_model(tmp_path / "model.skann")
        assert_array_equal(other.predict(X), model.predict(X))
        y = 3 * TARGETS[model.loss]
        for each in (model, other):
            each.partial_fit(X[200:], y[200:])
        assert_array_equal(theta(other), theta(model))
        assert other.score(X, y) == model.score(X, y)

    def test_code_predicts_the_same(self, model):
        module = {}
        exec(model.to_code(), module)  # our own text
        expected = model.predict(X)
        found = np.reshape(module["predict"](X), expected.shape)
        assert_allclose(found, expected, rtol=1e-6, atol=1e-6)
