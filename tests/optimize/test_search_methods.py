"""Conjugate gradients, the secant, scaled and adaptive steps: each by its equations."""

from itertools import pairwise

import numpy as np
import pytest
from _runs import PlainRun, Point, bowl, rosenbrock

from skann._optimize.conjugate_gradients import (
    FletcherReeves,
    PolakRibiere,
    PowellBeale,
)
from skann._optimize.line_search import wolfe_point
from skann._optimize.one_step_secant import Secant
from skann.solvers import CG, GDX, OSS, SCG

START = np.array([-1.2, 1.0, 0.5, -0.3, 0.8])
UPDATES = ["polak_ribiere", "fletcher_reeves", "powell_beale"]
SEARCHING = [*(CG(update=update) for update in UPDATES), OSS(), SCG()]


def gradients(n_steps, n=6, seed=0):
    """Vectors that could be gradients of a few steps, each partly along the last."""
    rng = np.random.default_rng(seed)
    found = [rng.normal(size=n)]
    for _ in range(n_steps):
        found.append(0.1 * found[-1] + rng.normal(size=n))
    return found


class TestDirections:
    def test_polak_ribiere(self):
        first, *others = gradients(8)
        rule, before = PolakRibiere(), first
        d = rule.restart(first)
        np.testing.assert_array_equal(d, -first)
        for g in others:
            beta = max(0, g @ (g - before) / np.linalg.norm(before) ** 2)
            d = -g + beta * d
            np.testing.assert_allclose(rule.direction(g), d, rtol=1e-12)
            before = g

    def test_fletcher_reeves_begins_anew_after_n_steps(self):
        first, *others = gradients(9)
        rule, before = FletcherReeves(), first
        d = rule.restart(first)
        for k, g in enumerate(others, start=1):
            beta = np.linalg.norm(g) ** 2 / np.linalg.norm(before) ** 2
            d = -g if k == 6 else -g + beta * d
            np.testing.assert_allclose(rule.direction(g), d, rtol=1e-12)
            before = g

    def test_powell_beale(self):
        # Gradients at right angles: no restart, until n steps are over.
        n, steps = 6, gradients(6)
        steps = list(np.linalg.qr(np.array(steps[:n]).T)[0].T)
        rule = PowellBeale()
        d = rule.restart(steps[0])
        from_, change, taken = None, None, 0
        for before, g in pairwise(steps):
            y = g - before
            far = not 0.8 <= -(d @ before) <= 1.2
            if from_ is None or (far and taken > 1):
                from_, change, taken = d, y, 0
            new = -g + (g @ y) / (d @ y) * d
            if taken:
                new += (g @ change) / (from_ @ change) * from_
            taken += 1
            found = rule.direction(g)
            np.testing.assert_allclose(found, new, rtol=1e-9)
            d = new
        assert taken > 1  # the third term has been seen

    def test_powell_beale_restarts_where_gradients_are_not_orthogonal(self):
        rule = PowellBeale()
        a, b, c = np.eye(3)
        d = rule.restart(a)
        d = rule.direction(b)
        # Half of the next gradient lies along the last one: no third term then.
        g = c + 0.5 * b
        y = g - b
        np.testing.assert_allclose(rule.direction(g), -g + (g @ y) / (d @ y) * d)

    def test_secant_is_bfgs_from_the_identity(self):
        run = PlainRun(rosenbrock, START, 5)
        rule = Secant(run)
        before = run.accepted
        np.testing.assert_array_equal(rule.restart(before.gradient), -before.gradient)
        x = START - 1e-3 * before.gradient
        run.accepted = Point(x, *rosenbrock(x))
        g, s = run.accepted.gradient, x - START
        y = g - before.gradient
        rho = 1 / (s @ y)
        left = np.eye(5) - rho * np.outer(s, y)
        inverse = left @ left.T + rho * np.outer(s, s)
        np.testing.assert_allclose(rule.direction(g), -inverse @ g, rtol=1e-10)


@pytest.mark.parametrize("first", [1e-6, 0.1, 1.0, 1e3])
@pytest.mark.parametrize("function", [rosenbrock, bowl])
def test_the_search_ends_where_wolfe_s_conditions_hold(function, first):
    run = PlainRun(function, START, 1)
    at = run.accepted
    d = -at.gradient / np.linalg.norm(at.gradient)
    x = wolfe_point(run, d, first)
    length, slope = d @ (x - at.x), at.gradient @ d
    value, gradient = function(x)
    np.testing.assert_allclose(x, at.x + length * d)
    assert value <= at.value + 1e-4 * length * slope
    assert abs(gradient @ d) <= 0.4 * abs(slope)
    assert run.n_evaluations < 30


def test_the_search_steps_back_from_infinity():
    def walled(x):
        if abs(x).max() > 3:
            return np.inf, np.full_like(x, np.nan)
        return bowl(x)

    run = PlainRun(walled, START, 1)
    x = wolfe_point(run, -run.accepted.gradient, 10.0)
    assert bowl(x)[0] < bowl(START)[0]


@pytest.mark.parametrize("solver", SEARCHING, ids=repr)
@pytest.mark.parametrize("function", [rosenbrock, bowl])
def test_finds_the_minimum(function, solver):
    # In more dimensions Rosenbrock's valley has another minimum.
    iterates = PlainRun(function, START[:2], 500).by(solver)
    values = [function(x)[0] for x in iterates]
    assert values == sorted(values, reverse=True)
    np.testing.assert_allclose(iterates[-1], 1, atol=1e-5)


def moller(function, w, n_successes, sigma, lam):
    """The algorithm of Møller's paper, step by step, with its names."""
    iterates, bar = [], 0.0
    p = r = -function(w)[1]
    success, k, N = True, 1, len(w)
    while len(iterates) < n_successes:
        square = p @ p
        if success:
            sigma_k = sigma / np.sqrt(square)
            s = (function(w + sigma_k * p)[1] - function(w)[1]) / sigma_k
            delta = p @ s
        # δ of the last try holds λ already: only what was added since counts.
        delta = delta + (lam - bar) * square
        if delta <= 0:
            bar = 2 * (lam - delta / square)
            delta = -delta + lam * square
            lam = bar
        mu = p @ r
        alpha = mu / delta
        comparison = 2 * delta * (function(w)[0] - function(w + alpha * p)[0]) / mu**2
        if comparison >= 0:
            w = w + alpha * p
            new = -function(w)[1]
            bar, success = 0.0, True
            p = new if k % N == 0 else new + (new @ new - new @ r) / mu * p
            r, k = new, k + 1
            iterates.append(w)
            if comparison >= 0.75:
                lam /= 4
        else:
            bar, success = lam, False
        if comparison < 0.25:
            lam += delta * (1 - comparison) / square
    return np.array(iterates)


@pytest.mark.parametrize("function", [rosenbrock, bowl])
def test_scg_is_moller_s_algorithm(function):
    found = PlainRun(function, START, 12).by(SCG())
    expected = moller(function, START, 12, 5e-5, 5e-7)
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-7)
    other = PlainRun(function, START, 12).by(SCG(sigma=1e-4, damping=0.5))
    expected = moller(function, START, 12, 1e-4, 0.5)
    np.testing.assert_allclose(other, expected, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("momentum", [0.0, 0.9])
def test_gdx_is_matlab_s_rule(momentum):
    settings = {"momentum": momentum, "increase": 1.2, "decrease": 0.6}
    run = PlainRun(rosenbrock, START, 60)
    solver = GDX(learning_rate_init=1e-3, max_growth=1.01, **settings)
    found = run.by(solver)
    x, v, rate, n_refused = START, np.zeros(5), 1e-3, 0
    for k in range(60):
        value, g = rosenbrock(x)
        v = momentum * v - (1 - momentum) * rate * g
        assert run.columns[k] == {"rate": pytest.approx(rate)}
        new = rosenbrock(x + v)[0]
        if new / value > 1.01:
            rate *= 0.6
            v = -rate * g
            n_refused += 1
        else:
            x = x + v
            if new < value:
                rate *= 1.2
        np.testing.assert_allclose(found[k], x, rtol=1e-9)
    assert 0 < n_refused < 60


def test_gdx_ends_where_no_rate_is_small_enough():
    # Its gradient points the wrong way: every step goes up.
    run = PlainRun(lambda x: (5 - x.sum(), np.ones(2)), np.ones(2), 10_000)
    assert "no step" in GDX(max_growth=1.0).minimize(run, 10_000, 0.0)
    assert 50 < len(run.iterates) < 10_000
    np.testing.assert_allclose(run.iterates[-1], 1)
