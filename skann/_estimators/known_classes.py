"""The classes that a user announces to ``partial_fit``, and which model they suit."""

import numpy as np

from .labels import labels_as_array


def validate_classes(classes, known):
    """Classes for ``partial_fit`` as a transformer keeps them.

    Parameters
    ----------
    classes : array-like, set or other iterable, list of such, or None
        What the user has given: one of labels, or one for each of several tasks.
    known : ndarray, list of ndarray, or None
        Those settled before; None on the first call.

    Raises
    ------
    ValueError
        If they are not labels, or not those settled before.
    """
    if classes is None and known is None:
        raise ValueError(
            "classes must be passed on the first call to partial_fit: the labels of "
            "all classes there will be."
        )
    if classes is None:
        return known
    given = _unpacked(classes, classes)
    if isinstance(given, list) and any(map(_is_a_collection, given)):
        settled = [_sorted_labels(_unpacked(own, classes), classes) for own in given]
    else:
        settled = _sorted_labels(given, classes)
    if known is not None and not same_classes(settled, known):
        raise ValueError(
            f"classes={settled} is not the same as on the first call to partial_fit or "
            f"in fit: {known}."
        )
    return settled


def check_same_classes(classes, known):
    """Whether a warm start may go on with targets of these classes."""
    if not same_classes(classes, known):
        raise ValueError(
            f"Training can't go on: y has the classes {classes}, the model was "
            f"trained on {known}. Fit anew with warm_start=False, or use partial_fit."
        )


def same_classes(classes, others):
    """Whether two such, arrays or lists of arrays, are equal."""
    if isinstance(classes, list) != isinstance(others, list):
        return False
    if isinstance(classes, list):
        return len(classes) == len(others) and all(map(same_classes, classes, others))
    return classes.tolist() == others.tolist()


def _is_a_collection(given):
    return hasattr(given, "__iter__") and not isinstance(given, str | bytes)


def _unpacked(given, classes):
    """A list or an array of what is given in any other iterable."""
    if not _is_a_collection(given) or getattr(given, "ndim", 1) == 0:
        raise _refusal(classes)
    return given if hasattr(given, "__array__") else list(given)


def _sorted_labels(given, classes):
    try:
        labels = labels_as_array(given, "classes")
        array = np.asarray(labels)
        flat = array.ravel()
        if array.size == 0 or flat.size != max(array.shape):
            raise _refusal(classes)
        if array.dtype.kind == "f" and np.isnan(array).any():
            raise ValueError("classes must not hold NaN, which is no class.")
        return np.unique(flat)
    except TypeError:
        raise _refusal(classes) from None


def _refusal(classes):
    return ValueError(
        "classes must be the labels of all classes, at least one, of one type; for "
        f"several columns of y a list with those of each. Got {classes!r}."
    )
