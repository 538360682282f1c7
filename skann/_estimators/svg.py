"""A fitted network and its loss curve as pictures for a notebook, without matplotlib.

The pictures are SVG that stands in the page itself and asks for nothing from outside.
Lines and letters have the colour of the text around them, so that they are legible on
light and on dark; those of the data are told apart on both, by the colour-blind too.
"""

import math
from html import escape
from unicodedata import east_asian_width

import numpy as np

from .units import input_names, output_names, places, shown_units

BLUE, ORANGE = "#3288C8", "#E69F00"
_MAX_UNITS, _MAX_LETTERS, _MAX_POINTS = 9, 16, 300
_ACROSS, _DOWN, _MARGIN, _FONT_SIZE = 92, 22, 40, 11


def network_svg(estimator):
    """The network: units, and weights by width and colour.

    Parameters
    ----------
    estimator : BaseBP
        A fitted one.

    Returns
    -------
    svg : str
    """
    weights = estimator.coefs_
    sizes = [len(weights[0]), *(layer.shape[1] for layer in weights)]
    shown = [shown_units(size, _MAX_UNITS) for size in sizes]
    tallest = max(len(units) for units in shown)
    middle = 34 + _DOWN * (tallest + 1) / 2
    heights = [middle - _DOWN * places(units) for units in shown]
    names = [
        [_shortened(every[unit]) for unit in units]
        for every, units in (
            (input_names(estimator), shown[0]),
            (output_names(estimator), shown[-1]),
        )
    ]
    left, right = (max(_MARGIN, *map(_width, side)) + 16 for side in names)
    across = [left + i * _ACROSS for i in range(len(sizes))]
    parts = []
    for i, layer in enumerate(weights):
        part = np.asarray(layer[np.ix_(shown[i], shown[i + 1])], dtype=np.float64)
        ends = across[i : i + 2], heights[i : i + 2]
        parts += _weight_lines(part, *ends)
    kinds = ["inputs", *map(str, estimator.activations_), estimator.out_activation_]
    for i, units in enumerate(shown):
        parts += _units(across[i], units, heights[i])
        parts.append(_text(across[i], 14, sizes[i], "middle"))
        parts.append(_text(across[i], 28, kinds[i], "middle"))
    for i, side, shift, anchor in ((0, 0, -10, "end"), (-1, 1, 10, "start")):
        for name, height in zip(names[side], heights[i], strict=True):
            parts.append(_text(across[i] + shift, height + 4, name, anchor))
    title = f"Network of {' - '.join(map(str, sizes))} units"
    return _svg(across[-1] + right, 2 * middle - 24, title, parts)


def _weight_lines(weights, across, heights):
    size = np.abs(weights)
    largest = size.max(initial=0.0)
    if largest > 0:
        size = size / largest
    order = np.argsort(size, axis=None)  # the largest on top
    for j, k in np.transpose(np.unravel_index(order, size.shape)):
        s = size[j, k]
        yield (
            f'<line x1="{across[0]:g}" y1="{heights[0][j]:g}" '
            f'x2="{across[1]:g}" y2="{heights[1][k]:g}" '
            f'stroke="{BLUE if weights[j, k] > 0 else ORANGE}" '
            f'stroke-width="{0.3 + 2.2 * s:.2f}" stroke-opacity="{0.2 + 0.8 * s:.2f}"/>'
        )


def _units(x, units, heights):
    for height in heights:
        yield (
            f'<circle cx="{x:g}" cy="{height:g}" r="6" fill="#9E9E9E" '
            'stroke="currentColor" stroke-width="1"/>'
        )
    for gap in np.flatnonzero(np.diff(units) > 1):
        yield _text(x, (heights[gap] + heights[gap + 1]) / 2 + 4, "⋮", "middle")


def loss_svg(history):
    """Loss over the epochs, on validation data as well where there are any.

    Parameters
    ----------
    history : dict of str to list
        As ``history_``, with an epoch at least.

    Returns
    -------
    svg : str
    """
    names = ("loss", BLUE, "training"), ("validation_loss", ORANGE, "validation")
    epochs = np.array(history["epoch"], dtype=np.float64)
    curves = []
    for name, color, label in names:
        values = np.array(history[name], dtype=np.float64)
        known = np.isfinite(values)
        if known.any():
            curves.append((epochs[known], values[known], color, label))
    every = np.concatenate([curve[1] for curve in curves])
    low, high = every.min(), every.max()
    logarithmic = low > 0 and high > 20 * low
    scale = np.log if logarithmic else np.asarray
    bottom, top = scale(low), scale(high)
    span = top - bottom if top > bottom else 1.0
    left, right, upper, lower = 64, 344, 30, 170
    first, last = epochs[0], epochs[-1]
    width = last - first if last > first else 1.0
    parts = [
        f'<path d="M{left} {upper}V{lower}H{right}" fill="none" '
        'stroke="currentColor" stroke-opacity="0.6"/>'
    ]
    for i, (x, y, color, label) in enumerate(curves):
        across = left + (right - left) * (x - first) / width
        down = lower - (lower - upper) * (scale(y) - bottom) / span
        parts += _curve(across, down, color)
        parts.append(_text(left + 6 + 90 * i, 16, f"● {label}", "start", color))
    parts.append(_text(left - 6, upper + 4, f"{high:.3g}", "end"))
    if high > low:
        parts.append(_text(left - 6, lower, f"{low:.3g}", "end"))
    parts.append(_text(left, lower + 16, f"{first:g}", "middle"))
    if last > first:
        parts.append(_text(right, lower + 16, f"{last:g}", "middle"))
    kind = "epoch (loss on a log scale)" if logarithmic else "epoch"
    parts.append(_text((left + right) / 2, lower + 16, kind, "middle"))
    return _svg(right + 24, lower + 24, f"Loss over {len(epochs)} epochs", parts)


def _curve(x, y, color):
    if len(x) == 1:
        return [f'<circle cx="{x[0]:.1f}" cy="{y[0]:.1f}" r="3" fill="{color}"/>']
    step = math.ceil(len(x) / _MAX_POINTS)
    kept = np.unique(np.r_[: len(x) : step, len(x) - 1])
    points = " ".join(f"{a:.1f},{b:.1f}" for a, b in zip(x[kept], y[kept], strict=True))
    return [
        f'<polyline points="{points}" fill="none" stroke="{color}" '
        'stroke-width="1.8" stroke-linejoin="round"/>'
    ]


def _text(x, y, text, anchor, color="currentColor"):
    return (
        f'<text x="{x:g}" y="{y:g}" text-anchor="{anchor}" fill="{color}">'
        f"{escape(str(text))}</text>"
    )


def _shortened(name):
    return name if len(name) <= _MAX_LETTERS else name[: _MAX_LETTERS - 1] + "…"


def _width(text):
    """About the pixels that a text takes, in a wide font."""
    return _FONT_SIZE * sum(
        1.05
        if letter in "WMmw@%" or east_asian_width(letter) in "WF"
        else (0.8 if letter.isupper() else 0.68)
        for letter in text
    )


def _svg(width, height, title, parts):
    title = escape(title)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="{title}" '
        f'width="{width:g}" height="{height:g}" viewBox="0 0 {width:g} {height:g}" '
        f'font-family="sans-serif" font-size="{_FONT_SIZE}" '
        'style="max-width:100%;height:auto;color:inherit">'
        f"<title>{title}</title>{''.join(parts)}</svg>"
    )
