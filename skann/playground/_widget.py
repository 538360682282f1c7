"""The page as a widget of Jupyter, marimo and VS Code."""

from pathlib import Path
from typing import Any

from .._estimators.classifier import BPClassifier
from .._estimators.regressor import BPRegressor
from .._optional import imported
from .._typing import ArrayLike
from ._session import Session
from ._table import table_of

STATIC = Path(__file__).parent / "static"


class Playground:
    """A network to play with in a notebook.

    The last line of a cell shows it; in marimo, ``mo.ui.anywidget(playground.widget)``
    does. Training goes on in a thread, so that other cells can look at `estimator`.

    Parameters
    ----------
    X : array-like of shape (n_samples, n_features), default=None
        Rows of at least two numeric columns; a frame brings their names. None for the
        problems of the plane to choose from.
    y : array-like of shape (n_samples,), default=None
        Classes, or numbers, of which more than ten different ones are taken for real
        values. Needed with `X`.

    Attributes
    ----------
    widget : anywidget.AnyWidget
        What is shown.

    Raises
    ------
    ImportError
        If anywidget is not installed.
    ValueError
        If `X` and `y` are not a table that can be played with.

    See Also
    --------
    make_problem : Its toy problems, as arrays.

    Examples
    --------
    >>> from skann.playground import Playground
    >>> playground = Playground(X, y)  # doctest: +SKIP
    >>> playground  # doctest: +SKIP
    >>> playground.estimator.coefs_  # doctest: +SKIP
    """

    def __init__(self, X: ArrayLike | None = None, y: ArrayLike | None = None) -> None:
        anywidget = imported("anywidget", "Playground", "playground")
        if (X is None) != (y is None):
            raise ValueError("X and y must be given together, or neither of them.")
        self._session = Session(None if X is None else table_of(X, y))
        kind = type(
            "PlaygroundWidget",
            (anywidget.AnyWidget,),
            {"_esm": STATIC / "playground.js", "_css": STATIC / "playground.css"},
        )
        self.widget: Any = kind()
        self.widget.on_msg(self._receive)

    @property
    def estimator(self) -> BPClassifier | BPRegressor:
        """The network as it is now, which training goes on to change."""
        return self._session.trainer.net

    def close(self) -> None:
        """End the training thread and the widget.

        What was trained stays in `estimator`.

        Examples
        --------
        >>> from skann.playground import Playground
        >>> playground = Playground()  # doctest: +SKIP
        >>> playground.close()  # doctest: +SKIP
        """
        self._session.close()
        self.widget.close()

    def _receive(self, widget, message, buffers):
        kind = message.get("kind") if isinstance(message, dict) else None
        if kind == "hello":
            self._session.watch(self._send)
        elif kind == "ack":
            self._session.ready(self._send)
        else:
            self._session.post(message, self._send)

    def _send(self, message, buffers):
        self.widget.send(message, buffers)

    def _repr_mimebundle_(self, **options):
        return self.widget._repr_mimebundle_(**options)
