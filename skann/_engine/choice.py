"""Which engine: the compiled one where it is built and takes the case, else NumPy's.

The floors above get their objectives, epochs and predictions here; docs/engine.md has
the table of who does what.
"""

from .._network.normalization import folded
from . import native, reference
from .contract import UnfusedEpochs
from .step_options import PLAIN

# Values of a layer that running statistics are taken over.
_STATISTICS_VALUES = 2**20

native.warn_if_not_built()


def objective(network, alpha, theta, data, batch_size=1):
    """J over the data.

    Parameters
    ----------
    network : Network
    alpha : float
        Strength of the L2 penalty.
    theta : ndarray of shape (n_parameters,)
        Bound.
    data : Data
    batch_size : int
        The most rows that a batch will have.

    Returns
    -------
    objective : Objective
    """
    if _native_trains(network, theta, data):
        return native.Objective(network, alpha, theta, data, batch_size)
    return reference.Objective(network, alpha, theta, data)


def epochs(network, alpha, theta, data, optimizer, batch_size, options=PLAIN):
    """Epochs of an optimiser over the data.

    Parameters
    ----------
    network : Network
    alpha : float
        Strength of the L2 penalty.
    theta : ndarray of shape (n_parameters,)
        Trained in place.
    data : Data
    optimizer : Optimizer
        Started.
    batch_size : int
    options : StepOptions
        What a step does besides.

    Returns
    -------
    epochs : Epochs
    """
    compiled = (
        _native_trains(network, theta, data)
        and native.draws(options, data.X)
        and not (options.are_random and optimizer.full_batch)
    )
    about = network, alpha, theta, data
    if compiled and native.can_fuse(optimizer):
        return native.FusedEpochs(*about, optimizer, batch_size, options)
    batch_size = min(batch_size, data.n_rows)
    if compiled:
        own = native.Objective(*about, batch_size, options)
    elif options.are_random:
        own = reference.DropoutObjective(*about, options)
    else:
        own = reference.Objective(*about)
    return UnfusedEpochs(own, optimizer, batch_size, options)


def has_compiled():
    """Whether the compiled engine is in use at all."""
    return native.is_compiled()


def _native_trains(network, theta, data):
    return native.trains(network) and native.supports(data.X, theta.dtype)


def curvature(network, alpha, data):
    """Products of the Hessian of J with vectors, which the reference alone has."""
    return reference.Curvature(network, alpha, data)


def gauss_newton(network, alpha, data, theta):
    """The Gauss-Newton matrix of J at theta, which the reference alone has."""
    return reference.gauss_newton(network, alpha, data, theta)


def jacobian_blocks(network, theta, X):
    """Derivatives of raw outputs by theta, which the reference alone has."""
    return reference.jacobian_blocks(network, theta, X)


def lazy_updates_pay(X, batch_size, alpha, optimizer):
    """Whether X is so wide and sparse that an optimiser should leave out weights.

    The answer is the same whether or not the compiled engine, which does so, is built:
    what is chosen by it must not depend on that.

    Parameters
    ----------
    X : ndarray or csr matrix of shape (n_samples, n_features)
    batch_size : int
    alpha : float
        Strength of the L2 penalty.
    optimizer : Optimizer

    Returns
    -------
    pays : bool
    """
    return native.lazy_updates_pay(X, batch_size, alpha, optimizer)


def raw_outputs(network, theta, X, rows=None):
    """Raw outputs of rows of X, and whether their first pre-activations are finite.

    They are not finite for a row of X that is not (even a weight of zero makes NaN of
    infinity), and are usually fewer.

    Parameters
    ----------
    network : Network
    theta : ndarray of shape (n_parameters,)
    X : ndarray or csr matrix of shape (n_samples, n_features)
    rows : ndarray of int or None
        Numbers of the rows wanted; None for all.

    Returns
    -------
    z : ndarray of shape (n_rows, n_outputs)
        In theta's dtype.
    finite : bool
        May be False where X is finite but pre-activations overflow.
    """
    if network.normalization == "batch":
        network, theta = folded(network, theta)
    takes = native.predicts(network) and native.supports(X, theta.dtype)
    engine = native if takes else reference
    return engine.raw_outputs(network, theta, X, rows)


def set_statistics(network, theta, data):
    """Make running statistics those of the rows in use, or of a random sample of them.

    Running means of a batch's statistics lag behind the weights: where inputs are far
    from zero, by many deviations.

    Parameters
    ----------
    network : Network
        Normalised by batches.
    theta : ndarray of shape (n_parameters,)
        Changed in place.
    data : Data
    """
    n = _STATISTICS_VALUES // max(*network.layer_sizes[1:], 1)
    rows = data.sample(max(n, 1000))
    X = data.X_of(rows).astype(theta.dtype, copy=False)
    reference.set_statistics(network, theta, X, data.weight_of(rows))


def hidden_values(network, theta, X, layer):
    """Outputs of a hidden layer, 1 the first, which the reference alone has."""
    return reference.hidden_values(network, theta, X, layer)


def input_gradients(network, theta, X):
    """Derivatives of raw outputs by the inputs, which the reference alone has."""
    return reference.input_gradients(network, theta, X)
