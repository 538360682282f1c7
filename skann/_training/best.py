"""Which weights a run ends with, where they are not the last.

:class:`BestWeights` keeps those of the best epoch on validation data.
:class:`WeightsBeforeSpike` is for runs without: as gradients vanish, steps of Adam
grow, and now and then one throws a converged network far away from where it was, which
shows as a spike of the loss. Its way back takes some epochs, often more than patience
has left.
"""

import math
from dataclasses import dataclass

import numpy as np


@dataclass
class BestWeights:
    """The best epoch so far by what is watched, and its parameters."""

    value: float = math.inf
    epoch: int | None = None
    score: float = math.nan
    theta: np.ndarray | None = None

    def update(self, value, epoch, score, theta):
        """Take another epoch's; a copy of ``theta`` is kept if it is better."""
        if value < self.value:
            # In one operation, which no interrupt divides.
            kept = {"value": value, "epoch": epoch, "score": score}
            vars(self).update(kept, theta=theta.copy())


class WeightsBeforeSpike:
    """The parameters between the two neighbouring epochs with the lowest losses.

    The loss of an epoch is the mean of what its batches had before their steps, so it
    tells of parameters on the way from the epoch's start to its end. Those between two
    epochs are taken to be as good as the worse of the two: the best epoch's own end may
    be the first step of a spike.

    Attributes
    ----------
    value : float
        The higher of the two losses.
    epoch : int or None
        The epoch at whose end the parameters were these.
    theta : ndarray or None
    score : None
        There is none, unlike that of a ``BestWeights``.
    """

    score = None

    def __init__(self):
        self.value, self.epoch, self.theta = math.inf, None, None
        self._last_loss, self._last_theta = math.inf, None

    def update(self, loss, epoch, theta):
        """Take an epoch's loss and the parameters at its end."""
        # Small networks spend much of an epoch here: no max(), no copyto().
        value = self._last_loss if self._last_loss > loss else loss
        if value < self.value:
            self.value, self.epoch = value, epoch - 1
            self.theta, self._last_theta = self._last_theta, self.theta
        self._last_loss = loss
        if not loss < self.value:
            self._last_loss = math.inf  # no pair with it can be the lowest
        elif self._last_theta is None:
            self._last_theta = theta.copy()
        else:
            self._last_theta[...] = theta

    def forget_last(self):
        """The next epoch does not follow the last one."""
        self._last_loss = math.inf
