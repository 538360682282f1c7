"""Types of what is public: what a parameter may be, for type checkers and editors.

The names of scikit-learn, SciPy and Dask, of which little is annotated, stand for
themselves; what they hand over is checked when it is given, not by its type.
"""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
else:  # not needed to run
    Axes = Figure = Any

__all__ = [
    "Array",
    "ArrayLike",
    "Axes",
    "ClassWeight",
    "DTypeLike",
    "DaskCollection",
    "Figure",
    "Matrix",
    "PathLike",
    "RandomState",
    "Scoring",
    "Splitter",
    "Verbose",
]


class SparseMatrix(Protocol):
    """A sparse matrix or array of SciPy's."""

    @property
    def shape(self) -> tuple[int, ...]: ...

    def tocsr(self, copy: bool = ...) -> Any: ...


class Splitter(Protocol):
    """A splitter of scikit-learn's, such as ``GroupKFold``."""

    def split(self, X: Any, y: Any = ..., groups: Any = ...) -> Iterator[Any]: ...

    def get_n_splits(self, X: Any = ..., y: Any = ..., groups: Any = ...) -> int: ...


Array: TypeAlias = NDArray[Any]
Matrix: TypeAlias = ArrayLike | SparseMatrix
PathLike: TypeAlias = str | os.PathLike[str]
RandomState: TypeAlias = int | np.random.RandomState | None
Verbose: TypeAlias = bool | int | str
Scorer: TypeAlias = Callable[..., float]
Scoring: TypeAlias = str | Scorer | Sequence[str] | Mapping[str, str | Scorer]
Weights: TypeAlias = Mapping[Any, float]
DaskCollection: TypeAlias = Any  # or rows in memory, where both are taken
ClassWeight: TypeAlias = str | Weights | Sequence[Weights] | None
