"""Where a model's training is, between its runs."""

import copy
from dataclasses import dataclass

import numpy as np

from .averaged_weights import AveragedWeights
from .best import BestWeights
from .stopping import Patience


@dataclass
class Progress:
    """What training needs to go on exactly where it stopped.

    Attributes
    ----------
    trainable : ndarray of shape (n_parameters,) of bool, or None
        Which parameters are trained; None for all.
    given : bool
        Whether the weights are a user's own, which no training has changed.
    outer : ndarray of shape (n_parameters,) or None
        Momentum of the averages, where several workers' are taken.
    """

    rng: np.random.Generator
    optimizer: object = None
    schedule: object = None
    patience: Patience | None = None
    best: BestWeights | None = None
    average: AveragedWeights | None = None
    trainable: np.ndarray | None = None
    given: bool = False
    watched: str | None = None
    n_iter: int = 0
    n_seen: int = 0
    seconds: float = 0.0
    n_steps: int = 0
    #: What rates are multiplied by since training has diverged.
    rate_factor: float = 1.0
    outer: np.ndarray | None = None

    def forget(self):
        """Keep what a fresh start from the same weights would have."""
        self.optimizer = self.schedule = self.patience = self.best = None
        self.average = self.outer = None
        self.rate_factor = 1.0

    def copy(self):
        """A copy that can be trained on without touching this one."""
        return copy.deepcopy(self)
