"""What each hidden unit computes, over a plane."""

from typing import Any, Self

import numpy as np

from .._engine.choice import hidden_values
from .._typing import Array, Axes, Figure, Matrix
from ._common import axes_and_figure, check_layer, check_number, mosaic, network_of


class ActivationsDisplay:
    """Activations of the units of a hidden layer, over a plane of two features.

    Made by :meth:`from_estimator`.

    Parameters
    ----------
    activations : ndarray of shape (n_units, n_grid, n_grid)
        Of each unit at the points of the grid, rows from low to high second feature.
    extent : tuple of float
        Least and largest value of the first and of the second feature.
    layer : int, default=0
        Number of the hidden layer, for the title.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Where it is drawn.
    figure_ : matplotlib Figure
        The figure around it.

    See Also
    --------
    sklearn.inspection.DecisionBoundaryDisplay : What the whole network computes.

    Examples
    --------
    >>> from skann import BPClassifier
    >>> from skann.datasets import make_xor
    >>> from skann.displays import ActivationsDisplay
    >>> X, y = make_xor(200, noise=0.2, random_state=0)
    >>> net = BPClassifier(4, random_state=0).fit(X, y)
    >>> display = ActivationsDisplay.from_estimator(net, X)  # doctest: +SKIP
    >>> display.activations.shape  # doctest: +SKIP
    (4, 100, 100)
    """

    ax_: Axes
    figure_: Figure

    def __init__(
        self,
        activations: Array,
        extent: tuple[float, float, float, float],
        layer: int = 0,
    ) -> None:
        self.activations = activations
        self.extent = extent
        self.layer = layer

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Matrix,
        y: Any = None,
        *,
        layer: int = 0,
        grid_resolution: int = 100,
        ax: Axes | None = None,
    ) -> Self:
        """Draw what the units of a layer compute around some data.

        Parameters
        ----------
        estimator : estimator
            A network that was fitted on two features, or a pipeline that ends in one
            and takes two.
        X : array-like of shape (n_samples, 2)
            Data that the plane is to show, with a margin of a tenth.
        y : object, default=None
            Ignored; there so that the call is that of scikit-learn's displays.
        layer : int, default=0
            Which hidden layer.
        grid_resolution : int, default=100
            Points of the grid in each direction.
        ax : matplotlib Axes, default=None
            Where to draw; None makes a new figure.

        Returns
        -------
        display : ActivationsDisplay
            The data and what was drawn.

        Examples
        --------
        >>> from skann import BPClassifier
        >>> from skann.datasets import make_xor
        >>> X, y = make_xor(200, noise=0.2, random_state=0)
        >>> net = BPClassifier((8,), random_state=0).fit(X, y)
        >>> from skann.displays import ActivationsDisplay
        >>> display = ActivationsDisplay.from_estimator(net, X)  # doctest: +SKIP
        """
        network, before = network_of(estimator)
        X = np.asarray(X, dtype=float)
        if X.ndim != 2 or X.shape[1] != 2:
            raise ValueError(
                f"X must have two features to be drawn over; got shape {X.shape}."
            )
        check_number(grid_resolution, "grid_resolution", 1)
        layer = check_layer(network, layer, len(network.coefs_) - 1)
        low, high = X.min(axis=0), X.max(axis=0)
        margin = 0.1 * (high - low)
        (left, bottom), (right, top) = low - margin, high + margin
        sides = (left, right), (bottom, top)
        grid = np.meshgrid(*(np.linspace(*side, grid_resolution) for side in sides))
        points = np.column_stack([side.ravel() for side in grid])
        inputs = points if before is None else np.asarray(before.transform(points))
        # In float64 whatever the network's dtype: steps of rounding would be seen.
        theta = network._theta.astype(np.float64)
        values = hidden_values(network._network, theta, inputs, 1 + layer)
        n = grid_resolution
        return cls(values.T.reshape(-1, n, n), (left, right, bottom, top), layer).plot(
            ax=ax
        )

    def plot(self, *, ax: Axes | None = None) -> Self:
        """Draw the data again.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; None makes a new figure.

        Returns
        -------
        display : ActivationsDisplay
            Itself.

        Examples
        --------
        >>> from skann import BPClassifier
        >>> from skann.datasets import make_xor
        >>> X, y = make_xor(200, noise=0.2, random_state=0)
        >>> net = BPClassifier((8,), random_state=0).fit(X, y)
        >>> from skann.displays import ActivationsDisplay
        >>> display = ActivationsDisplay.from_estimator(net, X)  # doctest: +SKIP
        >>> display.plot().figure_.savefig("picture.png")  # doctest: +SKIP
        """
        self.ax_, self.figure_ = axes_and_figure(ax)
        # Each unit on its own scale: they differ a hundredfold, and the form matters.
        spread = np.abs(self.activations).max(axis=(1, 2), keepdims=True)
        shown = self.activations / np.where(spread > 0, spread, 1)
        image = self.ax_.imshow(
            mosaic(shown[:, ::-1], gap=6), cmap="RdBu_r", vmin=-1, vmax=1
        )
        self.figure_.colorbar(image, ax=self.ax_, label="activation / largest")
        left, right, bottom, top = self.extent
        self.ax_.set_title(
            f"units of hidden layer {self.layer + 1}, each over\n"
            f"[{left:.3g}, {right:.3g}] × [{bottom:.3g}, {top:.3g}]"
        )
        self.ax_.set_axis_off()
        return self
