"""Types of what is public: what a parameter may be, for type checkers and editors.

The names of scikit-learn, SciPy and Dask, of which little is annotated, stand for
themselves; what they hand over is checked when it is given, not by its type. To who
reads a signature, a type is its name: what it stands for would fill a screen.
"""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from inspect import formatannotation
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

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


class _Name:
    """A type while the program runs: its name, alone and in unions."""

    def __init__(self, name):
        self.__name__ = name

    def __repr__(self):
        return self.__name__

    def __or__(self, other):
        return _Name(f"{self} | {_printed(other)}")

    def __ror__(self, other):
        return _Name(f"{_printed(other)} | {self}")


def _printed(annotation):
    return "None" if annotation is None else formatannotation(annotation)


if TYPE_CHECKING:
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
else:
    _NAMES = (
        *("Array", "ArrayLike", "Axes", "ClassWeight", "DTypeLike", "DaskCollection"),
        *("Figure", "Matrix", "PathLike", "RandomState", "Scoring", "Verbose"),
    )
    globals().update({name: _Name(name) for name in _NAMES})
