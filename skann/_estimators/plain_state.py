"""A fitted estimator as plain data, and back: what pickles and model files hold.

Plain data are arrays, numbers, text, lists and dicts. The network is its description
and one vector; layers, generator and optimiser are made anew from data that are
checked. So a file names no class of the package but the estimator's own, and code may
move without its files.
"""

import numpy as np

from .._network.activations import ACTIVATIONS
from .._network.losses import LOSSES
from .._network.network import Network, loss_function
from .._optimize.options import Options
from .._optimize.plain_options import (
    CLASSES,
    is_count,
    is_real,
    options_from_plain,
    options_to_plain,
)
from .._training.plain_progress import (
    batch_losses_from_plain,
    history_from_plain,
    history_to_plain,
    progress_from_plain,
    progress_to_plain,
)
from .column_scale import ColumnScale
from .function_objects import Activation, Focal, Loss, Tweedie
from .plain_targets import transformer_from_plain, transformer_to_plain

_TO_PLAIN = {
    "_history": history_to_plain,
    "_batch_losses": lambda losses: np.array(losses.values),
    "_progress": progress_to_plain,
    "_transformer": transformer_to_plain,
    "_column_scale": ColumnScale.to_plain,
}
# Parameters that may be objects of the package's own; their names are part of files.
OPTIONS = ("solver", "learning_rate", "loss", "average")


def _is_text_or_none(value):
    return value is None or isinstance(value, str)


def _is_number_or_none(value):
    return value is None or is_real(value)


def _is_score_or_none(value):
    return value is None or isinstance(value, int | float)


def _are_losses(value):
    # Infinity for a start from which training diverged, NaN for one that had no time,
    # None for one that was interrupted at once.
    return isinstance(value, list) and all(
        loss is None or isinstance(loss, float) for loss in value
    )


def _are_named(value):
    kinds = None | int | float | str | list | tuple | dict | np.generic
    return isinstance(value, dict) and all(
        isinstance(name, str) and isinstance(item, kinds)
        for name, item in value.items()
    )


def _are_columns(value):
    return isinstance(value, dict) and all(
        isinstance(name, str)
        and isinstance(column, list)
        and all(type(number) in (int, float) for number in column)
        for name, column in value.items()
    )


# What a fitted network shows besides, and what each must be. Files hold no others.
SHOWN = {
    "n_features_in_": is_count,
    "feature_names_in_": lambda value: isinstance(value, np.ndarray),
    "n_iter_": is_count,
    "best_iter_": is_count,
    "stop_reason_": _is_text_or_none,
    "engine_": _is_text_or_none,
    "loss_": _is_number_or_none,
    "best_validation_score_": _is_score_or_none,
    "start_losses_": _are_losses,
    "auto_params_": _are_named,
    "search_": _are_columns,
}
_CLASSES = {**CLASSES, **{kind.__name__: kind for kind in (Tweedie, Focal)}}


def to_plain(estimator):
    """The attributes of an estimator, as plain data.

    Objects that a user gave as parameters stay what they are, if they are not of
    ``skann.solvers``, ``skann.schedules`` or ``skann.losses``.
    """
    state = dict(vars(estimator))
    for name, value in state.items():
        if name in OPTIONS:
            state[name] = option_to_plain(name, value)
        elif name.endswith("_") and isinstance(value, np.generic):
            state[name] = value.item()  # a score, as a scorer gave it
    if "auto_params_" in state:
        values = state["auto_params_"].items()
        state["auto_params_"] = {name: options_to_plain(v) for name, v in values}
    if "_theta" in state:
        # Callbacks follow fits and are no part of what was fitted: their classes would
        # have to be there, and trusted, where the model is loaded.
        state.pop("_skl_callbacks", None)
        for name, convert in _TO_PLAIN.items():
            state[name] = convert(state[name])
        network = state["_network"]
        state["_network"] = {
            "layer_sizes": list(network.layer_sizes),
            "activations": list(network.activations),
            "loss": network.loss,
            "tasks": list(network.tasks),
            "loss_options": list(network.loss_options),
            "skip": network.skip,
            "normalization": network.normalization,
        }
    return state


def option_to_plain(name, value):
    """A parameter as plain data, if it is an object of the package; else as it is."""
    return options_to_plain(value, _CLASSES) if name in OPTIONS else value


def option_from_plain(plain):
    """A solver, schedule or loss again, by the class that its data name."""
    return options_from_plain(plain, _CLASSES)


def from_plain(state):
    """The attributes again.

    Raises
    ------
    ValueError
        If the data are not whole, or don't belong together.
    """
    state = dict(state)
    for name in OPTIONS:
        if name in state:
            state[name] = option_from_plain(state[name])
    for name in state.keys() & SHOWN.keys():
        if not SHOWN[name](state[name]):
            raise ValueError(f"{name} can't be {state[name]!r}.")
    if "auto_params_" in state:
        values = state["auto_params_"].items()
        state["auto_params_"] = {name: _chosen(v) for name, v in values}
    if "_theta" not in state:
        return state
    network = _network_from_plain(_dict_of(state, "_network"))
    theta, n_parameters = state["_theta"], network.layout.n_parameters
    _check_theta(theta, n_parameters)
    if state.get("n_features_in_") != network.layer_sizes[0]:
        raise ValueError("n_features_in_ must be the number of the network's inputs.")
    names = state.get("feature_names_in_")
    if names is not None and not are_names(names, network.layer_sizes[0]):
        raise ValueError("feature_names_in_ must be a name for each input.")
    targets = _dict_of(state, "_transformer")
    transformer = transformer_from_plain(targets, network.layer_sizes[-1])
    if targets["kind"] == "multioutput" and network.tasks != tuple(
        map(len, transformer.classes)
    ):
        raise ValueError("the tasks of the network must be those of the targets.")
    if targets["kind"] == "quantiles" and network.loss_options != tuple(
        targets["levels"]
    ):
        raise ValueError("the quantiles of the loss must be those of the targets.")
    state.setdefault("engine_", None)  # which older files do not say
    state.setdefault("search_", {})
    return {
        **state,
        "_network": network,
        "_transformer": transformer,
        "_progress": progress_from_plain(_dict_of(state, "_progress"), n_parameters),
        "_column_scale": ColumnScale.from_plain(
            state.get("_column_scale"), network.layer_sizes[0]
        ),
        "_history": history_from_plain(_dict_of(state, "_history")),
        "_batch_losses": batch_losses_from_plain(state.get("_batch_losses")),
    }


def _chosen(value):
    value = options_from_plain(value)
    return value.fresh() if isinstance(value, Options) else value


def _dict_of(state, name):
    if not isinstance(state.get(name), dict):
        raise ValueError(f"the state lacks {name.strip('_')}.")
    return state[name]


def _network_from_plain(plain):
    sizes, activations = plain.get("layer_sizes"), plain.get("activations")
    tasks, loss = plain.get("tasks"), plain.get("loss")
    for numbers in (sizes, tasks):
        if not isinstance(numbers, list) or not all(map(_is_size, numbers)):
            raise ValueError(
                f"the sizes of a network must be integers; got {numbers!r}."
            )
    if not isinstance(activations, list) or len(activations) != len(sizes) - 2:
        raise ValueError("a network has an activation for each hidden layer.")
    for name, known in [*((a, ACTIVATIONS) for a in activations), (loss, LOSSES)]:
        if isinstance(name, Loss | Activation):
            continue  # of a pickle; a file can't hold one
        if not isinstance(name, str) or name not in known:
            raise ValueError(f"there is no activation or loss {name!r}.")
    if tasks and sum(tasks) != sizes[-1]:
        raise ValueError("the tasks of a network must have all of its outputs.")
    options = plain.get("loss_options", [])
    if not isinstance(options, list) or not all(map(_is_positive, options)):
        raise ValueError(f"the settings of a loss must be numbers; got {options!r}.")
    _check_options(loss, options)
    skip, normalization = plain.get("skip", False), plain.get("normalization")
    if not isinstance(skip, bool) or normalization not in (None, "batch", "layer"):
        raise ValueError("a network's direct path or normalisation is none there is.")
    layers = tuple(sizes), tuple(activations), loss, tuple(tasks)
    return Network(*layers, tuple(options), skip, normalization)


def _check_options(loss, options):
    try:
        loss_function(loss, tuple(options))
    except TypeError as error:
        raise ValueError(f"the loss {loss!r} has no settings {options!r}.") from error


def are_names(array, n):
    """Whether it is an array of so many names of columns."""
    if not isinstance(array, np.ndarray) or array.shape != (n,):
        return False
    return all(isinstance(name, str) for name in array.tolist())


def _is_positive(number):
    return isinstance(number, float) and 0 < number < float("inf")


def _is_size(number):
    return isinstance(number, int) and not isinstance(number, bool) and number > 0


def _check_theta(theta, n_parameters):
    real = isinstance(theta, np.ndarray) and theta.dtype in (np.float32, np.float64)
    if not real or theta.shape != (n_parameters,):
        raise ValueError(f"the network has {n_parameters} weights and biases.")
    if not theta.dtype.isnative or not theta.flags.c_contiguous:
        raise ValueError("the weights and biases must be one array in native order.")
    if not np.isfinite(theta).all():
        raise ValueError("the weights and biases must be finite.")
