"""What a classifier says of rows: labels, raw outputs, probabilities, a score."""

from .._decorators import available_if
from .._typing import Array, ArrayLike, Matrix
from .class_losses import has_probabilities
from .label_transformers import MultioutputTransformer, subset_accuracy
from .labels import labels_as_array


class ClassPredictions:
    """Predictions of a fitted classifier, by its transformer of labels."""

    def predict(self, X: Matrix) -> Array:
        """Predict class labels.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Data.

        Returns
        -------
        y : ndarray of shape (n_samples,) or (n_samples, n_labels)
            Class labels, or the label indicator matrix.

        Examples
        --------
        >>> from skann import BPClassifier
        >>> from skann.datasets import make_xor
        >>> X, y = make_xor(200, noise=0.2, random_state=0)
        >>> net = BPClassifier((8,), random_state=0).fit(X, y)
        >>> net.predict([[1, 1], [1, -1]]).tolist()
        [1, 0]
        """
        raw = self._raw(X)
        return self._transformer.inverse_transform(raw)

    def decision_function(self, X: Matrix) -> Array:
        """Raw outputs of the network, before the output activation.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Data.

        Returns
        -------
        z : ndarray of shape (n_samples,) or (n_samples, n_outputs)
            One column for two classes, given flat: positive for ``classes_[1]``.

        Examples
        --------
        >>> from skann import BPClassifier
        >>> from skann.datasets import make_xor
        >>> X, y = make_xor(200, noise=0.2, random_state=0)
        >>> net = BPClassifier((8,), random_state=0).fit(X, y)
        >>> net.decision_function([[1, 1], [1, -1]]) > 0
        array([ True, False])
        """
        raw = self._raw(X)
        return self._transformer.decision_function(raw)

    @available_if(has_probabilities)
    def predict_proba(self, X: Matrix) -> Array:
        """Probabilities of the classes.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Data.

        Returns
        -------
        p : ndarray of shape (n_samples, n_classes)
            Columns in the order of `classes_`; rows sum to one but for multilabel
            targets. See the class's notes for sigmoid outputs.

        Examples
        --------
        >>> from skann import BPClassifier
        >>> from skann.datasets import make_xor
        >>> X, y = make_xor(200, noise=0.2, random_state=0)
        >>> net = BPClassifier((8,), random_state=0).fit(X, y)
        >>> net.predict_proba([[1, 1]]).shape
        (1, 2)
        """
        raw = self._raw(X)
        return self._transformer.probabilities(raw, self.out_activation_)

    @available_if(has_probabilities)
    def predict_log_proba(self, X: Matrix) -> Array:
        """Logarithms of the probabilities, not rounded to probabilities first.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Data.

        Returns
        -------
        log_p : ndarray of shape (n_samples, n_classes)
            Natural logarithms, in the order of `classes_`.

        Examples
        --------
        >>> from skann import BPClassifier
        >>> from skann.datasets import make_xor
        >>> X, y = make_xor(200, noise=0.2, random_state=0)
        >>> net = BPClassifier((8,), random_state=0).fit(X, y)
        >>> bool((net.predict_log_proba([[1, 1]]) < 0).all())
        True
        """
        raw = self._raw(X)
        return self._transformer.probabilities(
            raw, self.out_activation_, logarithms=True
        )

    def score(
        self, X: Matrix, y: ArrayLike, sample_weight: ArrayLike | None = None
    ) -> float:
        """Accuracy.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Data.
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
        >>> from skann import BPClassifier
        >>> from skann.datasets import make_xor
        >>> X, y = make_xor(200, noise=0.2, random_state=0)
        >>> net = BPClassifier((8,), random_state=0).fit(X, y)
        >>> net.score(X, y)
        1.0
        """
        if isinstance(getattr(self, "_transformer", None), MultioutputTransformer):
            return subset_accuracy(self.predict(X), y, sample_weight)
        return super().score(X, labels_as_array(y), sample_weight)
