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
from .._estimators.versioned_state import VersionedState
from .._typing import Array, ArrayLike, Matrix
from .plain_checks import checked_edges
from .sampling import sampled

# Rows that quantiles of large data are taken over.
_MAX_ROWS = 200_000


class PiecewiseLinearEncoder(VersionedState, DocLinks, TransformerMixin, BaseEstimator):
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

    See Also
    --------
    TableEncoder : A whole table, with these bins for its numbers.

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

    def _to_plain(self):
        return dict(vars(self))

    @classmethod
    def _from_plain(cls, state):
        return checked_edges(state)

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
        self.bin_edges_ = edges_of(X, self.n_bins)
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
        out = np.empty((len(X), n_kept + n_bins_of(self.bin_edges_)), X.dtype)
        out[:, :n_kept] = X[:, :n_kept]
        all_ramps(X, self.bin_edges_, out[:, n_kept:])
        return out

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
        return np.array(kept + bin_names(names, self.bin_edges_), dtype=object)

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags


def edges_of(X, n_bins):
    """Edges of at most so many bins of each column: a list of arrays."""
    X = sampled(X, _MAX_ROWS)
    # More would be the same edges again.
    shares = np.linspace(0, 1, min(n_bins, max(len(X) - 1, 1)) + 1)
    # One of the values themselves: between them rounding would make edges up.
    edges = np.quantile(X, shares, axis=0, method="nearest")
    return [np.unique(column) for column in edges.T]


def n_bins_of(bin_edges):
    """Bins of all columns together."""
    return sum(len(edges) - 1 for edges in bin_edges)


def bin_names(names, bin_edges):
    """Names of the bins of columns that have these names."""
    return [
        f"{name}_bin{i}"
        for name, edges in zip(names, bin_edges, strict=True)
        for i in range(len(edges) - 1)
    ]


def all_ramps(X, bin_edges, out):
    """:func:`ramps` of each column, side by side, into ``out``."""
    end = 0
    for x, edges in zip(X.T, bin_edges, strict=True):
        start, end = end, end + len(edges) - 1
        ramps(x, edges, out[:, start:end])


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
