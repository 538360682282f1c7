"""What to do about mistakes that people make: other libraries' names, and typos.

scikit-learn's checks find the mistake; the hint is added to their message.
"""

import difflib
import functools
import inspect
import re
from collections.abc import Callable
from typing import Any, TypeVar, cast

from sklearn.utils._param_validation import InvalidParameterError

from .._optimize.options import check_sizes
from .parameter_names import ExplainedNames

Method = TypeVar("Method", bound=Callable[..., Any])

# What other libraries call what is there under another name.
_ALIASES = {
    "activation": {
        "sigmoid": "logistic",
        "linear": "identity",
        "none": "identity",
        "swish": "silu",
        "leakyrelu": "leaky_relu",
        "lrelu": "leaky_relu",
        "rectifier": "relu",
        "heaviside": "step",
        "threshold": "step",
    },
    "solver": {
        "gradient_descent": "sgd",
        "gd": "sgd",
        "momentum": "sgd",
        "l_bfgs": "lbfgs",
        "l_bfgs_b": "lbfgs",
        "newton": "newton-cg",
        "levenberg_marquardt": "lm",
        "levenbergmarquardt": "lm",
        "bayesian_regularization": "br",
        "trainlm": "lm",
        "trainbr": "br",
        "trainscg": "scg",
        "trainbfg": "bfgs",
        "trainoss": "oss",
        "trainrp": "rprop",
        "traingdx": "gdx",
        "traincgp": "cg",
    },
    "loss": {
        "categorical_crossentropy": "softmax",
        "sparse_categorical_crossentropy": "softmax",
        "crossentropy": "softmax",
        "nll": "softmax",
        "log_loss": "softmax",
        "binary_crossentropy": "cross_entropy",
        "bce": "cross_entropy",
        "mean_squared_error": "squared_error",
        "l2": "squared_error",
        "mae": "absolute_error",
        "l1": "absolute_error",
        "mean_absolute_error": "absolute_error",
        "pinball": "quantile",
        "gaussian_nll": "gaussian",
        "normal": "gaussian",
        "focal_loss": "focal",
        "binary_focal_crossentropy": "focal",
        "categorical_focal_crossentropy": "focal",
    },
    "learning_rate": {
        "plateau": "adaptive",
        "reduce_on_plateau": "adaptive",
        "onecycle": "one_cycle",
        "inverse": "invscaling",
    },
    "weight_init": {
        "xavier": "glorot_uniform",
        "xavier_uniform": "glorot_uniform",
        "xavier_normal": "glorot_normal",
        "kaiming_uniform": "he_uniform",
        "kaiming_normal": "he_normal",
        "he": "he_normal",
    },
    "scoring": {
        "acc": "accuracy",
        "auc": "roc_auc",
        "mse": "neg_mean_squared_error",
        "rmse": "neg_root_mean_squared_error",
        "mae": "neg_mean_absolute_error",
        "logloss": "neg_log_loss",
    },
}

# What fit is given elsewhere, and where it belongs here.
_VALIDATION = (
    "Give validation data as X_val and y_val: fit(X, y, X_val=..., y_val=...)."
)
_ELSEWHERE = {
    "validation_data": _VALIDATION,
    "eval_set": _VALIDATION,
    "validation_split": "That is early_stopping=True with validation_fraction.",
    "epochs": "The number of epochs is the parameter max_iter.",
    "callbacks": "Callbacks are set before: set_callbacks(...).fit(X, y).",
    "sample_weights": "It is called sample_weight.",
    "weights": "It is called sample_weight.",
}


def did_you_mean(name, value, options):
    """A question to add to a message about a parameter, or "".

    Parameters
    ----------
    name : str
        Of the parameter.
    value : object
        What was given.
    options : iterable of str
        What is allowed.
    """
    if not isinstance(value, str):
        return ""
    options = sorted(options)
    plain = _plain(value)
    meant = {_plain(option): option for option in options}
    found = meant.get(plain) or _ALIASES.get(name, {}).get(plain)
    if found is not None and found not in options:
        return f" There is no counterpart to {value!r} here."
    if found is None:
        close = difflib.get_close_matches(plain, meant, n=1, cutoff=0.7)
        found = meant[close[0]] if close else None
    return f" Did you mean {found!r}?" if found else ""


def _plain(name):
    return re.sub(r"[\s\-]+", "_", name.strip().lower())


def explained(message, estimator):
    """scikit-learn's message about a parameter, with a hint and in a fixed order.

    Parameters
    ----------
    message : str
    estimator : estimator
        Has the parameter.
    """
    named = re.match(r"The '(\w+)' parameter", message)
    if named is None:
        return message
    name = named[1]
    value, options = getattr(estimator, name, None), []

    def in_order(match):
        options.extend(re.findall(r"'([^']*)'", match[0]))
        return "{" + ", ".join(map(repr, sorted(options))) + "}"

    message = re.sub(r"\{'[^{}]*'\}", in_order, message, count=1)
    message = re.sub(
        r"an instance of 'skann\._optimize\.optimizer\.Optimizer' or an instance of "
        r"'skann\._optimize\.minimizer\.Minimizer'",
        "an object of skann.solvers",
        message,
    )
    message = re.sub(
        r"an instance of 'skann\._optimize\.\w+\.Schedule'",
        "an object of skann.schedules",
        message,
    )
    message = re.sub(
        r"an instance of 'skann\._optimize\.\w+\.Averaging'",
        "an object of skann.averaging",
        message,
    )
    message = re.sub(
        r"an instance of 'skann\._estimators\.function_objects\.LossObject'",
        "an object of skann.losses",
        message,
    )
    message = re.sub(
        r"an instance of 'skann\.activations\.Activation'",
        "an object of a class made of skann.activations.Activation",
        message,
    )
    message = re.sub(r"<class '[\w.]*\.(\w+)'>", r"the class \1", message)
    return message + (_about_kind(name, value) or did_you_mean(name, value, options))


class ExplainedParameters(ExplainedNames):
    """An estimator whose checks of its parameters are explained."""

    def _validate_params(self):
        try:
            super()._validate_params()
        except InvalidParameterError as error:
            raise InvalidParameterError(explained(str(error), self)) from None
        check_sizes(self.get_params(deep=False), type(self).__name__)
        if isinstance(self.learning_rate, type):  # a class can be called
            wrong = (
                f"The 'learning_rate' parameter of {type(self).__name__} is a class."
            )
            raise InvalidParameterError(explained(wrong, self))


def _about_kind(name, value):
    if isinstance(value, type):
        return (
            f" An instance is wanted, not the class: {name}={value.__name__}(), with "
            "its settings in the brackets."
        )
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if name == "learning_rate" and is_number:
        return (
            f" A number is for learning_rate_init, the rate at the start: "
            f"learning_rate_init={value!r}."
        )
    return ""


def known_arguments_only(method: Method) -> Method:
    """Decorate ``fit`` so that an argument it does not have is explained."""
    known = [name for name in inspect.signature(method).parameters if name != "self"]

    @functools.wraps(method)
    def checked(self, *args, **kwargs):
        for name in kwargs:
            if name not in known:
                raise TypeError(_unknown(self, method.__name__, name, known))
        return method(self, *args, **kwargs)

    return cast(Method, checked)


def _unknown(estimator, method, name, known):
    kind = type(estimator).__name__
    message = f"{kind}.{method}() got an unexpected keyword argument {name!r}."
    if name in estimator.get_params(deep=False):
        return f"{message} It is a parameter of the estimator: {kind}({name}=...)."
    elsewhere = getattr(estimator, "_elsewhere", _ELSEWHERE)
    if name in elsewhere:
        return f"{message} {elsewhere[name]}"
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.7)
    return message + (f" Did you mean {close[0]!r}?" if close else "")
