"""Which learning-rate schedule an estimator's parameters ask for.

A name stands for the schedule with its default settings, but "invscaling" takes
``power_t`` from the estimator, as in scikit-learn. A schedule given as an object brings
its own settings; a function returns the rate itself. To set besides what would not be
used is refused.
"""

import inspect

from .cosine_schedules import Cosine, OneCycle
from .schedule_base import Schedule
from .schedule_function import Function
from .schedule_kinds import (
    Adaptive,
    Constant,
    Exponential,
    InvScaling,
    Step,
)

SCHEDULES = {
    "constant": Constant,
    "invscaling": InvScaling,
    "adaptive": Adaptive,
    "step": Step,
    "exponential": Exponential,
    "cosine": Cosine,
    "one_cycle": OneCycle,
}

# scikit-learn's own names, with which power_t may be set where it is not used.
_SKLEARN_SCHEDULES = ("constant", "invscaling", "adaptive")


def schedule_for(estimator):
    """The schedule that the parameters ask for, checked, at the start of its life.

    Raises
    ------
    ValueError
        If a setting is not valid, or is given where it would not be used.
    """
    given = estimator.learning_rate
    if isinstance(given, str):
        if given not in _SKLEARN_SCHEDULES:
            _refuse(estimator, "power_t", "it belongs to learning_rate='invscaling'")
        settings = {"power_t": estimator.power_t} if given == "invscaling" else {}
        schedule = SCHEDULES[given](**settings)
    else:
        _refuse(
            estimator,
            "power_t",
            "it belongs to learning_rate='invscaling'; set what the schedule has as an "
            "object of skann.schedules",
        )
        if isinstance(given, Schedule):
            schedule = given.fresh()
        else:
            _refuse(
                estimator, "learning_rate_init", "a function returns the rate itself"
            )
            _check_takes_one(given)
            schedule = Function(given)
    return schedule.begin(estimator.learning_rate_init)


def _check_takes_one(function):
    """Refuse a function that can't be called with one argument."""
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):
        return  # one that does not say, such as many of those in C
    try:
        signature.bind(0)
    except TypeError as error:
        raise ValueError(
            "learning_rate must be a function of one argument, the steps taken so far; "
            f"got {function!r}, whose arguments are {signature}: {error}."
        ) from None


def _refuse(estimator, name, why):
    value = getattr(estimator, name)
    if value != inspect.signature(type(estimator)).parameters[name].default:
        raise ValueError(
            f"{name}={value!r} would not be used with learning_rate="
            f"{estimator.learning_rate!r}: {why}."
        )


def needs_length(learning_rate):
    """Whether what is given as ``learning_rate`` must know the length of the run."""
    if isinstance(learning_rate, str):
        kind = SCHEDULES.get(learning_rate)
        return kind is not None and kind().needs_length
    return isinstance(learning_rate, Schedule) and learning_rate.needs_length
