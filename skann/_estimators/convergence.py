"""Warnings about training that ended too early, or learnt nothing.

The warnings point into scikit-learn, as those of its own estimators do: who silences
them by module silences ours as well.
"""

from functools import cache
from warnings import warn

from sklearn.exceptions import ConvergenceWarning

from .._optimize.averaging import averaging_for
from .._training.guessing import compared_with_guessing
from .._training.membership import ensemble
from .column_scale import unfit_columns
from .parameters import solver_class

# A loss that falls by more than this in the last epochs would have gone on falling.
_STILL_FALLING = 0.2

# By what share a network may be worse than a constant, and standard errors that make
# the difference certain.
_NEGLIGIBLE, _CERTAIN = 0.02, 3


def warn_if_training_failed(estimator, monitor, data):
    """Warn of a network that learnt nothing, or could have learnt more.

    For ``fit`` to call. An error on the way to a warning does not end the fit. A member
    of an ensemble leaves the warning to that.

    Parameters
    ----------
    estimator : BaseBP
        Fitted.
    monitor : Monitor
        Of its last run.
    data : Data
        What it was trained on.
    """
    try:
        found = _what_failed(estimator, monitor, data)
    except Exception:
        return  # for want of memory, say: the model is there, and is not to be lost
    messages = list(filter(None, found))
    if ensemble() is not None:
        ensemble().messages += messages
        return
    for message in messages:
        warn(message, ConvergenceWarning, stacklevel=3)


def _what_failed(estimator, monitor, data):
    """What there is to warn of; "" for nothing."""
    message = _still_falling(estimator, monitor)
    columns = cache(lambda: _unfit_columns(estimator, data))
    if not message or len(columns()):
        message = _no_better_than_guessing(estimator, data, columns) or message
    return message, _average_never_started(estimator, monitor)


def _unfit_columns(estimator, data):
    """Columns of sizes that the network, as it was trained, can't learn from."""
    return [] if estimator.auto_params_.get("standardize") else unfit_columns(data)


def _no_better_than_guessing(estimator, data, unfit):
    """What to say of a network that a constant prediction equals; "" for a better one.

    Near the loss of the constant only columns that can't be learnt from (``unfit()``
    finds them) are a sign of failure; where they are well scaled there may be nothing
    to learn. Predictions that are the same for all rows are none.
    """
    if estimator.loss_ is None:
        return ""  # interrupted before there was any
    found = compared_with_guessing(estimator._network, estimator._theta, data)
    if found is None:
        return ""
    loss, guess = found.loss, found.guess
    columns = unfit() if loss > (1 - _NEGLIGIBLE) * guess or found.is_constant else []
    failed = loss - _CERTAIN * found.error > (1 + _NEGLIGIBLE) * guess
    if not (len(columns) or failed or found.is_constant):
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
    what = (
        f"its loss on the training rows is {loss:.4g}, and that of one constant "
        f"prediction {guess:.4g}. "
    )
    remedy = "Change the learning rate (learning_rate_init) or raise max_iter."
    if found.is_constant:
        what = "its outputs are the same for all rows. "
        remedy = (
            "Its units are dead or saturated, or a penalty has left no weights: use "
            "fewer hidden layers, normalization='layer', a lower alpha (0 in place of "
            "'auto') or a lower learning rate (learning_rate_init)."
        )
    return (
        f"The network is no better than guessing: {what}{scaling if shown else ''}"
        f"{remedy}"
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
