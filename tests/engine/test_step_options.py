"""L1 by orthant-wise steps, and the limit on the gradient."""

from types import SimpleNamespace

import numpy as np
import pytest
from _helpers import make_case, make_data, objective_for
from numpy.testing import assert_allclose, assert_array_equal

from skann._engine import choice
from skann._engine.contract import UnfusedEpochs
from skann._engine.step_options import StepModifier, StepOptions
from skann._optimize.optimizers import OPTIMIZERS


def modified(theta, gradient, **options):
    theta, gradient = np.array(theta, float), np.array(gradient, float)
    layout = SimpleNamespace(
        weight_slices=[slice(0, len(theta))], weights=lambda theta: []
    )
    modifier = StepModifier(StepOptions(**options), theta, gradient, layout)
    return modifier, theta, gradient


def test_the_pseudo_gradient_is_the_smallest_subgradient():
    modifier, _, gradient = modified(
        [2.0, -2.0, 0.0, 0.0, 0.0], [1.0, 1.0, 0.4, 3.0, -3.0], l1=0.5
    )
    loss, norm = modifier.before(10.0, 0.0)
    assert_allclose(gradient, [1.5, 0.5, 0.0, 2.5, -2.5])
    assert loss == 12.0
    assert norm == pytest.approx(np.linalg.norm(gradient))


def test_weights_that_cross_zero_stop_there():
    modifier, theta, _ = modified([1.0, -1.0, 0.0, 0.0, 0.0], [0, 0, 0, 3, 3], l1=0.5)
    modifier.before(0.0, 0.0)
    theta[:] = -0.1, -0.2, 0.3, -0.4, 0.5
    modifier.after()
    assert_array_equal(theta, [0, -0.2, 0, -0.4, 0])


@pytest.mark.parametrize("limit", [0.5, 5.0, 50.0])
def test_a_longer_gradient_is_scaled_and_its_length_told(limit):
    modifier, _, gradient = modified([0, 0], [3, 4], max_grad_norm=limit)
    assert modifier.before(1.0, 5.0) == (1.0, 5.0)
    assert np.linalg.norm(gradient) == pytest.approx(min(limit, 5))
    assert_allclose(gradient[0] / gradient[1], 0.75)


def test_nothing_asked_for_is_the_engine_s_own_way():
    network, theta, X, y = make_case("softmax", ("tanh",))
    data = make_data(X, y, "softmax")
    found = []
    noise = StepOptions(input_noise=1.0, rng=np.random.default_rng(0))
    for options in (StepOptions(), noise):
        optimizer = OPTIMIZERS["adam"]().start(theta.size, theta.dtype)
        about = network, 0.0, theta, data, optimizer, 3
        found.append(type(choice.epochs(*about, options)) is UnfusedEpochs)
        assert type(choice.epochs(*about)) is type(choice.epochs(*about, StepOptions()))
    assert found[1]


@pytest.mark.parametrize("name", ["sgd", "adam", "rmsprop", "adamw", "nadam"])
def test_every_optimizer_comes_to_where_the_penalised_loss_is_least(name):
    """No hidden layer: there the subgradient of J has zero in it."""

    class Constant:
        def epoch_rate(self, done):
            return 0.002

    network, theta, X, y = make_case("squared_error", (), n_rows=40, n_outputs=2)
    y[:, 0] += 2 * X[:, 0] - X[:, 1]
    l1 = 0.3
    optimizer = OPTIMIZERS[name](**({"weight_decay": 0.0} if name == "adamw" else {}))
    optimizer.start(theta.size, theta.dtype)
    objective = objective_for(network, theta, X, y)
    epochs = UnfusedEpochs(objective, optimizer, 40, StepOptions(l1=l1))
    for _ in range(4000):
        epochs.epoch(Constant(), None, None, np.inf)
    objective.full()
    (W,), (g,) = map(network.layout.weights, (theta, objective.gradient))
    assert (W == 0).any()
    assert (W != 0).any()
    assert (abs(g[W == 0]) <= l1).all()
    assert_allclose(g[W != 0], -l1 * np.sign(W[W != 0]), atol=0.02)
