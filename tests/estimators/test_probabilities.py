"""Raw outputs to probabilities: right, strictly inside, and finite as logarithms."""

import numpy as np
import pytest
from scipy.special import expit, log_expit, log_softmax, logsumexp, softmax

from skann._estimators.probabilities import log_probabilities, probabilities

# Kind: number of outputs, and the logarithms of the probabilities by SciPy.
KINDS = {
    "two classes": (1, lambda z: log_expit(np.hstack([-z, z]))),
    "labels": (3, log_expit),
    "softmax": (4, lambda z: log_softmax(z, axis=1)),
    "logistic": (
        4,
        lambda z: log_expit(z) - logsumexp(log_expit(z), axis=1, keepdims=True),
    ),
}

over_kinds = pytest.mark.parametrize("kind", KINDS)
over_dtypes = pytest.mark.parametrize("dtype", [np.float32, np.float64])


def draw(kind, scale=3.0, n_rows=500):
    return np.random.default_rng(0).normal(0, scale, (n_rows, KINDS[kind][0]))


def extreme(kind, dtype):
    values = np.array([-1e4, -800.0, -90.0, 0.0, 40.0, 800.0, 1e4])
    grid = np.meshgrid(*[values] * KINDS[kind][0])
    return np.stack([axis.ravel() for axis in grid], axis=1).astype(dtype)


@over_kinds
@over_dtypes
def test_are_the_formula_s(kind, dtype):
    z = draw(kind).astype(dtype)
    expected = KINDS[kind][1](z.astype(float))
    tolerance = 20 * np.finfo(dtype).eps
    p, log_p = probabilities(z, kind), log_probabilities(z, kind)
    assert p.dtype == log_p.dtype == dtype
    np.testing.assert_allclose(p, np.exp(expected), rtol=tolerance)
    np.testing.assert_allclose(log_p, expected, rtol=tolerance, atol=tolerance)


def test_small_cases_by_hand():
    z = np.array([[0.3, -1.2]])
    a = expit(z)
    np.testing.assert_allclose(probabilities(z, "logistic"), a / a.sum(), rtol=1e-14)
    np.testing.assert_allclose(
        probabilities(z, "softmax"), softmax(z, axis=1), rtol=1e-14
    )
    np.testing.assert_allclose(probabilities(z, "labels"), a, rtol=1e-14)
    np.testing.assert_allclose(
        probabilities(z[:, :1], "two classes"), [[1 - a[0, 0], a[0, 0]]], rtol=1e-14
    )


@over_kinds
@over_dtypes
class TestExtremes:
    def test_strictly_inside(self, kind, dtype):
        p = probabilities(extreme(kind, dtype), kind)
        assert ((p > 0) & (p < 1)).all()

    def test_rows_sum_to_one(self, kind, dtype):
        p = probabilities(extreme(kind, dtype), kind)
        if kind != "labels":
            tolerance = 4 * np.finfo(dtype).eps
            np.testing.assert_allclose(p.sum(axis=1), 1, rtol=tolerance)

    def test_logarithms_are_finite_and_agree(self, kind, dtype):
        z = extreme(kind, dtype)
        log_p = log_probabilities(z, kind)
        assert np.isfinite(log_p).all()
        assert (log_p <= 0).all()
        limits = np.finfo(dtype)
        np.testing.assert_allclose(
            np.log(probabilities(z, kind)), log_p, rtol=8 * limits.eps, atol=limits.eps
        )

    def test_the_largest_output_is_the_most_probable(self, kind, dtype):
        z = extreme(kind, dtype)
        p = probabilities(z, kind)
        if kind == "two classes":
            np.testing.assert_array_equal(p[:, 1] > 0.5, z[:, 0] > 0)
        elif kind == "labels":
            np.testing.assert_array_equal(p > 0.5, z > 0)
        else:
            # Outputs that have both rounded to the end of the scale may be level.
            np.testing.assert_array_equal(
                p[np.arange(len(p)), z.argmax(axis=1)], p.max(axis=1)
            )


@over_kinds
def test_raw_outputs_are_left_alone(kind):
    z = draw(kind)
    before = z.copy()
    probabilities(z, kind)
    log_probabilities(z, kind)
    np.testing.assert_array_equal(z, before)


@pytest.mark.parametrize("kind", ["softmax", "logistic"])
@over_dtypes
def test_a_single_class_is_certain(kind, dtype):
    z = np.array([[-1e4], [-3.0], [0.0], [1e4]], dtype)
    p = probabilities(z, kind)
    assert p.dtype == dtype
    np.testing.assert_array_equal(p, 1)
    np.testing.assert_array_equal(log_probabilities(z, kind), 0)


def test_every_sigmoid_next_to_zero_still_makes_a_distribution():
    z = np.array([[-1000.0, -1001.0, -1002.0]])
    np.testing.assert_allclose(
        probabilities(z, "logistic"), softmax(z, axis=1), rtol=1e-12
    )


@over_kinds
def test_memory_is_in_rows(kind):
    # scikit-learn's metrics read rows.
    assert probabilities(draw(kind), kind).flags.c_contiguous
