"""The encoder of numbers by bins."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline

from skann.preprocessing import PiecewiseLinearEncoder


@pytest.fixture
def X():
    return np.random.default_rng(0).normal(size=(500, 2))


def test_bins_are_ramps_between_quantiles(X):
    encoder = PiecewiseLinearEncoder(4, keep_values=False).fit(X)
    out = encoder.transform(X)
    assert out.shape == (500, 8)
    for j, edges in enumerate(encoder.bin_edges_):
        assert len(edges) == 5
        assert np.isin(edges, X[:, j]).all()
        counts = np.histogram(X[:, j], edges)[0]
        assert np.abs(counts - 125).max() <= 1
        for t in range(4):
            share = (X[:, j] - edges[t]) / (edges[t + 1] - edges[t])
            expected = np.clip(share, 0, 1) - 0.5
            np.testing.assert_allclose(out[:, 4 * j + t], expected, atol=1e-12)


def test_a_linear_function_of_them_has_its_corners_at_the_edges():
    x = np.linspace(-1, 1, 401)[:, None]
    model = make_pipeline(PiecewiseLinearEncoder(2), LinearRegression())
    assert model.fit(x, np.abs(x[:, 0])).score(x, np.abs(x[:, 0])) > 1 - 1e-12


def test_outside_of_the_edges_only_the_values_grow(X):
    encoder = PiecewiseLinearEncoder(4).fit(X)
    far, farther = encoder.transform([[10.0, -10.0], [20.0, -20.0]])
    assert far[:2].tolist() == [10, -10]
    assert farther[:2].tolist() == [20, -20]
    assert far[2:].tolist() == farther[2:].tolist() == [0.5] * 4 + [-0.5] * 4


def test_quantiles_that_are_alike_are_one_edge():
    X = np.array([[0.0, 7.0]] * 90 + [[1.0, 7.0], [2.0, 7.0]] * 5)
    encoder = PiecewiseLinearEncoder(20).fit(X)
    assert [len(edges) for edges in encoder.bin_edges_] == [3, 1]
    assert encoder.transform(X).shape == (100, 4)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_dtype_is_kept(X, dtype):
    encoder = PiecewiseLinearEncoder(4).fit(X.astype(dtype))
    assert encoder.transform(X.astype(dtype)).dtype == dtype


def test_integers_become_float64():
    assert PiecewiseLinearEncoder(2).fit_transform([[1], [2]]).dtype == np.float64


def test_the_largest_numbers_do_not_overflow():
    X = np.array([[-1e308], [0.0], [1e308]])
    out = PiecewiseLinearEncoder(2, keep_values=False).fit_transform(X)
    np.testing.assert_allclose(out, [[-0.5, -0.5], [0.5, -0.5], [0.5, 0.5]])


def test_edges_that_float32_can_t_tell_apart_are_steps():
    X = np.array([[1.0], [1 + 1e-12], [2.0]])
    encoder = PiecewiseLinearEncoder(2, keep_values=False).fit(X)
    out = encoder.transform(np.array([[0.9], [1.0], [1.1], [2.0]], dtype=np.float32))
    np.testing.assert_allclose(
        out, [[-0.5, -0.5], [-0.5, -0.5], [0.5, -0.4], [0.5, 0.5]], atol=1e-6
    )


def test_fit_takes_edges_of_a_random_sample():
    X = np.zeros((400_000, 1))
    X[1::2, 0] = np.arange(200_000)
    assert len(PiecewiseLinearEncoder(4).fit(X).bin_edges_[0]) > 2


def test_names_say_which_bin():
    encoder = PiecewiseLinearEncoder(2).fit([[0.0, 5.0], [1.0, 6.0], [2.0, 7.0]])
    names = ["a", "b", "a_bin0", "a_bin1", "b_bin0", "b_bin1"]
    assert encoder.get_feature_names_out(["a", "b"]).tolist() == names
    assert encoder.get_feature_names_out()[2] == "x0_bin0"


def test_frames_come_out_with_names():
    pd = pytest.importorskip("pandas")
    X = pd.DataFrame({"a": [0.0, 1.0, 2.0]})
    out = PiecewiseLinearEncoder(2).set_output(transform="pandas").fit_transform(X)
    assert list(out) == ["a", "a_bin0", "a_bin1"]


def test_gaps_are_refused():
    with pytest.raises(ValueError, match="contains NaN"):
        PiecewiseLinearEncoder().fit([[np.nan], [1.0]])


def test_a_bad_number_of_bins_is_named():
    with pytest.raises(ValueError, match="n_bins"):
        PiecewiseLinearEncoder(0).fit([[1.0]])


def test_a_clone_has_the_parameters():
    assert clone(PiecewiseLinearEncoder(3)).get_params() == {
        "n_bins": 3,
        "keep_values": True,
    }
