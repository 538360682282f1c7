"""A change of the import: what scripts written for scikit-learn's perceptron rely on.

Each test is a behaviour that scikit-learn's own examples, user guide or tests show of
``MLPClassifier`` and ``MLPRegressor``. What other files hold more closely (equality
step by step, partial_fit, persistence, bad input) is not repeated; what differs because
it is a fault there is in test_faults.py, and the names in test_migration.py.
"""

import warnings

import joblib
import numpy as np
import pytest
from _helpers import theta
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.datasets import (
    load_diabetes,
    load_digits,
    load_iris,
    make_friedman1,
    make_moons,
    make_multilabel_classification,
    make_regression,
)
from sklearn.exceptions import ConvergenceWarning
from sklearn.inspection import (
    DecisionBoundaryDisplay,
    partial_dependence,
    permutation_importance,
)
from sklearn.metrics import get_scorer, roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, QuantileTransformer, StandardScaler

from skann import BPClassifier, BPRegressor

each_estimator = pytest.mark.parametrize("Estimator", [BPClassifier, BPRegressor])
each_activation = pytest.mark.parametrize(
    "activation", ["identity", "logistic", "tanh", "relu"]
)
# Where the question is another than how far training gets in so few epochs.
however_it_ends = pytest.mark.filterwarnings(
    "ignore::sklearn.exceptions.ConvergenceWarning"
)

IRIS, SPECIES = load_iris(return_X_y=True)


def digits(n_classes):
    X, y = load_digits(n_class=n_classes, return_X_y=True)
    return MinMaxScaler().fit_transform(X[:200]), y[:200]


class TestLearning:
    @each_activation
    @pytest.mark.parametrize("n_classes", [2, 3])
    def test_lbfgs_learns_digits(self, n_classes, activation):
        X, y = digits(n_classes)
        net = BPClassifier(50, activation, solver="lbfgs", max_iter=150, random_state=1)
        net.fit(X[:150], y[:150])
        assert net.score(X[:150], y[:150]) > 0.95
        assert net.score(X[150:], y[150:]) > 0.9
        assert net.predict(X[150:]).dtype == y.dtype

    @however_it_ends
    @each_activation
    def test_lbfgs_bends_where_a_line_cannot(self, activation):
        X, y = make_regression(200, 10, bias=20.0, noise=100.0, random_state=7)
        y = (y - y.mean()) / y.std()
        net = BPRegressor(50, activation, solver="lbfgs", random_state=1, tol=1e-3)
        score = net.fit(X, y).score(X, y)
        assert 0.8 < score < 0.9 if activation == "identity" else score > 0.98

    @however_it_ends
    def test_lbfgs_learns_several_outputs(self):
        X, Y = make_regression(200, n_targets=5, random_state=11)
        net = BPRegressor(50, solver="lbfgs", tol=1e-2, random_state=1).fit(X, Y)
        assert net.score(X, Y) > 0.9

    def test_labels_are_learnt_by_fit_and_by_passes(self):
        X, Y = make_multilabel_classification(50, random_state=0)
        net = BPClassifier(50, "logistic", solver="lbfgs", alpha=1e-7, random_state=0)
        assert net.fit(X, Y).score(X, Y) > 0.97
        net = BPClassifier(50, "logistic", solver="sgd", learning_rate_init=0.2)
        net.set_params(random_state=0, alpha=1e-7)
        for _ in range(100):
            net.partial_fit(X, Y, classes=range(5))
        assert net.score(X, Y) > 0.9

    @however_it_ends
    def test_iris_is_learnt_with_no_parameter_set(self):
        nets = [BPClassifier(random_state=seed).fit(IRIS, SPECIES) for seed in range(5)]
        assert np.mean([net.score(IRIS, SPECIES) for net in nets]) > 0.95

    @however_it_ends
    @pytest.mark.parametrize(
        "strategy",
        [
            {"momentum": 0},
            {"nesterovs_momentum": False},
            {"nesterovs_momentum": True},
            {"learning_rate": "invscaling", "momentum": 0},
            {"learning_rate": "invscaling", "nesterovs_momentum": True},
            {"learning_rate": "invscaling", "nesterovs_momentum": False},
            {"solver": "adam", "learning_rate_init": 0.01},
        ],
        ids=str,
    )
    def test_every_strategy_of_the_training_curves(self, strategy):
        X, y = load_digits(return_X_y=True)
        net = BPClassifier(solver="sgd", learning_rate_init=0.2, random_state=0)
        net.set_params(max_iter=15, **strategy).fit(MinMaxScaler().fit_transform(X), y)
        assert len(net.loss_curve_) == net.n_iter_ == 15
        assert net.loss_ == net.loss_curve_[-1] < net.loss_curve_[0]

    @however_it_ends
    @each_estimator
    @pytest.mark.parametrize("solver", ["adam", "sgd", "lbfgs"])
    def test_a_larger_alpha_makes_smaller_weights(self, Estimator, solver):
        X, y = digits(2)
        net = Estimator(10, solver=solver, random_state=1, learning_rate_init=0.01)
        free = clone(net).fit(X, y)
        held = clone(net).set_params(alpha=0.1).fit(X, y)
        # All layers together: that is what the penalty is on.
        loose, tight = (
            np.concatenate([w.ravel() for w in each.coefs_]) for each in (free, held)
        )
        assert 2 * np.linalg.norm(tight) < np.linalg.norm(loose)

    @however_it_ends
    @each_estimator
    def test_shuffling_makes_a_difference(self, Estimator):
        net = Estimator(3, max_iter=1, batch_size=1, random_state=0)
        shuffled = net.fit(IRIS, SPECIES)
        in_order = clone(net).set_params(shuffle=False).fit(IRIS, SPECIES)
        assert not np.array_equal(theta(shuffled), theta(in_order))

    @however_it_ends
    @each_estimator
    def test_float32_ends_next_to_float64(self, Estimator):
        X, y = digits(2)
        net = Estimator((5, 3), random_state=1, max_iter=100)
        a, b = (clone(net).fit(X.astype(t), y) for t in (np.float64, np.float32))
        method = "predict" if Estimator is BPRegressor else "predict_proba"
        one, other = (getattr(m, method)(X) for m in (a, b))
        assert_allclose(one, other, atol=1e-3)


class TestUserGuide:
    def test_two_points(self):
        net = BPClassifier((5, 2), solver="lbfgs", alpha=1e-5, random_state=1)
        net.fit([[0.0, 0.0], [1.0, 1.0]], [0, 1])
        assert_array_equal(net.predict([[2.0, 2.0], [-1.0, -2.0]]), [1, 0])
        assert [coef.shape for coef in net.coefs_] == [(2, 5), (5, 2), (2, 1)]
        p = net.predict_proba([[2.0, 2.0], [1.0, 2.0]])
        assert (p[:, 1] > 0.99).all()

    def test_two_labels(self):
        net = BPClassifier((15,), solver="lbfgs", alpha=1e-5, random_state=1)
        net.fit([[0.0, 0.0], [1.0, 1.0]], [[0, 1], [1, 1]])
        assert_array_equal(net.predict([[1.0, 2.0]]), [[1, 1]])
        assert_array_equal(net.predict([[0.0, 0.0]]), [[0, 1]])

    @however_it_ends
    @each_estimator
    def test_a_loop_around_warm_start_can_look_on(self, Estimator):
        net = Estimator(15, max_iter=1, warm_start=True, random_state=1)
        seen = [net.fit(IRIS, SPECIES).loss_ for _ in range(10)]
        assert net.loss_curve_ == seen
        assert seen[-1] < seen[0]

    @each_estimator
    def test_the_text_of_a_model_shows_what_was_set(self, Estimator):
        text = repr(Estimator((5, 2), solver="lbfgs"))
        name = Estimator.__name__
        assert text == f"{name}(hidden_layer_sizes=(5, 2), solver='lbfgs')"


class TestWarnings:
    @each_estimator
    def test_a_filter_by_module_silences_convergence(self, Estimator):
        net = Estimator(5, solver="adam", max_iter=20, n_iter_no_change=15, tol=0.0)
        net.set_params(batch_size=16, learning_rate_init=0.003, random_state=0)
        with pytest.warns(ConvergenceWarning):
            net.fit(IRIS, SPECIES)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            warnings.filterwarnings(
                "ignore", category=ConvergenceWarning, module="sklearn"
            )
            net.fit(IRIS, SPECIES)

    @each_estimator
    @pytest.mark.parametrize("limit", ["max_iter", "max_fun"])
    def test_lbfgs_warns_at_its_limits(self, Estimator, limit):
        net = Estimator(50, solver="lbfgs", random_state=1, **{limit: 5})
        with pytest.warns(ConvergenceWarning, match=limit):
            net.fit(IRIS, SPECIES)
        assert net.n_iter_ <= 5

    @each_estimator
    @pytest.mark.parametrize("verbose", [True, 10])
    def test_verbose_passes(self, Estimator, verbose, capsys):
        net = Estimator(2, verbose=verbose)
        net.partial_fit(IRIS, SPECIES, **classes_for(Estimator))
        lines = capsys.readouterr().out.splitlines()
        assert lines[1].split()[:2] == ["1", f"{net.loss_:.6g}"]


def classes_for(Estimator):
    return {"classes": [0, 1, 2]} if Estimator is BPClassifier else {}


class TestGoingOn:
    @however_it_ends
    @each_estimator
    @pytest.mark.parametrize("solver", ["adam", "sgd", "lbfgs"])
    def test_n_iter_is_of_the_last_fit(self, Estimator, solver):
        # Scripts compare it with max_iter to see whether training has converged.
        net = Estimator(9, solver=solver, warm_start=True, random_state=0)
        before = 0
        for max_iter in (3, 3, 4):
            net.set_params(max_iter=max_iter).fit(IRIS, SPECIES)
            assert net.n_iter_ == len(net.loss_curve_) - before <= max_iter
            before = len(net.loss_curve_)

    @however_it_ends
    @pytest.mark.parametrize(
        "classes", [(0, 1), (0, 1, 3), (0, 1, 2, 3)], ids=["fewer", "other", "more"]
    )
    def test_warm_start_needs_the_same_classes(self, classes):
        net = BPClassifier(2, warm_start=True, max_iter=3, random_state=0)
        net.fit(IRIS, SPECIES).fit(IRIS, SPECIES[::-1])
        with pytest.raises(ValueError, match="classes"):
            net.fit(IRIS, np.resize(classes, 150))

    @however_it_ends
    @each_estimator
    def test_warm_start_goes_on_with_validation(self, Estimator):
        net = Estimator(5, max_iter=5, warm_start=True, early_stopping=True)
        net.set_params(random_state=0).fit(IRIS, SPECIES)
        first = list(net.validation_scores_)
        net.fit(IRIS, SPECIES)
        assert net.validation_scores_[: len(first)] == first
        assert len(net.validation_scores_) > len(first)

    def test_a_stored_model_unlearns(self, tmp_path):
        net = BPRegressor((42,), random_state=42, learning_rate_init=0.01)
        net.fit([[2]], [4])
        joblib.dump(net, tmp_path / "net.joblib")
        net = joblib.load(tmp_path / "net.joblib")
        for _ in range(200):
            net.partial_fit([[2]], [1])
        assert_allclose(net.predict([[2]]), [1], rtol=1e-4)


class TestEarlyStopping:
    @however_it_ends
    @pytest.mark.parametrize("kind", [object, str])
    def test_labels_may_be_words(self, kind):
        words = np.array(["setosa", "versicolor", "virginica"], dtype=kind)[SPECIES]
        net = BPClassifier(5, early_stopping=True, max_iter=20, random_state=0)
        net.fit(IRIS, words)
        assert len(net.validation_scores_) == net.n_iter_
        assert np.isfinite(net.validation_scores_).all()
        assert set(net.predict(IRIS)) <= set(words)

    @each_estimator
    def test_feature_names_raise_no_warning(self, Estimator):
        pandas = pytest.importorskip("pandas")
        frame = pandas.DataFrame(IRIS, columns=list("abcd"))
        net = Estimator(5, early_stopping=True, max_iter=3)
        net.fit(frame, pandas.Series(SPECIES, name="species")).predict(frame)
        assert_array_equal(net.feature_names_in_, list("abcd"))

    def test_r2_of_one_row_is_refused(self):
        net = BPRegressor(5, early_stopping=True, max_iter=3)
        net.fit(IRIS[:10], SPECIES[:10])  # the loss of one row is defined
        with pytest.raises(ValueError, match="validation_fraction"):
            net.set_params(scoring="r2").fit(IRIS[:10], SPECIES[:10])


class TestAround:
    """scikit-learn's tools around a fitted model, as its examples use them."""

    def test_area_under_the_curve(self):
        X, y = digits(2)
        net = BPClassifier(5, "logistic", random_state=1, learning_rate_init=0.01)
        net.set_params(max_iter=10).fit(X, y)
        assert roc_auc_score(y, net.predict_proba(X)[:, 1]) == 1
        assert get_scorer("roc_auc")(net, X, y) == 1

    @however_it_ends
    def test_decision_boundary(self):
        matplotlib = pytest.importorskip("matplotlib")
        matplotlib.use("Agg")
        X, y = make_moons(noise=0.3, random_state=0)
        model = make_pipeline(
            StandardScaler(), BPClassifier(solver="lbfgs", random_state=0, alpha=0.01)
        ).fit(X, y)
        display = DecisionBoundaryDisplay.from_estimator(model, X, grid_resolution=9)
        assert display.response.shape == (9, 9)
        assert display.response.min() < 0 < display.response.max()
        matplotlib.pyplot.close(display.figure_)

    @however_it_ends
    def test_partial_dependence(self):
        pandas = pytest.importorskip("pandas")
        X, y = make_friedman1(500, n_features=6, random_state=0)
        frame = pandas.DataFrame(X, columns=list("abcdef"))
        net = BPRegressor((30, 15), learning_rate_init=0.01, random_state=0)
        model = make_pipeline(
            QuantileTransformer(n_quantiles=100), net.set_params(early_stopping=True)
        ).fit(frame, y)
        assert model.score(frame, y) > 0.8
        found = partial_dependence(model, frame, ["d"], kind="both", grid_resolution=5)
        assert found["individual"].shape == (1, 500, 5)
        assert (np.diff(found["average"][0]) > 0).all()  # y grows by 10 d

    @however_it_ends
    def test_permutation_importance(self):
        X, y = load_diabetes(return_X_y=True)
        X = StandardScaler().fit_transform(X)
        net = BPRegressor(20, solver="lbfgs", alpha=1.0, random_state=0).fit(X, y)
        found = permutation_importance(net, X, y, n_repeats=3, random_state=0)
        assert found.importances_mean.argmax() in (2, 8)  # body mass, serum lamotrigine
