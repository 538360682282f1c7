"""Optimisers against PyTorch's, where the two mean the same.

They differ in these ways:

* PyTorch's SGD keeps -v/η: the same as long as η does not change; so is ours here.
* Our Adam has the form at the end of section 2 of its paper, PyTorch's the one at the
  head: ε √(1 - β₂ᵗ) for ε. Where ε is next to nothing they are the same.
* PyTorch's NAdam keeps the product of its momenta in PyTorch's default dtype, float32;
  here that is float64.
* Lion is not in PyTorch.
"""

import numpy as np
import pytest

from skann._optimize.optimizers import OPTIMIZERS

torch = pytest.importorskip("torch")

N, N_STEPS, RATE = 500, 50, 0.1

# Ours: name and settings; PyTorch's: class and settings.
PAIRS = {
    "sgd": ("sgd", {"momentum": 0.0}, "SGD", {}),
    "momentum": (
        "sgd",
        {"momentum": 0.8, "nesterovs_momentum": False},
        "SGD",
        {"momentum": 0.8},
    ),
    "nesterov": ("sgd", {}, "SGD", {"momentum": 0.9, "nesterov": True}),
    "adam": ("adam", {"epsilon": 1e-30}, "Adam", {"eps": 1e-30}),
    "adamw": ("adamw", {}, "AdamW", {}),
    "adamw, other settings": (
        "adamw",
        {"weight_decay": 0.3, "beta_1": 0.5, "beta_2": 0.9, "epsilon": 1e-2},
        "AdamW",
        {"weight_decay": 0.3, "betas": (0.5, 0.9), "eps": 1e-2},
    ),
    "adamw without decay is adam": (
        "adamw",
        {"weight_decay": 0.0, "epsilon": 1e-3},
        "Adam",
        {"eps": 1e-3},
    ),
    "amsgrad": ("amsgrad", {}, "Adam", {"amsgrad": True}),
    "amsgrad, other settings": (
        "amsgrad",
        {"beta_1": 0.5, "beta_2": 0.9, "epsilon": 1e-2},
        "Adam",
        {"amsgrad": True, "betas": (0.5, 0.9), "eps": 1e-2},
    ),
    "nadam": ("nadam", {}, "NAdam", {}),
    "nadam, other settings": (
        "nadam",
        {"beta_1": 0.5, "beta_2": 0.9, "epsilon": 1e-2, "momentum_decay": 0.5},
        "NAdam",
        {"betas": (0.5, 0.9), "eps": 1e-2, "momentum_decay": 0.5},
    ),
    "rmsprop": ("rmsprop", {}, "RMSprop", {"alpha": 0.9}),
    "rmsprop with momentum": (
        "rmsprop",
        {"rho": 0.99, "momentum": 0.7, "epsilon": 1e-3},
        "RMSprop",
        {"momentum": 0.7, "eps": 1e-3},
    ),
    "adagrad": ("adagrad", {}, "Adagrad", {}),
    "adagrad, other settings": (
        "adagrad",
        {"initial_accumulator": 0.5, "epsilon": 1e-3},
        "Adagrad",
        {"initial_accumulator_value": 0.5, "eps": 1e-3},
    ),
    "rprop": ("rprop", {}, "Rprop", {}),
    "rprop, other settings": (
        "rprop",
        {
            "increase": 1.5,
            "decrease": 0.3,
            "smallest_step": 0.02,
            "largest_step": 0.5,
        },
        "Rprop",
        {"etas": (0.3, 1.5), "step_sizes": (0.02, 0.5)},
    ),
}


@pytest.fixture(autouse=True)
def double_precision():
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(before)


def test_nothing_that_both_have_is_left_out():
    compared = {name for name, *_ in PAIRS.values()}
    assert compared == set(OPTIMIZERS) - {"lion"}


@pytest.mark.parametrize(
    ("name", "settings", "kind", "options"), PAIRS.values(), ids=PAIRS
)
def test_fifty_steps(name, settings, kind, options):
    rng = np.random.default_rng(0)
    theta, gradient = rng.normal(size=N), np.empty(N)
    size = 10.0 ** rng.uniform(-4, 2, N)
    parameter = torch.tensor(theta, requires_grad=True)
    theirs = getattr(torch.optim, kind)([parameter], lr=RATE, **options)
    ours = OPTIMIZERS[name](**settings).start(N, np.float64)
    ours.bind(theta, gradient)
    for _ in range(N_STEPS):
        g = size * rng.normal(size=N)
        g[rng.random(N) < 0.1] = 0
        parameter.grad = torch.tensor(g)
        theirs.step()
        gradient[:] = g
        ours.step(RATE)
        np.testing.assert_allclose(
            theta, parameter.detach().numpy(), rtol=1e-10, atol=1e-10
        )
