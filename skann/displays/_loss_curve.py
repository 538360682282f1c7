"""The loss over the epochs."""

import math
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from .._typing import Axes, Figure
from ._common import COLORS, axes_and_figure, network_of


@dataclass
class LossCurve:
    """One network's losses.

    Attributes
    ----------
    epochs : ndarray of shape (n_epochs,)
    training : ndarray of shape (n_epochs,)
    validation : ndarray of shape (n_epochs,)
        NaN where there were no validation data.
    batches : ndarray of shape (n_updates,)
        The loss of every batch.
    best_epoch : int or None
        The epoch with the lowest validation loss.
    """

    epochs: np.ndarray
    training: np.ndarray
    validation: np.ndarray
    batches: np.ndarray
    best_epoch: int | None


class LossCurveDisplay:
    """Loss in training and on validation data, over the epochs.

    Made by :meth:`from_estimator`.

    Parameters
    ----------
    curves : dict of str to LossCurve
        By name: `epochs`, `training`, `validation`, `batches` and `best_epoch` of each
        network.
    by : {"epoch", "batch"}, default="epoch"
        Whether single batches are drawn too.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Where it is drawn.
    figure_ : matplotlib Figure
        The figure around it.

    See Also
    --------
    TrainingStateDisplay : Gradient, learning rate and patience.

    Examples
    --------
    >>> from skann import BPClassifier
    >>> from skann.datasets import make_xor
    >>> from skann.displays import LossCurveDisplay
    >>> X, y = make_xor(200, noise=0.2, random_state=0)
    >>> net = BPClassifier(8, early_stopping=True, random_state=0).fit(X, y)
    >>> display = LossCurveDisplay.from_estimator(net)  # doctest: +SKIP
    >>> display.curves["BPClassifier"].best_epoch  # doctest: +SKIP
    200
    """

    ax_: Axes
    figure_: Figure

    def __init__(self, curves: dict[str, LossCurve], by: str = "epoch") -> None:
        self.curves = curves
        self.by = by

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        *,
        by: str = "epoch",
        yscale: str = "log",
        ax: Axes | None = None,
    ) -> Self:
        """Draw the losses of one fitted network, or of several in one picture.

        Parameters
        ----------
        estimator : estimator, or dict of str to estimator
            Fitted networks, or pipelines that end in one; a dict names them.
        by : {"epoch", "batch"}, default="epoch"
            "batch" draws the loss of every batch behind the curves.
        yscale : str, default="log"
            Scale of the losses, as matplotlib names it.
        ax : matplotlib Axes, default=None
            Where to draw; None makes a new figure.

        Returns
        -------
        display : LossCurveDisplay
            The data and what was drawn.

        Examples
        --------
        >>> from skann import BPClassifier
        >>> from skann.datasets import make_xor
        >>> X, y = make_xor(200, noise=0.2, random_state=0)
        >>> net = BPClassifier((8,), random_state=0).fit(X, y)
        >>> from skann.displays import LossCurveDisplay
        >>> display = LossCurveDisplay.from_estimator(net)  # doctest: +SKIP
        """
        if not isinstance(by, str) or by not in ("epoch", "batch"):
            raise ValueError(f"by must be 'epoch' or 'batch'; got {by!r}.")
        if not isinstance(estimator, dict):
            estimator = {type(network_of(estimator)[0]).__name__: estimator}
        curves = {name: _curve(network_of(e)[0]) for name, e in estimator.items()}
        return cls(curves, by).plot(yscale=yscale, ax=ax)

    def plot(self, *, yscale: str = "log", ax: Axes | None = None) -> Self:
        """Draw the data again.

        Parameters
        ----------
        yscale : str, default="log"
            Scale of the losses, as matplotlib names it.
        ax : matplotlib Axes, default=None
            Where to draw; None makes a new figure.

        Returns
        -------
        display : LossCurveDisplay
            Itself.

        Examples
        --------
        >>> from skann import BPClassifier
        >>> from skann.datasets import make_xor
        >>> X, y = make_xor(200, noise=0.2, random_state=0)
        >>> net = BPClassifier((8,), random_state=0).fit(X, y)
        >>> from skann.displays import LossCurveDisplay
        >>> display = LossCurveDisplay.from_estimator(net)  # doctest: +SKIP
        >>> display.plot().figure_.savefig("picture.png")  # doctest: +SKIP
        """
        self.ax_, self.figure_ = axes_and_figure(ax)
        several = len(self.curves) > 1
        for i, (name, curve) in enumerate(self.curves.items()):
            color = COLORS[i % len(COLORS)]
            second = color if several else COLORS[1]
            self._draw(curve, f"{name}, " if several else "", color, second)
        self.ax_.set(xlabel="epoch", ylabel="loss")
        try:
            self.ax_.set_yscale(yscale)
        except (TypeError, ValueError) as error:
            raise ValueError(f"yscale={yscale!r}: {error}") from error
        self.ax_.legend()
        return self

    def _draw(self, curve, prefix, color, second):
        ax = self.ax_
        if self.by == "batch":
            n = len(curve.batches)
            # Each batch where its update lies in the epochs.
            x = np.arange(1, n + 1) * len(curve.epochs) / max(n, 1)
            ax.plot(x, curve.batches, color=color, alpha=0.25, lw=0.8)
        ax.plot(curve.epochs, curve.training, color=color, label=f"{prefix}training")
        if curve.best_epoch is None:
            return
        ax.plot(
            curve.epochs,
            curve.validation,
            color=second,
            ls="--",
            label=f"{prefix}validation",
        )
        at = list(curve.epochs).index(curve.best_epoch)
        ax.plot(
            curve.best_epoch,
            curve.validation[at],
            "o",
            color=second,
            label=f"{prefix}best: epoch {curve.best_epoch}",
        )


def _curve(network):
    history = {name: np.array(column) for name, column in network.history_.items()}
    validation, best = history["validation_loss"], None
    if not all(map(math.isnan, validation)):
        best = int(history["epoch"][np.nanargmin(validation)])
    batches = np.array(network.batch_loss_curve_)
    return LossCurve(history["epoch"], history["loss"], validation, batches, best)
