"""Checks of losses and activations: whether value and derivative belong together.

The package's own are checked by the same functions as a user's.
"""

from functools import partial

import numpy as np
from sklearn.base import clone

from .._network.activations import ACTIVATIONS
from .._network.losses import LOSSES
from .._network.own_functions import OwnActivation, OwnLoss, result_of
from .function_objects import Activation, Loss, LossObject

# The differences of two steps are not the same where there is a kink between them.
_STEPS = 3e-4, 1e-4
_N_ROWS, _N_OUTPUTS = 20, 4


def check_loss(loss: LossObject | str) -> None:
    """Check a loss: shapes, dtypes, and the derivative against differences.

    Parameters
    ----------
    loss : Loss, Tweedie, Focal or str
        An object of a class of one's own or of the package's, or the name of one of the
        package's losses.

    Raises
    ------
    ValueError
        If the loss does not keep to what :class:`Loss` says. The message says how.

    See Also
    --------
    Loss : Base of losses of one's own.

    Examples
    --------
    >>> from skann.losses import Tweedie, check_loss
    >>> check_loss(Tweedie(power=1.3))
    >>> check_loss("huber")
    """
    name, function = _loss_function(loss)
    z, y = _outputs_and_targets(name, function.out_activation)
    if isinstance(loss, Loss):
        _check_clone(loss)
        for dtype in (np.float32, np.float64):
            at = z.astype(dtype), y.astype(dtype)
            _check_result(loss, "value", z.shape[:1], dtype, *at)
            _check_result(loss, "derivative", z.shape, dtype, *at)
    value, delta = function.value_and_delta(z, y)
    alone = [function.value_and_delta(z[i : i + 1], y[i : i + 1])[0][0] for i in (3, 7)]
    if not np.allclose(value[[3, 7]], alone, rtol=1e-9, atol=1e-12):
        _fail(loss, "value of a row must not depend on the rows beside it")

    units = np.eye(z.size).reshape(-1, *z.shape)
    values = partial(_value_of, function, y)
    _compare(
        loss, z, delta, *[[_slope(values, z, d, s) for d in units] for s in _STEPS]
    )


def check_activation(activation: Activation | str) -> None:
    """Check an activation: shapes, dtypes, and the derivative against differences.

    Parameters
    ----------
    activation : Activation or str
        An object of a class of one's own, or the name of one of the package's
        activations.

    Raises
    ------
    ValueError
        If the activation does not keep to what :class:`Activation` says. The message
        says how.

    See Also
    --------
    Activation : Base of activations of one's own.

    Examples
    --------
    >>> from skann.activations import check_activation
    >>> check_activation("gelu")
    """
    z = np.random.default_rng(0).normal(0, 2, (_N_ROWS, _N_OUTPUTS))
    if isinstance(activation, Activation):
        _check_clone(activation)
        for dtype in (np.float32, np.float64):
            for method in ("value", "derivative"):
                _check_result(activation, method, z.shape, dtype, z.astype(dtype))
        function = OwnActivation(activation)
    elif isinstance(activation, str) and activation in ACTIVATIONS:
        function = ACTIVATIONS[activation]
    else:
        raise ValueError(
            "activation must be an object of a class made of skann.activations."
            f"Activation, or one of {sorted(ACTIVATIONS)}; got {activation!r}."
        )
    value = function.value(z)
    if not np.allclose(function.value(z[3:4, 1:2]), value[3, 1], rtol=1e-9):
        _fail(activation, "value must be computed number by number")
    derivative = function.derivative(z, value)
    ones = np.ones_like(z)
    numeric = [_slope(function.value, z, ones, step) for step in _STEPS]
    _compare(activation, z, derivative, *numeric)


def _loss_function(loss):
    """Name, None for a user's own, and the loss itself."""
    if isinstance(loss, Loss):
        return None, OwnLoss(loss.fresh())
    if isinstance(loss, LossObject):
        return loss.name, LOSSES[loss.name].with_options(loss.fresh()._settings)
    if isinstance(loss, str) and loss in LOSSES:
        return loss, LOSSES[loss]
    raise ValueError(
        f"loss must be an object of skann.losses or one of {sorted(LOSSES)}; got "
        f"{loss!r}."
    )


def _outputs_and_targets(name, out_activation):
    rng = np.random.default_rng(0)
    z = rng.normal(0, 1.5, (_N_ROWS, _N_OUTPUTS))
    if out_activation == "softmax":
        return z, np.eye(_N_OUTPUTS)[rng.integers(_N_OUTPUTS, size=_N_ROWS)]
    if out_activation == "logistic" or name == "perceptron":
        return z, rng.integers(2, size=z.shape).astype(float)
    if out_activation == "exp":
        return z, rng.gamma(2.0, size=z.shape)
    y = rng.normal(size=z.shape)
    # Of a mean and a spread for each target, both have the target.
    return z, np.tile(y[:, : _N_OUTPUTS // 2], 2) if name == "gaussian" else y


def _check_clone(own):
    if clone(own) != own:
        _fail(own, "constructor must keep its parameters under their names")


def _check_result(own, method, shape, dtype, *arrays):
    before = [array.copy() for array in arrays]
    found = result_of(own, method, shape, *arrays)
    for old, new in zip(before, arrays, strict=True):
        if not np.array_equal(old, new):
            _fail(own, f"{method} must not write to the arrays that it is given")
        if np.may_share_memory(found, new):
            _fail(own, f"{method} must return a new array")
    if not np.isfinite(found).all():
        _fail(own, f"{method} must be finite for outputs of usual size")
    given = np.asarray(getattr(own, method)(*arrays)).dtype
    if given != dtype:
        _fail(
            own, f"{method} must keep the dtype: of {np.dtype(dtype)} it made {given}"
        )


def _value_of(function, y, z):
    return function.value_and_delta(z, y)[0].sum()


def _slope(function, z, direction, step):
    near = function(z + step * direction) - function(z - step * direction)
    far = function(z + 2 * step * direction) - function(z - 2 * step * direction)
    return (8 * near - far) / (12 * step)


def _compare(own, z, found, numeric, finer):
    """Whether derivatives are the differences, wherever there is no kink."""
    z, found, numeric, finer = (np.ravel(array) for array in (z, found, numeric, finer))
    tolerance = 1e-6 * np.maximum(1, abs(finer))
    smooth = abs(numeric - finer) <= tolerance
    wrong = np.flatnonzero(smooth & (abs(found - finer) > tolerance))
    if len(wrong):
        i = wrong[0]
        _fail(
            own,
            f"derivative must be that of value: it is {found[i]:.6g} where z is "
            f"{z[i]:.4g}, and differences of value give {finer[i]:.6g}",
        )
    if np.count_nonzero(smooth) < len(z) / 2:
        _fail(own, "value must be smooth in most places")


def _fail(own, what):
    name = own if isinstance(own, str) else type(own).__name__
    raise ValueError(f"{name}: {what}.")
