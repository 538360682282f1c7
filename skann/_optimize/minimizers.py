"""The table of all full-batch minimisers.

What a minimiser is and how to add one stands in ``_optimize/minimizer.py``.
"""

from .adaptive_descent import GDX
from .bayesian import BayesianRegularization
from .conjugate_gradients import CG
from .levenberg_marquardt import LevenbergMarquardt
from .one_step_secant import OSS
from .scaled_conjugate import SCG
from .scipy_minimizers import BFGS, LBFGS, NewtonCG, TrustNCG

MINIMIZERS = {
    "lbfgs": LBFGS,
    "cg": CG,
    "scg": SCG,
    "oss": OSS,
    "bfgs": BFGS,
    "newton-cg": NewtonCG,
    "trust-ncg": TrustNCG,
    "lm": LevenbergMarquardt,
    "br": BayesianRegularization,
    "gdx": GDX,
}
