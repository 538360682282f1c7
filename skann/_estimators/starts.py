"""Where training starts: weights drawn for the data, and the best of several starts."""

import copy
import math
import time
from contextlib import nullcontext
from dataclasses import dataclass, replace
from warnings import warn

import numpy as np
from joblib import effective_n_jobs

from .._engine.one_thread import one_thread
from .._network import memory
from .._network.data_initializers import DATA_INITIALIZERS
from .._network.initializers import depends_on_inputs, initialize
from .._threads import in_threads
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


def use_given_weights(inputs, scale, layout, theta, progress, resume):
    """Write the weights that ``fit`` was given, where there are any, into theta.

    Parameters
    ----------
    inputs : FitInputs
    scale : ColumnScale
        Of theta; given weights are for the columns as they are.
    layout : Layout
    theta : ndarray of shape (n_parameters,)
    progress : Progress
    resume : bool
        Whether theta is trained, so that its biases belong to the given columns.
    """
    if inputs.coef_init is None and inputs.intercept_init is None:
        return
    drawn = [biases.copy() for biases in layout.biases(theta)]
    scale.to_given(layout, theta)
    if not resume:
        # Drawn biases belong to drawn weights, in any units.
        for biases, before in zip(layout.biases(theta), drawn, strict=True):
            biases[:] = before
    layout.fill(theta, inputs.coef_init, inputs.intercept_init)
    scale.to_standardized(layout, theta)
    progress.forget()


def check_starts(estimator, inputs):
    """Whether there can be as many starts as are asked for; else an error.

    And a warning of weights that ``initialize`` was given and a new fit drops.
    """
    if "_theta" in vars(estimator) and estimator._progress.given:
        warn(
            "fit starts anew, and drops the weights that initialize was given. Set "
            "warm_start=True to go on from them, or give them to fit as coef_init and "
            "intercept_init.",
            UserWarning,
            stacklevel=5,
        )
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
    solver: object = None
    schedule: object = None
    observer: object = None
    partial: bool = False

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
        if settings.n_init == 1:
            monitor = self.run(settings, theta, progress)
            return theta, progress, monitor, [_kept_loss(monitor)]
        start = self._starter(settings, theta, progress, draw)
        best, lowest, error = None, math.inf, None
        losses = [math.nan] * settings.n_init
        for i, found in enumerate(self._each(start, settings)):
            if found is None:
                continue
            if isinstance(found, DivergenceError):
                losses[i], error = math.inf, found
            else:
                losses[i] = _kept_loss(found[-1])
                if best is None or losses[i] < lowest:
                    best, lowest = found, losses[i]
            if settings.verbose:
                outcome = "diverged" if error is found else f"loss {losses[i]:.6g}"
                print(f"Start {i + 1} of {settings.n_init}: {outcome}")
            if error is not found and found[-1].stop_reason == "interrupted by user":
                break
        if best is None:
            raise error
        return *best, losses

    def _starter(self, settings, theta, progress, draw):
        """A function that trains from the start of a number, with given settings.

        It returns theta, progress and monitor; or the error for a divergence; or None
        where no time is left.
        """
        deadline = math.inf
        if settings.max_time is not None:
            deadline = time.perf_counter() + settings.max_time
        generators = progress.rng.spawn(settings.n_init - 1)
        unused = copy.deepcopy((self.solver, self.schedule))

        def start(i, settings):
            training, own, so_far = self, theta, progress
            if i:
                if time.perf_counter() >= deadline:
                    return None
                solver, schedule = copy.deepcopy(unused)
                training = replace(self, solver=solver, schedule=schedule)
                so_far = Progress(generators[i - 1], trainable=progress.trainable)
                own = draw(so_far.rng)
            try:
                monitor = training.run(_in_time(settings, deadline), own, so_far)
            except DivergenceError as error:
                return error
            return own, so_far, monitor

        return start

    def _each(self, start, settings):
        """What ``start(i, settings)`` returns for every start, in their order."""
        n_init, n_jobs = settings.n_init, effective_n_jobs(settings.n_jobs)
        if n_jobs == 1:
            yield from (start(i, settings) for i in range(n_init))
            return
        settings = copy.copy(settings)
        settings.verbose = False  # tables of several at once could not be told apart
        # SciPy's minimisers would go another way with another number of threads.
        limit = one_thread() if self.solver.uses_learning_rate else nullcontext()
        with limit:
            yield from in_threads(n_jobs, start, ((i, settings) for i in range(n_init)))


def _in_time(settings, deadline):
    if deadline == math.inf:
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
