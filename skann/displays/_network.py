"""The network itself: its units, and its weights as lines."""

from collections.abc import Iterable, Sequence
from typing import Any, Self

import numpy as np

from .._estimators.units import input_names, output_names, shown_units
from .._estimators.units import places as unit_places
from .._typing import Array, Axes, Figure
from ._common import BLUE, ORANGE, axes_and_figure, check_number, network_of


class NetworkDisplay:
    """The network drawn: layers, units, and weights by width and colour.

    Made by :meth:`from_estimator`.

    Parameters
    ----------
    weights : list of ndarray of shape (n_in, n_out)
        All of them, one array a layer.
    names : tuple of list of str
        Names of the inputs and of the outputs.
    activations : list of str
        Of each layer but the inputs.
    max_units : int, default=12
        Units of a layer that are drawn, at most.

    Attributes
    ----------
    shown : list of ndarray of int
        Numbers of the units of each layer that are drawn: of a long layer the first
        and the last ones, with dots between them.
    ax_ : matplotlib Axes
        Where it is drawn.
    figure_ : matplotlib Figure
        The figure around it.

    See Also
    --------
    WeightsDisplay : The weights of one layer as a matrix or as images.

    Examples
    --------
    >>> from skann import BPClassifier
    >>> from skann.datasets import make_xor
    >>> from skann.displays import NetworkDisplay
    >>> X, y = make_xor(200, noise=0.2, random_state=0)
    >>> net = BPClassifier((4, 3), random_state=0).fit(X, y)
    >>> display = NetworkDisplay.from_estimator(net)  # doctest: +SKIP
    """

    shown: list[Array]
    ax_: Axes
    figure_: Figure

    def __init__(
        self,
        weights: list[Array],
        names: tuple[list[str], list[str]],
        activations: list[str],
        max_units: int = 12,
    ) -> None:
        self.weights = weights
        self.names = names
        self.activations = activations
        self.max_units = max_units
        sizes = (len(weights[0]), *(layer.shape[1] for layer in weights))
        self.shown = [shown_units(size, max_units) for size in sizes]

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        *,
        feature_names: Sequence[str] | None = None,
        max_units: int = 12,
        ax: Axes | None = None,
    ) -> Self:
        """Draw a fitted network.

        Parameters
        ----------
        estimator : estimator
            A fitted network, or a pipeline that ends in one.
        feature_names : sequence of str, default=None
            Names of the inputs; None for those of the data that it was fitted on, else
            x0, x1 and so on.
        max_units : int, default=12
            Units of a layer that are drawn, at most; at least 3.
        ax : matplotlib Axes, default=None
            Where to draw; None makes a new figure.

        Returns
        -------
        display : NetworkDisplay
            The data and what was drawn.

        Examples
        --------
        >>> from skann import BPClassifier
        >>> from skann.datasets import make_xor
        >>> X, y = make_xor(200, noise=0.2, random_state=0)
        >>> net = BPClassifier((8,), random_state=0).fit(X, y)
        >>> from skann.displays import NetworkDisplay
        >>> display = NetworkDisplay.from_estimator(net)  # doctest: +SKIP
        """
        check_number(max_units, "max_units", 3)
        network, _ = network_of(estimator)
        weights = [np.array(layer) for layer in network.coefs_]
        inputs = input_names(network) if feature_names is None else feature_names
        if isinstance(inputs, str) or not isinstance(inputs, Iterable):
            raise ValueError(f"feature_names must be a list; got {inputs!r}.")
        inputs = list(inputs)
        if len(inputs) != len(weights[0]):
            raise ValueError(
                f"feature_names has {len(inputs)} names for {len(weights[0])} features."
            )
        activations = [*map(str, network.activations_), network.out_activation_]
        names = [str(name) for name in inputs], output_names(network)
        return cls(weights, names, activations, max_units).plot(ax=ax)

    def plot(self, *, ax: Axes | None = None) -> Self:
        """Draw the data again.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; None makes a new figure.

        Returns
        -------
        display : NetworkDisplay
            Itself.

        Examples
        --------
        >>> from skann import BPClassifier
        >>> from skann.datasets import make_xor
        >>> X, y = make_xor(200, noise=0.2, random_state=0)
        >>> net = BPClassifier((8,), random_state=0).fit(X, y)
        >>> from skann.displays import NetworkDisplay
        >>> display = NetworkDisplay.from_estimator(net)  # doctest: +SKIP
        >>> display.plot().figure_.savefig("picture.png")  # doctest: +SKIP
        """
        n_tall = max(map(len, self.shown))
        size = (2.4 + 1.7 * len(self.shown), max(3.0, 0.42 * n_tall + 1.4))
        self.ax_, self.figure_ = axes_and_figure(ax, figsize=size)
        places = [unit_places(units) for units in self.shown]
        for i, weights in enumerate(self.weights):
            self._draw_weights(i, weights, places[i], places[i + 1])
        for i, (units, heights) in enumerate(zip(self.shown, places, strict=True)):
            self._draw_units(i, units, heights)
        for color, name in ((BLUE, "positive"), (ORANGE, "negative")):
            self.ax_.plot([], [], color=color, lw=2, label=f"{name} weight")
        self.ax_.legend(
            loc="upper center", bbox_to_anchor=(0.5, 0), ncols=2, frameon=False
        )
        self.ax_.set(xlim=(-0.6, len(self.shown) - 0.4))
        self.ax_.set_ylim(-n_tall / 2 - 0.3, n_tall / 2 + 1.2)
        self.ax_.set_axis_off()
        return self

    def _draw_weights(self, i, weights, left, right):
        from matplotlib.collections import LineCollection

        part = weights[np.ix_(self.shown[i], self.shown[i + 1])]
        size = np.abs(part) / (np.abs(part).max() or 1.0)
        order = np.argsort(size, axis=None)  # the largest on top
        a, b = np.unravel_index(order, part.shape)
        lines = [[(i, left[j]), (i + 1, right[k])] for j, k in zip(a, b, strict=True)]
        colors = [BLUE if part[j, k] > 0 else ORANGE for j, k in zip(a, b, strict=True)]
        size = size[a, b]
        self.ax_.add_collection(
            LineCollection(
                lines,
                colors=colors,
                linewidths=0.2 + 2.5 * size,
                alpha=0.15 + 0.8 * size,
            )
        )

    def _draw_units(self, i, units, heights):
        ax, last = self.ax_, len(self.shown) - 1
        # In the colours of the text and the ground, so that a dark style stays legible.
        from matplotlib import rcParams

        ink, ground = rcParams["text.color"], rcParams["axes.facecolor"]
        ax.scatter(
            np.full(len(units), i), heights, s=110, c=ground, edgecolors=ink, zorder=3
        )
        gaps = np.flatnonzero(np.diff(units) > 1)
        for gap in gaps:
            middle = (heights[gap] + heights[gap + 1]) / 2
            ax.text(i, middle, "⋮", ha="center", va="center", fontsize=14)
        n = len(self.weights[0]) if i == 0 else self.weights[i - 1].shape[1]
        kind = "inputs" if i == 0 else self.activations[i - 1]
        ax.text(i, max(heights) + 0.6, f"{n}\n{kind}", ha="center", va="bottom")
        if i in (0, last):
            names = self.names[0 if i == 0 else 1]
            shift, side = (-0.12, "right") if i == 0 else (0.12, "left")
            for unit, height in zip(units, heights, strict=True):
                ax.text(i + shift, height, names[unit], ha=side, va="center")
