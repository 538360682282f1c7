"""Model files in which one field is of another type, and what a model must do."""

import copy
import math
import pickle

import numpy as np

from skann._estimators import model_file
from skann._export import archive

MODULES = dict.fromkeys(
    ("BPClassifier", "BPRegressor", "TabularClassifier", "TabularRegressor"), "skann"
)

# One of every type that a file can hold, with sizes and numbers of all kinds.
WRONG = (
    None,
    True,
    0,
    5,
    -1,
    10**30,
    0.0,
    0.5,
    math.nan,
    -math.inf,
    "x",
    [],
    [1],
    ["x", None],
    {},
    {"a": 1},
    {"class": "SGD", "settings": {"momentum": "x"}},
    (1, "x"),
    np.array(3.0),
    np.array([1.5, 2.5]),
    np.array(["a", "b"]),
    np.array(["a", None], dtype=object),
    np.zeros((0, 2), np.float32),
)


def places(data, path=()):
    """The keys that lead to every field of plain data, the outer ones first."""
    items = ()
    if isinstance(data, dict):
        items = data.items()
    elif isinstance(data, list | tuple):
        items = enumerate(data)
    for key, value in items:
        yield (*path, key)
        yield from places(value, (*path, key))


def with_another(data, path, value):
    """Plain data with another value at a place; nothing else is copied."""
    key, *rest = path
    value = with_another(data[key], rest, value) if rest else value
    if isinstance(data, dict):
        return data | {key: value}
    changed = list(data)
    changed[key] = value
    return type(data)(changed)


def fault_of(data, path, value, use):
    """What is wrong with how a model file with another value is taken, or None.

    Parameters
    ----------
    data : dict
        Of a model file.
    path : tuple
        Where the value is put.
    value : object
    use : callable
        ``use(model)`` does what a user of the model would, and may train it.
    """
    try:
        model = model_file.from_data(
            with_another(data, path, copy.deepcopy(value)), MODULES, "f"
        )
    except ValueError:
        return None
    except Exception as error:
        return f"loading raises {error!r}"
    try:
        with np.errstate(all="ignore"):
            use(model)
    except Exception as error:
        if path[0] == "parameters" and isinstance(error, ValueError):
            return None  # as after set_params
        return f"is loaded, and then raises {type(error).__name__}: {str(error)[:100]}"
    return None


def every_property(model):
    """Read all that a model shows."""
    for name in dir(model):
        if name.endswith("_") and not name.startswith("_"):
            getattr(model, name, None)
    repr(model)


def stored_again(model):
    """Store a model as files and pickles do."""
    archive._encoded(model._to_file(), [])
    pickle.loads(pickle.dumps(model))
