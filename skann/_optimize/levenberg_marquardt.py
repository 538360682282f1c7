"""Levenberg-Marquardt: Gauss-Newton steps, damped until they gain."""

from numbers import Real
from typing import Any

import numpy as np
from scipy.linalg import LinAlgError, cho_factor, cho_solve
from sklearn.utils._param_validation import Interval

from .minimizer import MAX_FUN, MAX_PARAMETERS, NO_STEP, Minimizer, check_dense

# From zero no factor would lead back.
_MIN_MU = 1e-20

DAMPING = {
    "mu": [Interval(Real, 0, None, closed="neither")],
    "mu_dec": [Interval(Real, 0, 1, closed="neither")],
    "mu_inc": [Interval(Real, 1, None, closed="neither")],
    "mu_max": [Interval(Real, 0, None, closed="neither")],
}


class LevenbergMarquardt(Minimizer):
    """Levenberg-Marquardt, by the name "lm".

    With g the gradient of the objective and G its Gauss-Newton matrix::

        G = Σ_i s_i J_iᵀ B_i J_i / Σ_i s_i + alpha (on weights)
        (G + μ 1) d = -g

    where J_i is the derivative of row i's raw outputs by all weights and biases, by
    back-propagation, and B_i the second derivative of its loss by the raw outputs: the
    identity for squared errors, which is the method as Levenberg and Marquardt had it,
    and for cross-entropy, softmax and the deviances their Fisher information. A step
    that lowers the objective is taken and μ multiplied by `mu_dec`; otherwise μ is
    multiplied by `mu_inc` and the step tried again.

    For small networks, some hundred weights, and up to some thousand rows, where it
    reaches a low training loss in a fraction of the time of any other solver here.

    Parameters
    ----------
    max_fun : int, default=15000
        Evaluations of the objective and its gradient at most, as for "lbfgs"; a
        Gauss-Newton matrix counts as one.
    mu : float, default=0.001
        μ at the start; MATLAB's.
    mu_dec : float, default=0.2
        Factor of μ after a gain. MATLAB's factors, 0.1 and 10, need up to three times
        as many iterations: they step over the μ at which steps are long.
    mu_inc : float, default=3.0
        Factor of μ where nothing was gained.
    mu_max : float, default=1e10
        Training ends where a larger μ would be needed; MATLAB's.
    max_parameters : int, default=2000
        A larger network is refused. n parameters take about four matrices of n²
        numbers (0.13 GB at the default), and an iteration n² operations for every row
        and output and n³/3 for the step.

    See Also
    --------
    BayesianRegularization : The same with a penalty found from the data.

    Notes
    -----
    Jacobians are made for as many rows at a time as take 2 MB, so memory does not grow
    with the number of rows. The column "mu" of `history_` has μ after each iteration.
    A loss without a second derivative ("absolute_error", "quantile", "perceptron") is
    refused.

    References
    ----------
    Marquardt, D. W. (1963). An algorithm for least-squares estimation of nonlinear
    parameters. Journal of the Society for Industrial and Applied Mathematics 11,
    431-441.

    Hagan, M. T. & Menhaj, M. B. (1994). Training feedforward networks with the
    Marquardt algorithm. IEEE Transactions on Neural Networks 5, 989-993.

    Schraudolph, N. N. (2002). Fast curvature matrix-vector products for second-order
    gradient descent. Neural Computation 14, 1723-1738.

    Examples
    --------
    >>> import numpy as np
    >>> from skann import BPRegressor
    >>> X = np.linspace(-1, 1, 50)[:, None]
    >>> y = np.sin(3 * X[:, 0])
    >>> model = BPRegressor((5,), "tanh", solver="lm", random_state=0)
    >>> bool(model.fit(X, y).loss_ < 1e-5)
    True
    """

    __module__ = "skann.solvers"  # files name it so

    _parameter_constraints: dict = {  # noqa: RUF012 (scikit-learn's convention)
        **MAX_FUN,
        **DAMPING,
        **MAX_PARAMETERS,
    }
    uses_gauss_newton = True
    _name = "lm"

    def __init__(
        self,
        max_fun: int = 15000,
        mu: float = 0.001,
        mu_dec: float = 0.2,
        mu_inc: float = 3.0,
        mu_max: float = 1e10,
        max_parameters: int = 2000,
    ) -> None:
        self.max_fun = max_fun
        self.mu = mu
        self.mu_dec = mu_dec
        self.mu_inc = mu_inc
        self.mu_max = mu_max
        self.max_parameters = max_parameters

    def check_size(self, n_parameters: int) -> None:
        kind = type(self).__name__
        check_dense(self._name, kind, n_parameters, self.max_parameters, 4, "'lbfgs'")

    def minimize(self, run: Any, max_iter: int, tol: float) -> str:
        damping = Damping(self)
        while True:
            at = run.accepted
            matrix = run.gauss_newton(at.x).matrix
            x = damping.step(matrix, at.gradient, at, run.change)
            if x is None:
                return damping.reason
            run.end_of_iteration(x, mu=damping.mu)


class Damping:
    """μ, and steps that it makes short enough to gain.

    Parameters
    ----------
    settings : object
        Has ``mu``, ``mu_dec``, ``mu_inc`` and ``mu_max``.
    """

    def __init__(self, settings):
        self.mu, self._settings = settings.mu, settings

    @property
    def reason(self):
        """Why there was no step."""
        return f"{NO_STEP}, mu having reached mu_max={self._settings.mu_max:g}"

    def step(self, matrix, gradient, at, change):
        """The next point, with the next μ; None where μ has become too large.

        Parameters
        ----------
        matrix : ndarray of shape (n_parameters, n_parameters)
        gradient : ndarray of shape (n_parameters,)
        at : Point
        change : callable
            How much higher the objective is at another point.
        """
        settings = self._settings
        while self.mu <= settings.mu_max:
            step = _solution(matrix, self.mu, gradient)
            if step is not None:
                x = at.x - step
                if change(x) < 0:
                    self.mu = max(self.mu * settings.mu_dec, _MIN_MU)
                    return x
            self.mu *= settings.mu_inc
        return None


def _solution(matrix, mu, gradient):
    """(matrix + μ 1)⁻¹ gradient, or None where rounding makes that impossible."""
    damped = matrix.copy()
    damped.flat[:: len(damped) + 1] += mu
    try:
        factor = cho_factor(damped, overwrite_a=True, check_finite=False)
    except LinAlgError:
        return None
    step = cho_solve(factor, gradient, check_finite=False)
    return step if np.isfinite(step).all() else None
