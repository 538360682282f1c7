"""Numbers as ramps between their quantiles."""

from numbers import Integral
from typing import Self

import numpy as np
from sklearn.utils._param_validation import Interval
from sklearn.utils.validation import (
    _check_feature_names_in,
    check_is_fitted,
    validate_data,
)

from .._bases import BaseEstimator, Tags, TransformerMixin
from .._decorators import fit_context
from .._estimators.doc_links import DocLinks
from .._typing import Array, ArrayLike, Matrix

# Rows that quantiles of large data are taken over.
_MAX_ROWS = 200_000


class PiecewiseLinearEncoder(DocLinks, TransformerMixin, BaseEstimator):
    """Encode each number by how far it has come through each of its bins.

    A column with the distinct quantiles e_0 < … < e_T becomes T columns,

        clip((x - e_{t-1}) / (e_t - e_{t-1}), 0, 1) - 1/2        t = 1, …, T

    so that a linear function of them is a piecewise linear function of x with its
    corners at the quantiles. A network sees steps and bends in a column that it would
    take many units and epochs to make out of the number itself (Gorishniy et al. 2022).

    Parameters
    ----------
    n_bins : int, default=16
        Bins at most, at least 1. Quantiles that are alike are one edge, so that a
        column of few distinct values has fewer.
    keep_values : bool, default=True
        Whether the columns themselves come first, before the bins of all of them:
        beyond the outermost edges only they still grow.

    Attributes
    ----------
    bin_edges_ : list of ndarray of shape (n_bins_j + 1,)
        Edges of each column; of a constant one its value alone, which makes no bin.
    n_features_in_ : int
        Number of columns seen in `fit`.
    feature_names_in_ : ndarray of str of shape (n_features,)
        Their names, where they have names.

    Notes
    -----
    NaN is refused: impute first, with an indicator where gaps mean something. float32
    stays float32, all else becomes float64.

    References
    ----------
    Gorishniy, Y., Rubachev, I. & Babenko, A. (2022). On embeddings for numerical
    features in tabular deep learning. NeurIPS.

    Examples
    --------
    >>> from skann.preprocessing import PiecewiseLinearEncoder
    >>> encoder = PiecewiseLinearEncoder(n_bins=2).fit([[0.0], [1.0], [4.0]])
    >>> encoder.transform([[0.5], [4.0], [9.0]])
    array([[ 0.5,  0. , -0.5],
           [ 4. ,  0.5,  0.5],
           [ 9. ,  0.5,  0.5]])
    """

    __module__ = "skann.preprocessing"  # files name it so

    _parameter_constraints: dict = {  # noqa: RUF012 (scikit-learn's convention)
        "n_bins": [Interval(Integral, 1, None, closed="left")],
        "keep_values": ["boolean"],
    }

    bin_edges_: list[Array]

    def __init__(self, n_bins: int | str = 16, *, keep_values: bool = True) -> None:
        self.n_bins = n_bins
        self.keep_values = keep_values

    @fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: Matrix, y: object = None) -> Self:
        """Find the edges of the bins.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Numbers.
        y : None
            Not used.

        Returns
        -------
        self : object
            The fitted encoder.

        Examples
        --------
        >>> from skann.preprocessing import PiecewiseLinearEncoder
        >>> encoder = PiecewiseLinearEncoder(n_bins=2).fit([[0.0], [1.0], [2.0]])
        >>> encoder.bin_edges_
        [array([0., 1., 2.])]
        """
        X = validate_data(self, X, dtype=(np.float64, np.float32))
        X = X[:: max(1, len(X) // _MAX_ROWS)]
        shares = np.linspace(0, 1, self.n_bins + 1)
        # One of the values themselves: between them rounding would make edges up.
        edges = np.quantile(X, shares, axis=0, method="nearest")
        self.bin_edges_ = [np.unique(column) for column in edges.T]
        return self

    def transform(self, X: Matrix) -> Array:
        """Encode.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Numbers.

        Returns
        -------
        X_out : ndarray of shape (n_samples, n_features_out)
            The columns themselves if they are kept, then the bins of the first column,
            of the second, and so on.

        Examples
        --------
        >>> from skann.preprocessing import PiecewiseLinearEncoder
        >>> encoder = PiecewiseLinearEncoder(n_bins=2).fit([[0.0], [1.0], [2.0]])
        >>> encoder.transform([[0.5]]).shape[0]
        1
        """
        check_is_fitted(self)
        X = validate_data(self, X, reset=False, dtype=(np.float64, np.float32))
        n_kept = X.shape[1] if self.keep_values else 0
        out = np.empty((len(X), n_kept + sum(self._n_bins)), X.dtype)
        out[:, :n_kept] = X[:, :n_kept]
        end = n_kept
        for x, edges, n_bins in zip(X.T, self.bin_edges_, self._n_bins, strict=True):
            start, end = end, end + n_bins
            ramps(x, edges, out[:, start:end])
        return out

    @property
    def _n_bins(self):
        return [len(edges) - 1 for edges in self.bin_edges_]

    def get_feature_names_out(self, input_features: ArrayLike | None = None) -> Array:
        """Names of the columns that `transform` makes.

        Parameters
        ----------
        input_features : array-like of str of shape (n_features,), default=None
            Names of the columns; those seen in `fit`, or x0, x1, …, if None.

        Returns
        -------
        names : ndarray of str objects
            ``"age"`` and ``"age_bin0"``, ``"age_bin1"``, ….

        Examples
        --------
        >>> from skann.preprocessing import PiecewiseLinearEncoder
        >>> encoder = PiecewiseLinearEncoder(n_bins=2).fit([[0.0], [1.0], [2.0]])
        >>> len(encoder.get_feature_names_out()) > 1
        True
        """
        check_is_fitted(self, "bin_edges_")
        names = _check_feature_names_in(self, input_features)
        kept = list(names) if self.keep_values else []
        bins = [
            f"{name}_bin{i}"
            for name, n_bins in zip(names, self._n_bins, strict=True)
            for i in range(n_bins)
        ]
        return np.array(kept + bins, dtype=object)

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags


def ramps(x, edges, out):
    """How far each x has come through each bin, less a half, into ``out``.

    Parameters
    ----------
    x : ndarray of shape (n_samples,)
    edges : ndarray of shape (n_bins + 1,), increasing
    out : ndarray of shape (n_samples, n_bins)
    """
    edges = edges.astype(x.dtype)
    with np.errstate(over="ignore"):  # far outside is at the end
        # Edges found in float64 may be one in float32: a step, then.
        widths = np.maximum(np.diff(edges), np.finfo(x.dtype).tiny)
        np.subtract(x[:, None], edges[:-1], out=out)
        np.divide(out, widths, out=out)
    np.clip(out, 0, 1, out=out)
    np.subtract(out, 0.5, out=out)
