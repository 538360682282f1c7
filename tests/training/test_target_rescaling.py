"""Other units of the targets: what training remembers is carried over."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from skann._network.network import Network
from skann._optimize.optimizers import OPTIMIZERS
from skann._training.best import BestWeights
from skann._training.progress import Progress
from skann._training.stopping import Patience
from skann._training.target_rescaling import TargetRescaling

rng = np.random.default_rng(0)
X = rng.normal(size=(30, 3))
RATIO, SHIFT = np.array([0.5, 3.0]), np.array([-1.0, 0.25])


def network(n_outputs):
    return Network((3, 4, n_outputs), ("tanh",), "squared_error")


def finite_differences(net, theta, y):
    """∇ of the mean loss, by the predictions alone."""

    def loss(at):
        W, b = net.layout.weights(at), net.layout.biases(at)
        z = np.tanh(X @ W[0] + b[0]) @ W[1] + b[1]
        return ((z - y) ** 2).sum() / (2 * len(X))

    steps = 1e-6 * np.eye(theta.size)
    return np.array([(loss(theta + s) - loss(theta - s)) / 2e-6 for s in steps])


@pytest.mark.parametrize("name", sorted(OPTIMIZERS))
@pytest.mark.parametrize("momentum", [True, False])
def test_an_optimizer_remembers_gradients_of_the_new_loss(name, momentum):
    """Of one output exactly: as if all its gradients had been in the new units."""
    net = network(1)
    change = TargetRescaling(RATIO[:1], SHIFT[:1], RATIO[:1] ** 2)
    options = {}
    if name in ("sgd", "rmsprop"):
        options["momentum"] = 0.9 if momentum else 0.0
    size = net.layout.n_parameters
    theta, y = rng.normal(size=size), rng.normal(size=(30, 1))
    other = theta.copy()
    progress = Progress(None)
    change.apply(net.layout, other, progress)
    gradients = [
        finite_differences(net, theta, y),
        finite_differences(net, other, y * change.ratio + change.shift),
    ]
    optimizers = [OPTIMIZERS[name](**options).start(size, float) for _ in range(2)]
    for optimizer, g in zip(optimizers, gradients, strict=True):
        scratch = g.copy()
        optimizer.bind(np.zeros(size), scratch)
        for _ in range(3):
            scratch[:] = g
            optimizer.step(0.1)
    progress.optimizer = optimizers[0]
    change.apply(net.layout, theta, progress)
    assert_allclose(theta, other)
    for found, expected in zip(*(o.state for o in optimizers), strict=True):
        assert_allclose(found, expected, rtol=1e-4, atol=1e-8)


def test_the_best_parameters_predict_what_they_did():
    net = network(2)
    theta = rng.normal(size=net.layout.n_parameters)
    best = BestWeights(theta=theta.copy())
    progress = Progress(None, best=best, watched="validation loss")
    TargetRescaling(RATIO, SHIFT, RATIO**2).apply(net.layout, theta, progress)
    assert_allclose(best.theta, theta)
    assert not np.shares_memory(best.theta, theta)


@pytest.mark.parametrize(
    ("watched", "factor"), [("training loss", 9.25 / 2), ("validation score", 1.0)]
)
def test_patience_compares_like_with_like(watched, factor):
    patience = Patience(0.0, 3)
    patience.update(2.0)
    progress = Progress(None, patience=patience, watched=watched)
    TargetRescaling(RATIO, SHIFT, RATIO**2).reevaluate_best(network(2), progress, None)
    assert patience.best == 2 * factor
