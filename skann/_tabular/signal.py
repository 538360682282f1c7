"""Whether an ensemble has learnt anything, and what to say where it has not."""

import numpy as np

# Rows below which nothing can be told.
_MIN_ROWS = 100

# Standard errors by which the loss has to be below that of a constant. The best epochs
# were chosen on the same rows, which is worth one or two on noise.
_MIN_ERRORS = 3


def no_better(losses, constant, weight):
    """Whether losses of rows are no lower than those of a constant prediction.

    Parameters
    ----------
    losses, constant : ndarray of shape (n_samples,)
    weight : ndarray of shape (n_samples,) or None

    Returns
    -------
    no_better : bool
        False where there are too few rows to tell, or the constant is perfect.
    """
    if len(losses) < _MIN_ROWS or not constant.any():
        return False
    gains = constant - losses
    weight = np.ones(len(gains)) if weight is None else weight
    weight = weight / weight.sum()
    mean = weight @ gains
    error = np.sqrt((weight**2) @ (gains - mean) ** 2)
    return bool(mean < _MIN_ERRORS * error)


def no_signal(estimator):
    """The warning of a table that tells nothing about the targets."""
    return (
        f"{type(estimator).__name__} found nothing in X that predicts y: out of fold, "
        "the networks are not significantly better than one constant prediction "
        f"(oof_score_={estimator.oof_score_:.3g})."
    )


def of_members(messages, n_networks):
    """One warning for those about networks that the user gave; "" for none."""
    if not messages:
        return ""
    return f"{messages[0]} This concerns {len(messages)} of {n_networks} networks."
