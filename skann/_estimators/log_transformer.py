"""Positive targets behind a log link: counts and amounts.

A unit of theirs is a factor, and on the raw outputs a shift: the mean is one where the
network is to see standardised targets.
"""

import numpy as np

from .._training.target_rescaling import TargetRescaling
from .real_transformer import RealTransformer


class LogTransformer(RealTransformer):
    """Scale of the targets, whose raw outputs are logarithms.

    The parameters are those of ``RealTransformer``.
    """

    def _units(self, normalize):
        zeros, mean = np.zeros(self.n_outputs), self._statistics.mean
        usable = normalize & (mean > 0)
        return zeros, np.where(usable, mean, 1.0)

    def rescaling_to(self, other):
        """The rescaling from this one's units to another's; None if there is none."""
        ratio = np.where(self._statistics.count > 0, self.scale / other.scale, 1.0)
        if (ratio == 1).all():
            return None
        shift, ones = np.log(ratio), np.ones(self.n_outputs)
        return TargetRescaling(ones, shift, ratio**self._degree)

    def _decoded(self, raw):
        with np.errstate(over="ignore", under="ignore"):
            y = np.exp(raw.astype(np.float64) + np.log(self.scale))
        limits = np.finfo(raw.dtype)
        if not (y <= limits.max).all():
            raise ValueError(
                f"X has values for which predictions overflow {raw.dtype}: the largest "
                f"is exp({raw.max():.4g}). Scale X as the training data was."
            )
        # Predictions are positive, and deviances want them so; what would round to zero
        # becomes the smallest number that has all digits.
        return np.maximum(y, limits.tiny)

    def decoded_gradients(self, raw, gradients):
        """Gradients of predictions exp(z), given those of z."""
        found = gradients * self._decoded(raw)[:, :, np.newaxis]
        return found.astype(raw.dtype)

    def result_dtype(self, dtype):
        """The dtype of predictions: the network's, for they are positive."""
        return dtype
