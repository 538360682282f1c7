"""The error for a training that went wrong in numbers, and what to change."""

import math

LOWER_RATE = " or lower the learning rate (learning_rate_init)"


class DivergenceError(ValueError):
    """Training has gone wrong in numbers, not in what was passed."""


def diverged(what, advice=LOWER_RATE):
    """The error for a training that went wrong; it says what to change."""
    return DivergenceError(
        f"Training diverged: {what}. Scale X (for example with StandardScaler){advice}."
    )


def check_finite(loss, when, advice=LOWER_RATE):
    """Raise that error if the loss is not finite."""
    if not math.isfinite(loss):
        raise diverged(f"the loss is {loss} {when}", advice)
