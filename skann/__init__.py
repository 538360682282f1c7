"""Back-propagation neural networks for scikit-learn."""

from ._estimators.classifier import BPClassifier
from ._estimators.gradient_check import GradientCheck, check_gradient
from ._estimators.intervals import prediction_intervals
from ._estimators.onnx_converters import register_onnx_converters
from ._estimators.range_test import LearningRateRange, learning_rate_range_test
from ._estimators.regressor import BPRegressor
from ._load_model import load_model
from ._show_versions import show_versions
from ._tabular.classifier import TabularClassifier
from ._tabular.regressor import TabularRegressor
from ._version import __version__

__all__ = [
    "BPClassifier",
    "BPRegressor",
    "GradientCheck",
    "LearningRateRange",
    "TabularClassifier",
    "TabularRegressor",
    "__version__",
    "check_gradient",
    "learning_rate_range_test",
    "load_model",
    "prediction_intervals",
    "register_onnx_converters",
    "show_versions",
]
