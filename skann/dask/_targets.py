"""On the client: the targets' transformer, by what is known of each shard's targets."""

import copy
from dataclasses import replace

import numpy as np
from sklearn.base import is_classifier

from .._estimators.class_weight import balanced_by_totals
from .._estimators.labels import stack_columns
from . import _partitions as rows


def transformer_of_all(estimator, descriptions):
    """The transformer of all partitions' targets together.

    Parameters
    ----------
    estimator : BaseBP
    descriptions : list of Description
        One a shard.
    """
    if is_classifier(estimator):
        columns = [
            _all_classes(one)
            for one in zip(*(each.columns for each in descriptions), strict=True)
        ]
        return estimator._new_transformer(
            _like_all(columns, descriptions[0].is_flat), None, None
        )
    first, *others = [each.transformer for each in descriptions]
    if not others:
        return first
    # In units of the rows' weights, so that shards count by them.
    known = [_counted(each) for each in descriptions]
    merged = known[0]
    for one in known[1:]:
        merged = merged.merged(one)
    n_used = sum(each.n_used for each in descriptions)
    mean_weight = sum(each.total_weight for each in descriptions) / n_used
    merged = replace(merged, count=merged.count / mean_weight)
    return first.with_statistics(merged, normalize=estimator.normalize_y)


def _all_classes(columns):
    kinds = {
        "OU"["OU".find(c.dtype.kind)] if c.dtype.kind in "OU" else "number"
        for c in columns
    }
    if len(kinds) > 1:
        raise ValueError(
            "y has labels of other types in some partitions than in others: "
            f"{sorted({str(c.dtype) for c in columns})}."
        )
    return np.unique(np.concatenate(columns))


def _like_all(columns, is_flat):
    """Few targets with all classes of each column."""
    if is_flat:
        # Thrice: a class for every row would be taken for numbers.
        return np.repeat(columns[0], 3)
    n_rows = 3 * max(map(len, columns))
    return stack_columns([np.resize(column, n_rows) for column in columns])


def _counted(description):
    statistics = description.transformer.statistics()
    mean_weight = description.total_weight / description.n_used
    return replace(statistics, count=statistics.count * mean_weight)


def with_balanced_weights(estimator, transformer, shards):
    """The estimator with a dict of class weights for "balanced", by all rows.

    Parameters
    ----------
    estimator : BaseBP
    transformer : LabelTransformer or another of the targets' transformers
    shards : callable
        ``shards(estimator)`` has the rows with the weights that the estimator asks for.
    """
    if getattr(estimator, "class_weight", None) != "balanced":
        return estimator
    plain = copy.copy(estimator)
    plain.class_weight = None
    own = {"transformer": transformer}
    found = shards(plain).each(rows.weights_of_classes, **own)
    found = [one for one in found if one is not None]
    totals = [sum(column) for column in zip(*found, strict=True)]
    classes = transformer.classes
    if transformer.multilabel:
        classes = [np.array([0, 1])] * len(classes)
    elif not isinstance(classes, list):
        classes = [classes]
    plain.class_weight = balanced_by_totals(classes, totals)
    return plain
