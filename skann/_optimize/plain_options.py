"""Solvers and schedules as plain data, and back: for pickles and model files.

Plain data are arrays, numbers, text, lists and dicts. An object is the name of its
class and its settings; one that a run has used has besides what the next run goes on
with. Objects of a user's own classes stay what they are.
"""

import math
from numbers import Integral, Real

import numpy as np

from .averaging import AVERAGES
from .minimizers import MINIMIZERS
from .optimizer import Optimizer
from .optimizers import OPTIMIZERS
from .schedule_base import Schedule
from .schedules import SCHEDULES

# Names are part of the format of files: a renamed class keeps its old name here.
CLASSES = {
    kind.__name__: kind
    for table in (OPTIMIZERS, MINIMIZERS, SCHEDULES, AVERAGES)
    for kind in table.values()
}


def options_to_plain(options, classes=CLASSES):
    """Class and settings of an object of one of the classes; another stays itself."""
    if type(options) not in classes.values():
        return options
    settings = options.get_params(deep=False)
    return {"class": type(options).__name__, "settings": settings}


def options_from_plain(plain, classes=CLASSES):
    """The object again; what is no dict is returned as it is.

    Raises
    ------
    ValueError
        If the class or a setting is not known.
    """
    if not isinstance(plain, dict):
        return plain
    name, settings = plain.get("class"), plain.get("settings")
    if not isinstance(name, str) or name not in classes:
        raise ValueError(f"there is no solver, schedule or other object {name!r}.")
    known = classes[name]().get_params(deep=False)
    if not isinstance(settings, dict) or not settings.keys() <= known.keys():
        raise ValueError(f"{name} has the settings {sorted(known)}; got {settings!r}.")
    return classes[name](**settings)


def optimizer_to_plain(optimizer):
    """An optimiser with its state; None for None."""
    plain = options_to_plain(optimizer)
    if not isinstance(plain, dict):
        return plain
    run = {k: v for k, v in vars(optimizer).items() if not k.startswith("_")}
    run = {k: v for k, v in run.items() if k not in plain["settings"]}
    return {**plain, "run": run | {"dtype": run["dtype"].str}}


def optimizer_from_plain(plain, n_parameters):
    """The optimiser again, for a vector of so many parameters.

    Raises
    ------
    ValueError
        If it has not the state that its rule keeps.
    """
    if plain is None or isinstance(plain, Optimizer):  # a user's own, of a pickle
        return plain
    _check_kind(plain, OPTIMIZERS, "optimiser")
    optimizer, run = options_from_plain(plain).fresh(), plain.get("run", {})
    dtype = _real_dtype(run.get("dtype"))
    started = vars(optimizer.start(0, dtype))
    missing = started.keys() - optimizer.get_params().keys() - run.keys()
    if missing:
        raise ValueError(f"an optimiser's state lacks {sorted(missing)}.")
    vectors = run["state"]
    if not isinstance(vectors, list) or len(vectors) != optimizer.n_state:
        raise ValueError(f"{plain['class']} keeps {optimizer.n_state} vectors.")
    for vector in vectors:
        if not is_vector(vector, n_parameters, dtype):
            raise ValueError("an optimiser's state is not of its network's size.")
    for name in started.keys() & run.keys() - {"dtype"}:
        _check_number(run[name], started[name], f"an optimiser's {name}")
        setattr(optimizer, name, run[name])
    return optimizer


def schedule_to_plain(schedule):
    """A schedule with what it has come to; None for None."""
    plain = options_to_plain(schedule)
    if not isinstance(plain, dict):
        return plain
    # What else it has, the next run's start makes anew.
    kept = _as_begun(schedule).keys() - plain["settings"].keys()
    return {**plain, "run": {name: vars(schedule)[name] for name in sorted(kept)}}


def schedule_from_plain(plain):
    """The schedule again.

    Raises
    ------
    ValueError
        If it has not what its kind keeps from run to run.
    """
    if plain is None or isinstance(plain, Schedule):  # of a user's function
        return plain
    _check_kind(plain, SCHEDULES, "schedule")
    schedule, run = options_from_plain(plain).fresh(), plain.get("run", {})
    begun = _as_begun(schedule)
    for name in begun.keys() - schedule.get_params().keys():
        what = f"a schedule's {name.strip('_')}"
        _check_number(run.get(name), begun[name], what)
    schedule.begin(run["initial"])
    for name in begun.keys() & run.keys():
        setattr(schedule, name, run[name])
    return schedule


def _check_kind(plain, table, what):
    kinds = [kind.__name__ for kind in table.values()]
    if not isinstance(plain, dict) or plain.get("class") not in kinds:
        raise ValueError(f"there is no such {what}: {plain!r}.")
    if not isinstance(plain.get("run", {}), dict):
        raise ValueError(f"what a run keeps of its {what} must be named.")


def _check_number(value, like, what):
    """An error for a number of another type than what is there at the start."""
    right = True
    if isinstance(like, bool):
        right = isinstance(value, bool)
    elif isinstance(like, int):
        right = is_count(value)
    elif isinstance(like, float):
        right = is_real(value) and value >= 0
    if not right:
        raise ValueError(f"{what} must be a number such as {like!r}; got {value!r}.")


def is_count(value):
    """Whether it is an integer of at least 0, and such as an array holds."""
    is_integer = isinstance(value, Integral) and not isinstance(value, bool)
    return is_integer and 0 <= value < 2**62


def is_real(value):
    """Whether it is a finite number, and no bool."""
    if not isinstance(value, Real) or isinstance(value, bool):
        return False
    return math.isfinite(value) if isinstance(value, float) else abs(value) < 2**62


def is_vector(array, size, dtype):
    """Whether this is an array of one dimension, of this size and dtype."""
    return (
        isinstance(array, np.ndarray)
        and array.shape == (size,)
        and array.dtype == dtype
    )


def _as_begun(schedule):
    return vars(schedule.fresh().begin(1.0))


def _real_dtype(name):
    for dtype in (np.dtype(np.float32), np.dtype(np.float64)):
        if name == dtype.str:
            return dtype
    raise ValueError(f"an optimiser computes in float32 or float64; got {name!r}.")
