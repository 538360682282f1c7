"""Targets in any unit: the network is trained on standardised ones."""

import numpy as np
import pytest
from _helpers import small_net, theta
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.datasets import load_diabetes

from skann import BPRegressor
from skann._optimize.solvers import SOLVERS

# Short fits on purpose: what they would still gain is no matter here.
pytestmark = pytest.mark.filterwarnings("ignore:Training stopped at max_iter")

rng = np.random.RandomState(0)
X = rng.normal(size=(60, 4))
Y = np.column_stack([X[:, 0] - 2 * X[:, 1], X[:, 2] * X[:, 3]])
y = Y[:, 0]
WEIGHT = rng.uniform(0.5, 2, 60)


def fit(targets, weight=None, **parameters):
    return small_net(BPRegressor, **parameters).fit(X, targets, weight)


@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize(
    ("a", "b"), [(1, 0), (1000, -5), (1e-3, 1e-3), (1e-100, 0), (1e100, 1e100)]
)
class TestEquivariant:
    def check(self, model, other, a, b):
        expected = a * model.predict(X) + b
        rtol = 1e-6 * max(1, abs(b / a))
        assert_allclose(other.predict(X), expected, rtol=rtol, atol=1e-9 * abs(a))

    def test_under_a_change_of_unit(self, a, b, solver):
        self.check(fit(y, solver=solver), fit(a * y + b, solver=solver), a, b)

    def test_with_weights_and_early_stopping(self, a, b, solver):
        options = {"solver": solver, "early_stopping": True}
        model, other = fit(y, WEIGHT, **options), fit(a * y + b, WEIGHT, **options)
        self.check(model, other, a, b)
        assert_allclose(model.validation_scores_, other.validation_scores_, rtol=1e-6)
        losses = model.validation_loss_curve_, other.validation_loss_curve_
        assert_allclose(*losses, rtol=1e-6)


def test_several_outputs_in_very_different_units():
    units, shifts = np.array([1e6, 1e-9]), np.array([3e6, 0])
    model, other = fit(Y), fit(Y * units + shifts)
    assert_allclose(other.predict(X), model.predict(X) * units + shifts, rtol=1e-6)
    assert_allclose(other.loss_curve_, model.loss_curve_)


def test_each_output_is_scaled_by_itself():
    """Both outputs are learnt, though one is a million times the other."""
    model = fit(Y * [1e6, 1], solver="adam", max_iter=150, learning_rate_init=0.02)
    residuals = model.predict(X) - Y * [1e6, 1]
    assert (residuals.var(axis=0) < 0.1 * (Y * [1e6, 1]).var(axis=0)).all()


def test_without_it_the_unit_matters():
    options = {"normalize_y": False}
    model, other = fit(y, **options), fit(1000 * y, **options)
    assert not np.allclose(other.predict(X), 1000 * model.predict(X), rtol=0.1)


@pytest.mark.parametrize("weight", [None, WEIGHT, 1e300 * WEIGHT])
def test_is_training_on_standardised_targets(weight):
    mean = np.average(y, weights=weight / weight.max() if weight is not None else None)
    used = np.ones(60) if weight is None else weight / weight.max()
    scale = np.sqrt(np.average((y - mean) ** 2, weights=used))
    by_hand = fit((y - mean) / scale, weight, normalize_y=False)
    model = fit(y, weight)
    assert_allclose(theta(model), theta(by_hand), rtol=1e-7, atol=1e-12)
    assert_allclose(model.predict(X), by_hand.predict(X) * scale + mean)
    assert_allclose(model.loss_curve_, by_hand.loss_curve_)


def test_rows_of_weight_zero_do_not_count():
    wild = np.concatenate([y[:40], np.full(20, 1e6)])
    model = fit(wild, np.repeat([1.0, 0.0], [40, 20]))
    assert_allclose(model.loss_curve_, fit_first(40).loss_curve_)
    assert_allclose(model.predict(X), fit_first(40).predict(X))


def fit_first(n):
    return small_net(BPRegressor).fit(X[:n], y[:n])


class TestConstantTargets:
    @pytest.mark.parametrize("value", [0.0, 3.0, 0.1, -1e9, 1e-20])
    @pytest.mark.parametrize("solver", ["adam", "sgd", "rprop", "lbfgs"])
    def test_are_predicted(self, value, solver):
        options = {"solver": solver, "learning_rate_init": 0.02, "max_iter": 200}
        model = fit(np.full(60, value), **options, n_iter_no_change=np.inf)
        # The network is left with the unit 1: it has no other to go by.
        assert_allclose(model.predict(X), value, atol=0.05, rtol=1e-9)

    def test_beside_others(self):
        options = {"learning_rate_init": 0.02, "max_iter": 200}
        model = fit(np.column_stack([y, np.full(60, 5.0)]), **options)
        assert_allclose(model.predict(X)[:, 1], 5, atol=0.2)
        assert np.isfinite(theta(model)).all()

    def test_one_row(self):
        model = small_net(BPRegressor).fit(X[:1], y[:1])
        assert np.isfinite(model.predict(X)).all()


class TestDtype:
    @pytest.mark.parametrize("targets", [y, Y])
    def test_float32_in_float32_out(self, targets):
        targets = (1000 * targets + 5000).astype(np.float32)
        single = small_net(BPRegressor).fit(X.astype(np.float32), targets)
        assert single.predict(X.astype(np.float32)).dtype == np.float32
        assert single.coefs_[0].dtype == np.float32
        double = small_net(BPRegressor).fit(X, targets)
        assert double.predict(X).dtype == np.float64
        assert_allclose(single.predict(X), double.predict(X), rtol=1e-2, atol=50)

    @pytest.mark.parametrize("shift", [1.7e9, -1e6])
    def test_far_from_zero_the_predictions_are_in_float64(self, shift):
        """float32 knows no number between 1.7e9 and 1.7e9 + 128."""
        rows, targets = X.astype(np.float32), shift + 10 * y
        options = {"max_iter": 200, "learning_rate_init": 0.02}
        single = small_net(BPRegressor, **options).fit(rows, targets)
        assert single.coefs_[0].dtype == np.float32
        assert single.predict(rows).dtype == np.float64
        assert single.score(rows, targets) > 0.99
        near = small_net(BPRegressor, **options).fit(rows, 10 * y)
        assert near.predict(rows).dtype == np.float32
        assert_allclose(single.predict(rows) - shift, near.predict(rows), atol=1e-2)

    @pytest.mark.parametrize("factor", [1e-60, 1e60])
    def test_numbers_beyond_float32_are_predicted_in_float64(self, factor):
        rows = X.astype(np.float32)
        model = small_net(BPRegressor).fit(rows, factor * y)
        expected = small_net(BPRegressor).fit(rows, y).predict(rows)
        assert_allclose(model.predict(rows) / factor, expected, rtol=1e-3, atol=1e-5)

    def test_single_precision_targets_of_a_large_mean_keep_their_variance(self):
        """Statistics are sums in float64: in float32 these would be far off."""
        targets = (1e4 + y).astype(np.float32)
        model = fit(targets, max_iter=200, learning_rate_init=0.02)
        assert model.score(X, targets) > 0.9


class TestGoingOn:
    def test_a_new_fit_has_its_own(self):
        model = fit(y)
        model.fit(X, 1000 * y)
        assert_array_equal(model.predict(X), fit(1000 * y).predict(X))

    def test_another_number_of_outputs_is_an_error(self):
        with pytest.raises(ValueError, match=r"y has 2 outputs; .* trained on 1"):
            fit(y).partial_fit(X, Y)


def test_diabetes_with_the_defaults():
    """Targets are 25 to 346; a warning would be an error."""
    data, target = load_diabetes(return_X_y=True)
    assert BPRegressor(random_state=0).fit(data, target).score(data, target) > 0.3


@pytest.mark.parametrize("loss", ["absolute_error", "huber", "quantile"])
def test_for_robust_losses_the_unit_is_robust(loss):
    spoilt = y.copy()
    spoilt[:2] = 1e9
    model, usual = (fit(targets, loss=loss) for targets in (spoilt, y))
    assert_allclose(model.y_scale_, usual.y_scale_, rtol=0.3)
    assert_allclose(model.y_mean_, usual.y_mean_, atol=0.3 * usual.y_scale_[0])
    assert fit(spoilt).y_scale_[0] > 1e6
