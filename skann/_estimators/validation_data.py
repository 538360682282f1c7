"""What a fit validates on: rows that it is given, or that are held out of its own."""

from numbers import Real

import numpy as np
from sklearn.model_selection import (
    GroupShuffleSplit,
    ShuffleSplit,
    StratifiedShuffleSplit,
)

from .._training.data import Data
from .other_units import TRANSFORMED, warn_of_other_targets, warn_of_other_units
from .real_transformer import RealTransformer
from .rows import validate_rows
from .validation import check_sample_weight, prefix_errors


def train_and_validation_data(
    estimator, data, inputs, transformer, scale, rng, partial, searches=False
):
    """The rows to train on, and what to validate on or None.

    Parameters
    ----------
    estimator : BaseBP
    data : Data
        Rows of positive weight.
    inputs : FitInputs
        What ``fit`` was given besides.
    transformer : LabelTransformer or another of the targets' transformers
    scale : ColumnScale
        That ``data`` are in already.
    rng : numpy.random.Generator
    partial : bool
        Whether this is ``partial_fit``, which holds no rows out.
    searches : bool
        Whether decay and length are chosen on held-out rows.
    """
    check_validation_arguments(estimator, inputs, partial, searches)
    if inputs.groups is not None and len(inputs.groups) != data.X.shape[0]:
        raise ValueError(
            f"groups and X have inconsistent lengths: {len(inputs.groups)} and "
            f"{data.X.shape[0]}. groups must have one entry for each row of X."
        )
    if inputs.X_val is not None:
        return data, given_validation_data(
            estimator, data, inputs, transformer, scale, partial
        )
    if partial or not estimator.early_stopping:
        return data, None
    rows, fraction = data.row_numbers, estimator.validation_fraction
    if isinstance(fraction, Real):
        seed = int(rng.integers(2**31))
        if inputs.groups is not None:
            splitter = GroupShuffleSplit(1, test_size=fraction, random_state=seed)
            train, held_out = split_by(splitter, data.X, data.y, inputs.groups, rows)
        else:
            train, held_out = split_rows(rows, data.targets.labels, fraction, seed)
    else:
        train, held_out = split_by(fraction, data.X, data.y, inputs.groups, rows)
    return data.using(train), data.using(held_out)


_NOT_TRANSFORMED = f" (A pipeline gives X_val as it is to the network. {TRANSFORMED})"


def given_validation_data(estimator, data, inputs, transformer, scale, partial):
    """``X_val``, ``y_val`` and their weights, checked and encoded as ``data`` are."""
    with prefix_errors("X_val"):
        try:
            X = validate_rows(estimator, inputs.X_val, reset=False)
        except ValueError as error:
            raise ValueError(f"{error}{_NOT_TRANSFORMED}") from None
    with prefix_errors("y_val"):
        y = estimator._check_targets(inputs.y_val, X)
        dtype = data.targets.y.dtype if data.targets.y.ndim == 2 else data.X.dtype
        targets = estimator._encode(transformer, y, dtype)
    with prefix_errors("sample_weight_val"):
        weight = check_sample_weight(inputs.sample_weight_val, X)
    with prefix_errors("y_val"):
        weight = estimator._effective_weight(weight, transformer, targets)
    given = scale.standardize(Data(X, y, targets, weight))
    if not partial:  # whose calls bring rows as they come, a few at a time
        warn_of_other_units(data, given)
        if isinstance(transformer, RealTransformer):
            warn_of_other_targets(data, given)
    return given


def check_validation_arguments(estimator, inputs, partial, searches=False):
    """Raise an error if validation arguments of ``fit`` are incomplete or unused."""
    if (inputs.X_val is None) != (inputs.y_val is None):
        missing = "X_val" if inputs.X_val is None else "y_val"
        raise ValueError(f"X_val and y_val must be given together; {missing} is None.")
    if inputs.sample_weight_val is not None and inputs.X_val is None:
        raise ValueError("sample_weight_val is given, but X_val and y_val are not.")
    splits = estimator.early_stopping and inputs.X_val is None and not partial
    if inputs.groups is not None and not (splits or searches):
        raise ValueError(
            "groups are given but nothing is split by them: that needs "
            "early_stopping=True without X_val, or trials on held-out rows: "
            "solver='auto' with alpha='auto' or max_iter='auto', at least 50 rows "
            "(outside the largest class), and no max_iter below a fifth of the rule's."
        )


def split_rows(rows, labels, validation_fraction, seed):
    """Split row numbers into training and validation rows.

    Parameters
    ----------
    rows : ndarray of int
    labels : ndarray of shape (n_samples,) or None
        Classes to stratify by. A class of one row, or a validation set with fewer
        rows than classes, can't be stratified: the split is then plainly random.
    validation_fraction : float
    seed : int

    Returns
    -------
    train, validation : ndarray of int, sorted
    """
    options = {
        "test_size": validation_fraction,
        "random_state": seed,
        "n_splits": 1,
    }
    if len(rows) < 2:
        raise ValueError(
            "early_stopping=True needs at least 2 samples of positive weight, to train "
            f"on one and validate on the other; got {len(rows)} sample."
        )
    n_validation = int(np.ceil(validation_fraction * len(rows)))
    if n_validation == len(rows):
        raise ValueError(
            f"validation_fraction={validation_fraction} of {len(rows)} samples leaves "
            "none to train on; it must leave at least one."
        )
    splitter = ShuffleSplit(**options)
    strata = None if labels is None else labels[rows]
    if strata is not None:
        _, counts = np.unique(strata, return_counts=True)
        smallest_side = min(n_validation, len(rows) - n_validation)
        if counts.min() > 1 and smallest_side >= len(counts):
            splitter = StratifiedShuffleSplit(**options)
    train, validation = next(splitter.split(rows, strata))
    return np.sort(rows[train]), np.sort(rows[validation])


def split_by(splitter, X, y, groups, rows):
    """Training and validation rows: the first split of a splitter.

    Parameters
    ----------
    splitter : object with a method ``split``
    X, y, groups : array-like
        What it splits, all rows of it.
    rows : ndarray of int
        The rows in use; the others are left out of both parts.
    """
    try:
        train, validation = next(iter(splitter.split(X, y, groups)))
    except ValueError as error:
        if groups is not None or "'groups'" not in str(error):
            raise
        raise ValueError(
            f"validation_fraction={splitter!r} splits by groups, and fit has not been "
            "given any: pass groups to fit, and where metadata is routed ask for them "
            "with set_fit_request(groups=True)."
        ) from error
    parts = np.intersect1d(train, rows), np.intersect1d(validation, rows)
    if not all(len(part) for part in parts):
        raise ValueError(
            f"validation_fraction={splitter!r} leaves {len(parts[0])} rows of positive "
            f"weight to train on and {len(parts[1])} to validate on; each must have at "
            "least one."
        )
    return parts
