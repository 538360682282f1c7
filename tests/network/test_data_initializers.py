"""Starting weights that depend on the data: what they promise."""

import numpy as np
import pytest
from scipy import sparse

from skann._network.activations import ACTIVATIONS
from skann._network.data_initializers import DATA_INITIALIZERS
from skann._network.layout import Layout

rng = np.random.default_rng(0)
X = 5 + 3 * rng.uniform(-1, 1, (200, 3)) * [1, 10, 0.1]


def start(name, sizes, activations, X=X, *, seed=0, dtype=np.float64):
    layout = Layout(sizes)
    theta = np.full(layout.n_parameters, np.nan, dtype)
    DATA_INITIALIZERS[name](layout, theta, activations, np.random.default_rng(seed), X)
    return layout.weights(theta), layout.biases(theta)


def pre_activations(weights, biases, activations, X=X):
    a, found = X, []
    for W, b, name in zip(weights, biases, (*activations, "identity"), strict=True):
        found.append(a @ W + b)
        a = ACTIVATIONS[name].value(found[-1])
    return found


class TestNguyenWidrow:
    @pytest.mark.parametrize(
        ("activation", "half", "middle"),
        [("tanh", 2, 0), ("logistic", 4, 0), ("tanh_opt", 3, 0)],
    )
    def test_lengths_are_those_of_the_rule(self, activation, half, middle):
        (W, _), (b, _) = start("nguyen_widrow", (3, 8, 2), (activation,))
        # In terms of inputs between -1 and 1.
        low, high = X.min(axis=0), X.max(axis=0)
        scaled = W * (high - low)[:, None] / 2
        shift = b + (low + high) / 2 @ W
        length = half * 0.7 * 8 ** (1 / 3)
        np.testing.assert_allclose(np.linalg.norm(scaled, axis=0), length)
        np.testing.assert_allclose(
            np.sort(abs(shift)), np.sort(abs(np.linspace(-length, length, 8)))
        )

    def test_units_share_the_range_of_one_input(self):
        x = np.linspace(10, 30, 101)[:, None]
        (W, _), (b, _) = start("nguyen_widrow", (1, 5, 1), ("tanh",), x)
        # Where each unit is at its steepest: evenly over the range.
        np.testing.assert_allclose(np.sort(-b / W[0]), [10, 15, 20, 25, 30])

    def test_the_unit_of_the_inputs_does_not_matter(self):
        scale, shift = np.array([1e3, 1e-3, 7.0]), np.array([1.0, -5.0, 0.0])
        one = start("nguyen_widrow", (3, 6, 4, 1), ("tanh", "logistic"))
        two = start(
            "nguyen_widrow", (3, 6, 4, 1), ("tanh", "logistic"), X * scale + shift
        )
        for z, other in zip(
            pre_activations(*one, ("tanh", "logistic")),
            pre_activations(*two, ("tanh", "logistic"), X * scale + shift),
            strict=True,
        ):
            np.testing.assert_allclose(z, other, rtol=1e-7, atol=1e-9)

    def test_a_constant_column_has_no_weight(self):
        with_constant = np.hstack([X, np.full((200, 1), 3.0)])
        (W, _), (b, _) = start("nguyen_widrow", (4, 5, 1), ("tanh",), with_constant)
        assert not W[3].any()
        assert np.isfinite(b).all()

    def test_one_unit(self):
        (W, _), (b, _) = start("nguyen_widrow", (3, 1, 1), ("tanh",))
        middle = (X.min(axis=0) + X.max(axis=0)) / 2
        np.testing.assert_allclose(b, -middle @ W)

    def test_what_has_no_range_is_refused(self):
        with pytest.raises(ValueError, match=r"'nguyen_widrow'.*'tanh'.*Got .*'relu'"):
            start("nguyen_widrow", (3, 5, 1), ("relu",))


class TestUnitVariance:
    @pytest.mark.parametrize("activation", ["tanh", "relu", "selu", "gelu"])
    def test_of_every_layer(self, activation):
        names = (activation,) * 3
        weights, biases = start("lsuv", (3, 20, 10, 30, 2), names)
        for z in pre_activations(weights, biases, names):
            assert np.mean(z**2) == pytest.approx(1)
        assert not any(b.any() for b in biases)

    def test_weights_are_orthogonal(self):
        weights, _ = start("lsuv", (3, 20, 10, 2), ("tanh", "tanh"))
        for W in weights:
            small = W @ W.T if len(W) < W.shape[1] else W.T @ W
            np.testing.assert_allclose(
                small, small[0, 0] * np.eye(len(small)), atol=1e-9
            )

    def test_rows_that_are_all_alike(self):
        weights, _ = start("lsuv", (3, 4, 1), ("tanh",), np.zeros((5, 3)))
        np.testing.assert_allclose(weights[0] @ weights[0].T, np.eye(3), atol=1e-12)


@pytest.mark.parametrize("name", DATA_INITIALIZERS)
class TestBoth:
    def test_sparse_rows_are_dense_ones(self, name):
        thin = np.where(rng.uniform(size=X.shape) < 0.5, X, 0)
        one = start(name, (3, 6, 2), ("tanh",), thin)
        two = start(name, (3, 6, 2), ("tanh",), sparse.csr_array(thin))
        for a, b in zip(one[0] + one[1], two[0] + two[1], strict=True):
            np.testing.assert_allclose(a, b)

    def test_same_seed_same_weights(self, name):
        made = [start(name, (3, 6, 2), ("tanh",), seed=seed) for seed in (3, 3, 4)]
        first, again, other = made
        np.testing.assert_array_equal(first[0][0], again[0][0])
        assert not np.isclose(first[0][0], other[0][0]).all()

    def test_float32_starts_from_its_float64_twin_rounded(self, name):
        exact, _ = start(name, (3, 1), ())
        rounded, _ = start(name, (3, 1), (), dtype=np.float32)
        np.testing.assert_array_equal(rounded[0], exact[0].astype(np.float32))
