"""Faults of scikit-learn 1.9.1's perceptron, one test each, so that none gets in here.

What is right instead is the rule of the test; other files hold some of these more
widely.
"""

import pickle

import numpy as np
import pytest
from _helpers import FEW_ITERATIONS_ARE_ENOUGH, slope, theta
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import log_softmax
from sklearn.datasets import load_diabetes, load_digits, load_iris
from sklearn.model_selection import cross_val_score

from skann import BPClassifier, BPRegressor

each_estimator = pytest.mark.parametrize("Estimator", [BPClassifier, BPRegressor])

rng = np.random.RandomState(0)
X = rng.normal(size=(60, 5))
Y = {
    BPClassifier: (X[:, 0] > 0).astype(int) + (X[:, 1] > 0.5),
    BPRegressor: np.sin(X[:, 0]) + X[:, 1] * X[:, 2],
}
CLASSES = {BPClassifier: {"classes": [0, 1, 2]}, BPRegressor: {}}

# A rate so small that it changes no weight.
STILL = {"solver": "sgd", "learning_rate_init": 1e-300, "momentum": 0.0}


def test_the_split_of_early_stopping_is_stratified_for_several_classes():
    # With biases alone a row's loss tells its class, and the mean the shares.
    y, biases = np.repeat([0, 1, 2], [100, 60, 40]), np.array([0.0, 1.0, 3.0])
    expected = -np.array([0.5, 0.3, 0.2]) @ log_softmax(biases)
    for seed in range(5):
        net = BPClassifier((), early_stopping=True, max_iter=1, random_state=seed)
        net.set_params(**STILL).fit(
            np.ones((200, 1)),
            y,
            coef_init=[np.zeros((1, 3))],
            intercept_init=[biases],
        )
        assert_allclose(net.validation_loss_curve_, expected, rtol=1e-12)


@each_estimator
@pytest.mark.parametrize("n_iter_no_change", [1, 5])
def test_patience_is_as_long_as_it_says(Estimator, n_iter_no_change):
    net = Estimator(3, solver="adam", n_iter_no_change=n_iter_no_change, tol=1e9)
    # The first epoch is the one that the others do not improve upon.
    assert net.fit(X, Y[Estimator]).n_iter_ == 1 + n_iter_no_change


@each_estimator
@pytest.mark.parametrize("batch_size", [5, 20, 60])
def test_alpha_does_not_depend_on_the_batch(Estimator, batch_size):
    # Rows of zeros leave the first weights to the penalty alone.
    net = Estimator(4, solver="sgd", momentum=0.0, alpha=0.5, learning_rate_init=0.1)
    net.set_params(batch_size=batch_size, max_iter=1)
    start = [np.ones((5, 4)), np.ones((4, 3 if Estimator is BPClassifier else 1))]
    net.fit(np.zeros((60, 5)), Y[Estimator], coef_init=start)
    steps = 60 // batch_size
    assert_allclose(net.coefs_[0], (1 - 0.1 * 0.5) ** steps, rtol=1e-12)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(
    ("y", "W", "loss"),
    [
        ([0, 1], [[1.0]], 800),
        ([0, 1, 2], [[0.0, 1.0, 2.0]], (3200 + 1600 + 0) / 3),
        ([[0, 1], [1, 0]], [[1.0, 0.0]], 800 + np.log(2)),
    ],
    ids=["two classes", "three classes", "labels"],
)
def test_a_confident_mistake_costs_what_it_costs(y, W, loss, dtype):
    rows = np.full((len(y), 1), 1600, dtype)
    net = BPClassifier((), max_iter=1, **STILL).fit(rows, y, coef_init=[W])
    assert net.loss_ == pytest.approx(loss, rel=1e-6)


def test_lbfgs_ends_at_a_minimum_whatever_the_number_of_outputs():
    targets = X[:, :3] * X[:, 2:]
    net = BPRegressor(4, "tanh", solver="lbfgs", alpha=0.1, tol=1e-7, random_state=0)
    net.set_params(max_iter=2000, normalize_y=False).fit(X, targets)

    def objective(parameters):
        W, b = (4 * 5, 4 * 3), (4, 3)
        at = np.cumsum([*W, *b])[:-1]
        first, last, hidden, out = np.split(parameters, at)
        a = np.tanh(X @ first.reshape(5, 4) + hidden)
        errors = a @ last.reshape(4, 3) + out - targets
        return (errors**2).sum() / 120 + 0.05 * (first @ first + last @ last)

    assert objective(theta(net)) == pytest.approx(net.loss_, rel=1e-12)
    for seed in range(5):
        direction = np.random.RandomState(seed).normal(size=theta(net).size)
        assert abs(slope(objective, theta(net), direction)) < 1e-5


# Five iterations are not enough to converge, and not meant to be.
@pytest.mark.filterwarnings(FEW_ITERATIONS_ARE_ENOUGH)
@each_estimator
def test_lbfgs_keeps_float32(Estimator):
    net = Estimator(5, solver="lbfgs", max_iter=5).fit(
        X.astype(np.float32), Y[Estimator]
    )
    assert theta(net).dtype == np.float32


@each_estimator
def test_lbfgs_stops_early(Estimator):
    net = Estimator(50, solver="lbfgs", early_stopping=True, random_state=0)
    net.fit(X, np.random.RandomState(1).permutation(Y[Estimator]))
    assert "validation" in net.stop_reason_
    assert len(net.validation_scores_) == net.n_iter_ < 200


@pytest.mark.filterwarnings(FEW_ITERATIONS_ARE_ENOUGH)
@each_estimator
def test_lbfgs_has_a_loss_curve(Estimator):
    net = Estimator(5, solver="lbfgs", max_iter=5, random_state=0).fit(X, Y[Estimator])
    assert len(net.loss_curve_) == net.n_iter_ == 5
    assert net.loss_curve_[-1] == net.loss_ < net.loss_curve_[0]


@each_estimator
def test_lbfgs_has_no_partial_fit(Estimator):
    net = Estimator(5, solver="lbfgs")
    assert not hasattr(net, "partial_fit")
    with pytest.raises(AttributeError, match="partial_fit"):
        net.partial_fit(X, Y[Estimator], **CLASSES[Estimator])


@each_estimator
def test_a_batch_without_weight_is_no_error(Estimator):
    weight = np.repeat([0.0, 1e-320, 1.0], 20)
    net = Estimator(5, batch_size=20, shuffle=False, max_iter=3, random_state=0)
    net.fit(X, Y[Estimator], weight)
    assert np.isfinite(theta(net)).all()


@each_estimator
def test_warm_start_refuses_another_network(Estimator):
    net = Estimator(5, warm_start=True, max_iter=3).fit(X, Y[Estimator])
    net.set_params(hidden_layer_sizes=(6,))
    with pytest.raises(ValueError, match="another network"):
        net.fit(X, Y[Estimator])


@each_estimator
def test_passes_with_an_int_seed_shuffle_anew(Estimator):
    net = Estimator(5, batch_size=1, random_state=0, **STILL)
    for _ in range(3):
        net.partial_fit(X, Y[Estimator], **CLASSES[Estimator])
    # With weights that stand still a loss tells its row.
    orders = {tuple(order) for order in net.batch_loss_curve_.reshape(3, 60)}
    assert len(orders) == 3


@each_estimator
@pytest.mark.parametrize("early_stopping", [False, True])
def test_a_pickle_is_as_large_as_the_parameters(Estimator, early_stopping):
    net = Estimator(5000, max_iter=3, early_stopping=early_stopping)
    net.fit(X, Y[Estimator])
    assert len(pickle.dumps(net)) < 1.1 * theta(net).nbytes


def test_one_class_has_one_column():
    net = BPClassifier(5, max_iter=3).fit(X, np.full(60, "only"))
    assert_array_equal(net.classes_, ["only"])
    assert_array_equal(net.predict_proba(X), np.ones((60, 1)))


def test_early_stopping_does_no_harm_on_iris():
    rows, species = load_iris(return_X_y=True)

    def accuracy(**parameters):
        parameters |= {"alpha": 1.0, "max_iter": 200}
        nets = (BPClassifier(random_state=seed, **parameters) for seed in range(10))
        return np.mean([cross_val_score(net, rows, species, cv=3) for net in nets])

    assert accuracy(early_stopping=True) >= accuracy() - 0.03


@pytest.mark.parametrize(
    ("Estimator", "load", "score"),
    [
        (BPClassifier, load_iris, 0.9),
        (BPClassifier, load_digits, 0.9),
        (BPRegressor, load_diabetes, 0.0),
    ],
    ids=["iris", "digits", "diabetes"],
)
@pytest.mark.parametrize("seed", [0, 1])
def test_a_first_fit_ends_without_a_warning_and_is_of_use(Estimator, load, score, seed):
    rows, y = load(return_X_y=True)
    net = Estimator(random_state=seed).fit(rows, y)  # warnings are errors here
    assert net.score(rows, y) > score
