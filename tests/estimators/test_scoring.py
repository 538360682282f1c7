"""What early stopping goes by: a scorer's name, or a callable."""

import pickle

import numpy as np
import pytest
from _helpers import small_net, theta
from _watched import OVERFITS, SIGNAL, TARGETS, TRAIN, VAL, WEIGHT, X, fit
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.metrics import check_scoring, log_loss, make_scorer, mean_absolute_error
from sklearn.model_selection import PredefinedSplit

from skann import BPClassifier, BPRegressor, load_model

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


class TestSeveralScorers:
    NAMES = ("accuracy", "neg_log_loss", "balanced_accuracy")

    def test_the_first_decides_and_all_are_recorded(self):
        options = {"early_stopping": True, **OVERFITS}
        for scoring in (self.NAMES, list(self.NAMES)):
            net = fit(BPClassifier, scoring=scoring, **options)
            alone = fit(BPClassifier, scoring="accuracy", **options)
            assert_array_equal(theta(net), theta(alone))
            assert net.stop_reason_ == alone.stop_reason_
            history = net.history_
            assert list(history)[-3:] == [f"validation_{name}" for name in self.NAMES]
            assert history["validation_accuracy"] == net.validation_scores_
            wanted = fit(BPClassifier, scoring="neg_log_loss", **options).history_
            n = min(len(wanted["epoch"]), net.n_iter_)
            found = history["validation_neg_log_loss"][:n]
            assert_allclose(found, wanted["validation_score"][:n])

    def test_the_loss_may_be_the_first(self):
        options = {"early_stopping": True, **OVERFITS}
        net = fit(BPClassifier, scoring=["loss", "neg_log_loss"], **options)
        alone = fit(BPClassifier, **options)
        assert_array_equal(theta(net), theta(alone))
        assert net.validation_scores_ == alone.validation_scores_
        found = np.negative(net.history_["validation_neg_log_loss"])
        assert_allclose(found, net.validation_loss_curve_, rtol=1e-6)

    def test_of_a_dict(self):
        net = fit(BPRegressor, scoring={"mean error": _mean_error, "R2": "r2"})
        found = _mean_error(net, X[VAL], SIGNAL[VAL])
        assert_allclose(net.validation_scores_[-1], found)
        assert_allclose(net.history_["validation_mean error"][-1], found)
        found = net.score(X[VAL], SIGNAL[VAL])
        assert_allclose(net.history_["validation_R2"][-1], found)

    @pytest.mark.parametrize(
        ("scoring", "message"),
        [
            ([], r"list of different names of scorers .*; got \[\]"),
            ({}, r"a dict of names to callables or names of .*; got \{\}"),
            (["accuracy", "accuracy"], "list of different names"),
            (["accuracy", "good"], r"got \['accuracy', 'good'\]"),
            ([_mean_error], "or a dict for callables"),
            ({"a": 3}, r"got \{'a': 3\}"),
            ({3: "accuracy"}, "a dict of names"),
            ({"loss": "accuracy"}, "'validation_loss' is a column of history_ already"),
            ({"score": "accuracy"}, "give it another name"),
        ],
    )
    def test_bad_ones_are_an_error_with_or_without_validation_data(
        self, scoring, message
    ):
        for own in (True, False):
            with pytest.raises(ValueError, match=f"(?s)scoring.*{message}"):
                fit(BPClassifier, own=own, scoring=scoring)

    def test_columns_that_come_and_go_over_warm_starts(self, tmp_path):
        net = small_net(BPClassifier, warm_start=True, max_iter=2, solver="adam")
        given = {"X_val": X[VAL], "y_val": Y[VAL]}
        net.fit(X, Y, **given)
        net.set_params(scoring=["accuracy", "neg_log_loss"]).fit(X, Y, **given)
        net.set_params(scoring="accuracy").fit(X, Y, **given)
        known = np.isfinite(net.history_["validation_neg_log_loss"])
        assert known.tolist() == [False, False, True, True, False, False]
        net.save_model(tmp_path / "net.skann")
        for loaded in (
            pickle.loads(pickle.dumps(net)),
            load_model(tmp_path / "net.skann"),
        ):
            assert list(loaded.history_) == list(net.history_)
            for name, column in net.history_.items():
                assert_array_equal(loaded.history_[name], column)

    def test_can_be_saved(self, tmp_path):
        net = fit(BPClassifier, scoring=["accuracy", "neg_log_loss"])
        net.save_model(tmp_path / "net.skann")
        loaded = load_model(tmp_path / "net.skann")
        assert list(loaded.scoring) == ["accuracy", "neg_log_loss"]


class TestTrainingScore:
    @pytest.mark.parametrize("solver", ["auto", "sgd", "lbfgs"])
    @pytest.mark.parametrize("Estimator", [BPClassifier, BPRegressor])
    def test_is_that_of_the_rows_trained_on(self, Estimator, solver):
        y = TARGETS[Estimator][TRAIN]
        net = fit(Estimator, own=False, training_score=True, solver=solver)
        assert len(net.history_["training_score"]) == net.n_iter_
        assert_allclose(net.history_["training_score"][-1], net.score(X[TRAIN], y))
        assert net.validation_scores_ is None
        without = fit(Estimator, own=False, solver=solver)
        assert "training_score" not in without.history_
        assert_array_equal(theta(net), theta(without))

    def test_is_of_the_scorer_that_decides(self):
        scoring = ["neg_log_loss", "accuracy"]
        net = fit(BPClassifier, scoring=scoring, training_score=True, weight=WEIGHT)
        y, weight = TARGETS[BPClassifier][TRAIN], WEIGHT[TRAIN]
        found = _log_loss(net, X[TRAIN], y, weight)
        assert_allclose(net.history_["training_score"][-1], found, rtol=1e-6)

    def test_of_partial_fit(self):
        net = small_net(BPRegressor, training_score=True)
        for _ in range(3):
            net.partial_fit(X, SIGNAL)
        assert len(net.history_["training_score"]) == 3
        assert_allclose(net.history_["training_score"][-1], net.score(X, SIGNAL))
