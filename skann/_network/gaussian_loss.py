"""The likelihood of a normal distribution whose spread is learnt as well.

The first half of the outputs are means m, the second half logarithms s of variances v.
Targets come twice, for a target belongs to each of the two; the first half is read::

    ½ (log v + (m - y)² / v)    with v = exp(s) + v_min

    dL/dm = (m - y) / v         dL/ds = ½ g (1 - (m - y)² / v),  g = exp(s) / v

v is at least v_min, or a target that is hit exactly would be worth an infinite
likelihood. It is computed as a logarithm, which does not overflow.

References
----------
Nix, D. A. & Weigend, A. S. (1994). Estimating the mean and variance of the target
probability distribution. IEEE International Conference on Neural Networks.
"""

import numpy as np
from scipy.special import expit

from .loss_base import Loss, weighted_mean

# In units of the targets' variance; PyTorch's.
LEAST_VARIANCE = 1e-6
_LOG_LEAST = float(np.log(LEAST_VARIANCE))


def log_variance(s):
    """Logarithm of the variance that an output s stands for."""
    return np.logaddexp(s, s.dtype.type(_LOG_LEAST))


class GaussianLikelihood(Loss):
    """Negative logarithm of the normal likelihood, but for its constant."""

    out_activation = "identity"
    # In units r times as large the loss is less by log r, which has no gradient.
    degree = 0

    def _parts(self, z, y):
        """Residuals, log v, g and what is known of the targets."""
        k = z.shape[1] // 2
        m, s, y = z[:, :k], z[:, k:], y[:, :k]
        known = ~np.isnan(y)
        share = expit(s - s.dtype.type(_LOG_LEAST))
        return np.where(known, m - y, 0), log_variance(s), share, known

    def value_and_delta(self, z, y):
        r, log_v, g, known = self._parts(z, y)
        precision = np.exp(-log_v)
        squares = r * r * precision
        value = 0.5 * np.where(known, log_v + squares, 0).sum(axis=1)
        slope = np.where(known, 0.5 * g * (1 - squares), 0)
        return value, np.hstack([r * precision, slope])

    def hessian_product(self, z, y, direction):
        # Not convex: far from a target, a larger variance bends the other way.
        r, log_v, g, known = self._parts(z, y)
        precision = np.where(known, np.exp(-log_v), 0)
        squares = r * r * precision
        mixed = -r * precision * g
        own = 0.5 * g * ((1 - g) * np.where(known, 1 - squares, 0) + squares * g)
        of_m, of_s = np.hsplit(direction, 2)
        return np.hstack([precision * of_m + mixed * of_s, mixed * of_m + own * of_s])

    def gauss_newton_product(self, z, y, direction):
        # What the second derivative is on the average over targets: Fisher's.
        _, log_v, g, known = self._parts(z, y)
        of_m, of_s = np.hsplit(np.where(np.hstack([known, known]), direction, 0), 2)
        return np.hstack([np.exp(-log_v) * of_m, 0.5 * g * g * of_s])

    def best_constant(self, y, weight):
        y = y[:, : y.shape[1] // 2]
        mean = weighted_mean(y, weight)
        variance = weighted_mean(np.square(y - mean), weight)
        return np.hstack(
            [mean, np.log(np.maximum(variance - LEAST_VARIANCE, LEAST_VARIANCE))]
        )
