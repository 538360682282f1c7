"""Scores of every epoch, by whichever scorers the user names."""

import copy
import math
from functools import partial

import numpy as np
from sklearn.metrics import check_scoring, get_scorer_names

from .._engine.choice import raw_outputs
from .._training.run import validator
from .._training.stopping import decisive
from .validation import prefix_errors


def named_scorers(scoring):
    """The scorers of a parameter that has several, by name; none for a single one.

    Parameters
    ----------
    scoring : str, callable, list, tuple or dict

    Raises
    ------
    ValueError
        If there is none, one is not known, or a name stands twice or is taken.
    """
    if not isinstance(scoring, list | tuple | dict):
        return {}
    names = ", ".join(f"'{name}'" for name in ("loss", *get_scorer_names()))
    wanted = f"names of scorers ({names})"
    if isinstance(scoring, dict):
        named = dict(scoring)
        wanted = f"a dict of names to callables or {wanted}"
    else:
        named = {each if isinstance(each, str) else None: each for each in scoring}
        wanted = f"a list of different {wanted}, or a dict for callables"
        if len(named) < len(scoring) or None in named:
            named = {}
    known = {"loss", *get_scorer_names()}
    if not named or not all(
        isinstance(name, str) and (callable(each) or each in known)
        for name, each in named.items()
    ):
        raise ValueError(f"scoring must be {wanted}; got {scoring!r}.")
    for name, each in named.items():
        if name in ("loss", "score") and each != "loss":
            raise ValueError(
                f"scoring={scoring!r} names a scorer {name!r}, but 'validation_{name}' "
                "is a column of history_ already; give it another name."
            )
    return named


class FurtherScores:
    """Scores of every epoch that are only recorded.

    Parameters
    ----------
    scores : dict of str to callable
        What computes each column's number.

    Attributes
    ----------
    columns : dict of str to list of float
    """

    def __init__(self, scores):
        self._scores = scores
        self.columns = {name: [] for name in scores}

    def __call__(self):
        # All before the first is recorded: one that fails leaves no part of an entry.
        values = [score() for score in self._scores.values()]
        for column, value in zip(self.columns.values(), values, strict=True):
            column.append(value)


def further_scores(estimator, transformer, network, theta, data, held_out):
    """What is recorded besides the score that decides, or None.

    Parameters
    ----------
    estimator : BaseBP
    transformer : LabelTransformer or another of the targets' transformers
    network : Network
    theta : ndarray of shape (n_parameters,)
    data : Data
        What is trained on, for `training_score`.
    held_out : Data or None
        What is validated on, for the scorers of a list or dict.

    Returns
    -------
    further : FurtherScores or None
    """
    named, scores = named_scorers(estimator.scoring), {}
    trained = transformer, network, theta
    if held_out is not None:
        for name, scoring in named.items():
            if scoring != "loss":
                score = _score_by(scoring, estimator, *trained, held_out)
                scores[f"validation_{name}"] = partial(score, None)
    if estimator.training_score:
        score = _score_by(decisive(estimator.scoring), estimator, *trained, data)

        def on_training_data():
            raw, _ = raw_outputs(network, theta, data.X, data.rows)
            return score(raw)

        scores["training_score"] = on_training_data
    return FurtherScores(scores) if scores else None


def validation_function(estimator, transformer, network, theta, held_out):
    """What returns loss and score on the validation data, while ``theta`` changes.

    Parameters
    ----------
    estimator : BaseBP
    transformer : LabelTransformer or another of the targets' transformers
    network : Network
    theta : ndarray of shape (n_parameters,)
    held_out : Data or None

    Returns
    -------
    validate : callable or None
        None without validation data.

    Raises
    ------
    ValueError
        If there are too few rows for the score to be defined.
    """
    if held_out is None:
        return None
    scoring = decisive(estimator.scoring)
    score = _score_by(scoring, estimator, transformer, network, theta, held_out)
    return validator(network, theta, held_out, score)


def check_enough_rows(scoring, transformer, n_rows):
    """Whether a scorer has the rows that its score needs to be defined."""
    if n_rows < transformer.min_rows_to_score:
        raise ValueError(
            f"scoring={scoring!r} needs at least {transformer.min_rows_to_score} rows "
            f"to validate on; got {n_rows}. Raise validation_fraction."
        )


def _score_by(scoring, estimator, transformer, network, theta, rows):
    if scoring == "loss":
        return lambda raw: transformer.score(raw, rows)
    check_enough_rows(scoring, transformer, rows.n_rows)
    scorer = check_scoring(estimator, scoring=scoring)
    # What a scorer wants is a fitted estimator: one that shares theta.
    view = copy.copy(estimator)
    vars(view).pop("feature_names_in_", None)
    view._network, view._theta = network, theta
    view._transformer = transformer
    return scorer_function(scorer, scoring, view, transformer, rows)


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
