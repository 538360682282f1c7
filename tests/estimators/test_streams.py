"""Targets whose mean and deviation move from batch to batch."""

import pickle
from itertools import pairwise

import numpy as np
import pytest
from _helpers import small_net, theta
from numpy.testing import assert_allclose, assert_array_equal

from skann import BPRegressor
from skann._optimize.optimizers import OPTIMIZERS

# Short fits on purpose: what they would still gain is no matter here.
pytestmark = pytest.mark.filterwarnings("ignore:Training stopped at max_iter")

rng = np.random.RandomState(0)
X = rng.normal(size=(240, 4))
ONE = 1000 * (X[:, 0] + X[:, 1] * X[:, 2]) + 500
TWO = np.stack([ONE, 1e-3 * X[:, 3] - 7], axis=1)
WEIGHT = rng.uniform(0.5, 2, 240)
PASSES = sorted(name for name, kind in OPTIMIZERS.items() if not kind.full_batch)
# A rate so small that it changes no weight.
STILL = {"solver": "sgd", "learning_rate_init": 1e-300, "momentum": 0.0}

each_y = pytest.mark.parametrize("y", [ONE, TWO], ids=["one", "two"])


def make(**parameters):
    return small_net(BPRegressor, **{"learning_rate_init": 0.01} | parameters)


def moments(y, weight=None):
    mean = np.average(y, axis=0, weights=weight)
    return mean, np.sqrt(np.average((y - mean) ** 2, axis=0, weights=weight))


class TestPredictionsStay:
    """Only steps change predictions, and here there are none."""

    def check(self, model, batches, tolerance=1e-9):
        # Relative to the deviations that targets have had: the network is in units
        # of them.
        unit = np.concatenate([y for _, y, _ in batches]).std(axis=0)
        for rows, y, weight in batches:
            before = model.predict(X)
            model.partial_fit(rows, y, weight)
            moved = np.abs(model.predict(X) - before)
            assert (moved <= tolerance * unit).all()

    @each_y
    @pytest.mark.parametrize("dtype", [np.float32, np.float64])
    def test_as_the_statistics_move(self, y, dtype):
        rows = X.astype(dtype)
        model = make().fit(rows[:40], y[:40]).set_params(**STILL)
        batches = [
            (rows[40:80], 100 * y[40:80], None),
            (rows[80:81], y[80:81] + 1e5, None),
            (rows[81:160], 1e-4 * y[81:160], WEIGHT[81:160]),
        ]
        self.check(model, batches, 1e-9 if dtype == np.float64 else 1e-6)

    def test_with_gaps(self):
        gaps = np.where(rng.uniform(size=TWO.shape) < 0.3, np.nan, TWO)
        model = make(missing_targets="ignore").fit(X[:40], gaps[:40])
        model.set_params(**STILL)
        before = model.predict(X)
        model.partial_fit(X[40:], 50 * gaps[40:])
        assert_allclose(model.predict(X), before, rtol=1e-9)

    def test_after_a_pickle(self):
        model = make().fit(X[:40], ONE[:40])
        loaded = pickle.loads(pickle.dumps(model))
        for each in (model, loaded):
            each.partial_fit(X[40:], 30 * ONE[40:])
        assert_array_equal(theta(loaded), theta(model))
        assert_array_equal(loaded.predict(X), model.predict(X))

    @pytest.mark.parametrize("first", [True, False])
    def test_as_normalize_y_is_turned_on_or_off(self, first):
        model = make(normalize_y=first).fit(X[:40], ONE[:40])
        model.set_params(normalize_y=not first, **STILL)
        self.check(model, [(X[40:], ONE[40:], None)])
        mean, scale = moments(ONE)
        in_units = model.coefs_[-1] * (1 if first else scale)
        assert_allclose(
            np.maximum(X @ model.coefs_[0] + model.intercepts_[0], 0) @ in_units,
            (model.predict(X) - (0 if first else mean))[:, None]
            - model.intercepts_[-1] * (1 if first else scale),
        )

    def test_with_a_warm_start(self):
        model = make(warm_start=True).fit(X[:40], ONE[:40]).set_params(**STILL)
        before = model.predict(X)
        model.fit(X, 1e3 * ONE)
        assert_allclose(model.predict(X), before, rtol=1e-9)
        # The loss is in units of the variance of the rows given.
        losses = (before - 1e3 * ONE) ** 2 / (2 * (1e3 * ONE).var())
        assert model.loss_ == pytest.approx(losses.mean(), rel=1e-9)


class TestUnits:
    @each_y
    @pytest.mark.parametrize("weight", [None, WEIGHT], ids=["", "weighted"])
    def test_are_those_of_all_rows_so_far(self, y, weight):
        """The loss of a pass without a step tells the units."""
        model = make(**STILL, batch_size=240)
        ends = [0, 30, 31, 100, 240]
        seen = np.ones(240)
        for start, end in pairwise(ends):
            part = slice(start, end)
            own = None if weight is None else weight[part]
            model.partial_fit(X[part], y[part], own)
            if weight is not None:
                # Only ratios within a call matter.
                seen[part] = own / own.mean()
            mean, scale = moments(y[:end], seen[:end])
            if end == 30:
                continue
            errors = ((model.predict(X[part]) - y[part]) / scale).reshape(
                -1, y[:1].size
            )
            losses = (errors**2).sum(axis=1) / 2
            expected = np.average(losses, weights=seen[part])
            assert model.loss_ == pytest.approx(expected, rel=1e-6)
        assert_allclose(mean, np.average(y, axis=0, weights=seen))

    def test_equal_passes_leave_them_to_the_last_bit(self):
        model, same = make(), make(solver="adam", max_iter=20)
        for _ in range(20):
            model.partial_fit(X, ONE)
        assert_array_equal(theta(model), theta(same.fit(X, ONE)))

    def test_an_output_that_is_seen_late_begins_in_its_own(self):
        late = TWO + np.array([0, 1e6])
        late[:40, 1] = np.nan
        model = make(missing_targets="ignore").partial_fit(X[:40], late[:40])
        model.partial_fit(X[40:], late[40:])
        assert np.abs(model.predict(X)[:, 1] - late[40:, 1].mean()).max() < 0.01

    def test_a_guess_is_not_kept(self):
        """One row has no spread; small targets need not unlearn the unit of one."""
        model = make().partial_fit(X[:1], 1e-6 * ONE[:1])
        model.partial_fit(X, 1e-6 * ONE)
        assert np.abs(model.predict(X)).max() < 1e-2
        assert model.loss_ < 5


class TestLearning:
    @pytest.mark.parametrize("solver", PASSES)
    @pytest.mark.parametrize("factor", [1e-4, 0.0])
    def test_goes_on_after_a_first_batch_of_little_spread(self, solver, factor):
        rate = {"lion": 0.003, "sgd": 0.02, "adagrad": 0.05}.get(solver, 0.01)
        options = {"hidden_layer_sizes": 30, "solver": solver}
        model = make(**options).set_params(learning_rate_init=rate)
        model.partial_fit(X[:40], factor * ONE[:40])
        for _ in range(150):
            model.partial_fit(X, ONE)
        assert model.score(X, ONE) > 0.9

    def test_what_is_remembered_of_gradients_is_in_the_new_units(self):
        """As if training had been in them from the start, where steps go by gradients.

        The steps of momentum are linear in what it remembers.
        """
        options = {
            "solver": "sgd",
            "learning_rate_init": 1e-3,
            "hidden_layer_sizes": (),
        }
        model = make(**options).partial_fit(X, ONE)
        before = model.predict(X)
        start = model.coefs_[0].copy(), model.intercepts_[0].copy()
        # A weight this small leaves gradients but those remembered at zero.
        model.set_params(learning_rate_init=1e-300, max_iter=1)
        other = pickle.loads(pickle.dumps(model))
        model.partial_fit(X, ONE)
        other.partial_fit(X, 3 * ONE)
        same, found = model.predict(X) - before, other.predict(X) - before
        assert np.abs(same).max() > 1
        assert_allclose(found, same, rtol=1e-6, atol=1e-9 * np.abs(ONE).max())
        assert not np.allclose(model.coefs_[0], start[0])


class TestEarlyStopping:
    """The best parameters and what they are worth are carried over."""

    def passes(self, y, n_passes, **parameters):
        options = {"early_stopping": True, "n_iter_no_change": 4, **parameters}
        model = make(**options)
        model.partial_fit(X[:120], y[:120], X_val=X[120:], y_val=y[120:])
        for _ in range(n_passes):
            model.partial_fit(X[:120], y[:120], X_val=X[120:], y_val=y[120:])
        return model

    @each_y
    @pytest.mark.parametrize("scoring", ["loss", "neg_mean_squared_error"])
    def test_the_best_predictions_come_back(self, y, scoring):
        model = self.passes(y, 5, scoring=scoring)
        best = model.predict(X)
        # Worse ones from here on: the targets trained on are others.
        model.set_params(learning_rate_init=1.0)
        for _ in range(4):
            model.partial_fit(X[:120], -9 * y[:120], X_val=X[120:], y_val=y[120:])
        assert "did not improve" in model.stop_reason_
        assert model.best_iter_ == 6
        assert_allclose(model.predict(X), best, rtol=1e-9)

    def test_the_best_is_beaten_by_what_is_better(self):
        """Losses in larger units are smaller, which is no improvement."""
        model = self.passes(ONE, 1)
        errors = []
        for _ in range(3):
            errors.append(((model.predict(X[120:]) - ONE[120:]) ** 2).mean())
            # Far away, and of weight next to nothing: units grow, weights stay.
            model.set_params(**STILL)
            model.partial_fit(X[:120], 50 * ONE[:120], X_val=X[120:], y_val=ONE[120:])
        assert model.best_iter_ == 2
        assert_allclose(errors, errors[0], rtol=1e-9)
        assert model.validation_loss_curve_[-1] < model.validation_loss_curve_[1]
