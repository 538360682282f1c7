"""Bayesian regularisation: Levenberg-Marquardt that finds its own penalty."""

from typing import Any

import numpy as np

from .levenberg_marquardt import Damping, LevenbergMarquardt

# The penalty at first, in terms of the loss at the start: with much more a network is
# flattened before it has learnt anything, with much less it learns the noise.
_FIRST_STRENGTH = 0.003
# A gain in an iteration, as a part, after which the penalty is left as it is: the
# weights that it is judged by are then still far from a minimum.
_FAST = 0.3


class BayesianRegularization(LevenbergMarquardt):
    """Bayesian regularisation by MacKay's evidence, by the name "br".

    Levenberg-Marquardt on the mean loss L with a penalty on all n weights and biases w
    whose strength a the data decide::

        L(w) + a/2 ‖w‖²
        γ = n - a tr (G + a 1)⁻¹                      the effective number of parameters
        a ← 2 L / (N - γ) · γ / ‖w‖²                  squared errors of N targets
        a ← 1 / n_rows · γ / ‖w‖²                     cross-entropy, softmax, Poisson

    with G the Gauss-Newton matrix of L (see :class:`LevenbergMarquardt`). a begins at
    0.006 of the loss at the start, and is made anew after every iteration that gains
    less than 30 %. At its end a is what makes the data most probable for
    weights that are normal around zero: 2 L n_rows / (N - γ) estimates the variance of
    the noise, and γ says how many parameters the data have determined. There is nothing
    to choose and no row to hold out, which is for few and noisy rows. With about as
    many parameters as rows, or more, it can take noise for signal: γ is then close to
    one of the two, and a smaller network or "adam" with early stopping is better.

    Parameters
    ----------
    max_fun : int, default=15000
        Evaluations of the objective and its gradient at most, as for "lbfgs"; a
        Gauss-Newton matrix counts as one.
    mu : float, default=0.005
        μ at the start; MATLAB's.
    mu_dec : float, default=0.2
        Factor of μ after a gain, as for "lm".
    mu_inc : float, default=3.0
        Factor of μ where nothing was gained.
    mu_max : float, default=1e10
        Training ends where a larger μ would be needed; MATLAB's.
    max_parameters : int, default=2000
        A larger network is refused, as by "lm".

    See Also
    --------
    LevenbergMarquardt : The same with a penalty that is given.

    Notes
    -----
    `loss_` and `loss_curve_` are L alone, without the penalty, and may rise as that
    grows. The columns "alpha" and "n_effective_parameters" of `history_` have a and γ
    after each iteration, and the attributes `alpha_` and `n_effective_parameters_`
    those of the weights that were kept. The estimator's `alpha` must be left alone.
    Rows are counted, whatever their weights: these change what the rows say, not how
    many there are. `n_init` goes by L, which is lowest for the weakest penalty; give
    `X_val` with it.

    References
    ----------
    MacKay, D. J. C. (1992). A practical Bayesian framework for backpropagation
    networks. Neural Computation 4, 448-472.

    Foresee, F. D. & Hagan, M. T. (1997). Gauss-Newton approximation to Bayesian
    learning. ICNN, 1930-1935.

    Examples
    --------
    >>> import numpy as np
    >>> from skann import BPRegressor
    >>> rng = np.random.default_rng(0)
    >>> X = np.linspace(-1, 1, 60)[:, None]
    >>> y = np.sin(3 * X[:, 0]) + 0.3 * rng.normal(size=60)
    >>> model = BPRegressor((20,), "tanh", solver="br", random_state=0).fit(X, y)
    >>> round(float(model.n_effective_parameters_))  # of 61
    9
    """

    __module__ = "skann.solvers"  # files name it so

    finds_alpha = True
    _name = "br"

    def __init__(
        self,
        max_fun: int = 15000,
        mu: float = 0.005,
        mu_dec: float = 0.2,
        mu_inc: float = 3.0,
        mu_max: float = 1e10,
        max_parameters: int = 2000,
    ) -> None:
        super().__init__(max_fun, mu, mu_dec, mu_inc, mu_max, max_parameters)

    def minimize(self, run: Any, max_iter: int, tol: float) -> str:
        damping = Damping(self)
        at, curvature = run.accepted, run.gauss_newton(run.accepted.x)
        a = _FIRST_STRENGTH * 2 * at.value
        while True:
            penalized = curvature.matrix + a * np.eye(len(at.x))
            before = at.value + a / 2 * (at.x @ at.x)
            gradient = run.restricted(at.gradient + a * at.x)
            x = damping.step(penalized, gradient, at, _change(run, a))
            if x is None:
                return damping.reason
            at, curvature = run.point(x), run.gauss_newton(x)
            gamma = effective_number(curvature.matrix, a)
            if at.value + a / 2 * (x @ x) > (1 - _FAST) * before:
                a = _strength(gamma, at, curvature)
            found = {"mu": damping.mu, "alpha": a, "n_effective_parameters": gamma}
            gradient = run.restricted(at.gradient + a * x)
            run.end_of_iteration(x, gradient=gradient, **found)


def effective_number(matrix, strength):
    """γ = n - a tr (G + a 1)⁻¹ = Σ_i λ_i / (λ_i + a), with G's eigenvalues λ.

    Parameters
    ----------
    matrix : ndarray of shape (n, n)
        G.
    strength : float
        a.
    """
    eigenvalues = np.maximum(np.linalg.eigvalsh(matrix), 0)
    return float((eigenvalues / (eigenvalues + strength)).sum())


def _strength(gamma, at, curvature):
    """a, at a point with its curvature, where γ parameters are determined."""
    square = max(at.x @ at.x, np.finfo(float).tiny)
    if curvature.dispersion == "known":
        noise = 1 / curvature.n_rows
    else:
        noise = 2 * at.value / max(curvature.n_targets - gamma, 1e-6)
    return float(max(noise * gamma / square, 1e-30))


def _change(run, a):
    penalty = a / 2 * (run.accepted.x @ run.accepted.x)

    def change(x):
        return run.change(x) + a / 2 * (x @ x) - penalty

    return change
