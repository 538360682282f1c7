"""Data of two classes, three classes and several labels."""

from functools import partial

import numpy as np
from _helpers import small_net, theta
from numpy.testing import assert_array_equal

from skann import BPClassifier

rng = np.random.RandomState(0)
X = rng.normal(size=(60, 5))
TWO = (X[:, 0] + 0.5 * rng.normal(size=60) > 0).astype(int)
THREE = TWO + (X[:, 1] + 0.5 * rng.normal(size=60) > 0.5)
WEIGHT = rng.uniform(0.5, 2, 60)
make = partial(small_net, BPClassifier)


def assert_same_training(a, b):
    assert_array_equal(theta(a), theta(b))
    assert a.loss_curve_ == b.loss_curve_
