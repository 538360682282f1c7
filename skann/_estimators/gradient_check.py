"""Back-propagation against what the loss does when a weight is moved a little."""

from dataclasses import dataclass
from numbers import Integral

import numpy as np
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval
from sklearn.utils.validation import check_is_fitted

from .._decorators import validate_params
from .._engine.choice import objective
from .._typing import Array, ArrayLike, Matrix, RandomState
from .classifier import BPClassifier
from .regressor import BPRegressor
from .trained_rows import rows_as_trained

# Errors of rounding grow with 1 / h and those of the formula with h²: the cube root of
# the precision makes their sum smallest.
_STEP = np.finfo(np.float64).eps ** (1 / 3)


@dataclass
class GradientCheck:
    """Result of :func:`check_gradient`.

    Parameters
    ----------
    by_backpropagation : ndarray of shape (n_checked,)
        Derivatives of the loss by the parameters that were checked.
    by_differences : ndarray of shape (n_checked,)
        The same by central differences.
    relative_error : float
        ‖a - b‖ / (‖a‖ + ‖b‖) of the two; zero where both are.
    layer_norms : ndarray of shape (n_layers,)
        Norm of the gradient by each layer's weights and biases, the layer next to the
        inputs first.

    See Also
    --------
    check_gradient : Makes it.

    Examples
    --------
    >>> from skann import BPClassifier, check_gradient
    >>> from skann.datasets import make_xor
    >>> X, y = make_xor()
    >>> net = BPClassifier((4,), "tanh", random_state=0).initialize(X, y)
    >>> check_gradient(net, X, y).relative_error < 1e-7
    True
    """

    __module__ = "skann"  # files name it so

    by_backpropagation: Array
    by_differences: Array
    relative_error: float
    layer_norms: Array


@validate_params(
    {
        "estimator": [BPClassifier, BPRegressor],
        "n_parameters": [Interval(Integral, 1, None, closed="left")],
        "random_state": ["random_state"],
    },
    prefer_skip_nested_validation=True,
)
def check_gradient(
    estimator: BPClassifier | BPRegressor,
    X: Matrix,
    y: ArrayLike,
    *,
    sample_weight: ArrayLike | None = None,
    n_parameters: int = 100,
    random_state: RandomState = 0,
) -> GradientCheck:
    """Compare the gradient of a network with differences of its loss.

    One weight or bias w after the other is moved by h to either side, and::

        ∂J/∂w ≈ (J(w + h) - J(w - h)) / 2h

    is compared with what back-propagation says, in float64. J is the mean loss over the
    rows, without penalties.

    Parameters
    ----------
    estimator : BPClassifier or BPRegressor
        Fitted, or made by `initialize`. Not changed.
    X : {array-like, sparse matrix} of shape (n_samples, n_features)
        Rows; some dozens are enough.
    y : array-like of shape (n_samples,) or (n_samples, n_outputs)
        Their targets.
    sample_weight : array-like of shape (n_samples,), default=None
        Weights of the rows.
    n_parameters : int, default=100
        How many parameters are checked, at random; all, where there are no more. Each
        costs two passes over the rows.
    random_state : int, RandomState instance or None, default=0
        Picks them.

    Returns
    -------
    check : GradientCheck
        Both gradients, their relative error, and the norm of the whole gradient by
        layer.

    Raises
    ------
    NotFittedError
        If the estimator has no weights yet.
    ValueError
        If the data are not valid, or batches are normalised, whose derivative depends
        on what is in a batch.

    See Also
    --------
    GradientCheck : What it returns.

    Notes
    -----
    Below 1e-7 the two agree. With "relu" and its like a unit may change sides within h,
    and the error is larger although nothing is wrong. "step" has no derivative that
    differences could find.

    Examples
    --------
    >>> from skann import BPClassifier, check_gradient
    >>> from skann.datasets import make_xor
    >>> X, y = make_xor(50, noise=0.1, random_state=0)
    >>> net = BPClassifier((8, 8), "logistic", random_state=0).initialize(X, y)
    >>> found = check_gradient(net, X, y)
    >>> found.relative_error < 1e-7
    True
    >>> found.layer_norms.shape  # far smaller by the first layer than by the last
    (3,)
    """
    check_is_fitted(estimator)
    network = estimator._network
    if network.normalization == "batch":
        raise ValueError(
            "check_gradient can't be used with normalization='batch': the loss of a "
            "batch depends on its rows together."
        )
    theta = estimator._theta.astype(np.float64)
    J = objective(network, 0.0, theta, rows_as_trained(estimator, X, y, sample_weight))
    J.full()
    gradient = J.gradient.copy()
    n, rng = min(n_parameters, theta.size), check_random_state(random_state)
    which = np.sort(rng.permutation(theta.size)[:n])
    differences = np.array([_difference(J, theta, at) for at in which])
    exact = gradient[which]
    size = np.linalg.norm(exact) + np.linalg.norm(differences)
    error = np.linalg.norm(exact - differences) / size if size else 0.0
    norms = np.array(network.layout.layer_norms(gradient))
    return GradientCheck(exact, differences, float(error), norms)


def _difference(J, theta, at):
    """Central difference of the loss by one parameter, which is put back."""
    kept = theta[at]
    step, values = _STEP * max(1.0, abs(kept)), []
    for moved in (kept + step, kept - step):
        theta[at] = moved
        values.append(J.full()[0])
    theta[at] = kept
    return (values[0] - values[1]) / (2 * step)
