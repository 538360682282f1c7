"""Rows in, batches out: all of them, once, in the right dtype, with what is theirs.

A dense X that is small comes with a column of ones. Most tests run twice, once as if
every X were large, and look at what is left of that column.
"""

import numpy as np
import pytest
from scipy import sparse

from skann._engine import batches
from skann._engine.batches import Batches

# Rows are gathered a cache-sized block at a time. A wide X has few rows to a block and
# a narrow one thousands, so these sizes lie on both sides of blocks and of batches.
CASES = [
    # n_rows, n_features, batch_size
    (1, 3, 1),
    (7, 3, 1),
    (10, 3, 4),
    (12, 3, 4),
    (12, 3, 11),
    (12, 3, 12),
    (12, 3, 50),
    (31, 1024, 8),
    (32, 1024, 8),
    (33, 1024, 8),
    (64, 1024, 8),
    (65, 1024, 8),
    (100, 1024, 7),
    (70, 1024, 64),
    (40_000, 1, 300),
    (32_769, 2, 4096),
]
over_cases = pytest.mark.parametrize(
    ("n_rows", "n_features", "batch_size"), CASES, ids=lambda size: f"{size}"
)
over_orders = pytest.mark.parametrize("shuffled", [False, True])


@pytest.fixture(autouse=True, params=["small X", "large X"])
def size_limit(request, monkeypatch):
    """What counts as small: what does so by itself, or nothing at all."""
    if request.param == "large X":
        monkeypatch.setattr(batches, "SMALL_BYTES", 0)
    return batches.SMALL_BYTES


def numbered(n_rows, n_features=3, dtype=np.float64):
    """X that says in its first column which row a row is."""
    X = np.random.default_rng(0).normal(size=(n_rows, n_features)).astype(dtype)
    X[:, 0] = np.arange(n_rows)
    return X


def make(X, *, y=None, weight=None, dtype=np.float64, rows=None, n_outputs=1):
    if y is None:
        y = np.arange(X.shape[0], dtype=dtype)[None, :]
    return Batches(X, y, weight, n_outputs=n_outputs, dtype=dtype, rows=rows)


def copies(batches, batch_size, rng=None):
    """The batches of an epoch, copied: each is valid until the next one only."""
    found = []
    for X, y, weight in batches.epoch(batch_size, rng):
        X = X.toarray() if sparse.issparse(X) else X.copy()
        if batches.ones_column:
            assert (X[:, -1] == 1).all()
            X = X[:, :-1]
        found.append((X, y.copy(), None if weight is None else weight.copy()))
    return found


def joined(batches, batch_size, rng=None):
    X, y, weight = zip(*copies(batches, batch_size, rng), strict=True)
    weight = None if weight[0] is None else np.concatenate(weight)
    return np.concatenate(X), np.concatenate(y, axis=1), weight


def generator(shuffled, seed=0):
    return np.random.default_rng(seed) if shuffled else None


@over_cases
@over_orders
class TestEverySize:
    def test_every_row_once(self, n_rows, n_features, batch_size, shuffled):
        X = numbered(n_rows, n_features)
        found, y, _ = joined(make(X), batch_size, generator(shuffled))
        order = found[:, 0].astype(int)
        np.testing.assert_array_equal(np.sort(order), np.arange(n_rows))
        if shuffled and n_rows >= 7 and batch_size < n_rows:
            assert not np.array_equal(order, np.arange(n_rows))
        else:
            np.testing.assert_array_equal(order, np.arange(n_rows))
        np.testing.assert_array_equal(found, X[order])
        np.testing.assert_array_equal(y[0], order)

    def test_all_batches_but_the_last_are_full(
        self, n_rows, n_features, batch_size, shuffled
    ):
        batches = make(numbered(n_rows, n_features))
        sizes = [len(X) for X, _, _ in copies(batches, batch_size, generator(shuffled))]
        assert sum(sizes) == n_rows
        assert all(size == min(batch_size, n_rows) for size in sizes[:-1])
        assert 0 < sizes[-1] <= batch_size

    def test_codes_become_one_hot_and_weights_follow(
        self, n_rows, n_features, batch_size, shuffled
    ):
        X = numbered(n_rows, n_features)
        codes = (np.arange(n_rows) % 4).astype(np.int32)
        weight = np.arange(n_rows) / 8
        batches = make(X, y=codes, weight=weight, n_outputs=4)
        found, y, followed = joined(batches, batch_size, generator(shuffled))
        order = found[:, 0].astype(int)
        np.testing.assert_array_equal(y, np.eye(4)[codes[order]].T)
        np.testing.assert_array_equal(followed, weight[order])

    def test_only_the_rows_in_use(self, n_rows, n_features, batch_size, shuffled):
        X = numbered(n_rows, n_features)
        rows = np.flatnonzero(np.arange(n_rows) % 3 != 1)
        weight = np.arange(n_rows, dtype=float)
        batches = make(X, weight=weight, rows=rows)
        assert batches.n_rows == len(rows)
        found, y, followed = joined(batches, batch_size, generator(shuffled))
        order = found[:, 0].astype(int)
        if shuffled:
            np.testing.assert_array_equal(np.sort(order), rows)
        else:
            np.testing.assert_array_equal(order, rows)
        np.testing.assert_array_equal(found, X[order])
        np.testing.assert_array_equal(y[0], order)
        np.testing.assert_array_equal(followed, order)


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


@pytest.mark.parametrize("storage", STORAGES)
@pytest.mark.parametrize("stored_dtype", [np.float32, np.float64])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("batch_size", [16, 1000])
@over_orders
def test_every_storage_in_the_network_s_dtype(
    storage, stored_dtype, dtype, batch_size, shuffled, tmp_path
):
    dense = numbered(100, 5, stored_dtype)
    dense[dense < 0] = 0
    before = dense.copy()
    X = STORAGES[storage](dense, tmp_path)
    rows = np.arange(2, 99)
    for in_use in (None, rows):
        batches = make(X, y=np.arange(100) % 3, dtype=dtype, n_outputs=3, rows=in_use)
        expected = np.arange(100) if in_use is None else rows
        for part, y, weight in batches.epoch(batch_size, generator(shuffled)):
            assert part.dtype == y.dtype == dtype
            assert sparse.issparse(part) == sparse.issparse(X)
            assert weight is None
        found, _, _ = joined(batches, batch_size, generator(shuffled))
        order = found[:, 0].astype(int)
        np.testing.assert_array_equal(np.sort(order), expected)
        np.testing.assert_array_equal(found, before[order].astype(dtype))
    np.testing.assert_array_equal(dense, before)


def test_only_a_small_dense_x_gets_a_column_of_ones(size_limit):
    X = numbered(200, 3)
    assert make(X).ones_column == (X.nbytes <= size_limit)
    assert not make(sparse.csr_matrix(X)).ones_column
    # Lazily zero, so that this costs no memory.
    wide = np.zeros((2, max(1, size_limit)), np.float64)
    assert not make(wide).ones_column


@pytest.mark.parametrize("batch_size", [10, 64, 2000, 10_000])
def test_rows_of_a_large_x_in_their_order_are_not_copied(batch_size):
    X = numbered(2000, 600)  # more than is small by itself
    for part, _, _ in make(X).epoch(batch_size):
        assert np.shares_memory(part, X)


def test_each_epoch_has_its_own_order():
    batches, rng = make(numbered(100)), np.random.default_rng(0)
    first, second = (joined(batches, 8, rng)[0][:, 0] for _ in range(2))
    assert not np.array_equal(first, second)
    again = joined(make(numbered(100)), 8, np.random.default_rng(0))[0][:, 0]
    np.testing.assert_array_equal(first, again)


def test_the_order_does_not_depend_on_how_the_data_are_stored():
    X = numbered(100)
    orders = [
        joined(make(stored, y=y, weight=weight), 8, np.random.default_rng(0))[0][:, 0]
        for stored, y, weight in [
            (X, None, None),
            (sparse.csr_matrix(X), None, None),
            (np.asfortranarray(X), np.zeros(100, int), np.ones(100)),
        ]
    ]
    np.testing.assert_array_equal(orders[0], orders[1])
    np.testing.assert_array_equal(orders[0], orders[2])


def test_every_place_is_as_likely_for_every_row():
    batches, rng = make(numbered(6)), np.random.default_rng(0)
    seen = np.zeros((6, 6))
    for _ in range(600):
        order = joined(batches, 4, rng)[0][:, 0].astype(int)
        seen[np.arange(6), order] += 1
    # Each count has mean 100 and deviation √(100 · 5/6) = 9.
    assert abs(seen - 100).max() < 40


@pytest.mark.parametrize("rows", [None, np.arange(1, 20)])
def test_a_single_batch_of_everything_keeps_its_order(rows):
    weight = np.arange(20.0)
    batches = make(numbered(20), weight=weight, rows=rows)
    expected = np.arange(20) if rows is None else rows
    rng = np.random.default_rng(0)
    for _ in range(2):
        ((X, y, followed),) = copies(batches, 20, rng)
        np.testing.assert_array_equal(X[:, 0], expected)
        np.testing.assert_array_equal(y[0], expected)
        np.testing.assert_array_equal(followed, expected)


def test_epochs_of_several_sizes_from_one_object():
    # Buffers are used again: a large batch after a small one, and the other way.
    X, codes = numbered(50), np.arange(50) % 3
    batches = make(X, y=codes, n_outputs=3)
    for batch_size in (3, 20, 50, 7):
        found, y, _ = joined(batches, batch_size, np.random.default_rng(batch_size))
        order = found[:, 0].astype(int)
        np.testing.assert_array_equal(np.sort(order), np.arange(50))
        np.testing.assert_array_equal(y, np.eye(3)[codes[order]].T)


def test_what_is_passed_in_is_left_alone():
    X, codes, weight = numbered(30), np.arange(30) % 2, np.linspace(0, 1, 30)
    before = X.copy(), codes.copy(), weight.copy()
    copies(make(X, y=codes, weight=weight, n_outputs=2), 7, np.random.default_rng(0))
    for array, copy in zip((X, codes, weight), before, strict=True):
        np.testing.assert_array_equal(array, copy)
