"""Random cases of training by the compiled engine against a float64 transcription.

    PYTHONPATH=.:tests python tests/engine/fuzz.py --cases 500 --seed 0

Layers, activations, losses, rules, batches, dtypes, memory order, CSR, weights, orders
of rows, threads and vector instructions are drawn. A case that fails is named by its
number, and ``--first`` starts with it. The transcription knows nothing of the engines:
formulas are those of ``_helpers.py``, the way back and the rules are written out here.
"""

import argparse
import sys
from dataclasses import dataclass, field, replace

import numpy as np
from _helpers import (
    ACTIVATION_FORMULAS,
    BENT_AT_ZERO,
    LOSS_FORMULAS,
    OUTPUT_FORMULAS,
    make_data,
    make_targets,
    outputs_of,
    plain_forward,
)
from scipy import sparse
from scipy.special import expit

from skann._engine.masks import mask
from skann._engine.native import binding, raw_outputs, rules
from skann._engine.step_options import StepOptions
from skann._network.losses import LOSSES
from skann._network.network import Network
from skann._optimize.optimizers import OPTIMIZERS

# Adam's epsilon is large: where gradients are small its steps are their sign, which
# rounding turns. So are Lion's, always.
RULES = [
    ("sgd", {"momentum": 0.0}),
    ("sgd", {"momentum": 0.8}),
    ("sgd", {"momentum": 0.8, "nesterovs_momentum": False}),
    ("adam", {"epsilon": 0.05}),
    ("adamw", {"epsilon": 0.05, "weight_decay": 0.1}),
    ("amsgrad", {"epsilon": 0.05}),
    ("nadam", {"epsilon": 0.05}),
    ("rmsprop", {"epsilon": 0.05}),
    ("rmsprop", {"epsilon": 0.05, "momentum": 0.8}),
    ("adagrad", {"epsilon": 0.05}),
]


# -- the transcription -----------------------------------------------------------------


def focal_slope(z, y):
    """d/dz of -(1 - a)² log a where the answer is yes, a = 1 / (1 + exp(-z))."""
    t = 2 * y - 1
    a = OUTPUT_FORMULAS["logistic"](t * z)
    return t * (1 - a) ** 2 * (2 * a * np.log(a) - (1 - a))


def softmax_focal_slope(z, y):
    a = OUTPUT_FORMULAS["softmax"](z)
    h = y * (2 * a * (1 - a) * np.log(a) - (1 - a) ** 2)
    return h - a * h.sum(axis=1, keepdims=True)


def gaussian_slope(z, y):
    (m, s), (y, _) = np.hsplit(z, 2), np.hsplit(y, 2)
    v = np.exp(s) + 1e-6
    slope = 0.5 * np.exp(s) / v * (1 - (m - y) ** 2 / v)
    return np.hstack([(m - y) / v, slope])


# Of losses whose delta is not a - y, with their own settings.
SLOPES = {
    "logistic_squared_error": lambda z, y: (expit(z) - y) * expit(z) * expit(-z),
    "absolute_error": lambda z, y: np.sign(z - y),
    "huber": lambda z, y: np.clip(z - y, -1.35, 1.35),
    "quantile": lambda z, y: np.sign(z - y) / 2,
    "gamma": lambda z, y: 1 - y * np.exp(-z),
    "tweedie": lambda z, y: np.exp(z / 2) - y * np.exp(-z / 2),
    "gaussian": gaussian_slope,
    "perceptron": lambda z, y: np.where((2 * y - 1) * z <= 0, 1 - 2 * y, 0),
    "focal": focal_slope,
    "softmax_focal": softmax_focal_slope,
}


def output_delta(loss, z, y):
    if loss in SLOPES:
        return SLOPES[loss](z, y)
    a = OUTPUT_FORMULAS[LOSSES[loss].out_activation](z)
    return np.where(np.isnan(y), 0, a - np.nan_to_num(y))


def loss_and_gradient(case, theta, X, y, weight, key):
    """J of a batch and its gradient; weights have the mean one over all rows."""
    network, alpha = case.network, case.alpha
    rates = [case.input_dropout, *[case.dropout] * len(network.activations)]
    masks = [
        mask(key, layer, rate, (len(X), n_units), float)
        for layer, (rate, n_units) in enumerate(
            zip(rates, network.layer_sizes[:-1], strict=True)
        )
    ]
    inputs, z = [X * masks[0]], []
    layers = network.layout.weights(theta), network.layout.biases(theta)
    for layer, (W, b) in enumerate(zip(*layers, strict=True)):
        z.append(inputs[layer] @ W + b)
        if layer < len(network.activations):
            f, _ = ACTIVATION_FORMULAS[network.activations[layer]]
            inputs.append(f(z[layer]) * masks[layer + 1])
    value = (weight * LOSS_FORMULAS[network.loss](z[-1], y)).mean()
    delta = output_delta(network.loss, z[-1], y) * weight[:, None] / len(X)
    gradient = np.zeros_like(theta)
    W, b = network.layout.weights(gradient), network.layout.biases(gradient)
    weights = network.layout.weights(theta)
    for layer in reversed(range(len(weights))):
        W[layer][...] = inputs[layer].T @ delta + alpha * weights[layer]
        b[layer][...] = delta.sum(axis=0)
        value += alpha / 2 * (weights[layer] ** 2).sum()
        if layer:
            slope = ACTIVATION_FORMULAS[network.activations[layer - 1]][1]
            delta = delta @ weights[layer].T * slope(z[layer - 1]) * masks[layer]
    return value, gradient


def nadam_s_ahead(gradient, m, t):
    """What takes the place of Adam's corrected first moment."""
    momenta = 0.9 * (1 - 0.5 * 0.96 ** (0.004 * np.arange(1, t + 2)))
    now, following = 1 - momenta[:-1].prod(), 1 - momenta.prod()
    return (1 - momenta[-2]) / now * gradient + momenta[-1] / following * m


def step_by_squares(settings, theta, gradient, state, rate, is_sum):
    """Of RMSprop and Adagrad."""
    v, b = state[:2]
    v[:] = v + gradient**2 if is_sum else 0.9 * v + 0.1 * gradient**2
    move = gradient / (np.sqrt(v) + settings["epsilon"])
    b[:] = settings.get("momentum", 0) * b + move
    theta -= rate * b


def step(case, theta, gradient, state, rate, t):
    name, settings = case.rule
    if name in ("rmsprop", "adagrad"):
        step_by_squares(settings, theta, gradient, state, rate, name == "adagrad")
        return
    if name == "sgd":
        mu = settings["momentum"]
        state[0][:] = mu * state[0] - rate * gradient
        nesterov = settings.get("nesterovs_momentum", True)
        theta += mu * state[0] - rate * gradient if nesterov else state[0]
        return
    m, v, largest = state
    m[:] = 0.9 * m + 0.1 * gradient
    v[:] = 0.999 * v + 0.001 * gradient**2
    largest[:] = np.maximum(largest, v)
    epsilon, seen = settings["epsilon"], 1 - 0.999**t
    if name == "amsgrad":
        theta -= rate * m / (1 - 0.9**t) / (np.sqrt(largest / seen) + epsilon)
    elif name == "nadam":
        ahead = nadam_s_ahead(gradient, m, t)
        theta -= rate * ahead / (np.sqrt(v / seen) + epsilon)
    elif name == "adamw":
        for W in case.network.layout.weights(theta):
            W *= 1 - rate * settings["weight_decay"]
        theta -= rate * m / (1 - 0.9**t) / (np.sqrt(v / seen) + epsilon)
    else:
        theta -= rate * np.sqrt(seen) / (1 - 0.9**t) * m / (np.sqrt(v) + epsilon)


# -- cases -----------------------------------------------------------------------------


@dataclass
class Case:
    network: Network
    theta: np.ndarray = field(repr=False)
    rule: tuple
    alpha: float
    X: np.ndarray = field(repr=False)
    y: np.ndarray = field(repr=False)
    weight: np.ndarray | None = field(repr=False)
    batch_size: int
    dtype: type
    kind: str
    threads: int
    level: str
    dropout: float
    input_dropout: float
    max_grad_value: float
    max_grad_norm: float
    max_norm: float
    frozen: np.ndarray | None = field(repr=False)

    @property
    def limits(self):
        return self.max_grad_value, self.max_grad_norm, self.max_norm


# What the compiled engine has.
COMPILED_LOSSES = [loss for loss in LOSSES if binding.trains(Network((1, 1), (), loss))]
COMPILED_ACTIVATIONS = [
    name
    for name in ACTIVATION_FORMULAS
    if binding.predicts(Network((1, 1, 1), (name,), "softmax"))
]


def draw(rng):
    dtype = rng.choice([np.float32, np.float64])
    depth = rng.integers(4)
    sizes = [int(rng.choice([1, 2, 3, 7, 16, 33, 70, 140]))]
    sizes += [int(n) for n in rng.choice([1, 2, 3, 5, 8, 17, 40], size=depth + 1)]
    # Where a slope jumps, rounding decides between two right answers.
    smooth = [name for name in COMPILED_ACTIVATIONS if name not in BENT_AT_ZERO]
    names = smooth if dtype == np.float32 else COMPILED_ACTIVATIONS
    loss = str(rng.choice(COMPILED_LOSSES))
    sizes[-1] = outputs_of(loss, sizes[-1])
    network = Network(tuple(sizes), tuple(map(str, rng.choice(names, depth))), loss)
    theta = np.empty(network.layout.n_parameters)
    for W in network.layout.weights(theta):
        W[...] = rng.normal(size=W.shape) / np.sqrt(len(W))
    for b in network.layout.biases(theta):
        b[...] = rng.normal(size=b.shape) / 2
    if LOSSES[loss].out_activation == "exp" or loss == "gaussian":
        network.layout.weights(theta)[-1][...] *= 0.1  # exp() is taken of outputs
    n_rows = int(rng.integers(1, 80))
    X = rng.normal(size=(n_rows, sizes[0]))
    X[rng.random(X.shape) < rng.choice([0, 0.5, 0.9])] = 0
    y = make_targets(loss, n_rows, sizes[-1], rng)
    if loss == "masked_squared_error":
        y[rng.random(y.shape) < 0.3] = np.nan
    weight = rng.random(n_rows) + 0.1 if rng.integers(2) else None
    kind = str(rng.choice(["C", "F", "reversed", "other dtype", "csr"]))
    return Case(
        network,
        theta.astype(dtype).astype(np.float64),
        RULES[rng.integers(len(RULES))],
        float(rng.choice([0.0, 0.01])),
        X.astype(np.float32).astype(np.float64),
        y.astype(dtype).astype(np.float64),
        None if weight is None else weight / weight.mean(),
        int(rng.integers(1, n_rows + 1)),
        dtype,
        kind,
        int(rng.integers(1, 4)),
        str(rng.choice(binding._compiled.levels())),
        float(rng.choice([0.0, 0.0, 0.2, 0.7])),
        0.0 if kind == "csr" else float(rng.choice([0.0, 0.0, 0.1, 0.6])),
        float(rng.choice([np.inf, np.inf, 0.1])),
        float(rng.choice([np.inf, np.inf, 0.5])),
        float(rng.choice([np.inf, np.inf, 0.7])),
        rng.permutation(len(theta))[: len(theta) // 3]
        if rng.integers(3) == 0
        else None,
    )


def as_given(case):
    X = case.X.astype(case.dtype)
    match case.kind:
        case "F":
            return np.asfortranarray(X)
        case "reversed":
            return X[::-1, ::-1].copy()[::-1, ::-1]
        case "other dtype":
            other = np.float32 if case.dtype == np.float64 else np.float64
            return X.astype(other)
        case "csr":
            return sparse.csr_array(X)
    return X


def trained(case, order, rates):
    """By the compiled engine: theta, losses, raw outputs before."""
    name, settings = case.rule
    binding._compiled.use_level(case.level)
    binding.n_threads = lambda step_work, call_work: case.threads
    theta, X = case.theta.astype(case.dtype), as_given(case)
    before, _ = raw_outputs(case.network, theta, X)
    optimizer = OPTIMIZERS[name](**settings).start(theta.size, case.dtype)
    weight = case.weight
    data = make_data(X, case.y, case.network.loss, weight, dtype=case.dtype)
    training = binding.training(
        case.network,
        theta,
        rules.rule_of(optimizer, case.alpha),
        optimizer.state,
        data,
        case.batch_size,
        # Exact for gradient descent alone.
        is_lazy=case.kind == "csr"
        and not case.alpha
        and name == "sgd"
        and min(case.limits) == np.inf
        and case.frozen is None,
        options=StepOptions(
            dropout=case.dropout,
            input_dropout=case.input_dropout,
            max_grad_value=case.max_grad_value,
            max_grad_norm=case.max_grad_norm,
            max_norm=case.max_norm,
            frozen=case.frozen,
        ),
    )
    losses = []
    for epoch, rows in enumerate(order):
        n = len(rates[epoch])
        found, _ = training.run(
            rows, 0, len(rows), rates[epoch], 0.0, epoch * n, 0.0, np.inf,
            np.arange(epoch * n, epoch * n + n), None, None,
            optimizer.momenta_product,
        )  # fmt: skip
        optimizer.count(n)
        losses += found
    training.flush()
    return theta, np.array(losses), before


def trained_plainly(case, order, rates):
    theta, losses = case.theta.copy(), []
    weight = np.ones(len(case.X)) if case.weight is None else case.weight
    state = [np.zeros_like(theta) for _ in range(3)]
    before = plain_forward(case.network, theta, case.X)[-1]
    for rows, epoch_rates in zip(order, rates, strict=True):
        for i, rate in enumerate(epoch_rates):
            batch = rows[i * case.batch_size : (i + 1) * case.batch_size]
            value, gradient = loss_and_gradient(
                case, theta, case.X[batch], case.y[batch], weight[batch], len(losses)
            )
            losses.append(value)
            stays = [] if case.frozen is None else case.frozen
            kept, gradient[stays] = theta[stays], 0
            np.clip(gradient, -case.max_grad_value, case.max_grad_value, gradient)
            gradient /= max(1, np.linalg.norm(gradient) / case.max_grad_norm)
            step(case, theta, gradient, state, rate, len(losses))
            theta[stays] = kept
            for W in case.network.layout.weights(theta):
                W /= np.maximum(1, np.linalg.norm(W, axis=0) / case.max_norm)
            theta[stays] = kept
    return theta, np.array(losses), before


def settles(losses, without_steps):
    """Whether training does not blow up what rounding has left."""
    usual = abs(without_steps).max()
    return np.isfinite(losses).all() and losses.max() <= 50 * (1 + usual)


def distance(one, other):
    """The largest difference, relative to numbers that are not small."""
    worst = 0.0
    for a, b in zip(one, other, strict=True):
        off = abs(a - b) / (1 + abs(b))
        worst = max(worst, float(off.max()) if np.isfinite(off).all() else np.inf)
    return worst


def mismatch(case, rng):
    """How far results are off, in units of what is allowed."""
    n = len(case.X)
    n_batches = -(-n // case.batch_size)
    order = [rng.permutation(n) for _ in range(2)]
    rates = [rng.uniform(0.01, 0.05, n_batches) for _ in range(2)]
    right = trained_plainly(case, order, rates)
    _, without_steps, _ = trained_plainly(case, order, [0 * rate for rate in rates])
    while not settles(right[1], without_steps):
        rates = [rate / 4 for rate in rates]
        right = trained_plainly(case, order, rates)
    # Training may be chaotic all the same: what do roundings of the start lead to?
    eps, worst = np.finfo(case.dtype).eps, 0.0
    for _ in range(3):
        nudges = 1 + eps * rng.choice([-1, 1], len(case.theta))
        nudged = trained_plainly(replace(case, theta=case.theta * nudges), order, rates)
        worst = max(worst, distance(nudged, right))
    allowed = 300 * eps + 100 * worst
    return distance(trained(case, order, rates), right) / allowed


def main():
    np.seterr(over="ignore", invalid="ignore")  # of what does not settle
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--cases", type=int, default=500)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    if not binding.is_compiled():
        print("Skipped: the compiled engine is not there.")
        return 0
    failures, worst = 0, {np.float32: 0.0, np.float64: 0.0}
    for number in range(options.first, options.first + options.cases):
        rng = np.random.default_rng([options.seed, number])
        case = draw(rng)
        ratio = mismatch(case, rng)
        worst[case.dtype] = max(worst[case.dtype], ratio)
        if not ratio <= 1:
            failures += 1
            print(f"case {number}: {ratio:.3g} times what is allowed: {case}")
    for dtype, ratio in worst.items():
        print(f"{dtype.__name__}: at most {ratio:.2g} of what is allowed")
    print(f"{options.cases - failures} passed, {failures} failed")
    return failures > 0


if __name__ == "__main__":
    sys.exit(main())
