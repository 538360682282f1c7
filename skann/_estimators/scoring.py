"""A score on validation data, by whichever scorer the user names."""

import copy
import math

import numpy as np
from sklearn.metrics import check_scoring

from .validation import prefix_errors


def score_function(estimator, transformer, network, theta, held_out):
    """``score(raw)`` on the validation data, while ``theta`` changes.

    Parameters
    ----------
    estimator : BaseBP
    transformer : LabelTransformer or another of the targets' transformers
    network : Network
    theta : ndarray of shape (n_parameters,)
    held_out : Data

    Raises
    ------
    ValueError
        If there are too few rows for the score to be defined.
    """
    if estimator.scoring == "loss":
        return lambda raw: transformer.score(raw, held_out)
    if held_out.n_rows < transformer.min_rows_to_score:
        raise ValueError(
            f"scoring={estimator.scoring!r} needs at least "
            f"{transformer.min_rows_to_score} rows to validate on; got "
            f"{held_out.n_rows}. Raise validation_fraction."
        )
    scorer = check_scoring(estimator, scoring=estimator.scoring)
    # What a scorer wants is a fitted estimator: one that shares theta.
    view = copy.copy(estimator)
    vars(view).pop("feature_names_in_", None)
    view._network, view._theta = network, theta
    view._transformer = transformer
    return scorer_function(scorer, estimator.scoring, view, transformer, held_out)


def scorer_function(scorer, name, view, transformer, held_out):
    """``score(raw)`` on the validation data, which a scorer predicts anew.

    Parameters
    ----------
    scorer : callable
        ``scorer(estimator, X, y)`` or with ``sample_weight`` besides.
    name : str or callable
        What users know it by, for the errors.
    view : estimator
        Predicts with the parameters as they are when ``score`` is called.
    transformer : LabelTransformer or another of the targets' transformers
    held_out : Data

    Raises
    ------
    ValueError
        By ``score``, where the scorer does; and where the score is not defined for
        want of a class.
    """
    held_out, extra = held_out.with_positive_weight(), {}
    X, y = held_out.take(held_out.X), held_out.take(held_out.y)
    if held_out.weight is not None:
        extra["sample_weight"] = held_out.take(held_out.weight)

    def score(raw):
        with prefix_errors(f"scoring={name!r}"):
            try:
                value = float(scorer(view, X, y, **extra))
            except ValueError as error:
                lacking = _lacking_classes(transformer, held_out)
                if not lacking:
                    raise
                raise ValueError(f"{lacking} The scorer says: {error}") from error
            lacking = math.isnan(value) and _lacking_classes(transformer, held_out)
            if lacking:
                raise ValueError(f"{lacking} The score is then not defined.")
            return value

    return score


def _lacking_classes(transformer, held_out):
    """What to say about classes that no validation row has; None if none is lacking."""
    if not hasattr(transformer, "classes"):
        return None
    columns = transformer.columns(held_out.targets)
    for number, (classes, codes) in enumerate(columns):
        rest = np.setdiff1d(np.arange(len(classes)), held_out.take(codes))
        if len(rest):
            of = f" of column {number}" if len(columns) > 1 else ""
            return (
                "the rows to validate on lack the classes "
                f"{classes[rest].tolist()}{of}; y has {classes.tolist()}. Validate on "
                "rows of every class (X_val, a larger validation_fraction, or a "
                "stratified splitter in its place), or use a scoring that does "
                "without, such as 'loss'."
            )
    return None
