"""A small classifier, and what tests of minimisers share."""

import pytest
from sklearn.datasets import load_iris

from skann import BPClassifier
from skann._optimize.minimizers import MINIMIZERS

# Those that go to the minimum of J itself: not br, which has a penalty of its own, and
# gdx, which never gets there.
over_minimizers = pytest.mark.parametrize(
    "solver", [n for n in MINIMIZERS if n not in ("br", "gdx")]
)
IRIS, SPECIES = load_iris(return_X_y=True)
IRIS = IRIS - IRIS.mean(axis=0)


def classifier(solver, hidden=(5,), activation="tanh", **parameters):
    defaults = {
        "alpha": 0.01,
        "max_iter": 1000,
        "random_state": 0,
        "tol": 1e-6,
    }
    return BPClassifier(hidden, activation, solver=solver, **(defaults | parameters))
