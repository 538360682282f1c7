"""Back-propagation neural networks for scikit-learn."""

from ._classifier import BPClassifier
from ._range_test import LearningRateRange, learning_rate_range_test
from ._regressor import BPRegressor
from ._show_versions import show_versions
from ._version import __version__

__all__ = [
    "BPClassifier",
    "BPRegressor",
    "LearningRateRange",
    "__version__",
    "learning_rate_range_test",
    "show_versions",
]
