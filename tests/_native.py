"""What the tests of the compiled engine share."""

import numpy as np
import pytest
from _helpers import OPTIMIZER_FORMS, make_optimizer, objective_for

from skann._engine.native import binding, rules
from skann._network.network import Network

needs_engine = pytest.mark.skipif(
    not binding.is_compiled(), reason="the compiled engine is not there"
)
RULES = [form for form in OPTIMIZER_FORMS if rules.rule_of(make_optimizer(form), 0.0)]


def gradient(network, theta, data, batch_size, alpha=0.0):
    """Loss, gradient and its square of one batch, as the engine has them."""
    found = np.full_like(theta, np.nan)
    rule = rules.gradient_rule(rules.STORE, alpha)
    training = binding.training(network, theta, rule, [found], data, batch_size)
    rows = data.row_numbers.astype(np.int64)
    (loss,), square = training.run(
        rows, 0, min(batch_size, len(rows)), None, 1.0, 0, 0.0, np.inf
    )
    return loss, found, square


def one_step(training, optimizer, n_rows, rate):
    """A step on all rows by an optimiser's rule; loss and the gradient's square."""
    about = None, 0, n_rows, None, rate, optimizer.n_steps, 0.0, np.inf
    beside = None, None, None, optimizer.momenta_product
    (loss,), square = training.run(*about, *beside)
    optimizer.count(1)
    return loss, square


def expected(network, theta, X, y, weight=None, alpha=0.0, dtype=np.float64):
    """The same by the reference."""
    objective = objective_for(network, theta, X.astype(dtype), y, weight, alpha)
    loss, _ = objective.batch(slice(0, len(y)))
    return loss, objective.gradient


def network_of(sizes, loss="squared_error", activation="tanh", seed=0):
    network = Network(sizes, (activation,) * (len(sizes) - 2), loss)
    rng = np.random.default_rng(seed)
    theta = rng.normal(0, 0.3, network.layout.n_parameters)
    return network, theta, rng
