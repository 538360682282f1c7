"""Pictures of a network and of its training, in scikit-learn's manner.

``XDisplay.from_estimator(...)`` computes and draws; what it has drawn are attributes;
``plot()`` draws them again. Confusion matrices, ROC curves and decision boundaries are
scikit-learn's own displays, which take these estimators as any others.
"""

from ._activations import ActivationsDisplay
from ._errors import ErrorHistogramDisplay
from ._loss_curve import LossCurveDisplay
from ._mistakes import MistakesDisplay
from ._network import NetworkDisplay
from ._training_state import TrainingStateDisplay
from ._weights import WeightsDisplay

__all__ = [
    "ActivationsDisplay",
    "ErrorHistogramDisplay",
    "LossCurveDisplay",
    "MistakesDisplay",
    "NetworkDisplay",
    "TrainingStateDisplay",
    "WeightsDisplay",
]
