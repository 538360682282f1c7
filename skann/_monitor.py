"""What is recorded of a training run, and when it ends.

A solver calls :meth:`Monitor.end_of_epoch` after every epoch (SciPy's, after every
iteration) and stops when that returns True. The monitor records the loss, asks for
the validation loss and score where there is validation data, keeps a copy of the best
parameters by validation loss, and judges patience. It never changes an estimator: the
estimator reads the record when the run has succeeded.
"""

import math
from array import array

import numpy as np

LOWER_RATE = " or lower learning_rate_init"


def diverged(what, advice=LOWER_RATE):
    """The error for a training that went wrong; it says what to change."""
    return ValueError(
        f"Training diverged: {what}. Scale X (for example with StandardScaler){advice}."
    )


def check_finite(loss, when, advice=LOWER_RATE):
    """Raise that error if the loss is not finite."""
    if not math.isfinite(loss):
        raise diverged(f"the loss is {loss} {when}", advice)


class Monitor:
    """Record of a run.

    Parameters
    ----------
    theta : ndarray of shape (n_parameters,)
        The vector being trained; read to keep the best, written by
        :meth:`restore_best`.
    patience : Patience or None
        Judges the validation loss, or the training loss where there is none; None to
        leave stopping to the solver.
    validate : callable or None
        Returns ``(loss, score)`` on the validation data at the present theta.
    verbose : bool
    n_iter_before, n_seen_before : int
        Epochs, and rows trained on, in the model's life before this run.

    Attributes
    ----------
    loss : float
        The last loss; a solver that finds nothing to do sets it itself.
    losses, validation_losses, validation_scores : list of float
        One entry an epoch.
    batch_losses : array of float
        The loss of every batch before its update.
    n_seen : int
        Rows trained on in this run.
    best_epoch : int or None
        Index of the epoch with the lowest validation loss.
    stop_reason : str or None
        None as long as nothing but a limit has ended the run.
    limit : str
        Name of that limit.
    """

    def __init__(
        self,
        theta,
        patience,
        *,
        validate=None,
        verbose=False,
        n_iter_before=0,
        n_seen_before=0,
    ):
        self._theta = theta
        self._patience = patience
        self._validate = validate
        self._verbose = verbose
        self._n_iter_before = n_iter_before
        self.n_seen_before = n_seen_before
        self._best_theta = None
        self.losses, self.batch_losses = [], array("d")
        self.validation_losses, self.validation_scores = [], []
        self.loss = None
        self.n_seen = 0
        self._best_loss = math.inf
        self.best_epoch = None
        self.stop_reason = None
        self.limit = "max_iter"

    def end_of_epoch(self, loss, batch_losses, n_rows, schedule=None):
        """Record an epoch; True to stop.

        Raises
        ------
        ValueError
            If the loss is not finite.
        """
        self.loss = loss
        self.losses.append(loss)
        self.batch_losses.extend(batch_losses)
        self.n_seen += n_rows
        epoch = self._n_iter_before + len(self.losses)
        if not math.isfinite(loss):
            raise diverged(f"the loss is {loss} at iteration {epoch}")
        if self._verbose:
            print(f"Iteration {epoch}, loss = {loss:.8f}")
        value, name = loss, "training loss"
        if self._validate is not None:
            value, name = self._record_validation(), "validation loss"
        if self._patience is None or not self._patience.update(value):
            return False
        if schedule is not None and schedule.on_plateau():
            self._patience.renew()
            if self._verbose:
                print(f"Learning rate lowered to {schedule.rate(0):g}")
            return False
        self.stop_reason = (
            f"{name} did not improve by more than tol={self._patience.tol:g} for "
            f"{self._patience.n_iter_no_change} consecutive iterations"
        )
        if self._verbose:
            print(f"Stopping: {self.stop_reason}.")
        return True

    def _record_validation(self):
        loss, score = self._validate()
        if loss < self._best_loss:
            self._best_loss = loss
            self._best_theta = self._theta.copy()
            self.best_epoch = len(self.validation_losses)
        self.validation_losses.append(loss)
        self.validation_scores.append(score)
        if self._verbose:
            print(f"Validation loss = {loss:.8f}, score = {score:.6f}")
        return loss

    @property
    def reads_theta(self):
        """Whether the end of an epoch looks at theta."""
        return self._validate is not None

    def restore_best(self):
        """Put the parameters with the lowest validation loss back, if there are any."""
        if self._best_theta is not None:
            np.copyto(self._theta, self._best_theta)
