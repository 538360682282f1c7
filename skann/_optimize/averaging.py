"""Averages of the weights over training, which a network predicts by in the end.

The last steps go to and fro around where they lead; their mean is closer to it than any
of them. Training itself goes on from the weights that are not averaged.
"""

from numbers import Real

from sklearn.utils._param_validation import Interval

from .options import Options


class Averaging(Options):
    """Base of the averages.

    Attributes
    ----------
    by_step : bool
        Whether every step is averaged, else every epoch.
    needs_length : bool
        Whether it must be known how many epochs there will be.
    """

    by_step = True
    needs_length = False

    def share(self, n: int, done: float) -> float | None:
        """What the average takes of the present weights.

        Parameters
        ----------
        n : int
            How often it has taken some before.
        done : float
            Share of the run that is over.

        Returns
        -------
        share : float or None
            Between 0 and 1; None before there is anything to average.
        """
        raise NotImplementedError


class EMA(Averaging):
    """Exponential moving average of the weights after every step.

    ::

        average ← d average + (1 - d) theta,    d = min(decay, (1 + n) / (10 + n))

    for the n-th step, 0 first: early on, when the weights still change a lot, the
    average follows closely, and later it forgets as slowly as `decay` says.

    Parameters
    ----------
    decay : float, default=0.999
        The larger, the more steps are averaged: about 1 / (1 - decay). The default
        suits a thousand steps and more.

    See Also
    --------
    SWA : A plain mean over the ends of the last epochs.

    References
    ----------
    Polyak, B. T. & Juditsky, A. B. (1992). Acceleration of stochastic approximation by
    averaging. SIAM Journal on Control and Optimization 30, 838-855.

    Examples
    --------
    >>> from skann import BPClassifier
    >>> from skann.averaging import EMA
    >>> clf = BPClassifier(average=EMA(decay=0.99), max_iter=5, random_state=0)
    >>> clf.fit([[0.0], [1.0]], [0, 1]).n_iter_
    5
    """

    __module__ = "skann.averaging"  # files name it so

    _parameter_constraints: dict = {  # noqa: RUF012 (scikit-learn's convention)
        "decay": [Interval(Real, 0, 1, closed="left")]
    }

    def __init__(self, decay: float = 0.999) -> None:
        self.decay = decay

    def share(self, n: int, done: float) -> float | None:
        return 1 - min(self.decay, (1 + n) / (10 + n))


class SWA(Averaging):
    """Mean of the weights at the ends of the last epochs.

    Parameters
    ----------
    start : float, default=0.75
        The share of the epochs after which averaging starts; the paper's. Before, and
        where training stops earlier, the weights are those of the last epoch.

    See Also
    --------
    EMA : A mean that forgets, after every step.

    References
    ----------
    Izmailov, P., Podoprikhin, D., Garipov, T., Vetrov, D. & Wilson, A. G. (2018).
    Averaging weights leads to wider optima and better generalization. UAI.

    Examples
    --------
    >>> from skann import BPClassifier
    >>> from skann.averaging import SWA
    >>> clf = BPClassifier(average=SWA(start=0.5), max_iter=4, random_state=0)
    >>> clf.fit([[0.0], [1.0]], [0, 1]).n_iter_
    4
    """

    __module__ = "skann.averaging"  # files name it so

    _parameter_constraints: dict = {  # noqa: RUF012 (scikit-learn's convention)
        "start": [Interval(Real, 0, 1, closed="left")]
    }
    by_step = False
    needs_length = True

    def __init__(self, start: float = 0.75) -> None:
        self.start = start

    def share(self, n: int, done: float) -> float | None:
        return None if done <= self.start else 1 / (1 + n)


AVERAGES = {"ema": EMA, "swa": SWA}


def averaging_for(given):
    """The average that a name or an object stands for, checked; None for None."""
    if given is None:
        return None
    return AVERAGES[given]() if isinstance(given, str) else given.fresh()
