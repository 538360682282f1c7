"""What makes a classifier or a regressor of an estimator: see ``_bases.py``."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .._typing import ArrayLike, Matrix

    class ClassifierMixin:
        """A classifier."""

        def score(
            self, X: Matrix, y: ArrayLike, sample_weight: ArrayLike | None = None
        ) -> float: ...

    class RegressorMixin:
        """A regressor."""

        def score(
            self, X: Matrix, y: ArrayLike, sample_weight: ArrayLike | None = None
        ) -> float: ...

else:
    from sklearn.base import ClassifierMixin, RegressorMixin

__all__ = ["ClassifierMixin", "RegressorMixin"]
