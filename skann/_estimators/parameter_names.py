"""Names of parameters that people know from other libraries, and typing errors.

A constructor, and ``set_params``, refuse an unknown name; the hint is added to their
message, as ``hints.py`` adds one where a value is wrong.
"""

import difflib
import functools
import inspect
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar, Self, TypeVar, cast

if TYPE_CHECKING:
    from .._bases import BaseEstimator as _Base
else:  # another base would change the order in which methods are looked up
    _Base = object

Method = TypeVar("Method", bound=Callable[..., Any])

# What other libraries call a parameter, without underscores.
_ALIASES = {
    "hidden_layer_sizes": (
        "hiddenlayers hiddensizes hiddenunits hiddensize hiddendim layers layersizes "
        "units nhidden hidden"
    ),
    "max_iter": "epochs nepochs maxepochs numepochs niter iterations maxiterations",
    "learning_rate_init": "lr eta eta0 stepsize baselr initiallearningrate",
    "alpha": "weightdecay l2 l2regularization reglambda decay lambda",
    "l1_ratio": "l1 regalpha",
    "solver": "optimizer optim optimiser algorithm trainer",
    "loss": "criterion lossfunction lossfn objective",
    "activation": "activationfunction nonlinearity act hiddenactivation",
    "random_state": "seed randomseed",
    "dropout": "dropoutrate dropoutp dropoutprob",
    "batch_size": "minibatchsize batch",
    "n_iter_no_change": "patience earlystoppingrounds earlystoppingpatience",
    "validation_fraction": "validationsplit valfraction",
    "max_grad_norm": "clipgradnorm gradientclipping clipnorm",
    "max_grad_value": "clipgradvalue clipvalue",
    "normalization": "batchnorm batchnormalization usebatchnorm layernorm",
    "weight_init": "init kernelinitializer initializer initialization",
    "scoring": "metric metrics evalmetric scorer",
    "learning_rate": "scheduler lrscheduler schedule",
    "average": "ema swa averaging",
    "max_time": "timelimit timebudget",
    "skip_connection": "skip skipconnections residual",
    "estimator": "baseestimator network net model",
    "vectorizer": "encoder preprocessor",
}
_NAMES = {other: name for name, others in _ALIASES.items() for other in others.split()}
# Names of arguments of fit elsewhere, and what has them here.
_OF_FIT = {"eval_set": "X_val", "validation_data": "X_val", "coefs_init": "coef_init"}
_PROCESSOR = "Networks are computed on the processor; there is no device to choose."
_INPUTS = "The number of inputs is that of the columns of X in fit."
_OUTPUTS = "The number of outputs follows from y in fit."
_NOWHERE = {
    "device": _PROCESSOR,
    "gpu": _PROCESSOR,
    "cuda": _PROCESSOR,
    "input_size": _INPUTS,
    "n_inputs": _INPUTS,
    "output_size": _OUTPUTS,
    "n_outputs": _OUTPUTS,
}


def about_name(kind, name, known):
    """A hint about a name that is no parameter: a sentence after a space, or "".

    Parameters
    ----------
    kind : type
        The estimator's class.
    name : str
    known : list of str
        Its parameters.
    """
    if name in _NOWHERE:
        return f" {_NOWHERE[name]}"
    if name == "callbacks" and hasattr(kind, "set_callbacks"):
        return " Callbacks are set afterwards: set_callbacks(...).fit(X, y)."
    argument = _OF_FIT.get(name, name)
    if argument in inspect.signature(kind.fit).parameters:
        return f" It is an argument of fit: fit(X, y, {argument}=...)."
    found = _nearest(name, known)
    network = getattr(kind, "_Network", None)
    if network is None or found is not None:
        return f" Did you mean {found!r}?" if found else ""
    found = _nearest(name, network._get_param_names())
    if found is None:
        return ""
    return f" Networks have it: estimator={network.__name__}({found}=...)."


def _nearest(name, known):
    plain = name.lower().replace("_", "").replace("-", "")
    if _NAMES.get(plain) in known:
        return _NAMES[plain]
    meant = {each.replace("_", ""): each for each in known}
    close = difflib.get_close_matches(plain, meant, n=1, cutoff=0.7)
    return meant[close[0]] if close else None


def known_parameters_only(init: Method) -> Method:
    """Decorate ``__init__`` so that a parameter it does not have is explained."""
    known = [name for name in inspect.signature(init).parameters if name != "self"]

    @functools.wraps(init)
    def checked(self, *args, **kwargs):
        for name in kwargs:
            if name not in known:
                raise TypeError(unknown(type(self), name, known))
        init(self, *args, **kwargs)

    return cast(Method, checked)


def unknown(kind, name, known):
    """What to say of a parameter that a constructor does not have."""
    message = f"{kind.__name__}() got an unexpected keyword argument {name!r}."
    return message + about_name(kind, name, known)


class ExplainedNames(_Base):
    """An estimator whose ``set_params`` explains a name that it does not have.

    ``_parts`` has examples of objects that parameters may be.
    """

    _parts: ClassVar[dict[str, str]] = {}

    def set_params(self, **params: Any) -> Self:
        """Set parameters of the estimator, or of objects that are its parameters.

        Parameters
        ----------
        **params : dict
            By their names; those of an object that is a parameter with its name and two
            underscores before theirs, such as ``solver__momentum``.

        Returns
        -------
        self : object
            The estimator.

        Raises
        ------
        ValueError
            If there is no such parameter.

        Examples
        --------
        >>> from skann import BPClassifier
        >>> BPClassifier().set_params(alpha=0.1)
        BPClassifier(alpha=0.1)
        """
        known = type(self)._get_param_names()
        for name in params:
            if name.partition("__")[0] not in known:
                raise ValueError(
                    f"Invalid parameter {name!r} for estimator {self}."
                    f"{about_name(type(self), name, known)} Valid parameters are: "
                    f"{sorted(known)}."
                )
            self._check_part(name, params)
        return super().set_params(**params)

    def _check_part(self, name, params):
        """Refuse a parameter of a parameter that is no object."""
        first, is_nested, _ = name.partition("__")
        value = params.get(first, getattr(self, first))
        if not is_nested or hasattr(value, "set_params"):
            return
        example = self._parts.get(first)
        set_it = f"Set {first}={example}" if example else f"Set {first} to an object"
        raise ValueError(
            f"{name!r} can't be set: {first}={value!r} has no parameters. {set_it} "
            "first."
        )
