"""Back-propagation neural networks for scikit-learn."""

from ._classifier import BPClassifier
from ._regressor import BPRegressor
from ._version import __version__

__all__ = ["BPClassifier", "BPRegressor", "__version__"]
