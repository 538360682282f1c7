"""What early stopping goes by: a scorer's name, or a callable."""

import numpy as np
import pytest
from _helpers import small_net, theta
from _watched import OVERFITS, SIGNAL, TARGETS, VAL, WEIGHT, X, fit
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.metrics import check_scoring, log_loss, make_scorer, mean_absolute_error
from sklearn.model_selection import PredefinedSplit

from skann import BPClassifier, BPRegressor

# Short fits on purpose: what they would still gain is no matter here.
pytestmark = pytest.mark.filterwarnings("ignore:Training stopped at max_iter")


def _mean_error(estimator, X, y, sample_weight=None):
    return -mean_absolute_error(y, estimator.predict(X), sample_weight=sample_weight)


def _log_loss(estimator, X, y, sample_weight=None):
    p = estimator.predict_proba(X)
    return -log_loss(y, p, sample_weight=sample_weight, labels=estimator.classes_)


def _own_log_loss(estimator, X, y, sample_weight=None):
    p = estimator.predict_proba(X)
    return -log_loss(y, p, sample_weight=sample_weight)


SCORERS = [
    (BPClassifier, "accuracy"),
    (BPClassifier, "balanced_accuracy"),
    (BPClassifier, "neg_log_loss"),
    (BPClassifier, "roc_auc_ovr_weighted"),
    (BPClassifier, _log_loss),
    (BPRegressor, "r2"),
    (BPRegressor, "neg_mean_squared_error"),
    (BPRegressor, make_scorer(mean_absolute_error, greater_is_better=False)),
    (BPRegressor, _mean_error),
]


@pytest.mark.parametrize(("Estimator", "scoring"), SCORERS)
class TestScoring:
    def score(self, model, scoring, weight):
        scorer = check_scoring(model, scoring)
        extra = {} if weight is None else {"sample_weight": weight}
        return scorer(model, X[VAL], TARGETS[type(model)][VAL], **extra)

    @pytest.mark.parametrize("weight", [None, WEIGHT[VAL]], ids=["", "weighted"])
    def test_goes_by_the_scorer(self, Estimator, scoring, weight):
        options = {"scoring": scoring, "early_stopping": True, **OVERFITS}
        model = fit(Estimator, weight_val=weight, **options)
        scores = model.validation_scores_
        assert model.best_iter_ == np.argmax(scores) + 1
        assert model.best_validation_score_ == max(scores)
        assert_allclose(self.score(model, scoring, weight), max(scores), rtol=1e-6)
        assert "validation score did not" in model.stop_reason_

    def test_without_early_stopping_it_is_written_down(self, Estimator, scoring):
        model = fit(Estimator, scoring=scoring)
        found = self.score(model, scoring, None)
        assert_allclose(model.validation_scores_[-1], found)
        assert_array_equal(theta(model), theta(fit(Estimator, own=False)))


class TestOtherScorers:
    def test_the_scorer_s_own_rows_are_split_off(self):
        model = small_net(BPRegressor, early_stopping=True, scoring=_mean_error)
        model.fit(X, SIGNAL, WEIGHT)
        assert max(model.validation_scores_) == model.best_validation_score_

    def test_a_score_that_is_not_defined_is_no_improvement(self):
        def undefined(estimator, X, y):
            return np.nan

        model = fit(BPRegressor, scoring=undefined, early_stopping=True, **OVERFITS)
        assert model.n_iter_ == 5
        assert model.best_iter_ == 5
        assert model.best_validation_score_ is None

    @pytest.mark.parametrize("wrong", ["good", 3, None])
    def test_no_scorer_is_an_error(self, wrong):
        with pytest.raises(ValueError, match="The 'scoring' parameter of BPRegressor"):
            fit(BPRegressor, scoring=wrong)

    def test_a_scorer_that_fails_is_named(self):
        model = small_net(BPClassifier, scoring="neg_log_loss")
        y = TARGETS[BPClassifier]
        rows = y == "a"
        with pytest.raises(ValueError, match="scoring='neg_log_loss': "):
            model.fit(X, y, X_val=X[rows], y_val=y[rows])
        assert not hasattr(model, "classes_")


Y = np.arange(90) % 3
ONE = (Y == 1).astype(int)


class TestClassesThatAreLacking:
    """Some scorers can't do without a class; most can."""

    @pytest.mark.parametrize(
        "scoring",
        ["neg_log_loss", "roc_auc_ovr", "roc_auc_ovo", "top_k_accuracy", _own_log_loss],
    )
    def test_are_named(self, scoring):
        rows = Y < 2
        model = small_net(BPClassifier, scoring=scoring)
        with pytest.raises(
            ValueError, match=r"lack the classes \[2\]; y has \[0, 1, 2"
        ):
            model.fit(X, Y, X_val=X[rows], y_val=Y[rows])
        weight = np.where(rows, 1.0, 0.0)
        with pytest.raises(ValueError, match=r"X_val, a larger validation_fraction"):
            model.fit(X, Y, X_val=X, y_val=Y, sample_weight_val=weight)

    def test_in_a_split(self):
        split = PredefinedSplit(np.where(Y == 2, -1, np.arange(90) % 2))
        model = small_net(
            BPClassifier,
            scoring="neg_log_loss",
            early_stopping=True,
            validation_fraction=split,
        )
        with pytest.raises(ValueError, match=r"lack the classes \[2\]"):
            model.fit(X, Y)

    # scikit-learn warns, and gives NaN.
    @pytest.mark.filterwarnings("ignore::sklearn.exceptions.UndefinedMetricWarning")
    @pytest.mark.parametrize("scoring", ["neg_log_loss", "roc_auc"])
    def test_one_of_two(self, scoring):
        model = small_net(BPClassifier, scoring=scoring)
        rows = ONE == 1
        with pytest.raises(ValueError, match=r"lack the classes \[0\]"):
            model.fit(X, ONE, X_val=X[rows], y_val=ONE[rows])

    @pytest.mark.filterwarnings("ignore::sklearn.exceptions.UndefinedMetricWarning")
    def test_of_labels(self):
        labels, rows = np.stack([ONE, Y == 2], axis=1).astype(int), Y < 2
        model = small_net(BPClassifier, scoring="roc_auc")
        with pytest.raises(ValueError, match=r"lack the classes \[1\] of column 1"):
            model.fit(X, labels, X_val=X[rows], y_val=labels[rows])

    def test_others_do_without(self):
        rows = Y < 2
        for scoring in ("accuracy", "loss", _log_loss):
            model = small_net(BPClassifier, scoring=scoring)
            model.fit(X, Y, X_val=X[rows], y_val=Y[rows])
            assert np.isfinite(model.validation_scores_).all()

    def test_are_not_blamed_for_other_errors(self):
        def broken(estimator, X, y):
            raise ValueError("of its own")

        model = small_net(BPClassifier, scoring=broken)
        with pytest.raises(ValueError, match=r"scoring=.*: of its own$"):
            model.fit(X, Y, X_val=X, y_val=Y)
