"""Rows of X as the compiled engine reads them, dense and sparse."""

import numpy as np
import pytest
from _helpers import (
    make_case,
    make_data,
    make_optimizer,
)
from _native import gradient, needs_engine, network_of
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse

from skann import BPClassifier, BPRegressor
from skann._engine import native
from skann._engine.native import binding
from skann._optimize.schedule_base import Counts
from skann._optimize.schedules import SCHEDULES

pytestmark = needs_engine


class TestRowsOfX:
    @pytest.mark.parametrize(
        "rearrange",
        [
            np.asfortranarray,
            lambda X: np.repeat(X, 2, axis=1)[:, ::2],
            lambda X: np.repeat(X, 2, axis=0)[::2],
            lambda X: X[::-1].copy()[::-1],
            lambda X: X[:, ::-1].copy()[:, ::-1],
        ],
        ids=["Fortran", "columns apart", "rows apart", "rows back", "columns back"],
    )
    @pytest.mark.parametrize("dtype", [np.float32, np.float64])
    @pytest.mark.parametrize("n_features", [3, 130])  # the latter goes in halves
    @pytest.mark.parametrize("n", [1, 2, 3])
    def test_in_any_order_and_precision(self, rearrange, dtype, n_features, n, threads):
        threads(n)
        sizes = (n_features, 4, 3)
        network, theta, X, y = make_case("softmax", ("tanh",), n_rows=40, sizes=sizes)
        X = X.astype(np.float32).astype(dtype)
        data = make_data(rearrange(X), y, "softmax")
        value, found, _ = gradient(network, theta, data, 40)
        right = gradient(network, theta, make_data(X.astype(float), y, "softmax"), 40)
        assert value == right[0]
        assert_array_equal(found, right[1])

    def test_are_left_alone(self):
        network, theta, X, y = make_case("softmax", ("tanh",), n_rows=40)
        before = X.copy()
        X.flags.writeable = False
        gradient(network, theta, make_data(X, y, "softmax"), 40)
        assert_array_equal(X, before)

    def test_at_odd_addresses_are_left_to_numpy(self):
        X = np.frombuffer(bytearray(4 * 60 + 1), np.float32, offset=1).reshape(20, 3)
        assert not X.flags.aligned
        X[:] = np.random.default_rng(0).normal(size=X.shape)
        y = np.arange(20) % 3
        odd, even = (
            BPClassifier((4,), max_iter=3, random_state=0).fit(rows, y)
            for rows in (X, X.copy())
        )
        assert_allclose(odd.predict_proba(X), even.predict_proba(X.copy()), rtol=1e-4)

    def test_of_a_mapped_file(self, tmp_path):
        network, theta, X, y = make_case("softmax", ("tanh",), n_rows=40)
        np.save(tmp_path / "X.npy", X)
        mapped = np.load(tmp_path / "X.npy", mmap_mode="r")
        assert_array_equal(
            gradient(network, theta, make_data(mapped, y, "softmax"), 40)[1],
            gradient(network, theta, make_data(X, y, "softmax"), 40)[1],
        )


def wide(seed=0, n_rows=60, n_features=500, density=0.01, dtype=np.float64):
    rng = np.random.default_rng(seed)
    X = sparse.random_array(
        (n_rows, n_features), density=density, format="csr", random_state=rng
    )
    return X.astype(dtype), rng.normal(size=(n_rows, 2)), rng


class TestSparse:
    @pytest.mark.parametrize("density", [0.01, 0.3])
    @pytest.mark.parametrize("depth", [0, 1, 2])
    @pytest.mark.parametrize("n", [1, 2])
    @pytest.mark.parametrize("kind", [sparse.csr_matrix, sparse.csr_array])
    def test_gradient_is_that_of_dense(self, density, depth, n, kind, threads, level):
        threads(n)
        X, y, _ = wide(density=density)
        network, theta, _ = network_of((500, *(9, 5)[:depth], 2))
        found = gradient(
            network, theta, make_data(kind(X), y, "squared_error"), 60, 0.1
        )
        right = gradient(
            network, theta, make_data(X.toarray(), y, "squared_error"), 60, 0.1
        )
        assert found[0] == pytest.approx(right[0], rel=1e-12)
        assert_allclose(found[1], right[1], rtol=1e-11, atol=1e-13)

    @pytest.mark.parametrize("dtype", [np.int32, np.int64])
    def test_indices_of_either_size(self, dtype):
        X, y, _ = wide()
        network, theta, _ = network_of((500, 9, 2))
        right = gradient(network, theta, make_data(X, y, "squared_error"), 60)
        X = X.copy()
        X.indices, X.indptr = X.indices.astype(dtype), X.indptr.astype(dtype)
        found = gradient(network, theta, make_data(X, y, "squared_error"), 60)
        assert_array_equal(found[1], right[1])

    def test_indices_in_any_order_and_twice(self):
        X = sparse.csr_array(
            (
                np.array([1.0, 2.0, 3.0, 4.0]),
                np.array([4, 0, 4, 2]),
                np.array([0, 3, 4]),
            ),
            shape=(2, 6),
        )
        network, theta, rng = network_of((6, 3, 2))
        y = rng.normal(size=(2, 2))
        found = gradient(network, theta, make_data(X, y, "squared_error"), 2)
        right = gradient(network, theta, make_data(X.toarray(), y, "squared_error"), 2)
        assert_allclose(found[1], right[1], rtol=1e-12)

    def runs(self, form, is_lazy, schedule, batch_size=3):
        """Twenty epochs, with lazy updates or without."""
        X, y, _ = wide()
        network, theta, _ = network_of((500, 4, 2))
        settings = {"epsilon": 1e-20} if form == "adam" else {}
        optimizer = make_optimizer(form, **settings).start(theta.size, np.float64)
        data = make_data(X, y, "squared_error")
        if not is_lazy:
            data = make_data(X.toarray(), y, "squared_error")
        epochs = native.FusedEpochs(network, 0.0, theta, data, optimizer, batch_size)
        plan = SCHEDULES[schedule]().begin(0.02)
        plan.start(Counts(), Counts(20 * 20, 20, 20 * 60))
        rng, done, losses = np.random.default_rng(0), Counts(), []
        for epoch in range(20):
            found, _ = epochs.epoch(plan, done, rng, np.inf)
            losses += found
            done = Counts(len(losses), epoch + 1, 60 * (epoch + 1))
            if epoch % 5 == 4:
                epochs.flush()
        return theta, optimizer, losses, epochs.gradient_norm

    @pytest.mark.parametrize(
        "form", ["plain sgd", "sgd", "sgd, Polyak's momentum", "adam"]
    )
    @pytest.mark.parametrize("n", [1, 2])
    @pytest.mark.parametrize("schedule", ["constant", "one_cycle"])
    def test_weights_catch_up_with_where_they_would_have_gone(
        self, form, n, schedule, threads
    ):
        threads(n)
        theta, optimizer, losses, norm = self.runs(form, True, schedule)
        right, twin, right_losses, right_norm = self.runs(form, False, schedule)
        assert_allclose(losses, right_losses, rtol=1e-9)
        assert_allclose(theta, right, rtol=1e-9, atol=1e-11)
        assert norm == pytest.approx(right_norm, rel=1e-8)
        for vector, other in zip(optimizer.state, twin.state, strict=True):
            assert_allclose(vector, other, rtol=1e-7, atol=1e-13)

    @pytest.mark.parametrize("solver", ["sgd", "adam"])
    @pytest.mark.parametrize("dtype", [np.float32, np.float64])
    def test_models_are_the_reference_s(self, solver, dtype, monkeypatch):
        X, y, _ = wide(dtype=dtype)
        fits = []
        for engine in (binding._compiled, None):
            monkeypatch.setattr(binding, "_compiled", engine)
            model = BPRegressor((5,), solver=solver, max_iter=5, random_state=0)
            fits.append(model.fit(X, y).fit(X, y).partial_fit(X, y))
        tolerance = 1e-3 if dtype == np.float32 else 1e-5
        for one, other in zip(fits[0].coefs_, fits[1].coefs_, strict=True):
            assert one.dtype == dtype
            assert_allclose(one, other, rtol=tolerance, atol=tolerance)
