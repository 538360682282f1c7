"""Losses as objects, for ``loss=``.

A name, ``loss="tweedie"``, is the loss with its default settings; an object has
settings of its own, ``loss=Tweedie(power=1.2)``, which a search reaches as
``loss__power``. A class made of :class:`Loss` is a loss of one's own, which
:func:`check_loss` checks.
"""

from ._estimators.function_checks import check_loss
from ._estimators.function_objects import Focal, Loss, Tweedie

__all__ = ["Focal", "Loss", "Tweedie", "check_loss"]
