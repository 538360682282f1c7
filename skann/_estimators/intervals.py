"""Intervals around the predictions of a small network, by its Gauss-Newton matrix."""

from numbers import Integral, Real

import numpy as np
from scipy.stats import t as student
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import check_is_fitted

from .._decorators import validate_params
from .._engine.choice import gauss_newton, jacobian_blocks, raw_outputs
from .._typing import Array, ArrayLike, Matrix
from .regressor import BPRegressor
from .trained_rows import rows_as_trained

# Below this part of the largest eigenvalue the data say nothing of a direction.
_CUTOFF = 1e-12


@validate_params(
    {
        "estimator": [BPRegressor],
        "coverage": [Interval(Real, 0, 1, closed="neither")],
        "of": [StrOptions({"target", "mean"})],
        "max_parameters": [Interval(Integral, 1, None, closed="left")],
    },
    prefer_skip_nested_validation=True,
)
def prediction_intervals(
    estimator: BPRegressor,
    X_train: Matrix,
    y_train: ArrayLike,
    X: Matrix,
    *,
    sample_weight: ArrayLike | None = None,
    coverage: float = 0.95,
    of: str = "target",
    max_parameters: int = 2000,
) -> Array:
    """Intervals around the predictions of a small regressor, from its curvature.

    Around a minimum of the loss the network is taken to be linear in its weights and
    biases, as in nonlinear regression: with the Gauss-Newton matrix G of the mean loss
    over n rows, the penalty D, the gradient g of a prediction by the parameters and N
    targets::

        γ = tr G (G + D)⁻¹                         parameters that the data determine
        s² = Σ residuals² / (N - γ)                variance of the noise
        var f(x) = s²/n  g(x) (G + D)⁻¹ g(x)ᵀ

    and the interval is f(x) ± t √(var f(x) + s²), with t the quantile of Student's
    distribution of N - γ degrees of freedom; without s² for the mean. Without a hidden
    layer and a penalty these are the exact intervals of linear regression.

    Parameters
    ----------
    estimator : BPRegressor
        Fitted, with squared errors, and at a minimum: by "lm", "br", "lbfgs" or another
        full-batch solver, and not stopped early. Elsewhere intervals are only as good
        as the weights are close to one.
    X_train : {array-like, sparse matrix} of shape (n_train, n_features)
        The rows that it was trained on.
    y_train : array-like of shape (n_train,) or (n_train, n_outputs)
        Their targets.
    X : {array-like, sparse matrix} of shape (n_samples, n_features)
        Rows to predict.
    sample_weight : array-like of shape (n_train,), default=None
        The weights of the rows that it was trained with.
    coverage : float, default=0.95
        Probability with which an interval is to hold its target.
    of : {"target", "mean"}, default="target"
        Whether an interval is for a target, which has noise, or for the mean of targets
        at that row.
    max_parameters : int, default=2000
        A larger network is refused: matrices have n_parameters² numbers.

    Returns
    -------
    intervals : ndarray of shape (n_samples, 2) or (n_samples, n_outputs, 2)
        Lower and upper ends, in the unit of `y_train`.

    Raises
    ------
    ValueError
        If the loss is not of squared errors, the network is too large, the data are
        not valid, or determine as many parameters as there are targets, which leaves
        nothing to estimate the noise from.

    See Also
    --------
    skann.solvers.BayesianRegularization : A penalty for which they hold.

    Notes
    -----
    The noise is taken to be normal and of the same variance everywhere, for each output
    by itself. For anything else use ``loss="quantile"``, or conformal intervals.

    References
    ----------
    Seber, G. A. F. & Wild, C. J. (1989). Nonlinear Regression, section 5.1. Wiley.

    MacKay, D. J. C. (1992). A practical Bayesian framework for backpropagation
    networks. Neural Computation 4, 448-472.

    Examples
    --------
    >>> import numpy as np
    >>> from skann import BPRegressor, prediction_intervals
    >>> rng = np.random.default_rng(0)
    >>> X = rng.uniform(-1, 1, (200, 1))
    >>> y = np.sin(3 * X[:, 0]) + 0.2 * rng.normal(size=200)
    >>> model = BPRegressor((8,), "tanh", solver="br", random_state=0).fit(X, y)
    >>> low, high = prediction_intervals(model, X, y, X).T
    >>> bool(0.9 < np.mean((low <= y) & (y <= high)) < 0.99)
    True
    """
    check_is_fitted(estimator)
    network, theta = estimator._network, estimator._theta.astype(np.float64)
    _check(estimator, network, max_parameters)
    data = rows_as_trained(estimator, X_train, y_train, sample_weight)
    curvature = gauss_newton(network, 0.0, data, theta)
    penalty = np.diag(_penalty(estimator, network))
    inverse = np.linalg.pinv(curvature.matrix + penalty, rcond=_CUTOFF, hermitian=True)
    gamma = float(np.einsum("ij,ji->", curvature.matrix, inverse))
    freedom = curvature.n_targets - gamma
    if freedom < 1:
        raise ValueError(
            f"The network has {gamma:.0f} parameters that the data determine, and "
            f"y_train {curvature.n_targets} targets: nothing is left to estimate the "
            "noise from. Use a smaller network, or solver='br'."
        )
    noise = _noise(network, theta, data, freedom / curvature.n_targets)
    X = estimator._checked_rows(X)
    spread = np.empty((X.shape[0], network.layer_sizes[-1]))
    for rows, jacobian in jacobian_blocks(network, theta, X):
        spread[rows] = np.einsum("ikp,pq,ikq->ik", jacobian, inverse, jacobian)
    variance = noise * (spread / curvature.n_rows + (of == "target"))
    width = student.ppf((1 + coverage) / 2, freedom) * np.sqrt(variance)
    middle, width = estimator.predict(X), width * estimator.y_scale_
    width = width.reshape(middle.shape)
    return np.stack([middle - width, middle + width], axis=-1)


def _check(estimator, network, max_parameters):
    if estimator.loss not in ("squared_error", "mse"):
        raise ValueError(
            "prediction_intervals is for loss='squared_error'; the estimator has "
            f"loss={estimator.loss!r}."
        )
    n_parameters = network.layout.n_parameters
    if n_parameters > max_parameters:
        raise ValueError(
            f"prediction_intervals takes matrices of n_parameters² numbers, and "
            f"n_parameters={n_parameters} is more than max_parameters={max_parameters}."
        )


def _penalty(estimator, network):
    """Second derivative of the penalty by each parameter."""
    found = np.zeros(network.layout.n_parameters)
    strength = getattr(estimator, "alpha_", None)
    if strength is not None:
        return found + strength
    if not isinstance(estimator.alpha, str):
        for where in network.layout.weight_slices:
            found[where] = estimator.alpha * (1 - estimator.l1_ratio)
    return found


def _noise(network, theta, data, share):
    """Variance of each output's residuals, of whose squares a share is free."""
    raw, _ = raw_outputs(network, theta, data.X, data.rows)
    y = data.targets_of(np.float64)
    weight = data.take(data.normalized_weight(np.float64))
    weight = np.ones(len(y)) if weight is None else weight
    known = ~np.isnan(y)
    squares = np.where(known, (raw - np.where(known, y, 0)) ** 2, 0)
    return weight @ squares / (share * known.sum(axis=0))
