"""Where training is, and its record, as plain data and back.

For pickles and model files; plain data are arrays, numbers, text, lists and dicts.
"""

import math
from numbers import Real

import numpy as np

from .._optimize.averaging import Averaging
from .._optimize.plain_options import (
    is_count,
    is_real,
    is_vector,
    optimizer_from_plain,
    optimizer_to_plain,
    options_from_plain,
    options_to_plain,
    schedule_from_plain,
    schedule_to_plain,
)
from .averaged_weights import AveragedWeights
from .best import BestWeights
from .dynamic_array import DynamicArray, DynamicList
from .monitor import new_history
from .progress import Progress
from .stopping import Patience

_COUNTS = {"n_iter": int, "n_seen": int, "n_steps": int, "seconds": float}
_WATCHED = (None, "training loss", "validation loss", "validation score")


def progress_to_plain(progress):
    """A :class:`Progress` as plain data."""
    best = progress.best
    return {
        "rng": progress.rng.bit_generator.state,
        "optimizer": optimizer_to_plain(progress.optimizer),
        "schedule": schedule_to_plain(progress.schedule),
        "patience": None
        if progress.patience is None
        else dict(vars(progress.patience)),
        "best": None if best is None else _best_to_plain(best),
        "average": _average_to_plain(progress.average),
        "watched": progress.watched,
        "rate_factor": progress.rate_factor,
        "outer": progress.outer,
        **{name: kind(getattr(progress, name)) for name, kind in _COUNTS.items()},
    }


def _average_to_plain(average):
    if average is None:
        return None
    names = ("moving", "average", "n")
    vectors = {name: getattr(average, name) for name in names}
    return {"rule": options_to_plain(average.rule), **vectors}


def _best_to_plain(best):
    value, score = float(best.value), float(best.score)
    return {**vars(best), "value": value, "score": score}


def progress_from_plain(plain, n_parameters):
    """The :class:`Progress` again, for a network of so many parameters.

    Raises
    ------
    ValueError
        If that is not what the data are of.
    """
    progress = Progress(_generator(plain.get("rng")))
    progress.optimizer = optimizer_from_plain(plain.get("optimizer"), n_parameters)
    progress.schedule = schedule_from_plain(plain.get("schedule"))
    progress.patience = _patience(plain.get("patience"))
    progress.best = _best(plain.get("best"), n_parameters)
    progress.average = _average(plain.get("average"), n_parameters)
    progress.watched = _watched(plain.get("watched"))
    progress.outer = _outer(plain.get("outer"), n_parameters)
    for name, kind in _COUNTS.items():
        value = plain.get(name)
        right = is_count(value) if kind is int else is_real(value) and value >= 0
        if not right:
            raise ValueError(f"{name} must be a count; got {value!r}.")
        setattr(progress, name, value)
    factor = progress.rate_factor = plain.get("rate_factor", 1.0)
    if not isinstance(factor, float) or not 0 <= factor <= 1:
        raise ValueError(f"rate_factor must be between 0 and 1; got {factor!r}.")
    return progress


def _generator(state):
    name = state.get("bit_generator") if isinstance(state, dict) else None
    if name != "PCG64":
        raise ValueError(f"the random generator must be PCG64; got {name!r}.")
    # A seed of its own would be asked of the system, and thrown away.
    bits = np.random.PCG64(0)
    try:
        bits.state = state
    except (KeyError, TypeError, OverflowError) as error:
        raise ValueError(f"the state of {name} is not whole: {error!r}.") from error
    return np.random.Generator(bits)


def _watched(name):
    if name is not None and (not isinstance(name, str) or name not in _WATCHED):
        raise ValueError(f"what is watched must be one of {_WATCHED}; got {name!r}.")
    return name


def _patience(plain):
    if plain is None:
        return None
    tol, n_iter_no_change = plain.get("tol"), plain.get("n_iter_no_change")
    best, count = plain.get("best"), plain.get("count")
    enough = is_count(n_iter_no_change) or n_iter_no_change == math.inf
    right = is_real(tol) and is_patience(best, count) and enough
    if not right:
        raise ValueError(f"patience must be of numbers; got {plain!r}.")
    patience = Patience(tol, n_iter_no_change)
    patience.best, patience.count = best, count
    return patience


def is_patience(best, count):
    """Whether these are a value and a count that a :class:`Patience` has."""
    return isinstance(best, Real) and best == best and is_count(count)


def is_weights(vector, n_parameters):
    """Whether it is a vector of so many parameters, in either precision."""
    real = (np.float32, np.float64)
    return any(is_vector(vector, n_parameters, dtype) for dtype in real)


def _best(plain, n_parameters):
    if plain is None:
        return None
    best = BestWeights(*(plain.get(n) for n in ("value", "epoch", "score", "theta")))
    check_best(best, n_parameters)
    return best


def check_best(best, n_parameters):
    """An error for best weights that are none."""
    if best.theta is not None and not is_weights(best.theta, n_parameters):
        raise ValueError("the best weights are not of their network's size.")
    of_one = (best.epoch is None) == (best.theta is None)
    counted = best.epoch is None or is_count(best.epoch)
    if not isinstance(best.value, float) or not counted or not of_one:
        raise ValueError(f"the best epoch is not one: {best.value!r}, {best.epoch!r}.")
    if not isinstance(best.score, float):
        raise ValueError(f"the best score must be a number; got {best.score!r}.")


def _average(plain, n_parameters):
    if plain is None:
        return None
    rule = options_from_plain(plain.get("rule"))
    if not isinstance(rule, Averaging) or not is_count(plain.get("n")):
        raise ValueError("the weights' average must be of a rule that there is.")
    average = AveragedWeights(rule.fresh(), n=plain["n"])
    for name in ("moving", "average"):
        vector = plain.get(name)
        if vector is not None and not is_weights(vector, n_parameters):
            raise ValueError("averaged weights are not of their network's size.")
        setattr(average, name, vector)
    if (average.moving is None) != (average.average is None):
        raise ValueError("averaged weights go with those that training goes on from.")
    return average


def _outer(vector, n_parameters):
    if vector is not None and not is_weights(vector, n_parameters):
        raise ValueError("the momentum of averages is not of the network's size.")
    return vector


def history_to_plain(history):
    """The record's columns as arrays."""
    return {
        name: np.array(list(column), np.int64 if name == "epoch" else np.float64)
        for name, column in history.items()
    }


def history_from_plain(plain):
    """The record's columns as lists; NaN in those that came later than the data.

    Raises
    ------
    ValueError
        If they are not of one length.
    """
    history = new_history()
    epochs = plain.get("epoch")
    n_epochs = len(epochs) if isinstance(epochs, np.ndarray) else -1
    further = [name for name in plain if name not in history]
    if not all(isinstance(name, str) for name in further):
        raise ValueError(f"columns of the record must have names; got {further}.")
    for name in [*history, *further]:
        column = plain.get(name, np.full(max(n_epochs, 0), np.nan))
        if not is_vector(column, n_epochs, np.int64 if name == "epoch" else np.float64):
            raise ValueError(
                f"column {name!r} of the record is not one number an epoch."
            )
        history[name] = DynamicList(column.tolist())
    return history


def batch_losses_from_plain(plain):
    """The batches' losses again, which are an array."""
    if not isinstance(plain, np.ndarray) or plain.ndim != 1 or plain.dtype.kind != "f":
        raise ValueError("the batches' losses must be an array of numbers.")
    return DynamicArray(plain)
