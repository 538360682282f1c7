"""On a worker: what is computed from a shard, pure functions of what they are given.

Each takes the shard's ``Data``, or None for no rows, and returns what the client puts
together with the others'. Nothing is kept between two of them: a task that is run once
more, on another worker, gives the same to the bit.
"""

import time
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache

import numpy as np

from .._engine import choice
from .._estimators.column_scale import ColumnScale, fitted_scaler
from .._estimators.real_transformer import as_columns
from .._network import memory
from .._network.network import loss_function
from .._training.data import Data


def run(data, function, common, own):
    """Call a function of a shard with all of the worker's threads.

    Parameters
    ----------
    data : Data or None
    function : callable
    common : dict of str to bytes
        Pickled keywords that all shards are given, serialised once.
    own : dict
        Keywords of this one.
    """
    from distributed.protocol import pickle

    if data is None:
        return None
    common = {name: pickle.loads(value) for name, value in common.items()}
    with worker_threads(), np.errstate(over="ignore", under="ignore", invalid="ignore"):
        return function(data, **common, **own)


@contextmanager
def worker_threads():
    """As many threads in products as the Dask worker has."""
    from distributed import get_worker

    n_threads, blas = get_worker().state.nthreads, _blas()
    if all(library.num_threads == n_threads for library in blas.lib_controllers):
        # Nothing to put back, for a worker of the same process may be under way.
        yield
        return
    with blas.limit(limits=n_threads):
        yield


@cache
def _blas():
    # scikit-learn requires threadpoolctl. Looking for libraries takes milliseconds.
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController().select(user_api="blas")


class ShardOfRows(Data):
    """A shard whose weights are in proportion to those of all shards' rows.

    Parameters
    ----------
    data : Data
    scale : tuple of float
        The largest weight of all, and their mean after division by it.
    """

    def __init__(self, data, scale):
        super().__init__(data.X, data.y, data.targets, data.weight, data.rows)
        self._scale = scale

    def using(self, rows):
        return ShardOfRows(super().using(rows), self._scale)

    def normalized_weight(self, dtype):
        largest, mean = self._scale
        return (self.weight / largest / mean).astype(dtype)


def scaled(data, scale):
    """The data with weights in proportion to all shards'; None leaves them alone."""
    return data if scale is None else ShardOfRows(data, scale)


@dataclass
class Advanced:
    """Where a worker's steps have led.

    Attributes
    ----------
    theta : ndarray of shape (n_parameters,)
    optimizer : Optimizer
    rng : numpy.random.Generator
    losses : list of float
        Of each batch.
    n_seen : int
        Rows trained on.
    loss : float
        Mean over them.
    rate, gradient_norm : float
        Of the last step.
    """

    theta: np.ndarray
    optimizer: object
    rng: np.random.Generator
    losses: list
    n_seen: int
    loss: float
    rate: float
    gradient_norm: float


def advance(
    data,
    *,
    network,
    alpha,
    theta,
    optimizer,
    schedule,
    done,
    batch_size,
    options,
    rng,
    shuffle,
    steps,
    seconds,
    scale,
    seed=None,
):
    """Train for some steps of an epoch; None where the shard has no row left for them.

    Parameters
    ----------
    data : Data
    network, alpha, theta, optimizer, schedule, done, batch_size, options
        As ``Epochs`` have them.
    rng : numpy.random.Generator
        Of a shard that is the only one.
    shuffle : bool
    steps : tuple of int or None
        The first step and the one after the last; None for a whole epoch.
    seconds : float
        What is left of the time that training may take.
    scale : tuple of float or None
        See :func:`scaled`.
    seed : int or None
        Of one shard of several, for this epoch.
    """
    deadline = time.perf_counter() + seconds
    data, theta = scaled(data, scale), memory.copied(theta)
    optimizer.state = [memory.copied(vector) for vector in optimizer.state]
    if seed is not None:
        rng = np.random.default_rng(seed)
    order = rng if shuffle else None
    if steps is not None:
        rows = data.row_numbers
        rows = rng.permutation(rows) if shuffle else rows
        first = steps[0]
        rows = rows[first * batch_size : steps[1] * batch_size]
        if not len(rows):
            return None
        data, order = data.using(rows), None
        done = replace(done, n_steps=done.n_steps + first)
        if seed is not None:  # not the same units again in every round
            rng = np.random.default_rng([seed, first])
    options = replace(options, rng=rng)
    epochs = choice.epochs(network, alpha, theta, data, optimizer, batch_size, options)
    losses, rate = epochs.epoch(schedule, done, order, deadline)
    epochs.flush()
    loss, n_seen = epochs.mean_loss(losses)
    norm = epochs.gradient_norm
    return Advanced(theta, optimizer, rng, losses, n_seen, loss, rate, norm)


def value_and_gradient(data, *, network, alpha, theta, scale):
    """J over the shard, its gradient, and the number of rows."""
    data, theta = scaled(data, scale), memory.copied(theta)
    objective = choice.objective(network, alpha, theta, data)
    value, _ = objective.full()
    return value, objective.gradient, data.n_rows


def hessian_product(data, *, network, alpha, theta, vector, scale):
    """The Hessian of J over the shard times a vector, and the number of rows."""
    curvature = choice.curvature(network, alpha, scaled(data, scale))
    return curvature.product(theta, vector), data.n_rows


def column_scale(data, *, always):
    """The scale of the columns of a shard that is the only one."""
    return ColumnScale.for_data(data, always)


def column_statistics(data):
    """Total weight, and a scaler fitted to all rows in use."""
    rows = data.row_numbers
    largest = 1.0 if data.weight is None else data.weight[rows].max()
    return largest * data.weight_of(rows).sum(), fitted_scaler(data, rows)


def loss_and_score(data, *, network, theta, transformer):
    """What the loss and the default score of the shard's rows are means of.

    Returns
    -------
    loss : float
        Mean over the rows, by their weights.
    weight : float
        Sum of the weights.
    score : float
        Of the shard alone.
    moments : ndarray of shape (5, n_outputs) or None
        Of real targets; see :func:`moments`.
    """
    raw, _ = choice.raw_outputs(network, theta, data.X, data.rows)
    y = data.targets_of(theta.dtype)
    weight = data.take(data.normalized_weight(theta.dtype))
    losses, _ = network.loss_function.value_and_delta(raw, y)
    total = float(data.n_rows)
    if data.weight is not None:
        total = float(data.take(data.weight).sum())
    loss = float(np.average(losses, weights=weight))
    score = float(transformer.score(raw, data))
    return loss, total, score, moments(transformer, raw, data)


def moments(transformer, raw, data):
    """Weight, mean, sum of squares about it, of residuals, and number, by output.

    Those that R² over several shards is put together from.
    """
    targets = data.targets
    if not hasattr(transformer, "mean"):
        return None
    if loss_function(targets.loss, targets.loss_options).has_d2:
        return None
    truth = data.take(as_columns(data.y)).astype(np.float64)
    found = as_columns(transformer.inverse_transform(raw))
    weight = np.ones(len(truth)) if data.weight is None else data.take(data.weight)
    weights = np.where(np.isnan(truth), 0, weight[:, None])
    truth = np.where(weights > 0, truth, 0)
    total = weights.sum(axis=0)
    mean = (weights * truth).sum(axis=0) / np.where(total > 0, total, 1)
    about = (weights * (truth - mean) ** 2).sum(axis=0)
    residuals = (weights * (truth - found) ** 2).sum(axis=0)
    return np.stack([total, mean, about, residuals, np.count_nonzero(weights, axis=0)])


def outputs(data, *, network, theta):
    """Raw outputs of the rows in use."""
    return choice.raw_outputs(network, theta, data.X, data.rows)[0]


def targets_of(data):
    """Everything of the rows in use but X, which stays here."""
    rows = data.row_numbers
    targets = data.targets
    y = targets.y[rows] if targets.y.ndim == 1 else targets.y[:, rows]
    labels = None if targets.labels is None else targets.labels[rows]
    weight = None if data.weight is None else data.weight[rows]
    targets = replace(targets, y=y, labels=labels)
    return Data(np.empty((len(rows), 0)), data.y[rows], targets, weight)
