"""Positive targets behind a log link: counts and amounts.

A unit of theirs is a factor, and on the raw outputs a shift: the mean is one where the
network is to see standardised targets.
"""

from warnings import warn

import numpy as np

from .._training.target_rescaling import TargetRescaling
from .real_transformer import RealTransformer

# How far a step of Adam at its default rate takes the outputs of a small network, over
# many steps.
_LEARNT_PER_STEP = 0.003


class LogTransformer(RealTransformer):
    """Scale of the targets, whose raw outputs are logarithms.

    The parameters are those of ``RealTransformer``.
    """

    def _units(self, normalize):
        zeros, mean = np.zeros(self.n_outputs), self._statistics.mean
        usable = normalize & (mean > 0)
        return zeros, np.where(usable, mean, 1.0)

    def rescaling_to(self, other, n_steps):
        """The rescaling from this one's units to another's; None if there is none.

        Predictions stay only as far as the steps so far can have learnt their level.
        The rest of the level is the unit of the first targets, and follows the stream:
        a step changes a logarithm by little, and a network that starts from targets a
        thousand times too small would take thousands of steps to forget them.
        """
        ratio = np.where(self._statistics.count > 0, self.scale / other.scale, 1.0)
        if (ratio == 1).all():
            return None
        learnt = _LEARNT_PER_STEP * n_steps
        shift, ones = np.clip(np.log(ratio), -learnt, learnt), np.ones(self.n_outputs)
        return TargetRescaling(ones, shift, np.exp(self._degree * shift))

    def _decoded(self, raw):
        y = self._exponentials(raw)
        wild = np.flatnonzero(np.isinf(y).any(axis=1))
        if len(wild):
            warn(
                f"Predictions overflow {raw.dtype} and are infinite in {len(wild)} of "
                f"{len(y)} rows, first in row {wild[0]}. Scale X as the training data "
                "was.",
                RuntimeWarning,
                stacklevel=4,
            )
        return y

    def _exponentials(self, raw):
        limits = np.finfo(raw.dtype)
        with np.errstate(over="ignore", under="ignore"):
            y = np.exp(raw.astype(np.float64) + np.log(self.scale))
        y[y > limits.max] = np.inf
        # Predictions are positive, and deviances want them so; what would round to zero
        # becomes the smallest number that has all digits.
        return np.maximum(y, limits.tiny)

    def decoded_gradients(self, raw, gradients):
        """Gradients of predictions exp(z), given those of z."""
        with np.errstate(invalid="ignore"):  # infinite, which the caller refuses
            found = gradients * self._exponentials(raw)[:, :, np.newaxis]
        return found.astype(raw.dtype)

    def result_dtype(self, dtype):
        """The dtype of predictions: the network's, for they are positive."""
        return dtype
