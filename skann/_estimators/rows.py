"""X on its way in: scikit-learn's validation, and what it leaves to be done.

Files and other libraries hand out arrays whose byte order is not the processor's, or is
said in so many words, and compressed matrices with indices of two types, apart in
memory or out of range. Here they become, once, what both engines read.
"""

import copy

import numpy as np
from scipy.sparse import issparse
from sklearn.utils.validation import validate_data

from .unusable_columns import explain


def validate_rows(estimator, X, **options):
    """scikit-learn's ``validate_data`` for X of float64 or float32, dense or csr.

    Parameters
    ----------
    estimator : estimator
    X : {array-like, sparse matrix} of shape (n_samples, n_features)
    **options
        Of ``validate_data``, such as ``y``.

    Returns
    -------
    X : ndarray or csr matrix, or a tuple of it and y
        In native byte order; of csr, all arrays are contiguous and aligned, the indices
        of one type and sorted, and no entry is there twice. What was given is not
        written to.

    Raises
    ------
    ValueError
        If it is not valid; so are indices of a sparse matrix that are out of range.
    """
    for name, array in (("X", X), ("y", options.get("y"))):
        check_indices(array, name)
    if isinstance(X, np.ndarray) or issparse(X):
        X = _in_native_order(X)
    dtypes = np.float64, np.float32
    try:
        found = validate_data(
            estimator, X, accept_sparse="csr", dtype=dtypes, **options
        )
    except ValueError as error:
        explained = explain(error, X, estimator)
        if explained is error:
            raise
        raise explained from None
    if isinstance(found, tuple):
        return _readable(found[0]), *found[1:]
    return _readable(found)


def _in_native_order(X):
    # To scikit-learn floats of another order are of another type: it makes float64.
    if X.dtype.kind != "f" or X.dtype.isnative:
        return X
    return X.astype(X.dtype.newbyteorder("="))


def check_indices(X, name):
    """Refuse a sparse matrix that would make SciPy read or write past its arrays.

    Parameters
    ----------
    X : object
        Whatever is not sparse is left alone.
    name : str
        What the user knows it by.
    """
    if not issparse(X) or X.ndim != 2:
        return
    if X.format == "coo":
        for axis, (indices, size) in enumerate(
            zip((X.row, X.col), X.shape, strict=True)
        ):
            _check_range(indices, size, name, f"indices along axis {axis}")
        return
    if X.format not in ("csr", "csc", "bsr"):
        return
    major, minor = (1, 0) if X.format == "csc" else (0, 1)
    n_rows, n_columns = (X.shape[axis] for axis in (major, minor))
    if X.format == "bsr":
        n_rows, n_columns = n_rows // X.blocksize[0], n_columns // X.blocksize[1]
    starts, n_stored = X.indptr, min(len(X.indices), len(X.data))
    if (
        len(starts) != n_rows + 1
        or starts[0] != 0
        or starts[-1] > n_stored
        or (np.diff(starts) < 0).any()
    ):
        raise ValueError(
            f"{name} is not a valid {X.format} matrix: indptr must have {n_rows + 1} "
            f"entries that rise from 0 to at most {n_stored}, the number of stored "
            "values."
        )
    _check_range(X.indices[: starts[-1]], n_columns, name, "indices")


def _check_range(indices, size, name, what):
    if len(indices) and not 0 <= indices.min() <= indices.max() < size:
        raise ValueError(
            f"{name} is not a valid sparse matrix: {what} must be from 0 to "
            f"{size - 1}; got {indices.min()} to {indices.max()}."
        )


def _readable(X):
    """X as the engines read it; a copy only of what they can't read."""
    if not issparse(X):
        # What comes over a network may begin at any byte.
        X = X if X.flags.aligned else X.copy()
        return X if X.dtype.byteorder == "=" else X.view(X.dtype.newbyteorder("="))
    n = X.indptr[-1]
    narrow = X.indices.dtype == X.indptr.dtype == np.int32
    index_type = np.dtype(np.int32 if narrow else np.int64)
    given = X.data, X.indices, X.indptr
    plain = (
        _plain(X.data, X.data.dtype.newbyteorder("="), n),
        _plain(X.indices, index_type, n),
        _plain(X.indptr, index_type, len(X.indptr)),
    )
    if all(one is other for one, other in zip(plain, given, strict=True)):
        return _canonical(copy.copy(X))
    return _canonical(type(X)(plain, shape=X.shape))


def _canonical(X):
    """A csr matrix without duplicates, with sorted indices; its arrays are not written.

    Parameters
    ----------
    X : csr matrix
        That nobody else has; its arrays may be a user's.
    """
    # Somebody may have changed the arrays since SciPy has looked at them.
    for flag in ("_has_canonical_format", "_has_sorted_indices"):
        vars(X).pop(flag, None)
    if not X.has_canonical_format:
        X = X.copy()
        X.sum_duplicates()
    return X


def _plain(array, dtype, n):
    """The first n items, contiguous and aligned, in native byte order."""
    is_plain = (
        len(array) == n
        and array.dtype == dtype
        and array.dtype.byteorder == "="
        and array.flags.c_contiguous
        and array.flags.aligned
    )
    return array if is_plain else np.require(array[:n], dtype, ("C", "A"))
