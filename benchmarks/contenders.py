"""The contenders of the training benchmarks, behind one call each.

A contender is made for a case and then called with a number of epochs; it trains that
many from fresh weights, on the same data with the same settings as the others:
data preparation that a user would do once is done when it is made. PyTorch runs eagerly
with its fused optimiser, and picks its rows with ``index_select``, the fastest of its
ways; JAX compiles an epoch as one scan over the batches, before the clock starts. Both
are left out where they are not installed.
"""

import importlib.util
import statistics
import time
import warnings
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy import sparse
from sklearn.datasets import load_digits, load_iris, make_classification
from sklearn.neural_network import MLPClassifier
from sklearn.preprocessing import scale

from skann import BPClassifier
from skann.datasets import load_mnist

# OpenBLAS's threads go on spinning for 0.14 s after a product, in case there is another
# one. Nobody's time is to have that in it.
REST = 0.2

HAS_TORCH = importlib.util.find_spec("torch") is not None
HAS_JAX = importlib.util.find_spec("jax") is not None


@dataclass
class Case:
    """A data set and a network.

    ``epochs`` is how many one timing runs, so that it takes some tenths of a second.
    """

    name: str
    X: object
    y: np.ndarray
    hidden: tuple
    activation: str
    solver: str
    batch: int
    epochs: int

    @property
    def layer_sizes(self):
        n_classes = len(np.unique(self.y))
        n_outputs = 1 if n_classes == 2 else n_classes
        return (self.X.shape[1], *self.hidden, n_outputs)


def cases(names=None):
    """The cases of the table, made one at a time."""
    makers = {
        "mnist-sgd": lambda: _mnist(60000, (100,), "logistic", "sgd", 4),
        "mnist-adam": lambda: _mnist(60000, (100,), "logistic", "adam", 4),
        "mnist-wide": lambda: _mnist(20000, (1000, 500), "relu", "adam", 2),
        "dense-sgd": lambda: _normal(60000, 784, (100,), "logistic", "sgd", 200, 3),
        "dense-adam": lambda: _normal(60000, 784, (100,), "logistic", "adam", 200, 3),
        "dense-sgd-64": lambda: _normal(
            60000, 784, (100,), "logistic", "sgd", 200, 2, np.float64
        ),
        "dense-wide": lambda: _normal(20000, 784, (1000, 500), "relu", "adam", 200, 1),
        "dense-wider": lambda: _normal(
            20000, 512, (2048, 2048), "relu", "adam", 512, 1
        ),
        "tabular-200": lambda: _tabular((100,), 200, 20),
        "tabular-32": lambda: _tabular((100,), 32, 5),
        "tabular-deep": lambda: _tabular((256, 128, 64), 200, 6),
        "digits": lambda: _small(load_digits, (100,), 200, 60),
        "iris": lambda: _small(load_iris, (100,), 150, 600),
        "xor": _xor,
        "sparse": _sparse,
    }
    for name, make in makers.items():
        if names is None or name in names:
            case = make()
            case.name = name
            yield case


def _mnist(n, hidden, activation, solver, epochs):
    X, y = load_mnist(subset="train", return_X_y=True)
    return Case("", X[:n], y[:n], hidden, activation, solver, 200, epochs)


def _normal(n, n_features, hidden, activation, solver, batch, epochs, dtype=np.float32):
    """Standard normal numbers, like images behind a StandardScaler: no zeros."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((n, n_features), np.float32).astype(dtype)
    y = rng.integers(10, size=n)
    return Case("", X, y, hidden, activation, solver, batch, epochs)


def _tabular(hidden, batch, epochs):
    X, y = make_classification(10000, 20, n_informative=10, random_state=0)
    return Case("", X.astype(np.float32), y, hidden, "relu", "adam", batch, epochs)


def _small(load, hidden, batch, epochs):
    X, y = load(return_X_y=True)
    X = np.nan_to_num(scale(X)).astype(np.float32)
    return Case("", X, y, hidden, "relu", "adam", batch, epochs)


def _xor():
    X = np.array([[1, 1], [1, -1], [-1, -1], [-1, 1]], dtype=np.float32)
    return Case("", X, np.array([1, 0, 1, 0]), (4,), "relu", "adam", 4, 5000)


def _sparse():
    rng = np.random.default_rng(0)
    X = sparse.random(20000, 50000, 0.001, "csr", np.float32, random_state=rng)
    return Case("", X, rng.integers(20, size=20000), (100,), "relu", "adam", 200, 1)


def _settings(case):
    return {
        "hidden_layer_sizes": case.hidden,
        "activation": case.activation,
        "solver": case.solver,
        "batch_size": min(case.batch, case.X.shape[0]),
        "momentum": 0.0,
        "alpha": 0.0,
        "tol": 0.0,
        "n_iter_no_change": 10**6,
        "random_state": 0,
    }


def skann(case):
    """This package."""
    return _estimator(BPClassifier(**_settings(case)), case)


def scikit_learn(case):
    """scikit-learn's MLPClassifier."""
    return _estimator(MLPClassifier(**_settings(case)), case)


def _estimator(estimator, case):
    def run(epochs):
        estimator.set_params(max_iter=epochs)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            estimator.fit(case.X, case.y)

    return run


def pytorch(case):
    """PyTorch, eager, with the fused optimiser; None where it can't take the case."""
    if not HAS_TORCH or sparse.issparse(case.X):
        return None
    import torch

    n = case.X.shape[0]
    X = torch.from_numpy(np.ascontiguousarray(case.X))
    y = torch.from_numpy(case.y.astype(np.int64))
    binary = case.layer_sizes[-1] == 1
    if binary:
        y = y.to(X.dtype)[:, None]
    loss_function = (
        torch.nn.BCEWithLogitsLoss() if binary else torch.nn.CrossEntropyLoss()
    )

    def run(epochs):
        torch.manual_seed(0)
        model = torch_model(case.layer_sizes, case.activation).to(X.dtype)
        kind = torch.optim.Adam if case.solver == "adam" else torch.optim.SGD
        optimizer = kind(model.parameters(), lr=0.001, fused=True)
        for _ in range(epochs):
            order = torch.randperm(n)
            for start in range(0, n, case.batch):
                rows = order[start : start + case.batch]
                optimizer.zero_grad()
                output = model(X.index_select(0, rows))
                loss = loss_function(output, y.index_select(0, rows))
                loss.backward()
                optimizer.step()

    return run


def torch_model(layer_sizes, activation):
    """The same network in PyTorch."""
    from torch import nn

    function = {"relu": nn.ReLU, "logistic": nn.Sigmoid}[activation]
    layers = []
    for n_in, n_out in pairwise(layer_sizes):
        layers += [nn.Linear(n_in, n_out), function()]
    return nn.Sequential(*layers[:-1])


def jax(case):
    """JAX, an epoch as one compiled scan; None where it can't take the case."""
    if not HAS_JAX or sparse.issparse(case.X):
        return None
    from jax_network import make_epoch

    return make_epoch(case)


def bare_products(case):
    """Nothing but the matrix products of an epoch, into memory allocated before."""
    if sparse.issparse(case.X):
        return None
    n_rows, sizes = min(case.batch, case.X.shape[0]), case.layer_sizes
    rng = np.random.default_rng(0)
    dtype = case.X.dtype
    a = [rng.random((n_rows, size)).astype(dtype) for size in sizes]
    z = [np.empty((n_rows, size), dtype) for size in sizes]
    delta = [rng.random((n_rows, size)).astype(dtype) for size in sizes]
    below = [np.empty((n_rows, size), dtype) for size in sizes]
    shapes = list(pairwise(sizes))
    W = [rng.random(shape).astype(dtype) for shape in shapes]
    dW = [np.empty_like(weights) for weights in W]
    n_batches = -(-case.X.shape[0] // n_rows)

    def run(epochs):
        for _ in range(epochs * n_batches):
            for i, weights in enumerate(W):
                np.dot(a[i], weights, out=z[i + 1])
            for i in reversed(range(len(W))):
                np.dot(a[i].T, delta[i + 1], out=dW[i])
                if i:
                    np.dot(delta[i + 1], W[i].T, out=below[i])

    return run


CONTENDERS = {
    "skann": skann,
    "scikit-learn": scikit_learn,
    "PyTorch": pytorch,
    "JAX": jax,
    "products": bare_products,
}


def take_turns(case, rounds):
    """Seconds an epoch of every contender that can take the case, one a round.

    Returns
    -------
    seconds : dict of str to list of float
    """
    runs = {name: make(case) for name, make in CONTENDERS.items()}
    runs = {name: run for name, run in runs.items() if run is not None}
    seconds = time_in_turns(
        {name: lambda run=run: run(case.epochs) for name, run in runs.items()},
        rounds,
        warm_up=lambda: [run(1) for run in runs.values()],
    )
    return {name: [t / case.epochs for t in times] for name, times in seconds.items()}


def time_in_turns(runs, rounds, warm_up=None):
    """Seconds of every run, one a round, with a rest before each.

    Parameters
    ----------
    runs : dict of str to callable
    rounds : int
    warm_up : callable, default=None
        Called once before: imports, memory and threads are then ready. By default
        everything runs once.
    """
    seconds = {name: [] for name in runs}
    if warm_up is None:
        for run in runs.values():
            run()
    else:
        warm_up()
    for _ in range(rounds):
        for name, run in runs.items():
            time.sleep(REST)
            start = time.perf_counter()
            run()
            seconds[name].append(time.perf_counter() - start)
    return seconds


def median_ratios(seconds, own):
    """Median over the rounds of each contender's ratio to one of them in the round.

    Parameters
    ----------
    seconds : dict of str to list of float
        As :func:`take_turns` returns them.
    own : str
        Name of the one.
    """
    return {
        name: statistics.median(
            other / base for other, base in zip(times, seconds[own], strict=True)
        )
        for name, times in seconds.items()
    }
