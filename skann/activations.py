"""Activations of one's own, for ``activation=``.

A class made of :class:`Activation` has a value and a derivative, which
:func:`check_activation` checks against each other. The package's go by their names.
"""

from ._estimators.function_checks import check_activation
from ._estimators.function_objects import Activation

__all__ = ["Activation", "check_activation"]
