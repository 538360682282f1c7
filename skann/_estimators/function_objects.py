"""Losses and activations given as objects: with settings, or a user's own.

An object of the package's stands for a name in ``LOSSES`` and its settings, so that all
that goes by names has it. A user's own has the formulas themselves.
"""

from numbers import Real
from typing import Self

from sklearn.utils._param_validation import Interval

from .._network.focal_losses import FOCAL_GAMMA
from .._network.own_functions import OUT_ACTIVATIONS
from .._network.real_losses import TWEEDIE_POWER
from .._optimize.options import Options
from .._typing import Array


class LossObject(Options):
    """Base of what may be given as ``loss`` besides names."""

    link: str


class Tweedie(LossObject):
    """Half the deviance of Tweedie's family, behind a log link.

    ::

        y^(2-p) / ((1-p) (2-p)) - y a^(1-p) / (1-p) + a^(2-p) / (2-p),  a = exp(z)

    For amounts of which many are zero, such as claims or rain: with p between 1 and 2
    they are sums of a Poisson number of gamma amounts. The mean is learnt, and
    predictions are positive.

    Parameters
    ----------
    power : float, default=1.5
        p: the variance is proportional to the mean to this power. Above 1, where
        "poisson" is, and not 2, which is "gamma". From 2 on targets must be positive; 3
        is the inverse normal distribution. The default is half-way between the two.

    See Also
    --------
    Loss : A loss of one's own.

    References
    ----------
    Jorgensen, B. (1987). Exponential dispersion models. Journal of the Royal
    Statistical Society B 49, 127-162.

    Examples
    --------
    >>> from skann import BPRegressor
    >>> from skann.losses import Tweedie
    >>> reg = BPRegressor((5,), loss=Tweedie(power=1.2), max_iter=5, random_state=0)
    >>> reg.fit([[0.0], [1.0], [2.0]], [0.0, 1.5, 4.0]).out_activation_
    'exp'
    """

    __module__ = "skann.losses"  # files name it so

    _parameter_constraints: dict = {  # noqa: RUF012 (scikit-learn's convention)
        "power": [
            Interval(Real, 1, 2, closed="neither"),
            Interval(Real, 2, None, closed="neither"),
        ]
    }
    name: str = "tweedie"
    link: str = "log"

    def __init__(self, power: float = TWEEDIE_POWER) -> None:
        self.power = power

    @property
    def _settings(self):
        return (float(self.power),)


class Focal(LossObject):
    """The likelihood of the classes, less of it where a row is right already.

    ::

        -(1 - p)^γ log p        p: the probability of the true class

    For classes of which one is rare, or rows of which most are easy. Probabilities are
    then less sure of themselves than they should be.

    Parameters
    ----------
    gamma : float, default=2.0
        γ, the focus: the larger, the less easy rows count. The default is the paper's.

    See Also
    --------
    Loss : A loss of one's own.

    References
    ----------
    Lin, T.-Y., Goyal, P., Girshick, R., He, K. & Dollár, P. (2017). Focal loss for
    dense object detection. ICCV.

    Examples
    --------
    >>> from skann import BPClassifier
    >>> from skann.losses import Focal
    >>> clf = BPClassifier((5,), loss=Focal(gamma=1.0), max_iter=5, random_state=0)
    >>> clf.fit([[0.0], [1.0], [2.0]], [0, 1, 1]).out_activation_
    'logistic'
    """

    __module__ = "skann.losses"  # files name it so

    _parameter_constraints: dict = {  # noqa: RUF012 (scikit-learn's convention)
        "gamma": [Interval(Real, 0, None, closed="neither")]
    }
    name: str = "focal"
    link: str = "softmax"

    def __init__(self, gamma: float = FOCAL_GAMMA) -> None:
        self.gamma = gamma

    @property
    def _settings(self):
        return (float(self.gamma),)


class _OwnFunction:
    """Two that are of one class and have the same settings are the same function."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Options) and self.same_settings(other)

    def __hash__(self) -> int:
        return hash(type(self))


class Loss(_OwnFunction, LossObject):
    """Base of a loss of one's own: a value, a derivative and a link.

    Write a class with the two methods, set `link`, and pass an object of it as
    ``loss``. What is in its constructor's parameters is seen by ``get_params``, so that
    a search reaches it. :func:`check_loss` says whether the two methods belong
    together. The reference engine trains with it.

    Attributes
    ----------
    link : {"identity", "log", "logit", "softmax"}
        What makes raw outputs z of predictions a. For a regressor "identity", a = z, or
        "log", a = exp(z). For a classifier "logit", a = 1 / (1 + exp(-z)) for each
        class by itself; "softmax", one distribution over all; or "identity", which
        makes no probabilities.

    See Also
    --------
    check_loss : Check it.

    Notes
    -----
    A classifier's targets are zeros and ones, one column a class (for two classes and
    logit or identity, one column in all). A regressor's are in the units of the
    network: with `normalize_y` of mean zero and variance one, behind a log link of mean
    one. NaN is never among them.

    Examples
    --------
    The logarithm of the hyperbolic cosine, which is a smooth absolute error:

    >>> import math
    >>> import numpy as np
    >>> from skann import BPRegressor
    >>> from skann.losses import Loss, check_loss
    >>> class LogCosh(Loss):
    ...     link = "identity"
    ...
    ...     def value(self, z, y):
    ...         r = z - y
    ...         return (np.logaddexp(r, -r) - math.log(2)).sum(axis=1)
    ...
    ...     def derivative(self, z, y):
    ...         return np.tanh(z - y)
    >>> check_loss(LogCosh())
    >>> X, y = np.arange(8.0).reshape(-1, 1), np.arange(8.0)
    >>> reg = BPRegressor((5,), loss=LogCosh(), random_state=0).fit(X, y)
    >>> reg.engine_
    'reference'
    """

    __module__ = "skann.losses"

    link: str = "identity"

    def value(self, z: Array, y: Array) -> Array:
        """Loss of each row.

        Parameters
        ----------
        z : ndarray of shape (n_rows, n_outputs)
            Raw outputs.
        y : ndarray of shape (n_rows, n_outputs)
            Targets, in the same dtype.

        Returns
        -------
        value : ndarray of shape (n_rows,)
            Each row's by itself: weights and the mean are the network's business.
        """
        raise NotImplementedError

    def derivative(self, z: Array, y: Array) -> Array:
        """Derivative of each row's loss by its raw outputs, of the shape of `z`.

        Parameters
        ----------
        z : ndarray of shape (n_rows, n_outputs)
            Raw outputs.
        y : ndarray of shape (n_rows, n_outputs)
            Targets.

        Returns
        -------
        derivative : ndarray of shape (n_rows, n_outputs)
            By z, not by the predictions.
        """
        raise NotImplementedError

    def fresh(self) -> Self:
        """The object itself, which training does not change, if its link is known."""
        if self.link not in OUT_ACTIVATIONS:
            raise ValueError(
                f"{type(self).__name__}.link must be one of {list(OUT_ACTIVATIONS)}; "
                f"got {self.link!r}."
            )
        return self


class Activation(_OwnFunction, Options):
    """Base of an activation of one's own: a value and a derivative, number by number.

    Write a class with the two methods and pass an object of it as `activation`, or in a
    list with one for each hidden layer. What is in its constructor's parameters is seen
    by ``get_params``, so that a search reaches it. :func:`check_activation` says
    whether the two methods belong together. The reference engine computes it, training
    and predicting; its layers start by "glorot_uniform".

    See Also
    --------
    check_activation : Check it.

    Examples
    --------
    >>> import numpy as np
    >>> from skann import BPClassifier
    >>> from skann.activations import Activation, check_activation
    >>> class Sine(Activation):
    ...     def __init__(self, frequency=1.0):
    ...         self.frequency = frequency
    ...
    ...     def value(self, z):
    ...         return np.sin(self.frequency * z)
    ...
    ...     def derivative(self, z):
    ...         return self.frequency * np.cos(self.frequency * z)
    >>> check_activation(Sine(2.0))
    >>> X, y = [[0.0], [1.0], [2.0], [3.0]], [0, 1, 0, 1]
    >>> clf = BPClassifier((9,), Sine(2.0), random_state=0).fit(X, y)
    >>> clf.engine_
    'reference'
    """

    __module__ = "skann.activations"

    def value(self, z: Array) -> Array:
        """``f(z)``.

        Parameters
        ----------
        z : ndarray of any shape
            What the layer's units sum up to.

        Returns
        -------
        a : ndarray of the same shape
            A new array.
        """
        raise NotImplementedError

    def derivative(self, z: Array) -> Array:
        """``f'(z)``.

        Parameters
        ----------
        z : ndarray of any shape
            As for `value`.

        Returns
        -------
        derivative : ndarray of the same shape
            Where f has a kink, that of either side.
        """
        raise NotImplementedError
