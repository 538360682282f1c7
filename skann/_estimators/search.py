"""Weight decay and cycle length, chosen by short trials on held-out rows.

The rules of ``auto.py`` know the shape of the data and nothing of the signal in them. A
weak signal needs a stronger decay than the rule's and few epochs, or noise is learnt
by heart; an intricate one needs less decay and many more epochs. A trial is a whole
cycle on the training part of a split, judged by the loss on the other part:

1. trials of a fifth of the rule's epochs, at the rule's decay, at more and at less, and
   at less again while that pays;
2. the decay at the minimum of a parabola through the losses around the best trial;
3. trials of three times the epochs while the gain is worth their cost, with less decay
   once more where that pays.

All trials start from the same weights and meet the rows in the same order, so that they
differ in nothing but what is compared.
"""

import math
from dataclasses import dataclass, field

import numpy as np

# Length of the first trials, as a share of the rule's epochs. Shorter ones mislead.
_FIRST = 0.2
# The same where no decay is chosen: wide sparse data are learnt in very few epochs.
_FIRST_WITHOUT_DECAY = 0.05

# By how much a trial's loss must be below another's to be preferred to it.
_GAIN = 0.01

# What multiplies the length from trial to trial, and how often it may.
_LONGER, _MOST_LONGER = 3, 5

# How often the decay may be lowered in trials of the first length.
_MOST_LOWER = 6

# A gain that calls for less decay at a longer cycle, and how close the loss at less
# decay has to be to the best one to be tried again with more epochs.
_LARGE_GAIN, _CLOSE = 0.1, 0.02

# The last cycle sees all rows, and can be as much longer.
_LAST = 1.2


def decay_step(n_hidden_layers):
    """Ratio of the decays of neighbouring trials: 4, or 2.5 for several hidden layers.

    What decay does to the layers multiplies, so that deep networks take finer steps.
    """
    return 4.0 if n_hidden_layers < 2 else 2.5


@dataclass
class Trials:
    """Held-out losses of cycles that have been tried.

    Parameters
    ----------
    train : callable
        ``train(alpha, n_epochs, split)`` trains on one part of a split and returns the
        loss on the other; infinity if training diverged.
    n_splits : int
        Splits that a trial is judged on. With several, a trial is better than another
        only if it is better on each, and is given up at the first where it is not.
    n_epochs : int
        The rule's number of epochs.

    Attributes
    ----------
    losses : dict of (float, int) to list of float
        By decay, in multiples of the rule's, and number of epochs; the losses on the
        splits that were tried.
    enough : float
        A loss that no longer cycle has to improve on.
    """

    train: object
    n_splits: int
    n_epochs: int
    losses: dict = field(default_factory=dict)
    enough: float = -math.inf

    def mean(self, trial):
        """Mean loss of a trial on all splits."""
        return float(np.mean(self._tried(trial)))

    def is_whole(self, trial):
        """Whether a trial has been judged on all splits."""
        return len(self.losses.get(trial, ())) == self.n_splits

    def better(self, trial, best, gain=_GAIN):
        """Whether a trial's loss is lower than the best one's by a share of it.

        Parameters
        ----------
        trial, best : tuple of (float, int)
        gain : float

        Returns
        -------
        better : bool
        """
        reference = self.mean(best)
        limits = self._tried(best) if self.n_splits > 1 else [math.inf]
        found = self._tried(trial, limits)
        if len(found) < self.n_splits:
            return False
        if reference == math.inf:  # training diverged
            return self.mean(trial) < reference
        return self.mean(trial) < reference - gain * abs(reference)

    def _tried(self, trial, limits=None):
        """Losses of a trial, up to the first that is not below its limit."""
        found = self.losses.setdefault(trial, [])
        while len(found) < self.n_splits:
            if limits and found and not found[-1] < limits[len(found) - 1]:
                break
            found.append(self.train(*trial, len(found)))
        if limits and not all(a < b for a, b in zip(found, limits, strict=False)):
            return found[: self.n_splits - 1]
        return found

    def best(self):
        """The trial of the least mean loss among those on all splits; None if none."""
        whole = [trial for trial in self.losses if self.is_whole(trial)]
        return min(whole, key=self.mean, default=None)

    def table(self):
        """The trials as columns: "alpha", "max_iter", "loss" and "n_splits"."""
        kept = {trial: found for trial, found in self.losses.items() if found}
        return {
            "alpha": [alpha for alpha, _ in kept],
            "max_iter": [n_epochs for _, n_epochs in kept],
            "loss": [float(np.mean(found)) for found in kept.values()],
            "n_splits": [len(found) for found in kept.values()],
        }


def choose(trials, step, alpha=None, n_epochs=None, longest=math.inf):
    """Choose decay and number of epochs.

    Parameters
    ----------
    trials : Trials
    step : float
        See :func:`decay_step`.
    alpha : float or None
        The decay, in multiples of the rule's, if it is given.
    n_epochs : int or None
        The number of epochs, if it is given.
    longest : float
        Epochs of the cycle at most, where they are chosen.

    Returns
    -------
    alpha : float
    n_epochs : int
        For a cycle over all rows.
    """
    rule = trials.n_epochs
    if n_epochs is None:
        first = _FIRST if alpha is None or alpha else _FIRST_WITHOUT_DECAY
        length = max(1, round(first * rule))
    else:
        # The effect of the decay depends on the length, which trials come near to.
        length = max(1, round(min(max(_FIRST * rule, _FIRST * n_epochs), rule)))
        length = min(length, n_epochs)
    best = (1.0 if alpha is None else alpha, length)
    chosen = best[0]
    if alpha is None:
        best = _with_best_decay(trials, best, step)
        chosen = _least_by_parabola(trials, best, step)
    if n_epochs is not None:
        return chosen, n_epochs
    return _with_best_length(trials, best, chosen, step, longest, alpha is None)


def _with_best_decay(trials, best, step):
    """The best trial of this length: at more, and else at less and less decay."""
    length = best[1]
    # One split tells so little that its order is followed as it is.
    gain = _GAIN if trials.n_splits > 1 else 0.0
    more, less = (step, length), (1 / step, length)
    if trials.better(more, best, gain):
        trials.mean(less)  # for the parabola
        return more
    if not trials.better(less, best, gain):
        return best
    best = less
    for _ in range(_MOST_LOWER):
        less = (best[0] / step, length)
        if not trials.better(less, best):
            break
        best = less
    return best


def _least_by_parabola(trials, best, step):
    """The decay with the least loss, by a parabola in the logarithm of the decay.

    Held-out losses of three decays say where the minimum is more exactly than which of
    the three is lowest. It is believed half-way inside the range that was tried, where
    to move is a matter of little, and up to half a step above it, where weak signals
    ask for still more.
    """
    alpha, length = best
    middle = 1.0 if alpha == step else alpha
    losses = [trials.mean((middle * step**i, length)) for i in (-1, 0, 1)]
    curvature = losses[0] - 2 * losses[1] + losses[2]
    if not (np.isfinite(losses).all() and curvature > 0):
        return alpha
    vertex = (losses[0] - losses[2]) / (2 * curvature)
    if alpha == step:
        return step ** min(max(vertex, 1.0), 1.5)
    return middle * step ** (min(max(vertex, -1.0), 1.0) / 2)


def _with_best_length(trials, best, chosen, step, longest, may_lower):
    """Decay and length of the last cycle, after longer ones have been tried."""
    less = (best[0] / step, best[1])
    may_lower = may_lower and bool(chosen)
    tries_less = (
        may_lower
        and trials.is_whole(less)
        and trials.mean(less) < (1 + _CLOSE) * trials.mean(best)
    )
    gain = math.inf
    for _ in range(_MOST_LONGER):
        longer = (chosen, _LONGER * best[1])
        # A loss that can be negative has no least value to be close to.
        done = 0 <= trials.mean(best) <= trials.enough
        if done or gain < _worthwhile(longer[1] / trials.n_epochs):
            break
        if longer[1] > longest:
            return chosen, longest
        before = trials.mean(best)
        if not trials.better(longer, best):
            break
        best = longer
        gain = (before - trials.mean(best)) / abs(before)
        if may_lower and (tries_less or gain > _LARGE_GAIN):
            less = (chosen / step, best[1])
            tries_less = trials.better(less, best)
            if tries_less:
                best, chosen = less, less[0]
                gain = (before - trials.mean(best)) / abs(before)
    return chosen, _last(best[1])


def _last(length):
    return max(1, round(_LAST * length))


def _worthwhile(length):
    """The gain of the last trial without which one of this length is not made.

    Gains shrink from trial to trial, by a factor of three or more, and costs grow.
    """
    return 0.014 * length**0.6
