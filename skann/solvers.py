"""Solvers as objects, for ``solver=``.

A name, ``solver="adam"``, is the solver with its default settings; an object has
settings of its own, ``solver=AdamW(weight_decay=0.1)``, which a search reaches as
``solver__weight_decay``.
"""

from ._optimize.adagrad import Adagrad
from ._optimize.adam import Adam, AdamW, AMSGrad, Nadam
from ._optimize.lion import Lion
from ._optimize.minimizers import (
    BFGS,
    CG,
    GDX,
    LBFGS,
    OSS,
    SCG,
    BayesianRegularization,
    LevenbergMarquardt,
    NewtonCG,
    TrustNCG,
)
from ._optimize.rmsprop import RMSprop
from ._optimize.rprop import Rprop
from ._optimize.sgd import SGD

__all__ = [
    "BFGS",
    "CG",
    "GDX",
    "LBFGS",
    "OSS",
    "SCG",
    "SGD",
    "AMSGrad",
    "Adagrad",
    "Adam",
    "AdamW",
    "BayesianRegularization",
    "LevenbergMarquardt",
    "Lion",
    "Nadam",
    "NewtonCG",
    "RMSprop",
    "Rprop",
    "TrustNCG",
]
