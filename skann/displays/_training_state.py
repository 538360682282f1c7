"""Gradient, learning rate and patience over the epochs."""

from typing import Any, Self

import numpy as np

from .._training.stopping import Patience, decisive
from .._typing import Array, Figure
from ._common import BLUE, check_axes, network_of, pyplot


class TrainingStateDisplay:
    """Norm of the gradient, learning rate and patience, over the epochs.

    Made by :meth:`from_estimator`.

    Parameters
    ----------
    epochs : ndarray of shape (n_epochs,)
        Their numbers.
    gradient_norm : ndarray of shape (n_epochs,)
        At the last step of each.
    learning_rate : ndarray of shape (n_epochs,)
        At the last step of each; NaN for a solver that has none.
    n_iter_no_change : ndarray of int of shape (n_epochs,)
        Epochs in a row without improvement, until and with each.

    Attributes
    ----------
    axes_ : ndarray of matplotlib Axes of shape (3,)
        Where they are drawn.
    figure_ : matplotlib Figure
        The figure around them.

    See Also
    --------
    LossCurveDisplay : The loss itself.

    Examples
    --------
    >>> from skann import BPClassifier
    >>> from skann.datasets import make_xor
    >>> from skann.displays import TrainingStateDisplay
    >>> X, y = make_xor(200, noise=0.2, random_state=0)
    >>> net = BPClassifier(8, random_state=0).fit(X, y)
    >>> display = TrainingStateDisplay.from_estimator(net)  # doctest: +SKIP
    """

    axes_: Array
    figure_: Figure

    def __init__(
        self,
        epochs: Array,
        gradient_norm: Array,
        learning_rate: Array,
        n_iter_no_change: Array,
    ) -> None:
        self.epochs = epochs
        self.gradient_norm = gradient_norm
        self.learning_rate = learning_rate
        self.n_iter_no_change = n_iter_no_change

    @classmethod
    def from_estimator(cls, estimator: Any, *, axes: Any = None) -> Self:
        """Draw what a fitted network went through.

        Parameters
        ----------
        estimator : estimator
            A fitted network, or a pipeline that ends in one.
        axes : sequence of three matplotlib Axes, default=None
            Where to draw; None makes a new figure.

        Returns
        -------
        display : TrainingStateDisplay
            The data and what was drawn.

        Examples
        --------
        >>> from skann import BPClassifier
        >>> from skann.datasets import make_xor
        >>> X, y = make_xor(200, noise=0.2, random_state=0)
        >>> net = BPClassifier((8,), random_state=0).fit(X, y)
        >>> from skann.displays import TrainingStateDisplay
        >>> display = TrainingStateDisplay.from_estimator(net)  # doctest: +SKIP
        """
        network, _ = network_of(estimator)
        history = {name: np.array(c) for name, c in network.history_.items()}
        waiting = _waiting(network, history)
        columns = (history[n] for n in ("epoch", "gradient_norm", "learning_rate"))
        return cls(*columns, waiting).plot(axes=axes)

    def plot(self, *, axes: Any = None) -> Self:
        """Draw the data again.

        Parameters
        ----------
        axes : sequence of three matplotlib Axes, default=None
            Where to draw; None makes a new figure.

        Returns
        -------
        display : TrainingStateDisplay
            Itself.

        Examples
        --------
        >>> from skann import BPClassifier
        >>> from skann.datasets import make_xor
        >>> X, y = make_xor(200, noise=0.2, random_state=0)
        >>> net = BPClassifier((8,), random_state=0).fit(X, y)
        >>> from skann.displays import TrainingStateDisplay
        >>> display = TrainingStateDisplay.from_estimator(net)  # doctest: +SKIP
        >>> display.plot().figure_.savefig("picture.png")  # doctest: +SKIP
        """
        if axes is None:
            _, axes = pyplot().subplots(
                3, sharex=True, figsize=(6.4, 6), layout="constrained"
            )
        self.axes_ = np.asarray(axes, dtype=object)
        if self.axes_.shape != (3,):
            raise ValueError(f"axes must be a sequence of three; got {axes!r}.")
        for ax in self.axes_:
            check_axes(ax, "axes")
        self.figure_ = self.axes_[0].figure
        parts = (
            ("gradient norm", self.gradient_norm, "log"),
            ("learning rate", self.learning_rate, "log"),
            ("epochs without\nimprovement", self.n_iter_no_change, "linear"),
        )
        for ax, (name, values, scale) in zip(self.axes_, parts, strict=True):
            if np.isnan(values).all():
                ax.text(
                    0.5, 0.5, "none", ha="center", va="center", transform=ax.transAxes
                )
                ax.set_yticks([])
            else:
                ax.plot(self.epochs, values, color=BLUE)
                # A constant rate needs no powers of ten around it.
                ax.set_yscale(scale if np.nanmin(values) > 0 else "linear")
            ax.set_ylabel(name)
        self.axes_[-1].set_xlabel("epoch")
        self.figure_.align_ylabels(list(self.axes_))
        return self


def _waiting(network, history):
    """Epochs in a row without improvement of what the network stops by."""
    watched = history["loss"]
    if network.early_stopping:
        by_loss = decisive(network.scoring) == "loss"
        watched = (
            history["validation_loss"] if by_loss else -history["validation_score"]
        )
    patience = Patience(network.tol, np.inf)
    counts = []
    for value in watched:
        patience.update(value)
        counts.append(patience.count)
    return np.array(counts)
