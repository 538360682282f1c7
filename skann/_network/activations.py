"""Activation functions of the hidden layers: value and derivatives.

Plain functions of arrays of any shape that return new arrays of the same dtype. The
derivatives are given both ``z`` and ``a = f(z)``, for some are simplest in one and
some in the other; at a kink they are those of the left side.

To add one: write the class, add an instance to :data:`ACTIVATIONS` and say in
``DEFAULT_INITIALIZER`` of ``initializers.py`` how its layer starts. The tests run over
the table. For the compiled engine it is a function in ``activations.h`` and a name in
``_engine/native/binding.py``.
"""

import math

import numpy as np
from scipy.special import ndtr

from .elementwise import logistic, softplus


class Activation:
    """Elementwise ``a = f(z)``."""

    def value(self, z):
        """``f(z)``"""
        raise NotImplementedError

    def derivative(self, z, a):
        """``f'(z)``"""
        raise NotImplementedError

    def second_derivative(self, z, a):
        """``f''(z)``"""
        raise NotImplementedError


class Identity(Activation):
    """f(z) = z"""

    def value(self, z):
        return z.copy()

    def derivative(self, z, a):
        return np.ones_like(z)

    def second_derivative(self, z, a):
        return np.zeros_like(z)


class Logistic(Activation):
    """f(z) = 1 / (1 + exp(-z)), the lecture's ``sigm``; f' = a (1 - a)"""

    def value(self, z):
        return logistic(z)

    def derivative(self, z, a):
        return a * (1 - a)

    def second_derivative(self, z, a):
        return a * (1 - a) * (1 - 2 * a)


class Tanh(Activation):
    """f(z) = tanh(z); f' = 1 - a²"""

    def value(self, z):
        return np.tanh(z)

    def derivative(self, z, a):
        return 1 - a * a

    def second_derivative(self, z, a):
        return -2 * a * (1 - a * a)


class TanhOpt(Activation):
    """f(z) = 1.7159 tanh(2z/3); f' = 2/3 · (1.7159 - a²/1.7159)

    The scaled tangent of LeCun, Bottou, Orr & Müller, "Efficient BackProp" (1998),
    section 4.4: f(±1) = ±1, and unit variance in gives about unit variance out.
    """

    def value(self, z):
        return 1.7159 * np.tanh(2 / 3 * z)

    def derivative(self, z, a):
        return 2 / 3 * (1.7159 - a * a / 1.7159)

    def second_derivative(self, z, a):
        return -4 / 3 / 1.7159 * a * self.derivative(z, a)


class Relu(Activation):
    """f(z) = max(z, 0); f' = 1 where a > 0, else 0"""

    def value(self, z):
        return np.maximum(z, 0)

    def derivative(self, z, a):
        return np.sign(a)

    def second_derivative(self, z, a):
        return np.zeros_like(z)


class LeakyRelu(Activation):
    """f(z) = max(z, 0.01 z); f' = 1 where a > 0, else 0.01 (Maas et al. 2013)"""

    def value(self, z):
        return np.maximum(z, 0.01 * z)

    def derivative(self, z, a):
        return np.maximum(np.sign(a), 0.01)

    def second_derivative(self, z, a):
        return np.zeros_like(z)


class Elu(Activation):
    """f(z) = z where z > 0, else exp(z) - 1; f' = 1 + min(a, 0) (Clevert 2016)"""

    def value(self, z):
        return np.where(z > 0, z, np.expm1(np.minimum(z, 0)))

    def derivative(self, z, a):
        return 1 + np.minimum(a, 0)

    def second_derivative(self, z, a):
        return np.exp(np.minimum(z, 0)) * (z <= 0)


class Selu(Activation):
    """f(z) = λ z where z > 0, else λα (exp(z) - 1) (Klambauer et al. 2017)"""

    scale = 1.0507009873554805
    alpha = 1.6732632423543772

    def value(self, z):
        return self.scale * np.where(z > 0, z, self.alpha * np.expm1(np.minimum(z, 0)))

    def derivative(self, z, a):
        left = a + self.scale * self.alpha
        return np.where(z > 0, z.dtype.type(self.scale), left)

    def second_derivative(self, z, a):
        return self.scale * self.alpha * np.exp(np.minimum(z, 0)) * (z <= 0)


class Softplus(Activation):
    """f(z) = log(1 + exp(z)); f' = 1 - exp(-a)"""

    def value(self, z):
        return softplus(z)

    def derivative(self, z, a):
        return -np.expm1(-a)

    def second_derivative(self, z, a):
        return -np.expm1(-a) * np.exp(-a)


class Silu(Activation):
    """f(z) = z σ(z), also called swish; f' = σ (1 + z (1 - σ))"""

    def value(self, z):
        return z * logistic(z)

    def derivative(self, z, a):
        s = logistic(z)
        return s * (1 + z * (1 - s))

    def second_derivative(self, z, a):
        s = logistic(z)
        return s * (1 - s) * (2 + z * (1 - 2 * s))


class Gelu(Activation):
    """f(z) = z Φ(z) with the normal distribution's Φ; f' = Φ + z φ(z)

    The exact form of Hendrycks & Gimpel (2016), not its tanh approximation.
    """

    def value(self, z):
        return z * ndtr(z)

    def derivative(self, z, a):
        return ndtr(z) + z * self._density(z)

    def second_derivative(self, z, a):
        return self._density(z) * (2 - z * z)

    def _density(self, z):
        return np.exp(-0.5 * z * z) / math.sqrt(2 * math.pi)


class Mish(Activation):
    """f(z) = z t with t = tanh(softplus(z)) (Misra 2020); f' = t + z σ(z) (1 - t²)"""

    def value(self, z):
        return z * np.tanh(softplus(z))

    def derivative(self, z, a):
        t = np.tanh(softplus(z))
        return t + z * logistic(z) * (1 - t * t)

    def second_derivative(self, z, a):
        t, s = np.tanh(softplus(z)), logistic(z)
        return s * (1 - t * t) * (2 + z * (1 - s - 2 * t * s))


class Step(Activation):
    """f(z) = 1 for z > 0, else 0: the perceptron's; f' = 0

    A network of steps is the lecture's before back-propagation. No derivative tells the
    layers below how to change, so they stay as they are.
    """

    def value(self, z):
        return (z > 0).astype(z.dtype)

    def derivative(self, z, a):
        return np.zeros_like(z)

    def second_derivative(self, z, a):
        return np.zeros_like(z)


ACTIVATIONS = {
    "identity": Identity(),
    "logistic": Logistic(),
    "tanh": Tanh(),
    "tanh_opt": TanhOpt(),
    "relu": Relu(),
    "leaky_relu": LeakyRelu(),
    "elu": Elu(),
    "selu": Selu(),
    "gelu": Gelu(),
    "silu": Silu(),
    "softplus": Softplus(),
    "mish": Mish(),
    "step": Step(),
}
