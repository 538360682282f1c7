"""scikit-learn's base classes, with types where type checkers look.

scikit-learn has no annotations: to a type checker, what inherits from its classes could
be anything. It is shown these in their place, with what users call of them.
"""

from typing import TYPE_CHECKING, Any, Self, TypeAlias

if TYPE_CHECKING:
    from ._typing import Array, ArrayLike, Matrix

    Tags: TypeAlias = Any
    Bunch: TypeAlias = Any

    class BaseEstimator:
        """What has parameters."""

        n_features_in_: int
        feature_names_in_: Array

        def get_params(self, deep: bool = True) -> dict[str, Any]: ...
        def set_params(self, **params: Any) -> Self: ...
        def get_metadata_routing(self) -> Any: ...
        def set_fit_request(self, **requests: bool | str | None) -> Self: ...
        def set_partial_fit_request(self, **requests: bool | str | None) -> Self: ...
        def set_score_request(self, **requests: bool | str | None) -> Self: ...
        def __sklearn_tags__(self) -> Tags: ...

    class TransformerMixin:
        """A transformer."""

        def fit_transform(
            self, X: Matrix, y: ArrayLike | None = None, **fit_params: Any
        ) -> Any: ...
        def set_output(self, *, transform: str | None = None) -> Self: ...

    class ClassNamePrefixFeaturesOutMixin:
        """Whose columns are named by its class and numbers."""

        def get_feature_names_out(
            self, input_features: ArrayLike | None = None
        ) -> Array: ...

else:
    from sklearn.base import (
        BaseEstimator,
        ClassNamePrefixFeaturesOutMixin,
        TransformerMixin,
    )
    from sklearn.utils import Bunch, Tags

__all__ = [
    "BaseEstimator",
    "Bunch",
    "ClassNamePrefixFeaturesOutMixin",
    "Tags",
    "TransformerMixin",
]
