"""Rows and targets in the form in which a fitted network is trained on them."""

import numpy as np

from .._training.data import Data
from .validation import check_sample_weight


def rows_as_trained(estimator, X, y, sample_weight):
    """The data that a fitted estimator would be trained on, in float64."""
    X, y = estimator._validate_pair(X, y, reset=False)
    weight = check_sample_weight(sample_weight, X)
    targets = estimator._encode(estimator._transformer, y, np.dtype(np.float64))
    weight = estimator._effective_weight(weight, estimator._transformer, targets)
    return Data(X, y, targets, weight).with_positive_weight()
