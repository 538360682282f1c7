"""Classes in, labels and probabilities out."""

import numpy as np
import pytest
from _classes import THREE, TWO, WEIGHT, X, assert_same_training, make
from _helpers import FEW_ITERATIONS_ARE_ENOUGH, theta
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from scipy.special import expit, log_softmax, softmax
from sklearn.base import clone
from sklearn.exceptions import DataConversionWarning
from sklearn.linear_model import LogisticRegression

# How far L-BFGS gets in five iterations is nobody's question here.
pytestmark = pytest.mark.filterwarnings(FEW_ITERATIONS_ARE_ENOUGH)
LABELS = np.column_stack([TWO, THREE == 1, X[:, 2] > 0]).astype(int)
LOSSES = ["mse", "squared_error", "cross_entropy", "softmax", "auto"]
each_loss = pytest.mark.parametrize("loss", LOSSES)
each_number_of_classes = pytest.mark.parametrize(
    "y", [TWO, THREE], ids=["two", "three"]
)
each_dtype = pytest.mark.parametrize("dtype", [np.float32, np.float64])


class TestLosses:
    @each_loss
    @each_number_of_classes
    def test_out_activation(self, loss, y):
        net = make(loss=loss).fit(X, y)
        several = len(set(y)) > 2
        expected = "softmax" if several and loss in ("auto", "softmax") else "logistic"
        assert net.out_activation_ == expected
        assert net.n_outputs_ == (3 if several else 1)

    @each_loss
    @each_number_of_classes
    @pytest.mark.parametrize("solver", ["adam", "sgd", "lbfgs"])
    def test_loss_is_what_its_formula_says(self, loss, y, solver):
        settings = {"loss": loss, "solver": solver, "alpha": 0.2}
        start = make(**settings).fit(X, y, WEIGHT)
        net = make(batch_size=60, max_iter=1, **settings).fit(
            X, y, WEIGHT, coef_init=start.coefs_, intercept_init=start.intercepts_
        )
        z = start.decision_function(X).reshape(60, -1)
        target = y[:, None] if z.shape[1] == 1 else np.eye(3)[y]
        if loss in ("mse", "squared_error"):
            losses = ((expit(z) - target) ** 2).sum(axis=1) / 2
        elif loss == "cross_entropy" or z.shape[1] == 1:
            a = expit(z)
            losses = -(target * np.log(a) + (1 - target) * np.log(1 - a)).sum(axis=1)
        else:
            losses = -(target * log_softmax(z, axis=1)).sum(axis=1)
        penalty = 0.1 * sum((w**2).sum() for w in start.coefs_)
        expected = np.average(losses, weights=WEIGHT) + penalty
        assert_allclose(net.batch_loss_curve_[0], expected, rtol=1e-12)

    @pytest.mark.parametrize(
        ("one", "other", "y"),
        [
            ("mse", "squared_error", TWO),
            ("mse", "squared_error", THREE),
            ("mse", "squared_error", LABELS),
            ("softmax", "cross_entropy", TWO),
            ("auto", "cross_entropy", TWO),
            ("auto", "softmax", THREE),
            ("auto", "cross_entropy", LABELS),
        ],
    )
    def test_names_of_one_loss(self, one, other, y):
        a, b = (make(loss=loss).fit(X, y) for loss in (one, other))
        assert_same_training(a, b)
        assert_array_equal(a.predict_proba(X), b.predict_proba(X))

    @each_number_of_classes
    @pytest.mark.parametrize("weight", [None, WEIGHT], ids=["unweighted", "weighted"])
    def test_no_hidden_layer_is_logistic_regression(self, y, weight):
        alpha = 0.05
        net = make(hidden_layer_sizes=(), loss="softmax", alpha=alpha)
        net.set_params(solver="lbfgs", max_iter=1000, tol=1e-9).fit(X, y, weight)
        # J takes the mean of the losses where scikit-learn takes their sum.
        total = 60 if weight is None else weight.sum()
        linear = LogisticRegression(
            C=1 / (total * alpha), solver="newton-cg", tol=1e-9, max_iter=1000
        ).fit(X, y, weight)
        assert_allclose(net.coefs_[0].T, linear.coef_, atol=1e-6)
        biases = net.intercepts_[0], linear.intercept_
        if len(biases[0]) > 1:  # the softmax leaves their common part open
            biases = (b - b.mean() for b in biases)
        assert_allclose(*biases, atol=1e-6)
        assert_allclose(net.predict_proba(X), linear.predict_proba(X), atol=1e-6)


class TestOutputs:
    @each_loss
    @each_number_of_classes
    @each_dtype
    @pytest.mark.parametrize("size", [1.0, 1e4, 1e30])
    def test_probabilities(self, loss, y, dtype, size):
        net = make(loss=loss).fit(X.astype(dtype), y)
        rows = (X * size).astype(dtype)
        p, log_p = net.predict_proba(rows), net.predict_log_proba(rows)
        assert p.shape == log_p.shape == (60, len(set(y)))
        assert p.dtype == log_p.dtype == dtype
        assert (p > 0).all()
        assert (p < 1).all()
        assert_allclose(p.sum(axis=1), 1, rtol=4 * np.finfo(dtype).eps)
        assert_allclose(np.log(p), log_p, rtol=1e-4, atol=4 * np.finfo(dtype).eps)
        # Where several sigmoids have rounded to 1, their classes share the maximum.
        assert_array_equal(p[np.arange(60), net.predict(rows)], p.max(axis=1))

    @each_loss
    @each_number_of_classes
    def test_decision_function_is_raw_outputs(self, loss, y):
        net = make(loss=loss).fit(X, y)
        z, p = net.decision_function(X), net.predict_proba(X)
        if len(set(y)) == 2:
            assert z.shape == (60,)
            assert_allclose(p, np.column_stack([expit(-z), expit(z)]), rtol=1e-12)
            assert_array_equal(net.predict(X), z > 0)
            return
        assert z.shape == (60, 3)
        a = softmax(z, axis=1) if net.out_activation_ == "softmax" else expit(z)
        assert_allclose(p, a / a.sum(axis=1, keepdims=True), rtol=1e-12)
        assert_array_equal(net.predict(X), z.argmax(axis=1))

    @each_loss
    @pytest.mark.parametrize("solver", ["adam", "lbfgs"])
    def test_one_class_only(self, loss, solver):
        net = make(loss=loss, solver=solver).fit(X, np.full(60, "yes"))
        assert_array_equal(net.classes_, ["yes"])
        assert_array_equal(net.predict(X), np.full(60, "yes"))
        assert_array_equal(net.predict_proba(X), np.ones((60, 1)))
        assert_array_equal(net.predict_log_proba(X), np.zeros((60, 1)))
        assert net.decision_function(X).shape == (60, 1)
        # A softmax of one output is 1, so there is nothing to learn.
        assert net.loss_ == 0 if net.out_activation_ == "softmax" else net.loss_ > 0

    @each_loss
    @pytest.mark.parametrize("solver", ["adam", "sgd", "lbfgs"])
    def test_classes_can_change_places(self, loss, solver):
        start = make(max_iter=1, batch_size=60).fit(X, THREE)
        order = [2, 0, 1]  # the old class k is now called order[k]
        there, back = np.argsort(order), np.array(order)
        W, b = start.coefs_, start.intercepts_
        settings = {"loss": loss, "solver": solver}
        a = make(**settings).fit(X, THREE, coef_init=W, intercept_init=b)
        permuted = make(**settings).fit(
            X,
            back[THREE],
            coef_init=[W[0], W[1][:, there]],
            intercept_init=[b[0], b[1][there]],
        )
        assert_allclose(
            permuted.predict_proba(X)[:, back], a.predict_proba(X), rtol=1e-6
        )

    @each_loss
    def test_two_classes_can_change_places(self, loss):
        start = make(max_iter=1, batch_size=60).fit(X, TWO)
        W, b = start.coefs_, start.intercepts_
        a = make(loss=loss).fit(X, TWO, coef_init=W, intercept_init=b)
        swapped = make(loss=loss).fit(
            X, 1 - TWO, coef_init=[W[0], -W[1]], intercept_init=[b[0], -b[1]]
        )
        assert_allclose(
            swapped.predict_proba(X)[:, ::-1], a.predict_proba(X), rtol=1e-9
        )


class TestLabels:
    @pytest.mark.parametrize(
        "names",
        [
            np.array(["no", "perhaps", "yes"]),
            np.array(["no", "perhaps", "yes"], dtype=object),
            np.array([-7, 3, 40]),
            np.array([0.0, 1.0, 2.0]),
        ],
        ids=["str", "object", "int", "float"],
    )
    @each_number_of_classes
    def test_labels_of_any_kind(self, names, y):
        net = make().fit(X, names[y])
        numbered = make().fit(X, y)
        assert_same_training(net, numbered)
        assert_array_equal(net.classes_, names[: len(set(y))])
        assert_array_equal(net.predict(X), names[numbered.predict(X)])
        assert net.predict(X).dtype == names.dtype
        assert net.score(X, names[y]) == np.mean(net.predict(X) == names[y])

    def test_true_and_false(self):
        net = make().fit(X, TWO == 1)
        assert net.predict(X).dtype == bool
        assert_same_training(net, make().fit(X, TWO))

    def test_a_column_is_flattened_with_a_warning(self):
        with pytest.warns(DataConversionWarning, match="1d array was expected"):
            column = make().fit(X, THREE[:, None])
        assert_same_training(column, make().fit(X, THREE))

    @pytest.mark.parametrize("loss", ["mse", "cross_entropy", "auto"])
    @pytest.mark.parametrize("solver", ["adam", "sgd", "lbfgs"])
    @pytest.mark.parametrize("early_stopping", [False, True])
    def test_several_labels(self, loss, solver, early_stopping):
        net = make(loss=loss, solver=solver, early_stopping=early_stopping)
        net.fit(X, LABELS)
        assert net.out_activation_ == "logistic"
        assert_array_equal(net.classes_, [0, 1, 2])
        z, p = net.decision_function(X), net.predict_proba(X)
        assert_allclose(p, expit(z), rtol=1e-12)
        assert_allclose(net.predict_log_proba(X), np.log(p), rtol=1e-9)
        assert_array_equal(net.predict(X), (p > 0.5).astype(int))
        exact = (net.predict(X) == LABELS).all(axis=1).mean()
        assert net.score(X, LABELS) == exact
        for kind in (sparse.csr_matrix, sparse.csr_array, sparse.csc_array):
            twin = clone(net).fit(X, kind(LABELS))
            assert_same_training(net, twin)
            assert_array_equal(net.predict(X), twin.predict(X))

    @each_dtype
    def test_several_labels_and_huge_rows(self, dtype):
        net = make().fit(X.astype(dtype), LABELS)
        rows = (X * 1e30).astype(dtype)
        p = net.predict_proba(rows)
        assert p.dtype == dtype
        assert ((p > 0) & (p < 1)).all()
        assert np.isfinite(net.predict_log_proba(rows)).all()

    def test_kind_of_target_is_not_forgotten_between_fits(self):
        net = make().fit(X, LABELS)
        assert net.fit(X, THREE).predict(X).shape == (60,)
        assert net.fit(X, TWO).predict_proba(X).shape == (60, 2)
        assert net.fit(X, LABELS).predict(X).shape == (60, 3)


class TestPartialFit:
    def test_classes_are_settled_by_the_first_call(self):
        net = make().partial_fit(X[:5], ["b"] * 5, classes=["c", "a", "b"])
        assert_array_equal(net.classes_, ["a", "b", "c"])
        assert net.predict_proba(X).shape == (60, 3)
        net.partial_fit(X[:5], ["c"] * 5)
        net.partial_fit(X[:5], ["a"] * 5, classes=["a", "b", "c"])
        assert net.n_iter_ == 1
        assert net.history_["epoch"] == [1, 2, 3]

    def test_several_labels(self):
        net = make(shuffle=False).partial_fit(X, LABELS, classes=[0, 1, 2])
        whole = make(shuffle=False, solver="adam", max_iter=1).fit(X, LABELS)
        assert_array_equal(theta(net), theta(whole))
        assert net.partial_fit(X, sparse.csr_array(LABELS)).predict(X).shape == (60, 3)

    def test_after_fit_the_classes_are_known(self):
        net = make().fit(X, THREE).partial_fit(X[THREE == 1], THREE[THREE == 1])
        assert_array_equal(net.classes_, [0, 1, 2])
