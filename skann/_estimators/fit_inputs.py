"""What a fit is given besides X and y."""

from dataclasses import dataclass


@dataclass
class FitInputs:
    """What ``fit`` and ``partial_fit`` are given besides X and y.

    ``estimator`` is the one that was called, whose draft is fitted.
    """

    sample_weight: object = None
    X_val: object = None
    y_val: object = None
    sample_weight_val: object = None
    coef_init: object = None
    intercept_init: object = None
    groups: object = None
    classes: object = None
    estimator: object = None
