"""Normalised layers and the direct path: gradients, PyTorch's, and what predicts."""

import numpy as np
import pytest
from _helpers import (
    drawing,
    make_data,
    make_targets,
    make_weight,
    objective_for,
    slope,
)
from numpy.testing import assert_allclose
from scipy import sparse

from skann._engine import choice, reference
from skann._engine.reference import DropoutObjective
from skann._network.initializers import initialize
from skann._network.network import Network
from skann._network.normalization import folded

FORMS = {
    "batch": {"normalization": "batch"},
    "layer": {"normalization": "layer"},
    "skip": {"skip": True},
    "batch and skip": {"normalization": "batch", "skip": True},
}
each_form = pytest.mark.parametrize("form", FORMS)


def make(form, loss="softmax", activations=("gelu", "tanh"), n_rows=11):
    """Network, theta with everything away from its start, X and y."""
    rng = np.random.default_rng(0)
    sizes = (4, *(5 + i for i in range(len(activations))), 3 if loss != "huber" else 1)
    network = Network(sizes, activations, loss, **FORMS[form])
    theta = np.empty(network.layout.n_parameters)
    initialize(network.layout, theta, "auto", activations, rng)
    moved = theta + 0.3 * rng.normal(size=theta.shape)
    moved[network.layout.statistics] = theta[network.layout.statistics]
    X = rng.normal(size=(n_rows, 4)) * 2 + 1
    return network, moved, X, make_targets(loss, n_rows, sizes[-1], rng)


@each_form
class TestGradient:
    @pytest.mark.parametrize("weighted", [False, True])
    @pytest.mark.parametrize("loss", ["softmax", "squared_error", "cross_entropy"])
    @pytest.mark.parametrize("activations", [("tanh",), ("gelu", "tanh")])
    def test_is_the_differences(self, form, loss, activations, weighted):
        network, theta, X, y = make(form, loss, activations)
        weight = make_weight(len(X)) if weighted else None
        objective = objective_for(network, theta, X, y, weight, 0.2)
        rows, here = slice(0, len(X)), theta.copy()

        def value_at(point):
            theta[...] = point
            return objective.batch(rows)[0]

        value_at(here)
        gradient = objective.gradient.copy()
        numeric = [slope(value_at, here, unit) for unit in np.eye(len(here))]
        assert_allclose(gradient, numeric, rtol=1e-6, atol=1e-9)

    def test_with_units_and_inputs_left_out(self, form):
        network, here, X, y = make(form)
        at, data = here.copy(), make_data(X, y, "softmax")

        def value(where):
            at[...] = where
            options = drawing(0.3, 0.2, 0.1, seed=1)
            objective = DropoutObjective(network, 0.1, at, data, options)
            return objective.batch(np.arange(len(X)))[0], objective.gradient

        gradient = value(here)[1].copy()
        numeric = [slope(lambda x: value(x)[0], here, unit) for unit in np.eye(at.size)]
        assert_allclose(gradient, numeric, rtol=1e-5, atol=1e-8)

    def test_weight_two_is_a_row_repeated(self, form):
        network, theta, X, y = make(form)
        times = 1 + np.arange(len(X)) % 3
        some = objective_for(network, theta.copy(), X, y, times / times.mean(), 0.1)
        X, y = np.repeat(X, times, axis=0), np.repeat(y, times, axis=0)
        other = objective_for(network, theta.copy(), X, y, None, 0.1)
        rows = slice(0, len(times)), slice(0, len(X))
        values = some.batch(rows[0])[0], other.batch(rows[1])[0]
        assert values[0] == pytest.approx(values[1], rel=1e-12)
        assert_allclose(some.gradient, other.gradient, rtol=1e-9, atol=1e-12)

    def test_float32_is_float64_rounded_and_sparse_is_dense(self, form):
        network, theta, X, y = make(form)
        X[X < 0] = 0
        one, *others = (
            objective_for(network, theta.astype(dtype), kind(X.astype(dtype)), y)
            for dtype, kind in [("d", np.asarray), ("f", np.asarray), ("d", to_csr)]
        )
        value, _ = one.batch(slice(0, len(X)))
        for other in others:
            assert other.batch(slice(0, len(X)))[0] == pytest.approx(value, rel=1e-5)
            assert_allclose(other.gradient, one.gradient, rtol=1e-3, atol=1e-5)


def to_csr(X):
    return sparse.csr_array(X)


class TestTorch:
    @pytest.mark.parametrize("kind", ["batch", "layer"])
    def test_training_and_predictions(self, kind):
        torch = pytest.importorskip("torch")
        network, theta, X, y = make(kind, "squared_error", ("tanh",), n_rows=20)
        layout = network.layout
        W, b = layout.weights(theta), layout.biases(theta)
        gains, shifts, *statistics = (kind[0] for kind in layout.normalizers(theta))
        norms = {"batch": torch.nn.BatchNorm1d, "layer": torch.nn.LayerNorm}
        theirs = torch.nn.Sequential(
            torch.nn.Linear(4, 5),
            norms[kind](5),
            torch.nn.Tanh(),
            torch.nn.Linear(5, 3),
        ).double()
        starts = W[0].T, b[0], gains, shifts, W[1].T, b[1]
        with torch.no_grad():
            for parameter, own in zip(theirs.parameters(), starts, strict=True):
                parameter.copy_(torch.tensor(own))
        objective = objective_for(network, theta, X, y)
        norm = theirs[1]
        for n in range(12):
            if kind == "batch":  # ours starts by what there is
                norm.momentum = max(0.1, 1 / (1 + n))
            loss = 0.5 * ((theirs(torch.tensor(X)) - torch.tensor(y)) ** 2).sum() / 20
            theirs.zero_grad()
            loss.backward()
            value, _ = objective.batch(slice(0, 20))
            assert value == pytest.approx(loss.item(), rel=1e-9)
            gW, gb = (
                layout.weights(objective.gradient),
                layout.biases(objective.gradient),
            )
            g_gain, g_shift, *_ = (k[0] for k in layout.normalizers(objective.gradient))
            found = gW[0].T, gb[0], g_gain, g_shift, gW[1].T, gb[1]
            for parameter, own in zip(theirs.parameters(), found, strict=True):
                assert_allclose(own, parameter.grad.numpy(), rtol=1e-6, atol=1e-12)
        if kind == "batch":
            running = norm.running_mean.numpy(), norm.running_var.numpy()
            for own, expected in zip(statistics, running, strict=True):
                assert_allclose(own, expected, rtol=1e-9)
        theirs.eval()
        raw, _ = choice.raw_outputs(network, theta, X)
        expected = theirs(torch.tensor(X)).detach().numpy()
        assert_allclose(raw, expected, rtol=1e-7)


class TestPredictions:
    @each_form
    def test_a_row_s_does_not_depend_on_others(self, form):
        network, theta, X, y = make(form)
        objective_for(network, theta, X, y).batch(slice(0, len(X)))
        raw, finite = choice.raw_outputs(network, theta, X)
        alone, _ = choice.raw_outputs(network, theta, X[2:3])
        assert finite
        assert_allclose(alone[0], raw[2], rtol=1e-12)

    def test_folded_predicts_the_same(self):
        network, theta, X, y = make("batch and skip")
        objective_for(network, theta, X, y).batch(slice(0, len(X)))
        plain, found = folded(network, theta)
        assert plain.normalization is None
        assert_allclose(
            reference.raw_outputs(plain, found, X)[0],
            reference.raw_outputs(network, theta, X)[0],
            rtol=1e-10,
        )

    @each_form
    def test_gradients_by_inputs_are_the_differences(self, form):
        network, theta, X, y = make(form)
        objective_for(network, theta, X, y).batch(slice(0, len(X)))
        found = choice.input_gradients(network, theta, X)
        for j in range(X.shape[1]):
            direction = np.zeros_like(X)
            direction[:, j] = 1
            numeric = slope(
                lambda x: choice.raw_outputs(network, theta, x)[0], X, direction
            )
            assert_allclose(found[:, :, j], numeric, rtol=1e-6, atol=1e-9)


class TestStart:
    def test_the_direct_path_changes_nothing_at_first(self):
        about = (4, 5, 3), ("tanh",), "softmax"
        found = []
        for skip in (False, True):
            network = Network(*about, skip=skip)
            theta = np.empty(network.layout.n_parameters)
            rng = np.random.default_rng(0)
            initialize(network.layout, theta, "auto", ("tanh",), rng)
            X = np.random.default_rng(1).normal(size=(6, 4))
            found.append(choice.raw_outputs(network, theta, X)[0])
        assert_allclose(found[0], found[1], rtol=1e-12)

    def test_no_gradient_moves_statistics_or_what_they_take_away(self):
        network, theta, X, y = make("batch")
        objective = objective_for(network, theta, X, y)
        objective.batch(slice(0, len(X)))
        assert (objective.gradient[network.layout.statistics] == 0).all()
        for biases in network.layout.biases(objective.gradient)[:-1]:
            assert (biases == 0).all()
