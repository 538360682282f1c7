"""The plane's problems to choose from, in the square from -6 to 6."""

from numbers import Integral, Real

import numpy as np
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval, StrOptions

from .._decorators import validate_params
from .._typing import Array, RandomState

RADIUS = 5.0  # of what is drawn; the map shows a little more
SPAN = 6.0


def _circle(rng, n, noise):
    inner = np.arange(n) < n // 2
    radius = np.where(inner, rng.uniform(0, 0.5, n), rng.uniform(0.7, 1, n)) * RADIUS
    angle = rng.uniform(0, 2 * np.pi, n)
    X = np.column_stack([radius * np.sin(angle), radius * np.cos(angle)])
    # Noise is in the labels: a point near the border is asked about from beside it.
    moved = X + RADIUS * noise * rng.uniform(-1, 1, X.shape)
    return X, (np.hypot(*moved.T) < RADIUS / 2).astype(int)


def _xor(rng, n, noise):
    X = rng.uniform(-RADIUS, RADIUS, (n, 2))
    X += np.where(X > 0, 0.3, -0.3)  # a gap along the axes
    moved = X + RADIUS * noise * rng.uniform(-1, 1, X.shape)
    return X, (moved.prod(axis=1) >= 0).astype(int)


def _corners(rng, n, noise):
    corners = np.array([[3, 3], [3, -3], [-3, -3], [-3, 3]], dtype=float)
    which = np.arange(n) % 4
    X = corners[which] + rng.normal(0, 0.4 + 2 * noise, (n, 2))
    return X, (which % 2 == 0).astype(int)


def _gauss(rng, n, noise):
    y = (np.arange(n) < n // 2).astype(int)
    deviation = np.sqrt(0.5 + 7 * noise)
    return np.where(y[:, None], 2, -2) + rng.normal(0, deviation, (n, 2)), y


def _spiral(rng, n, noise):
    y = (np.arange(n) < n // 2).astype(int)
    along = np.where(y, np.arange(n), np.arange(n) - n // 2) / max(n // 2, 1)
    angle = 3.5 * np.pi * along + np.pi * (1 - y)
    X = RADIUS * along[:, None] * np.column_stack([np.sin(angle), np.cos(angle)])
    return X + 2 * noise * rng.uniform(-1, 1, X.shape), y


def _plane(rng, n, noise):
    X = rng.uniform(-SPAN, SPAN, (n, 2))
    return X, (X + SPAN * noise * rng.uniform(-1, 1, X.shape)).sum(axis=1) / 10


def _multi_gauss(rng, n, noise):
    X = rng.uniform(-SPAN, SPAN, (n, 2))
    moved = X + SPAN * noise * rng.uniform(-1, 1, X.shape)
    hills = [(-4, 2.5, 1), (0, 2.5, -1), (4, 2.5, 1)]
    hills += [(x, -y, -sign) for x, y, sign in hills]
    heights = [
        sign * np.clip(1 - np.hypot(moved[:, 0] - x, moved[:, 1] - y) / 2, 0, 1)
        for x, y, sign in hills
    ]
    return X, np.sum(heights, axis=0)


CLASSIFICATION = {
    "circle": _circle,
    "xor": _xor,
    "gauss": _gauss,
    "spiral": _spiral,
    "corners": _corners,
}
REGRESSION = {"plane": _plane, "multi-gauss": _multi_gauss}
PROBLEMS = {**CLASSIFICATION, **REGRESSION}


@validate_params(
    {
        "name": [StrOptions(set(PROBLEMS))],
        "n_samples": [Interval(Integral, 4, None, closed="left")],
        "noise": [Interval(Real, 0, 1, closed="both")],
        "random_state": ["random_state"],
    },
    prefer_skip_nested_validation=True,
)
def make_problem(
    name: str,
    n_samples: int = 500,
    *,
    noise: float = 0.0,
    random_state: RandomState = None,
) -> tuple[Array, Array]:
    """Make one of the playground's problems in the plane.

    Parameters
    ----------
    name : str
        Of two classes: "circle" (a disc in a ring), "xor" (quadrants), "gauss" (two
        clouds), "spiral" (two arms) or "corners" (exclusive or as four clouds). Of real
        values: "plane" (a slope) or "multi-gauss" (six hills and hollows).
    n_samples : int, default=500
        Number of rows, at least 4. The default is dense enough to see the shape.
    noise : float, default=0.0
        From 0 to 1: by how much points or labels are off, as a share of the plane.
    random_state : int, RandomState instance or None, default=None
        Determines the rows. Pass an int for the same rows every time.

    Returns
    -------
    X : ndarray of shape (n_samples, 2)
        The points, most of them between -6 and 6.
    y : ndarray of shape (n_samples,)
        Classes 0 and 1, or real values from about -1 to 1.

    Raises
    ------
    ValueError
        If a parameter is out of its range or of the wrong type.

    See Also
    --------
    Playground : The page that shows them.

    Examples
    --------
    >>> from skann.playground import make_problem
    >>> X, y = make_problem("spiral", 200, noise=0.1, random_state=0)
    >>> X.shape, sorted(set(y.tolist()))
    ((200, 2), [0, 1])
    """
    return PROBLEMS[name](check_random_state(random_state), n_samples, noise)
