"""The compiled engine: C sources and their Python side.

``binding.py`` is the only module that imports the extension; ``training.py`` makes it
train, and ``lazy_updates.py`` says when wide sparse data are trained on row by row of
the weights. ``engine.h`` says how the C files hang together.

May come in: what is known to the reference engine as well and is faster here. May not:
a feature of its own, or anything of the reference engine, which it is tested against.
"""

from .binding import (
    is_compiled,
    predicts,
    raw_outputs,
    supports,
    trains,
    warn_if_not_built,
)
from .lazy_updates import lazy_updates_pay
from .training import FusedEpochs, Objective, can_fuse, draws

__all__ = [
    "FusedEpochs",
    "Objective",
    "can_fuse",
    "draws",
    "is_compiled",
    "lazy_updates_pay",
    "predicts",
    "raw_outputs",
    "supports",
    "trains",
    "warn_if_not_built",
]
