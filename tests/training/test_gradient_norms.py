"""Norms of the gradient by layer, as columns of the record."""

import numpy as np
import pytest
from _helpers import FEW_ITERATIONS_ARE_ENOUGH, small_net, theta
from numpy.testing import assert_allclose, assert_array_equal
from scipy.sparse import csr_matrix

from skann import BPClassifier, BPRegressor, check_gradient

pytestmark = [
    pytest.mark.filterwarnings(FEW_ITERATIONS_ARE_ENOUGH),
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
]

rng = np.random.default_rng(0)
X = rng.normal(size=(90, 3))
WEIGHT = rng.uniform(size=90)
Y = {
    BPClassifier: (X[:, 0] > 0).astype(int) + (X[:, 1] > 0.5),
    BPRegressor: np.sin(X[:, 0]) + X[:, 1],
}


def make(Estimator=BPRegressor, **parameters):
    known = {"hidden_layer_sizes": (5, 4), "max_iter": 4, "batch_size": 20}
    return small_net(Estimator, **(known | {"gradient_norms": True} | parameters))


def norms(net):
    """A row an epoch, a column a layer."""
    columns = [c for name, c in net.history_.items() if name[:14] == "gradient_norm_"]
    return np.array(columns).T


@pytest.mark.parametrize("Estimator", [BPClassifier, BPRegressor])
@pytest.mark.parametrize("solver", ["auto", "sgd", "nadam", "lbfgs", "lm"])
def test_are_of_the_gradient_at_the_end_of_each_epoch(Estimator, solver):
    y = Y[Estimator]
    net = make(Estimator, solver=solver).fit(X, y, sample_weight=WEIGHT)
    found = norms(net)
    assert found.shape == (net.n_iter_, 3)
    here = check_gradient(net, X, y, sample_weight=WEIGHT, n_parameters=1)
    assert_allclose(found[-1], here.layer_norms, rtol=1e-9)
    assert len(np.unique(found)) == found.size


@pytest.mark.parametrize("solver", ["auto", "adam", "lbfgs"])
@pytest.mark.parametrize("options", [{}, {"average": "ema"}, {"dropout": 0.3}])
def test_training_is_the_same(solver, options):
    if options and solver == "lbfgs":
        options = {"early_stopping": True}
    net, without = (
        make(solver=solver, gradient_norms=on, **options).fit(X, Y[BPRegressor])
        for on in (True, False)
    )
    assert_array_equal(theta(net), theta(without))
    assert norms(without).size == 0
    for name, column in without.history_.items():
        if name != "seconds":
            assert_array_equal(net.history_[name], column)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_of_sparse_rows(dtype):
    rows = (X * (X > 0)).astype(dtype)
    dense, sparse = (
        make(solver="adam").fit(kind(rows), Y[BPRegressor])
        for kind in (np.asarray, csr_matrix)
    )
    assert_allclose(
        norms(sparse), norms(dense), rtol=1e-3 if dtype is np.float32 else 1e-9
    )


def test_of_a_network_of_the_reference_engine():
    net = make(skip_connection=True, alpha=0.1).fit(X, Y[BPRegressor])
    assert net.engine_ == "reference"
    assert norms(net).shape == (4, 3)


def test_with_the_penalty_they_make_up_the_norm_of_the_whole():
    net = make(solver="lbfgs", alpha=0.1).fit(X, Y[BPRegressor])
    whole = np.sqrt(np.square(norms(net)).sum(axis=1))
    assert_allclose(whole, net.history_["gradient_norm"], rtol=1e-9)


def test_beside_other_columns():
    net = make(training_score=True, divergence_retries=1, solver="sgd", n_init=2)
    net.fit(X, Y[BPRegressor])
    assert list(net.history_)[7:] == [
        "training_score",
        *(f"gradient_norm_{number}" for number in range(3)),
        "retries",
    ]
    assert {len(column) for column in net.history_.values()} == {4}


def test_of_partial_fit():
    net = make()
    for _ in range(3):
        net.partial_fit(X[:50], Y[BPRegressor][:50])
    here = check_gradient(net, X[:50], Y[BPRegressor][:50], n_parameters=1)
    assert norms(net).shape == (3, 3)
    # The first call has taken the targets' units from the same rows.
    assert_allclose(norms(net)[-1], here.layer_norms, rtol=1e-9)


def test_vanish_below_sigmoids_and_not_below_rectifiers():
    first_to_last = {}
    for activation in ("logistic", "relu"):
        options = {"activation": activation, "solver": "adam"}
        net = make(hidden_layer_sizes=(20,) * 7, **options)
        found = norms(net.fit(X, Y[BPRegressor]))[0]
        first_to_last[activation] = found[0] / found[-1]
    assert first_to_last["logistic"] < 1e-3
    assert first_to_last["relu"] > 0.1


def test_batches_that_are_normalised_are_refused():
    net = make(normalization="batch")
    with pytest.raises(ValueError, match=r"gradient_norms=True .* normalization='batc"):
        net.fit(X, Y[BPRegressor])
    assert not hasattr(net, "n_features_in_")
