"""Targets of which a mean and a deviation are learnt."""

import numpy as np

from .._network.gaussian_loss import log_variance
from .._training.target_rescaling import TargetRescaling
from .real_transformer import RealTransformer


class GaussianTransformer(RealTransformer):
    """As ``RealTransformer``, with two outputs a target: mean and log variance.

    The means come first. The parameters are those of ``RealTransformer``.
    """

    def transform(self, y, loss, dtype):
        """Targets for ``y``, once for the means and once for the variances."""
        targets = super().transform(y, loss, dtype)
        targets.y = np.tile(targets.y, (2, 1))
        targets.n_outputs = 2 * self.n_outputs
        return targets

    def rescaling_to(self, other, n_steps):
        """The rescaling from this one's units to another's; None if there is none."""
        change = super().rescaling_to(other, n_steps)
        if change is None:
            return None
        # The logarithm of a variance in other units is another by a constant.
        ones = np.ones(self.n_outputs)
        return TargetRescaling(
            np.hstack([change.ratio, ones]),
            np.hstack([change.shift, 2 * np.log(change.ratio)]),
            np.hstack([change.loss_ratio, ones]),
        )

    def _decoded(self, raw):
        return super()._decoded(raw[:, : self.n_outputs])

    def deviations(self, raw):
        """Standard deviations for raw outputs, in the unit and dtype of predictions."""
        logarithms = log_variance(raw[:, self.n_outputs :])
        found = np.exp(0.5 * logarithms) * self.scale
        found = found.astype(self.result_dtype(raw.dtype), copy=False)
        return found[:, 0] if self.flat else found

    def decoded_gradients(self, raw, gradients):
        """Gradients of the predicted means, given those of raw outputs."""
        return super().decoded_gradients(raw, gradients[:, : self.n_outputs])
