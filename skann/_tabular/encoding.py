"""A table to the matrix that networks see, by what the parameter `vectorizer` is."""

import numpy as np
from scipy.sparse import issparse
from sklearn.base import clone
from sklearn.utils import check_array, gen_batches, get_tags
from sklearn.utils.validation import validate_data

from .._bases import Tags
from . import recipe
from .columns import checked
from .encoder import TableEncoder

AUTO, PASSTHROUGH = "auto", "passthrough"


class EncodesTables:
    """What estimators of tables have to encode them: see :class:`BaseTabular`."""

    def _checked(self, X, reset):
        """X for the vectorizer; for "passthrough", the matrix."""
        if _is(self.vectorizer, PASSTHROUGH):
            dtypes = (np.float32, np.float64)
            return validate_data(
                self, X, reset=reset, accept_sparse="csr", dtype=dtypes, order="C"
            )
        if _is(self.vectorizer, AUTO):
            return checked(self, X, reset)
        validate_data(self, X, reset=reset, skip_check_array=True)
        return X

    def _vectorized(self, X, y, row_weight, parts, groups):
        """The matrix, and which of its columns differ between folds."""
        of_folds = None
        if _is(self.vectorizer, PASSTHROUGH):
            self.vectorizer_, Z = PASSTHROUGH, X
        elif _is(self.vectorizer, AUTO) or type(self.vectorizer) is TableEncoder:
            self.vectorizer_ = self._new_encoder()
            Z, of_folds = self.vectorizer_._fit_for_folds(
                X, self._target_columns(y), row_weight, parts, groups
            )
        else:
            self.vectorizer_ = clone(self.vectorizer)
            own = isinstance(self.vectorizer_, TableEncoder)
            weight = {"sample_weight": row_weight} if own else {}
            Z = self.vectorizer_.fit_transform(X, y, **weight)
        return self._matrix(Z), of_folds

    def _new_encoder(self):
        if not _is(self.vectorizer, AUTO):
            return clone(self.vectorizer)
        return TableEncoder(dtype=self._dtype.type).set_output(transform="default")

    def _encoded(self, X):
        """The matrices of a table, in chunks of rows, which memory is for.

        Other transformers than skann's may look at all rows, and are given them.
        """
        X, vectorizer = self._checked(X, reset=False), self.vectorizer_
        if _is(vectorizer, PASSTHROUGH):
            for rows in gen_batches(X.shape[0], recipe.chunk_rows(X.shape[1])):
                yield self._matrix(X[rows])
        elif type(vectorizer) is TableEncoder:
            X, sparse = checked(vectorizer, X, reset=False), vectorizer._is_wide
            width = vectorizer._n_columns_of_rows if sparse else vectorizer._n_columns
            for rows in gen_batches(X.shape[0], recipe.chunk_rows(width)):
                part = X.iloc[rows] if hasattr(X, "iloc") else X[rows]
                yield self._matrix(vectorizer._transformed(part, sparse))
        else:
            yield self._matrix(vectorizer.transform(X))

    def _matrix(self, Z):
        """What a vectorizer has made, as the networks take it."""
        if not issparse(Z) and Z.shape[1] == 0:
            # Networks need an input; this one tells them nothing.
            return np.zeros((Z.shape[0], 1), self._dtype)
        if _is(self.vectorizer, PASSTHROUGH):
            return Z.astype(self._dtype, copy=False)
        return check_array(
            Z,
            accept_sparse="csr",
            dtype=self._dtype,
            order="C",
            input_name=f"the table that {type(self.vectorizer_).__name__} has encoded",
        )

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        own = tags.input_tags
        if _is(self.vectorizer, PASSTHROUGH):
            own.sparse = True
        elif _is(self.vectorizer, AUTO):
            own.allow_nan = own.string = own.categorical = True
        else:
            tags.input_tags = get_tags(self.vectorizer).input_tags
        return tags


def _is(value, name):
    return isinstance(value, str) and value == name
