"""The regressor: its targets, and linear models as the networks without hidden layers.

Without standardised targets its predictions are the network's outputs as they are, so
this is also where it is held what a network starts from and what parameters make of
it, and how L-BFGS ends.
"""

from functools import partial

import numpy as np
import pytest
from _helpers import FEW_ITERATIONS_ARE_ENOUGH, small_net, theta
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.compose import TransformedTargetRegressor
from sklearn.exceptions import DataConversionWarning
from sklearn.linear_model import LinearRegression, Ridge
from sklearn.metrics import r2_score
from sklearn.preprocessing import StandardScaler

from skann import BPRegressor
from skann._network.activations import ACTIVATIONS
from skann._network.initializers import INITIALIZERS

# How far L-BFGS gets in five iterations is nobody's question here.
pytestmark = pytest.mark.filterwarnings(FEW_ITERATIONS_ARE_ENOUGH)

rng = np.random.RandomState(0)
X = rng.normal(size=(60, 5))
Y = np.column_stack([np.sin(X[:, 0]) + X[:, 1] * X[:, 2], X[:, 3] - X[:, 4]])
y = Y[:, 0]
WEIGHT = rng.uniform(0.5, 2, 60)

# A rate so small that it changes no weight: what a fit starts from stays visible.
STILL = {"solver": "adam", "learning_rate_init": 1e-300}
TO_THE_END = {"solver": "lbfgs", "tol": 1e-10, "max_iter": 1000}


# TestStandardisedTargets is about the default, which is True.
make = partial(small_net, BPRegressor, normalize_y=False)


class TestLinearModels:
    @pytest.mark.parametrize("targets", [y, Y], ids=["one output", "two outputs"])
    @pytest.mark.parametrize("weight", [None, WEIGHT], ids=["unweighted", "weighted"])
    @pytest.mark.parametrize("alpha", [0.0, 0.3])
    def test_no_hidden_layer_is_ridge(self, targets, weight, alpha):
        net = make(hidden_layer_sizes=(), alpha=alpha, **TO_THE_END)
        net.fit(X, targets, weight)
        # J takes the mean of the squares where Ridge takes their sum.
        total = 60 if weight is None else weight.sum()
        linear = Ridge(alpha=total * alpha) if alpha else LinearRegression()
        linear.fit(X, targets, weight)
        assert_allclose(net.coefs_[0].squeeze().T, linear.coef_, atol=1e-6)
        assert_allclose(net.intercepts_[0].squeeze(), linear.intercept_, atol=1e-6)
        assert_allclose(net.predict(X), linear.predict(X), atol=1e-6)

    def test_loss_is_half_the_mean_square_and_the_penalty(self):
        net = make(solver="lbfgs", alpha=0.2).fit(X, Y, WEIGHT)
        squares = ((net.predict(X) - Y) ** 2).sum(axis=1)
        penalty = sum((w**2).sum() for w in net.coefs_)
        expected = np.average(squares, weights=WEIGHT) / 2 + 0.1 * penalty
        assert_allclose(net.loss_, expected, rtol=1e-12)


class TestTargets:
    @pytest.mark.parametrize("solver", ["adam", "sgd", "lbfgs"])
    def test_several_outputs(self, solver):
        net = make(solver=solver, learning_rate_init=0.02, max_iter=10).fit(X, Y)
        assert net.n_outputs_ == 2
        assert net.out_activation_ == "identity"
        assert net.predict(X).shape == (60, 2)
        assert net.loss_ < net.batch_loss_curve_[0]
        assert net.score(X, Y) == r2_score(Y, net.predict(X))

    def test_outputs_can_change_places(self):
        start = make(**STILL).fit(X, Y)
        W, b = start.coefs_, start.intercepts_
        there = make().fit(X, Y, coef_init=W, intercept_init=b)
        swapped = make().fit(
            X,
            Y[:, ::-1],
            coef_init=[W[0], W[1][:, ::-1]],
            intercept_init=[b[0], b[1][::-1]],
        )
        assert_allclose(swapped.predict(X)[:, ::-1], there.predict(X), rtol=1e-9)

    def test_a_column_is_flattened_with_a_warning(self):
        flat = make().fit(X, y)
        with pytest.warns(DataConversionWarning, match="1d array was expected"):
            column = make().fit(X, y[:, None])
        assert column.predict(X).shape == (60,)
        assert_array_equal(column.predict(X), flat.predict(X))

    def test_one_output_or_two_is_not_forgotten_between_fits(self):
        net = make().fit(X, Y)
        assert net.fit(X, y).predict(X).shape == (60,)
        assert net.fit(X, Y).predict(X).shape == (60, 2)

    def test_whole_numbers_are_targets_too(self):
        whole = np.arange(60) % 7
        assert_array_equal(
            make().fit(X, whole).predict(X), make().fit(X, whole * 1.0).predict(X)
        )

    def test_the_two_names_of_the_loss_are_one(self):
        a, b = (make(loss=loss).fit(X, Y) for loss in ("mse", "squared_error"))
        assert_array_equal(theta(a), theta(b))
        assert a.loss_curve_ == b.loss_curve_

    def test_validation_score_is_r2(self):
        # All rows but two validate, so their score is nearly that of all.
        net = make(early_stopping=True, validation_fraction=0.96, solver="lbfgs")
        net.fit(X, y)
        assert net.t_ == 2 * net.n_iter_
        assert net.best_validation_score_ == pytest.approx(net.score(X, y), abs=0.2)
        assert net.best_validation_score_ != net.score(X, y)


class TestStandardisedTargets:
    make = staticmethod(partial(small_net, BPRegressor))

    def test_is_the_default(self):
        assert BPRegressor().normalize_y is True

    @pytest.mark.parametrize("targets", [y, Y], ids=["one output", "two outputs"])
    @pytest.mark.parametrize("solver", ["adam", "sgd", "lbfgs"])
    def test_is_a_scaler_around_the_network(self, targets, solver):
        net = self.make(solver=solver).fit(X, 100 * targets + 7)
        twin = TransformedTargetRegressor(
            make(solver=solver), transformer=StandardScaler()
        ).fit(X, 100 * targets + 7)
        assert_allclose(net.predict(X), twin.predict(X), rtol=1e-6)
        assert_allclose(theta(net), theta(twin.regressor_), rtol=1e-6, atol=1e-9)
        assert_allclose(net.loss_curve_, twin.regressor_.loss_curve_, rtol=1e-9)

    @pytest.mark.parametrize("unit", [1e-12, 1e3, 1e12])
    @pytest.mark.parametrize("shift", [0.0, 1000.0])
    def test_the_unit_makes_no_difference(self, unit, shift):
        net = self.make().fit(X, Y)
        other = self.make().fit(X, unit * (Y + shift))
        assert_allclose(theta(other), theta(net), rtol=1e-4, atol=1e-7)
        assert_allclose(other.loss_curve_, net.loss_curve_, rtol=1e-7)
        assert_allclose(other.predict(X) / unit - shift, net.predict(X), atol=1e-6)

    def test_weights_take_part(self):
        # At a rate of nothing and with zero weights a prediction is the weighted mean.
        start = [np.zeros((5, 7)), np.zeros((7, 2))]
        net = self.make(**STILL, max_iter=1).fit(X, Y, WEIGHT, coef_init=start)
        mean = np.average(Y, axis=0, weights=WEIGHT)
        assert_allclose(net.predict(X), np.tile(mean, (60, 1)), rtol=1e-12)
        # Half the variance of each output, in units of that variance.
        whole = self.make(**STILL, max_iter=1, batch_size=60)
        whole.fit(X, Y, WEIGHT, coef_init=start)
        assert whole.loss_ == pytest.approx(0.5 + 0.5)

    def test_later_calls_keep_the_units_of_the_first(self):
        net = self.make(warm_start=True, **STILL).fit(X, Y)
        before = net.predict(X)
        net.partial_fit(X, 1000 * Y)
        assert_allclose(net.predict(X), before, rtol=1e-12)
        net.fit(X, 1000 * Y)
        assert_allclose(net.predict(X), before, rtol=1e-12)

    @pytest.mark.parametrize("value", [0.0, 0.1, -3e7])
    def test_constant_targets(self, value):
        net = self.make(solver="lbfgs", max_iter=200).fit(X, np.full(60, value))
        assert np.isfinite(theta(net)).all()
        assert_allclose(net.predict(X), value, atol=1e-2)

    def test_float32_comes_out_as_float32(self):
        net = self.make().fit(X.astype(np.float32), 1e3 + Y)
        assert net.predict(X.astype(np.float32)).dtype == np.float32

    def test_validation_score_is_in_no_unit(self):
        net = self.make(max_iter=3).fit(X, 50 * Y + 3, X_val=X, y_val=50 * Y + 3)
        expected = net.score(X, 50 * Y + 3)
        assert net.validation_scores_[-1] == pytest.approx(expected)


class TestMissingTargets:
    def test_a_row_trains_the_outputs_that_it_has(self):
        gaps = np.where(rng.uniform(size=Y.shape) < 0.3, np.nan, Y)
        net = make(hidden_layer_sizes=(), missing_targets="ignore", **TO_THE_END)
        net.fit(X, gaps)
        for k in range(2):
            seen = ~np.isnan(gaps[:, k])
            linear = LinearRegression().fit(X[seen], gaps[seen, k])
            assert_allclose(net.coefs_[0][:, k], linear.coef_, atol=1e-6)

    @pytest.mark.parametrize("normalize_y", [False, True])
    def test_without_gaps_nothing_changes(self, normalize_y):
        a = make(normalize_y=normalize_y).fit(X, Y)
        b = make(normalize_y=normalize_y, missing_targets="ignore").fit(X, Y)
        assert_allclose(theta(b), theta(a), rtol=1e-9)

    @pytest.mark.parametrize("normalize_y", [False, True])
    def test_rows_without_any_are_left_out(self, normalize_y):
        gaps = np.where(np.arange(60) % 4 == 0, np.nan, y)
        seen = ~np.isnan(gaps)
        settings = {"normalize_y": normalize_y, "missing_targets": "ignore"}
        a = make(**settings).fit(X, gaps)
        b = make(**settings).fit(X[seen], y[seen])
        assert_allclose(theta(a), theta(b), rtol=1e-9)
        assert a.t_ == b.t_

    def test_nothing_but_gaps_is_an_error(self):
        with pytest.raises(ValueError, match="y has no target besides NaN"):
            make(missing_targets="ignore").fit(X, np.full(60, np.nan))


class TestStart:
    @pytest.mark.parametrize("solver", ["adam", "sgd"])
    def test_given_weights_are_the_start(self, solver):
        still = make(**STILL | {"solver": solver, "momentum": 0.0})
        W = [np.full((5, 7), 0.25), np.full((7, 2), -0.25)]
        b = [np.full(7, -0.5), np.full(2, 0.5)]
        net = clone(still).fit(X, Y, coef_init=W, intercept_init=b)
        for found, given in zip(net.coefs_ + net.intercepts_, W + b, strict=True):
            assert_array_equal(found, given)
            given[...] = 9  # the caller's to change
            assert not (found == 9).any()

    def test_biases_alone_can_be_given(self):
        drawn = make(**STILL).fit(X, Y)
        b = [np.full(7, -0.5), np.full(2, 0.5)]
        net = make(**STILL).fit(X, Y, intercept_init=b)
        for found, expected in zip(
            net.coefs_ + net.intercepts_, drawn.coefs_ + b, strict=True
        ):
            assert_array_equal(found, expected)

    def test_weights_can_be_set(self):
        net = make().fit(X, Y)
        net.coefs_ = [np.zeros((5, 7)), np.zeros((7, 2))]
        assert_array_equal(net.predict(X), np.tile(net.intercepts_[-1], (60, 1)))
        net.intercepts_ = [np.zeros(7), [3, 4]]
        assert_array_equal(net.predict(X), np.tile([3.0, 4.0], (60, 1)))
        net.coefs_[0][...] = 1  # they are views, not copies
        net.coefs_[1][...] = 1
        expected = 7 * np.maximum(X.sum(axis=1), 0)
        assert_allclose(net.predict(X), expected[:, None] + [3, 4])

    @pytest.mark.parametrize("kind", [list, tuple])
    def test_an_activation_for_each_layer(self, kind):
        names = kind(["tanh", "relu"])
        net = make(hidden_layer_sizes=(6, 4), activation=names).fit(X, Y)
        W, b = net.coefs_, net.intercepts_
        a = np.maximum(np.tanh(X @ W[0] + b[0]) @ W[1] + b[1], 0)
        assert_allclose(net.predict(X), a @ W[2] + b[2], rtol=1e-9, atol=1e-12)
        net.set_params(activation=kind(["tanh", "tanh"])).fit(X, Y)
        one = make(hidden_layer_sizes=(6, 4), activation="tanh").fit(X, Y)
        assert_array_equal(theta(net), theta(one))

    @pytest.mark.parametrize("activation", list(ACTIVATIONS))
    def test_every_activation_learns(self, activation):
        net = make(activation=activation, solver="lbfgs", max_iter=10).fit(X, Y)
        assert net.loss_ < 0.5 * net.batch_loss_curve_[0]

    @pytest.mark.parametrize(
        "sizes", [4, np.int64(4), (4,), [4], np.array([4])], ids=repr
    )
    def test_forms_of_hidden_layer_sizes(self, sizes):
        net = make(hidden_layer_sizes=sizes).fit(X, Y)
        assert net.n_layers_ == 3
        assert [w.shape for w in net.coefs_] == [(5, 4), (4, 2)]
        assert [b.shape for b in net.intercepts_] == [(4,), (2,)]
        assert_array_equal(theta(net), theta(make(hidden_layer_sizes=4).fit(X, Y)))

    @pytest.mark.parametrize("sizes", [(), [], np.array([], dtype=int)], ids=repr)
    def test_no_hidden_layer(self, sizes):
        net = make(hidden_layer_sizes=sizes).fit(X, Y)
        assert net.n_layers_ == 2
        assert [w.shape for w in net.coefs_] == [(5, 2)]
        expected = X @ net.coefs_[0] + net.intercepts_[0]
        assert_allclose(net.predict(X), expected, rtol=1e-9, atol=1e-12)

    def test_each_weight_init_starts_elsewhere(self):
        starts = {}
        for name in INITIALIZERS:
            net = make(weight_init=name, **STILL).fit(X, Y)
            starts[name] = theta(net)
            assert np.abs(np.concatenate(net.intercepts_)).max() < 1e-200
        assert len({start.tobytes() for start in starts.values()}) == len(INITIALIZERS)
        assert 0.4 < np.abs(starts["uniform"]).max() <= 0.5


class TestLbfgs:
    def test_never_goes_up(self):
        net = make(solver="lbfgs", max_iter=50, n_iter_no_change=50).fit(X, Y)
        assert (np.diff(net.loss_curve_) <= 0).all()
        assert net.loss_ == net.best_loss_ < net.batch_loss_curve_[0]

    @pytest.mark.parametrize("tol", [1e-2, 1e-4, 1e-6])
    def test_tol_is_the_gradient_to_stop_at(self, tol):
        net = make(hidden_layer_sizes=(), solver="lbfgs", tol=tol, alpha=0.1)
        net.set_params(max_iter=500).fit(X, Y)
        error = (net.predict(X) - Y) / 60
        gradient = X.T @ error + 0.1 * net.coefs_[0], error.sum(axis=0)
        largest = max(np.abs(part).max() for part in gradient)
        assert 1e-4 * tol < largest <= tol
        assert "gradient" in net.stop_reason_

    def test_says_that_max_fun_has_ended_it(self):
        net = make(solver="lbfgs", max_iter=500, max_fun=4).fit(X, Y)
        assert net.stop_reason_ == "max_fun reached"

    def test_with_nothing_to_do(self):
        # The weights are zero and so are the targets: no gradient, and no iteration.
        net = make(solver="lbfgs").fit(
            X, np.zeros(60), coef_init=[np.zeros((5, 7)), np.zeros((7, 1))]
        )
        assert net.n_iter_ == len(net.loss_curve_)
        assert net.loss_ == net.best_loss_ == 0
        assert "max_iter" not in net.stop_reason_
        assert_array_equal(net.predict(X), np.zeros(60))

    def test_batch_size_is_not_its_business(self):
        a, b = (make(solver="lbfgs", batch_size=n).fit(X, Y) for n in (1, 1000))
        assert_array_equal(theta(a), theta(b))

    def test_more_rows_than_it_evaluates_at_once(self):
        many = np.repeat(X, 100, axis=0), np.repeat(Y, 100, axis=0)
        a = make(solver="lbfgs", alpha=0.1).fit(*many)
        b = make(solver="lbfgs", alpha=0.1).fit(X, Y)
        assert_allclose(theta(a), theta(b), rtol=1e-6)
