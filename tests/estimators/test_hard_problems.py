"""Exclusive or, parity and spirals are learnt from every seed, as docs/guide says."""

import itertools

import numpy as np
import pytest

from skann import BPClassifier
from skann.datasets import make_spirals, make_xor


def parity(n_bits):
    bits = np.array(list(itertools.product([0, 1], repeat=n_bits)))
    return 2.0 * bits - 1, bits.sum(axis=1) % 2


@pytest.mark.parametrize(
    ("data", "n_units", "solver"),
    [
        (make_xor(), 4, "lm"),
        *((parity(n), 2 * n, "lm") for n in (3, 4, 5, 6)),
        (make_spirals(random_state=0), 30, "lbfgs"),
    ],
    ids=["xor", "parity 3", "parity 4", "parity 5", "parity 6", "spirals"],
)
def test_learnt_from_twenty_of_twenty_seeds(data, n_units, solver):
    X, y = data
    settings = {"solver": solver, "target_loss": 0.01, "max_iter": 1000}
    for seed in range(20):
        model = BPClassifier((n_units,), "tanh", random_state=seed, **settings)
        assert model.fit(X, y).score(X, y) == 1, seed


def test_the_smallest_network_learns_parity_from_the_best_of_twenty_starts():
    X, y = parity(4)
    settings = {"solver": "lm", "target_loss": 0.01, "max_iter": 1000, "n_init": 20}
    model = BPClassifier((4,), "tanh", random_state=0, **settings)
    assert model.fit(X, y).score(X, y) == 1
