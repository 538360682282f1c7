"""What a loss is: a function of raw outputs and targets, with its output activation.

Rows are samples: ``z`` and ``y`` have shape ``(n_rows, n_outputs)``. A loss is a plain
function of them, :meth:`Loss.value_and_delta`: the loss of each row and its derivative
with respect to ``z``. (Full-batch methods ask for a product with the second derivative
as well, :meth:`Loss.hessian_product`.) Weights and the mean over rows are the
objective's business.
"""

import numpy as np


class Loss:
    """A loss together with the output activation that it belongs to.

    Attributes
    ----------
    out_activation : str
        Name of the output activation f in ``a = f(z)``.
    degree : int
        By which power of their unit the loss of real targets grows.
    is_robust : bool
        Whether it does not follow outliers among real targets. Their typical size is
        then measured by what does not either.
    has_guess : bool
        Whether the loss of one constant prediction says anything.
    takes_zero : bool
        Behind a log link, whether a target may be zero.
    has_d2 : bool
        Whether a regressor's score is D² of this loss, which scikit-learn has; else R².
    has_curvature : bool
        Whether the second derivative says anything: not where the loss is of straight
        lines.
    dispersion : {"estimated", "known"} or None
        Whether the loss is a negative log-likelihood up to a factor that is to be
        estimated, the variance of the noise, or is one as it stands; None if neither.
    options : tuple of float
        Settings, as :meth:`with_options` takes them.
    """

    out_activation: str
    degree = 2
    is_robust = False
    has_guess = True
    has_d2 = False
    takes_zero = False
    has_curvature = True
    dispersion = None
    options = ()

    def with_options(self, options):
        """The same loss with these settings, a tuple; itself where there are none."""
        if options:
            raise TypeError(f"{type(self).__name__} has no options; got {options}.")
        return self

    def value_and_delta(self, z, y):
        """Loss of each row, and its derivative with respect to ``z``.

        Parameters
        ----------
        z : ndarray of shape (n_rows, n_outputs)
            Raw outputs.
        y : ndarray of shape (n_rows, n_outputs)
            Targets.

        Returns
        -------
        value : ndarray of shape (n_rows,)
        delta : ndarray of shape (n_rows, n_outputs)
        """
        raise NotImplementedError

    def hessian_product(self, z, y, direction):
        """How ``delta`` changes as ``z`` moves along ``direction``; of its shape."""
        raise NotImplementedError

    def gauss_newton_product(self, z, y, direction):
        """The same with what is never negative of the second derivative."""
        return self.hessian_product(z, y, direction)

    def best_constant(self, y, weight):
        """Raw outputs of the best constant prediction.

        Parameters
        ----------
        y : ndarray of shape (n_rows, n_outputs)
            Targets; NaN where not observed.
        weight : ndarray of shape (n_rows,)
            Of the rows.

        Returns
        -------
        z : ndarray of shape (n_outputs,)
        """
        return self.link(weighted_mean(y, weight))

    def link(self, mean):
        """Raw outputs of the best constant for targets of this mean."""
        raise NotImplementedError


class ElementwiseLoss(Loss):
    """A sum over outputs of a function of one raw output and one target.

    Targets that are NaN are not observed and cost nothing.
    """

    def value_and_delta(self, z, y):
        known = ~np.isnan(y)
        value, delta = self._value_and_delta(z, np.where(known, y, 1))
        return np.where(known, value, 0).sum(axis=1), np.where(known, delta, 0)

    def by_output(self, z, y):
        """Loss of each output; zero where the target is NaN."""
        known = ~np.isnan(y)
        value, _ = self._value_and_delta(z, np.where(known, y, 1))
        return np.where(known, value, 0)

    def hessian_product(self, z, y, direction):
        known = ~np.isnan(y)
        second = self._second_derivative(z, np.where(known, y, 1))
        return np.where(known, second, 0) * direction

    def _value_and_delta(self, z, y):
        """Loss of each output, and its derivative with respect to ``z``."""
        raise NotImplementedError

    def _second_derivative(self, z, y):
        raise NotImplementedError


def weighted_mean(y, weight):
    """Mean of each column of ``y`` over what is not NaN; zero where nothing is known.

    Parameters
    ----------
    y : ndarray of shape (n_rows, n_outputs)
    weight : ndarray of shape (n_rows,)
    """
    known = ~np.isnan(y)
    total = weight @ known
    return weight @ np.where(known, y, 0) / np.where(total > 0, total, 1)


def weighted_quantile(y, weight, levels):
    """Quantile of each column of ``y`` over what is not NaN: the inverse of the cdf.

    A weight of two is a row repeated.

    Parameters
    ----------
    y : ndarray of shape (n_rows, n_outputs)
    weight : ndarray of shape (n_rows,)
    levels : sequence of float
        One for each column.

    Returns
    -------
    quantiles : ndarray of shape (n_outputs,)
        Zero where nothing is known.
    """
    found = np.zeros(y.shape[1])
    for k, (column, level) in enumerate(zip(y.T, levels, strict=True)):
        known = ~np.isnan(column) & (weight > 0)
        if known.any():
            order = np.argsort(column[known])
            reached = np.cumsum(weight[known][order])
            # Sums of weights round; a share that is reached but for that is reached.
            where = np.searchsorted(reached, (level - 1e-12) * reached[-1])
            found[k] = column[known][order[where]]
    return found
