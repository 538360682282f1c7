"""Several quantiles of one target, a column each."""

import numpy as np
from sklearn.metrics import mean_pinball_loss

from .._network.loss_base import weighted_quantile
from .real_transformer import RealTransformer, as_columns


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

    def score(self, raw, data):
        """D² of the pinball loss on the rows in use, the mean over quantiles.

        The share by which the loss is below that of each quantile of the targets
        themselves; NaN for one row.
        """
        truth, found = data.take(as_columns(data.y))[:, 0], self.inverse_transform(raw)
        weight = np.ones(len(truth)) if data.weight is None else data.take(data.weight)
        used = ~np.isnan(truth) & (weight > 0)
        truth, found, weight = truth[used], found[used], weight[used]
        if len(truth) < 2:
            return float("nan")
        scores = []
        for level, column in zip(self._levels, found.T, strict=True):
            guess = weighted_quantile(truth[:, np.newaxis], weight, [level])
            guess = np.broadcast_to(guess, truth.shape)
            about = {"sample_weight": weight, "alpha": level}
            loss = mean_pinball_loss(truth, column, **about)
            total = mean_pinball_loss(truth, guess, **about)
            constant = 1.0 if loss == 0 else 0.0
            scores.append(1 - loss / total if total > 0 else constant)
        return float(np.mean(scores))
