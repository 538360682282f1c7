"""Classes of the rows of a table."""

from typing import Any, ClassVar

import numpy as np
from sklearn.utils._param_validation import StrOptions

from .._bases import Tags
from .._estimators.class_weight import row_weights
from .._estimators.classifier import BPClassifier
from .._estimators.doc_links import DocLinks
from .._estimators.kinds import ClassifierMixin
from .._estimators.label_transformers import make_label_transformer
from .._estimators.labels import labels_as_array
from .._estimators.parameter_names import known_parameters_only
from .._estimators.validation import check_targets
from .._typing import (
    Array,
    ArrayLike,
    ClassWeight,
    Matrix,
    RandomState,
    Splitter,
    Verbose,
)
from .base import BaseTabular
from .class_outputs import ClassOutputs
from .docstrings import document
from .target_columns import columns_of_classes


@document
class TabularClassifier(DocLinks, ClassifierMixin, ClassOutputs, BaseTabular):
    """Classifier for a table as it is: a mean of networks, each with its own fold.

    Numbers, categories, text, booleans, dates and gaps, of a frame of pandas or polars
    or of an array, are encoded by :class:`skann.preprocessing.TableEncoder`. Each fold
    of the rows gives one network of each of four kinds, which is trained on the other
    folds and keeps the epoch that was best on its own; the mean, with the kinds weighed
    by how well they do out of fold, of their probabilities is what is
    predicted.

    Parameters
    ----------
    {vectorizer}
    {estimator}
    cv : "auto", int, splitter or list of splits, default="auto"
        The folds. "auto" is 8 of them below 2,500 rows, else 4; a number is so many.
        Both are shuffled, have the classes' shares in each fold, and keep groups whole
        where `fit` is given groups. Any splitter of ``sklearn.model_selection`` makes
        one network for each of its splits.
    class_weight : dict, list of dict, "balanced" or None, default=None
        Weights of the classes, by their labels, as for :class:`BPClassifier`.
    {n_jobs}
    {random_state}
    {verbose}

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,), or list of them
        Class labels; for multilabel targets the numbers of the labels; for several
        columns of classes a list of each column's.
    {vectorizer_}
    estimators_ : list of BPClassifier
        The networks, kind by kind and in the order of the folds. One with fewer
        features than the encoded table has columns sees the first of them.
    {estimator_weights_}
    oof_decision_function_ : ndarray of shape (n_samples, n_classes)
        Probabilities of the training rows, each by the networks that have not trained
        on it; NaN where there are none. For several columns of classes, those of all
        side by side. Not in model files unless asked for.
    oof_score_ : float
        Accuracy of these, weighted as the rows are: a score without a test set. Each
        row is predicted by one network and not by the mean of all, so it is a little
        lower than what the mean deserves.
    {n_features_in_}
    {feature_names_in_}

    See Also
    --------
    TabularRegressor : The same for real values.
    BPClassifier : One network, on numbers.

    Notes
    -----
    {recipe}

    Examples
    --------
    >>> import pandas as pd
    >>> from skann import TabularClassifier
    >>> X = pd.DataFrame({"size": [1.0, None] * 30, "hue": ["red", "blue"] * 30})
    >>> y = ["warm", "cold"] * 30
    >>> clf = TabularClassifier(random_state=0).fit(X, y)
    >>> clf.predict(X[:3]).tolist()
    ['warm', 'cold', 'warm']
    >>> clf.oof_score_
    1.0
    """

    __module__ = "skann"  # files name it so

    _parameter_constraints: dict = {  # noqa: RUF012 (scikit-learn's convention)
        **BaseTabular._parameter_constraints,
        "estimator": [BPClassifier, None],
        "class_weight": [dict, list, StrOptions({"balanced"}), None],
    }

    _Network = BPClassifier
    _parts: ClassVar = {**BaseTabular._parts, "estimator": "BPClassifier()"}

    classes_: Any
    oof_decision_function_: Array
    oof_score_: float

    @known_parameters_only
    def __init__(
        self,
        *,
        vectorizer: Any = "auto",
        estimator: Any = None,
        cv: int | Splitter = "auto",
        class_weight: ClassWeight = None,
        n_jobs: int | None = None,
        random_state: RandomState = None,
        verbose: Verbose = False,
    ) -> None:
        self.vectorizer = vectorizer
        self.estimator = estimator
        self.cv = cv
        self.class_weight = class_weight
        self.n_jobs = n_jobs
        self.random_state = random_state
        self.verbose = verbose

    def _targets(self, y, X):
        y = check_targets(labels_as_array(y), X)
        transformer = make_label_transformer(y)
        loss = "auto" if self.estimator is None else self.estimator.loss
        targets = transformer.transform(y, loss, np.float32)
        self.classes_ = transformer.classes
        self._columns = transformer.columns(targets)
        # One label a row, one for each column, or any number of those there are.
        single = targets.labels is not None
        self._several = not single and isinstance(transformer.classes, list)
        self._indicator = not single and not self._several
        y = np.asarray(y.toarray() if hasattr(y, "toarray") else y)
        return (y.ravel() if single else y), targets.labels

    def _target_columns(self, y):
        named = [(list(map(str, own)), codes) for own, codes in self._columns]
        return columns_of_classes(named)

    def _effective_weight(self, y, weight):
        if self.class_weight is None:
            return weight
        return row_weights(self.class_weight, self._columns, weight)

    def _publish_out_of_fold(self, outputs, y, weight):
        del self._columns
        seen = np.isfinite(outputs).all(axis=tuple(range(1, outputs.ndim)))
        parts = self._normalized(outputs.reshape(len(y), sum(self._sizes)))
        self.oof_decision_function_ = np.hstack(parts)
        self.oof_score_ = np.nan
        if seen.any() and (weight is None or weight[seen].any()):
            found = self._labels([part[seen] for part in parts])
            own = None if weight is None else weight[seen]
            self.oof_score_ = self._share_right(y[seen], found, own)

    def predict_proba(self, X: Matrix) -> Array:
        """Probabilities of the classes.

        Parameters
        ----------
        X : DataFrame or array-like of shape (n_samples, n_features)
            The table.

        Returns
        -------
        p : ndarray of shape (n_samples, n_classes), or list of them
            In float64, columns in the order of `classes_`; rows sum to one but for
            multilabel targets. A list of such for several columns of classes.

        Examples
        --------
        >>> import pandas as pd
        >>> from skann import TabularClassifier
        >>> frame = pd.DataFrame({"m": range(40)})
        >>> model = TabularClassifier(cv=2, random_state=0).fit(frame, frame["m"] > 20)
        >>> model.predict_proba(frame).shape
        (40, 2)
        """
        parts = self._probabilities(X)
        return parts if self._several else parts[0]

    def predict_log_proba(self, X: Matrix) -> Array:
        """Logarithms of the probabilities.

        Parameters
        ----------
        X : DataFrame or array-like of shape (n_samples, n_features)
            The table.

        Returns
        -------
        log_p : ndarray of shape (n_samples, n_classes), or list of them
            Natural logarithms of what `predict_proba` returns.

        Examples
        --------
        >>> import pandas as pd
        >>> from skann import TabularClassifier
        >>> frame = pd.DataFrame({"m": range(40)})
        >>> model = TabularClassifier(cv=2, random_state=0).fit(frame, frame["m"] > 20)
        >>> model.predict_log_proba(frame).shape
        (40, 2)
        """
        parts = [np.log(part) for part in self._probabilities(X)]
        return parts if self._several else parts[0]

    def decision_function(self, X: Matrix) -> Array:
        """Logarithms of the odds.

        Parameters
        ----------
        X : DataFrame or array-like of shape (n_samples, n_features)
            The table.

        Returns
        -------
        z : ndarray of shape (n_samples,) or (n_samples, n_classes), or list of them
            For two classes flat, positive for ``classes_[1]``; for multilabel targets a
            column for each label. Of more classes, the logarithms of the probabilities.

        Examples
        --------
        >>> import pandas as pd
        >>> from skann import TabularClassifier
        >>> frame = pd.DataFrame({"m": range(40)})
        >>> model = TabularClassifier(cv=2, random_state=0).fit(frame, frame["m"] > 20)
        >>> model.decision_function(frame).shape
        (40,)
        """
        parts = self._probabilities(X)
        if self._indicator:
            return np.log(parts[0]) - np.log1p(-parts[0])
        logs = [np.log(part) for part in parts]
        if self._several:
            return logs
        return logs[0][:, 1] - logs[0][:, 0] if logs[0].shape[1] == 2 else logs[0]

    def predict(self, X: Matrix) -> Array:
        """Predict class labels.

        Parameters
        ----------
        X : DataFrame or array-like of shape (n_samples, n_features)
            The table.

        Returns
        -------
        y : ndarray of shape (n_samples,) or (n_samples, n_labels)
            Those of the highest mean probability; the label indicator matrix.

        Examples
        --------
        >>> import pandas as pd
        >>> from skann import TabularClassifier
        >>> frame = pd.DataFrame({"m": range(40)})
        >>> model = TabularClassifier(cv=2, random_state=0).fit(frame, frame["m"] > 20)
        >>> model.predict(frame[-1:]).tolist()
        [True]
        """
        return self._labels(self._probabilities(X))

    def score(
        self, X: Matrix, y: ArrayLike, sample_weight: ArrayLike | None = None
    ) -> float:
        """Accuracy.

        Parameters
        ----------
        X : DataFrame or array-like of shape (n_samples, n_features)
            The table.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            True labels.
        sample_weight : array-like of shape (n_samples,), default=None
            Row weights.

        Returns
        -------
        accuracy : float
            Share of rows whose label is right; where a row has several labels, of rows
            all of whose labels are right.

        Examples
        --------
        >>> import pandas as pd
        >>> from skann import TabularClassifier
        >>> frame = pd.DataFrame({"m": range(40)})
        >>> model = TabularClassifier(cv=2, random_state=0).fit(frame, frame["m"] > 20)
        >>> model.score(frame, frame["m"] > 20) > 0.8
        True
        """
        found = self.predict(X)
        return self._share_right(labels_as_array(y), found, sample_weight)

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags
