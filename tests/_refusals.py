"""Data, and a check that an error is clear and changes nothing."""

from contextlib import contextmanager
from functools import partial

import joblib
import numpy as np
import pytest

from skann import BPClassifier, BPRegressor

each_way = pytest.mark.parametrize(
    "way", ["first fit", "fit", "warm fit", "first partial_fit", "partial_fit"]
)
each_way_on = pytest.mark.parametrize("way", ["warm fit", "partial_fit"])
rng = np.random.RandomState(0)
X = rng.normal(size=(60, 5))
THREE = (X[:, 0] > 0).astype(int) + (X[:, 1] > 0.5)
Y = {BPClassifier: THREE, BPRegressor: np.sin(X[:, 0])}


def prepare(Estimator, way, y=None, **parameters):
    """A model, fitted if not for the first time, and its method for going ``way``."""
    y = Y[Estimator] if y is None else y
    model = Estimator((7,), solver="sgd", max_iter=3, random_state=0)
    if not way.startswith("first"):
        model.fit(X, y)
    model.set_params(warm_start=way == "warm fit", **parameters)
    method = model.partial_fit if "partial" in way else model.fit
    if way == "first partial_fit" and Estimator is BPClassifier:
        method = partial(method, classes=[0, 1, 2])
    return model, method


@contextmanager
def refusal(model, *words):
    """The block raises a ValueError with all words in it, and changes nothing."""
    before = joblib.hash(vars(model))
    with pytest.raises(ValueError) as caught:  # noqa: PT011 (words, below)
        yield
    for word in words:
        assert str(word) in str(caught.value)
    assert joblib.hash(vars(model)) == before
