"""Intervals from the Gauss-Newton matrix: linear regression's, and coverage."""

import numpy as np
import pytest
from scipy import stats

from skann import BPRegressor, prediction_intervals

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

rng = np.random.default_rng(0)
X = rng.normal(size=(40, 3))
Y = X @ [1.0, -2.0, 0.5] + 3 + rng.normal(size=40)
NEW = rng.normal(size=(7, 3))


def linear(y=Y, **parameters):
    settings = {"solver": "lbfgs", "tol": 1e-9, "max_iter": 1000, "random_state": 0}
    return BPRegressor((), **(settings | parameters)).fit(X, y)


def textbook(y, rows, coverage, with_noise):
    ones, new = (np.hstack([a, np.ones((len(a), 1))]) for a in (X, rows))
    coef, *_ = np.linalg.lstsq(ones, y)
    freedom = len(y) - 4
    variance = ((ones @ coef - y) ** 2).sum() / freedom
    spread = np.einsum("ij,jk,ik->i", new, np.linalg.inv(ones.T @ ones), new)
    width = stats.t.ppf((1 + coverage) / 2, freedom)
    width = width * np.sqrt(variance * (spread + with_noise))
    return np.stack([new @ coef - width, new @ coef + width], axis=1)


@pytest.mark.parametrize("coverage", [0.5, 0.95])
@pytest.mark.parametrize("of", ["target", "mean"])
@pytest.mark.parametrize("normalize_y", [False, True])
def test_without_hidden_layers_they_are_linear_regression_s(normalize_y, of, coverage):
    model = linear(normalize_y=normalize_y)
    found = prediction_intervals(model, X, Y, NEW, coverage=coverage, of=of)
    expected = textbook(Y, NEW, coverage, of == "target")
    np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_several_outputs_each_have_their_own_noise():
    two = np.stack([Y, 10 * Y[::-1]], axis=1)
    found = prediction_intervals(linear(two), X, two, NEW)
    assert found.shape == (7, 2, 2)
    # Degrees of freedom are shared, which changes t and nothing else.
    middle = found.mean(axis=2)
    ratio = stats.t.ppf(0.975, 72) / stats.t.ppf(0.975, 36)
    for k in range(2):
        alone = textbook(two[:, k], NEW, 0.95, True)
        np.testing.assert_allclose(middle[:, k], alone.mean(axis=1), rtol=1e-5)
        np.testing.assert_allclose(
            np.diff(found[:, k])[:, 0], ratio * np.diff(alone)[:, 0], rtol=1e-5
        )


def test_a_penalty_makes_the_mean_surer():
    free = prediction_intervals(linear(alpha=0.0), X, Y, NEW, of="mean")
    held = prediction_intervals(linear(alpha=1e-2), X, Y, NEW, of="mean")
    assert (np.diff(held) < np.diff(free)).all()


def test_a_weight_of_zero_is_no_row():
    weight = np.r_[np.ones(30), np.zeros(10)]
    settings = {"solver": "lbfgs", "tol": 1e-9, "random_state": 0}
    weighted = BPRegressor((), **settings).fit(X, Y, weight)
    fewer = BPRegressor((), **settings).fit(X[:30], Y[:30])
    np.testing.assert_allclose(
        prediction_intervals(weighted, X, Y, NEW, sample_weight=weight),
        prediction_intervals(fewer, X[:30], Y[:30], NEW),
        rtol=1e-5,
    )


def test_coverage_of_a_network():
    grid = np.linspace(-0.9, 0.9, 50)[:, None]
    truth, inside = np.sin(3 * grid[:, 0]), {"mean": [], "target": []}
    for seed in range(20):
        draw = np.random.default_rng(seed)
        rows = draw.uniform(-1, 1, (150, 1))
        y = np.sin(3 * rows[:, 0]) + 0.2 * draw.normal(size=150)
        model = BPRegressor((6,), "tanh", solver="br", random_state=seed, max_iter=100)
        model.fit(rows, y)
        for of, noise in (("mean", 0.0), ("target", 0.2)):
            low, high = prediction_intervals(
                model, rows, y, grid, coverage=0.9, of=of
            ).T
            seen = truth + noise * draw.normal(size=50)
            inside[of].append(np.mean((low <= seen) & (seen <= high)))
    assert 0.87 < np.mean(inside["target"]) < 0.93
    assert 0.8 < np.mean(inside["mean"]) < 0.97


def test_what_can_not_be_is_refused():
    with pytest.raises(ValueError, match="loss='huber'"):
        prediction_intervals(linear(loss="huber"), X, Y, NEW)
    with pytest.raises(
        ValueError, match="n_parameters=4 is more than max_parameters=3"
    ):
        prediction_intervals(linear(), X, Y, NEW, max_parameters=3)
    with pytest.raises(ValueError, match="'coverage' parameter"):
        prediction_intervals(linear(), X, Y, NEW, coverage=95)
    small = BPRegressor((), solver="lbfgs").fit(X[:4], Y[:4])
    with pytest.raises(ValueError, match="nothing is left to estimate the noise"):
        prediction_intervals(small, X[:4], Y[:4], NEW)
    with pytest.raises(ValueError, match="4 features"):
        prediction_intervals(linear(), X, Y, np.ones((2, 4)))


def test_float32():
    model = BPRegressor((), solver="lbfgs", tol=1e-9).fit(X.astype(np.float32), Y)
    found = prediction_intervals(model, X.astype(np.float32), Y, NEW.astype(np.float32))
    np.testing.assert_allclose(found, textbook(Y, NEW, 0.95, True), rtol=1e-3)
