"""Changes of the input whose effect on the result is known."""

from itertools import pairwise

import numpy as np
import pytest
from _helpers import small_net, theta
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse

from skann import BPClassifier, BPRegressor

pytestmark = [
    pytest.mark.filterwarnings("ignore:Training stopped at max_iter"),
    pytest.mark.filterwarnings("ignore:The network is no better"),
]

rng = np.random.default_rng(0)
X = rng.normal(size=(120, 6))
Y = {
    BPClassifier: (X[:, 0] > 0).astype(int) + (X[:, 1] > 0.5),
    BPRegressor: 3 + np.sin(X[:, 0]) + X[:, 1] * X[:, 2],
}
SOLVERS = ["sgd", "adam", "rprop", "lbfgs"]

each_estimator = pytest.mark.parametrize("Estimator", [BPClassifier, BPRegressor])
each_solver = pytest.mark.parametrize("solver", SOLVERS)


def outputs(model, rows):
    return getattr(model, "predict_proba", model.predict)(rows)


def start(n_outputs):
    """Weights and biases to start from."""
    sizes = (6, 7, n_outputs)
    own = np.random.default_rng(1)
    pairs = list(pairwise(sizes))
    weights = [own.normal(size=pair) / np.sqrt(pair[0]) for pair in pairs]
    return {"coef_init": weights, "intercept_init": [np.zeros(n) for n in sizes[1:]]}


def trained(Estimator, solver, rows=X, y=None, **given):
    y = Y[Estimator] if y is None else y
    given = start(3 if Estimator is BPClassifier else 1) | given
    return small_net(Estimator, solver=solver, tol=0).fit(rows, y, **given)


@each_estimator
@each_solver
class TestTraining:
    def test_permuted_features_with_permuted_weights(self, Estimator, solver):
        order = np.random.default_rng(2).permutation(6)
        given = start(3 if Estimator is BPClassifier else 1)
        first, *others = given["coef_init"]
        moved = trained(
            Estimator, solver, X[:, order], coef_init=[first[order], *others]
        )
        plain = trained(Estimator, solver)
        assert_allclose(moved.coefs_[0], plain.coefs_[0][order], rtol=1e-6, atol=1e-9)
        assert_allclose(
            outputs(moved, X[:, order]), outputs(plain, X), rtol=1e-6, atol=1e-9
        )

    def test_permuted_units_are_the_same_network(self, Estimator, solver):
        order = np.random.default_rng(2).permutation(7)
        first, last = start(3 if Estimator is BPClassifier else 1)["coef_init"]
        moved = trained(Estimator, solver, coef_init=[first[:, order], last[order]])
        plain = trained(Estimator, solver)
        assert_allclose(outputs(moved, X), outputs(plain, X), rtol=1e-6, atol=1e-9)

    def test_sparse_and_dense(self, Estimator, solver):
        rows = np.where(X > 0, X, 0)
        dense = trained(Estimator, solver, rows)
        for kind in (sparse.csr_array, sparse.csc_array, sparse.coo_array):
            other = trained(Estimator, solver, kind(rows))
            assert_allclose(theta(other), theta(dense), rtol=1e-7, atol=1e-10)

    def test_single_and_double_precision(self, Estimator, solver):
        double = trained(Estimator, solver)
        single = trained(Estimator, solver, X.astype(np.float32))
        found = outputs(single, X.astype(np.float32))
        assert_allclose(found, outputs(double, X), rtol=1e-3, atol=1e-4)

    def test_a_constant_factor_of_the_weights(self, Estimator, solver):
        weight = rng.uniform(0.5, 2, len(X))
        plain = trained(Estimator, solver, sample_weight=weight)
        # A power of two, which rounds nothing.
        other = trained(Estimator, solver, sample_weight=1024 * weight)
        assert_allclose(theta(other), theta(plain), rtol=1e-9, atol=1e-12)

    def test_layout_in_memory(self, Estimator, solver):
        plain = theta(trained(Estimator, solver))
        for rows in (np.asfortranarray(X), np.repeat(X, 2, axis=0)[::2], X.tolist()):
            assert_array_equal(theta(trained(Estimator, solver, rows)), plain)


@each_estimator
@pytest.mark.parametrize("solver", ["rprop", "lbfgs"])
def test_weight_two_is_a_row_twice(Estimator, solver):
    weight = np.where(np.arange(len(X)) < 40, 2.0, 1.0)
    y = Y[Estimator]
    rows = np.concatenate([X, X[:40]]), np.concatenate([y, y[:40]])
    weighed = trained(Estimator, solver, sample_weight=weight)
    repeated = trained(Estimator, solver, *rows)
    assert_allclose(outputs(weighed, X), outputs(repeated, X), rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("solver", SOLVERS)
class TestTargets:
    @pytest.mark.parametrize(
        "names",
        [["a", "b", "c"], [-5, 0, 7], [0.0, 1.0, 2.0], [10**18, 10**18 + 1, 2**62]],
        ids=str,
    )
    def test_renamed_classes(self, solver, names):
        plain = trained(BPClassifier, solver)
        names = np.array(names)
        other = trained(BPClassifier, solver, y=names[Y[BPClassifier]])
        assert_array_equal(theta(other), theta(plain))
        assert_array_equal(other.predict(X), names[plain.predict(X)])

    def test_classes_in_another_order(self, solver):
        plain = trained(BPClassifier, solver)
        order = np.array([2, 0, 1])  # what was class k is now class order[k]
        first, last = start(3)["coef_init"]
        moved = np.empty_like(last)
        moved[:, order] = last
        other = trained(
            BPClassifier, solver, y=order[Y[BPClassifier]], coef_init=[first, moved]
        )
        found = other.predict_proba(X)[:, order]
        assert_allclose(found, plain.predict_proba(X), rtol=1e-6, atol=1e-9)

    @pytest.mark.parametrize("factor", [-2.0, 1024.0, 1e-9])
    def test_targets_in_another_unit(self, solver, factor):
        y = Y[BPRegressor]
        plain = trained(BPRegressor, solver)
        first, last = start(1)["coef_init"]
        last = -last if factor < 0 else last  # the same start, seen from the other side
        other = trained(BPRegressor, solver, y=factor * y, coef_init=[first, last])
        assert_allclose(other.predict(X) / factor, plain.predict(X), rtol=1e-6)


@each_estimator
class TestPredictions:
    def test_permuted_rows(self, Estimator):
        model, order = trained(Estimator, "adam"), rng.permutation(len(X))
        found = np.empty_like(outputs(model, X))
        found[order] = outputs(model, X[order])
        assert_array_equal(found, outputs(model, X))

    def test_chunks_and_the_whole(self, Estimator):
        model = trained(Estimator, "adam")
        whole = outputs(model, X)
        for size in (1, 7, 64):
            parts = [outputs(model, X[i : i + size]) for i in range(0, len(X), size)]
            assert_allclose(np.concatenate(parts), whole, rtol=1e-12)

    def test_sparse_and_dense(self, Estimator):
        model, rows = trained(Estimator, "adam"), np.where(X > 0, X, 0)
        found = outputs(model, sparse.csr_array(rows))
        assert_allclose(found, outputs(model, rows), rtol=1e-10)

    def test_a_repeated_row_is_predicted_alike(self, Estimator):
        model = trained(Estimator, "adam")
        found = outputs(model, np.repeat(X[:3], 50, axis=0))
        for group in np.split(found, 3):
            assert (group == group[0]).all()
