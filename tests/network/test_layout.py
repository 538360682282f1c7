"""Where parameters lie: views that share memory, cover everything, and check input."""

from itertools import pairwise

import numpy as np
import pytest

from skann._network.layout import Layout

SIZES = [(3, 2), (4, 5, 1), (1, 1, 1, 1), (6, 3, 7, 2)]

over_sizes = pytest.mark.parametrize("sizes", SIZES, ids=str)


@over_sizes
def test_views_have_the_layers_shapes(sizes):
    layout = Layout(sizes)
    vector = np.zeros(layout.n_parameters)
    pairs = list(pairwise(sizes))
    assert layout.shapes == pairs
    assert [W.shape for W in layout.weights(vector)] == pairs
    assert [b.shape for b in layout.biases(vector)] == [(n,) for n in sizes[1:]]
    assert layout.n_parameters == sum(n * m + m for n, m in pairs)


@over_sizes
def test_views_cover_every_parameter_exactly_once(sizes):
    layout = Layout(sizes)
    vector = np.zeros(layout.n_parameters)
    for view in (*layout.weights(vector), *layout.biases(vector)):
        view += 1
    assert (vector == 1).all()


@over_sizes
def test_layers_follow_one_another_weights_before_biases(sizes):
    layout = Layout(sizes)
    vector = np.arange(layout.n_parameters)
    parts = [
        part.ravel()
        for pair in zip(layout.weights(vector), layout.biases(vector), strict=True)
        for part in pair
    ]
    np.testing.assert_array_equal(np.concatenate(parts), vector)


@over_sizes
def test_weight_slices_are_the_weights_and_no_bias(sizes):
    layout = Layout(sizes)
    vector = np.zeros(layout.n_parameters)
    for where in layout.weight_slices:
        vector[where] += 1
    assert all((W == 1).all() for W in layout.weights(vector))
    assert not any(b.any() for b in layout.biases(vector))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_writing_to_a_view_writes_to_the_vector(dtype):
    layout = Layout((2, 3, 1))
    vector = np.zeros(layout.n_parameters, dtype)
    views = layout.weights(vector) + layout.biases(vector)
    assert all(np.shares_memory(view, vector) for view in views)
    assert all(view.dtype == dtype and view.flags.c_contiguous for view in views)
    layout.biases(vector)[0][1] = 7
    assert layout.biases(vector)[0][1] == 7
    assert vector.sum() == 7


def test_sizes_become_ints():
    layout = Layout(np.array([2, 3, 1]))
    assert layout.layer_sizes == (2, 3, 1)
    assert all(type(size) is int for size in layout.layer_sizes)


class TestFill:
    layout = Layout((2, 3, 1))
    weights = (np.arange(6.0).reshape(2, 3), np.array([[6.0], [7.0], [8.0]]))
    biases = (np.array([-1.0, -2.0, -3.0]), np.array([-4.0]))

    def test_copies_what_is_given(self):
        vector = np.zeros(self.layout.n_parameters)
        self.layout.fill(vector, self.weights, self.biases)
        for view, given in zip(self.layout.weights(vector), self.weights, strict=True):
            np.testing.assert_array_equal(view, given)
            assert not np.shares_memory(view, given)
        for view, given in zip(self.layout.biases(vector), self.biases, strict=True):
            np.testing.assert_array_equal(view, given)

    def test_none_leaves_what_is_there(self):
        vector = np.full(self.layout.n_parameters, 5.0)
        self.layout.fill(vector, biases=self.biases)
        assert all((W == 5).all() for W in self.layout.weights(vector))
        np.testing.assert_array_equal(self.layout.biases(vector)[0], self.biases[0])
        before = vector.copy()
        self.layout.fill(vector)
        np.testing.assert_array_equal(vector, before)

    def test_takes_lists_and_rounds_to_the_vector_s_dtype(self):
        vector = np.zeros(self.layout.n_parameters, np.float32)
        nested = [(0.1 + W).tolist() for W in self.weights]
        self.layout.fill(vector, nested)
        np.testing.assert_array_equal(
            self.layout.weights(vector)[0], (0.1 + self.weights[0]).astype(np.float32)
        )

    @pytest.mark.parametrize("name", ["coef_init", "intercept_init"])
    @pytest.mark.parametrize(
        ("spoil", "message"),
        [
            (lambda arrays: arrays[:1], "must be a list of 2 arrays of shapes"),
            (
                lambda arrays: (*arrays, arrays[0]),
                "must be a list of 2 arrays of shapes",
            ),
            (lambda arrays: arrays[::-1], "must be a list of 2 arrays of shapes"),
            (
                lambda arrays: (arrays[0].T.copy()[:2], arrays[1]),
                "must be a list of 2 arrays of shapes",
            ),
            (lambda arrays: (arrays[0], arrays[1] * np.nan), "contains NaN or inf"),
            (lambda arrays: (arrays[0], arrays[1] / 0.0), "contains NaN or inf"),
            (lambda arrays: ("abc", arrays[1]), "must be a list of 2 arrays of shapes"),
            (lambda arrays: 3, "must be a list of 2 arrays of shapes"),
        ],
        ids=[
            "too few",
            "too many",
            "order",
            "shape",
            "NaN",
            "infinity",
            "text",
            "number",
        ],
    )
    def test_bad_input_is_named_and_shown(self, name, spoil, message):
        good = self.weights if name == "coef_init" else self.biases
        with np.errstate(divide="ignore"):
            given = spoil(good)
        vector = np.ones(self.layout.n_parameters)
        keyword = "weights" if name == "coef_init" else "biases"
        with pytest.raises(ValueError, match=f"^{name} {message}"):
            self.layout.fill(vector, **{keyword: given})
        assert (vector == 1).all()

    def test_the_message_says_what_was_given_and_what_is_wanted(self):
        vector = np.ones(self.layout.n_parameters)
        with pytest.raises(ValueError, match=r"\(2, 3\), \(3, 1\).*got \[\(3, 2\)\]"):
            self.layout.fill(vector, [np.ones((3, 2))])

    def test_its_own_layers_in_another_order(self):
        layout = Layout((2, 2, 2))
        vector = np.arange(12.0)
        first, second = (W.copy() for W in layout.weights(vector))
        layout.fill(vector, layout.weights(vector)[::-1])
        np.testing.assert_array_equal(layout.weights(vector), [second, first])

    @pytest.mark.parametrize(
        ("value", "message"), [(1e39, "beyond 3.4.*float32"), (1 + 2j, "complex")]
    )
    def test_what_the_dtype_can_t_hold_is_an_error(self, value, message):
        vector = np.ones(self.layout.n_parameters, np.float32)
        with pytest.raises(ValueError, match=message):
            self.layout.fill(vector, [value * W for W in self.weights])
        assert (vector == 1).all()
