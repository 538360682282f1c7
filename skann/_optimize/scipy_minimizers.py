"""SciPy's minimisers with their settings."""

from numbers import Integral, Real
from typing import Any, Self

from sklearn.utils._param_validation import Interval

from .minimizer import MAX_FUN, MAX_PARAMETERS, ScipyMinimizer, check_dense


class LBFGS(ScipyMinimizer):
    """Limited-memory BFGS, by the name "lbfgs".

    A quasi-Newton method: the last few steps, and how the gradient changed along them,
    make an approximation of the inverse Hessian that is never written out, and the
    length of each step is searched. SciPy's "L-BFGS-B". The first of these methods to
    try, for data that are gone through quickly as a whole: an iteration costs little
    more than one gradient, and memory is a few vectors.

    Parameters
    ----------
    max_fun : int, default=15000
        Evaluations of the objective and its gradient at most; scikit-learn's default.
    memory : int, default=10
        Steps that the approximation remembers, each of two vectors of the parameters'
        size; SciPy's default. More can save iterations on hard problems.

    See Also
    --------
    BFGS : The same with the whole matrix, for few parameters.
    LevenbergMarquardt : Faster for sums of squares of few parameters.

    References
    ----------
    Byrd, R. H., Lu, P., Nocedal, J. & Zhu, C. (1995). A limited memory algorithm for
    bound constrained optimization. SIAM Journal on Scientific Computing 16, 1190-1208.

    Examples
    --------
    >>> from skann import BPClassifier
    >>> from skann.datasets import make_xor
    >>> from skann.solvers import LBFGS
    >>> X, y = make_xor()
    >>> model = BPClassifier((4,), "tanh", solver=LBFGS(memory=20), random_state=0)
    >>> model.fit(X, y).score(X, y)
    1.0
    """

    __module__ = "skann.solvers"  # files name it so

    _parameter_constraints: dict = {  # noqa: RUF012 (scikit-learn's convention)
        **MAX_FUN,
        "memory": [Interval(Integral, 1, None, closed="left")],
    }
    method = "L-BFGS-B"

    def __init__(self, max_fun: int = 15000, memory: int = 10) -> None:
        self.max_fun = max_fun
        self.memory = memory

    def scipy_options(self, tol: float) -> dict[str, Any]:
        return {
            "maxfun": self.max_fun,
            "maxcor": self.memory,
            "gtol": 0,
            # SciPy's default gives up on a gain below 2e-9 (of losses below one an
            # absolute gain), long before the gradient is small; this one, when
            # nothing is gained any more.
            "ftol": 0,
        }


class BFGS(ScipyMinimizer):
    """BFGS with its matrix written out, by the name "bfgs".

    The quasi-Newton method of Broyden, Fletcher, Goldfarb and Shanno, which remembers
    all of its steps in an approximation of the inverse Hessian. SciPy's "BFGS". For
    small networks that are trained to a small gradient: with some hundred parameters
    it can need fewer gradients than L-BFGS, but an iteration multiplies matrices of
    the parameters' size, which soon costs more than the gradients.

    Parameters
    ----------
    max_fun : int, default=15000
        Evaluations of the objective and its gradient at most; as for "lbfgs".
    max_parameters : int, default=2000
        A larger network is refused. n parameters take about six matrices of n² numbers
        (0.2 GB at the default) and 4 n³ operations an iteration.

    See Also
    --------
    LBFGS : The same with the last steps in place of the matrix.

    References
    ----------
    Nocedal, J. & Wright, S. J. (2006). Numerical Optimization, 2nd edition, section
    6.1. Springer.

    Examples
    --------
    >>> from skann import BPClassifier
    >>> from skann.datasets import make_xor
    >>> from skann.solvers import BFGS
    >>> X, y = make_xor()
    >>> model = BPClassifier((4,), "tanh", solver=BFGS(), random_state=0)
    >>> model.fit(X, y).score(X, y)
    1.0
    """

    __module__ = "skann.solvers"  # files name it so

    _parameter_constraints: dict = {  # noqa: RUF012 (scikit-learn's convention)
        **MAX_FUN,
        **MAX_PARAMETERS,
    }
    method = "BFGS"

    def __init__(self, max_fun: int = 15000, max_parameters: int = 2000) -> None:
        self.max_fun = max_fun
        self.max_parameters = max_parameters

    def scipy_options(self, tol: float) -> dict[str, Any]:
        return {"gtol": tol}

    def check_size(self, n_parameters: int) -> None:
        instead = "'lbfgs', which approximates the same matrix in a few vectors"
        check_dense("bfgs", "BFGS", n_parameters, self.max_parameters, 6, instead)


class NewtonCG(ScipyMinimizer):
    """Newton's method with conjugate gradients and line search, by "newton-cg".

    Every iteration solves ``H p = -∇J`` for the step by conjugate gradients, roughly
    at first and better as the gradient becomes small (an inexact, or truncated, Newton
    method), and searches along p. SciPy's "Newton-CG". H is the true Hessian, and only
    ever meets vectors: R-operator, at the price of about two gradients a product.
    Where a direction of negative curvature turns up, the system is left unsolved.

    For small gradients on ill-conditioned problems, where it converges faster than
    linearly near the minimum. Far from there, and for a network that is to generalise
    rather than be minimised, "lbfgs" is as good or better.

    Parameters
    ----------
    max_fun : int, default=15000
        Evaluations of the objective and its gradient at most, as for "lbfgs"; a
        product of the Hessian with a vector counts as two.

    See Also
    --------
    TrustNCG : The same in a region of trust in place of a search.

    References
    ----------
    Pearlmutter, B. A. (1994). Fast exact multiplication by the Hessian. Neural
    Computation 6, 147-160.

    Nocedal, J. & Wright, S. J. (2006). Numerical Optimization, 2nd edition, section
    7.1. Springer.

    Examples
    --------
    >>> from skann import BPClassifier
    >>> from skann.datasets import make_xor
    >>> from skann.solvers import NewtonCG
    >>> X, y = make_xor()
    >>> model = BPClassifier((4,), "tanh", solver=NewtonCG(), random_state=0)
    >>> model.fit(X, y).score(X, y)
    1.0
    """

    __module__ = "skann.solvers"  # files name it so

    _parameter_constraints: dict = {**MAX_FUN}  # noqa: RUF012
    method = "Newton-CG"
    uses_hessian = True

    def __init__(self, max_fun: int = 15000) -> None:
        self.max_fun = max_fun

    def scipy_options(self, tol: float) -> dict[str, Any]:
        return {"xtol": 0}


class TrustNCG(ScipyMinimizer):
    """Newton's method with conjugate gradients in a trust region, by "trust-ncg".

    Every iteration minimises the quadratic model ``∇J p + p H p / 2`` by conjugate
    gradients within a radius (Steihaug 1983), which grows where the model predicts
    the loss well and shrinks where it does not; a step that gains too little is not
    taken, though it counts as an iteration. SciPy's "trust-ncg". H is the true
    Hessian, as for :class:`NewtonCG`; directions of negative curvature, which networks
    are full of, are followed to the edge of the region and so made use of.

    For small gradients on ill-conditioned problems. Far from the minimum "lbfgs" is
    as good or better.

    Parameters
    ----------
    max_fun : int, default=15000
        Evaluations of the objective and its gradient at most, as for "lbfgs"; a
        product of the Hessian with a vector counts as two.
    initial_radius : float, default=1.0
        Length of the longest step at first, in the parameters' units; SciPy's default.
    max_radius : float, default=1000.0
        Length of the longest step at any time, more than `initial_radius`; SciPy's
        default.

    See Also
    --------
    NewtonCG : The same with a search along a line.

    References
    ----------
    Steihaug, T. (1983). The conjugate gradient method and trust regions in large scale
    optimization. SIAM Journal on Numerical Analysis 20, 626-637.

    Pearlmutter, B. A. (1994). Fast exact multiplication by the Hessian. Neural
    Computation 6, 147-160.

    Examples
    --------
    >>> from skann import BPClassifier
    >>> from skann.datasets import make_xor
    >>> from skann.solvers import TrustNCG
    >>> X, y = make_xor()
    >>> solver = TrustNCG(initial_radius=2.0)
    >>> model = BPClassifier((4,), "tanh", solver=solver, random_state=0)
    >>> model.fit(X, y).score(X, y)
    1.0
    """

    __module__ = "skann.solvers"  # files name it so

    _parameter_constraints: dict = {  # noqa: RUF012 (scikit-learn's convention)
        **MAX_FUN,
        "initial_radius": [Interval(Real, 0, None, closed="neither")],
        "max_radius": [Interval(Real, 0, None, closed="neither")],
    }
    method = "trust-ncg"
    uses_hessian = True

    def __init__(
        self,
        max_fun: int = 15000,
        initial_radius: float = 1.0,
        max_radius: float = 1000.0,
    ) -> None:
        self.max_fun = max_fun
        self.initial_radius = initial_radius
        self.max_radius = max_radius

    def fresh(self) -> Self:
        checked = super().fresh()
        if checked.initial_radius >= checked.max_radius:
            raise ValueError(
                "The 'initial_radius' parameter of TrustNCG must be less than "
                f"max_radius={checked.max_radius}. Got {checked.initial_radius} "
                "instead."
            )
        return checked

    def scipy_options(self, tol: float) -> dict[str, Any]:
        return {
            "gtol": 0,
            "initial_trust_radius": self.initial_radius,
            "max_trust_radius": self.max_radius,
        }
