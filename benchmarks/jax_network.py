"""The benchmarks' network in JAX: an epoch is one compiled call.

Batches are picked within a scan; a last, smaller batch is a step of its own. SGD and
Adam are written out, and XLA fuses them into the step.
"""

from itertools import pairwise

import jax
import jax.numpy as jnp
import numpy as np

RATE, BETA_1, BETA_2, EPSILON = 0.001, 0.9, 0.999, 1e-8


def make_epoch(case):
    """A function that trains a number of epochs from fresh weights.

    Parameters
    ----------
    case : Case
    """
    jax.config.update("jax_enable_x64", case.X.dtype == np.float64)
    n, size = case.X.shape[0], min(case.batch, case.X.shape[0])
    X, y = jnp.asarray(case.X), jnp.asarray(case.y)
    step = _make_step(case)

    @jax.jit
    def epoch(state, X, y, order):
        def body(state, rows):
            return step(state, X[rows], y[rows])

        whole = n // size * size
        state, losses = jax.lax.scan(body, state, order[:whole].reshape(-1, size))
        if whole < n:
            state, _ = step(state, X[order[whole:]], y[order[whole:]])
        return state, losses

    def run(epochs):
        rng = np.random.default_rng(0)
        state = _start(case, rng)
        for _ in range(epochs):
            state, losses = epoch(state, X, y, rng.permutation(n))
        jax.block_until_ready((state, losses))

    return run


def _start(case, rng):
    """Weights, Adam's two moments, and the number of steps."""
    dtype = case.X.dtype
    theta = []
    for n_in, n_out in pairwise(case.layer_sizes):
        bound = (6 / (n_in + n_out)) ** 0.5
        W = rng.uniform(-bound, bound, (n_in, n_out)).astype(dtype)
        theta.append((jnp.asarray(W), jnp.zeros(n_out, dtype)))
    zeros = jax.tree.map(jnp.zeros_like, theta)
    return theta, zeros, zeros, jnp.zeros((), dtype)


def _make_step(case):
    """From a state and a batch to the next state and the loss."""
    activation = {"relu": jax.nn.relu, "logistic": jax.nn.sigmoid}[case.activation]
    is_binary = case.layer_sizes[-1] == 1

    def loss_of(theta, X, y):
        a = X
        for W, b in theta[:-1]:
            a = activation(a @ W + b)
        W, b = theta[-1]
        z = a @ W + b
        if is_binary:
            z = z[:, 0]
            return jnp.mean(jnp.logaddexp(0, z) - y * z)
        picked = jnp.take_along_axis(jax.nn.log_softmax(z), y[:, None], axis=1)
        return -jnp.mean(picked)

    def step(state, X, y):
        theta, m, v, t = state
        loss, g = jax.value_and_grad(loss_of)(theta, X, y)
        if case.solver == "sgd":
            theta = jax.tree.map(lambda p, g: p - RATE * g, theta, g)
            return (theta, m, v, t), loss
        t = t + 1
        m = jax.tree.map(lambda m, g: BETA_1 * m + (1 - BETA_1) * g, m, g)
        v = jax.tree.map(lambda v, g: BETA_2 * v + (1 - BETA_2) * g * g, v, g)
        rate = RATE * jnp.sqrt(1 - BETA_2**t) / (1 - BETA_1**t)
        theta = jax.tree.map(
            lambda p, m, v: p - rate * m / (jnp.sqrt(v) + EPSILON), theta, m, v
        )
        return (theta, m, v, t), loss

    return step
