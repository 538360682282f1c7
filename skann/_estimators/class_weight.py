"""Class weights to row weights.

Unlike scikit-learn's ``compute_sample_weight``, this goes by the classes that the model
knows and not by those that happen to be in ``y``: a call of ``partial_fit`` or
validation data need not hold every class that a dict weighs.
"""

import numpy as np

PER_COLUMN = "a list with one dict for each of the {} columns of y"


class NoRowsLeftError(ValueError):
    """Class weights leave no row of these a positive weight."""


def row_weights(class_weight, columns, weight):
    """Weights of rows by their classes, times ``weight``.

    Parameters
    ----------
    class_weight : dict, list of dict, or "balanced"
    columns : list of tuple of (classes, codes)
        The known classes of each column of y, and the index of each row's class.
    weight : ndarray of shape (n_samples,) or None
        The rows' own weights.

    Returns
    -------
    weight : ndarray of shape (n_samples,)
        The product over the columns.

    Raises
    ------
    ValueError
        If ``class_weight`` does not belong to these classes.
    NoRowsLeftError
        If it leaves nothing.
    """
    (_, codes), *_ = columns
    total = np.ones(len(codes)) if weight is None else weight.astype(np.float64)
    own_weight = total.copy()
    givens = _one_a_column(class_weight, len(columns))
    for given, (classes, codes) in zip(givens, columns, strict=True):
        if isinstance(given, str):
            total *= _balanced(codes, len(classes), own_weight)[codes]
        else:
            total *= _from_dict(given, classes)[codes]
    if not total.any():
        raise NoRowsLeftError(
            f"class_weight={class_weight!r} leaves no row a positive weight."
        )
    return total


def class_totals(columns, weight):
    """Total weight of each class, an array for each of the columns of y.

    Parameters
    ----------
    columns : list of tuple of (classes, codes)
    weight : ndarray of shape (n_samples,) or None
    """
    return [np.bincount(own, weight, minlength=len(c)) for c, own in columns]


def balanced_by_totals(columns, totals):
    """What "balanced" stands for where rows are elsewhere, as a dict or list of them.

    Parameters
    ----------
    columns : list of ndarray
        The classes of each column of y.
    totals : list of ndarray of shape (n_classes,)
        Their total weights.
    """
    found = []
    for classes, weight in zip(columns, totals, strict=True):
        factors = _balanced(np.arange(len(classes)), len(classes), weight)
        found.append(dict(zip(classes.tolist(), factors.tolist(), strict=True)))
    return found[0] if len(found) == 1 else found


def _one_a_column(class_weight, n_columns):
    if isinstance(class_weight, str):
        return [class_weight] * n_columns
    if n_columns == 1 and isinstance(class_weight, dict):
        return [class_weight]
    if isinstance(class_weight, dict) or len(class_weight) != n_columns:
        wanted = "a dict" if n_columns == 1 else PER_COLUMN.format(n_columns)
        raise ValueError(
            f"class_weight must be {wanted}, 'balanced' or None; got {class_weight!r}."
        )
    for given in class_weight:
        if not isinstance(given, dict):
            raise ValueError(f"class_weight must hold dicts; got {given!r} in it.")
    return class_weight


def _balanced(codes, n_classes, weight):
    """What gives each class that there is the same total, and rows the same one."""
    # Of a largest weight of one: the sum of huge ones would overflow.
    totals = np.bincount(codes, weight / weight.max(), minlength=n_classes)
    present = totals > 0
    share = totals.sum() / present.sum()
    return np.divide(share, totals, out=np.zeros(n_classes), where=present)


def _from_dict(given, classes):
    known = {label: code for code, label in enumerate(classes.tolist())}
    unknown = [label for label in given if label not in known]
    if unknown:
        raise ValueError(
            f"class_weight has labels {unknown} that are not among the classes, "
            f"{classes.tolist()}."
        )
    weights = np.ones(len(classes))
    for label, value in given.items():
        if not (np.isreal(value) and 0 <= value < np.inf):
            raise ValueError(
                "class_weight must hold finite numbers of at least 0; got "
                f"{value!r} for {label!r}."
            )
        weights[known[label]] = value
    return weights


def check_not_balanced(class_weight):
    """Refuse "balanced" for ``partial_fit``."""
    if class_weight == "balanced":
        raise ValueError(
            "class_weight='balanced' can't be used with partial_fit, which does not "
            "know all rows; give a dict, such as from "
            "sklearn.utils.class_weight.compute_class_weight."
        )
