"""What a training step may do besides following the gradient, for any optimiser.

The L1 penalty has no derivative where a weight is zero, and there it matters: it is
what keeps it there. By the orthant-wise method a step starts from the
*pseudo-gradient*, with λ the strength of the penalty::

    g + λ sign(w)                       where w is not zero
    sign(g) max(|g| - λ, 0)             where w is zero: what is left of the slope

and a weight that would cross zero, or leave it without such a slope, is zero after it.
The penalty is thus part of the objective whatever the optimiser makes of gradients.

A max-norm scales the weights that lead to a unit back to a length after every step::

    w ← w min(1, c / ‖w‖)

References
----------
Andrew, G. & Gao, J. (2007). Scalable training of L1-regularized log-linear models.
ICML.

Pascanu, R., Mikolov, T. & Bengio, Y. (2013). On the difficulty of training recurrent
neural networks. ICML. (The limit on the gradient's norm.)

Srebro, N. & Shraibman, A. (2005). Rank, trace-norm and max-norm. COLT.
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
    max_grad_value : float
        Components of a gradient are cut at it, up and down.
    max_grad_norm : float
        A longer gradient is scaled to this length.
    max_norm : float
        The weights that lead to a unit are scaled to this length if they are longer.
    dropout : float
        Probability with which a hidden unit is left out of a row.
    input_dropout : float
        The same for an input.
    input_noise : float
        Deviation of the normal noise that is added to every input.
    rng : numpy.random.Generator or None
        Draws those units, and the noise.
    average : AveragedWeights or None
        Told of theta after every step.
    frozen : ndarray of int or None
        Which parameters stay as they are.
    """

    l1: float = 0.0
    max_grad_value: float = math.inf
    max_grad_norm: float = math.inf
    max_norm: float = math.inf
    dropout: float = 0.0
    input_dropout: float = 0.0
    input_noise: float = 0.0
    rng: object = None
    average: object = None
    frozen: object = None

    @property
    def leave_out(self):
        """Whether units or inputs are left out."""
        return bool(self.dropout or self.input_dropout)

    @property
    def are_random(self):
        """Whether rows are not seen as they are."""
        return self.leave_out or bool(self.input_noise)

    @property
    def modify_steps(self):
        """Whether the gradient or theta is changed besides what the optimiser does."""
        limits = self.max_grad_value, self.max_grad_norm, self.max_norm
        return self.l1 > 0 or min(limits) < math.inf or self.frozen is not None


PLAIN = StepOptions()


class StepModifier:
    """Changes the gradient before a step, and theta after it.

    Parameters
    ----------
    options : StepOptions
    theta, gradient : ndarray of shape (n_parameters,)
        Bound.
    layout : Layout
        Of both.
    """

    def __init__(self, options, theta, gradient, layout):
        self._options, self._theta, self._gradient = options, theta, gradient
        self._weights = [(theta[at], gradient[at]) for at in layout.weight_slices]
        self._matrices = layout.weights(theta)
        self._orthants = []
        self._kept = None if options.frozen is None else theta[options.frozen]

    def before(self, loss, norm):
        """Loss with the penalty and norm of the gradient, which is changed in place."""
        options, g = self._options, self._gradient
        if options.l1:
            self._orthants = [
                _pseudo_gradient(w, own, options.l1) for w, own in self._weights
            ]
            loss += options.l1 * sum(float(np.abs(w).sum()) for w, _ in self._weights)
            norm = _norm(g)
        if self._kept is not None:
            g[options.frozen] = 0
            norm = _norm(g)
        length = norm
        if options.max_grad_value < math.inf:
            np.clip(g, -options.max_grad_value, options.max_grad_value, g)
            length = _norm(g)
        if length > options.max_grad_norm:
            g *= options.max_grad_norm / length
        return loss, norm

    def after(self):
        """Weights that have left their orthant are zero, and no unit's are too long."""
        for (w, _), orthant in zip(self._weights, self._orthants, strict=False):
            w[np.sign(w) != orthant] = 0
        self._put_back()
        if self._options.max_norm < math.inf:
            for W in self._matrices:
                lengths = np.sqrt(np.square(W).sum(axis=0))
                W *= self._options.max_norm / np.maximum(
                    lengths, self._options.max_norm
                )
            self._put_back()

    def _put_back(self):
        if self._kept is not None:  # penalties move what has no gradient
            self._theta[self._options.frozen] = self._kept


def _norm(g):
    # A BLAS would sum in another order on another number of threads.
    return math.sqrt(np.einsum("i,i->", g, g))


def _pseudo_gradient(w, g, l1):
    """Make g the pseudo-gradient; returns the signs that w may have after the step."""
    sign = np.sign(w)
    at_zero = np.sign(g) * np.maximum(np.abs(g) - l1, 0)
    g[...] = np.where(sign == 0, at_zero, g + l1 * sign)
    return np.where(sign == 0, -np.sign(g), sign)
