"""Several quantiles of one target, a column each."""

import numpy as np

from .real_transformer import RealTransformer


class QuantileTransformer(RealTransformer):
    """As ``RealTransformer``, with an output for each of several quantiles.

    Outputs are sorted where they cross, which never raises their loss (Chernozhukov,
    Fernández-Val & Galichon 2010, Quantile and probability curves without crossing,
    Econometrica 78, 1093-1125).

    Parameters
    ----------
    y, weight, normalize, loss
        As there, with one target.
    levels : tuple of float
        The quantiles, rising.
    """

    def __init__(self, y, weight, *, normalize, loss, levels):
        if y.ndim != 1:
            raise ValueError(
                f"quantile={list(levels)} gives a column of predictions for each "
                f"quantile of one target; y has {y.shape[1]} columns. Give one "
                "quantile, or fit a network to each target (MultiOutputRegressor)."
            )
        super().__init__(y, weight, normalize=normalize, loss=loss)
        self.flat, self._levels = False, levels

    def transform(self, y, loss, dtype):
        """Targets for ``y``, one for each quantile."""
        targets = super().transform(y, loss, dtype)
        targets.y = np.repeat(targets.y, len(self._levels), axis=0)
        targets.n_outputs = len(self._levels)
        return targets

    def _decoded(self, raw):
        return super()._decoded(np.sort(raw, axis=1))

    def decoded_gradients(self, raw, gradients):
        """Gradients of predictions, which are sorted, given those of raw outputs."""
        order = np.argsort(raw, axis=1, kind="stable")[:, :, np.newaxis]
        gradients = np.take_along_axis(gradients, order, axis=1)
        return super().decoded_gradients(raw, gradients)

    def _like_outputs(self, raw, y):
        return np.sort(raw, axis=1), np.repeat(y, len(self._levels), axis=1)
