"""Bad data and parameters: errors that name them, and a model as it was."""

import re
import traceback

import numpy as np
import pytest
from _refusals import THREE, X, Y, each_way, each_way_on, prepare, refusal
from scipy.sparse import csr_array
from sklearn.exceptions import NotFittedError

from skann import BPClassifier, BPRegressor, TabularClassifier, TabularRegressor
from skann._network.activations import ACTIVATIONS
from skann._network.initializers import INITIALIZERS
from skann._optimize.schedules import SCHEDULES
from skann._optimize.solvers import SOLVERS

each_estimator = pytest.mark.parametrize("Estimator", [BPClassifier, BPRegressor])


def replaced(array, value):
    """A copy in float64 with one entry replaced."""
    array = np.array(array, dtype=np.float64)
    array.flat[17] = value
    return array


# What is passed in place of X, y or sample_weight, from the good ones; and words.
BAD_DATA = {
    "NaN in X": ("X", lambda X: replaced(X, np.nan), ["X", "NaN"]),
    "infinity in X": ("X", lambda X: replaced(X, np.inf), ["X", "infinity"]),
    "sparse NaN": ("X", lambda X: csr_array(replaced(X, np.nan)), ["X", "NaN"]),
    "flat X": ("X", lambda X: X[:, 0], ["2D array", "1D array"]),
    "no rows": ("X", lambda X: X[:0], ["0 sample(s)", "minimum of 1"]),
    "no columns": ("X", lambda X: X[:, :0], ["0 feature(s)", "minimum of 1"]),
    "words in X": ("X", lambda X: np.full((60, 5), "a"), ["could not convert"]),
    "fewer rows": ("X", lambda X: X[:59], ["inconsistent", "59", "60"]),
    "NaN in y": ("y", lambda y: replaced(y, np.nan), ["y", "NaN"]),
    "infinity in y": ("y", lambda y: replaced(y, np.inf), ["y", "infinity"]),
    "no y": ("y", lambda y: None, ["y", "None"]),
    "longer y": ("y", lambda y: np.append(y, 0), ["inconsistent", "60", "61"]),
    "negative weight": ("sample_weight", lambda w: replaced(w, -3), ["negative", "-3"]),
    "no weight": ("sample_weight", lambda w: w * 0, ["positive", "zeros"]),
    "NaN weight": ("sample_weight", lambda w: replaced(w, np.nan), ["NaN"]),
    "infinite weight": ("sample_weight", lambda w: replaced(w, np.inf), ["infinity"]),
    "fewer weights": ("sample_weight", lambda w: w[1:], ["(59,)", "(60,)"]),
}
W, B = np.ones((5, 7)), np.ones(7)


def test_gaps_are_told_in_one_traceback_that_says_what_to_do():
    gaps, text = replaced(X, np.nan), np.full((60, 5), "a")
    fitted = BPRegressor(max_iter=3, random_state=0).fit(X, Y[BPRegressor])
    target, labels = replaced(Y[BPRegressor], np.nan), replaced(THREE, np.nan)
    advice = "missing_targets='ignore'"
    for call, words in (
        (lambda: BPRegressor().fit(gaps, THREE), "in the columns 2. Fill"),
        (lambda: BPClassifier().fit(csr_array(gaps), THREE), "in the columns 2. Fill"),
        (lambda: fitted.predict(gaps), "in the columns 2. Fill"),
        (lambda: fitted.predict(csr_array(gaps)), "in the columns 2. Fill"),
        (lambda: fitted.predict(text), "text in the columns 0, 1"),
        (lambda: fitted.fit(X, THREE, X_val=gaps, y_val=THREE), "X_val: Input X"),
        (lambda: BPRegressor().fit(X, target), advice),
        (lambda: BPRegressor().fit(X, np.stack([THREE, target], axis=1)), advice),
        (lambda: BPRegressor().partial_fit(X, target), advice),
        (lambda: BPRegressor().fit(X, THREE, X_val=X, y_val=target), advice),
        (lambda: fitted.score(X, target), advice),
        (lambda: BPClassifier().fit(X, labels), "row 17. Leave rows without a label"),
        (lambda: TabularRegressor().fit(X, target), advice),
        (lambda: TabularClassifier().fit(X, labels), "row 17. Leave rows without"),
    ):
        with pytest.raises(ValueError, match=re.escape(words)) as caught:
            call()
        told = "".join(traceback.format_exception(caught.value))
        assert told.count("Traceback (most recent") == 1


# Starting weights for layers of 5, 7 and n units; and words.
BAD_STARTS = {
    "shape": ("coef_init", lambda n: [W[:, 1:], np.ones((7, n))], ["(5, 6)", "(5, 7)"]),
    "a layer less": ("coef_init", lambda n: [W], ["[(5, 7)]"]),
    "a layer more": ("coef_init", lambda n: [W, np.ones((7, n)), W], ["(5, 7)]"]),
    "NaN": ("coef_init", lambda n: [W, np.full((7, n), np.nan)], ["NaN"]),
    "words": ("coef_init", lambda n: [["a"], ["b"]], ["numeric", "(5, 7)"]),
    "a number": ("coef_init", lambda n: 3, ["list of 2", "(5, 7)"]),
    "bias shape": ("intercept_init", lambda n: [B, B], ["(7,)]"]),
    "bias NaN": ("intercept_init", lambda n: [B * np.inf, np.ones(n)], ["infinity"]),
}


@each_estimator
@each_way
class TestEveryWay:
    @pytest.mark.parametrize(
        ("what", "spoil", "words"), BAD_DATA.values(), ids=BAD_DATA
    )
    def test_data(self, Estimator, way, what, spoil, words):
        model, method = prepare(Estimator, way)
        data = {"X": X, "y": Y[Estimator], "sample_weight": np.ones(60)}
        data[what] = spoil(data[what])
        if what == "sample_weight":
            words = [what, *words]
        with refusal(model, *words):
            method(**data)

    @pytest.mark.parametrize(
        ("name", "value", "words"), BAD_STARTS.values(), ids=BAD_STARTS
    )
    def test_start(self, Estimator, way, name, value, words):
        model, method = prepare(Estimator, way)
        n = 3 if Estimator is BPClassifier else 1
        with refusal(model, name, *words):
            method(X, Y[Estimator], **{name: value(n)})

    @pytest.mark.parametrize(
        ("name", "value", "known"),
        [
            ("activation", "rel", ACTIVATIONS),
            ("activation", ("rel",), ACTIVATIONS),
            ("activation", [["relu"]], ACTIVATIONS),
            ("activation", [None], ACTIVATIONS),
            ("activation", ["relu", "tanh"], ["2 names", "1 hidden"]),
            ("activation", [], ["0 names", "1 hidden"]),
            ("solver", "newton", SOLVERS),
            ("loss", "hinge", ["mse", "squared_error"]),
            ("weight_init", "xavier", ["auto", *INITIALIZERS]),
            ("learning_rate", "cosin", SCHEDULES),
        ],
        ids=lambda value: repr(value) if isinstance(value, (str, list, tuple)) else "",
    )
    def test_name(self, Estimator, way, name, value, known):
        model, method = prepare(Estimator, way, **{name: value})
        given = value[0] if isinstance(value, (list, tuple)) and value else value
        with refusal(model, name, repr(given), *known):
            method(X, Y[Estimator])

    @pytest.mark.parametrize(
        "sizes",
        [0, -1, 2.5, (4, 0), (4, -1), (4, 2.5), [4.0], ["4"], "4", None],
        ids=repr,
    )
    def test_hidden_layer_sizes(self, Estimator, way, sizes):
        model, method = prepare(Estimator, way, hidden_layer_sizes=sizes)
        with refusal(model, "hidden_layer_sizes", repr(sizes), "int"):
            method(X, Y[Estimator])

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("alpha", -1.0),
            ("alpha", np.nan),
            ("batch_size", 0),
            ("learning_rate_init", 0.0),
            ("power_t", -0.5),
            ("max_iter", 0),
            ("random_state", "zero"),
            ("tol", -1e-4),
            ("warm_start", "yes"),
            ("momentum", 1.5),
            ("validation_fraction", 1.0),
            ("beta_1", 1.0),
            ("epsilon", 0.0),
            ("n_iter_no_change", 0),
            ("max_fun", 0),
        ],
    )
    def test_number(self, Estimator, way, name, value):
        model, method = prepare(Estimator, way)
        model.set_params(**{name: value})
        with refusal(model, f"'{name}'", repr(value), "must be"):
            method(X, Y[Estimator])


@each_estimator
class TestGoingOn:
    @each_way_on
    def test_another_width(self, Estimator, way):
        model, method = prepare(Estimator, way)
        with refusal(model, "X has 7 features", "expecting 5"):
            method(np.hstack([X, X[:, :2]]), Y[Estimator])

    @each_way_on
    @pytest.mark.parametrize(
        "change", [{"hidden_layer_sizes": (7, 3)}, {"activation": "tanh"}], ids=str
    )
    def test_another_network(self, Estimator, way, change):
        model, method = prepare(Estimator, way, **change)
        with refusal(model, "another network", "fitted", "warm_start=False"):
            method(X, Y[Estimator])

    @pytest.mark.parametrize("method", ["predict", "score"])
    @pytest.mark.parametrize(
        ("rows", "words"),
        [
            (replaced(X, np.nan), ["X", "NaN"]),
            (X[:, :4], ["4 features", "5 features"]),
            (X[0], ["2D array", "1D array"]),
            (X[:0], ["0 sample(s)", "minimum of 1"]),
        ],
        ids=["NaN", "width", "flat", "no rows"],
    )
    def test_prediction(self, Estimator, method, rows, words):
        model, _ = prepare(Estimator, "fit")
        arguments = [rows] if method == "predict" else [rows, Y[Estimator][: len(rows)]]
        with refusal(model, *words):
            getattr(model, method)(*arguments)

    def test_prediction_without_a_fit(self, Estimator):
        model, _ = prepare(Estimator, "first fit")
        with pytest.raises(NotFittedError, match="not fitted"):
            model.predict(X)
        for name in ("coefs_", "intercepts_", "batch_loss_curve_"):
            with pytest.raises(AttributeError, match=f"'{name}'.*not fitted"):
                getattr(model, name)

    def test_weights_that_do_not_fit(self, Estimator):
        model, _ = prepare(Estimator, "fit")
        with refusal(model, "(5, 7)", "(5, 6)"):
            model.coefs_ = [np.ones((5, 6)), *model.coefs_[1:]]
        with refusal(model, "NaN"):
            model.intercepts_ = [np.full(7, np.nan), *model.intercepts_[1:]]


@each_estimator
class TestTraining:
    @each_way
    @pytest.mark.parametrize(
        "parameters",
        [
            {"learning_rate_init": 1e200, "batch_size": 10},
            {
                "solver": "adam",
                "standardize": False,
                "learning_rate_init": 1e308,
                "batch_size": 60,
                "max_iter": 1,
            },
        ],
        ids=["in an epoch", "in the last update"],
    )
    def test_divergence(self, Estimator, way, parameters):
        model, method = prepare(Estimator, way, **parameters)
        with refusal(model, "diverged", "Scale X", "learning_rate_init"):
            method(X * 1e5, Y[Estimator])

    @pytest.mark.parametrize("rate", [1e20, 1e100, 1e200])
    def test_divergence_while_validating(self, Estimator, rate):
        stops = {"early_stopping": True, "batch_size": 60, "max_iter": 50}
        model, method = prepare(Estimator, "fit", learning_rate_init=rate, **stops)
        with refusal(model, "diverged", "Scale X", "learning_rate_init"):
            method(X, Y[Estimator])

    def test_divergence_of_lbfgs(self, Estimator):
        model, method = prepare(Estimator, "fit", solver="lbfgs")
        with refusal(model, "diverged", "Scale X"):
            method(X * 1e200, Y[Estimator])

    def test_early_stopping_needs_rows(self, Estimator):
        model, method = prepare(Estimator, "fit", early_stopping=True)
        with refusal(model, "early_stopping", "at least 2", "1 sample"):
            method(X[:1], Y[Estimator][:1])
        with refusal(model, "early_stopping", "at least 2", "1 sample"):
            method(X, Y[Estimator], np.arange(60) == 3)
        model.set_params(validation_fraction=0.9)
        with refusal(model, "validation_fraction=0.9", "2 samples"):
            method(X[:2], Y[Estimator][:2])
