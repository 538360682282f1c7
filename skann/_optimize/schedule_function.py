"""A schedule that is a function of the user's."""

import math
from collections.abc import Callable
from numbers import Real

from .schedule_base import Counts, Schedule


class Function(Schedule):
    """The user's own function of the steps taken in the life of the model."""

    warmup = 0

    def __init__(self, function: Callable[[int], float]) -> None:
        self.function = function

    def epoch_rate(self, done: Counts) -> float | None:
        return None

    def step_rate(self, n_steps: int) -> float:
        rate = self.function(n_steps)
        if not (isinstance(rate, Real) and math.isfinite(rate) and rate >= 0):
            raise ValueError(
                "learning_rate must return a finite number of at least 0; at step "
                f"{n_steps} {self.function!r} returned {rate!r}."
            )
        return float(rate)
