"""Rows in: the right ones, in the network's dtype, with what is theirs."""

import numpy as np
import pytest
from scipy import sparse

from skann._engine.reference.rows import CHUNK_ROWS, Rows
from skann._training.data import Data, Targets

N_ROWS, N_FEATURES = 100, 5


def as_memmap(X, tmp_path):
    stored = np.memmap(tmp_path / "X", X.dtype, "w+", shape=X.shape)
    stored[...] = X
    stored.flush()
    return np.memmap(tmp_path / "X", X.dtype, "r", shape=X.shape)


STORAGES = {
    "C": lambda X, tmp_path: X,
    "Fortran": lambda X, tmp_path: np.asfortranarray(X),
    "strided": lambda X, tmp_path: np.repeat(X, 2, axis=1)[:, ::2],
    "every other row": lambda X, tmp_path: np.repeat(X, 2, axis=0)[::2],
    "memmap": as_memmap,
    "csr matrix": lambda X, tmp_path: sparse.csr_matrix(X),
    "csr array": lambda X, tmp_path: sparse.csr_array(X),
}
TAKEN = [slice(0, 100), slice(30, 31), np.array([3, 99, 0]), np.arange(100)[::-1]]


def dense(X):
    return X.toarray() if sparse.issparse(X) else X


@pytest.mark.parametrize("storage", STORAGES)
@pytest.mark.parametrize("stored_dtype", [np.float32, np.float64])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("rows", TAKEN, ids=["all", "one", "some", "reversed"])
def test_every_storage_in_the_network_s_dtype(
    storage, stored_dtype, dtype, rows, tmp_path
):
    X = np.random.default_rng(0).normal(size=(N_ROWS, N_FEATURES))
    X = np.maximum(X, 0).astype(stored_dtype)
    before = X.copy()
    stored = STORAGES[storage](X, tmp_path)
    codes = np.arange(N_ROWS, dtype=np.int32) % 3
    weight = 1.0 + np.arange(N_ROWS) % 2
    found, y, followed = Rows(
        Data(stored, None, Targets(codes, 3, "softmax"), weight), dtype
    ).take(rows)
    assert found.dtype == y.dtype == followed.dtype == dtype
    assert sparse.issparse(found) == sparse.issparse(stored)
    np.testing.assert_array_equal(dense(found), before[rows].astype(dtype))
    np.testing.assert_array_equal(y, np.eye(3)[codes[rows]])
    np.testing.assert_allclose(followed[:, 0], weight[rows] / 1.5, rtol=1e-6)
    np.testing.assert_array_equal(X, before)


@pytest.mark.parametrize("rows", TAKEN, ids=["all", "one", "some", "reversed"])
def test_targets_of_several_outputs_become_rows(rows):
    y = np.random.default_rng(0).normal(size=(2, N_ROWS))
    X = np.zeros((N_ROWS, 1))
    data = Data(X, None, Targets(y, 2, "squared_error"), None)
    _, found, weight = Rows(data, np.float64).take(rows)
    np.testing.assert_array_equal(found, y.T[rows])
    assert weight == 1


def test_dense_rows_in_their_order_are_not_copied():
    X = np.zeros((2000, 600))
    data = Data(X, None, Targets(np.zeros((1, 2000)), 1, "squared_error"), None)
    for part, _, _ in Rows(data, np.float64).chunks():
        assert np.shares_memory(part, X)


@pytest.mark.parametrize("n_rows", [1, CHUNK_ROWS, CHUNK_ROWS + 1, 3 * CHUNK_ROWS - 1])
@pytest.mark.parametrize("some", [False, True])
def test_chunks_are_all_rows_in_use_once(n_rows, some):
    X = np.arange(2.0 * n_rows)[:, None]
    rows = np.arange(2 * n_rows)[::-2] if some else None
    data = Data(X, None, Targets(X.T, 1, "squared_error"), None, rows)
    parts = [(part, y) for part, y, _ in Rows(data, np.float64).chunks()]
    assert all(len(part) <= CHUNK_ROWS for part, _ in parts)
    for found in zip(*parts, strict=True):
        np.testing.assert_array_equal(np.concatenate(found), X[data.row_numbers])
