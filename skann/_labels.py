"""Class labels to targets, and the loss that they call for.

Two classes have one output unit, more have one each, and multilabel targets one a
label. Single labels stay one integer a row, their *code*: the index of their class.
"""

import numpy as np
from sklearn.utils.multiclass import check_classification_targets, type_of_target
from sklearn.utils.validation import column_or_1d

from ._training import Targets

# Losses by the name that users give.
LOSS_NAMES = {
    "mse": "logistic_squared_error",
    "squared_error": "logistic_squared_error",
    "cross_entropy": "cross_entropy",
    "softmax": "softmax",
}


def is_multilabel(y, known):
    """Whether y is an indicator matrix; it must be what ``known`` says if not None."""
    check_classification_targets(y)
    kind = type_of_target(y, input_name="y")
    if kind == "multiclass-multioutput":
        raise ValueError(
            "y must be class labels of shape (n_samples,) or a label indicator matrix "
            "of zeros and ones of shape (n_samples, n_labels); got several columns of "
            f"classes. Unknown label type: {kind}."
        )
    multilabel = kind == "multilabel-indicator"
    if known is not None and multilabel != known:
        raise ValueError(
            f"y is of type {kind!r}, but the model was trained on "
            f"{'multilabel' if known else 'single-label'} targets."
        )
    return multilabel


def encode_classes(y, loss, dtype, classes=None):
    """Targets for single labels.

    Parameters
    ----------
    y : ndarray of shape (n_samples,) or (n_samples, 1)
    loss : str
        A name in :data:`LOSS_NAMES`, or "auto".
    dtype : dtype
        Of the targets of a single output unit.
    classes : ndarray of shape (n_classes,) or None
        The classes if they are known, sorted.

    Returns
    -------
    targets : Targets
    classes : ndarray of shape (n_classes,)
    """
    found, codes = np.unique(column_or_1d(y, warn=True), return_inverse=True)
    if classes is None:
        classes = found
    else:
        unknown = np.setdiff1d(found, classes)
        if unknown.size:
            raise ValueError(
                f"y has classes {unknown.tolist()} that are not among the known ones, "
                f"{classes.tolist()}."
            )
        codes = np.searchsorted(classes, found)[codes]
    two = len(classes) == 2
    if loss == "auto" or (two and loss == "softmax"):
        # The softmax of (0, z) is the sigmoid of z: on one unit they are the same.
        loss = "cross_entropy" if two else "softmax"
    if two:
        encoded, n_outputs = codes.astype(dtype)[None, :], 1
    else:
        encoded, n_outputs = codes.astype(np.int32), len(classes)
    return Targets(encoded, n_outputs, LOSS_NAMES[loss], labels=codes), classes


def encode_indicators(y, loss, dtype, classes=None):
    """Targets for a label indicator matrix; as :func:`encode_classes`."""
    if loss == "softmax":
        raise ValueError(
            "loss='softmax' can't be used with multilabel targets, whose labels do not "
            "exclude each other; use 'auto', 'cross_entropy' or 'mse'."
        )
    if hasattr(y, "toarray"):
        y = y.toarray()
    if not np.isin(y, (0, 1)).all():
        raise ValueError(
            "y as a label indicator matrix must hold zeros and ones only; got "
            f"{np.unique(y).tolist()}."
        )
    n_labels = y.shape[1]
    if classes is None:
        classes = np.arange(n_labels)
    elif n_labels != len(classes):
        raise ValueError(
            f"y has {n_labels} labels; the model was trained on {len(classes)}."
        )
    loss = LOSS_NAMES["cross_entropy" if loss == "auto" else loss]
    return Targets(np.array(y.T, dtype=dtype, order="C"), n_labels, loss), classes
