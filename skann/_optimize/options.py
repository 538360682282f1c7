"""What is common to solvers and schedules given as objects: their settings.

Settings are constructor parameters, seen and changed with ``get_params`` and
``set_params``, so that a grid search reaches them as ``solver__momentum``. An object
that a user has passed is never changed by training: it is cloned, and the clone holds
the state of the run.
"""

import sys
from typing import Any, Self

from sklearn.base import clone
from sklearn.utils._param_validation import (
    InvalidParameterError,
    validate_parameter_constraints,
)

from .._bases import BaseEstimator


class Options(BaseEstimator):
    """Base of what has settings."""

    _parameter_constraints: dict = {}  # noqa: RUF012 (scikit-learn's convention)

    def fresh(self) -> Self:
        """A copy with the same settings, checked, and nothing else.

        Raises
        ------
        ValueError
            If a setting is not valid.
        """
        settings, name = self.get_params(deep=False), type(self).__name__
        validate_parameter_constraints(
            self._parameter_constraints, settings, caller_name=name
        )
        check_sizes(settings, name)
        return clone(self)

    def same_settings(self, other: object) -> bool:
        """Whether ``other`` is of the same kind with the same settings."""
        return type(self) is type(other) and self.get_params() == other.get_params()


def check_sizes(settings: dict[str, Any], caller_name: str) -> None:
    """Refuse integers of more than 64 bits, which no float and no array holds."""
    for name, value in settings.items():
        if isinstance(value, int) and abs(value) > sys.maxsize:
            raise InvalidParameterError(
                f"The {name!r} parameter of {caller_name} must be a number of 64 bits. "
                f"Got one of {value.bit_length()} bits instead."
            )
