"""The estimators against the lecture's equations, transcribed and not optimised.

The transcription keeps the lecture's names, its order of steps and its W of shape
(n_out, n_in), whose transpose is ``coefs_``. It differs from the lecture's program in
three places: the binary cross-entropy is the one of its equations, with both halves
(the program sums only y log a); softmax and linear outputs, for which the lecture has
equations and no program; and a last batch that is smaller instead of padded.
"""

from functools import partial
from itertools import pairwise

import numpy as np
import pytest

from skann import BPClassifier, BPRegressor

# -- the transcription -----------------------------------------------------------------


def sigm(z):
    return 1 / (1 + np.exp(-z))


def tanh_opt(z):
    return 1.7159 * np.tanh(2 / 3 * z)


ACTIVATIONS = {"logistic": sigm, "tanh_opt": tanh_opt}


class NN:
    """The lecture's struct ``nn``: what its functions read and write."""

    def __init__(self, W, b, activation, loss, learning_rate):
        self.W = [w.copy() for w in W]
        self.b = [v.copy() for v in b]
        self.n = len(W) + 1
        self.activation_function = activation
        self.loss_function = loss
        self.learning_rate = learning_rate


def annforward(nn, x, y):
    nn.a = [x]
    m = x.shape[0]
    for i in range(1, nn.n):
        z = nn.a[i - 1] @ nn.W[i - 1].T + np.tile(nn.b[i - 1], (m, 1))
        if i < nn.n - 1:
            nn.a.append(ACTIVATIONS[nn.activation_function](z))
        elif nn.loss_function == "softmax":
            e = np.exp(z)
            nn.a.append(e / e.sum(axis=1, keepdims=True))
        elif nn.loss_function == "linear mse":
            nn.a.append(z)
        else:
            nn.a.append(sigm(z))
    a = nn.a[-1]
    nn.e = y - a
    if nn.loss_function in ("mse", "linear mse"):
        nn.L = 1 / 2 * (nn.e**2).sum() / m
    elif nn.loss_function == "cross_entropy":
        nn.L = -(y * np.log(a) + (1 - y) * np.log(1 - a)).sum() / m
    else:
        nn.L = -(y * np.log(a)).sum() / m


def annbp(nn):
    d = [None] * nn.n
    a = nn.a[-1]
    d[-1] = -nn.e * (a * (1 - a)) if nn.loss_function == "mse" else -nn.e
    for i in range(nn.n - 2, 0, -1):
        if nn.activation_function == "logistic":
            d_act = nn.a[i] * (1 - nn.a[i])
        else:
            d_act = 1.7159 * 2 / 3 * (1 - 1 / 1.7159**2 * nn.a[i] ** 2)
        d[i] = (d[i + 1] @ nn.W[i]) * d_act
    dW, db = [], []
    for i in range(nn.n - 1):
        m = d[i + 1].shape[0]
        dW.append(d[i + 1].T @ nn.a[i] / m)
        db.append(d[i + 1].T @ np.ones(m) / m)
    for i in range(nn.n - 1):
        nn.W[i] = nn.W[i] - nn.learning_rate * dW[i]
        nn.b[i] = nn.b[i] - nn.learning_rate * db[i]


def anntrain(nn, train_x, train_y, batch_size, max_epoch, kk=None):
    """One L for each mini-batch, before its update; kk is the order of the rows."""
    m = train_x.shape[0]
    kk = np.arange(m) if kk is None else kk
    L = []
    for _ in range(max_epoch):
        for start in range(0, m, batch_size):
            rows = kk[start : start + batch_size]
            annforward(nn, train_x[rows], train_y[rows])
            annbp(nn)
            L.append(nn.L)
    return np.array(L)


# -- the cases -------------------------------------------------------------------------

N_ROWS, N_FEATURES = 50, 6

# Name: estimator, its loss, the transcription's loss, y, and y as the lecture has it.
CASES = {}


def case(name, estimator, loss, lecture_loss, y, targets):
    CASES[name] = (estimator, loss, lecture_loss, y, targets)


LinearOutputs = partial(BPRegressor, normalize_y=False)


def _fill_cases():
    rng = np.random.default_rng(0)
    classes = rng.integers(4, size=N_ROWS)
    binary = rng.integers(2, size=N_ROWS)
    labels = rng.integers(2, size=(N_ROWS, 3))
    real = rng.normal(size=(N_ROWS, 2))
    one_hot = np.eye(4)[classes]
    for loss in ("mse", "cross_entropy"):
        case(f"{loss}, 4 classes", BPClassifier, loss, loss, classes, one_hot)
        case(f"{loss}, 2 classes", BPClassifier, loss, loss, binary, binary[:, None])
        case(f"{loss}, 3 labels", BPClassifier, loss, loss, labels, labels)
    case("softmax, 4 classes", BPClassifier, "softmax", "softmax", classes, one_hot)
    case("linear, 2 outputs", LinearOutputs, "mse", "linear mse", real, real)
    case(
        "linear, 1 output",
        LinearOutputs,
        "squared_error",
        "linear mse",
        real[:, 0],
        real[:, :1],
    )


_fill_cases()

over_cases = pytest.mark.parametrize("name", CASES)
over_activations = pytest.mark.parametrize("activation", ["logistic", "tanh_opt"])


def setup(name, activation, hidden, **parameters):
    """The estimator, the lecture's nn, and what to train both on."""
    estimator, loss, lecture_loss, y, targets = CASES[name]
    rng = np.random.default_rng(1)
    X = rng.normal(size=(N_ROWS, N_FEATURES))
    size = (N_FEATURES, *hidden, targets.shape[1])
    # AnnSetup draws W like this, and starts b at zero; other biases test more.
    W = [rng.uniform(-0.5, 0.5, (n, m)) for m, n in pairwise(size)]
    b = [rng.uniform(-0.5, 0.5, n) for n in size[1:]]
    # At the lecture's rate of 2 single rows saturate outputs, and log(1 - a), as
    # transcribed, has no digits left.
    rate = 0.1 if lecture_loss == "linear mse" else 0.5
    model = estimator(
        hidden,
        activation,
        loss=loss,
        solver="sgd",
        momentum=0,
        shuffle=False,
        learning_rate_init=rate,
        **parameters,
    )
    nn = NN(W, b, activation, lecture_loss, rate)
    start = {"coef_init": [w.T for w in W], "intercept_init": b}
    return model, nn, X, y, targets.astype(float), start


def assert_same(model, nn):
    for found, W in zip(model.coefs_, nn.W, strict=True):
        np.testing.assert_allclose(found, W.T, rtol=1e-9, atol=1e-9)
    for found, b in zip(model.intercepts_, nn.b, strict=True):
        np.testing.assert_allclose(found, b, rtol=1e-9, atol=1e-9)


@over_cases
@over_activations
@pytest.mark.parametrize("hidden", [(), (5,), (5, 4), (5, 4, 3)], ids=str)
@pytest.mark.parametrize("batch_size", [1, 10, 16, 50])
def test_an_epoch_is_the_lecture_s(name, activation, hidden, batch_size):
    # 50 rows in batches of 16 leave a last batch of two.
    model, nn, X, y, targets, start = setup(
        name, activation, hidden, batch_size=batch_size, max_iter=1
    )
    model.fit(X, y, **start)
    L = anntrain(nn, X, targets, batch_size, 1)
    assert_same(model, nn)
    np.testing.assert_allclose(model.batch_loss_curve_, L, rtol=1e-9)
    sizes = [min(batch_size, N_ROWS - at) for at in range(0, N_ROWS, batch_size)]
    assert model.loss_curve_ == pytest.approx([np.average(L, weights=sizes)], rel=1e-9)


@over_cases
@over_activations
def test_more_epochs(name, activation):
    model, nn, X, y, targets, start = setup(
        name, activation, (5, 4), batch_size=16, max_iter=5, tol=0
    )
    model.fit(X, y, **start)
    L = anntrain(nn, X, targets, 16, 5)
    assert_same(model, nn)
    np.testing.assert_allclose(model.batch_loss_curve_, L, rtol=1e-9)


@over_cases
def test_rows_in_another_order(name):
    model, nn, X, y, targets, start = setup(
        name, "logistic", (5,), batch_size=16, max_iter=1
    )
    kk = np.random.default_rng(2).permutation(N_ROWS)
    model.fit(X[kk], y[kk], **start)
    L = anntrain(nn, X, targets, 16, 1, kk)
    assert_same(model, nn)
    np.testing.assert_allclose(model.batch_loss_curve_, L, rtol=1e-9)


@over_cases
def test_batch_after_batch_by_partial_fit(name):
    model, nn, X, y, targets, start = setup(name, "logistic", (5,), batch_size=16)
    keywords = dict(start)
    if isinstance(model, BPClassifier):
        keywords["classes"] = np.unique(y)
        if y.ndim == 2:
            keywords["classes"] = np.arange(y.shape[1])
    for at in range(0, N_ROWS, 16):
        rows = np.arange(at, min(at + 16, N_ROWS))
        model.partial_fit(X[rows], y[rows], **keywords)
        annforward(nn, X[rows], targets[rows])
        annbp(nn)
        assert_same(model, nn)
        assert model.loss_ == pytest.approx(nn.L, rel=1e-9)
        keywords = {}


@over_cases
def test_outputs_are_the_lecture_s(name):
    model, nn, X, y, targets, start = setup(
        name, "logistic", (5,), batch_size=16, max_iter=1
    )
    model.fit(X, y, **start)
    anntrain(nn, X, targets, 16, 1)
    annforward(nn, X, targets)
    a = nn.a[-1]
    if isinstance(model, BPRegressor):
        found = model.predict(X)
        a = a if found.ndim == 2 else a[:, 0]
        np.testing.assert_allclose(found, a, rtol=1e-9, atol=1e-9)
        return
    # The sigmoid units of several classes are divided by their sum.
    p = model.predict_proba(X)
    if a.shape[1] == 1:
        a = np.hstack([1 - a, a])
    elif y.ndim == 1:
        a = a / a.sum(axis=1, keepdims=True)
        np.testing.assert_array_equal(model.predict(X), a.argmax(axis=1))
    np.testing.assert_allclose(p, a, rtol=1e-9, atol=1e-9)


def test_float32_follows_the_lecture_to_its_own_precision():
    model, nn, X, y, targets, start = setup(
        "cross_entropy, 4 classes", "logistic", (5,), batch_size=16, max_iter=3
    )
    model.fit(X.astype(np.float32), y, **start)
    anntrain(nn, X, targets, 16, 3)
    for found, W in zip(model.coefs_, nn.W, strict=True):
        assert found.dtype == np.float32
        np.testing.assert_allclose(found, W.T, rtol=1e-4, atol=1e-4)
