"""A regressor's losses by the names that users give, and their settings."""

from numbers import Real

import numpy as np

from .._network.losses import LOSSES
from .._network.real_losses import HUBER_DELTA
from .log_transformer import LogTransformer
from .quantile_transformer import QuantileTransformer
from .real_transformer import RealTransformer
from .validation import check_ordered

LOSS_NAMES = {
    "squared_error": "squared_error",
    "mse": "squared_error",
    "absolute_error": "absolute_error",
    "huber": "huber",
    "quantile": "quantile",
    "poisson": "poisson",
    "gamma": "gamma",
}

# Parameters that belong to one loss each.
_OWNERS = {"quantile": "quantile", "huber_delta": "huber"}

# The median.
_DEFAULT_QUANTILE = 0.5


def loss_of(estimator):
    """Name in ``LOSSES`` and settings of the loss that the parameters ask for.

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
    name = LOSS_NAMES[estimator.loss]
    if name == "squared_error" and estimator.missing_targets == "ignore":
        return "masked_squared_error", ()
    if name == "huber":
        delta = estimator.huber_delta
        return name, (HUBER_DELTA if delta is None else float(delta),)
    if name == "quantile":
        return name, _levels(estimator.quantile)
    return name, ()


def transformer_of(estimator, y, weight):
    """The transformer of real targets that the loss asks for.

    Parameters
    ----------
    estimator : BPRegressor
    y : ndarray of shape (n_samples,) or (n_samples, n_outputs)
    weight : ndarray of shape (n_samples,) or None
    """
    name, options = loss_of(estimator)
    loss = LOSSES[name]
    about = {"normalize": estimator.normalize_y, "loss": loss}
    if loss.out_activation == "exp":
        return LogTransformer(y, weight, **about)
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
