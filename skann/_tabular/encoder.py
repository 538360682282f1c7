"""From a table to a matrix of numbers that a network learns from."""

import warnings
from functools import partial
from numbers import Integral
from typing import Self

import numpy as np
from sklearn.utils._param_validation import Interval, Options, StrOptions
from sklearn.utils.validation import check_is_fitted

from .._bases import BaseEstimator, Tags, TransformerMixin
from .._decorators import fit_context
from .._estimators.doc_links import DocLinks
from .._estimators.parameter_names import known_parameters_only
from .._estimators.validation import check_sample_weight
from .._estimators.versioned_state import VersionedState
from .._typing import Array, ArrayLike, DTypeLike, Matrix
from . import plain_encoder, recipe
from .categories import Levels
from .columns import checked, columns_of
from .dates import parts_of
from .encoded_matrix import EncodedMatrix
from .encoded_names import EncodedNames, unique
from .fold_columns import FoldColumns
from .kinds import DATE, LEVEL, NUMBER, TEXT, as_kind, decided
from .matrices import side_by_side
from .numbers import Numbers
from .target_columns import target_columns
from .target_means import TargetMeans
from .text import Text


class TableEncoder(
    EncodedMatrix,
    EncodedNames,
    VersionedState,
    DocLinks,
    TransformerMixin,
    BaseEstimator,
):
    """Make numbers of a table: a frame of pandas or polars, or an array.

    * Numbers and booleans: gaps are filled with the median, with an indicator beside
      it; then they are standardised and smoothly clipped: x / √(1 + (x/3)²). Wild
      values, such as -999999 for "missing", have no part in mean and deviation. Numbers
      with more than two values get bins besides, see :class:`PiecewiseLinearEncoder`.
      Columns that are constant, or the same as one before, are left out.
    * Dates become numbers: days since 1970, and those of year, month, day, weekday, day
      of the year, hour, minute and second that vary. Spans of time become seconds.
    * Categories become a column for each level, a gap being a level of its own. Levels
      beyond `max_categories` share one column, by their frequency; a level that `fit`
      has not seen is one of them, and zeros where there are none. A category with
      levels beyond it gets target means besides, if `fit` is given `y`: a number for
      each target or class (two classes share one; more than 30 are projected to 30),
      drawn towards the mean of all rows where a level has few.
    * Text, most of it different and of several words, with or without spaces between
      them, becomes 30 columns: the largest singular directions of its sequences of
      three and four letters, or of one and two Chinese or Japanese characters.

    What a column is, is decided in `fit`, by its dtype or, of objects, by what they
    are, and holds in all later tables, whatever their dtypes. Text is numbers or dates
    where at least 95 % of the entries are written so: 1,234.5 or 1.234,5; 23:59:59;
    2024-12-31 or 2024-12-31T23:59:59Z. Other entries, such as "?", are gaps then.
    Integers as text stay a category if one begins with zero, as a postal code does, or
    if they recur, in 20 rows each on average; so does any column whose dtype is that of
    categories.

    Two kinds of columns are left out. A key has a different entry in nearly every row,
    which a warning says. An empty column has gaps alone in `fit`.

    Parameters
    ----------
    n_bins : int or "auto", default="auto"
        Bins of a number at most; 0 for none. "auto" is n / 100 between 5 and 32, as far
        as that makes no more than 1,000 columns; none below 100 rows.
    max_categories : int, default=255
        Columns that one category gets at most.
    dtype : {numpy.float32, numpy.float64}, default=numpy.float32
        Of the encoded table: networks learn as well in float32, at half the memory.

    Attributes
    ----------
    kinds_ : list of {"number", "date", "category", "text", "key", "empty"}
        What each column was taken for; numbers and dates that were text in `fit` are
        numbers and dates.
    n_plain_ : int
        Columns of the encoded table before the bins, which come last.
    n_features_in_ : int
        Number of columns seen in `fit`.
    feature_names_in_ : ndarray of str of shape (n_features,)
        Their names, where they have names that are all text.

    See Also
    --------
    PiecewiseLinearEncoder : The bins alone.
    skann.TabularClassifier : Networks that see tables through it.

    Notes
    -----
    Infinity is refused; NaN, None, NaT and NA are gaps. What is no number where there
    were numbers in `fit`, or no date where there were dates, is refused; where there
    was a category it is spelt out: 1, 1.0 and "1" are one level.

    Examples
    --------
    >>> import pandas as pd
    >>> from skann.preprocessing import TableEncoder
    >>> X = pd.DataFrame({"rooms": [2, 4, None], "heating": ["gas", None, "gas"]})
    >>> encoder = TableEncoder().fit(X)
    >>> encoder.get_feature_names_out().tolist()
    ['rooms', 'rooms_missing', 'heating_gas', 'heating_missing']
    >>> encoder.transform(X).round(1)
    array([[-1.1,  0. ,  1. ,  0. ],
           [ 1.1,  0. ,  0. ,  1. ],
           [ 0. ,  1. ,  1. ,  0. ]], dtype=float32)
    """

    __module__ = "skann.preprocessing"  # files name it so

    _parameter_constraints: dict = {  # noqa: RUF012 (scikit-learn's convention)
        "n_bins": [StrOptions({"auto"}), Interval(Integral, 0, None, closed="left")],
        "max_categories": [Interval(Integral, 2, None, closed="left")],
        "dtype": [Options(type, {np.float32, np.float64})],
    }

    n_plain_: int
    kinds_: list[str]

    @known_parameters_only
    def __init__(
        self,
        n_bins: int | str = "auto",
        *,
        max_categories: int = 255,
        dtype: DTypeLike = np.float32,
    ) -> None:
        self.n_bins = n_bins
        self.max_categories = max_categories
        self.dtype = dtype

    def fit(
        self,
        X: Matrix,
        y: ArrayLike | None = None,
        sample_weight: ArrayLike | None = None,
    ) -> Self:
        """Learn the columns.

        Parameters
        ----------
        X : DataFrame or array-like of shape (n_samples, n_features)
            The table.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs), default=None
            Targets, for categories of many levels: numbers, or labels of classes.
        sample_weight : array-like of shape (n_samples,), default=None
            Row weights, for means and spreads, of targets too; rows of weight zero are
            left out.

        Returns
        -------
        self : object
            The fitted encoder.

        Examples
        --------
        >>> from skann.preprocessing import TableEncoder
        >>> TableEncoder().fit([[1.0, "red"], [2.0, "blue"]]).kinds_
        ['number', 'category']
        """
        self.fit_transform(X, y, sample_weight=sample_weight)
        return self

    @fit_context(prefer_skip_nested_validation=True)
    def fit_transform(
        self,
        X: Matrix,
        y: ArrayLike | None = None,
        sample_weight: ArrayLike | None = None,
    ) -> Array:
        """Learn the columns and encode them.

        Parameters
        ----------
        X : DataFrame or array-like of shape (n_samples, n_features)
            The table.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs), default=None
            Targets, as for `fit`.
        sample_weight : array-like of shape (n_samples,), default=None
            Row weights, as for `fit`.

        Returns
        -------
        X_out : ndarray of shape (n_samples, n_features_out)
            The encoded table. Categories of many levels have numbers here that their
            own rows had no part in.

        Examples
        --------
        >>> from skann.preprocessing import TableEncoder
        >>> TableEncoder().fit_transform([[1.0], [2.0]]).shape[0]
        2
        """
        X = checked(self, X, reset=True)
        targets = None if y is None else target_columns(y, X)
        weight = check_sample_weight(sample_weight, X)
        return self._fit(X, targets, weight)[0]

    def _fit_for_folds(self, X, targets, weight, splits, groups):
        """Learn the columns and encode them, for networks that have a fold each.

        Parameters
        ----------
        X : DataFrame or array-like of shape (n_samples, n_features)
        targets : tuple
            Columns of targets and their labels; see ``target_columns.py``.
        weight : ndarray of shape (n_samples,) or None
        splits, groups
            As for :class:`TargetMeans`.

        Returns
        -------
        Z : ndarray or csr_matrix of shape (n_samples, n_features_out)
            Sparse if most of it are the zeros of categories.
        of_folds : FoldColumns or None
            The columns of Z that differ between folds, if there are any.
        """
        self._validate_params()
        about = targets, weight, splits, groups
        return self._fit(checked(self, X, reset=True), *about, may_be_sparse=True)

    def _fit(self, X, targets, weight, splits=(), groups=None, *, may_be_sparse=False):
        columns = columns_of(X)
        known = slice(None)
        all_weights = np.ones(X.shape[0]) if weight is None else weight
        if weight is not None and not weight.all():
            known = weight > 0
            weight = weight[known]
        self._decide_kinds(columns, known)
        numbers, levels, texts = self._sorted(columns, X.shape[0], in_fit=True)
        del columns  # their memory is for the matrix
        self._targets = crossed = None
        n_plain = numbers.shape[1]
        many = [
            j
            for j, column in enumerate(levels[known].T)
            if len(set(column)) > self.max_categories
        ]
        if many and targets is not None:
            self._targets = TargetMeans(many)
            about = targets, all_weights, splits, groups
            crossed = self._targets.fit(levels, *about)
            numbers = np.hstack([numbers, crossed.numbers()])
        self._levels = Levels().fit(levels[known], self.max_categories)
        self._numbers = Numbers().fit(
            numbers[known], weight, partial(self._bins_for, len(levels[known]))
        )
        self._text = [Text().fit(column[known]) for column in texts]
        self.n_plain_ = len(self._names_out(None)[0])
        sparse = may_be_sparse and self._is_wide
        Z = self._encoded(numbers, levels, texts, sparse)
        if crossed is None:
            return Z, None
        return Z, FoldColumns(crossed, self._numbers, n_plain, Z)

    def transform(self, X: Matrix) -> Array:
        """Encode a table.

        Parameters
        ----------
        X : DataFrame or array-like of shape (n_samples, n_features)
            The table, with the columns that it had in `fit`.

        Returns
        -------
        X_out : ndarray of shape (n_samples, n_features_out)
            The encoded table.

        Raises
        ------
        ValueError
            If a column holds what it did not in `fit`, such as text for numbers.

        Examples
        --------
        >>> from skann.preprocessing import TableEncoder
        >>> TableEncoder().fit([[1.0], [2.0]]).transform([[1.5]]).shape[0]
        1
        """
        check_is_fitted(self)
        return self._transformed(checked(self, X, reset=False), sparse=False)

    def _transformed(self, X, sparse):
        """Encode a checked table."""
        numbers, levels, texts = self._sorted(columns_of(X), X.shape[0], in_fit=False)
        if self._targets is not None:
            numbers = np.hstack([numbers, self._targets.transform(levels)])
        return self._encoded(numbers, levels, texts, sparse)

    def _to_plain(self):
        return plain_encoder.to_plain(self)

    @classmethod
    def _from_plain(cls, state):
        return plain_encoder.from_plain(state)

    def _decide_kinds(self, columns, known):
        self.kinds_, self._forms, self._date_parts = [], [], []
        for column in columns:
            column = column.rows(known)
            found = decided(column)
            self.kinds_.append(found.kind)
            self._forms.append(found.form)
            if found.kind == DATE:
                dates = as_kind(column, DATE, found.form, in_fit=True)
                self._date_parts.append(parts_of(dates, None)[1])
            if found.remark:
                warnings.warn(found.remark, UserWarning, stacklevel=2)

    def _bins_for(self, n_rows, n_numeric):
        if self.n_bins != "auto":
            return self.n_bins
        levels = self._levels
        n_before = n_numeric + len(levels.kept)
        return recipe.n_bins(n_rows, n_numeric, n_before, levels.n_columns)

    def _sorted(self, columns, n_rows, in_fit):
        """Numbers as a matrix with NaN, levels as one of text, and a list of texts."""
        dates, numbers, levels, texts = iter(self._date_parts), [], [], []
        for column, kind, form in zip(columns, self.kinds_, self._forms, strict=True):
            values = as_kind(column, kind, form, in_fit)
            if kind == DATE:
                numbers += parts_of(values, next(dates))[0]
            elif kind == NUMBER:
                numbers.append(values)
            elif kind == LEVEL:
                levels.append(values)
            elif kind == TEXT:
                texts.append(np.where(np.equal(values, None), "", values))
        numbers = side_by_side(numbers, n_rows, np.float64)
        infinite = np.isinf(numbers).any(axis=0)
        if infinite.any():
            name = self._number_names(None)[infinite.argmax()]
            raise ValueError(
                f"X contains infinity, in column {name!r}; numbers must be finite, or "
                "NaN for a gap."
            )
        return numbers, side_by_side(levels, n_rows, object), texts

    def get_feature_names_out(self, input_features: ArrayLike | None = None) -> Array:
        """Names of the columns that `transform` makes.

        Parameters
        ----------
        input_features : array-like of str of shape (n_features,), default=None
            Names of the columns; those seen in `fit`, or x0, x1, …, if None.

        Returns
        -------
        names : ndarray of str objects
            A number's own name, "…_<part of a date>", "…_target", "…_missing",
            "…_bin<i>", "…_<level>" and "…_text<i>". A name that repeats an earlier
            one gets a number behind it: "…_2".

        Examples
        --------
        >>> from skann.preprocessing import TableEncoder
        >>> len(TableEncoder().fit([[1.0], [2.0]]).get_feature_names_out()) > 0
        True
        """
        check_is_fitted(self)
        names, bins = self._names_out(input_features)
        return np.array(unique(names + bins), dtype=object)

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = []
        tags.input_tags.allow_nan = True
        tags.input_tags.string = True
        tags.input_tags.categorical = True
        return tags
