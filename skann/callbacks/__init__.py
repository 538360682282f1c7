"""Callbacks for ``set_callbacks``: what scikit-learn's own do not do.

They are set on a network, alone or as a step of a pipeline or in a search, and record
or draw every epoch of its fits. scikit-learn 1.9 brought the protocol, with a progress
bar and a monitor of scores; ``docs/callbacks.md`` has it all together.
"""

from ._checkpoint import Checkpoint
from ._live_plot import LivePlot
from ._trackers import MLflowLog, TensorBoardLog
from ._training_log import TrainingLog

__all__ = ["Checkpoint", "LivePlot", "MLflowLog", "TensorBoardLog", "TrainingLog"]
