"""Losses on raw outputs, each paired with its output activation.

``loss_base.py`` says what a loss is. Here are the lecture's three, the squared error,
and the table of all; the others of real targets are in ``real_losses.py`` and
``gaussian_loss.py``, those that look at hard rows in ``focal_losses.py``.

Values are computed from ``z`` itself (log-sum-exp, softplus), never from the logarithm
of a probability, so nothing is clipped and a confident mistake keeps its true price.
Where loss and output activation belong together, ``delta`` is ``a - y``.

To add a loss: write the class and add an instance to :data:`LOSSES`. For the compiled
engine it is a function of an output and its target in ``losses.h`` and a name in
``_engine/native/binding.py``; without them the reference engine trains with it.
"""

import numpy as np
from scipy.special import expit, logit, softmax

from .elementwise import softplus
from .focal_losses import Focal, SoftmaxFocal
from .gaussian_loss import GaussianLikelihood
from .loss_base import Loss
from .real_losses import AbsoluteError, Gamma, Huber, Poisson, Quantile, Tweedie

# Probabilities of a class that no row has, in its place: their logarithm is finite.
_TINY = 1e-30


class SquaredError(Loss):
    """½ ‖z - y‖² with linear outputs; delta = z - y."""

    out_activation = "identity"
    dispersion = "estimated"

    def value_and_delta(self, z, y):
        delta = z - y
        return 0.5 * np.square(delta).sum(axis=1), delta

    def link(self, mean):
        return mean

    def hessian_product(self, z, y, direction):
        return direction.copy()


class MaskedSquaredError(Loss):
    """½ ‖z - y‖² over the targets that are not NaN, with linear outputs."""

    out_activation = "identity"
    dispersion = "estimated"

    def value_and_delta(self, z, y):
        delta = z - np.where(np.isnan(y), z, y)
        return 0.5 * np.square(delta).sum(axis=1), delta

    def link(self, mean):
        return mean

    def hessian_product(self, z, y, direction):
        return np.where(np.isnan(y), 0, direction)


class LogisticSquaredError(Loss):
    """½ ‖a - y‖² with a = σ(z), the lecture's first loss.

    delta = (a - y) · a (1 - a): the factor a (1 - a) is what makes it slow where
    an output is confidently wrong.
    """

    out_activation = "logistic"
    dispersion = "estimated"

    def value_and_delta(self, z, y):
        a = expit(z)
        return 0.5 * np.square(a - y).sum(axis=1), (a - y) * a * (1 - a)

    def link(self, mean):
        return logit(_inside(mean))

    def hessian_product(self, z, y, direction):
        # Not convex: the second term is negative where a is on the wrong side.
        a = expit(z)
        slope = a * expit(-z)
        return slope * (slope + (a - y) * (1 - 2 * a)) * direction

    def gauss_newton_product(self, z, y, direction):
        # The square of da/dz, as of residuals a - y.
        return np.square(expit(z) * expit(-z)) * direction


class CrossEntropy(Loss):
    """Σ_k softplus(z_k) - y_k z_k with a = σ(z), the lecture's second loss.

    That is -Σ_k [y_k log a_k + (1 - y_k) log(1 - a_k)], both halves; delta = a - y.
    """

    out_activation = "logistic"
    dispersion = "known"

    def value_and_delta(self, z, y):
        # Subtracted one by one: where softplus(z) rounds to z the difference is exactly
        # 0, while that of two long sums could be anything, even negative.
        return (softplus(z) - y * z).sum(axis=1), expit(z) - y

    def link(self, mean):
        return logit(_inside(mean))

    def hessian_product(self, z, y, direction):
        return expit(z) * expit(-z) * direction


class SoftmaxLikelihood(Loss):
    """log Σ_j exp(z_j) - Σ_k y_k z_k with a = softmax(z), the lecture's third loss.

    That is -Σ_k y_k log a_k for targets that sum to one; delta = a - y.
    """

    out_activation = "softmax"
    dispersion = "known"

    def value_and_delta(self, z, y):
        z = z - z.max(axis=1, keepdims=True)
        a = np.exp(z)
        total = a.sum(axis=1, keepdims=True)
        a /= total
        return np.log(total[:, 0]) - (y * z).sum(axis=1), a - y

    def link(self, mean):
        return np.log(_inside(mean))

    def hessian_product(self, z, y, direction):
        a = softmax(z, axis=1)
        return a * (direction - (a * direction).sum(axis=1, keepdims=True))


class PerceptronLoss(Loss):
    """Σ_k max(0, -t_k z_k) with t = 2 y - 1, which is ±1: Rosenblatt's perceptron.

    delta is -t where t z ≤ 0 and 0 elsewhere: a right answer changes nothing, a wrong
    one, or none at z = 0, moves the weights by the row itself.

    References
    ----------
    Rosenblatt, F. (1958). The perceptron: a probabilistic model for information storage
    and organization in the brain. Psychological Review 65, 386-408.
    """

    out_activation = "identity"
    has_guess = False  # z = 0 costs nothing
    has_curvature = False

    def value_and_delta(self, z, y):
        t = 2 * y - 1
        return np.maximum(0, -t * z).sum(axis=1), np.where(t * z <= 0, -t, 0)

    def hessian_product(self, z, y, direction):
        return np.zeros_like(direction)


class MultitaskLoss(Loss):
    """The sum of a loss over several tasks, each with some of the outputs.

    Parameters
    ----------
    loss : Loss
    sizes : tuple of int
        Number of outputs of each task.
    """

    def __init__(self, loss, sizes):
        self.out_activation, self.has_guess = loss.out_activation, loss.has_guess
        self.has_curvature, self.dispersion = loss.has_curvature, loss.dispersion
        self.options = loss.options
        self._loss = loss
        self._starts = np.cumsum(sizes)[:-1]

    def _parts(self, *arrays):
        """The arrays of each task."""
        parts = (np.split(array, self._starts, axis=1) for array in arrays)
        return zip(*parts, strict=True)

    def value_and_delta(self, z, y):
        parts = [self._loss.value_and_delta(*part) for part in self._parts(z, y)]
        values, deltas = zip(*parts, strict=True)
        return sum(values), np.hstack(deltas)

    def best_constant(self, y, weight):
        parts = [self._loss.best_constant(part, weight) for (part,) in self._parts(y)]
        return np.hstack(parts)

    def hessian_product(self, z, y, direction):
        product = self._loss.hessian_product
        return np.hstack([product(*part) for part in self._parts(z, y, direction)])

    def gauss_newton_product(self, z, y, direction):
        product = self._loss.gauss_newton_product
        return np.hstack([product(*part) for part in self._parts(z, y, direction)])


def _inside(mean):
    """Shares of classes, away from where their link is infinite."""
    return np.clip(mean, _TINY, 1 - np.finfo(float).eps / 2)


LOSSES = {
    "squared_error": SquaredError(),
    "masked_squared_error": MaskedSquaredError(),
    "logistic_squared_error": LogisticSquaredError(),
    "cross_entropy": CrossEntropy(),
    "softmax": SoftmaxLikelihood(),
    "absolute_error": AbsoluteError(),
    "huber": Huber(),
    "quantile": Quantile(),
    "poisson": Poisson(),
    "gamma": Gamma(),
    "tweedie": Tweedie(),
    "gaussian": GaussianLikelihood(),
    "perceptron": PerceptronLoss(),
    "focal": Focal(),
    "softmax_focal": SoftmaxFocal(),
}
