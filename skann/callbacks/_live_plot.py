"""The losses as a picture that is drawn again while training goes on."""

import math
import sys
import time
from numbers import Real
from pathlib import Path
from typing import Any

from .._optional import imported
from .._paths import checked_path
from .._typing import PathLike
from ._epochs import EpochCallback

_BLUE, _ORANGE = "#0072B2", "#D55E00"  # told apart by the colour-blind as well


class LivePlot(EpochCallback):
    """Callback that draws the losses while training goes on, in one figure.

    In a notebook the figure is below the cell; elsewhere it is a window, or a file
    where `path` is given. It shows the training loss and, where there are any, the loss
    on the validation data with its best epoch.

    Parameters
    ----------
    path : str or path-like, default=None
        A file of a format that matplotlib writes, such as "loss.png", which is written
        again and again; None for a notebook or a window.
    interval : float, default=1.0
        Seconds between two drawings at least, so that a fast fit is not held up: a
        drawing takes about a tenth. The last epoch is always drawn.

    Raises
    ------
    ImportError
        If matplotlib is not installed.
    ValueError
        If `interval` is negative.
    RuntimeError
        By `fit`, if there is no path, no notebook and no screen.

    See Also
    --------
    TrainingLog : The figures themselves, in a file.

    Examples
    --------
    >>> from skann.callbacks import LivePlot
    >>> LivePlot("loss.png", interval=2)  # then: net.set_callbacks(...).fit(X, y)
    LivePlot(path='loss.png', interval=2)
    """

    path: Path | None

    def __init__(self, path: PathLike | None = None, interval: float = 1.0) -> None:
        imported("matplotlib", "LivePlot", "plot")
        if not isinstance(interval, Real) or not interval >= 0:
            raise ValueError(f"interval must be at least 0 seconds; got {interval!r}.")
        self.path = None if path is None else checked_path(path)
        self.interval = interval
        self._fits = {}

    def __repr__(self) -> str:
        path = None if self.path is None else str(self.path)
        return f"LivePlot(path={path!r}, interval={self.interval!r})"

    def __getstate__(self) -> dict[str, Any]:
        return vars(self) | {"_fits": {}}  # a screen belongs to its process

    def _begin(self, fit, estimator):
        self._fits[fit] = _Plot(_screen(self.path))

    def _epoch(self, fit, row):
        plot = self._fits[fit]
        plot.rows.append((row["epoch"], row["loss"], row["validation_loss"]))
        if time.monotonic() >= plot.drawn + self.interval:
            plot.draw()

    def _end(self, fit):
        if fit in self._fits:
            plot = self._fits.pop(fit)
            if plot.rows:
                plot.draw()


class _Plot:
    """A fit's figure and what is drawn in it."""

    def __init__(self, screen):
        self.rows, self.drawn = [], -math.inf
        self._figure, self._show = screen
        self._axes = self._figure.add_subplot()

    def draw(self):
        epochs, losses, validation = zip(*self.rows, strict=True)
        axes = self._axes
        axes.clear()
        axes.plot(epochs, losses, color=_BLUE, label="training")
        seen = [value for value in validation if not math.isnan(value)]
        if seen:
            axes.plot(epochs, validation, color=_ORANGE, label="validation")
            best = epochs[validation.index(min(seen))]
            axes.plot(best, min(seen), "o", color=_ORANGE, label=f"best: epoch {best}")
        axes.set(xlabel="epoch", ylabel="loss")
        if min((*losses, *seen)) > 0:
            axes.set_yscale("log")
        axes.legend()
        self._show()
        # After the drawing, which takes longer than most epochs.
        self.drawn = time.monotonic()


def _screen(path):
    """A figure, and what shows what is in it now."""
    if path is not None:
        figure = _figure()
        return figure, lambda: figure.savefig(path)
    if _in_notebook():
        display = imported("IPython.display", "LivePlot", "plot").display
        figure = _figure()
        handle = display(figure, display_id=True)
        return figure, lambda: handle.update(figure)
    plt = imported("matplotlib.pyplot", "LivePlot", "plot")
    backend = plt.get_backend()
    interactive = imported("matplotlib.backends", "LivePlot", "plot").backend_registry
    filters = imported("matplotlib.backends.registry", "LivePlot", "plot").BackendFilter
    if backend.lower() not in {
        name.lower() for name in interactive.list_builtin(filters.INTERACTIVE)
    }:
        raise RuntimeError(
            f"LivePlot has nowhere to draw: matplotlib's backend {backend!r} opens no "
            "windows, and this is no notebook. Give a file, LivePlot('loss.png')."
        )
    figure = plt.figure(layout="constrained")
    plt.show(block=False)

    def show():
        figure.canvas.draw_idle()
        figure.canvas.flush_events()

    return figure, show


def _figure():
    return imported("matplotlib.figure", "LivePlot", "plot").Figure(
        figsize=(6, 4), layout="constrained"
    )


def _in_notebook():
    # Asked of what is loaded already: a plain interpreter need not load it.
    ipython = sys.modules.get("IPython")
    shell = None if ipython is None else ipython.get_ipython()
    return shell is not None and hasattr(shell, "kernel")
