"""Averages of the weights that follow the compiled engine's steps."""

import numpy as np
import pytest
from _helpers import constant_rate, drawing, make_data
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse

from skann import BPClassifier
from skann._engine import choice, native
from skann._engine.contract import UnfusedEpochs
from skann._engine.native import binding, rules
from skann._engine.step_options import StepOptions
from skann._network.network import Network
from skann._optimize.optimizers import OPTIMIZERS
from skann._optimize.schedule_base import Counts
from skann._training.averaged_weights import AveragedWeights
from skann.averaging import EMA, SWA

needs_compiled = pytest.mark.skipif(
    not binding.is_compiled(), reason="no compiled engine"
)


def trained(kind, rule, name, X, dtype, dropout=0.0):
    """Moving weights, average and how often it was taken, after three epochs."""
    network = Network((X.shape[1], 9, 1), ("tanh",), "squared_error")
    theta = np.linspace(-0.5, 0.5, network.layout.n_parameters).astype(dtype)
    y = X[:, :1].toarray() if sparse.issparse(X) else X[:, :1]
    data = make_data(X, y, "squared_error", dtype=dtype)
    optimizer = OPTIMIZERS[name]().start(theta.size, dtype)
    options = drawing(dropout, average=AveragedWeights(rule))
    about = network, 0.01, theta, data
    if kind is UnfusedEpochs:
        objective = native.Objective(*about, 16, options)
        epochs = UnfusedEpochs(objective, optimizer, 16, options)
    else:
        epochs = kind(*about, optimizer, 16, options)
    schedule = constant_rate(0.01)
    for epoch in range(1, 4):
        options.average.begin_epoch(theta)
        epochs.epoch(schedule, Counts(), options.rng, np.inf)
        epochs.flush()
        options.average.end_epoch(theta, epoch / 3)
    return options.average.moving, theta, options.average.n


@needs_compiled
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("rule", [EMA(), EMA(0.5), SWA(0.3)], ids=repr)
@pytest.mark.parametrize("name", ["sgd", "adam", "adamw", "nadam", "rmsprop"])
class TestCompiled:
    def check(self, rule, name, X, dtype, dropout=0.0):
        about = rule, name, X, dtype, dropout
        (moving, average, n), (moving_2, average_2, n_2) = (
            trained(kind, *about) for kind in (native.FusedEpochs, UnfusedEpochs)
        )
        assert n == n_2 > 0
        assert (moving != average).any()
        tolerance = 1e-4 if dtype == np.float32 else 1e-12
        assert_allclose(moving, moving_2, rtol=tolerance, atol=tolerance)
        assert_allclose(average, average_2, rtol=tolerance, atol=tolerance)

    @pytest.mark.parametrize("dropout", [0.0, 0.3])
    def test_equals_steps_in_numpy(self, rule, name, dtype, dropout):
        X = np.random.default_rng(0).normal(size=(70, 5)).astype(dtype)
        self.check(rule, name, X, dtype, dropout)

    def test_of_wide_sparse_data(self, rule, name, dtype):
        X = sparse.random(70, 3000, 0.002, "csr", dtype, random_state=0)
        assert choice.lazy_updates_pay(X, 16, 0.0, OPTIMIZERS[name]()) == (
            name in ("sgd", "adam")
        )
        self.check(rule, name, X, dtype)


@needs_compiled
@pytest.mark.parametrize(
    ("average", "shares"),
    [
        (np.zeros(3), np.zeros(4)),
        (np.zeros(31, np.float32), np.zeros(4)),
        (np.zeros(31), np.zeros(3)),
        (np.zeros(31), None),
        (None, np.zeros(4)),
    ],
)
def test_an_average_that_is_none(average, shares):
    network = Network((3, 4, 3), ("tanh",), "squared_error")
    data = make_data(np.ones((20, 3)), np.ones((20, 3)), "squared_error")
    theta = np.zeros(31)
    rule = rules.gradient_rule(rules.STORE, 0.0)
    training = binding.training(network, theta, rule, [np.zeros(31)], data, 5)
    about = None, 0, 20, None, 1.0, 0, 0.0, np.inf, None
    with pytest.raises(ValueError, match=r"average|size|dtype"):
        training.run(*about, average, shares)


@needs_compiled
@pytest.mark.parametrize("average", ["ema", "swa"])
def test_the_compiled_engine_trains(average):
    X = np.random.default_rng(0).normal(size=(90, 3))
    model = BPClassifier(average=average, max_iter=5, random_state=0)
    assert model.fit(X, X[:, 0] > 0).engine_ == "compiled"
    assert not StepOptions(average=AveragedWeights(EMA())).modify_steps


def test_shares_of_the_steps_to_come():
    average = AveragedWeights(EMA(0.9))
    assert_array_equal(average.shares(3), [1 - 1 / 10, 1 - 2 / 11, 1 - 3 / 12])
    average.count(3)
    assert_allclose(average.shares(1), [1 - 4 / 13])
    assert AveragedWeights(SWA()).shares(3) is None
