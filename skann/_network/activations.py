"""Activation functions of the hidden layers, in place.

Every activation works on whole arrays of pre-activations ``z`` and writes into
the memory it is given: training allocates nothing. There are two kinds.

* Most derivatives can be told from the *output* ``a = f(z)`` alone, so ``a`` may
  overwrite ``z``: :meth:`Activation.forward`, then :meth:`Activation.backward`.
* ``gelu``, ``silu`` and ``mish`` are not monotonic: one output belongs to two
  inputs. They have ``saves_derivative = True`` and a second way forward,
  :meth:`SavingActivation.forward_saving`, which leaves the output in one buffer and
  the derivative in the other.

To add one: write the class, add an instance to :data:`ACTIVATIONS` and say in
``DEFAULT_INITIALIZER`` of ``initializers.py`` how its layer starts. The tests run over
the table.
"""

import math

import numpy as np
from scipy.special import ndtr

from .elementwise import constant, logistic, softplus


class Activation:
    """Elementwise activation whose derivative is a function of its output."""

    saves_derivative = False

    def forward(self, z, out, scratch):
        """Write ``f(z)`` to ``out``, which may be ``z``; ``scratch`` is a third."""
        raise NotImplementedError

    def backward(self, delta, a, scratch):
        """Multiply ``delta`` by ``f'(z)`` in place, given ``a = f(z)``."""
        raise NotImplementedError

    def second(self, z, a, first):
        """``f''(z)``, given ``a = f(z)`` and ``first = f'(z)``; may be the number 0."""
        raise NotImplementedError

    def derivatives(self, z):
        """``f(z)``, ``f'(z)`` and ``f''(z)`` in new arrays; ``z`` is left alone."""
        a, first, scratch = np.empty_like(z), np.ones_like(z), np.empty_like(z)
        self.forward(z, a, scratch)
        self.backward(first, a, scratch)
        return a, first, self.second(z, a, first)


class SavingActivation(Activation):
    """Elementwise activation whose derivative needs the pre-activation."""

    saves_derivative = True

    def forward_saving(self, z, out, scratch):
        """Write ``f(z)`` to ``out`` and overwrite ``z`` with ``f'(z)``."""
        raise NotImplementedError

    def forward(self, z, out, scratch):
        np.multiply(z, self._gate(z, scratch), out)

    def _gate(self, z, out):
        """``f(z) / z``, the factor that lets z pass, written to ``out``."""
        raise NotImplementedError

    def backward(self, delta, derivative, scratch):
        """Multiply ``delta`` by the derivative that the way forward has saved."""
        np.multiply(delta, derivative, delta)

    def derivatives(self, z):
        a, first = np.empty_like(z), z.copy()
        self.forward_saving(first, a, np.empty_like(z))
        return a, first, self.second(z, a, first)


class PiecewiseLinear(Activation):
    """f'' = 0, but for the kinks."""

    def second(self, z, a, first):
        return 0.0


class Identity(PiecewiseLinear):
    """f(z) = z"""

    def forward(self, z, out, scratch):
        if out is not z:
            np.copyto(out, z)

    def backward(self, delta, a, scratch):
        pass


class Logistic(Activation):
    """f(z) = 1 / (1 + exp(-z)), the lecture's ``sigm``; f' = a (1 - a)"""

    def forward(self, z, out, scratch):
        logistic(z, out)

    def backward(self, delta, a, scratch):
        np.multiply(a, a, scratch)
        np.subtract(a, scratch, scratch)
        np.multiply(delta, scratch, delta)

    def second(self, z, a, first):
        return first * (1 - 2 * a)


class Tanh(Activation):
    """f(z) = tanh(z); f' = 1 - a²"""

    def forward(self, z, out, scratch):
        np.tanh(z, out)

    def backward(self, delta, a, scratch):
        np.multiply(a, a, scratch)
        np.subtract(constant(1, a.dtype), scratch, scratch)
        np.multiply(delta, scratch, delta)

    def second(self, z, a, first):
        return -2 * a * first


class TanhOpt(Activation):
    """f(z) = 1.7159 tanh(2z/3); f' = 2/3 · (1.7159 - a²/1.7159)

    The scaled tangent of LeCun, Bottou, Orr & Müller, "Efficient BackProp" (1998),
    section 4.4: f(±1) = ±1, and unit variance in gives about unit variance out.
    """

    amplitude = 1.7159
    slope = 2 / 3

    def forward(self, z, out, scratch):
        np.multiply(z, self.slope, out)
        np.tanh(out, out)
        np.multiply(out, self.amplitude, out)

    def backward(self, delta, a, scratch):
        np.multiply(a, a, scratch)
        np.multiply(scratch, -self.slope / self.amplitude, scratch)
        np.add(scratch, self.slope * self.amplitude, scratch)
        np.multiply(delta, scratch, delta)

    def second(self, z, a, first):
        return (-2 * self.slope / self.amplitude) * a * first


class Relu(PiecewiseLinear):
    """f(z) = max(z, 0); f' = 1 where a > 0, else 0"""

    # Below this many elements two calls cost less than making the integer views.
    _few = 2048

    def forward(self, z, out, scratch):
        np.maximum(z, constant(0, z.dtype), out=out)

    def backward(self, delta, a, scratch):
        if a.size < self._few:
            np.sign(a, scratch)
            np.multiply(delta, scratch, delta)
            return
        # As unsigned integers the floats of a are 0 or at least 1, so min(a, 1) is
        # the derivative; an integer product with 0 or 1 clears or keeps the bits of
        # delta. Half the time of a Boolean mask, which NumPy converts to float.
        bits = np.uint32 if a.dtype.itemsize == 4 else np.uint64
        mask = scratch.view(bits)
        delta_bits = delta.view(bits)
        mask.fill(1)  # NumPy vectorises min(array, array), not min(array, number)
        np.minimum(a.view(bits), mask, out=mask)
        np.multiply(delta_bits, mask, delta_bits)


class LeakyRelu(PiecewiseLinear):
    """f(z) = max(z, 0.01 z); f' = 1 where a > 0, else 0.01 (Maas et al. 2013)"""

    slope = 0.01

    def forward(self, z, out, scratch):
        np.multiply(z, self.slope, scratch)
        np.maximum(z, scratch, out=out)

    def backward(self, delta, a, scratch):
        np.sign(a, scratch)
        np.maximum(scratch, self.slope, out=scratch)
        np.multiply(delta, scratch, delta)


class Elu(Activation):
    """f(z) = z where z > 0, else exp(z) - 1; f' = 1 + min(a, 0) (Clevert 2016)"""

    def forward(self, z, out, scratch):
        np.minimum(z, 0, out=scratch)
        np.expm1(scratch, scratch)
        np.maximum(z, 0, out=out)
        np.add(out, scratch, out)

    def backward(self, delta, a, scratch):
        np.minimum(a, 0, out=scratch)
        np.add(scratch, 1, scratch)
        np.multiply(delta, scratch, delta)

    def second(self, z, a, first):
        return np.where(z > 0, 0.0, first)


class Selu(Activation):
    """f(z) = λ z where z > 0, else λα (exp(z) - 1) (Klambauer et al. 2017)

    f' = λ where a > 0, else a + λα.
    """

    scale = 1.0507009873554805
    scale_alpha = 1.0507009873554805 * 1.6732632423543772

    def forward(self, z, out, scratch):
        np.minimum(z, 0, out=scratch)
        np.expm1(scratch, scratch)
        np.multiply(scratch, self.scale_alpha, scratch)
        np.maximum(z, 0, out=out)
        np.multiply(out, self.scale, out)
        np.add(out, scratch, out)

    def backward(self, delta, a, scratch):
        # min(a, 0) + λα on the left, and λ on the right, without a mask:
        # max(sign(a), 0) is the step function.
        np.sign(a, scratch)
        np.maximum(scratch, 0, out=scratch)
        np.multiply(scratch, self.scale - self.scale_alpha, scratch)
        np.add(scratch, self.scale_alpha, scratch)
        np.multiply(delta, scratch, scratch)
        # What is left of f' is min(a, 0), whose product with delta joins.
        negative_part = np.minimum(a, 0)
        np.multiply(delta, negative_part, delta)
        np.add(delta, scratch, delta)

    def second(self, z, a, first):
        return np.where(z > 0, 0.0, first)


class Softplus(Activation):
    """f(z) = log(1 + exp(z)); f' = 1 - exp(-a)"""

    def forward(self, z, out, scratch):
        softplus(z, out, scratch)

    def backward(self, delta, a, scratch):
        np.negative(a, scratch)
        np.expm1(scratch, scratch)
        np.negative(scratch, scratch)
        np.multiply(delta, scratch, delta)

    def second(self, z, a, first):
        return first * (1 - first)


class Silu(SavingActivation):
    """f(z) = z σ(z), also called swish; f' = σ (1 + z (1 - σ))"""

    def _gate(self, z, out):
        return logistic(z, out)

    def forward_saving(self, z, out, scratch):
        gate = self._gate(z, out)
        np.subtract(1, gate, scratch)
        np.multiply(scratch, z, scratch)
        np.add(scratch, 1, scratch)
        np.multiply(scratch, gate, scratch)
        np.multiply(z, gate, out)
        np.copyto(z, scratch)

    def second(self, z, a, first):
        gate = self._gate(z, np.empty_like(z))
        return gate * (1 - gate) * (2 + z * (1 - 2 * gate))


class Gelu(SavingActivation):
    """f(z) = z Φ(z) with the normal distribution's Φ; f' = Φ + z φ(z)

    The exact form of Hendrycks & Gimpel (2016), not its tanh approximation.
    """

    def _gate(self, z, out):
        return ndtr(z, out)

    def forward_saving(self, z, out, scratch):
        gate = self._gate(z, out)
        np.multiply(z, z, scratch)
        np.multiply(scratch, -0.5, scratch)
        np.exp(scratch, scratch)
        np.multiply(scratch, 1 / math.sqrt(2 * math.pi), scratch)
        np.multiply(scratch, z, scratch)
        np.add(scratch, gate, scratch)
        np.multiply(z, gate, out)
        np.copyto(z, scratch)

    def second(self, z, a, first):
        return np.exp(-z * z / 2) / math.sqrt(2 * math.pi) * (2 - z * z)


class Mish(SavingActivation):
    """f(z) = z tanh(softplus(z)) (Misra 2020); f' = t + z σ(z) (1 - t²)

    With e = exp(z) and n = e (e + 2), t = tanh(softplus(z)) = n / (n + 2).
    """

    # From here on t is 1 and σ is 1 to the last bit of a float64, and e² is finite
    # in float32.
    _saturates = 20.0

    def _gate(self, z, out):
        np.minimum(z, self._saturates, out=out)
        np.exp(out, out)
        excess = out + 2
        np.multiply(out, excess, out)
        np.add(out, 2, excess)
        return np.divide(out, excess, out)

    def forward_saving(self, z, out, scratch):
        gate = self._gate(z, out)
        logistic(z, scratch)
        np.multiply(scratch, z, scratch)
        np.multiply(scratch, 1 - gate * gate, scratch)
        np.add(scratch, gate, scratch)
        np.multiply(z, gate, out)
        np.copyto(z, scratch)

    def second(self, z, a, first):
        t = self._gate(z, np.empty_like(z))
        sigma = logistic(z, np.empty_like(z))
        slope = sigma * (1 - t * t)  # of t
        return slope * (2 + z * (1 - sigma - 2 * t * sigma))


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
}
