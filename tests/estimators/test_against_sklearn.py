"""Step by step against scikit-learn's multi-layer perceptron, from the same weights.

Where it can express the case: softmax for several classes, cross-entropy on sigmoid
outputs for two classes and for labels, squared error on linear outputs; "sgd" with and
without momentum and "adam". An alpha here is scikit-learn's divided by the batch size.
"""

from itertools import pairwise

import numpy as np
import pytest
import sklearn
from numpy.testing import assert_allclose
from scipy import sparse
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.utils.fixes import parse_version

from skann import BPClassifier, BPRegressor
from skann._optimize.schedule_base import Counts
from skann._optimize.schedules import schedule_for

N_ROWS, N_FEATURES, BATCH_SIZE, N_EPOCHS = 44, 5, 8, 4  # a last batch of four
HIDDEN = (6, 4)

SOLVERS = {
    "sgd": {"solver": "sgd", "momentum": 0, "learning_rate_init": 0.1},
    "momentum": {
        "solver": "sgd",
        "momentum": 0.9,
        "nesterovs_momentum": False,
        "learning_rate_init": 0.03,
    },
    "nesterov": {"solver": "sgd", "momentum": 0.8, "learning_rate_init": 0.03},
    "adam": {"solver": "adam", "learning_rate_init": 0.01},
    "adam otherwise": {
        "solver": "adam",
        "learning_rate_init": 0.003,
        "beta_1": 0.7,
        "beta_2": 0.9,
        "epsilon": 1e-3,
    },
}

_rng = np.random.default_rng(0)
TARGETS = {
    "softmax": _rng.integers(3, size=N_ROWS),
    "binary": _rng.integers(2, size=N_ROWS),
    "labels": _rng.integers(2, size=(N_ROWS, 3)),
    "linear": _rng.normal(size=N_ROWS),
    "linear, 2 outputs": _rng.normal(size=(N_ROWS, 2)),
}

over_targets = pytest.mark.parametrize("kind", TARGETS)
over_solvers = pytest.mark.parametrize("solver", SOLVERS)


def features():
    return np.random.default_rng(1).normal(size=(N_ROWS, N_FEATURES))


def starting_weights(kind, hidden):
    n_outputs = {"softmax": 3, "labels": 3, "linear, 2 outputs": 2}.get(kind, 1)
    sizes = (N_FEATURES, *hidden, n_outputs)
    rng = np.random.default_rng(2)
    coefs = [rng.normal(0, 0.4, pair) for pair in pairwise(sizes)]
    return coefs, [rng.normal(0, 0.4, n) for n in sizes[1:]]


def starting_at(mlp, coefs, intercepts):
    """A subclass of scikit-learn's estimator that starts at the given weights."""
    layers = iter(list(zip(coefs, intercepts, strict=True)))

    class Started(mlp):
        def _init_coef(self, fan_in, fan_out, dtype):
            coef, intercept = next(layers)
            assert coef.shape == (fan_in, fan_out)
            return coef.astype(dtype), intercept.astype(dtype)

    return Started


def make_pair(kind, hidden=HIDDEN, *, alpha=0.0, **parameters):
    """Ours and theirs, ours with its starting weights as keywords for the first fit."""
    coefs, intercepts = starting_weights(kind, hidden)
    regression = kind.startswith("linear")
    parameters = {
        "batch_size": BATCH_SIZE,
        "shuffle": False,
        "activation": "tanh",
        **parameters,
    }
    batch_size = parameters["batch_size"]
    own = {"normalize_y": False} if regression else {}
    ours = (BPRegressor if regression else BPClassifier)(
        hidden, alpha=alpha / batch_size, **own, **parameters
    )
    theirs = starting_at(
        MLPRegressor if regression else MLPClassifier, coefs, intercepts
    )(hidden_layer_sizes=hidden, alpha=alpha, **parameters)
    return ours, theirs, {"coef_init": coefs, "intercept_init": intercepts}


def classes_of(kind, y):
    if kind.startswith("linear"):
        return {}
    return {"classes": np.arange(y.shape[1]) if y.ndim == 2 else np.unique(y)}


def their_loss(kind, mlp):
    # scikit-learn averages the squared error over outputs where the gradient sums it.
    return mlp.loss_ * (2 if kind == "linear, 2 outputs" else 1)


def assert_same_weights(ours, theirs, tolerance=1e-9):
    for name in ("coefs_", "intercepts_"):
        for mine, other in zip(getattr(ours, name), getattr(theirs, name), strict=True):
            assert_allclose(mine, other, rtol=tolerance, atol=tolerance)


def compare_epochs(kind, ours, theirs, start, X=None, n_epochs=N_EPOCHS):
    """An epoch at a time, because each ends in a comparison."""
    X = features() if X is None else X
    y = TARGETS[kind]
    keywords = start | classes_of(kind, y)
    for _ in range(n_epochs):
        ours.partial_fit(X, y, **keywords)
        theirs.partial_fit(X, y, **classes_of(kind, y))
        assert_same_weights(ours, theirs)
        assert ours.loss_ == pytest.approx(their_loss(kind, theirs), rel=1e-9)
        keywords = {}


@over_targets
@over_solvers
@pytest.mark.parametrize("activation", ["identity", "logistic", "tanh", "relu"])
def test_every_epoch(kind, solver, activation):
    compare_epochs(kind, *make_pair(kind, activation=activation, **SOLVERS[solver]))


@over_targets
@over_solvers
def test_every_update(kind, solver):
    ours, theirs, start = make_pair(kind, **SOLVERS[solver])
    X, y = features(), TARGETS[kind]
    classes = classes_of(kind, y)
    keywords = start | classes
    for _ in range(2):
        for at in range(0, N_ROWS - BATCH_SIZE, BATCH_SIZE):
            rows = slice(at, at + BATCH_SIZE)
            ours.partial_fit(X[rows], y[rows], **keywords)
            theirs.partial_fit(X[rows], y[rows], **classes)
            assert_same_weights(ours, theirs)
            keywords = {}


@over_targets
@over_solvers
def test_fit_is_the_same_as_epoch_after_epoch(kind, solver):
    ours, theirs, start = make_pair(kind, **SOLVERS[solver], max_iter=N_EPOCHS)
    X, y = features(), TARGETS[kind]
    ours.fit(X, y, **start)
    for _ in range(N_EPOCHS):
        theirs.partial_fit(X, y, **classes_of(kind, y))
    assert_same_weights(ours, theirs)
    curve = np.array(theirs.loss_curve_) * (their_loss(kind, theirs) / theirs.loss_)
    assert_allclose(ours.loss_curve_, curve, rtol=1e-9)


@over_targets
@pytest.mark.parametrize("hidden", [(7,), (4, 3, 5)], ids=str)
def test_other_depths(kind, hidden):
    compare_epochs(kind, *make_pair(kind, hidden, **SOLVERS["nesterov"]))


@over_targets
def test_outputs_agree(kind):
    ours, theirs, start = make_pair(kind, **SOLVERS["adam"])
    compare_epochs(kind, ours, theirs, start)
    X = features()
    assert_allclose(ours.predict(X), theirs.predict(X), rtol=1e-9, atol=1e-9)
    assert ours.out_activation_ == theirs.out_activation_
    if not kind.startswith("linear"):
        assert_allclose(ours.predict_proba(X), theirs.predict_proba(X), rtol=1e-8)


@over_targets
@over_solvers
def test_penalty_with_alpha_converted(kind, solver):
    # 40 rows make batches of 8 and no smaller one, so one conversion fits all.
    ours, theirs, start = make_pair(kind, alpha=0.5, **SOLVERS[solver])
    X, y = features()[:40], TARGETS[kind][:40]
    classes = classes_of(kind, y)
    keywords = start | classes
    for _ in range(N_EPOCHS):
        ours.partial_fit(X, y, **keywords)
        theirs.partial_fit(X, y, **classes)
        assert_same_weights(ours, theirs)
        keywords = {}
    if kind != "linear, 2 outputs":  # where their loss, unlike the penalty, is a mean
        assert ours.loss_ == pytest.approx(theirs.loss_, rel=1e-9)


@pytest.mark.parametrize("power_t", [0.25, 0.5, 1.0])
def test_invscaling(power_t):
    ours, theirs, start = make_pair(
        "softmax",
        solver="sgd",
        learning_rate="invscaling",
        power_t=power_t,
        learning_rate_init=0.5,
    )
    schedule = schedule_for(ours)
    schedule.start(Counts(), Counts())
    X, y = features(), TARGETS["softmax"]
    keywords = start | classes_of("softmax", y)
    for _ in range(N_EPOCHS):
        ours.partial_fit(X, y, **keywords)
        theirs.partial_fit(X, y, **classes_of("softmax", y))
        assert_same_weights(ours, theirs)
        assert ours.t_ == theirs.t_
        # Theirs is the rate of the epoch to come.
        rate = theirs._optimizer.learning_rate
        found = schedule.epoch_rate(Counts(n_seen=ours.t_))
        assert found == pytest.approx(rate, rel=1e-12)
        keywords = {}
    assert rate < 0.5


@over_targets
def test_sparse_data(kind):
    X = features()
    X[X < 0] = 0
    ours, theirs, start = make_pair(kind, **SOLVERS["adam"])
    compare_epochs(kind, ours, theirs, start, X=sparse.csr_matrix(X))


@pytest.mark.skipif(
    parse_version(sklearn.__version__) < parse_version("1.7"),
    reason="scikit-learn's perceptron has sample_weight from 1.7 on",
)
@over_targets
def test_sample_weight_in_one_batch(kind):
    # Theirs divides by each batch's own sum of weights, ours by the mean over all
    # rows, so only a batch of everything is the same in both.
    ours, theirs, start = make_pair(kind, batch_size=N_ROWS, **SOLVERS["sgd"])
    X, y = features(), TARGETS[kind]
    weight = np.random.default_rng(3).uniform(0.1, 2, N_ROWS)
    classes = classes_of(kind, y)
    keywords = start | classes
    for _ in range(N_EPOCHS):
        ours.partial_fit(X, y, sample_weight=weight, **keywords)
        theirs.partial_fit(X, y, sample_weight=weight, **classes)
        assert_same_weights(ours, theirs)
        assert ours.loss_ == pytest.approx(their_loss(kind, theirs), rel=1e-9)
        keywords = {}
