"""What a training step may do besides following the gradient, for any optimiser.

The L1 penalty has no derivative where a weight is zero, and there it matters: it is
what keeps it there. By the orthant-wise method a step starts from the
*pseudo-gradient*, with λ the strength of the penalty::

    g + λ sign(w)                       where w is not zero
    sign(g) max(|g| - λ, 0)             where w is zero: what is left of the slope

and a weight that would cross zero, or leave it without such a slope, is zero after it.
The penalty is thus part of the objective whatever the optimiser makes of gradients.

References
----------
Andrew, G. & Gao, J. (2007). Scalable training of L1-regularized log-linear models.
ICML.

Pascanu, R., Mikolov, T. & Bengio, Y. (2013). On the difficulty of training recurrent
neural networks. ICML. (The limit on the gradient's norm.)
"""

import math
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class StepOptions:
    """Settings of the steps.

    Attributes
    ----------
    l1 : float
        Strength of the L1 penalty ``l1 * Σ|w|`` on weights; biases are not penalised.
    max_grad_norm : float
        A longer gradient is scaled to this length.
    dropout : float
        Probability with which a hidden unit is left out of a row.
    rng : numpy.random.Generator or None
        Draws those units.
    """

    l1: float = 0.0
    max_grad_norm: float = math.inf
    dropout: float = 0.0
    rng: object = None

    @property
    def modify_steps(self):
        """Whether the gradient or theta is changed besides what the optimiser does."""
        return self.l1 > 0 or self.max_grad_norm < math.inf

    @property
    def are_plain(self):
        """Whether a step is nothing but the optimiser's along the gradient."""
        return not (self.modify_steps or self.dropout)


PLAIN = StepOptions()


class StepModifier:
    """Changes the gradient before a step, and theta after it.

    Parameters
    ----------
    options : StepOptions
    theta, gradient : ndarray of shape (n_parameters,)
        Bound.
    weight_slices : list of slice
        Where theta holds weights.
    """

    def __init__(self, options, theta, gradient, weight_slices):
        self._options, self._gradient = options, gradient
        self._weights = [(theta[at], gradient[at]) for at in weight_slices]
        self._orthants = []

    def before(self, loss, norm):
        """Loss with the penalty and norm of the gradient, which is changed in place."""
        l1 = self._options.l1
        if l1:
            self._orthants = [_pseudo_gradient(w, g, l1) for w, g in self._weights]
            loss += l1 * sum(float(np.abs(w).sum()) for w, _ in self._weights)
            norm = math.sqrt(self._gradient @ self._gradient)
        if norm > self._options.max_grad_norm:
            self._gradient *= self._options.max_grad_norm / norm
        return loss, norm

    def after(self):
        """Weights that have left their orthant are zero."""
        for (w, _), orthant in zip(self._weights, self._orthants, strict=False):
            w[np.sign(w) != orthant] = 0


def _pseudo_gradient(w, g, l1):
    """Make g the pseudo-gradient; returns the signs that w may have after the step."""
    sign = np.sign(w)
    at_zero = np.sign(g) * np.maximum(np.abs(g) - l1, 0)
    g[...] = np.where(sign == 0, at_zero, g + l1 * sign)
    return np.where(sign == 0, -np.sign(g), sign)
