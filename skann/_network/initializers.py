"""Starting weights: fills weight matrices from a generator that is passed in.

Draws are made in float64 whatever the network's dtype, so a float32 network starts
from the rounded weights of its float64 twin. Biases always start at zero.

With fan_in inputs and fan_out outputs to a layer:

=================== ==============================================================
uniform             U(-0.5, 0.5), the lecture's
glorot_uniform      U(-b, b), b² = 6 / (fan_in + fan_out)  (Glorot & Bengio 2010)
glorot_normal       N(0, 2 / (fan_in + fan_out))
he_uniform          U(-b, b), b² = 6 / fan_in  (He et al. 2015)
he_normal           N(0, 2 / fan_in)
lecun_uniform       U(-b, b), b² = 3 / fan_in  (LeCun et al. 1998)
lecun_normal        N(0, 1 / fan_in)
orthogonal          rows or columns orthonormal  (Saxe et al. 2014)
=================== ==============================================================

"auto" takes the size of the inputs into account where large ones would saturate the
first layer: see :func:`initialize`.

To add one: write the function and add it to :data:`INITIALIZERS`.
"""

import math

import numpy as np

from .normalization import start as start_normalization


def _uniform(rng, fan_in, fan_out):
    return rng.uniform(-0.5, 0.5, (fan_in, fan_out))


def _scaled_uniform(variance):
    def fill(rng, fan_in, fan_out):
        bound = math.sqrt(3 * variance(fan_in, fan_out))
        return rng.uniform(-bound, bound, (fan_in, fan_out))

    return fill


def _scaled_normal(variance):
    def fill(rng, fan_in, fan_out):
        return rng.normal(0, math.sqrt(variance(fan_in, fan_out)), (fan_in, fan_out))

    return fill


def _orthogonal(rng, fan_in, fan_out):
    tall = rng.normal(size=(max(fan_in, fan_out), min(fan_in, fan_out)))
    q, r = np.linalg.qr(tall)
    # QR leaves the signs open; this choice makes q uniform over orthogonal matrices.
    q *= np.where(np.diag(r) < 0, -1, 1)
    return q if fan_in >= fan_out else q.T


def _glorot(fan_in, fan_out):
    return 2 / (fan_in + fan_out)


def _he(fan_in, fan_out):
    return 2 / fan_in


def _lecun(fan_in, fan_out):
    return 1 / fan_in


def _he_max(fan_in, fan_out):
    return 2 / max(fan_in, fan_out)


INITIALIZERS = {
    "uniform": _uniform,
    "glorot_uniform": _scaled_uniform(_glorot),
    "glorot_normal": _scaled_normal(_glorot),
    "he_uniform": _scaled_uniform(_he),
    "he_normal": _scaled_normal(_he),
    "he_uniform_max": _scaled_uniform(_he_max),
    "lecun_uniform": _scaled_uniform(_lecun),
    "lecun_normal": _scaled_normal(_lecun),
    "orthogonal": _orthogonal,
}

# What "auto" means for a layer that feeds the activation named. He's variance makes
# up for the half that a rectifier cuts away; by the larger of the two fans, or a few
# features that are not scaled would start with a loss far above that of guessing.
# Self-normalisation needs LeCun's normal; the scaled tangent was designed with LeCun's
# uniform. The output layer takes "identity".
DEFAULT_INITIALIZER = {
    "identity": "glorot_uniform",
    "logistic": "glorot_uniform",
    "tanh": "glorot_uniform",
    "tanh_opt": "lecun_uniform",
    "relu": "he_uniform_max",
    "leaky_relu": "he_uniform_max",
    "elu": "he_uniform_max",
    "selu": "lecun_normal",
    "gelu": "he_uniform_max",
    "silu": "he_uniform_max",
    "softplus": "glorot_uniform",
    "mish": "he_uniform_max",
    "step": "glorot_uniform",
}
# A user's own.
_DEFAULT_OF_OTHERS = "glorot_uniform"

# These have next to no slope left where their inputs are large: what is saturated from
# the start tells one row from the next, not what rows have in common.
_SATURATING = ("logistic", "tanh", "tanh_opt")


def initialize(layout, theta, weight_init, activations, rng, input_scale=1.0):
    """Fill ``theta`` with starting weights and zero biases.

    A direct path starts at zero, and normalisation with gains of one.

    Parameters
    ----------
    layout : Layout
    theta : ndarray of shape (layout.n_parameters,)
        Overwritten.
    weight_init : str
        A name in :data:`INITIALIZERS`, or "auto" for each layer's default.
    activations : sequence of str or object
        The hidden layers' activations, by their names if they have one.
    rng : numpy.random.Generator
    input_scale : float
        Root mean square of the inputs, where :func:`depends_on_inputs` says so: the
        first layer's weights are divided by it if it is above one, as it is for
        features that are not scaled.
    """
    for weight, activation in zip(
        layout.weights(theta), (*activations, "identity"), strict=True
    ):
        name = weight_init
        if name == "auto":
            name = DEFAULT_INITIALIZER.get(activation, _DEFAULT_OF_OTHERS)
        weight[...] = INITIALIZERS[name](rng, *weight.shape)
    for bias in layout.biases(theta):
        bias[...] = 0
    start_normalization(layout, theta)
    if layout.skip(theta) is not None:
        layout.skip(theta)[...] = 0
    if depends_on_inputs(weight_init, activations):
        layout.weights(theta)[0][...] /= max(1.0, input_scale)


def depends_on_inputs(weight_init, activations):
    """Whether starting weights depend on the size of the inputs."""
    first = activations[0] if activations else None
    return weight_init == "auto" and first in _SATURATING
