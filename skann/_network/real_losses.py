"""Losses of real targets besides the squared error.

What the best constant prediction is tells them apart: the median for the absolute
error, between it and the mean for Huber's, a quantile, and the mean for those with a
log link, whose deviance is that of counts, of positive amounts, or of amounts many of
which are zero. Values are half deviances, which are zero for a perfect prediction, as
scikit-learn's are. The normal likelihood, which has a spread besides the mean, is in
``gaussian_loss.py``.
"""

import numpy as np

from .loss_base import ElementwiseLoss, weighted_quantile

# In units of the targets' deviation: 95 % as efficient as the mean for normal ones.
HUBER_DELTA = 1.35
# Half-way between the Poisson and the gamma distribution.
TWEEDIE_POWER = 1.5


class AbsoluteError(ElementwiseLoss):
    """|z - y| with linear outputs; delta = sign(z - y)."""

    out_activation = "identity"
    degree = 1
    is_robust = True
    has_d2 = True
    has_curvature = False

    def _value_and_delta(self, z, y):
        return np.abs(z - y), np.sign(z - y)

    def _second_derivative(self, z, y):
        return np.zeros_like(z)

    def best_constant(self, y, weight):
        return weighted_quantile(y, weight, [0.5] * y.shape[1])


class Huber(ElementwiseLoss):
    """½ r² for |r| ≤ δ, else δ (|r| - δ/2), with r = z - y; delta = r cut at ±δ.

    Parameters
    ----------
    threshold : float
        δ.

    References
    ----------
    Huber, P. J. (1964). Robust estimation of a location parameter. Annals of
    Mathematical Statistics 35, 73-101.
    """

    out_activation = "identity"
    is_robust = True

    def __init__(self, threshold=HUBER_DELTA):
        self._threshold = threshold
        self.options = (threshold,)

    def with_options(self, options):
        return Huber(*options)

    def _value_and_delta(self, z, y):
        delta = np.clip(z - y, -self._threshold, self._threshold)
        return delta * (z - y - 0.5 * delta), delta

    def _second_derivative(self, z, y):
        return (np.abs(z - y) <= self._threshold).astype(z.dtype)

    def best_constant(self, y, weight):
        # Means with the weights that Huber's would have at the last one: no step
        # raises the loss, and from the median it is close after a few.
        found = weighted_quantile(y, weight, [0.5] * y.shape[1])
        for _ in range(30):
            ratio = self._threshold / np.maximum(np.abs(y - found), self._threshold)
            known = ~np.isnan(y)
            weights = weight[:, np.newaxis] * np.where(known, ratio, 0)
            total = weights.sum(axis=0)
            mean = (weights * np.where(known, y, 0)).sum(axis=0)
            found = mean / np.where(total > 0, total, 1)
        return found


class Quantile(ElementwiseLoss):
    """max(q (y - z), (1 - q) (z - y)) with linear outputs: the pinball loss.

    delta = 1 - q above the target, and -q below.

    Parameters
    ----------
    *levels : float
        q of each output; one for all outputs where it is one.

    References
    ----------
    Koenker, R. & Bassett, G. (1978). Regression quantiles. Econometrica 46, 33-50.
    """

    out_activation = "identity"
    degree = 1
    is_robust = True
    has_d2 = True
    has_curvature = False

    def __init__(self, *levels):
        self.options = self._levels = levels or (0.5,)

    def with_options(self, options):
        return Quantile(*options)

    def _value_and_delta(self, z, y):
        q = np.array(self._levels, z.dtype)
        delta = np.where(z > y, 1 - q, -q) * (z != y)
        return delta * (z - y), delta

    def _second_derivative(self, z, y):
        return np.zeros_like(z)

    def best_constant(self, y, weight):
        return weighted_quantile(y, weight, np.broadcast_to(self._levels, y.shape[1]))


class LogLinkLoss(ElementwiseLoss):
    """A deviance of positive predictions a = exp(z)."""

    out_activation = "exp"
    has_d2 = True

    def link(self, mean):
        return np.log(np.maximum(mean, np.finfo(np.float64).tiny))


class Poisson(LogLinkLoss):
    """a - y + y log(y / a) with a = exp(z), for counts; delta = a - y.

    With u = z - log y that is y (exp(u) - 1 - u), which is not the difference of large
    numbers where a is close to y.
    """

    degree = 1
    takes_zero = True
    dispersion = "known"

    def _value_and_delta(self, z, y):
        positive = y > 0
        a, u = np.exp(z), z - np.log(np.where(positive, y, 1))
        # Not below zero by the rounding of expm1 next to a perfect prediction.
        value = y * np.maximum(np.expm1(u) - u, 0)
        return np.where(positive, value, a), a - y

    def _second_derivative(self, z, y):
        return np.exp(z)


class Gamma(LogLinkLoss):
    """log(a / y) + y / a - 1 with a = exp(z), for positive y; delta = 1 - y / a."""

    degree = 0

    def _value_and_delta(self, z, y):
        u = z - np.log(y)
        slope = -np.expm1(-u)
        return np.maximum(u - slope, 0), slope

    def _second_derivative(self, z, y):
        return np.exp(np.log(y) - z)


class Tweedie(LogLinkLoss):
    """Half the deviance of Tweedie's family, with a = exp(z).

    ::

        y^(2-p) / ((1-p) (2-p)) - y a^(1-p) / (1-p) + a^(2-p) / (2-p)

    delta = a^(2-p) - y a^(1-p). Powers between 1 and 2 are of sums of a Poisson number
    of gamma amounts, which may be zero; 3 is the inverse normal distribution.

    Parameters
    ----------
    power : float
        p, above 1 and not 2: the variance is proportional to a^p.

    References
    ----------
    Jorgensen, B. (1987). Exponential dispersion models. Journal of the Royal
    Statistical Society B 49, 127-162.
    """

    def __init__(self, power=TWEEDIE_POWER):
        self._power = power
        self.options = (power,)
        self.degree = 2 - power
        self.takes_zero = power < 2

    def gauss_newton_product(self, z, y, direction):
        # With the mean in place of the target, which is Fisher's and never negative.
        return np.where(np.isnan(y), 0, np.exp((2 - self._power) * z)) * direction

    def with_options(self, options):
        return Tweedie(*options)

    def _value_and_delta(self, z, y):
        # With u = z - log y, and not as the difference of what may be large numbers.
        p, positive = self._power, y > 0
        log_y = np.log(np.where(positive, y, 1))
        u = z - log_y
        up, down = np.exp((2 - p) * z), np.exp((1 - p) * z)
        gap = np.expm1((2 - p) * u) / (2 - p) - np.expm1((1 - p) * u) / (1 - p)
        value = np.exp((2 - p) * log_y) * np.maximum(gap, 0)
        return np.where(positive, value, up / (2 - p)), up - y * down

    def _second_derivative(self, z, y):
        p = self._power
        return (2 - p) * np.exp((2 - p) * z) + (p - 1) * y * np.exp((1 - p) * z)
