"""Networks' probabilities: of which classes they are, and which labels they mean."""

import numpy as np
from sklearn.metrics import accuracy_score

from .._estimators.label_transformers import subset_accuracy
from .._estimators.labels import stack_columns


class ClassOutputs:
    """What an estimator of classes does with the averaged outputs of its networks.

    It has ``classes_``, and says whether y has several columns of classes
    (``_several``) or any number of labels a row (``_indicator``).
    """

    _out_of_fold = "oof_decision_function_"
    _own_fitted = ("classes_", _out_of_fold, "_several", "_indicator")

    def _output_shape(self):
        for flag in (self._several, self._indicator):
            if flag not in (True, False):
                raise ValueError(f"the kind of targets can't be {flag!r}.")
        columns = self.classes_ if self._several else [self.classes_]
        if not isinstance(columns, list) or not all(map(_are_classes, columns)):
            raise ValueError(f"the classes must be labels; got {self.classes_!r}.")
        return (sum(self._sizes),)

    @property
    def _sizes(self):
        """Number of columns that the probabilities of each column of y have."""
        each = self.classes_ if self._several else [self.classes_]
        return [len(classes) for classes in each]

    def _outputs(self, network, X):
        p = network.predict_proba(X)
        return np.hstack(p) if isinstance(p, list) else p

    def _losses(self, y, rows, outputs):
        losses = 0.0
        for (_, codes), p in zip(self._columns, self._of_columns(outputs), strict=True):
            right = p[np.arange(len(p)), codes[rows]]
            losses = losses - np.log(np.maximum(right, np.finfo(p.dtype).tiny))
        return losses

    def _constant(self, y, rows, weight):
        counts = [
            np.bincount(codes[rows], weight, len(classes))
            for classes, codes in self._columns
        ]
        # Of a label that rows may have, the probability that they do.
        first = 1 if self._indicator else 0
        shares = np.concatenate([own[first:] / own.sum() for own in counts])
        return np.broadcast_to(shares, (np.count_nonzero(rows), len(shares)))

    def _of_columns(self, p):
        """Probabilities of the classes of each column of y."""
        if self._indicator:
            return [np.column_stack([1 - own, own]) for own in p.T]
        return np.split(p, np.cumsum(self._sizes)[:-1], axis=1)

    def _probabilities(self, X):
        """A list with the probabilities of each column of y."""
        return self._normalized(self._averaged(X))

    def _normalized(self, p):
        parts = np.split(p, np.cumsum(self._sizes)[:-1], axis=1)
        if self._indicator:
            return parts
        # Rounded in float32, sums are not one in float64.
        return [part / part.sum(axis=1, keepdims=True) for part in parts]

    def _labels(self, parts):
        if self._indicator:
            return (parts[0] > 0.5).astype(int)
        if not self._several:
            return self.classes_[parts[0].argmax(axis=1)]
        pairs = zip(self.classes_, parts, strict=True)
        return stack_columns([classes[part.argmax(axis=1)] for classes, part in pairs])

    def _share_right(self, y, found, weight):
        if self._several:
            return subset_accuracy(found, y, weight)
        return float(accuracy_score(y, found, sample_weight=weight))


def _are_classes(array):
    return isinstance(array, np.ndarray) and array.ndim == 1 and array.size > 0
