"""Losses of classes that care less for rows that are right already.

The logarithm of the true class's probability p is weighted by (1 - p)^γ, which is next
to nothing where p is next to one::

    -(1 - p)^γ log p

Training then turns to the rows that are hard, or of a rare class. What comes out are no
calibrated probabilities: they are less sure of themselves.

References
----------
Lin, T.-Y., Goyal, P., Girshick, R., He, K. & Dollár, P. (2017). Focal loss for dense
object detection. ICCV.
"""

import numpy as np
from scipy.special import expit, log_expit

from .loss_base import Loss

# The paper's.
FOCAL_GAMMA = 2.0


class Focal(Loss):
    """Σ_k [y_k P(z_k) + (1 - y_k) P(-z_k)], P(z) = -(1 - σ(z))^γ log σ(z).

    Parameters
    ----------
    gamma : float
        γ; at zero it would be the cross-entropy.
    """

    out_activation = "logistic"

    def __init__(self, gamma=FOCAL_GAMMA):
        self._gamma = gamma
        self.options = (gamma,)

    def with_options(self, options):
        return Focal(*options)

    def _of_yes(self, z):
        """P, P' and P'' where the answer is yes."""
        gamma, a, rest = self._gamma, expit(z), expit(-z)
        log_a = log_expit(z)
        weight = np.exp(gamma * log_expit(-z))
        slope = gamma * a * log_a - rest
        bend = a * (rest * (gamma * log_a + gamma + 1) - gamma * slope)
        return -weight * log_a, weight * slope, weight * bend

    def value_and_delta(self, z, y):
        yes, yes_slope, _ = self._of_yes(z)
        no, no_slope, _ = self._of_yes(-z)
        value = (y * yes + (1 - y) * no).sum(axis=1)
        return value, y * yes_slope - (1 - y) * no_slope

    def hessian_product(self, z, y, direction):
        return self._second(z, y) * direction

    def gauss_newton_product(self, z, y, direction):
        return np.maximum(self._second(z, y), 0) * direction

    def _second(self, z, y):
        return y * self._of_yes(z)[2] + (1 - y) * self._of_yes(-z)[2]

    def link(self, mean):
        # Where P's slopes for yes and no balance; the one falls and the other rises.
        low, high = np.full(mean.shape, -50.0), np.full(mean.shape, 50.0)
        for _ in range(60):
            z = (low + high) / 2
            slope = mean * self._of_yes(z)[1] - (1 - mean) * self._of_yes(-z)[1]
            low, high = np.where(slope < 0, z, low), np.where(slope < 0, high, z)
        return (low + high) / 2


class SoftmaxFocal(Loss):
    """-Σ_k y_k (1 - a_k)^γ log a_k with a = softmax(z).

    With h_k = y_k (γ a_k (1 - a_k)^(γ-1) log a_k - (1 - a_k)^γ), delta = h - a Σ_k h_k.

    Parameters
    ----------
    gamma : float
        γ; at zero it would be the log-likelihood.
    """

    out_activation = "softmax"

    def __init__(self, gamma=FOCAL_GAMMA):
        self._gamma = gamma
        self.options = (gamma,)

    def with_options(self, options):
        return SoftmaxFocal(*options)

    def _parts(self, z):
        """a, log a, 1 - a, (1 - a)^γ and log a / (1 - a), whose limit is -1."""
        z = z - z.max(axis=1, keepdims=True)
        log_a = z - np.log(np.exp(z).sum(axis=1, keepdims=True))
        rest = -np.expm1(log_a)
        inside = rest > 0
        ratio = np.where(inside, log_a / np.where(inside, rest, 1), -1)
        return np.exp(log_a), log_a, rest, rest**self._gamma, ratio

    def value_and_delta(self, z, y):
        a, log_a, _, weight, ratio = self._parts(z)
        h = y * weight * (self._gamma * a * ratio - 1)
        delta = h - a * h.sum(axis=1, keepdims=True)
        return -(y * weight * log_a).sum(axis=1), delta

    def link(self, mean):
        return np.log(np.maximum(mean, np.finfo(np.float64).tiny))

    def hessian_product(self, z, y, direction):
        gamma = self._gamma
        a, _, rest, weight, ratio = self._parts(z)
        h = y * weight * (gamma * a * ratio - 1)
        da = a * (direction - (a * direction).sum(axis=1, keepdims=True))
        # (1 - a)^γ / (1 - a), and zero where a has rounded to one and da to zero.
        steep = np.where(rest > 0, weight / np.where(rest > 0, rest, 1), 0)
        dh = y * steep * gamma * (ratio * rest + 2 - (gamma - 1) * a * ratio) * da
        total, d_total = h.sum(axis=1, keepdims=True), dh.sum(axis=1, keepdims=True)
        return dh - da * total - a * d_total

    def gauss_newton_product(self, z, y, direction):
        # That of the log-likelihood, with the row's weight as it stands.
        a, _, _, weight, _ = self._parts(z)
        bent = a * (direction - (a * direction).sum(axis=1, keepdims=True))
        return (y * weight).sum(axis=1, keepdims=True) * bent
