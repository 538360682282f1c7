"""Every optimiser against its equation, written out; and its state, come what may."""

import copy
import itertools
import pickle

import numpy as np
import pytest
from _helpers import OPTIMIZER_FORMS, make_optimizer

from skann._optimize.optimizers import OPTIMIZERS

# Longer than a block and no multiple of one, whatever power of two a block may be.
LONG = 70_001
N_STEPS = 50


# Each takes theta and (gradient, rate) pairs and returns what theta becomes.
def sgd(theta, steps, momentum=0.9, nesterovs_momentum=True):
    v = 0
    for g, rate in steps:
        v = momentum * v - rate * g
        theta = theta + (momentum * v - rate * g if nesterovs_momentum else v)
    return theta


def adam(theta, steps, beta_1=0.9, beta_2=0.999, epsilon=1e-8):
    m = v = 0
    for t, (g, rate) in enumerate(steps, start=1):
        m = beta_1 * m + (1 - beta_1) * g
        v = beta_2 * v + (1 - beta_2) * g**2
        rate_t = rate * np.sqrt(1 - beta_2**t) / (1 - beta_1**t)
        theta = theta - rate_t * m / (np.sqrt(v) + epsilon)
    return theta


def adamw(theta, steps, weight_decay=0.01, beta_1=0.9, beta_2=0.999, epsilon=1e-8):
    m = v = 0
    for t, (g, rate) in enumerate(steps, start=1):
        theta = theta - rate * weight_decay * theta
        m = beta_1 * m + (1 - beta_1) * g
        v = beta_2 * v + (1 - beta_2) * g**2
        m_hat, v_hat = m / (1 - beta_1**t), v / (1 - beta_2**t)
        theta = theta - rate * m_hat / (np.sqrt(v_hat) + epsilon)
    return theta


def amsgrad(theta, steps, beta_1=0.9, beta_2=0.999, epsilon=1e-8):
    m = v = largest = 0
    for t, (g, rate) in enumerate(steps, start=1):
        m = beta_1 * m + (1 - beta_1) * g
        v = beta_2 * v + (1 - beta_2) * g**2
        largest = np.maximum(largest, v)
        m_hat, u_hat = m / (1 - beta_1**t), largest / (1 - beta_2**t)
        theta = theta - rate * m_hat / (np.sqrt(u_hat) + epsilon)
    return theta


def nadam(theta, steps, beta_1=0.9, beta_2=0.999, epsilon=1e-8, momentum_decay=0.004):
    def mu(t):
        return beta_1 * (1 - 0.5 * 0.96 ** (t * momentum_decay))

    m = v = 0
    for t, (g, rate) in enumerate(steps, start=1):
        m = beta_1 * m + (1 - beta_1) * g
        v = beta_2 * v + (1 - beta_2) * g**2
        product = np.prod([mu(i) for i in range(1, t + 1)])
        direction = (1 - mu(t)) / (1 - product) * g
        direction = direction + mu(t + 1) / (1 - product * mu(t + 1)) * m
        theta = theta - rate * direction / (np.sqrt(v / (1 - beta_2**t)) + epsilon)
    return theta


def rmsprop(theta, steps, rho=0.9, epsilon=1e-8, momentum=0.0):
    v = b = 0
    for g, rate in steps:
        v = rho * v + (1 - rho) * g**2
        b = momentum * b + g / (np.sqrt(v) + epsilon)
        theta = theta - rate * b
    return theta


def adagrad(theta, steps, initial_accumulator=0.0, epsilon=1e-10):
    s = initial_accumulator
    for g, rate in steps:
        s = s + g**2
        theta = theta - rate * g / (np.sqrt(s) + epsilon)
    return theta


def lion(theta, steps, beta_1=0.9, beta_2=0.99, weight_decay=0.0):
    m = 0
    for g, rate in steps:
        direction = np.sign(beta_1 * m + (1 - beta_1) * g)
        theta = theta - rate * (direction + weight_decay * theta)
        m = beta_2 * m + (1 - beta_2) * g
    return theta


def rprop(
    theta, steps, increase=1.2, decrease=0.5, smallest_step=1e-6, largest_step=50.0
):
    last, size = np.zeros_like(theta), None
    for g, rate in steps:
        if size is None:
            size = np.full_like(theta, rate)
        size = np.where(g * last > 0, size * increase, size)
        size = np.where(g * last < 0, size * decrease, size)
        size = np.clip(size, smallest_step, largest_step)
        last = np.where(g * last < 0, 0, g)
        theta = theta - np.sign(last) * size
    return theta


# Name: the equation, and settings to hold it at besides the defaults.
EQUATIONS = {
    "sgd": (
        sgd,
        [
            {"momentum": momentum, "nesterovs_momentum": nesterov}
            for momentum in (0.0, 0.5, 0.9, 1.0)
            for nesterov in (False, True)
        ],
    ),
    "adam": (
        adam,
        [
            {"beta_1": 0.5, "beta_2": 0.9, "epsilon": 1e-2},
            {"beta_1": 0.0, "beta_2": 0.0},
        ],
    ),
    "adamw": (
        adamw,
        [
            {"weight_decay": 0.0},
            {"weight_decay": 0.5, "beta_1": 0.5, "beta_2": 0.9, "epsilon": 1e-2},
            {"beta_1": 0.0, "beta_2": 0.0},
        ],
    ),
    "amsgrad": (
        amsgrad,
        [
            {"beta_1": 0.5, "beta_2": 0.9, "epsilon": 1e-2},
            {"beta_1": 0.0, "beta_2": 0.0},
        ],
    ),
    "nadam": (
        nadam,
        [
            {"beta_1": 0.5, "beta_2": 0.9, "epsilon": 1e-2, "momentum_decay": 1.0},
            {"beta_1": 0.0, "beta_2": 0.0, "momentum_decay": 0.0},
        ],
    ),
    "rmsprop": (
        rmsprop,
        [
            {"rho": 0.99, "epsilon": 1e-2},
            {"rho": 0.0, "momentum": 0.5},
            {"momentum": 0.9},
        ],
    ),
    "adagrad": (adagrad, [{"initial_accumulator": 0.1, "epsilon": 1e-2}]),
    "lion": (
        lion,
        [
            {"beta_1": 0.5, "beta_2": 0.5, "weight_decay": 0.5},
            {"beta_1": 0.0, "beta_2": 0.0},
        ],
    ),
    "rprop": (
        rprop,
        [
            {"increase": 1.5, "decrease": 0.3},
            {"smallest_step": 0.05, "largest_step": 0.2},
        ],
    ),
}

# Those with decoupled weight decay.
DECAYING = ["adamw", "lion"]

over_forms = pytest.mark.parametrize("form", OPTIMIZER_FORMS)
over_settings = pytest.mark.parametrize(
    ("name", "settings"),
    [(name, settings) for name in OPTIMIZERS for settings in ({}, *EQUATIONS[name][1])],
    ids=str,
)


def make_steps(n, n_steps=N_STEPS):
    """Gradients of many sizes, some of them zero, and rates that change."""
    rng = np.random.default_rng(0)
    size = 10.0 ** rng.uniform(-4, 2, n)
    for i in range(n_steps):
        g = size * rng.normal(size=n)
        g[rng.random(n) < 0.1] = 0
        yield g, 0.1 / (1 + i % 7)


def follow(optimizer, theta, steps):
    """Bind to theta and take the steps, in place."""
    gradient = np.empty_like(theta)
    optimizer.bind(theta, gradient)
    for g, rate in steps:
        gradient[:] = g
        optimizer.step(rate)
    return theta


def started(form, n, dtype=np.float64):
    return make_optimizer(form).start(n, dtype)


@over_settings
@pytest.mark.parametrize("n", [1, 10, LONG])
def test_is_its_equation(name, settings, n):
    theta = np.random.default_rng(1).normal(size=n)
    expected = EQUATIONS[name][0](theta.copy(), make_steps(n), **settings)
    found = follow(
        OPTIMIZERS[name](**settings).start(n, np.float64), theta, make_steps(n)
    )
    assert found is theta
    np.testing.assert_allclose(found, expected, rtol=1e-10, atol=1e-10)


@over_settings
@pytest.mark.parametrize("n", [10, LONG])
def test_float32_stays_float32(name, settings, n):
    theta = np.random.default_rng(1).normal(size=n).astype(np.float32)
    exact = EQUATIONS[name][0](theta.astype(float), make_steps(n, 10), **settings)
    optimizer = OPTIMIZERS[name](**settings).start(n, np.float32)
    steps = [(g.astype(np.float32), rate) for g, rate in make_steps(n, 10)]
    follow(optimizer, theta, steps)
    assert theta.dtype == np.float32
    assert optimizer.dtype == np.float32
    assert all(vector.dtype == np.float32 for vector in optimizer.state)
    np.testing.assert_allclose(theta, exact, rtol=1e-4, atol=1e-4)


@over_forms
@pytest.mark.parametrize(
    "duplicate",
    [copy.deepcopy, lambda optimizer: pickle.loads(pickle.dumps(optimizer))],
    ids=["deepcopy", "pickle"],
)
def test_state_survives_and_bindings_do_not(form, duplicate):
    n, steps = 1000, list(make_steps(1000))
    straight = follow(started(form, n), np.zeros(n), steps)

    optimizer, theta = started(form, n), np.zeros(n)
    follow(optimizer, theta, steps[:20])
    twin, elsewhere = duplicate(optimizer), theta.copy()
    follow(twin, elsewhere, steps[20:])
    np.testing.assert_array_equal(elsewhere, straight)
    # The first has not noticed, and goes on by itself.
    assert (optimizer.n_steps, twin.n_steps) == (20, N_STEPS)
    follow(optimizer, theta, steps[20:])
    np.testing.assert_array_equal(theta, straight)


@over_forms
def test_a_pickle_holds_the_state_and_not_theta(form):
    n = 10_000
    optimizer = started(form, n)
    before = len(pickle.dumps(optimizer))
    follow(optimizer, np.zeros(n), make_steps(n, 3))
    assert abs(len(pickle.dumps(optimizer)) - before) < 1000
    assert before < 8 * n * len(optimizer.state) + 1000


@over_forms
def test_start_forgets(form):
    n, steps = 100, list(make_steps(100, 10))
    optimizer = started(form, n)
    first = follow(optimizer, np.zeros(n), steps)
    assert optimizer.n_steps == 10
    assert optimizer.start(n, np.float64) is optimizer
    assert optimizer.n_steps == 0
    np.testing.assert_array_equal(follow(optimizer, np.zeros(n), steps), first)


@over_forms
def test_without_gradient_only_decay_moves(form):
    theta = np.random.default_rng(0).normal(size=50)
    optimizer, expected = started(form, 50), theta.copy()
    for _ in range(3):
        expected = expected * (1 - 0.1 * getattr(optimizer, "weight_decay", 0))
    follow(optimizer, theta, [(np.zeros(50), 0.1)] * 3)
    np.testing.assert_array_equal(theta, expected)


@pytest.mark.parametrize("name", DECAYING)
def test_only_weights_decay(name):
    # Weights and biases in turn, in pieces shorter and longer than a block.
    ends = [0, 10, 11, 100_000, 100_500, 180_000, 200_000]
    pieces = [slice(a, b) for a, b in itertools.pairwise(ends)]
    weights = pieces[::2]
    theta = np.random.default_rng(0).normal(size=ends[-1])
    expected = theta.copy()
    for where in weights:
        expected[where] *= 1 - 0.1 * 0.5
    optimizer = OPTIMIZERS[name](weight_decay=0.5).start(theta.size, np.float64)
    optimizer.bind(theta, np.zeros_like(theta), weights)
    optimizer.step(0.1)
    np.testing.assert_array_equal(theta, expected)


@over_forms
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_goes_down_into_a_valley(form, dtype):
    # ½ Σ c x² with curvatures c from 0.1 to 10.
    curvature = np.geomspace(0.1, 10, 20).astype(dtype)
    theta, gradient = np.ones(20, dtype), np.empty(20, dtype)
    optimizer = started(form, 20, dtype)
    optimizer.bind(theta, gradient)
    for _ in range(2000):
        np.multiply(theta, curvature, gradient)
        optimizer.step(0.02)
    assert abs(theta).max() < 0.06


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@over_forms
def test_no_state_stays_below_the_normal_numbers(form, dtype):
    # A unit that dies gets no gradient any more; what it leaves behind must not become
    # a subnormal number, which is slow and for ever.
    optimizer = make_optimizer(form).start(3, dtype)
    theta, gradient = np.zeros(3, dtype), np.empty(3, dtype)
    optimizer.bind(theta, gradient)
    for step in range(8000):
        gradient[:] = 1 if step < 5 else 0
        optimizer.step(0.01)
        for state in optimizer.state:
            size = np.abs(state)
            assert ((size == 0) | (size >= np.finfo(dtype).tiny)).all()


@pytest.mark.parametrize("name", DECAYING)
def test_no_decaying_weight_stays_below_the_normal_numbers(name):
    # Those of a dead unit.
    optimizer = OPTIMIZERS[name](weight_decay=1.0).start(3, np.float32)
    theta = np.ones(3, np.float32)
    optimizer.bind(theta, np.zeros(3, np.float32))
    for _ in range(1024):
        optimizer.step(0.1)
        size = np.abs(theta)
        assert ((size == 0) | (size >= np.finfo(np.float32).tiny)).all()
    assert not theta.any()


@pytest.mark.parametrize("factor", [1e-30, 1e30])
def test_rprop_goes_by_signs_alone(factor):
    # A product of two such gradients is no float32.
    n, steps = 100, list(make_steps(100, 20))
    ends = [
        follow(
            started("rprop", n, np.float32),
            np.zeros(n, np.float32),
            [((g * scale).astype(np.float32), rate) for g, rate in steps],
        )
        for scale in (1, factor)
    ]
    np.testing.assert_array_equal(*ends)


def test_rprop_takes_the_first_rate():
    n, steps = 100, list(make_steps(100, 20))
    same = [(g, steps[0][1]) for g, _ in steps]
    np.testing.assert_array_equal(
        follow(started("rprop", n), np.zeros(n), steps),
        follow(started("rprop", n), np.zeros(n), same),
    )


@pytest.mark.parametrize("form", OPTIMIZER_FORMS)
def test_the_state_is_of_powers_of_the_gradient(form):
    def after_three_steps(scale):
        optimizer = make_optimizer(form).start(9, np.float64)
        gradient = np.empty(9)
        optimizer.bind(np.ones(9), gradient)
        for step in range(3):
            gradient[:] = scale * np.sin(np.arange(1, 10) + step)
            optimizer.step(0.01)
        return optimizer

    # Large, so that what is added to it does not count.
    plain, scaled = after_three_steps(1e8), after_three_steps(4e8)
    assert len(plain.gradient_powers) == len(plain.state)
    pairs = zip(plain.state, scaled.state, plain.gradient_powers, strict=True)
    for own, other, power in pairs:
        np.testing.assert_allclose(other, own * 4.0**power, rtol=1e-6)
