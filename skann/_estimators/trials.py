"""Settings of a cycle by trials on held-out rows: splits, trainings, losses.

Which trials are made is the matter of ``search.py``.
"""

import copy
import math
import time
from dataclasses import dataclass, replace
from numbers import Real

import numpy as np

from .._training.divergence import DivergenceError
from .._training.guessing import compared_with_guessing
from .._training.progress import Progress
from .._training.run import validator
from .auto import makes_trials
from .parameters import solver_and_schedule
from .search import Trials, choose, decay_step
from .validation_data import split_by

# Of more rows a sample is tried: the rules carry what it says over to all of them.
_MOST_ROWS = 10_000

# A fifth is held out. Of fewer rows than these (of classes, rows outside the largest;
# of groups, groups), one fifth tells too little: all five are held out in turn, and a
# trial has to be better on each.
_N_FOLDS, _FEW = 5, 1000


@dataclass
class CycleSearch:
    """Search for decay and length of a cycle.

    Attributes
    ----------
    cycle : Cycle
        The rules.
    training : Training
        With the rows to train on, and those that are held out or None.
    draw : callable
        ``draw(rng)`` returns starting weights.
    trainable : ndarray of bool or None
        Mask of the parameters that are trained.
    groups : array-like of shape (n_samples,) or None
        Groups that are held out as a whole.
    validation : Data or None
        Rows that the user has set aside to stop by, which trials are judged on as well.
    """

    cycle: object
    training: object
    draw: object
    trainable: object = None
    groups: object = None
    validation: object = None

    def settings(self, rng):
        """Settings without "auto".

        Parameters
        ----------
        rng : numpy.random.Generator
            Is left as it is, so that a fit that is given what was found is the same.

        Returns
        -------
        settings : BaseBP
        alpha : float
            The weight decay, in multiples of the rule's.
        table : dict of str to list
            The trials, see :meth:`Trials.table`; empty if there were none.
        """
        given, n_rows = self.cycle.estimator, self.training.data.n_rows
        alpha = given.alpha if isinstance(given.alpha, Real) else None
        length = given.max_iter if isinstance(given.max_iter, Real) else None
        if not self.cycle.decays:
            alpha = 0.0
        rule = self.cycle.n_epochs(n_rows)
        found, table = (1.0 if alpha is None else alpha, length or rule), {}
        started = time.perf_counter()
        if makes_trials(given, self.training.data):
            found, table = self._search(rng, alpha, length)
        settings = self.cycle.settings(n_rows, *found)
        if given.max_time is not None:
            rest = given.max_time - (time.perf_counter() - started)
            settings.max_time = max(rest, 1e-9)
        return settings, found[0], table

    def _search(self, rng, alpha, length):
        """Decay and length that the trials speak for, and their table."""
        rng = copy.deepcopy(rng)
        data = self.training.data
        n_rows = data.n_rows
        if n_rows > _MOST_ROWS:
            rows = rng.choice(data.row_numbers, _MOST_ROWS, replace=False)
            data = data.using(np.sort(rows))
        seed = int(rng.integers(2**31))
        splits = self._splits(data, seed)
        rule = self.cycle.n_epochs(splits[0][0].n_rows)
        ratio = self.cycle.n_epochs(n_rows) / rule
        given = self.cycle.estimator
        limit = math.inf if given.max_time is None else given.max_time / 2
        deadline = time.perf_counter() + limit

        def train(alpha, n_epochs, i):
            rest = deadline - time.perf_counter()
            if rest <= 0:
                raise _TimeIsUpError
            loss = self._trial(alpha, n_epochs, *splits[i], seed, rest)
            if given.verbose:
                print(
                    f"Trial: alpha={alpha:.4g}, max_iter={n_epochs}: "
                    f"held-out loss {loss:.6g}"
                )
            return loss

        trials = Trials(train, len(splits), rule)
        trials.enough = _ENOUGH * self._loss_of_a_constant(splits[0][1])
        step = decay_step(len(self.training.network.layer_sizes) - 2)
        wanted = None if length is None else max(1, round(length / ratio))
        longest = rule if n_rows > _MOST_ROWS else math.inf
        try:
            alpha, n_epochs = choose(trials, step, alpha, wanted, longest)
        except _TimeIsUpError:
            alpha, n_epochs = trials.best() or (1.0 if alpha is None else alpha, rule)
        found = alpha, length or max(1, round(n_epochs * ratio))
        return found, trials.table()

    def _loss_of_a_constant(self, held_out):
        """Loss of the best constant prediction of some rows; 0 where there is none."""
        network = self.training.network
        theta = self.draw(np.random.default_rng(0))
        found = compared_with_guessing(network, theta, held_out)
        return 0.0 if found is None or not math.isfinite(found.guess) else found.guess

    def _trial(self, alpha, n_epochs, data, held_out, seed, max_time):
        """Train a network anew, and return its loss on the rows that are held out."""
        settings = self.cycle.settings(data.n_rows, alpha, n_epochs)
        for name, value in _OF_THE_LAST_CYCLE.items():
            setattr(settings, name, value)
        settings.max_time = None if max_time == math.inf else max_time
        solver, schedule = solver_and_schedule(settings, settings)
        progress = Progress(np.random.default_rng(seed))
        theta = self.draw(progress.rng)
        progress.trainable = self.trainable
        training = replace(
            self.training,
            estimator=settings,
            data=data,
            held_out=None,
            solver=solver,
            schedule=schedule,
            observer=None,
        )
        validate = validator(training.network, theta, held_out, score=lambda raw: None)
        try:
            monitor = training.run(settings, theta, progress)
            if monitor.stop_reason == "interrupted by user":
                raise KeyboardInterrupt
            if monitor.stop_reason is not None:
                raise _TimeIsUpError
            return validate()[0]
        except DivergenceError:
            return math.inf

    def _splits(self, data, seed):
        """Pairs of rows to train on and rows that are held out."""
        given = self.cycle.estimator
        if self.validation is not None:
            return [(data, self.validation)]
        if not isinstance(given.validation_fraction, Real):
            rows = data.row_numbers
            parts = [
                split_by(given.validation_fraction, data.X, data.y, self.groups, rows)
            ]
        else:
            parts = _folds(data, self.groups, np.random.default_rng(seed))
        return [(data.using(train), data.using(held)) for train, held in parts]


# A loss of less than this share of a constant's is not worth a longer cycle.
_ENOUGH = 1e-3


class _TimeIsUpError(Exception):
    """The time for trials is over."""


# Parameters that a trial does without.
_OF_THE_LAST_CYCLE = {
    "early_stopping": False,
    "verbose": False,
    "target_loss": None,
    "training_score": False,
    "gradient_norms": False,
    "divergence_retries": 0,
}


def _folds(data, groups, rng):
    """Rows to train on and rows that are held out: one fold, or all where few."""
    rows, labels = data.row_numbers, data.targets.labels
    if groups is not None:
        folds, n_counted = _folds_of_groups(np.asarray(groups)[rows], rng)
    else:
        folds = rng.permutation(len(rows)) % _N_FOLDS
        n_counted = data.n_telling()
        if labels is not None:
            _, codes, counts = np.unique(
                labels[rows], return_inverse=True, return_counts=True
            )
            # Rows of a class go to the folds in turn.
            order = rng.permutation(len(rows))
            order = order[np.argsort(codes[order], kind="stable")]
            folds[order] = np.arange(len(rows)) % _N_FOLDS
            folds[counts[codes] == 1] = -1  # a class of one row is not held out
    n_folds = _N_FOLDS if n_counted < _FEW else 1
    return [(rows[folds != i], rows[folds == i]) for i in range(n_folds)]


def _folds_of_groups(groups, rng):
    """Folds of whole groups, and the number of groups."""
    names, codes = np.unique(groups, return_inverse=True)
    if len(names) < 2:
        raise ValueError(
            "groups must name at least 2 groups, to train on one and hold the other "
            f"out; got {len(names)}."
        )
    return (rng.permutation(len(names)) % min(_N_FOLDS, len(names)))[codes], len(names)
