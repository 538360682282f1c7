"""What several test files share: formulas written out plainly, and small networks.

Everything here is slow and obvious on purpose. Arrays are rows first, as in a
textbook; nothing is in place. A new entry of one of the package's tables must get its
formula here, or the tests that run over the table fail.
"""

import itertools

import numpy as np
from scipy.special import erfc, expit, log_softmax, softmax, xlogy

from skann._engine import reference
from skann._engine.step_options import StepOptions
from skann._network.losses import LOSSES
from skann._network.network import Network
from skann._optimize.optimizers import OPTIMIZERS
from skann._optimize.schedule_base import Counts
from skann._optimize.schedule_kinds import Constant
from skann._training.data import Data, Targets

SELU_SCALE, SELU_ALPHA = 1.0507009873554805, 1.6732632423543772

# For modules that let a full-batch solver take a few steps of many: it always says so.
# Its message ends where that of the other solvers goes on, so theirs stay errors.
FEW_ITERATIONS_ARE_ENOUGH = (
    r"ignore:Training stopped at max_(iter|fun)=\d+ while the loss was still falling\."
    ":sklearn.exceptions.ConvergenceWarning"
)


def _normal_cdf(z):
    return erfc(-z / np.sqrt(2)) / 2


def _mish_gate(z):
    return np.tanh(np.logaddexp(0, z))


# Name: (f, f'), both of the pre-activation.
ACTIVATION_FORMULAS = {
    "identity": (lambda z: z, np.ones_like),
    "logistic": (expit, lambda z: expit(z) * expit(-z)),
    "tanh": (np.tanh, lambda z: 4 * expit(2 * z) * expit(-2 * z)),
    "tanh_opt": (
        lambda z: 1.7159 * np.tanh(2 * z / 3),
        lambda z: 1.7159 * 2 / 3 * 4 * expit(4 * z / 3) * expit(-4 * z / 3),
    ),
    "relu": (lambda z: np.where(z > 0, z, 0), lambda z: np.where(z > 0, 1.0, 0.0)),
    "leaky_relu": (
        lambda z: np.where(z > 0, z, 0.01 * z),
        lambda z: np.where(z > 0, 1.0, 0.01),
    ),
    "elu": (
        lambda z: np.where(z > 0, z, np.expm1(np.minimum(z, 0))),
        lambda z: np.where(z > 0, 1, np.exp(np.minimum(z, 0))),
    ),
    "selu": (
        lambda z: (
            SELU_SCALE * np.where(z > 0, z, SELU_ALPHA * np.expm1(np.minimum(z, 0)))
        ),
        lambda z: (
            SELU_SCALE * np.where(z > 0, 1, SELU_ALPHA * np.exp(np.minimum(z, 0)))
        ),
    ),
    "gelu": (
        lambda z: z * _normal_cdf(z),
        lambda z: _normal_cdf(z) + z * np.exp(-z * z / 2) / np.sqrt(2 * np.pi),
    ),
    "silu": (
        lambda z: z * expit(z),
        lambda z: expit(z) * (1 + z * expit(-z)),
    ),
    "softplus": (lambda z: np.logaddexp(0, z), expit),
    "mish": (
        lambda z: z * _mish_gate(z),
        lambda z: _mish_gate(z) + z * expit(z) * (1 - _mish_gate(z) ** 2),
    ),
    "step": (lambda z: np.heaviside(z, 0), np.zeros_like),
}

# The activations that tell the layers below them how to change.
DIFFERENTIABLE = [name for name in ACTIVATION_FORMULAS if name != "step"]

# The activations whose value, slope, or its slope, jumps at zero.
BENT_AT_ZERO = {"relu", "leaky_relu", "elu", "selu", "step"}

# Label: name and settings of every optimiser, and of each rule that one has.
OPTIMIZER_FORMS = {name: (name, {}) for name in OPTIMIZERS} | {
    "plain sgd": ("sgd", {"momentum": 0.0}),
    "sgd, Polyak's momentum": ("sgd", {"nesterovs_momentum": False}),
    "rmsprop with momentum": ("rmsprop", {"momentum": 0.9}),
    "lion with decay": ("lion", {"weight_decay": 0.1}),
}


def make_optimizer(form, **more):
    """An optimiser without state."""
    name, settings = OPTIMIZER_FORMS[form]
    return OPTIMIZERS[name](**(settings | more))


def _squares(a, y):
    return ((a - y) ** 2).sum(axis=1) / 2


def _normal(z, y):
    means, logarithms = np.hsplit(z, 2)
    variances = np.exp(np.minimum(logarithms, 500)) + 1e-6
    log_v = np.where(logarithms > 500, logarithms, np.log(variances))
    squares = (means - np.hsplit(y, 2)[0]) ** 2
    return (log_v + squares * np.exp(-log_v)).sum(axis=1) / 2


# Name: loss of each row from raw outputs z and targets y of shape (n_rows, n_outputs).
LOSS_FORMULAS = {
    "squared_error": _squares,
    "masked_squared_error": lambda z, y: _squares(z, np.where(np.isnan(y), z, y)),
    "logistic_squared_error": lambda z, y: _squares(expit(z), y),
    "cross_entropy": lambda z, y: (
        y * np.logaddexp(0, -z) + (1 - y) * np.logaddexp(0, z)
    ).sum(axis=1),
    "softmax": lambda z, y: -(y * log_softmax(z, axis=1)).sum(axis=1),
    "absolute_error": lambda z, y: abs(z - y).sum(axis=1),
    "huber": lambda z, y: np.where(
        abs(z - y) <= 1.35, (z - y) ** 2 / 2, 1.35 * (abs(z - y) - 1.35 / 2)
    ).sum(axis=1),
    "quantile": lambda z, y: np.maximum(0.5 * (y - z), 0.5 * (z - y)).sum(axis=1),
    "poisson": lambda z, y: (np.exp(z) - y - y * z + xlogy(y, y)).sum(axis=1),
    "perceptron": lambda z, y: np.maximum(0, (1 - 2 * y) * z).sum(axis=1),
    "gamma": lambda z, y: (z - np.log(y) + y * np.exp(-z) - 1).sum(axis=1),
    # Of power 1.5.
    "tweedie": lambda z, y: (
        2 * np.exp(z / 2) + 2 * y * np.exp(-z / 2) - 4 * np.sqrt(y)
    ).sum(axis=1),
    "gaussian": _normal,
    "focal": lambda z, y: (
        y * expit(-z) ** 2 * np.logaddexp(0, -z)
        + (1 - y) * expit(z) ** 2 * np.logaddexp(0, z)
    ).sum(axis=1),
    "softmax_focal": lambda z, y: (
        -(y * (1 - softmax(z, axis=1)) ** 2 * log_softmax(z, axis=1)).sum(axis=1)
    ),
}


def outputs_of(loss, n_outputs):
    """So many outputs, or one more where a loss has two of each kind."""
    return n_outputs + (n_outputs % 2 if loss == "gaussian" else 0)


# How far outputs are from where the slope of a loss, or its slope, jumps.
LOSS_KINKS = {
    "absolute_error": lambda z, y: abs(z - y),
    "quantile": lambda z, y: abs(z - y),
    "huber": lambda z, y: abs(abs(z - y) - 1.35),
    "perceptron": lambda z, y: abs(z),
}

# Name of an output activation: the activation.
OUTPUT_FORMULAS = {
    "identity": lambda z: z,
    "logistic": expit,
    "softmax": lambda z: softmax(z, axis=1),
    "exp": np.exp,
}


def plain_forward(network, theta, X):
    """Pre-activations of every layer, hidden ones first and raw outputs last."""
    layout = network.layout
    a, z = X, []
    layers = zip(
        layout.weights(theta),
        layout.biases(theta),
        (*network.activations, None),
        strict=True,
    )
    for W, b, name in layers:
        z.append(a @ W + b)
        if name is not None:
            a = ACTIVATION_FORMULAS[name][0](z[-1])
    return z


def plain_objective(network, theta, X, y, weight, alpha):
    """J as its definition says it, for targets of shape (n_rows, n_outputs)."""
    losses = LOSS_FORMULAS[network.loss](plain_forward(network, theta, X)[-1], y)
    if weight is None:
        weight = np.ones(len(losses))
    penalty = sum((W**2).sum() for W in network.layout.weights(theta))
    return (weight * losses).sum() / weight.sum() + alpha / 2 * penalty


def make_targets(loss, n_rows, n_outputs, rng):
    """Legal targets of shape (n_rows, n_outputs) for a loss."""
    out_activation = LOSSES[loss].out_activation
    if loss == "gaussian":
        return np.tile(rng.normal(size=(n_rows, n_outputs // 2)), 2)
    if out_activation == "softmax":
        return np.eye(n_outputs)[rng.integers(n_outputs, size=n_rows)]
    if out_activation == "logistic" or loss == "perceptron":
        return rng.integers(2, size=(n_rows, n_outputs)).astype(float)
    if out_activation == "exp":
        return rng.gamma(2.0, size=(n_rows, n_outputs))
    return rng.normal(size=(n_rows, n_outputs))


def make_case(loss, activations, *, n_rows=7, n_outputs=3, margin=0.0, sizes=None):
    """A small network with its data: network, theta, X, y (rows first), all float64.

    ``margin`` is how far every hidden pre-activation keeps from zero, and every output
    from a kink of the loss, for those who take differences near an activation's kink;
    the data are drawn anew until it holds.
    """
    sizes = sizes or (3, *(4 + i % 2 for i in range(len(activations))), n_outputs)
    sizes = (*sizes[:-1], outputs_of(loss, sizes[-1]))
    network = Network(tuple(sizes), tuple(activations), loss)
    for seed in itertools.count():
        rng = np.random.default_rng(seed)
        theta = np.empty(network.layout.n_parameters)
        for W in network.layout.weights(theta):
            W[...] = rng.normal(size=W.shape) / np.sqrt(len(W))
        for b in network.layout.biases(theta):
            b[...] = rng.normal(size=b.shape) / 2
        X = rng.normal(size=(n_rows, sizes[0]))
        *hidden, z = plain_forward(network, theta, X)
        y = make_targets(loss, n_rows, sizes[-1], rng)
        bent = [
            abs(z).min()
            for z, name in zip(hidden, activations, strict=True)
            if name in BENT_AT_ZERO
        ]
        if loss in LOSS_KINKS:
            bent.append(LOSS_KINKS[loss](z, y).min())
        if min(bent, default=np.inf) >= margin:
            return network, theta, X, y


def make_weight(n_rows):
    """Row weights of mean one, one of them zero."""
    weight = np.linspace(0, 2, n_rows)
    return np.roll(weight, n_rows // 2) / weight.mean()


def outputs_first(y, dtype=np.float64):
    """Targets as ``Targets`` has them."""
    return np.array(y.T, dtype=dtype, order="C")


def slope(function, x, direction, step=1e-4):
    """Derivative of ``function`` at ``x`` along ``direction``, by central differences.

    Four points, so the error is of order step⁴ and rounding decides: 1e-11 or so.
    """
    near = function(x + step * direction) - function(x - step * direction)
    far = function(x + 2 * step * direction) - function(x - 2 * step * direction)
    return (8 * near - far) / (12 * step)


def make_data(X, y, loss, weight=None, rows=None, *, dtype=np.float64, codes=False):
    """Data from targets that are rows first, as they are or as class codes."""
    encoded = y.argmax(axis=1).astype(np.int32) if codes else outputs_first(y, dtype)
    return Data(X, y, Targets(encoded, y.shape[1], loss), weight, rows)


def objective_for(network, theta, X, y, weight=None, alpha=0.0, rows=None):
    """The reference's objective for targets that are rows first."""
    data = make_data(X, y, network.loss, weight, rows, dtype=theta.dtype)
    return reference.Objective(network, alpha, theta, data)


def drawing(dropout=0.0, input_dropout=0.0, input_noise=0.0, *, seed=0, average=None):
    """What leaves units out of steps, or adds to their inputs."""
    return StepOptions(
        dropout=dropout,
        input_dropout=input_dropout,
        input_noise=input_noise,
        rng=np.random.default_rng(seed),
        average=average,
    )


def constant_rate(rate):
    """A schedule at the start of a run."""
    schedule = Constant().begin(rate)
    schedule.start(Counts(), Counts())
    return schedule


def small_net(Estimator, **parameters):
    """An estimator that trains in no time."""
    defaults = {
        "hidden_layer_sizes": (7,),
        "max_iter": 5,
        "batch_size": 16,
        "random_state": 0,
    }
    return Estimator(**(defaults | parameters))


def theta(model):
    """All weights and biases of an estimator in one array."""
    return np.concatenate([p.ravel() for p in model.coefs_ + model.intercepts_])
