"""scikit-learn's decorators, with types: what they decorate keeps its own."""

from collections.abc import Callable
from typing import Any, Protocol, TypeVar

from sklearn.base import _fit_context
from sklearn.utils._available_if import _AvailableIfDescriptor
from sklearn.utils._param_validation import validate_params as _validate_params

Decorated = TypeVar("Decorated", bound=Callable[..., Any])


class Decorator(Protocol):
    """What returns a thing of the type that it was given."""

    def __call__(self, thing: Decorated, /) -> Decorated: ...


def fit_context(*, prefer_skip_nested_validation: bool) -> Decorator:
    """``sklearn.base._fit_context``: parameters are checked, callbacks are ended."""
    return _fit_context(prefer_skip_nested_validation=prefer_skip_nested_validation)


class _Available(_AvailableIfDescriptor):
    """scikit-learn's, with the check's reason in the one message that users see."""

    def _check(self, obj, owner):
        try:
            self.check(obj)
        except Exception as error:
            raise AttributeError(
                f"This {owner.__name__!r} has no attribute {self.attribute_name!r}: "
                f"{error}"
            ) from None


def available_if(check: Callable[[Any], bool]) -> Decorator:
    """Decorate a method that is there where a check does not raise an error.

    As ``sklearn.utils.metaestimators.available_if``; the error is part of the message.
    """
    return lambda method: _Available(method, check, attribute_name=method.__name__)


def validate_params(
    constraints: dict[str, Any], *, prefer_skip_nested_validation: bool
) -> Decorator:
    """scikit-learn's check of a function's parameters."""
    return _validate_params(
        constraints, prefer_skip_nested_validation=prefer_skip_nested_validation
    )
