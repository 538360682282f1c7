"""Real values of the rows of a table."""

from typing import Any, ClassVar, Literal, overload

import numpy as np
from sklearn.metrics import r2_score
from sklearn.utils.metadata_routing import UNUSED
from sklearn.utils.validation import column_or_1d

from .._bases import Tags
from .._estimators.d2 import d2_score
from .._estimators.doc_links import DocLinks
from .._estimators.kinds import RegressorMixin
from .._estimators.parameter_names import known_parameters_only
from .._estimators.real_targets import real_targets, refuse_gaps
from .._estimators.real_transformer import as_columns
from .._estimators.regressor import BPRegressor
from .._estimators.validation import check_sample_weight, check_targets
from .._typing import Array, ArrayLike, Matrix, RandomState, Splitter, Verbose
from .base import BaseTabular
from .blend import mixture
from .docstrings import document
from .target_columns import columns_of_values

_WITH_GAPS = (
    "train BPRegressor(missing_targets='ignore') behind a TableEncoder in a Pipeline"
)


@document
class TabularRegressor(DocLinks, RegressorMixin, BaseTabular):
    """Regressor for a table as it is: a mean of networks, each with its own fold.

    Numbers, categories, text, booleans, dates and gaps, of a frame of pandas or polars
    or of an array, are encoded by :class:`skann.preprocessing.TableEncoder`. Each fold
    of the rows gives one network of each of four kinds, which is trained on the other
    folds and keeps the epoch that was best on its own; the mean, with the kinds weighed
    by how well they do out of fold, of what they predict is what is predicted.

    Parameters
    ----------
    {vectorizer}
    {estimator}
    cv : "auto", int, splitter or list of splits, default="auto"
        The folds. "auto" is 8 of them below 2,500 rows, else 4; a number is so many.
        Both are shuffled, and keep groups whole where `fit` is given groups. Any
        splitter of ``sklearn.model_selection`` makes one network for each of its
        splits.
    {n_jobs}
    {random_state}
    {verbose}

    Attributes
    ----------
    {vectorizer_}
    estimators_ : list of BPRegressor
        The networks, kind by kind and in the order of the folds. One with fewer
        features than the encoded table has columns sees the first of them.
    {estimator_weights_}
    oof_prediction_ : ndarray of shape (n_samples,) or (n_samples, n_outputs)
        Predictions for the training rows, each by the networks that have not trained on
        it; NaN where there are none. Not in model files unless asked for.
    oof_score_ : float
        R² of these, or D² as :meth:`score`, weighted as the rows are: a score without a
        test set. Each row is predicted by one network and not by the mean of all, so it
        is a little lower than what the mean deserves.
    {n_features_in_}
    {feature_names_in_}

    See Also
    --------
    TabularClassifier : The same for classes.
    BPRegressor : One network, on numbers.

    Notes
    -----
    {recipe}

    Examples
    --------
    >>> import pandas as pd
    >>> from skann import TabularRegressor
    >>> X = pd.DataFrame({"size": [*range(60)], "kind": ["house", "flat"] * 30})
    >>> y = 2.0 * X["size"] + 30.0 * (X["kind"] == "house")
    >>> reg = TabularRegressor(random_state=0).fit(X, y)
    >>> bool(reg.oof_score_ > 0.9)
    True
    """

    __module__ = "skann"  # files name it so

    _parameter_constraints: dict = {  # noqa: RUF012 (scikit-learn's convention)
        **BaseTabular._parameter_constraints,
        "estimator": [BPRegressor, None],
    }

    _Network = BPRegressor
    _parts: ClassVar = {**BaseTabular._parts, "estimator": "BPRegressor()"}
    # Metadata routing: it is nothing that comes with the rows.
    __metadata_request__predict = {"return_std": UNUSED}  # noqa: RUF012

    _out_of_fold = "oof_prediction_"
    _own_fitted = (_out_of_fold,)

    oof_prediction_: Array
    oof_score_: float

    @known_parameters_only
    def __init__(
        self,
        *,
        vectorizer: Any = "auto",
        estimator: Any = None,
        cv: int | Splitter = "auto",
        n_jobs: int | None = None,
        random_state: RandomState = None,
        verbose: Verbose = False,
    ) -> None:
        self.vectorizer = vectorizer
        self.estimator = estimator
        self.cv = cv
        self.n_jobs = n_jobs
        self.random_state = random_state
        self.verbose = verbose

    def _targets(self, y, X):
        y = real_targets(y)
        refuse_gaps(y, _WITH_GAPS)
        y = check_targets(y, X, dtype="numeric")
        if y.ndim == 2 and y.shape[1] == 1:
            y = column_or_1d(y, warn=True)
        return y, None

    def _target_columns(self, y):
        return columns_of_values(y)

    def _effective_weight(self, y, weight):
        return weight

    def _output_shape(self):
        return None

    def _outputs(self, network, X):
        return network.predict(X)

    def _losses(self, y, rows, outputs):
        # In units of each output's variance, as the networks see them.
        y = y[rows]
        spread = np.var(y, axis=0)
        errors = (y - outputs.reshape(y.shape)) ** 2 / np.where(spread > 0, spread, 1)
        return errors.reshape(len(y), -1).mean(axis=1)

    def _constant(self, y, rows, weight):
        mean = np.average(y[rows], axis=0, weights=weight)
        return np.broadcast_to(mean, y[rows].shape)

    def _publish_out_of_fold(self, outputs, y, weight):
        self.oof_prediction_ = outputs
        seen = self._with_outputs(outputs, weight)
        self.oof_score_ = np.nan
        if np.count_nonzero(seen) > 1:
            own = None if weight is None else weight[seen]
            self.oof_score_ = self._score(y[seen], outputs[seen], own)

    def _score(self, y, found, weight):
        """R², or D² where the networks' loss has it."""
        loss = self.estimators_[0]._network.loss_function
        if not loss.has_d2:
            return r2_score(y, found, sample_weight=weight)
        z = as_columns(np.asarray(found, dtype=np.float64))
        if loss.out_activation == "exp":
            with np.errstate(divide="ignore"):
                z = np.log(z)
        # Several quantiles are of one target.
        y = np.broadcast_to(as_columns(y), z.shape)
        return d2_score(loss, z, y, np.ones(len(y)) if weight is None else weight)

    @overload
    def predict(self, X: Matrix, return_std: Literal[False] = False) -> Array: ...
    @overload
    def predict(self, X: Matrix, return_std: Literal[True]) -> tuple[Array, Array]: ...
    @overload
    def predict(self, X: Matrix, return_std: bool) -> Array | tuple[Array, Array]: ...
    def predict(
        self, X: Matrix, return_std: bool = False
    ) -> Array | tuple[Array, Array]:
        """Predict targets.

        Parameters
        ----------
        X : DataFrame or array-like of shape (n_samples, n_features)
            The table.
        return_std : bool, default=False
            Whether to return standard deviations of the targets as well, which
            ``estimator=BPRegressor(loss="gaussian")`` learns: those of the mixture of
            the networks' normal distributions.

        Returns
        -------
        y : ndarray of shape (n_samples,) or (n_samples, n_outputs)
            Predicted values, in float64; a column for each of several quantiles.
        std : ndarray of the same shape
            Standard deviations; with `return_std` only.

        Raises
        ------
        ValueError
            If `return_std` is asked for, and the networks' loss is not "gaussian".

        Examples
        --------
        >>> from skann import TabularRegressor
        >>> X, y = [[float(i)] for i in range(40)], range(40)
        >>> TabularRegressor(cv=2, random_state=0).fit(X, y).predict(X).shape
        (40,)
        """
        if not return_std:
            return self._averaged(X)
        moments = self._averaged(X, _mean_and_std, mixture)
        return moments[:, 0], moments[:, 1]

    def score(
        self, X: Matrix, y: ArrayLike, sample_weight: ArrayLike | None = None
    ) -> float:
        """Coefficient of determination R², or D² of the networks' loss.

        Parameters
        ----------
        X : DataFrame or array-like of shape (n_samples, n_features)
            The table.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            True values.
        sample_weight : array-like of shape (n_samples,), default=None
            Row weights.

        Returns
        -------
        score : float
            The mean over outputs or quantiles; D² for the losses for which
            :meth:`BPRegressor.score` is D².

        Examples
        --------
        >>> from skann import TabularRegressor
        >>> X, y = [[float(i)] for i in range(40)], range(40)
        >>> TabularRegressor(cv=2, random_state=0).fit(X, y).score(X, y) > 0.9
        True
        """
        found = self.predict(X)
        y = check_targets(real_targets(y), found, dtype="numeric")
        weight = check_sample_weight(sample_weight, found)
        return float(self._score(y, found, weight))

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags


def _mean_and_std(network, X):
    """Means and deviations of the targets, in pairs."""
    return np.stack(network.predict(X, return_std=True), axis=1)
