"""What an engine is: the contract that both engines keep.

An engine has

* an :class:`Objective`: loss and gradient of a batch, and of all rows;
* ``raw_outputs(network, theta, X, rows)``: predictions, and whether X was finite;
* and it may have :class:`Epochs` of its own for the rules that it knows. For all
  others :class:`UnfusedEpochs` takes a gradient from the objective and lets the
  optimiser step, batch by batch.

What is minimised is defined here::

    J(theta) = Σ_i s_i loss_i / Σ_i s_i  +  alpha/2 · ‖W‖²

with the sum over the training rows and ``W`` all weights without the biases. Row
weights ``s`` are scaled to mean one over the training rows, so the mean of
``s_i loss_i`` over a mini-batch is an unbiased estimate of the first term whatever the
batch's size, and a batch whose weights are all zero is no special case. The penalty
does not depend on the batch.
"""

import math
import time
from contextlib import nullcontext

from .._network import memory
from .step_options import PLAIN, StepModifier


class Objective:
    """J and its gradient at a parameter vector that it is bound to.

    Parameters
    ----------
    network : Network
    alpha : float
        Strength of the L2 penalty.
    theta : ndarray of shape (n_parameters,)
        Bound: solvers change it in place.
    data : Data
        The rows to train on.

    Attributes
    ----------
    engine : {"compiled", "reference"}
        Which engine's it is.
    gradient : ndarray of shape (n_parameters,)
        Gradient at the last evaluation. The caller may destroy it, and must copy it to
        keep it.
    n_rows : int
        Rows in use.
    """

    engine: str

    def __init__(self, network, alpha, theta, data):
        self.network, self.alpha = network, alpha
        self.theta, self.data, self.n_rows = theta, data, data.n_rows
        self.gradient = memory.empty(theta.shape, theta.dtype)

    def batch(self, rows):
        """J estimated on some rows, and the norm of its gradient.

        Parameters
        ----------
        rows : slice or ndarray of int
            Which rows of X.

        Returns
        -------
        value, gradient_norm : float
        """
        raise NotImplementedError

    def full(self):
        """J on all rows in use, and the norm of its gradient."""
        raise NotImplementedError

    def restricted(self, vector):
        """A vector without what is not trained; all of it, where everything is."""
        return vector

    def repeatable(self):
        """A context in which results don't depend on the number of threads."""
        return nullcontext()

    def _add_penalty(self):
        """Add the penalty's gradient to the gradient; returns the penalty."""
        penalty = 0.0
        for where in self.network.layout.weight_slices if self.alpha else ():
            W = self.theta[where]
            self.gradient[where] += self.alpha * W
            penalty += self.alpha / 2 * float(W @ W)
        return penalty

    def _gradient_norm(self):
        return math.sqrt(self.gradient @ self.gradient)


class Epochs:
    """Epochs of an optimiser over mini-batches.

    Parameters
    ----------
    data : Data
    batch_size : int

    Attributes
    ----------
    engine : {"compiled", "reference"}
        Which engine makes the gradients.
    n_rows : int
        Rows in use.
    batch_size : int
        No more than those.
    n_batches : int
        Steps of an epoch, unless it ends early.
    gradient_norm : float
        Of the gradient at the last step of an epoch.
    """

    engine: str
    gradient_norm = math.nan

    def __init__(self, data, batch_size):
        self.n_rows = data.n_rows
        self.batch_size = min(batch_size, self.n_rows)
        self.n_batches = math.ceil(self.n_rows / self.batch_size)
        self._rows = data.rows

    def epoch(self, schedule, done, rng, deadline):
        """One step a batch.

        Parameters
        ----------
        schedule : Schedule
            Asked for the rate, once or before every step.
        done : Counts
            What the model has been trained for.
        rng : numpy.random.Generator or None
            Shuffles the rows; None keeps their order.
        deadline : float
            When the epoch ends early, by ``time.perf_counter``; after one step at
            least.

        Returns
        -------
        losses : list of float
            Of each batch, before its step.
        rate : float
            Of the last step.
        """
        raise NotImplementedError

    def mean_loss(self, losses):
        """Mean of an epoch's losses over the rows trained on, and their number."""
        if len(losses) == 1:
            return losses[0], self.batch_size
        total = sum(losses) * self.batch_size
        n_seen = len(losses) * self.batch_size
        surplus = n_seen - self.n_rows
        if surplus > 0:  # the last batch is smaller than the others
            total -= losses[-1] * surplus
            n_seen = self.n_rows
        return total / n_seen, n_seen

    def flush(self):
        """Bring theta up to date, if steps have left parts of it behind."""

    def _order(self, rng):
        """Numbers of the rows of an epoch, one after the other; None as stored.

        A single batch of everything is not shuffled: its sums do not depend on the
        order but for rounding.
        """
        if rng is None or self.n_batches == 1:
            return self._rows
        return rng.permutation(self.n_rows if self._rows is None else self._rows)


class UnfusedEpochs(Epochs):
    """Epochs of any optimiser: a gradient by the engine, then a step in NumPy.

    Parameters
    ----------
    objective : Objective
    optimizer : Optimizer
        Started.
    batch_size : int
        Means nothing to an optimiser that wants the gradient over all rows.
    options : StepOptions
        What a step does besides.
    """

    def __init__(self, objective, optimizer, batch_size, options=PLAIN):
        self._is_full = optimizer.full_batch
        super().__init__(
            objective.data, objective.n_rows if self._is_full else batch_size
        )
        self._objective, self._optimizer = objective, optimizer
        self.engine = objective.engine
        layout, bound = objective.network.layout, (objective.theta, objective.gradient)
        optimizer.bind(*bound, layout.weight_slices)
        self._modifier, self._average = None, options.average
        if options.modify_steps:
            self._modifier = StepModifier(options, *bound, layout)

    def epoch(self, schedule, done, rng, deadline):
        with self._objective.repeatable():
            return self._epoch(schedule, done, rng, deadline)

    def _epoch(self, schedule, done, rng, deadline):
        epoch_rate = rate = schedule.epoch_rate(done)
        losses = []
        for rows in self._batches(rng):
            if epoch_rate is None:
                rate = schedule.step_rate(done.n_steps + len(losses))
            loss, norm = self._evaluate(rows)
            if self._modifier is None:
                self._optimizer.step(rate)
            else:
                loss, norm = self._modifier.before(loss, norm)
                self._optimizer.step(rate)
                self._modifier.after()
            if self._average is not None:
                self._average.step(self._objective.theta)
            self.gradient_norm = norm
            losses.append(loss)
            if deadline < math.inf and time.perf_counter() > deadline:
                break
        return losses, rate

    def _batches(self, rng):
        order = self._order(rng)
        for start in range(0, self.n_rows, self.batch_size):
            rows = slice(start, min(start + self.batch_size, self.n_rows))
            yield rows if order is None else order[rows]

    def _evaluate(self, rows):
        return self._objective.full() if self._is_full else self._objective.batch(rows)
