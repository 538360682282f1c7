"""Solvers as objects, for ``solver=``.

A name, ``solver="adam"``, is the solver with its default settings; an object has
settings of its own, ``solver=Adam(amsgrad=True)``, which a search reaches as
``solver__amsgrad``.
"""

from ._fullbatch import LBFGS
from ._optimizers import SGD, Adam

__all__ = ["LBFGS", "SGD", "Adam"]
