"""How large a regression's errors are."""

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from sklearn.utils import check_consistent_length

from .._typing import Array, ArrayLike, Axes, Figure, Matrix
from ._common import BLUE, ORANGE, axes_and_figure


class ErrorHistogramDisplay:
    """Histogram of the errors of a regression, truth minus prediction.

    Made by :meth:`from_estimator` or :meth:`from_predictions`.

    Parameters
    ----------
    errors : ndarray of shape (n_errors,)
        Truth minus prediction; of several outputs, of all of them.
    bins : int or sequence of float, default=20
        As in ``numpy.histogram``.

    Attributes
    ----------
    counts : ndarray of shape (n_bins,)
        Errors in each bin.
    edges : ndarray of shape (n_bins + 1,)
        Between the bins.
    ax_ : matplotlib Axes
        Where it is drawn.
    figure_ : matplotlib Figure
        The figure around it.

    See Also
    --------
    sklearn.metrics.PredictionErrorDisplay : Errors against predictions.

    Examples
    --------
    >>> from skann.displays import ErrorHistogramDisplay
    >>> display = ErrorHistogramDisplay.from_predictions(
    ...     [1.0, 2.0, 4.0], [1.0, 2.5, 3.0], bins=3
    ... )  # doctest: +SKIP
    >>> display.counts  # doctest: +SKIP
    array([1, 1, 1])
    """

    counts: Array
    edges: Array
    ax_: Axes
    figure_: Figure

    def __init__(self, errors: Array, bins: int | str | Sequence[float] = 20) -> None:
        self.errors = errors
        self.bins = bins
        try:
            self.counts, self.edges = np.histogram(errors, bins)
        except (TypeError, ValueError) as error:
            raise ValueError(f"bins={bins!r}: {error}") from error
        if not len(self.counts):
            raise ValueError(f"bins must have two edges at least; got {bins!r}.")

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Matrix,
        y: ArrayLike,
        *,
        bins: int | str | Sequence[float] = 20,
        ax: Axes | None = None,
    ) -> Self:
        """Draw the errors of a fitted regressor.

        Parameters
        ----------
        estimator : estimator
            Any fitted regressor.
        X : array-like of shape (n_samples, n_features)
            Data.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            True values.
        bins : int or sequence of float, default=20
            As in ``numpy.histogram``.
        ax : matplotlib Axes, default=None
            Where to draw; None makes a new figure.

        Returns
        -------
        display : ErrorHistogramDisplay
            The data and what was drawn.

        Examples
        --------
        >>> from skann import BPRegressor
        >>> X, y = [[0.0], [1.0], [2.0], [3.0]], [0.0, 1.0, 2.0, 3.0]
        >>> net = BPRegressor((), solver="lbfgs", random_state=0).fit(X, y)
        >>> from skann.displays import ErrorHistogramDisplay as Display
        >>> display = Display.from_estimator(net, X, y)  # doctest: +SKIP
        """
        return cls.from_predictions(y, estimator.predict(X), bins=bins, ax=ax)

    @classmethod
    def from_predictions(
        cls,
        y_true: ArrayLike,
        y_pred: ArrayLike,
        *,
        bins: int | str | Sequence[float] = 20,
        ax: Axes | None = None,
    ) -> Self:
        """Draw the errors of predictions.

        Parameters
        ----------
        y_true : array-like of shape (n_samples,) or (n_samples, n_outputs)
            True values.
        y_pred : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Predicted values.
        bins : int or sequence of float, default=20
            As in ``numpy.histogram``.
        ax : matplotlib Axes, default=None
            Where to draw; None makes a new figure.

        Returns
        -------
        display : ErrorHistogramDisplay
            The data and what was drawn.

        Examples
        --------
        >>> from skann.displays import ErrorHistogramDisplay as Display
        >>> display = Display.from_predictions([1, 2], [1, 3])  # doctest: +SKIP
        """
        check_consistent_length(y_true, y_pred)
        truth, predicted = np.asarray(y_true, float), np.asarray(y_pred, float)
        if truth.size != predicted.size:
            raise ValueError(
                "y_true and y_pred must have the same shape; got "
                f"{truth.shape} and {predicted.shape}."
            )
        return cls((truth.ravel() - predicted.ravel()), bins).plot(ax=ax)

    def plot(self, *, ax: Axes | None = None) -> Self:
        """Draw the data again.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; None makes a new figure.

        Returns
        -------
        display : ErrorHistogramDisplay
            Itself.

        Examples
        --------
        >>> from skann.displays import ErrorHistogramDisplay as Display
        >>> display = Display.from_predictions([1, 2], [1, 3])  # doctest: +SKIP
        >>> display.plot().figure_.savefig("errors.png")  # doctest: +SKIP
        """
        self.ax_, self.figure_ = axes_and_figure(ax)
        root = np.sqrt(np.mean(self.errors**2))
        self.ax_.stairs(self.counts, self.edges, fill=True, color=BLUE, alpha=0.8)
        self.ax_.axvline(0, color=ORANGE, label="no error")
        self.ax_.set(xlabel="truth - prediction", ylabel="number of errors")
        self.ax_.set_title(f"root of the mean square {root:.4g}")
        self.ax_.legend()
        return self
