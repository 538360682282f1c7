"""All that can be set, what each may be, and what it stands for in an estimator.

The settings are one flat dict of plain values, so that an address can hold them.
"""

import math

import numpy as np

from .._estimators.label_transformers import LOSS_NAMES as CLASS_LOSSES
from .._estimators.regression_losses import LOSS_NAMES as REAL_LOSSES
from .._network.activations import ACTIVATIONS
from .._network.initializers import INITIALIZERS
from .._optimize.minimizers import MINIMIZERS
from .._optimize.schedules import SCHEDULES
from .._optimize.solvers import SOLVERS
from ._checks import flag, list_of, number, one_of, shown, text
from ._data import FEATURES
from ._problems import CLASSIFICATION, PROBLEMS
from ._scenes import SCENES
from ._table import MAX_NAME

MAX_LAYERS, MAX_UNITS = 6, 64
# One name of each: "squared_error" and "mse" are the same.
LOSSES = {
    "classification": ["auto", *(n for n in CLASS_LOSSES if n != "squared_error")],
    "regression": [name for name in REAL_LOSSES if name != "mse"],
}


_column = text(MAX_NAME)
_activation = one_of(*sorted(ACTIVATIONS))

# Name: what it starts as, and its check.
SETTINGS = {
    "problem": ("classification", one_of("classification", "regression")),
    "data": ("circle", one_of(*PROBLEMS, "table", "drawn")),
    "share": (50, number(10, 90, whole=True)),
    "noise": (0.0, number(0, 0.5)),
    "dataSeed": (0, number(0, 2**31, whole=True)),
    "batch": (10, number(1, 1000, whole=True)),
    "features": (["x1", "x2"], list_of(one_of(*FEATURES), 7, distinct=True)),
    "columns": ([], list_of(_column, 50, distinct=True)),
    "axis1": ("", _column),
    "axis2": ("", _column),
    "target": ("", _column),
    "layers": ([4, 2], list_of(number(1, MAX_UNITS, whole=True), MAX_LAYERS)),
    "activations": (["tanh", "tanh"], list_of(_activation, MAX_LAYERS)),
    "loss": ("auto", one_of(*LOSSES["classification"], *LOSSES["regression"])),
    "solver": ("sgd", one_of(*SOLVERS)),
    "momentum": (0.0, number(0, 1)),
    "rate": (0.03, number(1e-6, 100)),
    "schedule": ("constant", one_of(*SCHEDULES)),
    "horizon": (500, number(1, 100_000, whole=True)),
    "penalty": ("none", one_of("none", "l1", "l2")),
    "alpha": (0.001, number(0, 100)),
    "dropout": (0.0, number(0, 0.9)),
    "weightInit": ("auto", one_of("auto", *INITIALIZERS)),
    "seed": (0, number(0, 2**31, whole=True)),
    "speed": (1, number(0, 1000, whole=True)),
    "stopEpoch": (0, number(0, 10_000_000, whole=True)),
    "stopLoss": (0.0, number(0, 1e9)),
    "showTest": (False, flag),
    "discretize": (False, flag),
    "scene": ("", one_of("", *SCENES)),
}

# What may change while a network is trained; all else makes a new one.
LIVE = {"rate", "batch", "penalty", "alpha", "dropout", "momentum", "solver"}
LIVE |= {"schedule", "horizon"}
VIEW = {"speed", "stopEpoch", "stopLoss", "showTest", "discretize", "scene"}
# What a scene's weights are for: with others of these, a network starts as any does.
STARTS = ("problem", "features", "columns", "layers", "weightInit", "seed")


def defaults():
    """The settings at the start; a new dict with lists of its own."""
    return {
        name: list(value) if isinstance(value, list) else value
        for name, (value, _) in SETTINGS.items()
    }


def start(scene=""):
    """The settings that a scene begins with; without one, the defaults."""
    is_one = isinstance(scene, str) and scene in SCENES
    own = SCENES[scene]["settings"] if is_one else {}
    return changed(defaults(), {**own, "scene": scene})


def scene_weights(settings):
    """Weights that the scene sets by hand, if the network still is the scene's.

    Returns
    -------
    weights : dict of (kind, layer, index) to float
    """
    scene = SCENES.get(settings["scene"], {})
    first = start(settings["scene"])
    if any(settings[name] != first[name] for name in STARTS):
        return {}
    return {
        (kind, layer, index): float(value)
        for kind, layers in scene.get("weights", {}).items()
        for layer, array in enumerate(layers)
        for index, value in np.ndenumerate(np.array(array, dtype=float))
    }


def changed(settings, changes):
    """Settings with some of them changed, checked and made to fit each other.

    Raises
    ------
    ValueError
        If a name is not known or a value not allowed. Nothing is changed then.
    """
    if not isinstance(changes, dict):
        raise ValueError(f"Settings must be names with values; got {shown(changes)}.")
    new = dict(settings)
    for name, value in changes.items():
        if name not in SETTINGS:
            raise ValueError(f"There is no setting {shown(name)}.")
        new[name] = SETTINGS[name][1](name, value)
    if {"data", "problem"} & changes.keys() and "scene" not in changes:
        new["scene"] = ""  # its text is of something else
    if new["data"] in PROBLEMS:
        own = "classification" if new["data"] in CLASSIFICATION else "regression"
        if new["problem"] != own:
            if "data" in changes:
                new["problem"] = own
            else:  # the problem was changed: its first data
                new["data"] = "circle" if own == "regression" else "plane"
    elif new["data"] == "drawn":
        new["problem"] = "classification"
    if new["loss"] not in LOSSES[new["problem"]]:
        new["loss"] = LOSSES[new["problem"]][0]
    n_missing = len(new["layers"]) - len(new["activations"])
    last = new["activations"][-1:] or ["tanh"]
    new["activations"] = (new["activations"] + last * max(n_missing, 0))[
        : max(len(new["layers"]), 1)
    ]
    if not new["features"] and not new["columns"]:
        raise ValueError("A network needs at least one input.")
    return new


def is_minimizer(settings):
    """Whether the solver is one of SciPy's, which has no learning rate."""
    return settings["solver"] in MINIMIZERS


def epochs_per_fit(settings):
    """How many epochs each call of ``fit`` must have; None where it does not matter.

    A minimiser's memory and the patience of "adaptive" end with a call: the same
    weights come out only of calls of the same length.
    """
    if is_minimizer(settings):
        return 10
    return 50 if settings["schedule"] == "adaptive" else None


def last_epoch(settings):
    """The epoch at which training is to stop; infinity for none."""
    limits = [math.inf]
    if settings["stopEpoch"]:
        limits.append(settings["stopEpoch"])
    if settings["schedule"] in ("cosine", "one_cycle"):
        limits.append(settings["horizon"])
    return min(limits)


def parameters(settings):
    """The estimator's parameters that settings stand for, but for the schedule."""
    n_layers = len(settings["layers"])
    found = {
        "hidden_layer_sizes": tuple(settings["layers"]),
        "activation": tuple(settings["activations"][:n_layers]) or "relu",
        "loss": settings["loss"],
        "weight_init": settings["weightInit"],
        "random_state": settings["seed"],
        "warm_start": True,
        "standardize": False,  # the weights that are shown are those that learn
        **live_parameters(settings),
    }
    if len(set(found["activation"])) == 1:
        found["activation"] = found["activation"][0]
    if settings["problem"] == "classification" and found["loss"] == "auto":
        del found["loss"]
    return found


def live_parameters(settings):
    """Those of them that may change on the way."""
    found = {
        "solver": settings["solver"],
        "batch_size": settings["batch"],
        "alpha": 0.0 if settings["penalty"] == "none" else settings["alpha"],
        "l1_ratio": 1.0 if settings["penalty"] == "l1" else 0.0,
        "dropout": settings["dropout"],
        "momentum": settings["momentum"] if settings["solver"] == "sgd" else 0.9,
        # It goes on until it is told to stop, but for what lowers the rate on plateaus.
        "n_iter_no_change": 10 if settings["schedule"] == "adaptive" else math.inf,
        "tol": 1e-6 if is_minimizer(settings) else 0.0,
    }
    if is_minimizer(settings):
        del found["batch_size"]
    return found
