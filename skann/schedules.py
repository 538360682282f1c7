"""Learning-rate schedules as objects, for ``learning_rate=``.

A name, ``learning_rate="cosine"``, is the schedule with its default settings; an object
has settings of its own, ``learning_rate=Cosine(warmup=0.1)``, which a search reaches as
``learning_rate__warmup``. The initial rate is the estimator's ``learning_rate_init``.
"""

from ._optimize.cosine_schedules import Cosine, OneCycle
from ._optimize.schedule_kinds import (
    Adaptive,
    Constant,
    Exponential,
    InvScaling,
    Step,
)

__all__ = [
    "Adaptive",
    "Constant",
    "Cosine",
    "Exponential",
    "InvScaling",
    "OneCycle",
    "Step",
]
