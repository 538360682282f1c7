"""Transformers that make of a table what networks learn well from.

:class:`TableEncoder` takes a table as it is; :class:`PiecewiseLinearEncoder` is its
part for numbers, for pipelines of one's own.
"""

from ._tabular.encoder import TableEncoder
from ._tabular.piecewise import PiecewiseLinearEncoder

__all__ = ["PiecewiseLinearEncoder", "TableEncoder"]
