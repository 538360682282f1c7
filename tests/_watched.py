"""Data and a fit that the tests of validation data, splitters, scorers share."""

import numpy as np
import pytest
from _helpers import LOSS_FORMULAS, small_net

from skann import BPClassifier, BPRegressor
from skann._optimize.solvers import SOLVERS

rng = np.random.RandomState(0)
X = rng.normal(size=(90, 4))
SIGNAL = X[:, 0] + X[:, 1] * X[:, 2] + rng.normal(0, 0.5, 90)
TARGETS = {
    BPClassifier: np.array(["a", "b", "c"])[np.digitize(SIGNAL, [-0.6, 0.6])],
    BPRegressor: SIGNAL,
}
WEIGHT = rng.uniform(0.5, 2, 90)
TRAIN, VAL = slice(0, 60), slice(60, 90)
GROUPS = np.arange(90) // 5

over_estimators = pytest.mark.parametrize("Estimator", TARGETS)
over_solvers = pytest.mark.parametrize("solver", SOLVERS)

# Quick to overfit: the validation loss has its lowest value well before the end.
OVERFITS = {
    "solver": "adam",
    "hidden_layer_sizes": (30,),
    "learning_rate_init": 0.02,
    "max_iter": 60,
    "n_iter_no_change": 5,
}


def fit(Estimator, weight=None, *, own=True, weight_val=None, X=X, **parameters):
    """A model fitted to two thirds of the rows; the others are its validation data."""
    y = TARGETS[Estimator]
    given = {}
    if own:
        given = {"X_val": X[VAL], "y_val": y[VAL], "sample_weight_val": weight_val}
    weight = None if weight is None else weight[TRAIN]
    model = small_net(Estimator, **parameters)
    return model.fit(X[TRAIN], y[TRAIN], weight, **given)


def validation_loss(model, X, y, weight=None):
    """By the formula, from what the estimator predicts."""
    if isinstance(model, BPClassifier):
        z, codes = model.decision_function(X), np.searchsorted(model.classes_, y)
        losses = LOSS_FORMULAS["softmax"](z, np.eye(3)[codes])
    else:
        unit = TARGETS[BPRegressor][TRAIN].std()
        losses = (model.predict(X) - y) ** 2 / 2 / unit**2
    return np.average(losses, weights=weight)
