"""The reference engine: the lecture's equations in NumPy, line by line.

``equations.py`` has the way forward and the way back; ``objective.py`` adds up loss
and gradient over rows, ``curvature.py`` products with the Hessian, ``gauss_newton.py``
the Gauss-Newton matrix, and ``prediction.py`` has raw outputs, ``inside.py`` what is
behind them, ``dropout.py`` the gradient with units left out. It takes every case and is
what the compiled engine is tested against.

May come in: every loss, activation and kind of data that estimators let through,
written as the formula is. May not: a trick for speed that hides an equation, or
anything of the compiled engine.
"""

from .curvature import Curvature
from .dropout import DropoutObjective
from .gauss_newton import gauss_newton, jacobian_blocks
from .inside import hidden_values, input_gradients
from .normalization import set_statistics
from .objective import Objective
from .prediction import raw_outputs

__all__ = [
    "Curvature",
    "DropoutObjective",
    "Objective",
    "gauss_newton",
    "hidden_values",
    "input_gradients",
    "jacobian_blocks",
    "raw_outputs",
    "set_statistics",
]
