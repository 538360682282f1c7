"""What ends training besides patience: time, and a loss that is good enough."""

import numpy as np
import pytest
from _helpers import small_net, theta
from _watched import (
    SIGNAL,
    TARGETS,
    VAL,
    X,
    fit,
    over_estimators,
    over_solvers,
    validation_loss,
)
from numpy.testing import assert_allclose, assert_array_equal

from skann import BPRegressor

# Short fits on purpose: what they would still gain is no matter here.
pytestmark = pytest.mark.filterwarnings("ignore:Training stopped at max_iter")


class TestLimits:
    @over_solvers
    @over_estimators
    def test_max_time_ends_after_the_first_epoch_at_the_latest(self, Estimator, solver):
        model = fit(Estimator, solver=solver, max_time=1e-9)
        assert model.n_iter_ == 1
        assert "max_time" in model.stop_reason_
        assert len(model.history_["loss"]) == 1
        assert np.isfinite(theta(model)).all()
        assert model.predict(X).shape == (90,)

    @over_estimators
    def test_time_that_is_not_over_changes_nothing(self, Estimator):
        same = fit(Estimator)
        model = fit(Estimator, max_time=1e9)
        assert_array_equal(theta(model), theta(same))
        assert model.stop_reason_ == same.stop_reason_

    @over_solvers
    @over_estimators
    def test_target_loss_on_the_training_data(self, Estimator, solver):
        curve = fit(Estimator, own=False, solver=solver).loss_curve_
        model = fit(Estimator, own=False, solver=solver, target_loss=curve[2])
        assert model.n_iter_ == 3
        assert "target_loss" in model.stop_reason_
        assert model.loss_curve_ == curve[:3]

    @pytest.mark.parametrize("early_stopping", [False, True])
    @over_estimators
    def test_target_loss_on_the_validation_data(self, Estimator, early_stopping):
        options = {"early_stopping": early_stopping}
        curve = fit(Estimator, **options).validation_loss_curve_
        limit = curve[2]
        first = next(i for i, loss in enumerate(curve) if loss <= limit)
        model = fit(Estimator, target_loss=limit, **options)
        assert model.n_iter_ == first + 1
        assert "target_loss" in model.stop_reason_
        y = TARGETS[Estimator]
        assert_allclose(validation_loss(model, X[VAL], y[VAL]), curve[first])

    def test_hold_for_partial_fit(self):
        model = small_net(BPRegressor, target_loss=1e9).partial_fit(X, SIGNAL)
        assert "target_loss" in model.stop_reason_
        model.set_params(target_loss=None).partial_fit(X, SIGNAL)
        assert model.stop_reason_ is None
        model.set_params(max_time=1e-9).partial_fit(X, SIGNAL)
        assert "max_time" in model.stop_reason_

    @pytest.mark.parametrize("wrong", [{"max_time": 0}, {"max_time": "1 h"}])
    def test_others_are_errors(self, wrong):
        with pytest.raises(ValueError, match="The 'max_time' parameter"):
            fit(BPRegressor, **wrong)
        with pytest.raises(ValueError, match="The 'target_loss' parameter"):
            fit(BPRegressor, target_loss="low")
