"""Toy problems in the plane that a single neuron cannot solve.

Both generators share the conventions of ``sklearn.datasets.make_moons``: points are
laid out without chance, then shuffled, then moved by Gaussian noise, all from one
``random_state``. So with ``shuffle=False`` and no noise nothing is random, and class
sizes differ by at most one whatever ``n_samples`` is.
"""

from numbers import Integral, Real

import numpy as np
from sklearn.utils import check_random_state
from sklearn.utils import shuffle as shuffle_rows
from sklearn.utils._param_validation import Interval

from .._decorators import validate_params
from .._typing import Array, RandomState

# In this order any number of leading corners has its labels balanced to within one.
CORNERS = np.array([[1, 1], [1, -1], [-1, -1], [-1, 1]], dtype=np.float64)

_SHARED_CONSTRAINTS = {
    "noise": [Interval(Real, 0, None, closed="left"), None],
    "shuffle": ["boolean"],
    "random_state": ["random_state"],
}


def _finish(X, y, *, noise, shuffle, random_state):
    """Shuffle the rows, then add noise, from one stream of random numbers."""
    generator = check_random_state(random_state)
    if shuffle:
        X, y = shuffle_rows(X, y, random_state=generator)
    if noise:
        X += generator.normal(scale=noise, size=X.shape)
    return X, y


@validate_params(
    {"n_samples": [Interval(Integral, 1, None, closed="left")], **_SHARED_CONSTRAINTS},
    prefer_skip_nested_validation=True,
)
def make_xor(
    n_samples: int = 4,
    *,
    noise: float = 0.0,
    shuffle: bool = True,
    random_state: RandomState = None,
) -> tuple[Array, Array]:
    """Make the exclusive-or problem: the corners of a square, labelled by diagonal.

    Label 1 stands where the two inputs have the same sign, label 0 where they differ.
    No straight line separates the two, so no single neuron can; two hidden neurons
    can.

    Parameters
    ----------
    n_samples : int, default=4
        Number of rows, at least 1. The four corners are repeated as evenly as this
        allows. The default is the problem itself, each corner once.
    noise : float or None, default=0.0
        Standard deviation of the Gaussian noise added to both inputs, in the units of
        the inputs (the sides of the square are 2 long). 0 and None add none. Labels
        are those of the corner before the noise.
    shuffle : bool, default=True
        Shuffle the rows. If False, they go round the square from (1, 1): (1, 1),
        (1, -1), (-1, -1), (-1, 1), and again.
    random_state : int, RandomState instance or None, default=None
        Determines the shuffling and the noise. Pass an int for the same rows every
        time.

    Returns
    -------
    X : ndarray of shape (n_samples, 2), dtype float64
        The inputs: 1 or -1 each, plus noise.
    y : ndarray of shape (n_samples,), dtype int64
        1 where both inputs have the same sign, 0 where they differ.

    Raises
    ------
    ValueError
        If a parameter is out of its range or of the wrong type.

    See Also
    --------
    make_spirals : A harder problem in the plane, with any number of classes.

    References
    ----------
    M. Minsky and S. Papert, "Perceptrons: An Introduction to Computational Geometry",
    MIT Press, 1969.

    Examples
    --------
    >>> from skann.datasets import make_xor
    >>> X, y = make_xor(shuffle=False)
    >>> X
    array([[ 1.,  1.],
           [ 1., -1.],
           [-1., -1.],
           [-1.,  1.]])
    >>> y
    array([1, 0, 1, 0])
    """
    X = CORNERS[np.arange(n_samples) % len(CORNERS)]
    y = (X[:, 0] == X[:, 1]).astype(np.int64)
    return _finish(X, y, noise=noise, shuffle=shuffle, random_state=random_state)


@validate_params(
    {
        "n_samples": [Interval(Integral, 2, None, closed="left")],
        "n_classes": [Interval(Integral, 2, None, closed="left")],
        "n_turns": [Interval(Real, 0, None, closed="neither")],
        **_SHARED_CONSTRAINTS,
    },
    prefer_skip_nested_validation=True,
)
def make_spirals(
    n_samples: int = 100,
    *,
    n_classes: int = 2,
    n_turns: float = 1.5,
    noise: float = 0.0,
    shuffle: bool = True,
    random_state: RandomState = None,
) -> tuple[Array, Array]:
    r"""Make interleaved Archimedean spirals, one a class.

    Point :math:`i` of the :math:`m` points of class :math:`k` has

    .. math:: r = i / m, \qquad \varphi = 2 \pi (T r + k / K), \qquad i = 1, \dots, m

    with :math:`T` turns and :math:`K` classes: the radius grows in proportion to the
    angle, and the spirals are one another turned by :math:`1 / K` of a circle. The
    origin, where all of them would meet, is left out.

    Parameters
    ----------
    n_samples : int, default=100
        Number of rows over all classes, at least `n_classes`. Class sizes differ by at
        most one; the first classes get the rows that are left over.
    n_classes : int, default=2
        Number of spirals, at least 2.
    n_turns : float, default=1.5
        How often each spiral goes round the origin, more than 0. More turns are
        harder. The default is learned within seconds by two hidden layers of 32
        neurons; at 3 turns they begin to fail.
    noise : float or None, default=0.0
        Standard deviation of the Gaussian noise added to both inputs. The outermost
        points lie on the unit circle, and neighbouring spirals are
        ``1 / (n_turns * n_classes)`` apart along a ray: noise of a quarter of that
        makes them overlap. 0 and None add none.
    shuffle : bool, default=True
        Shuffle the rows. If False, they are ordered by class, then from the inside
        out.
    random_state : int, RandomState instance or None, default=None
        Determines the shuffling and the noise. Pass an int for the same rows every
        time.

    Returns
    -------
    X : ndarray of shape (n_samples, 2), dtype float64
        The points; within the unit circle if there is no noise.
    y : ndarray of shape (n_samples,), dtype int64
        The class of each point, 0 to ``n_classes - 1``.

    Raises
    ------
    ValueError
        If a parameter is out of its range or of the wrong type, or `n_samples` is
        less than `n_classes`.

    See Also
    --------
    make_xor : The smallest problem that needs a hidden layer.

    References
    ----------
    K. J. Lang and M. J. Witbrock, "Learning to tell two spirals apart", Proceedings of
    the 1988 Connectionist Models Summer School, 52-59, 1988.

    Examples
    --------
    >>> from skann.datasets import make_spirals
    >>> X, y = make_spirals(300, n_classes=3, noise=0.02, random_state=0)
    >>> X.shape, y.shape
    ((300, 2), (300,))
    """
    if n_samples < n_classes:
        raise ValueError(
            "The 'n_samples' parameter of make_spirals must be at least 'n_classes', "
            f"which is {n_classes}, so that no class is empty. Got {n_samples} instead."
        )
    smaller, n_larger = divmod(n_samples, n_classes)
    sizes = np.full(n_classes, smaller)
    sizes[:n_larger] += 1
    y = np.repeat(np.arange(n_classes, dtype=np.int64), sizes)
    radius = np.concatenate([np.arange(1, size + 1) / size for size in sizes])
    angle = 2 * np.pi * (n_turns * radius + y / n_classes)
    X = np.column_stack([radius * np.cos(angle), radius * np.sin(angle)])
    return _finish(X, y, noise=noise, shuffle=shuffle, random_state=random_state)
