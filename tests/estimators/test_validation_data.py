"""One's own validation data in ``fit``: watched, or what training stops on."""

import numpy as np
import pytest
from _helpers import small_net, theta
from _watched import (
    OVERFITS,
    SIGNAL,
    TARGETS,
    TRAIN,
    VAL,
    WEIGHT,
    X,
    fit,
    over_estimators,
    over_solvers,
    validation_loss,
)
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.linear_model import LinearRegression

from skann import BPClassifier, BPRegressor
from skann._optimize.solvers import SOLVERS

# Short fits on purpose: what they would still gain is no matter here.
pytestmark = pytest.mark.filterwarnings("ignore:Training stopped at max_iter")


@over_estimators
class TestOwnData:
    @over_solvers
    def test_are_only_watched_without_early_stopping(self, Estimator, solver):
        watched = fit(Estimator, solver=solver)
        alone = fit(Estimator, own=False, solver=solver)
        assert_array_equal(theta(watched), theta(alone))
        assert watched.loss_curve_ == alone.loss_curve_
        assert alone.validation_loss_curve_ is None
        assert len(watched.validation_loss_curve_) == watched.n_iter_
        assert watched.best_iter_ == watched.n_iter_
        assert watched.best_validation_score_ is None

    @pytest.mark.parametrize("weight", [None, WEIGHT[VAL]], ids=["", "weighted"])
    def test_loss_and_score_are_those_of_the_weights(self, Estimator, weight):
        model, y = fit(Estimator, weight_val=weight), TARGETS[Estimator][VAL]
        expected = validation_loss(model, X[VAL], y, weight)
        assert_allclose(model.validation_loss_curve_[-1], expected)
        expected = model.score(X[VAL], y, weight)
        assert_allclose(model.validation_scores_[-1], expected)

    # Adagrad's steps shrink, and gdx's are small: they do not come to overfit.
    @pytest.mark.parametrize("solver", sorted(SOLVERS.keys() - {"adagrad", "gdx"}))
    @pytest.mark.parametrize("weight", [None, WEIGHT[VAL]], ids=["", "weighted"])
    def test_stop_early_and_bring_the_best_back(self, Estimator, solver, weight):
        model = fit(
            Estimator,
            weight_val=weight,
            early_stopping=True,
            **OVERFITS | {"solver": solver},
        )
        losses, y = model.validation_loss_curve_, TARGETS[Estimator][VAL]
        assert "did not improve" in model.stop_reason_
        assert model.n_iter_ == len(losses) < OVERFITS["max_iter"]
        assert model.best_iter_ == np.argmin(losses) + 1
        assert_allclose(validation_loss(model, X[VAL], y, weight), min(losses))
        score = model.score(X[VAL], y, weight)
        assert_allclose(model.best_validation_score_, score)
        assert model.validation_scores_[model.best_iter_ - 1] == pytest.approx(score)

    def test_take_no_rows_from_training(self, Estimator):
        model = fit(Estimator, early_stopping=True)
        assert model.t_ == 60 * model.n_iter_

    @pytest.mark.parametrize("kind", [sparse.csr_matrix, sparse.csc_array])
    def test_may_be_sparse(self, Estimator, kind):
        y = TARGETS[Estimator]
        dense = fit(Estimator, early_stopping=True)
        model = small_net(Estimator, early_stopping=True)
        model.fit(X[TRAIN], y[TRAIN], X_val=kind(X[VAL]), y_val=y[VAL])
        assert_allclose(model.validation_loss_curve_, dense.validation_loss_curve_)
        model.fit(kind(X[TRAIN]), y[TRAIN], X_val=X[VAL], y_val=y[VAL])
        assert_allclose(model.validation_loss_curve_, dense.validation_loss_curve_)

    def test_may_be_lists_and_of_another_dtype(self, Estimator):
        y = TARGETS[Estimator]
        model = small_net(Estimator).fit(
            X[TRAIN].astype(np.float32),
            y[TRAIN],
            X_val=X[VAL].tolist(),
            y_val=y[VAL].tolist(),
        )
        assert model.coefs_[0].dtype == np.float32
        expected = fit(Estimator).validation_loss_curve_
        assert_allclose(model.validation_loss_curve_, expected, rtol=1e-3)

    def test_may_be_frames_with_names(self, Estimator):
        pandas = pytest.importorskip("pandas")
        y = pandas.Series(TARGETS[Estimator])
        frame = pandas.DataFrame(X, columns=list("abcd"))
        model = small_net(Estimator, scoring=_half)
        model.fit(frame[TRAIN], y[TRAIN], X_val=frame[VAL], y_val=y[VAL])
        expected = fit(Estimator)
        assert model.validation_loss_curve_ == expected.validation_loss_curve_
        assert_array_equal(model.feature_names_in_, list("abcd"))
        other = frame[VAL].rename(columns={"a": "z"})
        with pytest.raises(ValueError, match="X_val: The feature names should match"):
            model.fit(frame[TRAIN], y[TRAIN], X_val=other, y_val=y[VAL])

    def test_warm_start_goes_on_with_them(self, Estimator):
        options = {"early_stopping": True, "warm_start": True, **OVERFITS}
        model, y = fit(Estimator, **options), TARGETS[Estimator]
        first = model.n_iter_
        model.fit(X[TRAIN], y[TRAIN], X_val=X[VAL], y_val=y[VAL])
        losses = model.validation_loss_curve_
        assert len(losses) == first + model.n_iter_
        assert model.best_iter_ == np.argmin(losses[first:]) + 1 + first
        expected = min(losses[first:])
        assert_allclose(validation_loss(model, X[VAL], y[VAL]), expected)


def _half(estimator, X, y, sample_weight=None):
    return 0.5


LEFT, Y_LEFT = X[:4], TARGETS[BPClassifier][:4]


@pytest.mark.parametrize("method", ["fit", "partial_fit"])
@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"X_val": LEFT}, "X_val and y_val must be given together; y_val is None"),
        ({"y_val": Y_LEFT}, "X_val and y_val must be given together; X_val is None"),
        ({"sample_weight_val": [1]}, "sample_weight_val is given, but X_val and y_val"),
        (
            {"X_val": LEFT[:, :3], "y_val": Y_LEFT},
            "X_val: X has 3 features, but BPClassifier is expecting 4",
        ),
        ({"X_val": LEFT * np.nan, "y_val": Y_LEFT}, "X_val: Input X contains NaN"),
        ({"X_val": LEFT[:0], "y_val": Y_LEFT[:0]}, r"X_val: Found array with 0 sample"),
        (
            {"X_val": LEFT, "y_val": ["a", "b", "z", "c"]},
            r"y_val: y has classes \['z'\] that are not among the known ones",
        ),
        ({"X_val": LEFT, "y_val": Y_LEFT[:3]}, "y_val: .*inconsistent.*4, 3"),
        ({"X_val": LEFT, "y_val": np.eye(4)[:, :2]}, "y_val: "),
        (
            {"X_val": LEFT, "y_val": Y_LEFT, "sample_weight_val": [1, 1, 1]},
            r"sample_weight_val: .*must have shape \(4,\)",
        ),
        (
            {"X_val": LEFT, "y_val": Y_LEFT, "sample_weight_val": [1, 1, 1, -1]},
            "sample_weight_val: .*must not be negative",
        ),
        (
            {"X_val": LEFT, "y_val": Y_LEFT, "sample_weight_val": [0, 0, 0, 0]},
            "sample_weight_val: .*at least one positive",
        ),
    ],
)
def test_what_is_no_validation_data_is_an_error(method, given, message):
    y = TARGETS[BPClassifier]
    model = small_net(BPClassifier)
    if method == "partial_fit":
        given = {"classes": ["a", "b", "c"], **given}
    with pytest.raises(ValueError, match=message):
        getattr(model, method)(X, y, **given)
    assert not hasattr(model, "classes_")
    assert not hasattr(model, "n_features_in_")


@pytest.mark.parametrize(
    ("y_val", "message"),
    [
        (["many"] * 4, "y_val: "),
        ([1, 2, np.nan, 3], "y_val: Input y contains NaN"),
        (np.ones((4, 2)), "y_val: y has 2 outputs; the model was trained on 1"),
    ],
)
def test_what_are_no_real_validation_targets(y_val, message):
    with pytest.raises(ValueError, match=message):
        small_net(BPRegressor).fit(X, SIGNAL, X_val=LEFT, y_val=y_val)


def test_a_network_that_can_t_overfit_converges_on_own_data_too():
    options = {"max_iter": 500, "n_iter_no_change": 100, "tol": 1e-9}
    model = BPRegressor((), solver="lbfgs", early_stopping=True, **options)
    model.fit(X[TRAIN], SIGNAL[TRAIN], X_val=X[TRAIN], y_val=SIGNAL[TRAIN])
    expected = LinearRegression().fit(X[TRAIN], SIGNAL[TRAIN]).predict(X)
    assert_allclose(model.predict(X), expected, atol=1e-5)
