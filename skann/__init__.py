"""Back-propagation neural networks for scikit-learn."""

# Most programs, and every worker of a parallel search, need the networks alone: what
# imports much more is imported when it is first asked for (PEP 562).

from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING

from ._estimators.classifier import BPClassifier
from ._estimators.regressor import BPRegressor
from ._version import __version__

if TYPE_CHECKING:
    from ._estimators.gradient_check import GradientCheck, check_gradient
    from ._estimators.intervals import prediction_intervals
    from ._estimators.onnx_converters import register_onnx_converters
    from ._estimators.range_test import LearningRateRange, learning_rate_range_test
    from ._load_model import load_model
    from ._show_versions import show_versions
    from ._tabular.classifier import TabularClassifier
    from ._tabular.regressor import TabularRegressor

_MODULES = {
    "GradientCheck": "._estimators.gradient_check",
    "LearningRateRange": "._estimators.range_test",
    "TabularClassifier": "._tabular.classifier",
    "TabularRegressor": "._tabular.regressor",
    "check_gradient": "._estimators.gradient_check",
    "learning_rate_range_test": "._estimators.range_test",
    "load_model": "._load_model",
    "prediction_intervals": "._estimators.intervals",
    "register_onnx_converters": "._estimators.onnx_converters",
    "show_versions": "._show_versions",
}

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


if not TYPE_CHECKING:  # type checkers know the names from above, and what is none

    def __getattr__(name):
        if name not in _MODULES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        value = getattr(import_module(_MODULES[name], __name__), name)
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    modules = (
        name
        for name, value in globals().items()
        if isinstance(value, ModuleType) and not name.startswith("_")
    )
    return sorted({*__all__, *modules})
