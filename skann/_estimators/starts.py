"""Where training starts: weights drawn for the data, and the best of several starts."""

import copy
import math
import time
from dataclasses import dataclass

import numpy as np

from .._network import memory
from .._network.data_initializers import DATA_INITIALIZERS
from .._network.initializers import depends_on_inputs, initialize
from .._training.divergence import DivergenceError
from .._training.progress import Progress
from .._training.run import run
from .scoring import further_scores, validation_function
from .validation import explained_size, report_non_finite_data


def draw_weights(weight_init, network, data, dtype, rng):
    """A new theta, drawn as the parameter ``weight_init`` says.

    Parameters
    ----------
    weight_init : str
    network : Network
    data : Data
        The rows to train on.
    dtype : dtype
    rng : numpy.random.Generator

    Returns
    -------
    theta : ndarray of shape (n_parameters,)
    """
    with explained_size(network):
        theta = memory.empty(network.layout.n_parameters, dtype)
    if weight_init in DATA_INITIALIZERS:
        X = data.X_of(data.sample()).astype(np.float64, copy=False)
        with np.errstate(over="ignore", invalid="ignore"):
            DATA_INITIALIZERS[weight_init](
                network.layout, theta, network.activations, rng, X
            )
        return theta
    how = weight_init, network.activations
    size = data.root_mean_square() if depends_on_inputs(*how) else 1.0
    initialize(network.layout, theta, *how, rng, size)
    return theta


def check_starts(estimator, inputs):
    """Whether there can be as many starts as are asked for; else an error."""
    if estimator.n_init == 1:
        return
    what = None
    if inputs.coef_init is not None or inputs.intercept_init is not None:
        what = "coef_init or intercept_init, which say where to start"
    elif getattr(estimator, "_skl_callbacks", None):
        what = "callbacks, which follow one training"
    if what:
        raise ValueError(f"n_init={estimator.n_init} can't be used with {what}.")


@dataclass
class Training:
    """Trainings of one network on the same rows, from one start or from several.

    Attributes
    ----------
    estimator : BaseBP
    transformer : object
        The targets'.
    network : Network
    data, held_out : Data
        What to train and to validate on; None for no validation.
    solver : Optimizer or Minimizer
    schedule : Schedule
    observer : object or None
        Follows the epochs.
    partial : bool
        Whether this is one of many short runs.
    """

    estimator: object
    transformer: object
    network: object
    data: object
    held_out: object
    solver: object
    schedule: object
    observer: object
    partial: bool

    def run(self, settings, theta, progress):
        """Train in place, with the parameters as they are in ``settings``."""
        scored = self.estimator, self.transformer, self.network, theta
        further = further_scores(*scored, self.data, self.held_out)
        validate = validation_function(*scored, self.held_out)
        with report_non_finite_data(X=self.data, X_val=self.held_out):
            return run(
                settings,
                self.solver,
                self.schedule,
                self.network,
                theta,
                progress,
                self.data,
                validate,
                max_iter=1 if self.partial else settings.max_iter,
                partial=self.partial,
                observer=self.observer,
                further=further,
            )

    def best(self, settings, theta, progress, draw):
        """Train from ``n_init`` starts.

        Parameters
        ----------
        settings : BaseBP
            The estimator's parameters as they are used.
        theta, progress
            The first start.
        draw : callable
            ``draw(rng)`` returns theta for another.

        Returns
        -------
        theta, progress, monitor
            Of the best training.
        losses : list of float
            Of every start: infinity where training diverged, NaN where no time was
            left.

        Raises
        ------
        DivergenceError
            If training has diverged from every start.
        """
        n_init = settings.n_init
        deadline = math.inf
        if settings.max_time is not None:
            deadline = time.perf_counter() + settings.max_time
        generators = progress.rng.spawn(n_init - 1)
        unused = copy.deepcopy((self.solver, self.schedule)) if n_init > 1 else None
        best, losses, error = None, [math.nan] * n_init, None
        for i in range(n_init):
            if i:
                progress = Progress(generators[i - 1])
                theta = draw(progress.rng)
                self.solver, self.schedule = copy.deepcopy(unused)
            try:
                monitor = self.run(_in_time(settings, deadline), theta, progress)
            except DivergenceError as caught:
                losses[i], error = math.inf, caught
                continue
            losses[i] = _kept_loss(monitor)
            if best is None or losses[i] < min(losses[:i]):
                best = theta, progress, monitor
            interrupted = monitor.stop_reason == "interrupted by user"
            if interrupted or time.perf_counter() >= deadline:
                break
        if best is None:
            raise error
        return *best, losses


def _in_time(settings, deadline):
    if deadline == math.inf or settings.n_init == 1:
        return settings
    rest = copy.copy(settings)
    rest.max_time = max(deadline - time.perf_counter(), 1e-9)
    return rest


def _kept_loss(monitor):
    """Validation loss of the weights that a run ends with, else their training loss."""
    if not monitor.n_iter:
        return monitor.loss
    best = monitor.best
    entry = monitor.entry(((best and best.epoch) or monitor.n_iter) - 1)
    validation = entry["validation_loss"]
    return float(entry["loss"] if math.isnan(validation) else validation)
