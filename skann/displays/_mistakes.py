"""The images that a classifier is most sure about, and wrong."""

import math
from typing import Any, Self

import numpy as np
from sklearn.utils import check_consistent_length

from .._typing import Array, ArrayLike, Figure, Matrix
from ._common import check_number, image_shape_for, pyplot


class MistakesDisplay:
    """The images most confidently misclassified, with truth and prediction.

    Made by :meth:`from_estimator`.

    Parameters
    ----------
    images : ndarray of shape (n_mistakes, height, width)
        The most confident first.
    truth : ndarray of shape (n_mistakes,)
        Their classes.
    predicted : ndarray of shape (n_mistakes,)
        What they were taken for.
    confidence : ndarray of shape (n_mistakes,)
        The probability of that.
    rows : ndarray of int of shape (n_mistakes,)
        Their numbers in the data.

    Attributes
    ----------
    axes_ : ndarray of matplotlib Axes
        One for each image.
    figure_ : matplotlib Figure
        The figure around them.

    See Also
    --------
    sklearn.metrics.ConfusionMatrixDisplay : How often which class is taken for which.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from skann import BPClassifier
    >>> from skann.displays import MistakesDisplay
    >>> X, y = load_digits(return_X_y=True)
    >>> net = BPClassifier(16, max_iter=5, random_state=0).fit(X[:1000], y[:1000])
    >>> display = MistakesDisplay.from_estimator(
    ...     net, X[1000:], y[1000:]
    ... )  # doctest: +SKIP
    """

    axes_: Array
    figure_: Figure

    def __init__(
        self,
        images: Array,
        truth: Array,
        predicted: Array,
        confidence: Array,
        rows: Array,
    ) -> None:
        self.images = images
        self.truth = truth
        self.predicted = predicted
        self.confidence = confidence
        self.rows = rows

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Matrix,
        y: ArrayLike,
        *,
        image_shape: tuple[int, int] | None = None,
        max_images: int = 12,
    ) -> Self:
        """Draw the mistakes of a fitted classifier.

        Parameters
        ----------
        estimator : estimator
            Any fitted classifier with `predict_proba`.
        X : array-like of shape (n_samples, n_pixels)
            Images, one a row.
        y : array-like of shape (n_samples,)
            Their classes.
        image_shape : tuple of int, default=None
            Height and width of the images; None for square ones.
        max_images : int, default=12
            Mistakes at most.

        Returns
        -------
        display : MistakesDisplay
            The data and what was drawn.

        Examples
        --------
        >>> from sklearn.datasets import load_digits
        >>> from skann import BPClassifier
        >>> from skann.displays import MistakesDisplay
        >>> X, y = load_digits(return_X_y=True)
        >>> net = BPClassifier(max_iter=5, random_state=0).fit(X[:900], y[:900])
        >>> display = MistakesDisplay.from_estimator(net, X, y)  # doctest: +SKIP
        """
        X, y = np.asarray(X), np.asarray(y)
        check_consistent_length(X, y)
        check_number(max_images, "max_images", 1)
        shape = image_shape_for(X.shape[1], image_shape)
        if shape is None:
            raise ValueError(
                f"{X.shape[1]} features make no square image: give image_shape."
            )
        probabilities = estimator.predict_proba(X)
        best = probabilities.argmax(axis=1)
        predicted = estimator.classes_[best]
        sure = probabilities[np.arange(len(X)), best]
        wrong = np.flatnonzero(predicted != y)
        rows = wrong[np.argsort(-sure[wrong], kind="stable")][:max_images]
        images = X[rows].reshape(-1, *shape)
        return cls(images, y[rows], predicted[rows], sure[rows], rows).plot()

    def plot(self) -> Self:
        """Draw the data again.

        Returns
        -------
        display : MistakesDisplay
            Itself.

        Examples
        --------
        >>> from sklearn.datasets import load_digits
        >>> from skann import BPClassifier
        >>> from skann.displays import MistakesDisplay
        >>> X, y = load_digits(return_X_y=True)
        >>> net = BPClassifier(max_iter=5, random_state=0).fit(X[:900], y[:900])
        >>> display = MistakesDisplay.from_estimator(net, X, y)  # doctest: +SKIP
        >>> display.plot().figure_.savefig("mistakes.png")  # doctest: +SKIP
        """
        n = len(self.images)
        n_columns = min(6, max(n, 1))
        n_rows = max(1, math.ceil(n / n_columns))
        self.figure_, axes = pyplot().subplots(
            n_rows,
            n_columns,
            figsize=(1.5 * max(n_columns, 3), 1.8 * n_rows),
            layout="constrained",
            squeeze=False,
        )
        self.axes_ = axes.ravel()
        for ax in self.axes_:
            ax.set_axis_off()
        mistakes = zip(
            self.images, self.truth, self.predicted, self.confidence, strict=True
        )
        for ax, (image, truth, predicted, sure) in zip(
            self.axes_, mistakes, strict=False
        ):
            ax.imshow(image, cmap="gray", interpolation="nearest")
            # Not rounded up to certainty, which no softmax reaches.
            percent = math.floor(1000 * sure) / 10
            ax.set_title(f"{predicted} ({percent:.1f} %),\ntruly {truth}", fontsize=9)
        if n == 0:
            self.axes_[0].text(0.5, 0.5, "no mistakes", ha="center", va="center")
        return self
