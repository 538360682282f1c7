"""What the displays share: matplotlib when it is needed, colours, the network meant."""

import math
from collections.abc import Iterable
from numbers import Integral

import numpy as np
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted

from .._optional import imported

# Okabe and Ito's colours, told apart by the colour-blind, on white and on black.
BLUE, ORANGE, GREEN, PINK = "#0072B2", "#E69F00", "#009E73", "#CC79A7"
COLORS = (BLUE, ORANGE, GREEN, PINK, "#56B4E9", "#D55E00")


def pyplot():
    """``matplotlib.pyplot``, or an error that names the extra."""
    return imported("matplotlib.pyplot", "skann.displays", "plot")


def axes_and_figure(ax, **figure):
    """The given axes, or those of a new figure, and their figure."""
    if ax is None:
        _, ax = pyplot().subplots(layout="constrained", **figure)
    return check_axes(ax, "ax"), ax.figure


def check_axes(ax, name):
    """The axes, if that is what they are."""
    if not hasattr(ax, "figure") or not hasattr(ax, "plot"):
        raise TypeError(f"{name} must be matplotlib Axes; got {ax!r}.")
    return ax


def check_number(value, name, at_least):
    """The value, if it is an integer of at least so much."""
    if not isinstance(value, Integral) or isinstance(value, bool) or value < at_least:
        raise ValueError(
            f"{name} must be an integer of at least {at_least}; got {value!r}."
        )
    return value


def network_of(estimator):
    """The fitted network, and the pipeline's steps before it or None.

    Raises
    ------
    TypeError
        If it is no network of this package, nor a pipeline that ends in one.
    """
    before = None
    if isinstance(estimator, Pipeline):
        before = estimator[:-1] if len(estimator) > 1 else None
        estimator = estimator[-1]
    if not hasattr(type(estimator), "history_"):
        raise TypeError(
            "estimator must be a fitted BPClassifier or BPRegressor, or a pipeline "
            f"that ends in one; got {type(estimator).__name__}."
        )
    check_is_fitted(estimator)
    return estimator, before


def check_layer(network, layer, n_layers):
    """The layer's number, counted from 0."""
    if not isinstance(layer, Integral) or not -n_layers <= layer < n_layers:
        raise ValueError(
            f"layer must be from 0 to {n_layers - 1}, or negative to count from the "
            f"last one; got {layer!r}."
        )
    return layer % n_layers


def image_shape_for(n_values, image_shape):
    """Height and width of images with so many pixels; None where they are not square.

    Raises
    ------
    ValueError
        If ``image_shape`` has another number of pixels.
    """
    if image_shape is None:
        side = math.isqrt(n_values)
        return (side, side) if side * side == n_values and side > 1 else None
    sizes = list(image_shape) if isinstance(image_shape, Iterable) else []
    if len(sizes) != 2 or not all(isinstance(n, Integral) and n > 0 for n in sizes):
        raise ValueError(
            f"image_shape must be height and width in pixels; got {image_shape!r}."
        )
    if math.prod(image_shape) != n_values:
        raise ValueError(
            f"image_shape={image_shape!r} has {math.prod(image_shape)} pixels, but "
            f"there are {n_values} features."
        )
    return tuple(image_shape)


def mosaic(images, gap=1):
    """Images side by side in one about square array, parted by NaN.

    Parameters
    ----------
    images : ndarray of shape (n_images, height, width)
    gap : int, default=1
        Pixels between two.

    Returns
    -------
    mosaic : ndarray
        Of shape (n_rows * (height + gap) - gap, n_columns * (width + gap) - gap).
    """
    n, height, width = images.shape
    n_columns = math.ceil(math.sqrt(n))
    n_rows = math.ceil(n / n_columns)
    down, across = height + gap, width + gap
    out = np.full((n_rows * down - gap, n_columns * across - gap), np.nan)
    for i, image in enumerate(images):
        row, column = divmod(i, n_columns)
        top, left = row * down, column * across
        out[top : top + height, left : left + width] = image
    return out
