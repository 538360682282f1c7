"""Warnings about training that ended too early, or learnt nothing.

The warnings point into scikit-learn, as those of its own estimators do: who silences
them by module silences ours as well.
"""

from functools import cache
from warnings import warn

from sklearn.exceptions import ConvergenceWarning

from .._optimize.averaging import averaging_for
from .._training.guessing import loss_of_guessing
from .column_scale import unfit_columns
from .parameters import solver_class

# A loss that falls by more than this in the last epochs would have gone on falling.
_STILL_FALLING = 0.2

# How closely a mean over noisy batches tells a loss.
_NEGLIGIBLE = 0.02


def warn_if_training_failed(estimator, monitor, data):
    """Warn of a network that learnt nothing, or could have learnt more.

    For ``fit`` to call.

    Parameters
    ----------
    estimator : BaseBP
        Fitted.
    monitor : Monitor
        Of its last run.
    data : Data
        What it was trained on.
    """
    columns = cache(lambda: unfit_columns(data))
    message = _still_falling(estimator, monitor)
    if not message or len(columns()):
        message = _no_better_than_guessing(estimator, data, columns) or message
    for each in (message, _average_never_started(estimator, monitor)):
        if each:
            warn(each, ConvergenceWarning, stacklevel=3)


def _no_better_than_guessing(estimator, data, unfit):
    """What to say of a network that a constant prediction equals; "" for a better one.

    Near the loss of the constant only columns that can't be learnt from (``unfit()``
    finds them) are a sign of failure; where they are well scaled there may be nothing
    to learn.
    """
    history, loss = estimator._history["loss"], estimator.loss_
    if loss is None:
        return ""  # interrupted before there was any
    if estimator.best_iter_:
        loss = history[estimator.best_iter_ - 1]
    guess = loss_of_guessing(estimator._network.loss_function, data)
    columns = unfit() if loss > (1 - _NEGLIGIBLE) * guess else []
    if not (len(columns) or loss > (1 + _NEGLIGIBLE) * guess):
        return ""
    names = getattr(estimator, "feature_names_in_", None)
    shown = ", ".join(
        repr(j if names is None else names[j]) for j in map(int, columns[:3])
    )
    more = f" and {len(columns) - 3} more" if len(columns) > 3 else ""
    scaling = (
        "Scale X, for example with StandardScaler: a network can't well learn from "
        f"columns of such sizes as {shown}{more} have. "
    )
    return (
        f"The network is no better than guessing: its training loss is {loss:.4g}, "
        f"and that of one constant prediction {guess:.4g}. "
        f"{scaling if shown else ''}"
        "Change the learning rate (learning_rate_init) or raise max_iter."
    )


def _average_never_started(estimator, monitor):
    """What to say of an average that training has ended before; "" otherwise."""
    rule, (name, planned) = averaging_for(estimator.average), monitor.limit
    if rule is None or rule.share(0, monitor.n_iter / planned) is not None:
        return ""
    return (
        f"average={estimator.average!r} had no effect: training ended after "
        f"{monitor.n_iter} of {name}={planned} iterations, before averaging starts "
        f"({monitor.stop_reason}). Lower {name} or the average's start, or use "
        "average='ema', which has none."
    )


def _still_falling(estimator, monitor):
    """What to say of a loss that was still falling; "" where it was not."""
    if monitor.stop_reason is not None or monitor.planned:
        return ""
    steps = solver_class(estimator).uses_learning_rate
    fall = monitor.fall(estimator.n_iter_no_change)
    if not (fall > _STILL_FALLING or not steps):
        return ""
    limit, value = monitor.limit
    last = f": by {fall:.0%} in the last {estimator.n_iter_no_change} iterations"
    faster = " or the learning rate (learning_rate_init)"
    return (
        f"Training stopped at {limit}={value} while the loss was still "
        f"falling{last if steps else ''}. Raise {limit}"
        f"{faster if steps else ''}."
    )
