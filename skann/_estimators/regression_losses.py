"""A regressor's losses by the names that users give, and their settings."""

from numbers import Real

import numpy as np

from .._network.network import loss_function
from .._network.real_losses import HUBER_DELTA
from .function_objects import Loss, LossObject
from .gaussian_transformer import GaussianTransformer
from .log_transformer import LogTransformer
from .quantile_transformer import QuantileTransformer
from .real_transformer import RealTransformer, as_columns
from .validation import check_ordered

LOSS_NAMES = {
    "squared_error": "squared_error",
    "mse": "squared_error",
    "absolute_error": "absolute_error",
    "huber": "huber",
    "quantile": "quantile",
    "poisson": "poisson",
    "gamma": "gamma",
    "tweedie": "tweedie",
    "gaussian": "gaussian",
}
# Those whose outputs are logarithms of predictions.
_LOG_LINKS = ("poisson", "gamma", "tweedie")

# Parameters that belong to one loss each.
_OWNERS = {"quantile": "quantile", "huber_delta": "huber"}

# The median.
_DEFAULT_QUANTILE = 0.5


def loss_of(estimator):
    """Loss that is asked for, a name in ``LOSSES`` or a user's own, and settings.

    Raises
    ------
    ValueError
        If a setting is not valid, or belongs to another loss.
    """
    for name, owner in _OWNERS.items():
        value = getattr(estimator, name)
        if value is not None and estimator.loss != owner:
            raise ValueError(
                f"{name}={value!r} would not be used: it belongs to loss={owner!r}, "
                f"and loss is {estimator.loss!r}."
            )
    if isinstance(estimator.loss, LossObject):
        return _of_object(estimator)
    name = LOSS_NAMES[estimator.loss]
    if name == "squared_error" and estimator.missing_targets == "ignore":
        return "masked_squared_error", ()
    if name == "huber":
        delta = estimator.huber_delta
        return name, (HUBER_DELTA if delta is None else float(delta),)
    if name == "quantile":
        return name, _levels(estimator.quantile)
    return name, ()


def _of_object(estimator):
    loss = estimator.loss.fresh()
    if loss.link not in ("identity", "log"):
        raise ValueError(
            f"loss={loss!r} is for classes; a regressor's has the link 'identity' or "
            "'log'."
        )
    if not isinstance(loss, Loss):
        return loss.name, loss._settings
    if estimator.missing_targets == "ignore":
        raise ValueError(
            f"missing_targets='ignore' can't be used with loss={loss!r}, a loss of "
            "one's own, which is never given NaN."
        )
    return loss, ()


def has_log_link(estimator):
    """Whether predictions, and so targets, are positive."""
    loss = estimator.loss
    return loss.link == "log" if isinstance(loss, LossObject) else loss in _LOG_LINKS


def check_domain(name, options, y):
    """Whether targets are such as the loss takes."""
    loss = loss_function(name, options)
    if loss.out_activation != "exp" or not isinstance(name, str):
        return
    columns = as_columns(y)
    wrong = columns < 0 if loss.takes_zero else columns <= 0
    if wrong.any():
        row, column = np.argwhere(wrong)[0]
        allowed = "non-negative" if loss.takes_zero else "positive"
        raise ValueError(
            f"loss={name!r} takes {allowed} targets only; y has "
            f"{columns[row, column]:g} in row {row}."
        )


def transformer_of(estimator, y, weight):
    """The transformer of real targets that the loss asks for.

    Parameters
    ----------
    estimator : BPRegressor
    y : ndarray of shape (n_samples,) or (n_samples, n_outputs)
    weight : ndarray of shape (n_samples,) or None
    """
    name, options = loss_of(estimator)
    loss = loss_function(name, options)
    about = {"normalize": estimator.normalize_y, "loss": loss}
    if loss.out_activation == "exp":
        return LogTransformer(y, weight, **about)
    if name == "gaussian":
        return GaussianTransformer(y, weight, **about)
    if has_several_quantiles(estimator):
        return QuantileTransformer(y, weight, levels=options, **about)
    return RealTransformer(y, weight, **about)


def has_several_quantiles(estimator):
    """Whether predictions are a column for each of some quantiles."""
    return estimator.loss == "quantile" and not (
        estimator.quantile is None or isinstance(estimator.quantile, Real)
    )


def _levels(quantile):
    if quantile is None:
        quantile = _DEFAULT_QUANTILE
    check_ordered(quantile, "quantile")
    levels = np.atleast_1d(np.asarray(quantile))
    valid = levels.ndim == 1 and levels.size > 0 and levels.dtype.kind in "fiu"
    if not (
        valid
        and (levels > 0).all()
        and (levels < 1).all()
        and (np.diff(levels) > 0).all()
    ):
        raise ValueError(
            "quantile must be a number between 0 and 1, both excluded, or a list of "
            f"such numbers that rise; got {quantile!r}."
        )
    return tuple(float(level) for level in levels)
