"""A network to play with on one's own data, in the browser or a notebook.

``python -m skann.playground [table.csv]`` opens the page; ``Playground(X, y)`` is the
same as a widget. What trains is a ``BPClassifier`` or ``BPRegressor``, and the page
exports the Python code that trains the same network again. Needs the extra
``playground``.
"""

from ._problems import make_problem
from ._widget import Playground

__all__ = ["Playground", "make_problem"]
