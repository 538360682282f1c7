"""scikit-learn's decorators, with types: what they decorate keeps its own."""

from collections.abc import Callable
from typing import Any, Protocol, TypeVar

from sklearn.base import _fit_context
from sklearn.utils._param_validation import validate_params as _validate_params
from sklearn.utils.metaestimators import available_if as _available_if

Decorated = TypeVar("Decorated", bound=Callable[..., Any])


class Decorator(Protocol):
    """What returns a thing of the type that it was given."""

    def __call__(self, thing: Decorated, /) -> Decorated: ...


def fit_context(*, prefer_skip_nested_validation: bool) -> Decorator:
    """``sklearn.base._fit_context``: parameters are checked, callbacks are ended."""
    return _fit_context(prefer_skip_nested_validation=prefer_skip_nested_validation)


def available_if(check: Callable[[Any], bool]) -> Decorator:
    """``sklearn.utils.metaestimators.available_if``: a method that others lack."""
    return _available_if(check)


def validate_params(
    constraints: dict[str, Any], *, prefer_skip_nested_validation: bool
) -> Decorator:
    """scikit-learn's check of a function's parameters."""
    return _validate_params(
        constraints, prefer_skip_nested_validation=prefer_skip_nested_validation
    )
