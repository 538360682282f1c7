"""Starting weights: distributions, defaults, reproducibility."""

import numpy as np
import pytest

from skann._network.activations import ACTIVATIONS
from skann._network.initializers import (
    DEFAULT_INITIALIZER,
    INITIALIZERS,
    depends_on_inputs,
    initialize,
)
from skann._network.layout import Layout

FAN_IN, FAN_OUT = 400, 150

# Name: kind of distribution, and the variance of a weight.
DISTRIBUTIONS = {
    "uniform": ("uniform", lambda fan_in, fan_out: 1 / 12),
    "glorot_uniform": ("uniform", lambda fan_in, fan_out: 2 / (fan_in + fan_out)),
    "glorot_normal": ("normal", lambda fan_in, fan_out: 2 / (fan_in + fan_out)),
    "he_uniform": ("uniform", lambda fan_in, fan_out: 2 / fan_in),
    "he_normal": ("normal", lambda fan_in, fan_out: 2 / fan_in),
    "he_uniform_max": ("uniform", lambda fan_in, fan_out: 2 / max(fan_in, fan_out)),
    "lecun_uniform": ("uniform", lambda fan_in, fan_out: 1 / fan_in),
    "lecun_normal": ("normal", lambda fan_in, fan_out: 1 / fan_in),
    "orthogonal": ("orthogonal", lambda fan_in, fan_out: 1 / max(fan_in, fan_out)),
}

# What "auto" promises for a layer that feeds the activation.
PROMISED = {
    "identity": "glorot",
    "logistic": "glorot",
    "tanh": "glorot",
    "tanh_opt": "lecun",
    "relu": "he",
    "leaky_relu": "he",
    "elu": "he",
    "selu": "lecun",
    "gelu": "he",
    "silu": "he",
    "softplus": "glorot",
    "mish": "he",
    "step": "glorot",
}


def start(sizes, weight_init, activations=None, *, seed=0, dtype=np.float64):
    layout = Layout(sizes)
    theta = np.full(layout.n_parameters, np.nan, dtype)
    if activations is None:
        activations = ("relu",) * (len(sizes) - 2)
    initialize(layout, theta, weight_init, activations, np.random.default_rng(seed))
    return layout.weights(theta), layout.biases(theta)


@pytest.mark.parametrize("name", INITIALIZERS)
class TestEveryInitializer:
    def test_mean_and_variance(self, name):
        (W,), _ = start((FAN_IN, FAN_OUT), name)
        variance = DISTRIBUTIONS[name][1](FAN_IN, FAN_OUT)
        assert abs(W.mean()) < 4 * np.sqrt(variance / W.size)
        np.testing.assert_allclose(W.var(), variance, rtol=0.03)

    def test_shape_of_the_distribution(self, name):
        (W,), _ = start((FAN_IN, FAN_OUT), name)
        kind, variance = DISTRIBUTIONS[name]
        bound = np.sqrt(3 * variance(FAN_IN, FAN_OUT))
        inside = (abs(W) <= bound).mean()
        if kind == "uniform":
            assert inside == 1
            assert abs(W).max() > 0.999 * bound
        elif kind == "normal":
            assert abs(inside - 0.9167) < 0.005  # of a normal within √3 deviations
        else:
            np.testing.assert_allclose(W.T @ W, np.eye(FAN_OUT), atol=1e-12)

    @pytest.mark.parametrize("shape", [(1, 1), (5, 5), (3, 7), (7, 3)], ids=str)
    def test_every_shape_is_filled(self, name, shape):
        (W,), (b,) = start(shape, name)
        assert W.shape == shape
        assert np.isfinite(W).all()
        assert not b.any()

    def test_same_seed_same_weights(self, name):
        first, _ = start((5, 4, 3), name, seed=3)
        again, _ = start((5, 4, 3), name, seed=3)
        other, _ = start((5, 4, 3), name, seed=4)
        for W, same, different in zip(first, again, other, strict=True):
            np.testing.assert_array_equal(W, same)
            assert not np.isclose(W, different).all()

    def test_float32_starts_from_its_float64_twin_rounded(self, name):
        exact, _ = start((5, 4, 3), name)
        rounded, biases = start((5, 4, 3), name, dtype=np.float32)
        for W, W32 in zip(exact, rounded, strict=True):
            assert W32.dtype == np.float32
            np.testing.assert_array_equal(W32, W.astype(np.float32))
        assert all(b.dtype == np.float32 and not b.any() for b in biases)

    def test_layers_differ(self, name):
        (first, second), _ = start((4, 4, 4), name)
        assert not np.isclose(first, second).any()


@pytest.mark.parametrize("shape", [(30, 900), (900, 30), (200, 200)], ids=str)
def test_he_uniform_max_goes_by_the_larger_side(shape):
    (W,), _ = start(shape, "he_uniform_max")
    np.testing.assert_allclose(W.var(), 2 / max(shape), rtol=0.03)
    bound = np.sqrt(6 / max(shape))
    assert 0.999 * bound < abs(W).max() <= bound


def test_orthogonal_wide_matrices_have_orthonormal_rows():
    (W,), _ = start((20, 50), "orthogonal")
    np.testing.assert_allclose(W @ W.T, np.eye(20), atol=1e-12)


def test_orthogonal_matrices_are_not_all_turned_one_way():
    # Without a choice of signs QR's first column always points against its input.
    signs = [start((1, 1), "orthogonal", seed=i)[0][0].item() for i in range(200)]
    assert set(signs) == {-1.0, 1.0}
    assert 60 < signs.count(1.0) < 140


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_auto_gives_each_activation_its_variance(activation):
    family = PROMISED[activation]
    assert DEFAULT_INITIALIZER[activation].startswith(family)
    for width in (FAN_OUT, 2 * FAN_IN):
        weights, _ = start((FAN_IN, width, 60), "auto", (activation,))
        for W, name in zip(weights, (family, "glorot"), strict=True):
            n_in, n_out = W.shape
            variance = {
                "he": 2 / max(n_in, n_out),
                "glorot": 2 / (n_in + n_out),
                "lecun": 1 / n_in,
            }[name]
            np.testing.assert_allclose(W.var(), variance, rtol=0.05)


def test_auto_looks_at_each_layer_s_own_activation():
    weights, _ = start((300, 200, 100, 50), "auto", ("relu", "selu"))
    variances = [2 / 300, 1 / 200, 2 / 150]
    for W, variance in zip(weights, variances, strict=True):
        np.testing.assert_allclose(W.var(), variance, rtol=0.1)


def test_auto_without_hidden_layers_is_glorot():
    (W,), _ = start((FAN_IN, FAN_OUT), "auto", ())
    np.testing.assert_allclose(W.var(), 2 / (FAN_IN + FAN_OUT), rtol=0.03)


def test_defaults_are_entries_of_the_table():
    assert DEFAULT_INITIALIZER.keys() == ACTIVATIONS.keys()
    assert set(DEFAULT_INITIALIZER.values()) <= INITIALIZERS.keys()


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("weight_init", ["auto", "glorot_uniform"])
def test_large_inputs_do_not_saturate_what_can_be(activation, weight_init):
    layout = Layout((3, 4, 4, 2))
    plain, suited = (np.empty(layout.n_parameters) for _ in range(2))
    for theta, size in ((plain, 0.5), (suited, 8.0)):
        rng = np.random.default_rng(0)
        initialize(layout, theta, weight_init, [activation] * 2, rng, size)
    saturates = activation in ("logistic", "tanh", "tanh_opt")
    factor = 8.0 if saturates and weight_init == "auto" else 1.0
    first, *others = layout.weights(plain)
    np.testing.assert_array_equal(layout.weights(suited)[0], first / factor)
    for found, expected in zip(layout.weights(suited)[1:], others, strict=True):
        np.testing.assert_array_equal(found, expected)
    assert depends_on_inputs(weight_init, [activation]) == (factor != 1)


def test_without_hidden_layers_nothing_saturates():
    assert not depends_on_inputs("auto", [])
