"""What files and other libraries hand out is used as if it were plain arrays."""

import warnings

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skann import BPClassifier, BPRegressor
from skann._engine.native import binding


@pytest.fixture(params=["compiled", "NumPy"], autouse=True)
def engine(request, monkeypatch):
    """Both engines."""
    if request.param == "NumPy":
        monkeypatch.setattr(binding, "_compiled", None)
    elif not binding.is_compiled():
        pytest.skip("the compiled engine is not there")


rng = np.random.default_rng(0)
X = rng.normal(size=(60, 5))
X[rng.random(X.shape) < 0.4] = 0
LABELS = (X[:, 0] > 0).astype(int)
VALUES = X @ [1.0, -2.0, 0.5, 0.0, 1.0]
WEIGHT = rng.uniform(0.5, 2, 60)


def in_order(array, order):
    """The array in a byte order that its dtype names; ``"<"`` or ``">"``."""
    dtype = array.dtype.newbyteorder(order)
    return array.view(dtype) if dtype.isnative else array.astype(dtype)


def csr_in_order(X, order):
    X = X.copy()
    X.data, X.indices, X.indptr = (
        in_order(array, order) for array in (X.data, X.indices, X.indptr)
    )
    return X


class TestByteOrder:
    """As arrays from loadmat, h5py or zarr have it."""

    @pytest.mark.parametrize("order", ["<", ">"])
    @pytest.mark.parametrize("dtype", [np.float32, np.float64])
    @pytest.mark.parametrize("storage", ["dense", "csr"])
    def test_of_x_changes_nothing(self, order, dtype, storage):
        plain = X.astype(dtype)
        if storage == "csr":
            plain = sparse.csr_array(plain)
            named = csr_in_order(plain, order)
        else:
            named = in_order(plain, order)
        model, twin = (
            BPClassifier((4,), early_stopping=True, max_iter=5, random_state=0)
            for _ in range(2)
        )
        model.fit(named, LABELS, X_val=named, y_val=LABELS).partial_fit(named, LABELS)
        twin.fit(plain, LABELS, X_val=plain, y_val=LABELS).partial_fit(plain, LABELS)
        assert_array_equal(model.coefs_[0], twin.coefs_[0])
        assert model.coefs_[0].dtype == dtype
        assert model.coefs_[0].dtype.byteorder == "="
        assert_array_equal(model.predict_proba(named), twin.predict_proba(plain))

    @pytest.mark.parametrize("order", ["<", ">"])
    @pytest.mark.parametrize("normalize_y", [False, True])
    def test_of_y_and_sample_weight_changes_nothing(self, order, normalize_y):
        model, twin = (
            BPRegressor((4,), normalize_y=normalize_y, max_iter=5, random_state=0)
            for _ in range(2)
        )
        model.fit(X, in_order(VALUES, order), in_order(WEIGHT, order))
        twin.fit(X, VALUES, WEIGHT)
        assert_array_equal(model.coefs_[0], twin.coefs_[0])
        assert model.score(X, in_order(VALUES, order)) == twin.score(X, VALUES)

    @pytest.mark.parametrize("order", ["<", ">"])
    def test_of_labels_changes_nothing(self, order):
        model, twin = (BPClassifier((4,), max_iter=5, random_state=0) for _ in range(2))
        model.fit(X, in_order(LABELS, order))
        twin.fit(X, LABELS)
        assert_array_equal(model.coefs_[0], twin.coefs_[0])

    @pytest.mark.parametrize("order", ["<", ">"])
    def test_behind_a_scaler(self, order):
        named = in_order(X.astype(np.float32), order)
        model = make_pipeline(
            StandardScaler(), BPClassifier((4,), max_iter=5, random_state=0)
        )
        model.fit(named, LABELS)
        assert_allclose(
            model.predict_proba(named),
            model.predict_proba(X.astype(np.float32)),
            rtol=1e-5,
        )


def strided(array):
    return np.repeat(array, 2)[::2]


def misaligned(array):
    memory = np.zeros(array.nbytes + 1, np.uint8)[1:]
    moved = memory.view(array.dtype)
    moved[:] = array
    return moved


def with_arrays(X, **arrays):
    X = X.copy()
    for name, array in arrays.items():
        setattr(X, name, array)
    return X


def odd_matrices():
    """Label: a csr matrix that SciPy multiplies, with the values of X."""
    X_csr = sparse.csr_array(X)
    data, indices, indptr = X_csr.data, X_csr.indices, X_csr.indptr
    wide = np.int64
    yield "wide indptr", with_arrays(X_csr, indptr=indptr.astype(wide))
    yield "wide indices", with_arrays(X_csr, indices=indices.astype(wide))
    yield (
        "wide both",
        with_arrays(X_csr, indices=indices.astype(wide), indptr=indptr.astype(wide)),
    )
    for change in (strided, misaligned):
        yield f"{change.__name__} data", with_arrays(X_csr, data=change(data))
        yield f"{change.__name__} indices", with_arrays(X_csr, indices=change(indices))
        yield f"{change.__name__} indptr", with_arrays(X_csr, indptr=change(indptr))
    yield (
        "room to spare",
        with_arrays(
            X_csr,
            data=np.append(data, [np.inf, 1.0]),
            indices=np.append(indices, [-1, 99]).astype(np.int32),
        ),
    )


ODD = [label for label, _ in odd_matrices()]


def odd_matrix(label, *, finite=False):
    """One of them, of its own; the room to spare without infinity where asked for."""
    odd = dict(odd_matrices())[label]
    if finite and label == "room to spare":
        odd.data[-2] = 1.0
    return odd


class TestCompressedRows:
    @pytest.mark.parametrize("label", ODD)
    def test_in_any_form_are_used(self, label):
        # scikit-learn looks at the room as well.
        odd, plain = odd_matrix(label, finite=True), sparse.csr_array(X)
        model, twin = (BPClassifier((4,), max_iter=5, random_state=0) for _ in range(2))
        model.fit(odd, LABELS, X_val=odd, y_val=LABELS)
        twin.fit(plain, LABELS, X_val=plain, y_val=LABELS)
        assert_array_equal(model.coefs_[0], twin.coefs_[0])
        assert_array_equal(model.predict_proba(odd), twin.predict_proba(plain))

    @pytest.mark.parametrize("label", ODD)
    def test_are_left_alone(self, label):
        odd = odd_matrix(label, finite=True)
        before = odd.data, odd.indices, odd.indptr
        BPClassifier((4,), max_iter=5).fit(odd, LABELS)
        assert all(
            one is other
            for one, other in zip(
                before, (odd.data, odd.indices, odd.indptr), strict=True
            )
        )

    @pytest.mark.parametrize("label", ODD)
    def test_the_engine_takes_what_it_says(self, label):
        odd = odd_matrix(label)
        if not binding.supports(odd, odd.dtype):
            return
        model = BPClassifier((4,), max_iter=2, random_state=0).fit(X, LABELS)
        z, _ = binding.raw_outputs(model._network, model._theta, odd)
        right, _ = binding.raw_outputs(
            model._network, model._theta, sparse.csr_array(X)
        )
        assert_array_equal(z, right)

    @pytest.mark.parametrize("format", ["csr", "csc", "bsr", "coo"])
    @pytest.mark.parametrize("where", ["above", "below"])
    @pytest.mark.parametrize("method", ["fit", "X_val", "predict"])
    def test_that_point_out_of_the_matrix_are_refused(self, format, where, method):
        bad = sparse.csr_array(X).asformat(format, copy=True)
        indices = bad.col if format == "coo" else bad.indices
        indices[3] = 10**6 if where == "above" else -7
        model = BPClassifier((4,), max_iter=2).fit(X, LABELS)
        calls = {
            "fit": lambda: model.fit(bad, LABELS),
            "X_val": lambda: model.fit(X, LABELS, X_val=bad, y_val=LABELS),
            "predict": lambda: model.predict(bad),
        }
        with pytest.raises(ValueError, match=r"(?s)X.*indices.*from 0 to"):
            calls[method]()

    @pytest.mark.parametrize("place", [0, 7, -1])
    @pytest.mark.parametrize("value", [-3, 10**6])
    def test_whose_rows_are_none_are_refused(self, place, value):
        bad = sparse.csr_array(X)
        bad.indptr[place] = value
        with pytest.raises(ValueError, match="X is not a valid csr matrix: indptr"):
            BPClassifier((4,)).fit(bad, LABELS)

    def test_of_labels_are_checked_as_well(self):
        bad = sparse.csr_array(np.eye(2, dtype=int)[LABELS])
        bad.indices[5] = 10**6
        with pytest.raises(ValueError, match=r"y .*indices"):
            BPClassifier((4,)).fit(X, bad)
        good = np.eye(2, dtype=int)[LABELS]
        with pytest.raises(ValueError, match=r"y_val: y .*indices"):
            BPClassifier((4,)).fit(X, good, X_val=X, y_val=bad)

    def test_without_any_value(self):
        empty = sparse.csr_array((60, 5))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model = BPClassifier((4,), max_iter=3, random_state=0).fit(empty, LABELS)
        assert np.isfinite(model.coefs_[0]).all()

    def test_of_one_dimension_are_refused(self):
        with pytest.raises(ValueError, match=r"1d|2D|2-D|dimension"):
            BPClassifier((4,)).fit(sparse.coo_array(X[0]), LABELS)
