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
    plain_forward,
)
from scipy import sparse

from skann._engine.masks import mask
from skann._engine.native import binding, raw_outputs
from skann._engine.step_options import StepOptions
from skann._network.losses import LOSSES
from skann._network.network import Network
from skann._optimize.optimizers import OPTIMIZERS

# Adam's epsilon is large: where gradients are small its steps are their sign, which
# rounding turns.
RULES = [
    ("sgd", {"momentum": 0.0}),
    ("sgd", {"momentum": 0.8}),
    ("sgd", {"momentum": 0.8, "nesterovs_momentum": False}),
    ("adam", {"epsilon": 0.05}),
    ("adamw", {"epsilon": 0.05, "weight_decay": 0.1}),
]


# -- the transcription -----------------------------------------------------------------


def output_delta(loss, z, y):
    if loss == "logistic_squared_error":
        a = OUTPUT_FORMULAS["logistic"](z)
        return (a - y) * a * (1 - a)
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


def step(case, theta, gradient, state, rate, t):
    name, settings = case.rule
    if name == "sgd":
        mu = settings["momentum"]
        state[0][:] = mu * state[0] - rate * gradient
        nesterov = settings.get("nesterovs_momentum", True)
        theta += mu * state[0] - rate * gradient if nesterov else state[0]
        return
    m, v = state
    m[:] = 0.9 * m + 0.1 * gradient
    v[:] = 0.999 * v + 0.001 * gradient**2
    epsilon, seen = settings["epsilon"], 1 - 0.999**t
    if name == "adamw":
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

    @property
    def limits(self):
        return self.max_grad_value, self.max_grad_norm


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
    network = Network(tuple(sizes), tuple(map(str, rng.choice(names, depth))), loss)
    theta = np.empty(network.layout.n_parameters)
    for W in network.layout.weights(theta):
        W[...] = rng.normal(size=W.shape) / np.sqrt(len(W))
    for b in network.layout.biases(theta):
        b[...] = rng.normal(size=b.shape) / 2
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
        binding.rule_of(optimizer, case.alpha),
        optimizer.state,
        data,
        case.batch_size,
        # Exact for gradient descent alone.
        is_lazy=case.kind == "csr"
        and not case.alpha
        and name == "sgd"
        and min(case.limits) == np.inf,
        options=StepOptions(
            dropout=case.dropout,
            input_dropout=case.input_dropout,
            max_grad_value=case.max_grad_value,
            max_grad_norm=case.max_grad_norm,
        ),
    )
    losses = []
    for epoch, rows in enumerate(order):
        n = len(rates[epoch])
        found, _ = training.run(
            rows, 0, len(rows), rates[epoch], 0.0, epoch * n, 0.0, np.inf,
            np.arange(epoch * n, epoch * n + n),
        )  # fmt: skip
        losses += found
    training.flush()
    return theta, np.array(losses), before


def trained_plainly(case, order, rates):
    theta, losses = case.theta.copy(), []
    weight = np.ones(len(case.X)) if case.weight is None else case.weight
    state = [np.zeros_like(theta) for _ in range(2)]
    before = plain_forward(case.network, theta, case.X)[-1]
    for rows, epoch_rates in zip(order, rates, strict=True):
        for i, rate in enumerate(epoch_rates):
            batch = rows[i * case.batch_size : (i + 1) * case.batch_size]
            value, gradient = loss_and_gradient(
                case, theta, case.X[batch], case.y[batch], weight[batch], len(losses)
            )
            losses.append(value)
            np.clip(gradient, -case.max_grad_value, case.max_grad_value, gradient)
            gradient /= max(1, np.linalg.norm(gradient) / case.max_grad_norm)
            step(case, theta, gradient, state, rate, len(losses))
    return theta, np.array(losses), before


def settles(losses):
    """Whether training does not blow up what rounding has left."""
    return np.isfinite(losses).all() and losses.max() <= 50 * (1 + losses[0])


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
    while not settles(right[1]):
        rates = [rate / 4 for rate in rates]
        right = trained_plainly(case, order, rates)
    # Training may be chaotic all the same: what do roundings of the start lead to?
    eps = np.finfo(case.dtype).eps
    nudges = 1 + eps * rng.choice([-1, 1], len(case.theta))
    nudged = trained_plainly(replace(case, theta=case.theta * nudges), order, rates)
    allowed = 300 * eps + 100 * distance(nudged, right)
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
