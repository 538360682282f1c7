"""The comparison with one constant prediction: losses, samples and memory."""

import tracemalloc

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import sparse

from skann._network.losses import LOSSES
from skann._network.network import Network
from skann._training.data import Data, Targets, sampled_places
from skann._training.guessing import compared_with_guessing

rng = np.random.default_rng(0)


def case(loss="squared_error", n_rows=60, *, n_outputs=2, n_features=3, kind="dense"):
    network = Network((n_features, 4, n_outputs), ("tanh",), loss)
    X = rng.normal(size=(n_rows, n_features))
    y = rng.uniform(0.1, 1, size=(n_outputs, n_rows))
    if network.loss_function.out_activation in ("logistic", "softmax"):
        y = np.round(y)
    theta = rng.normal(size=network.layout.n_parameters)
    X = sparse.csr_array(X) if kind == "sparse" else X
    return network, theta, Data(X, y.T, Targets(y, n_outputs, loss), None)


def predictions(network, theta, X):
    W, b = network.layout.weights(theta), network.layout.biases(theta)
    return np.tanh(X @ W[0] + b[0]) @ W[1] + b[1]


@pytest.mark.parametrize("kind", ["dense", "sparse"])
@pytest.mark.parametrize("loss", LOSSES)
def test_losses_are_means_over_all_rows_where_these_are_few(loss, kind):
    network, theta, data = case(loss, kind=kind)
    data.weight = rng.uniform(0.5, 2, 60)
    data.rows = np.arange(0, 60, 2)
    found = compared_with_guessing(network, theta, data)
    y, weight = data.targets.y.T[::2], data.weight[::2]
    z = predictions(network, theta, data.X)[::2]
    losses, _ = LOSSES[loss].value_and_delta(z, y)
    assert_allclose(found.loss, np.average(losses, weights=weight))
    assert found.error == 0
    assert not found.is_constant
    if LOSSES[loss].has_guess:
        constant = LOSSES[loss].best_constant(y, weight)
        losses, _ = LOSSES[loss].value_and_delta(np.broadcast_to(constant, y.shape), y)
        assert_allclose(found.guess, np.average(losses, weights=weight))
    else:
        assert found.guess == np.inf


@pytest.mark.parametrize("loss", ["softmax", "softmax_focal"])
def test_codes_of_classes_are_as_their_indicator_matrix(loss):
    network, theta, data = case(loss, n_outputs=3)
    codes = rng.integers(0, 3, 60).astype(np.int32)
    matrix = (codes == np.arange(3)[:, np.newaxis]).astype(float)
    found = [
        compared_with_guessing(
            network, theta, Data(data.X, codes, Targets(y, 3, loss), None)
        )
        for y in (codes, matrix)
    ]
    assert found[0] == found[1]


def test_nothing_is_said_where_all_targets_are_the_same():
    network, theta, data = case()
    data.targets.y[:] = [[3.0], [-1e-9]]
    assert compared_with_guessing(network, theta, data) is None


@pytest.mark.parametrize("kind", ["dense", "sparse"])
def test_outputs_that_are_the_same_for_all_rows(kind):
    network, theta, data = case(kind=kind)
    network.layout.weights(theta)[0][...] *= 1e-9
    assert compared_with_guessing(network, theta, data).is_constant
    data.X = data.X[np.zeros(60, int)]  # rows that are the same have the same outputs
    assert not compared_with_guessing(network, theta, data).is_constant


def test_a_sample_is_about_as_good_as_all_rows():
    network, theta, data = case(n_rows=20_000)
    # Rows in a pattern: every 40th is far from the others.
    data.targets.y[:, ::40] += 5
    found = compared_with_guessing(network, theta, data)
    z, y = predictions(network, theta, data.X), data.targets.y.T
    loss = 0.5 * ((z - y) ** 2).sum(axis=1).mean()
    guess = 0.5 * y.var(axis=0).sum()
    assert 0 < found.error < 0.3 * guess
    assert abs((found.loss - found.guess) - (loss - guess)) < 4 * found.error


def test_memory_does_not_grow_with_rows_times_classes():
    network = Network((3, 4, 5000), ("tanh",), "softmax")
    theta = rng.normal(size=network.layout.n_parameters)
    codes = rng.integers(0, 5000, 10_000).astype(np.int32)
    data = Data(
        rng.normal(size=(10_000, 3)), codes, Targets(codes, 5000, "softmax"), None
    )
    tracemalloc.start()
    compared_with_guessing(network, theta, data)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 20e6


def test_sampled_places_have_no_pattern():
    found = sampled_places(10_000, 1000)
    assert len(np.unique(found)) == 1000
    for k in (2, 3, 10):
        assert 0.7 / k < np.mean(found % k == 0) < 1.3 / k
