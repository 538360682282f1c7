"""On a worker: checked rows of a partition, and shards of them to train on.

A *partition* is what the user's collection is cut into, a *shard* the rows that one
worker trains on. Both are values of tasks, so what a worker takes with it when it dies
is computed again. The estimator that tasks are given has parameters and nothing fitted.
"""

import copy
from dataclasses import dataclass, replace

import numpy as np
from scipy import sparse
from sklearn.base import is_classifier
from sklearn.utils.validation import _num_samples

from .._estimators.class_weight import NoRowsLeftError, class_totals
from .._estimators.labels import label_columns
from .._estimators.regression_losses import transformer_of
from .._estimators.validation import check_sample_weight
from .._estimators.validation_data import split_rows
from .._training.data import Data, Targets


@dataclass
class Partition:
    """Checked rows as ``fit`` has them. None stands for a partition without rows."""

    X: object
    y: np.ndarray
    weight: np.ndarray | None
    names: np.ndarray | None


@dataclass
class Description:
    """What the client is told of the partitions of a shard.

    Attributes
    ----------
    n_features : int
    dtype : dtype
        Of X.
    names : ndarray of str or None
        Of the features.
    is_flat : bool
        Whether targets are one column, given flat.
    has_weight : bool
    n_used, total_weight : float
        Rows of positive weight, and the sum of their weights.
    columns : list of ndarray, or None
        The classes that there are in each column of the targets.
    transformer : RealTransformer or None
        The transformer of these real targets alone.
    """

    n_features: int
    dtype: np.dtype
    names: np.ndarray | None
    is_flat: bool
    has_weight: bool
    n_used: float
    total_weight: float
    columns: list | None = None
    transformer: object = None


def checked(estimator, part):
    """The rows of a partition, checked as ``fit`` does; None if there are none.

    Parameters
    ----------
    estimator : BaseBP
    part : tuple
        X, y and, where there are some, weights.
    """
    X, y, weight = (*part, None)[:3]
    if _num_samples(X) == 0:
        return None
    view = copy.copy(estimator)
    if weight is not None:
        weight = np.asarray(weight)
        if weight.shape == (_num_samples(X),) and not weight.any():
            return None
    X, y = view._validate_pair(X, y, reset=True)
    if sparse.issparse(y):
        raise ValueError("y must be dense on a cluster; got a sparse matrix.")
    weight = check_sample_weight(weight, X)
    return Partition(X, y, weight, getattr(view, "feature_names_in_", None))


def described(estimator, partitions):
    """The :class:`Description` of some partitions; None if they have no rows."""
    partitions = [each for each in partitions if each is not None]
    if not partitions:
        return None
    shapes = {(each.X.shape[1], each.y.ndim) for each in partitions}
    if len(shapes) > 1:
        raise ValueError(f"partitions differ in features or targets: {sorted(shapes)}.")
    first = partitions[0]
    y, weight = joined_targets(partitions)
    used = np.ones(len(y)) if weight is None else weight[weight > 0]
    found = Description(
        first.X.shape[1],
        np.result_type(*(each.X.dtype for each in partitions)),
        first.names,
        y.ndim == 1,
        weight is not None,
        len(used),
        float(used.sum()),
    )
    if is_classifier(estimator):
        columns = [y] if y.ndim == 1 else label_columns(y)
        return replace(found, columns=[np.unique(column) for column in columns])
    return replace(found, transformer=transformer_of(estimator, y, weight))


def joined_targets(partitions):
    """Targets and weights of some partitions, one after the other."""
    y = np.concatenate([each.y for each in partitions])
    weight = None
    if partitions[0].weight is not None:
        weight = np.concatenate([each.weight for each in partitions])
    return y, weight


def make_shard(estimator, transformer, dtypes, partitions):
    """The rows of some partitions with their targets; None if there are none.

    Parameters
    ----------
    estimator : BaseBP
        Its parameters say how targets and weights are made.
    transformer : LabelTransformer or another of the targets' transformers
    dtypes : tuple of dtype
        Of X, and of what is computed.
    partitions : list of Partition or None

    Returns
    -------
    data : Data or None
        The rows of positive weight in use.
    """
    partitions = [each for each in partitions if each is not None]
    if not partitions:
        return None
    X = stacked([each.X for each in partitions])
    X = X.astype(dtypes[0], copy=False)
    y, weight = joined_targets(partitions)
    targets = estimator._encode(transformer, y, dtypes[1])
    try:
        weight = estimator._effective_weight(weight, transformer, targets)
    except NoRowsLeftError:
        return None  # other shards have rows of other classes
    return Data(X, y, targets, weight).with_positive_weight()


def stacked(matrices):
    """Rows of several matrices below each other; no copy of a single one."""
    if len(matrices) == 1:
        return matrices[0]
    if sparse.issparse(matrices[0]):
        return sparse.vstack(matrices, format="csr")
    return np.concatenate(matrices)


def weights_of_classes(data, transformer):
    """Total weight of each class, for each column of the targets.

    Parameters
    ----------
    data : Data or None
        With the rows' own weights.
    transformer : LabelTransformer or another of the labels' transformers
    """
    if data is None:
        return None
    return class_totals(transformer.columns(data.targets), data.weight)


def piece(data, first, last):
    """Some of the rows in use, by their place among them, as data of their own."""
    rows = data.row_numbers[first:last]
    targets = data.targets
    y = targets.y[rows] if targets.y.ndim == 1 else targets.y[:, rows]
    labels = None if targets.labels is None else targets.labels[rows]
    weight = None if data.weight is None else data.weight[rows]
    return Data(
        data.X[rows], data.y[rows], replace(targets, y=y, labels=labels), weight
    )


def joined(pieces):
    """Data from the pieces of others."""
    first = pieces[0]
    if len(pieces) == 1:
        return first
    y = [each.targets.y for each in pieces]
    labels = None
    if first.targets.labels is not None:
        labels = np.concatenate([each.targets.labels for each in pieces])
    weight = None
    if first.weight is not None:
        weight = np.concatenate([each.weight for each in pieces])
    return Data(
        stacked([each.X for each in pieces]),
        np.concatenate([each.y for each in pieces]),
        replace(first.targets, y=np.concatenate(y, axis=-1), labels=labels),
        weight,
    )


def held_out(data, fraction, seed):
    """The data with the rows to train on in use, and with those to validate on.

    None in the place of those to validate on, where there are too few to hold any out.
    """
    if data is None:
        return None, None
    if data.n_rows < 2 or np.ceil(fraction * data.n_rows) == data.n_rows:
        return data, None
    train, rest = split_rows(data.row_numbers, data.targets.labels, fraction, seed)
    return data.using(train), data.using(rest)


def sample(data, places):
    """Those at some places of the rows in use, as a :func:`piece` of them."""
    if data is None:
        return None
    rows = data.row_numbers[places]
    found = data.using(rows)
    return piece(found, 0, len(rows))


@dataclass
class Summary:
    """What the client is told of a shard's rows in use.

    Attributes
    ----------
    n_rows : int
    lightest, heaviest, total : float
        Of their weights.
    targets : Targets
        Without rows.
    """

    n_rows: int
    lightest: float
    heaviest: float
    total: float
    targets: Targets


def summary(data):
    """The :class:`Summary` of a shard; None if it has no rows."""
    if data is None:
        return None
    weight = data.take(data.weight)
    about = (1.0, 1.0, float(data.n_rows))
    if weight is not None:
        about = weight.min(), weight.max(), weight.sum()
    y = data.targets.y[..., :0]
    return Summary(data.n_rows, *about, replace(data.targets, y=y, labels=None))


def standardized(data, scale):
    """The data with standardised columns; None stays None."""
    return scale.standardize(data)
