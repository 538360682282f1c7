"""The compiled engine: whether it is there, for what, and on how many threads.

``_compiled`` is made of the C sources in this folder; ``engine.h`` says how they hang
together. Where it could not be built (no compiler), or where the environment variable
``SKANN_COMPILED`` is 0, NumPy does all the work: slower, with the same results but for
rounding. ``SKANN_SIMD`` chooses lower vector instructions than the processor's best.

Callers ask :func:`supports` first, and :func:`predicts` or :func:`trains`. Networks go
to it as tuples of numbers (:func:`described`), optimisers as one, from ``rules.py``.
"""

import math
import os
import warnings
from functools import cache, lru_cache
from importlib import import_module

import joblib
import numpy as np
from scipy import sparse

from ..step_options import PLAIN
from . import missing, rules

#: Why it is not in use; None if it is. With advice, unless it has been switched off.
why_missing = _advice = None
_compiled = None
if os.environ.get("SKANN_COMPILED") == "0":
    why_missing = "is switched off by SKANN_COMPILED=0"
else:
    try:
        _compiled = import_module("._compiled", __package__)
    except ImportError as error:
        why_missing, _advice = missing.explained(error)

if _compiled is not None and (_wanted_level := os.environ.get("SKANN_SIMD")):
    # A level below the processor's best, for tests and for comparing results.
    if _wanted_level not in _compiled.levels():
        raise ValueError(
            "the environment variable SKANN_SIMD must be one of this processor's "
            f"{', '.join(map(repr, _compiled.levels()))}; got {_wanted_level!r}"
        )
    _compiled.use_level(_wanted_level)

#: Activations and losses that it has; what else the tables have is the reference
#: engine's.
ACTIVATIONS = (
    "identity",
    "logistic",
    "tanh",
    "tanh_opt",
    "relu",
    "leaky_relu",
    "elu",
    "selu",
    "gelu",
    "silu",
    "softplus",
    "mish",
)
LOSSES = (
    "squared_error",
    "masked_squared_error",
    "logistic_squared_error",
    "cross_entropy",
    "softmax",
    "absolute_error",
    "huber",
    "quantile",
    "poisson",
    "gamma",
    "tweedie",
    "gaussian",
    "perceptron",
    "focal",
    "softmax_focal",
)
# The orders of the enumerations in engine.h.
_ACTIVATION_NUMBERS = {name: i for i, name in enumerate(ACTIVATIONS)}
_LOSS_NUMBERS = {name: i for i, name in enumerate(LOSSES)}

# Floating-point operations that one more thread must have to do: in a step, to be worth
# the two meetings, and in a call, to be worth being woken.
_STEP_WORK = 200_000
_CALL_WORK = 5_000_000
_MAX_THREADS = 1024


def is_compiled():
    """Whether the compiled engine is in use."""
    return _compiled is not None


def warn_if_not_built():
    """Warn, unless the engine is there or has been switched off."""
    if _advice is not None:
        warnings.warn(
            f"skann's compiled engine {why_missing}. NumPy does its work, several "
            f"times slower. {_advice} SKANN_COMPILED=0 in the environment does without "
            "it, and without this warning.",
            stacklevel=3,
        )


def level():
    """The vector instructions that it uses, such as "avx2"; "none" without it."""
    return "none" if _compiled is None else _compiled.level()


def predicts(network):
    """Whether the compiled engine has what a network's predictions take."""
    plain = not network.skip and network.normalization is None
    return plain and _ACTIVATION_NUMBERS.keys() >= set(network.activations)


def trains(network):
    """Whether the compiled engine has what a network's training takes."""
    return predicts(network) and network.loss in _LOSS_NUMBERS


def supports(X, dtype):
    """Whether the compiled engine can work on X in this dtype."""
    if _compiled is None or dtype not in _DTYPES or X.ndim != 2:
        return False
    if isinstance(X, np.ndarray):
        # Other numbers in X cost a copy of a batch; numbers at odd addresses, a crash
        # on some processors.
        return X.dtype in _DTYPES and X.flags.aligned
    if not sparse.issparse(X) or X.format != "csr":
        return False
    return (
        X.dtype == dtype
        and X.indices.dtype == X.indptr.dtype
        and X.indices.dtype in _INDEX_DTYPES
        and X.shape[1] <= _MAX_FEATURES
        and all(
            array.flags.c_contiguous and array.flags.aligned
            for array in (X.data, X.indices, X.indptr)
        )
    )


_DTYPES = (np.dtype(np.float32), np.dtype(np.float64))
_INDEX_DTYPES = (np.dtype(np.int32), np.dtype(np.int64))
_MAX_FEATURES = 2**31 - 1


@cache
def _blas():
    # scikit-learn requires threadpoolctl. Looking for libraries takes milliseconds.
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController().select(user_api="blas").lib_controllers


def n_threads(step_work, call_work):
    """As many threads as NumPy's products would have, and are worth it.

    Parameters
    ----------
    step_work, call_work : float
        Floating-point operations between two meetings of the threads, and in all.

    Returns
    -------
    n : int
    """
    wanted = min(step_work / _STEP_WORK, call_work / _CALL_WORK)
    if wanted < 2:
        return 1
    limit = min((library.num_threads for library in _blas()), default=0)
    return max(1, int(min(wanted, limit or _threads_without_blas(), _MAX_THREADS)))


@cache
def _threads_without_blas():
    # Some BLAS, such as Apple's Accelerate, does not say how many threads it has.
    for number in os.environ.get("OMP_NUM_THREADS", "").split(","):
        if number.strip().isdecimal() and int(number) > 0:
            return int(number)
    # Within the scheduler's affinity and the limits of a container.
    return joblib.cpu_count()


@lru_cache(maxsize=128)
def described(network):
    """Sizes and activations of a network."""
    numbers = tuple(_ACTIVATION_NUMBERS[name] for name in network.activations)
    return network.layer_sizes, numbers


def training(
    network,
    theta,
    rule,
    vectors,
    data,
    batch_size,
    *,
    is_lazy=False,
    is_new=True,
    options=PLAIN,
):
    """A network, its data and its rule, ready to run.

    Parameters
    ----------
    network : Network
    theta : ndarray of shape (n_parameters,)
        Bound, as are the vectors.
    rule : tuple
        From :func:`rules.rule_of` or :func:`rules.gradient_rule`.
    vectors : sequence of ndarray of shape (n_parameters,)
        The optimiser's state, or where the gradient goes.
    data : Data
    batch_size : int
    is_lazy : bool
        Whether updates of weights of features that a batch of sparse X does not have
        wait until one has them; see ``lazy_updates.py``.
    is_new : bool
        Whether the optimiser has taken no step yet.
    options : StepOptions
        Rates of what masks leave out; and for a rule of steps the L1 penalty, the
        limits, and what stays. The rest does not count here.

    Returns
    -------
    training : _compiled.Training
    """
    batch_size = min(batch_size, data.X.shape[0])
    y, weight = data.targets.y, data.normalized_weight(theta.dtype)
    codes = None
    if y.ndim == 1:
        codes, y = np.ascontiguousarray(y, np.int32), None
    else:
        y = np.ascontiguousarray(y, theta.dtype)
    # Forward, back and the gradient: a product and a sum each.
    work = 6.0 * _size(network, data.X)
    return _compiled.Training(
        *described(network),
        _LOSS_NUMBERS[network.loss],
        network.loss_function.options,
        network.tasks,
        theta,
        rule,
        tuple(vectors),
        _described_rows(data, batch_size, is_lazy),
        codes,
        y,
        weight,
        batch_size,
        is_new,
        n_threads(work * batch_size, work * data.n_rows),
        options.dropout,
        options.input_dropout,
        *(_beside_the_rule(options, theta) if rules.moves(rule) else ()),
    )


def _beside_the_rule(options, theta):
    """L1 penalty and limits, 0 for none; and what is trained, None for everything."""
    limits = options.max_grad_value, options.max_grad_norm, options.max_norm
    finite = (limit if limit < math.inf else 0.0 for limit in limits)
    if options.frozen is None:
        return options.l1, *finite
    trainable = np.ones_like(theta)
    trainable[options.frozen] = 0
    return options.l1, *finite, trainable


def _described_rows(data, batch_size, is_lazy):
    """X, or what is in it and how many stored numbers a batch may have."""
    X = data.X
    if not sparse.issparse(X):
        return X
    sizes = np.diff(X.indptr)
    if data.rows is not None:
        sizes = sizes[data.rows]
    if batch_size < len(sizes):
        sizes = np.partition(sizes, -batch_size)[-batch_size:]
    return _compressed(X, int(sizes.sum()), is_lazy)


def _compressed(X, largest_batch=0, is_lazy=False):
    return X.data, X.indices, X.indptr, largest_batch, is_lazy


def _size(network, X):
    """Parameters that a row has to do with, on the average."""
    n = network.layout.n_parameters
    if sparse.issparse(X):
        n += (X.nnz / max(1, X.shape[0]) - X.shape[1]) * network.layer_sizes[1]
    return n


def raw_outputs(network, theta, X, rows=None):
    """Raw outputs of rows of X, and whether the first layer's products are finite.

    Parameters
    ----------
    network : Network
    theta : ndarray of shape (n_parameters,)
    X : ndarray or csr matrix of shape (n_samples, n_features)
    rows : ndarray of int or None
        Numbers of rows; None for all.

    Returns
    -------
    z : ndarray of shape (n_rows, n_outputs)
    finite : bool
    """
    if rows is not None:
        rows = np.ascontiguousarray(rows, np.int64)
    n_rows = X.shape[0] if rows is None else len(rows)
    z = np.empty((n_rows, network.layer_sizes[-1]), theta.dtype)
    work = 2.0 * _size(network, X) * n_rows
    if sparse.issparse(X):
        X = _compressed(X)
    finite = _compiled.predict(
        *described(network), theta, X, rows, z, n_threads(work, work)
    )
    return z, finite
