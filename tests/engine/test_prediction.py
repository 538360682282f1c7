"""Raw outputs, in chunks, by either engine."""

import numpy as np
import pytest
from _helpers import make_case, plain_forward
from scipy import sparse

from skann._engine import choice
from skann._engine.native import binding
from skann._network.activations import ACTIVATIONS
from skann._network.network import Network

DEPTHS = [0, 1, 2, 3]


@pytest.fixture(params=["compiled", "NumPy"], autouse=True)
def engine(request, monkeypatch):
    if request.param == "NumPy":
        monkeypatch.setattr(binding, "_compiled", None)
    elif not binding.is_compiled():
        pytest.skip("the compiled engine is not there")


def raw_outputs(network, theta, X, rows=None):
    return choice.raw_outputs(network, theta, X, rows)[0]


class TestRawOutputs:
    @pytest.mark.parametrize("activation", ACTIVATIONS)
    @pytest.mark.parametrize("depth", DEPTHS)
    def test_are_the_formula_s(self, activation, depth):
        network, theta, X, _ = make_case("softmax", (activation,) * depth, n_rows=50)
        found = raw_outputs(network, theta, X)
        assert found.shape == (50, 3)
        np.testing.assert_allclose(
            found, plain_forward(network, theta, X)[-1], rtol=1e-12, atol=1e-13
        )

    # Wide layers leave few rows to a chunk: 500 rows of 3000 units are many chunks,
    # and one row at a time is none at all.
    @pytest.mark.parametrize("widths", [(3000,), (5, 3000), (3000, 5), ()], ids=str)
    @pytest.mark.parametrize("n_rows", [1, 31, 32, 33, 500])
    @pytest.mark.parametrize("storage", [np.asarray, sparse.csr_matrix])
    def test_do_not_depend_on_the_chunks(self, widths, n_rows, storage):
        rng = np.random.default_rng(0)
        activations = ("tanh",) * len(widths)
        network = Network((4, *widths, 2), activations, "softmax")
        theta = rng.normal(0, 0.05, network.layout.n_parameters)
        X = storage(rng.normal(size=(n_rows, 4)))
        whole = raw_outputs(network, theta, X)
        assert whole.shape == (n_rows, 2)
        for rows in np.array_split(np.arange(n_rows), min(n_rows, 7)):
            part = raw_outputs(network, theta, X[rows])
            np.testing.assert_allclose(whole[rows], part, rtol=1e-12, atol=1e-13)
        last = raw_outputs(network, theta, X[n_rows - 1 :])
        np.testing.assert_allclose(whole[-1:], last, rtol=1e-12, atol=1e-13)

    def test_many_narrow_rows(self):
        network, theta, _, _ = make_case("softmax", ("relu", "gelu"))
        X = np.random.default_rng(0).normal(size=(50_000, 3))
        np.testing.assert_allclose(
            raw_outputs(network, theta, X),
            plain_forward(network, theta, X)[-1],
            rtol=1e-11,
            atol=1e-12,
        )

    @pytest.mark.parametrize("depth", DEPTHS)
    @pytest.mark.parametrize("kind", [sparse.csr_matrix, sparse.csr_array])
    @pytest.mark.parametrize("dtype", [np.float32, np.float64])
    def test_sparse_is_dense(self, depth, kind, dtype):
        network, theta, X, _ = make_case("softmax", ("tanh",) * depth, n_rows=60)
        X[X < 0] = 0
        dense = raw_outputs(network, theta.astype(dtype), X.astype(dtype))
        found = raw_outputs(network, theta.astype(dtype), kind(X.astype(dtype)))
        assert type(found) is np.ndarray
        assert found.dtype == dtype
        tolerance = 1e-5 if dtype == np.float32 else 1e-13
        np.testing.assert_allclose(found, dense, rtol=tolerance, atol=tolerance)

    @pytest.mark.parametrize("storage", [np.asarray, sparse.csr_matrix])
    @pytest.mark.parametrize("dtype", [np.float32, np.float64])
    @pytest.mark.parametrize("x_dtype", [np.float32, np.float64])
    def test_are_in_the_dtype_of_theta(self, storage, dtype, x_dtype):
        network, theta, X, _ = make_case("softmax", ("tanh", "mish"), n_rows=40)
        found = raw_outputs(network, theta.astype(dtype), storage(X.astype(x_dtype)))
        assert found.dtype == dtype
        np.testing.assert_allclose(
            found, plain_forward(network, theta, X)[-1], rtol=1e-4, atol=1e-5
        )

    @pytest.mark.parametrize(
        "rearrange",
        [
            np.asfortranarray,
            lambda X: np.repeat(X, 2, axis=1)[:, ::2],
            lambda X: np.repeat(X, 2, axis=0)[::2],
        ],
        ids=["Fortran", "columns apart", "rows apart"],
    )
    def test_any_memory_order(self, rearrange):
        network, theta, X, _ = make_case("softmax", ("tanh",), n_rows=40)
        np.testing.assert_allclose(
            raw_outputs(network, theta, rearrange(X)),
            raw_outputs(network, theta, X),
            rtol=1e-13,
        )

    def test_no_rows_no_outputs(self):
        network, theta, X, _ = make_case("softmax", ("tanh",))
        assert raw_outputs(network, theta, X[:0]).shape == (0, 3)

    def test_write_to_nothing(self):
        network, theta, X, _ = make_case("softmax", ("tanh",))
        theta_before, X_before = theta.copy(), X.copy()
        theta.flags.writeable = X.flags.writeable = False
        raw_outputs(network, theta, X)
        np.testing.assert_array_equal(theta, theta_before)
        np.testing.assert_array_equal(X, X_before)

    @pytest.mark.parametrize("storage", [np.asarray, sparse.csr_matrix])
    def test_of_some_rows(self, storage):
        network, theta, X, _ = make_case("softmax", ("tanh",), n_rows=200)
        rows = np.random.default_rng(0).permutation(200)[:150]
        np.testing.assert_allclose(
            raw_outputs(network, theta, storage(X), rows),
            raw_outputs(network, theta, storage(X))[rows],
            rtol=1e-13,
        )

    @pytest.mark.parametrize("depth", DEPTHS)
    @pytest.mark.parametrize("storage", [np.asarray, sparse.csr_matrix])
    @pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
    def test_say_whether_x_is_finite(self, depth, storage, value):
        network, theta, X, _ = make_case("softmax", ("tanh",) * depth, n_rows=5000)
        network.layout.weights(theta)[0][1] = 0  # hides nothing
        assert choice.raw_outputs(network, theta, storage(X))[1]
        X[4000, 1] = value
        assert not choice.raw_outputs(network, theta, storage(X))[1]
        assert choice.raw_outputs(network, theta, storage(X), np.arange(4000))[1]
