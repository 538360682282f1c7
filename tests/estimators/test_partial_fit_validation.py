"""Early stopping over calls of ``partial_fit``."""

import numpy as np
import pytest
from _helpers import small_net, theta
from _watched import (
    OVERFITS,
    TARGETS,
    TRAIN,
    VAL,
    X,
    fit,
    over_estimators,
    validation_loss,
)
from numpy.testing import assert_allclose, assert_array_equal

from skann import BPClassifier, BPRegressor

# Short fits on purpose: what they would still gain is no matter here.
pytestmark = pytest.mark.filterwarnings("ignore:Training stopped at max_iter")


@over_estimators
class TestPartialFit:
    def passes(self, Estimator, n_passes, **parameters):
        """A model, and the weights after each pass until it stops."""
        options = {"early_stopping": True, **OVERFITS, **parameters}
        model, y = small_net(Estimator, **options), TARGETS[Estimator]
        extra = {"classes": np.unique(y)} if Estimator is BPClassifier else {}
        seen = []
        for _ in range(n_passes):
            model.partial_fit(X[TRAIN], y[TRAIN], X_val=X[VAL], y_val=y[VAL], **extra)
            seen.append(theta(model))
            if model.stop_reason_ is not None:
                break
        return model, seen

    def test_watches_only_without_early_stopping(self, Estimator):
        model, seen = self.passes(Estimator, 5, early_stopping=False)
        assert len(model.validation_loss_curve_) == 5
        assert model.stop_reason_ is None
        same = fit(Estimator, own=False, **OVERFITS | {"max_iter": 5})
        assert_array_equal(seen[-1], theta(same))

    @pytest.mark.parametrize("scoring", ["loss", None])
    def test_patience_counts_over_the_calls(self, Estimator, scoring):
        scoring = (
            scoring or {BPClassifier: "neg_log_loss", BPRegressor: "r2"}[Estimator]
        )
        model, seen = self.passes(Estimator, 60, scoring=scoring)
        assert "did not improve" in model.stop_reason_
        assert 5 < len(seen) < 60
        losses, scores = model.validation_loss_curve_, model.validation_scores_
        best = int(np.argmin(losses) if scoring == "loss" else np.argmax(scores))
        assert model.best_iter_ == best + 1 < len(seen)
        assert_array_equal(seen[-1], seen[best])
        assert model.best_validation_score_ == scores[best]
        y = TARGETS[Estimator]
        assert_allclose(validation_loss(model, X[VAL], y[VAL]), losses[best])

    def test_ends_where_fit_does(self, Estimator):
        model, _ = self.passes(Estimator, 60)
        same = fit(Estimator, early_stopping=True, **OVERFITS)
        assert "validation loss" in same.stop_reason_
        assert_array_equal(theta(model), theta(same))
        assert model.stop_reason_ == same.stop_reason_

    def test_goes_on_after_it_has_stopped(self, Estimator):
        model, seen = self.passes(Estimator, 60)
        y = TARGETS[Estimator]
        model.partial_fit(X[TRAIN], y[TRAIN], X_val=X[VAL], y_val=y[VAL])
        assert model.stop_reason_ is None
        assert len(model.history_["loss"]) == len(seen) + 1

    def test_a_pass_without_validation_data_starts_patience_anew(self, Estimator):
        """A training loss must not be compared with validation losses."""
        model, _ = self.passes(Estimator, 3, n_iter_no_change=2)
        y = TARGETS[Estimator]
        model.set_params(learning_rate_init=1e-300)
        model.partial_fit(X[TRAIN], y[TRAIN])
        assert model.stop_reason_ is None
        before = theta(model)
        model.partial_fit(X[TRAIN], y[TRAIN], X_val=X[VAL], y_val=y[VAL])
        assert model.stop_reason_ is None
        assert model.best_iter_ == 5
        assert_allclose(theta(model), before)
