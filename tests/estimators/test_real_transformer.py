"""Real targets: shift, scale, shapes, gaps, and the score."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.metrics import r2_score

from skann._estimators.real_transformer import RealTransformer
from skann._training.data import Data

rng = np.random.default_rng(0)
Y = rng.normal(size=(20, 3)) * [1, 100, 1e-3] + [0, 7, -5]
WEIGHT = np.where(np.arange(20) % 5 == 0, 0, rng.uniform(0.5, 2, 20))
each_weight = pytest.mark.parametrize("weight", [None, WEIGHT], ids=["none", "some"])


def data(transformer, y, weight):
    targets = transformer.transform(y, "squared_error", np.float64)
    return Data(np.zeros((len(y), 1)), y, targets, weight)


@each_weight
class TestScaling:
    def test_mean_zero_and_variance_one(self, weight):
        transformer = RealTransformer(Y, weight, normalize=True)
        targets = transformer.transform(Y, "squared_error", np.float64)
        assert targets.y.shape == (3, 20)
        assert targets.y.flags.c_contiguous
        assert_allclose(np.average(targets.y, axis=1, weights=weight), 0, atol=1e-9)
        squares = np.average(targets.y**2, axis=1, weights=weight)
        assert_allclose(squares, 1, rtol=1e-9)

    def test_gaps_do_not_count(self, weight):
        gaps = np.where(rng.uniform(size=Y.shape) < 0.3, np.nan, Y)
        transformer = RealTransformer(gaps, weight, normalize=True)
        for k in range(3):
            seen = ~np.isnan(gaps[:, k])
            own = None if weight is None else weight[seen]
            alone = RealTransformer(gaps[seen, k], own, normalize=True)
            assert_allclose(transformer.mean[k], alone.mean[0])
            assert_allclose(transformer.scale[k], alone.scale[0])
        encoded = transformer.transform(gaps, "masked_squared_error", np.float64).y
        assert_array_equal(np.isnan(encoded), np.isnan(gaps.T))

    def test_off(self, weight):
        transformer = RealTransformer(Y, weight, normalize=False)
        assert_array_equal(transformer.transform(Y, "squared_error", np.float64).y, Y.T)

    @pytest.mark.parametrize("normalize", [False, True])
    def test_decoding_takes_it_back(self, weight, normalize):
        for y in (Y, Y[:, 0], Y[:, :1]):
            transformer = RealTransformer(y, weight, normalize=normalize)
            encoded = transformer.transform(y, "squared_error", np.float64)
            decoded = transformer.inverse_transform(encoded.y.T)
            assert decoded.shape == y.shape
            assert_allclose(decoded, y, rtol=1e-12)


@pytest.mark.parametrize("value", [0.0, 0.1, -3e7, np.nan])
def test_columns_without_a_spread_keep_their_unit(value):
    transformer = RealTransformer(np.full((20, 1), value), None, normalize=True)
    assert_array_equal(transformer.scale, [1])
    assert_allclose(transformer.mean, [0 if np.isnan(value) else value])


def test_a_small_spread_far_from_zero_is_a_spread():
    y = 1e6 + 1e-3 * np.arange(20.0)
    transformer = RealTransformer(y, None, normalize=True)
    assert transformer.scale == pytest.approx(y.std(), rel=1e-3)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_dtype_is_kept(dtype):
    transformer = RealTransformer(Y, None, normalize=True)
    encoded = transformer.transform(Y, "squared_error", dtype).y
    assert encoded.dtype == transformer.inverse_transform(encoded.T).dtype == dtype


def test_number_of_outputs_must_stay():
    transformer = RealTransformer(Y, None, normalize=True)
    with pytest.raises(ValueError, match=r"y has 2 outputs; .* trained on 3"):
        transformer.transform(Y[:, :2], "squared_error", np.float64)


class TestScore:
    @each_weight
    @pytest.mark.parametrize("y", [Y, Y[:, 0]], ids=["three", "one"])
    def test_is_r2(self, y, weight):
        transformer = RealTransformer(y, None, normalize=True)
        raw = transformer.transform(y, "squared_error", np.float64).y.T
        raw = raw + 0.3 * rng.normal(size=raw.shape)
        found = transformer.score(raw, data(transformer, y, weight))
        expected = r2_score(y, transformer.inverse_transform(raw), sample_weight=weight)
        assert found == pytest.approx(expected, rel=1e-12)
        rows = np.array([1, 4, 5, 9])
        own = None if weight is None else weight[rows]
        expected = r2_score(
            y[rows], transformer.inverse_transform(raw[rows]), sample_weight=own
        )
        found = transformer.score(raw[rows], data(transformer, y, weight).using(rows))
        assert found == pytest.approx(expected, rel=1e-12)

    @pytest.mark.parametrize(("error", "score"), [(0.0, 1.0), (0.1, 0.0)])
    def test_of_a_constant(self, error, score):
        y = np.ones(5)
        transformer = RealTransformer(y, None, normalize=True)
        raw = np.full((5, 1), error)
        assert transformer.score(raw, data(transformer, y, None)) == score
        assert r2_score(y, transformer.inverse_transform(raw)) == score

    def test_of_one_row_is_not_defined(self):
        transformer = RealTransformer(Y, None, normalize=True)
        one = data(transformer, Y, None).using(np.array([3]))
        assert np.isnan(transformer.score(np.zeros((1, 3)), one))
        lonely = np.where(np.arange(20) == 3, 1.0, 0.0)
        assert np.isnan(
            transformer.score(np.zeros((20, 3)), data(transformer, Y, lonely))
        )

    def test_gaps_do_not_count(self):
        gaps = np.where(rng.uniform(size=Y.shape) < 0.3, np.nan, Y)
        transformer = RealTransformer(gaps, None, normalize=True)
        raw = rng.normal(size=(20, 3))
        found = transformer.inverse_transform(raw)
        expected = [
            r2_score(gaps[seen, k], found[seen, k])
            for k, seen in enumerate(~np.isnan(gaps.T))
        ]
        score = transformer.score(raw, data(transformer, gaps, None))
        assert score == pytest.approx(np.mean(expected), rel=1e-12)
