"""Sparse X of every format and state: never written to, and the same to learn from."""

import numpy as np
import pytest
from _helpers import theta
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse

from skann import BPClassifier, BPRegressor, TabularRegressor

pytestmark = [
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
    pytest.mark.filterwarnings("ignore:X_val is not"),
]

rng = np.random.default_rng(0)
DENSE = np.where(rng.random((30, 8)) < 0.4, rng.integers(1, 9, (30, 8)), 0).astype(
    float
)
DENSE[:, 0] *= 1000  # a column that is standardised for the training
Y = DENSE[:, 1] - DENSE[:, 2]
FORMATS = ("csr", "csc", "coo", "bsr", "lil", "dok", "dia")


def arrays_of(X):
    return [a for a in vars(X).values() if isinstance(a, np.ndarray)] + [
        a for a in getattr(X, "coords", ()) if isinstance(a, np.ndarray)
    ]


def untidy(kind=sparse.csr_array, index=np.int32):
    """CSR with every entry in two halves, in no order, and a zero that is stored."""
    rows, columns = np.nonzero(DENSE)
    values = DENSE[rows, columns] / 2
    rows, columns = np.r_[rows, rows, 3], np.r_[columns, columns, 0]
    values = np.r_[values, values, 0.0]
    order = np.lexsort((rng.random(len(rows)), rows))
    counts = np.bincount(rows, minlength=len(DENSE))
    indptr = np.r_[0, np.cumsum(counts)].astype(index)
    parts = values[order], columns[order].astype(index), indptr
    return kind(parts, shape=DENSE.shape)


def cases():
    for name in FORMATS:
        for kind in ("array", "matrix"):
            yield f"{name}_{kind}", getattr(sparse, f"{name}_{kind}")(DENSE)
    for index in (np.int32, np.int64):
        yield f"untidy csr, {index.__name__}", untidy(index=index)
        X = untidy(sparse.csr_matrix, index)
        X.indices = X.indices.astype(np.int64)
        yield f"untidy csr, indices of another type, {index.__name__}", X
        yield f"untidy coo, {index.__name__}", _coo(index)
        X = untidy(index=index).T
        yield f"untidy csc, {index.__name__}", _twice_transposed(X)
    X = sparse.csr_array(DENSE)
    X.has_sorted_indices, X.has_canonical_format = False, False
    yield "csr that claims to be untidy", X
    X = untidy()
    X.has_sorted_indices, X.has_canonical_format = True, True
    yield "csr that claims to be tidy", X


def _coo(index):
    X = untidy(index=index)
    rows = np.repeat(np.arange(len(DENSE), dtype=index), np.diff(X.indptr))
    return sparse.coo_array((X.data, (rows, X.indices)), shape=X.shape)


def _twice_transposed(X):
    order = np.argsort(X.indices, kind="stable")
    columns = np.repeat(np.arange(DENSE.shape[1]), np.bincount(X.indices, minlength=8))
    rows = np.repeat(np.arange(len(DENSE)), np.diff(X.indptr))[order]
    indptr = np.r_[0, np.cumsum(np.bincount(columns, minlength=8))]
    parts = X.data[order], rows.astype(np.int32), indptr.astype(np.int32)
    return sparse.csc_array(parts, shape=DENSE.shape)


SETTINGS = {
    "one cycle": {"max_iter": 3},
    "dropout": {"solver": "sgd", "learning_rate_init": 1e-7, "input_dropout": 0.3},
    "drawn for data": {
        "solver": "adam",
        "weight_init": "nguyen_widrow",
        "activation": "tanh",
    },
    "full batch": {"solver": "lbfgs"},
    "validation": {"solver": "adam", "early_stopping": True, "scoring": "r2"},
}


@pytest.mark.parametrize("name", SETTINGS)
def test_fit_and_predict_leave_X_alone_and_do_not_depend_on_its_storage(name):
    def fit(X):
        settings = {"max_iter": 2, "random_state": 0} | SETTINGS[name]
        model = BPRegressor((3,), **settings).fit(X, Y)
        return theta(model), model.predict(X)

    expected = fit(sparse.csr_array(DENSE))
    for case, X in cases():
        for writeable in (True, False):
            if isinstance(X, dict | sparse.lil_array | sparse.lil_matrix):
                writeable = True
            for array in arrays_of(X):
                array.flags.writeable = writeable
            before = [array.copy() for array in arrays_of(X)]
            for found, right in zip(fit(X), expected, strict=True):
                assert_array_equal(found, right, case)
            for array, then in zip(arrays_of(X), before, strict=True):
                assert_array_equal(array, then, case)


def test_input_dropout_leaves_out_the_same_of_sparse_and_dense_X():
    settings = SETTINGS["dropout"] | {"max_iter": 2, "random_state": 0}
    settings["standardize"] = False  # which centers dense columns alone
    found = [theta(BPRegressor((3,), **settings).fit(X, Y)) for X in (untidy(), DENSE)]
    assert_allclose(*found, rtol=1e-9)


@pytest.mark.parametrize("use", ["partial_fit", "X_val", "table"])
def test_other_ways_in_leave_X_alone(use):
    for case, X in cases():
        for array in arrays_of(X):
            array.flags.writeable = isinstance(X, sparse.lil_array | sparse.lil_matrix)
        before = [array.copy() for array in arrays_of(X)]
        member = BPRegressor((2,), solver="adam", max_iter=1, random_state=0)
        if use == "partial_fit":
            model = member.partial_fit(X, Y)
        elif use == "X_val":
            model = member.fit(DENSE, Y, X_val=X, y_val=Y)
        else:
            table = TabularRegressor(
                vectorizer="passthrough", estimator=member, cv=2, random_state=0
            )
            model = table.fit(X, Y)
        assert_allclose(model.predict(X), model.predict(DENSE), rtol=1e-9, err_msg=case)
        for array, then in zip(arrays_of(X), before, strict=True):
            assert_array_equal(array, then, case)


@pytest.mark.parametrize("name", ["csr", "csc", "coo", "bsr", "lil", "dok"])
def test_sparse_labels_are_left_alone(name):
    labels = (DENSE[:, :3] > 4).astype(int)
    y = getattr(sparse, f"{name}_array")(labels)
    for array in arrays_of(y):
        array.flags.writeable = name == "lil"
    before = [array.copy() for array in arrays_of(y)]
    model = BPClassifier((2,), max_iter=2, random_state=0)
    found = theta(model.fit(DENSE, y))
    assert_array_equal(found, theta(model.fit(DENSE, labels)))
    model.score(DENSE, y)
    for array, then in zip(arrays_of(y), before, strict=True):
        assert_array_equal(array, then)
