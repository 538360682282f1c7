"""Averages of the weights as objects, for ``average=``.

A name, ``average="ema"``, is the average with its default settings; an object has
settings of its own, ``average=EMA(decay=0.99)``, which a search reaches as
``average__decay``.
"""

from ._optimize.averaging import EMA, SWA

__all__ = ["EMA", "SWA"]
