"""Averaged weights: what is validated, kept and published, while others are trained.

Within an epoch theta has the weights that steps move, between epochs their average: so
whoever looks at a network between epochs (validation, the best weights, callbacks,
``partial_fit``) sees the one that predicts. The moving weights wait here.
"""

import numpy as np


class AveragedWeights:
    """Average of theta, and the weights that training goes on from.

    Parameters
    ----------
    rule : Averaging
    moving : ndarray of shape (n_parameters,) or None
        The weights that training goes on from; None for those of the average.
    average : ndarray of shape (n_parameters,) or None
    n : int
        How often the average has taken some of theta.

    Attributes
    ----------
    keeps_zeros : bool
        Whether a weight is zero in the average where it is zero at an epoch's end: an
        L1 penalty is to leave exact zeros, which no mean of earlier weights has.
    """

    keeps_zeros = False

    def __init__(self, rule, moving=None, average=None, n=0):
        self.rule, self.moving, self.average, self.n = rule, moving, average, n
        self._in_epoch = self._is_due = False

    def begin_epoch(self, theta):
        """Put the moving weights in the place of their average."""
        # Weights that somebody else has set since then are a new start.
        if self.moving is None or not np.array_equal(theta, self.average):
            self.moving, self.average, self.n = theta.copy(), theta.copy(), 0
        np.copyto(theta, self.moving)
        self._in_epoch = True

    def shares(self, n_steps):
        """What the average is to take after each of the next steps; None for nothing.

        Whoever takes them says afterwards by ``count`` how many.

        Parameters
        ----------
        n_steps : int

        Returns
        -------
        shares : ndarray of shape (n_steps,) or None
        """
        if not self.rule.by_step:
            return None
        return np.array([self.rule.share(self.n + i, 0.0) for i in range(n_steps)])

    def count(self, n_steps):
        """The average has taken its shares after so many steps."""
        self.n += n_steps

    def step(self, theta):
        """Take what the rule takes of the weights after a step."""
        if self.rule.by_step:
            self._take(theta, 0.0)

    def end_epoch(self, theta, done):
        """Put the average in the place of the moving weights.

        Parameters
        ----------
        theta : ndarray of shape (n_parameters,)
        done : float
            Share of the run's epochs that are over.
        """
        if self._in_epoch:
            if not self.rule.by_step:
                self._take(theta, done)
            # In one operation: an interrupt comes between any two.
            vars(self).update(moving=theta.copy(), _in_epoch=False, _is_due=True)
        if self._is_due:
            if self.keeps_zeros:
                self.average[self.moving == 0] = 0
            np.copyto(theta, self.average)
            self._is_due = False

    def _take(self, theta, done):
        share = self.rule.share(self.n, done)
        if share is None:
            np.copyto(self.average, theta)
            return
        self.average += self.average.dtype.type(share) * (theta - self.average)
        self.n += 1
