"""Class labels to targets, and raw outputs back to labels and probabilities.

A *transformer* knows the classes of a fitted classifier. There are three: single labels
(two classes on one output unit, more on one each), an indicator matrix (one unit a
label), and several columns of classes, *tasks* (one unit a class of each task). Single
labels stay one integer a row, their *code*: the index of their class.
"""

import numpy as np
from sklearn.utils.multiclass import check_classification_targets, type_of_target
from sklearn.utils.validation import column_or_1d

from .._network.network import loss_function
from .._training.data import Targets
from .labels import encode_labels, label_columns, labels_as_array, stack_columns
from .probabilities import log_probabilities, probabilities
from .validation import check_sample_weight

# Losses by the name that users give.
LOSS_NAMES = {
    "mse": "logistic_squared_error",
    "squared_error": "logistic_squared_error",
    "cross_entropy": "cross_entropy",
    "softmax": "softmax",
    "perceptron": "perceptron",
    "focal": "focal",
}
# Of several classes that exclude each other, where that is another.
_EXCLUSIVE = {"focal": "softmax_focal"}


def make_label_transformer(y, classes=None):
    """The transformer for targets of a first fit.

    Parameters
    ----------
    y : array-like
        The targets, whose kind decides.
    classes : ndarray, list of ndarray, or None
        All classes there will be, one array a task where there are several; None for
        those of ``y``.

    Raises
    ------
    ValueError
        If ``y`` is not of classes, or not of these.
    """
    kind = _kind_of(y)
    if "multiclass" in kind and not _has_mixed_types(y):
        check_classification_targets(y)  # warns where there is a class for every row
    if isinstance(classes, list) or (classes is None and kind == _MULTIOUTPUT):
        return MultioutputTransformer(
            classes or [np.unique(column) for column in label_columns(y)]
        )
    if kind == "multilabel-indicator":
        return IndicatorTransformer(
            np.arange(y.shape[1]) if classes is None else classes
        )
    if kind == _MULTIOUTPUT:
        raise ValueError(
            "y has several columns of classes; classes must then be a list with the "
            f"classes of each column. Got classes={classes}."
        )
    return LabelTransformer(np.unique(column_or_1d(y)) if classes is None else classes)


_MULTIOUTPUT = "multiclass-multioutput"
# Kinds of targets that need no second look.
_KINDS = ("binary", "multiclass", "multilabel-indicator", _MULTIOUTPUT)


class LabelTransformer:
    """One label a row.

    Parameters
    ----------
    classes : ndarray of shape (n_classes,)
        Sorted.
    """

    min_rows_to_score = 1
    multilabel = False

    def __init__(self, classes):
        self.classes = classes

    @property
    def _kind(self):
        return "two classes" if len(self.classes) == 2 else None

    def transform(self, y, loss, dtype):
        """Targets for ``y`` under a loss of :data:`LOSS_NAMES`, "auto" or a user's."""
        _check_kind(y, ("binary", "multiclass"), "single-label")
        codes = encode_labels(column_or_1d(y, warn=True), self.classes)
        two = len(self.classes) == 2
        if loss == "auto" or (two and loss == "softmax"):
            # The softmax of (0, z) is the sigmoid of z: on one unit they are the same.
            loss = "cross_entropy" if two else "softmax"
        if two:
            encoded, n_outputs = codes.astype(dtype)[None, :], 1
        else:
            encoded, n_outputs = codes.astype(np.int32), len(self.classes)
        return Targets(encoded, n_outputs, _known(loss, not two), labels=codes)

    def columns(self, targets):
        """Classes of each column of the targets, and the index of each row's class."""
        return [(self.classes, targets.labels)]

    def _argmax(self, raw):
        # σ(z) > ½ exactly where z > 0, and all output activations keep the order.
        return (raw[:, 0] > 0).astype(int) if self._kind else raw.argmax(axis=1)

    def inverse_transform(self, raw):
        """Labels for raw outputs."""
        return self.classes[self._argmax(raw)]

    def decision_function(self, raw):
        """What ``decision_function`` returns."""
        return raw[:, 0] if self._kind else raw

    def probabilities(self, raw, out_activation, logarithms=False):
        """Probabilities of the classes, or their logarithms."""
        function = log_probabilities if logarithms else probabilities
        return function(raw, self._kind or out_activation)

    def score(self, raw, data):
        """Weighted accuracy on the rows in use."""
        return _accuracy(data.take(data.targets.labels) == self._argmax(raw), data)


class IndicatorTransformer:
    """Any number of labels a row, as a matrix of zeros and ones.

    Parameters
    ----------
    classes : ndarray of shape (n_labels,)
    """

    min_rows_to_score = 1
    multilabel = True

    def __init__(self, classes):
        self.classes = classes

    def transform(self, y, loss, dtype):
        """As :meth:`LabelTransformer.transform`."""
        if loss == "softmax" or getattr(loss, "link", None) == "softmax":
            raise ValueError(
                f"loss={loss!r} can't be used with multilabel targets, whose labels do "
                "not exclude each other; use 'auto', 'cross_entropy' or 'mse'."
            )
        _check_kind(y, ("multilabel-indicator",), "multilabel")
        if hasattr(y, "toarray"):
            y = y.toarray()
        y = np.asarray(y)
        if not np.isin(y, (0, 1)).all():
            raise ValueError(
                "y as a label indicator matrix must hold zeros and ones only; got "
                f"{np.unique(y).tolist()}."
            )
        _check_columns(y, len(self.classes), "labels")
        loss = _known("cross_entropy" if loss == "auto" else loss, False)
        return Targets(np.array(y.T, dtype=dtype, order="C"), y.shape[1], loss)

    def columns(self, targets):
        """As :meth:`LabelTransformer.columns`; a label's classes are no and yes."""
        # Smoothed ones as well are above a half where the label is there.
        return [(np.array([0, 1]), (y > 0.5).astype(np.intp)) for y in targets.y]

    def inverse_transform(self, raw):
        """The indicator matrix for raw outputs."""
        return (raw > 0).astype(int)

    def decision_function(self, raw):
        """What ``decision_function`` returns."""
        return raw

    def probabilities(self, raw, out_activation, logarithms=False):
        """Probability of each label by itself, or its logarithm."""
        return (log_probabilities if logarithms else probabilities)(raw, "labels")

    def score(self, raw, data):
        """Weighted share of rows all of whose labels are right."""
        truth = data.targets_of(raw.dtype) > 0.5
        return _accuracy(((raw > 0) == truth).all(axis=1), data)


class MultioutputTransformer:
    """Several labels a row, one for each of several tasks.

    Parameters
    ----------
    classes : list of ndarray
        The classes of each task, sorted.
    """

    min_rows_to_score = 1
    multilabel = False

    def __init__(self, classes):
        self.classes = classes
        self._sizes = tuple(len(own) for own in classes)

    def transform(self, y, loss, dtype):
        """As :meth:`LabelTransformer.transform`."""
        _check_columns(y, len(self.classes), "columns of classes")
        n_outputs = sum(self._sizes)
        encoded = np.zeros((n_outputs, len(y)), dtype)
        columns = zip(label_columns(y), self.classes, self._parts(encoded), strict=True)
        for column, classes, part in columns:
            part[encode_labels(column, classes), np.arange(len(y))] = 1
        loss = _known("softmax" if loss == "auto" else loss, True)
        in_one = loss_function(loss).out_activation == "softmax"
        tasks = self._sizes if in_one else ()
        return Targets(encoded, n_outputs, loss, tasks=tasks)

    def columns(self, targets):
        """As :meth:`LabelTransformer.columns`."""
        codes = [part.argmax(axis=0) for part in self._parts(targets.y)]
        return list(zip(self.classes, codes, strict=True))

    def _parts(self, outputs):
        """Views of each task's rows of an array that has outputs first."""
        return np.split(outputs, np.cumsum(self._sizes)[:-1])

    def inverse_transform(self, raw):
        """Labels of shape (n_samples, n_tasks) for raw outputs."""
        parts = zip(self.classes, self._parts(raw.T), strict=True)
        return stack_columns([own[part.argmax(axis=0)] for own, part in parts])

    def decision_function(self, raw):
        """What ``decision_function`` returns: an array for each task."""
        return [part.T for part in self._parts(raw.T)]

    def probabilities(self, raw, out_activation, logarithms=False):
        """Probabilities of the classes of each task, or their logarithms."""
        function = log_probabilities if logarithms else probabilities
        return [function(part, out_activation) for part in self.decision_function(raw)]

    def score(self, raw, data):
        """Weighted share of rows all of whose labels are right."""
        truths, found = self._parts(data.targets_of(raw.dtype).T), self._parts(raw.T)
        hits = [
            truth.argmax(axis=0) == outputs.argmax(axis=0)
            for truth, outputs in zip(truths, found, strict=True)
        ]
        return _accuracy(np.all(hits, axis=0), data)


def _known(loss, exclusive):
    """The loss as networks know it.

    Parameters
    ----------
    loss : str or object
        Of :data:`LOSS_NAMES`, or a user's own.
    exclusive : bool
        Whether a row has one of several classes, each with an output.
    """
    if not isinstance(loss, str):
        return loss
    name = LOSS_NAMES[loss]
    return _EXCLUSIVE.get(name, name) if exclusive else name


def subset_accuracy(found, y, sample_weight):
    """Weighted share of rows all of whose columns are as in ``y``."""
    y = labels_as_array(y)
    if np.shape(y) != found.shape:
        raise ValueError(
            f"y must have shape {found.shape}, one column for each task; got "
            f"{np.shape(y)}."
        )
    weight = check_sample_weight(sample_weight, found)
    return float(np.average((found == y).all(axis=1), weights=weight))


def _accuracy(hits, data):
    """Weighted share of hits; scikit-learn's way takes a hundred times as long."""
    weight = data.take(data.weight)
    if weight is None:
        return float(np.count_nonzero(hits) / hits.size)
    return float(np.average(hits, weights=weight))


def _kind_of(y):
    if _has_mixed_types(y):
        return _MULTIOUTPUT  # scikit-learn would compare labels across columns
    kind = type_of_target(y, input_name="y")
    if kind not in _KINDS:
        check_classification_targets(y)  # knows what to say
    return kind


def _has_mixed_types(y):
    objects = isinstance(y, np.ndarray) and y.dtype == object
    return objects and y.ndim == 2 and y.shape[1] > 1


def _check_kind(y, kinds, name):
    kind = _kind_of(y)
    if kind not in kinds:
        raise ValueError(
            f"y is of type {kind!r}, but the model was trained on {name} targets."
        )


def _check_columns(y, n_columns, what):
    if y.ndim != 2 or y.shape[1] != n_columns:
        found = y.shape[1] if y.ndim == 2 else 1
        raise ValueError(f"y has {found} {what}; the model was trained on {n_columns}.")
