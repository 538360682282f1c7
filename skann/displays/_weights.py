"""A layer's weights as images, as a heat map or as a Hinton diagram."""

from typing import Any, Self

import numpy as np

from .._typing import Array, Axes, Figure
from ._common import (
    BLUE,
    ORANGE,
    axes_and_figure,
    check_layer,
    check_number,
    image_shape_for,
    mosaic,
    network_of,
)

_KINDS = ("auto", "image", "heatmap", "hinton")


class WeightsDisplay:
    """Weights of one layer.

    Made by :meth:`from_estimator`.

    Parameters
    ----------
    weights : ndarray of shape (n_in, n_out)
        The layer's weights; of "image", those of the units that are shown.
    kind : {"image", "heatmap", "hinton"}
        How they are drawn.
    image_shape : tuple of int, default=None
        Height and width of the images.
    layer : int, default=0
        Number of the layer, for the title.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Where it is drawn.
    figure_ : matplotlib Figure
        The figure around it.

    See Also
    --------
    NetworkDisplay : The whole network with its weights as lines.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from skann import BPClassifier
    >>> from skann.displays import WeightsDisplay
    >>> X, y = load_digits(return_X_y=True)
    >>> net = BPClassifier(16, max_iter=5, random_state=0).fit(X, y)
    >>> WeightsDisplay.from_estimator(net).image_shape  # doctest: +SKIP
    (8, 8)
    """

    ax_: Axes
    figure_: Figure

    def __init__(
        self,
        weights: Array,
        kind: str,
        image_shape: tuple[int, int] | None = None,
        layer: int = 0,
    ) -> None:
        self.weights = weights
        self.kind = kind
        self.image_shape = image_shape
        self.layer = layer

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        *,
        layer: int = 0,
        kind: str | None = "auto",
        image_shape: tuple[int, int] | None = None,
        max_units: int = 64,
        ax: Axes | None = None,
    ) -> Self:
        """Draw a layer's weights.

        Parameters
        ----------
        estimator : estimator
            A fitted network, or a pipeline that ends in one.
        layer : int, default=0
            Which layer of weights; 0 is the one behind the inputs.
        kind : {"auto", "image", "heatmap", "hinton"}, default="auto"
            "image": an image of the inputs for each unit. "heatmap": a coloured matrix.
            "hinton": a square for each weight, its area the size, filled by sign.
            "auto" is "image" for the first layer where the inputs are as many as the
            pixels of a square image of at least 5 by 5, else "heatmap".
        image_shape : tuple of int, default=None
            Height and width of the images; None for square ones.
        max_units : int, default=64
            Images at most, of the units with the largest weights.
        ax : matplotlib Axes, default=None
            Where to draw; None makes a new figure.

        Returns
        -------
        display : WeightsDisplay
            The data and what was drawn.

        Examples
        --------
        >>> from skann import BPClassifier
        >>> from skann.datasets import make_xor
        >>> X, y = make_xor(200, noise=0.2, random_state=0)
        >>> net = BPClassifier((8,), random_state=0).fit(X, y)
        >>> from skann.displays import WeightsDisplay
        >>> display = WeightsDisplay.from_estimator(net)  # doctest: +SKIP
        """
        if not isinstance(kind, str) or kind not in _KINDS:
            raise ValueError(f"kind must be one of {_KINDS}; got {kind!r}.")
        network, _ = network_of(estimator)
        check_number(max_units, "max_units", 1)
        layer = check_layer(network, layer, len(network.coefs_))
        weights = np.array(network.coefs_[layer])
        if image_shape is not None or kind in ("auto", "image"):
            image_shape = image_shape_for(weights.shape[0], image_shape)
        if kind == "auto":
            pictures = layer == 0 and image_shape is not None and len(weights) >= 25
            kind = "image" if pictures else "heatmap"
        if kind == "image":
            if image_shape is None:
                raise ValueError(
                    f"{weights.shape[0]} inputs make no square image: give image_shape."
                )
            size = np.linalg.norm(weights, axis=0)
            largest = np.sort(np.argsort(-size, kind="stable")[:max_units])
            weights = weights[:, largest]
        return cls(weights, kind, image_shape, layer).plot(ax=ax)

    def plot(self, *, ax: Axes | None = None) -> Self:
        """Draw the data again.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; None makes a new figure.

        Returns
        -------
        display : WeightsDisplay
            Itself.

        Examples
        --------
        >>> from skann import BPClassifier
        >>> from skann.datasets import make_xor
        >>> X, y = make_xor(200, noise=0.2, random_state=0)
        >>> net = BPClassifier((8,), random_state=0).fit(X, y)
        >>> from skann.displays import WeightsDisplay
        >>> display = WeightsDisplay.from_estimator(net)  # doctest: +SKIP
        >>> display.plot().figure_.savefig("picture.png")  # doctest: +SKIP
        """
        self.ax_, self.figure_ = axes_and_figure(ax)
        ax, limit = self.ax_, np.abs(self.weights).max() or 1.0
        if self.kind == "hinton":
            self._hinton(limit)
        else:
            shown = self.weights
            if self.kind == "image":
                shown = mosaic(shown.T.reshape(-1, *self.image_shape))
            image = ax.imshow(
                shown,
                cmap="RdBu_r",
                vmin=-limit,
                vmax=limit,
                interpolation="nearest",
                aspect="equal" if self.kind == "image" else "auto",
            )
            self.figure_.colorbar(image, ax=ax, label="weight")
        if self.kind == "image":
            ax.set_axis_off()
            ax.set_title(f"weights to {self.weights.shape[1]} units")
        else:
            ax.set(
                xlabel=f"unit of layer {self.layer + 1}",
                ylabel=f"unit of layer {self.layer}" if self.layer else "input",
            )
        return self

    def _hinton(self, limit):
        from matplotlib.collections import PatchCollection
        from matplotlib.patches import Rectangle

        ax, (n_in, n_out) = self.ax_, self.weights.shape
        for color, sign, name in ((BLUE, 1, "positive"), (ORANGE, -1, "negative")):
            squares = []
            for (i, j), weight in np.ndenumerate(self.weights):
                if weight * sign > 0:
                    side = 0.95 * np.sqrt(abs(weight) / limit)
                    corner = (j - side / 2, i - side / 2)
                    squares.append(Rectangle(corner, side, side))
            ax.add_collection(PatchCollection(squares, color=color, linewidth=0))
            ax.plot([], [], "s", color=color, label=name)
        ax.set(xlim=(-0.6, n_out - 0.4), ylim=(n_in - 0.4, -0.6), aspect="equal")
        ax.legend(loc="upper left", bbox_to_anchor=(1, 1), frameon=False)
