"""Targets with gaps: what was not observed teaches nothing, and spoils nothing."""

import pickle

import numpy as np
import pytest
from _helpers import small_net, theta
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.metrics import r2_score
from sklearn.model_selection import cross_val_score

from skann import BPRegressor

# Short fits on purpose: what they would still gain is no matter here.
pytestmark = pytest.mark.filterwarnings("ignore:Training stopped at max_iter")

NAN = np.nan
rng = np.random.RandomState(0)
X = rng.normal(size=(60, 4))
Y = np.column_stack([X[:, 0] - 2 * X[:, 1], 3 + X[:, 2] * X[:, 3]])
Y = Y + rng.normal(0, 0.1, Y.shape)
WEIGHT = rng.uniform(0.5, 2, 60)

GAPS = Y.copy()
GAPS[::4, 0] = NAN
GAPS[1::4, 1] = NAN  # no row is without any target
OBSERVED = ~np.isnan(GAPS)

LINEAR = {
    "hidden_layer_sizes": (),
    "solver": "lbfgs",
    "tol": 1e-10,
    "max_iter": 500,
}


def make(**parameters):
    return small_net(BPRegressor, missing_targets="ignore", **parameters)


def check_same(one, other):
    assert_array_equal(theta(one), theta(other))
    assert_array_equal(one.predict(X), other.predict(X))


class TestRefusedByDefault:
    @pytest.mark.parametrize("targets", [GAPS, GAPS[:, 0]])
    def test_in_fit_and_partial_fit(self, targets):
        model = small_net(BPRegressor)
        for method in (model.fit, model.partial_fit):
            with pytest.raises(ValueError, match=r"y contains NaN.*targets='ignore'"):
                method(X, targets)

    def test_in_validation_data(self):
        with pytest.raises(ValueError, match=r"y_val: .*contains NaN"):
            small_net(BPRegressor).fit(X, Y, X_val=X, y_val=GAPS)

    def test_infinity_is_refused_always(self):
        targets = Y.copy()
        targets[0] = np.inf
        with pytest.raises(ValueError, match="y contains infinity"):
            make().fit(X, targets)


class TestWithoutGaps:
    @pytest.mark.parametrize("targets", [Y, Y[:, 0], Y[:, 0] > 0], ids=["2", "1", "b"])
    def test_all_is_as_without_the_parameter(self, targets):
        targets = targets.astype(float)
        check_same(make().fit(X, targets), small_net(BPRegressor).fit(X, targets))

    def test_whole_numbers_and_lists(self):
        targets = np.arange(60) % 7
        expected = small_net(BPRegressor).fit(X, targets)
        check_same(make().fit(X, targets), expected)
        check_same(make().fit(X, targets.tolist()), expected)


class TestRowsWithoutAnyTarget:
    @pytest.mark.parametrize("solver", ["adam", "lbfgs"])
    @pytest.mark.parametrize("n_outputs", [1, 2])
    @pytest.mark.parametrize("weight", [None, WEIGHT], ids=["", "weighted"])
    def test_are_left_out(self, solver, n_outputs, weight):
        targets = Y[:, 0].copy() if n_outputs == 1 else Y.copy()
        targets[45:] = NAN
        model = make(solver=solver).fit(X, targets, weight)
        kept = None if weight is None else weight[:45]
        same = make(solver=solver).fit(X[:45], targets[:45], kept)
        assert model.t_ == 45 * model.n_iter_
        assert_allclose(theta(model), theta(same), rtol=1e-10)
        assert_allclose(model.predict(X), same.predict(X))

    def test_are_held_out_of_the_split(self):
        targets = Y[:, 0].copy()
        targets[::2] = NAN
        model = make(early_stopping=True, validation_fraction=0.2).fit(X, targets)
        assert np.isfinite(model.validation_scores_).all()
        assert model.t_ == 24 * model.n_iter_

    @pytest.mark.parametrize("weight", [None, np.repeat([0.0, 1.0], 30)])
    def test_no_target_at_all_is_an_error(self, weight):
        targets = np.full(60, NAN)
        if weight is not None:
            targets[:30] = 1
        with pytest.raises(ValueError, match="y has no target besides NaN"):
            make().fit(X, targets, weight)


class TestGaps:
    @pytest.mark.parametrize("weight", [None, WEIGHT], ids=["", "weighted"])
    @pytest.mark.parametrize("normalize_y", [False, True])
    def test_linear_regression_on_what_was_observed(self, weight, normalize_y):
        """Without a hidden layer each output is a regression of its own."""
        model = make(normalize_y=normalize_y, **LINEAR).fit(X, GAPS, weight)
        design = np.column_stack([X, np.ones(60)])
        root = np.ones(60) if weight is None else np.sqrt(weight)
        for k in range(2):
            rows = OBSERVED[:, k]
            solution, *_ = np.linalg.lstsq(
                (design * root[:, None])[rows], (Y[:, k] * root)[rows], rcond=None
            )
            assert_allclose(model.predict(X)[:, k], design @ solution, atol=1e-6)

    def test_an_output_seen_nowhere_keeps_its_weights(self):
        """Hidden units learn from the other output as if it were the only one."""
        targets = Y.copy()
        targets[:, 1] = NAN
        start = [rng.normal(size=(4, 7)), rng.normal(size=(7, 2))]
        options = {"solver": "sgd", "learning_rate_init": 0.05}
        both = make(**options).fit(X, targets, coef_init=start)
        one = make(**options)
        # Both shuffle alike only if they have drawn equally many starting weights.
        both.set_params(shuffle=False).fit(X, targets, coef_init=start)
        one.set_params(shuffle=False).fit(
            X, Y[:, 0], coef_init=[start[0], start[1][:, :1]]
        )
        assert_array_equal(both.coefs_[1][:, 1], start[1][:, 1])
        assert both.intercepts_[1][1] == 0
        assert_allclose(both.coefs_[0], one.coefs_[0], rtol=1e-10)
        assert_allclose(both.coefs_[1][:, 0], one.coefs_[1][:, 0], rtol=1e-10)
        assert_allclose(both.predict(X)[:, 0], one.predict(X))

    def test_a_step_is_that_of_targets_already_met(self):
        """The gradient of a gap is zero, as that of a target equal to the output."""
        start = [rng.normal(size=(4, 7)), rng.normal(size=(7, 2))]
        options = {
            "solver": "sgd",
            "momentum": 0,
            "batch_size": 60,
            "max_iter": 1,
            "normalize_y": False,
        }
        still = make(**options, learning_rate_init=1e-300)
        outputs = still.fit(X, Y, coef_init=start).predict(X)
        met = np.where(OBSERVED, Y, outputs)
        gaps = make(**options).fit(X, GAPS, coef_init=start)
        filled = make(**options).fit(X, met, coef_init=start)
        assert_allclose(theta(gaps), theta(filled), rtol=1e-12)
        assert_allclose(gaps.loss_, filled.loss_)

    def test_train_jointly(self):
        model = make(hidden_layer_sizes=30, max_iter=200, learning_rate_init=0.01)
        found = model.fit(X, GAPS).predict(X)
        assert np.isfinite(found).all()
        for k in range(2):
            rows = OBSERVED[:, k]
            assert r2_score(Y[rows, k], found[rows, k]) > 0.9

    def test_partial_fit_warm_start_and_pickle(self):
        model = make(warm_start=True).partial_fit(X, GAPS)
        loaded = pickle.loads(pickle.dumps(model))
        for each in (model, loaded):
            each.partial_fit(X, GAPS).fit(X, GAPS)
        check_same(model, loaded)


class TestStatistics:
    @pytest.mark.parametrize("weight", [None, WEIGHT], ids=["", "weighted"])
    def test_go_by_what_was_observed(self, weight):
        """A network of nothing but biases predicts the mean."""
        model = make(**LINEAR, alpha=1e6).fit(X, GAPS, weight)
        for k in range(2):
            rows = OBSERVED[:, k]
            mean = np.average(
                Y[rows, k], weights=None if weight is None else weight[rows]
            )
            assert_allclose(model.predict(X)[:, k], mean, atol=1e-3)

    def test_gaps_do_not_change_the_unit(self):
        """Rows that say nothing of an output leave its scale and the rest alone."""
        model = make().fit(X, GAPS)
        other = make().fit(X, GAPS * [1000, 1e-3] + [7, 0])
        assert_allclose(other.predict(X), model.predict(X) * [1000, 1e-3] + [7, 0])
        assert_allclose(model.loss_curve_, other.loss_curve_)


class TestScore:
    def test_judges_each_output_by_its_own_rows(self):
        model = make().fit(X, GAPS)
        found = model.predict(X)
        for weight in (None, WEIGHT):
            parts = []
            for k in range(2):
                rows = OBSERVED[:, k]
                own = None if weight is None else weight[rows]
                parts.append(r2_score(Y[rows, k], found[rows, k], sample_weight=own))
            assert_allclose(model.score(X, GAPS, weight), np.mean(parts))

    @pytest.mark.parametrize("targets", [Y, Y[:, 0], Y[:, :1]])
    def test_without_gaps_it_is_r2_score(self, targets):
        flat = targets if targets.shape[1:] != (1,) else targets[:, 0]
        model = make().fit(X, flat)
        expected = r2_score(flat, model.predict(X), sample_weight=WEIGHT)
        assert_allclose(model.score(X, targets, WEIGHT), expected)

    def test_too_little_observed_has_none(self):
        targets = np.full((60, 2), NAN)
        targets[0] = 1
        assert np.isnan(make().fit(X, GAPS).score(X, targets))

    def test_wrong_targets_are_errors(self):
        model = make().fit(X, GAPS)
        with pytest.raises(ValueError, match=r"y has 1 outputs; .* trained on 2"):
            model.score(X, Y[:, 0])
        with pytest.raises(ValueError, match="inconsistent"):
            model.score(X, Y[:5])
        with pytest.raises(ValueError, match="y contains infinity"):
            model.score(X, np.full_like(Y, np.inf))
        with pytest.raises(ValueError, match="NaN"):
            small_net(BPRegressor).fit(X, Y).score(X, GAPS)

    def test_serves_cross_validation(self):
        scores = cross_val_score(make(), X, GAPS, cv=3)
        assert np.isfinite(scores).all()


class TestValidationData:
    def test_may_have_gaps(self):
        model = make().fit(X, Y, X_val=X, y_val=GAPS)
        assert_allclose(model.validation_scores_[-1], model.score(X, GAPS))
        scale, squares = GAPS - model.predict(X), np.nanvar(Y, axis=0)
        expected = np.nansum(scale**2 / squares) / 60 / 2
        assert_allclose(model.validation_loss_curve_[-1], expected)

    def test_rows_without_any_target_do_not_count(self):
        targets = Y.copy()
        targets[40:] = NAN
        model = make().fit(X, Y, X_val=X, y_val=targets)
        same = make().fit(X, Y, X_val=X[:40], y_val=Y[:40])
        assert_allclose(model.validation_loss_curve_, same.validation_loss_curve_)
        assert_allclose(model.validation_scores_, same.validation_scores_)

    def test_early_stopping_on_them(self):
        model = make(early_stopping=True, max_iter=30)
        model.fit(X[:40], GAPS[:40], X_val=X[40:], y_val=GAPS[40:])
        best = int(np.argmin(model.validation_loss_curve_))
        assert model.best_iter_ == best + 1
        assert_allclose(model.score(X[40:], GAPS[40:]), model.best_validation_score_)

    def test_a_scorer_sees_rows_with_targets_only(self):
        targets = Y[:, 0].copy()
        targets[::5] = NAN
        model = make(scoring="r2").fit(X, Y[:, 0], X_val=X, y_val=targets)
        assert_allclose(model.validation_scores_[-1], model.score(X, targets))

    def test_a_scorer_that_can_t_take_gaps_is_named(self):
        with pytest.raises(ValueError, match=r"scoring='r2': .*NaN"):
            make(scoring="r2").fit(X, Y, X_val=X, y_val=GAPS)

    def test_nothing_observed_is_an_error(self):
        with pytest.raises(ValueError, match="y_val: y has no target besides NaN"):
            make().fit(X, Y, X_val=X, y_val=np.full_like(Y, NAN))
