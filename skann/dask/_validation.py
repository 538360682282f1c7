"""On the client: loss and scores over the rows of all shards, epoch by epoch.

The loss, accuracy and R² are put together from sums, so that nothing but those leaves
the workers. Any other scorer wants predictions of all rows: the network's raw outputs
are collected for it, and the rows of X stay where they are.
"""

import copy
import math
from dataclasses import replace
from functools import partial

import numpy as np
from sklearn.base import is_classifier
from sklearn.metrics import check_scoring

from .._estimators.scoring import (
    FurtherScores,
    check_enough_rows,
    named_scorers,
    scorer_function,
)
from .._training.data import Data
from .._training.divergence import check_finite
from .._training.stopping import decisive
from . import _tasks as tasks
from ._averaging import mean_of


class Validation:
    """What is asked about the rows of some shards while a network is trained.

    Parameters
    ----------
    shards : Shards
    estimator : BaseBP
        Has the parameters.
    transformer : LabelTransformer or another of the targets' transformers
    network : Network
    theta : ndarray of shape (n_parameters,)
        Changes as training goes on.
    """

    def __init__(self, shards, estimator, transformer, network, theta):
        self._shards, self._estimator = shards, estimator
        self._transformer, self._network, self._theta = transformer, network, theta
        self._known = None

    def loss_and_score(self):
        """Loss, and score by the first scorer; for the monitor to call."""
        self._shards.settle(smallest=math.inf)
        loss, score = self.default()
        check_finite(loss, "on the validation data")
        scoring = decisive(self._estimator.scoring)
        return loss, score if scoring == "loss" else self.score(scoring)

    def default(self):
        """Loss, and the estimator's own score."""
        found = self._shards.each(
            tasks.loss_and_score,
            network=self._network,
            theta=self._theta,
            transformer=self._transformer,
        )
        found = [one for one in found if one is not None]
        losses, weights, scores, moments = zip(*found, strict=True)
        loss = float(mean_of(losses, weights))
        if len(found) == 1:
            return loss, scores[0]
        if is_classifier(self._estimator):
            return loss, float(mean_of(scores, weights))
        if moments[0] is None:
            raw, data = self._collected()
            return loss, float(self._transformer.score(raw, data))
        return loss, r2_of(np.array(moments))

    def score(self, scoring):
        """Score by any of scikit-learn's scorers."""
        if scoring == "loss":
            return self.default()[1]
        raw, data = self._collected()
        view = _with_outputs(self._estimator, raw)
        view._network, view._theta = self._network, self._theta
        view._transformer = self._transformer
        check_enough_rows(scoring, self._transformer, data.n_rows)
        scorer = check_scoring(view, scoring=scoring)
        return scorer_function(scorer, scoring, view, self._transformer, data)(raw)

    def _collected(self):
        raw = self._shards.each(tasks.outputs, network=self._network, theta=self._theta)
        if self._known is None:
            self._known = _below_each_other(self._shards.each(tasks.targets_of))
        return np.concatenate(raw), self._known


def _with_outputs(estimator, raw):
    """A view that predicts from raw outputs that it is given with no X."""

    class Known(type(estimator)):
        def _raw(self, X):
            return raw

    view = copy.copy(estimator)
    view.__class__ = Known
    return view


def _below_each_other(parts):
    first = parts[0]
    join = np.concatenate
    labels = first.targets.labels
    if labels is not None:
        labels = join([one.targets.labels for one in parts])
    weight = first.weight
    if weight is not None:
        weight = join([one.weight for one in parts])
    y = join([one.targets.y for one in parts], axis=-1)
    return Data(
        join([one.X for one in parts]),
        join([one.y for one in parts]),
        replace(first.targets, y=y, labels=labels),
        weight,
    )


def further_scores(estimator, training, validation):
    """What is recorded besides the score that decides, or None.

    Parameters
    ----------
    estimator : BaseBP
    training : Validation
        Of the rows trained on, for `training_score`.
    validation : Validation or None
    """
    scores = {}
    for name, scoring in named_scorers(estimator.scoring).items():
        if scoring != "loss" and validation is not None:
            scores[f"validation_{name}"] = partial(validation.score, scoring)
    if estimator.training_score:
        scores["training_score"] = partial(training.score, decisive(estimator.scoring))
    return FurtherScores(scores) if scores else None


def r2_of(moments):
    """R², the mean over outputs, from each shard's moments.

    Parameters
    ----------
    moments : ndarray of shape (n_shards, 5, n_outputs)
        From :func:`._tasks.moments`.

    Returns
    -------
    score : float
        NaN where an output has fewer than two observed targets.
    """
    total, means, about, residuals, counts = moments.swapaxes(0, 1)
    if (counts.sum(axis=0) < 2).any():
        return math.nan
    weight = total.sum(axis=0)
    mean = (total * means).sum(axis=0) / weight
    spread = (about + total * (means - mean) ** 2).sum(axis=0)
    residuals = residuals.sum(axis=0)
    constant = np.where(residuals == 0, 1.0, 0.0)
    safe = np.where(spread == 0, 1, spread)
    return float(np.where(spread == 0, constant, 1 - residuals / safe).mean())
