"""What classifier and regressor share: parameters, the template of a fit, attributes.

The way through a fit: check parameters and data, encode the targets (the subclass's
part), lay out theta and fill it, hand everything to ``_training.run``, and publish the
fitted attributes. Training works on a copy of theta and nothing is published before it
has succeeded, so an error leaves the fitted model as it was; attributes that
scikit-learn's validation sets early are put back by ``unchanged_on_error``.

What a later
``partial_fit`` or warm start needs is in ``_progress``: the random generator always
(or an int seed would repeat one permutation for ever), the optimiser's state only
where training is meant to go on, so that the pickle of a finished fit is no larger than
its parameters.
"""

import copy
from abc import ABCMeta, abstractmethod
from dataclasses import dataclass
from numbers import Integral, Real
from warnings import warn

import numpy as np
from sklearn.base import BaseEstimator, _fit_context
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import check_scoring, get_scorer_names
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import HasMethods, Interval, Options, StrOptions

from .._network import memory
from .._network.activations import ACTIVATIONS
from .._network.initializers import INITIALIZERS, initialize, suits_inputs
from .._network.network import Network
from .._optimize.minimizers import Minimizer
from .._optimize.optimizer import Optimizer
from .._optimize.schedule_base import Schedule
from .._optimize.schedule_kinds import Constant
from .._optimize.schedules import SCHEDULES, needs_length, schedule_for
from .._optimize.solvers import SOLVERS, solver_for
from .._training.data import Data
from .._training.growing import GrowingArray
from .._training.monitor import new_history
from .._training.run import Progress, run, validator
from .auto import as_in_sklearn, chosen, cycle, suits_cycle
from .fitted import FittedNetwork
from .rows import validate_rows
from .scoring import scored_by
from .validation import (
    blaming_data_that_are_not_finite,
    check_activations,
    check_sample_weight,
    check_targets,
    check_validation_arguments,
    hidden_layers,
    named_in_errors,
    split_by,
    split_rows,
    unchanged_on_error,
)


def _solver_kind(estimator):
    given = as_in_sklearn(estimator).solver
    return SOLVERS.get(given, Optimizer) if isinstance(given, str) else given


def _goes_on(optimizer, dtype, solver):
    return (
        optimizer is not None
        and optimizer.dtype == dtype
        and optimizer.same_settings(solver)
    )


def trains_in_passes(estimator):
    """Whether ``partial_fit`` makes sense with the parameters; else an error."""
    if _solver_kind(estimator).full_batch:
        raise AttributeError(
            "partial_fit needs a solver of mini-batches, such as 'sgd' or 'adam'; got "
            f"solver={estimator.solver!r}."
        )
    if needs_length(estimator.learning_rate):
        raise AttributeError(
            "partial_fit can't be used with learning_rate="
            f"{estimator.learning_rate!r}, which needs to know how long training will "
            "go on."
        )
    return True


@dataclass
class Given:
    """What ``fit`` and ``partial_fit`` are given besides X and y."""

    sample_weight: object = None
    X_val: object = None
    y_val: object = None
    sample_weight_val: object = None
    coef_init: object = None
    intercept_init: object = None
    groups: object = None
    classes: object = None


# A loss that falls by more than this in the last epochs would have gone on falling.
_STILL_FALLING = 0.2


class BaseBP(FittedNetwork, BaseEstimator, metaclass=ABCMeta):
    """Base of :class:`BPClassifier` and :class:`BPRegressor`."""

    # Metadata routing: groups are nearly always those of cross-validation, which are
    # of no use to a fit that splits nothing. ``set_fit_request`` asks for them.
    __metadata_request__fit = {"groups": False}  # noqa: RUF012

    _parameter_constraints: dict = {  # noqa: RUF012 (scikit-learn's convention)
        "hidden_layer_sizes": [
            "array-like",
            Interval(Integral, 1, None, closed="left"),
        ],
        "activation": [StrOptions(set(ACTIVATIONS)), list, tuple],
        "solver": [StrOptions({"auto", *SOLVERS}), Optimizer, Minimizer],
        "alpha": [StrOptions({"auto"}), Interval(Real, 0, None, closed="left")],
        "batch_size": [
            StrOptions({"auto"}),
            Interval(Integral, 1, None, closed="left"),
        ],
        "learning_rate": [StrOptions({"auto", *SCHEDULES}), Schedule, callable],
        "learning_rate_init": [
            StrOptions({"auto"}),
            Interval(Real, 0, None, closed="neither"),
        ],
        "power_t": [Interval(Real, 0, None, closed="left")],
        "max_iter": [StrOptions({"auto"}), Interval(Integral, 1, None, closed="left")],
        "shuffle": ["boolean"],
        "random_state": ["random_state"],
        "tol": [Interval(Real, 0, None, closed="left")],
        "verbose": ["verbose"],
        "warm_start": ["boolean"],
        "momentum": [Interval(Real, 0, 1, closed="both")],
        "nesterovs_momentum": ["boolean"],
        "early_stopping": ["boolean"],
        "validation_fraction": [
            Interval(Real, 0, 1, closed="neither"),
            HasMethods(["split", "get_n_splits"]),
        ],
        "scoring": [StrOptions({"loss", *get_scorer_names()}), callable],
        "max_time": [Interval(Real, 0, None, closed="neither"), None],
        "target_loss": [Real, None],
        "n_hidden_layers": [Interval(Integral, 0, None, closed="left"), None],
        "n_hidden_units": [Interval(Integral, 1, None, closed="left"), None],
        "beta_1": [Interval(Real, 0, 1, closed="left")],
        "beta_2": [Interval(Real, 0, 1, closed="left")],
        "epsilon": [Interval(Real, 0, None, closed="neither")],
        "n_iter_no_change": [
            Interval(Integral, 1, None, closed="left"),
            Options(Real, {np.inf}),
        ],
        "max_fun": [Interval(Integral, 1, None, closed="left")],
        "weight_init": [StrOptions({"auto", *INITIALIZERS})],
    }

    @abstractmethod
    def _new_codec(self, y, weight, classes):
        """The codec of a first fit; see ``codecs.py`` and ``real_codec.py``."""

    @abstractmethod
    def _loss_name(self):
        """The loss that the codec is to encode for."""

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(
        self,
        X,
        y,
        sample_weight=None,
        *,
        X_val=None,
        y_val=None,
        sample_weight_val=None,
        groups=None,
        coef_init=None,
        intercept_init=None,
    ):
        """Train the network.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Training data. float32 trains in float32, all else in float64. Sparse
            data is used as csr and never made dense as a whole.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Targets: class labels, an indicator matrix, several columns of classes, or
            real values.
        sample_weight : array-like of shape (n_samples,), default=None
            Non-negative row weights; None weighs all rows alike. Only their ratios
            matter. Rows of weight zero are left out altogether.
        X_val : {array-like, sparse matrix} of shape (n_val, n_features), default=None
            Validation data. With ``early_stopping=True`` they take the place of a
            part of the training data; without, they are only watched: their loss and
            score are in `history_`. Inside a ``Pipeline``, its
            ``transform_input=["X_val"]`` sends them through the steps before.
        y_val : array-like of shape (n_val,) or (n_val, n_outputs), default=None
            Targets of `X_val`.
        sample_weight_val : array-like of shape (n_val,), default=None
            Row weights of `X_val`.
        groups : array-like of shape (n_samples,), default=None
            Groups of rows, for a splitter given as `validation_fraction`. Where
            metadata is routed they come here after ``set_fit_request(groups=True)``
            only; the groups of a cross-validation are not meant for `fit`.
        coef_init : list of array-like of shape (n_in, n_out), default=None
            Starting weights, one array a layer, instead of drawn ones.
        intercept_init : list of array-like of shape (n_out,), default=None
            Starting biases, one array a layer, instead of zeros.

        Returns
        -------
        self : object
            The fitted estimator.

        Raises
        ------
        ValueError
            If a parameter or the data are not valid, or training diverges. The
            estimator is then left as it was.
        """
        with unchanged_on_error(self):
            going_on = self.warm_start and hasattr(self, "_theta")
            given = Given(
                sample_weight,
                X_val,
                y_val,
                sample_weight_val,
                coef_init,
                intercept_init,
                groups,
            )
            monitor = self._train(X, y, given, going_on)
            if not self.warm_start:
                self._progress.forget()
        self._warn_unless_converged(monitor)
        return self

    def _fit_once(self, X, y, given):
        """What the subclasses' ``partial_fit`` do after their own checks."""
        # scikit-learn's decorator skips this for a model that is already fitted.
        self._validate_params()
        self._train(X, y, given, hasattr(self, "_theta"), partial=True)
        return self

    def _train(self, X, y, given, going_on, partial=False):
        settings = as_in_sklearn(self)
        solver, schedule = self._ways(settings)
        X, y = self._validate_pair(X, y, reset=not going_on)
        weight = check_sample_weight(given.sample_weight, X)
        kept = self._theta.dtype if going_on else X.dtype
        # SciPy's solvers compute in float64: see _training/fullbatch.py.
        dtype = kept if solver.uses_learning_rate else np.dtype(np.float64)
        if going_on:
            codec = self._known_codec(y, weight, partial)
        else:
            codec = self._new_codec(y, weight, given.classes)
        targets = codec.encode(y, self._loss_name(), dtype)
        data = Data(X, y, targets, self._weigh(weight, codec, targets))
        network = self._network_for(X, targets)
        theta, progress = self._starting_point(network, data, dtype, solver, going_on)
        change = self._change_of_units(codec) if going_on else None
        if change is not None:
            change.apply(network.layout, theta, progress)
        if given.coef_init is not None or given.intercept_init is not None:
            network.layout.fill(theta, given.coef_init, given.intercept_init)
            progress.forget()
        data, held_out = self._divide(data, given, codec, progress.rng, partial)
        if change is not None:
            change.value_best_anew(network, progress, held_out)
        validate = None
        if held_out is not None:
            score = self._score_function(codec, network, theta, held_out)
            validate = validator(network, theta, held_out, score)
        if not (partial or going_on) and suits_cycle(self, data):
            settings = cycle(self, data, network)
            solver, schedule = self._ways(settings)
        with blaming_data_that_are_not_finite(X=data, X_val=held_out):
            monitor = run(
                settings,
                solver,
                schedule,
                network,
                theta,
                progress,
                data,
                validate,
                max_iter=1 if partial else settings.max_iter,
                partial=partial,
            )
        theta = theta.astype(kept, copy=False)
        self._publish(codec, network, theta, progress, monitor, going_on, partial)
        self.auto_params_ = chosen(self, settings, data.n_rows)
        return monitor

    def _ways(self, settings):
        """Solver and schedule; a constant rate for a solver that follows none."""
        solver, schedule = solver_for(settings), schedule_for(settings)
        plain = isinstance(schedule, Constant) and not schedule.needs_length
        if solver.follows_schedule or plain:
            return solver, schedule
        # No error: a grid over solvers and schedules has such a corner.
        warn(
            f"learning_rate={self.learning_rate!r} is not used by "
            f"solver={self.solver!r}, which finds its own step lengths.",
            stacklevel=5,
        )
        settings = copy.copy(settings)
        settings.learning_rate = "constant"
        return solver, schedule_for(as_in_sklearn(settings))

    def _known_codec(self, y, weight, partial):
        """The codec to go on with, for a later call with these targets."""
        return self._codec

    def _change_of_units(self, codec):
        """From the fitted codec's units to this one's; None if they are the same."""

    def _validate_pair(self, X, y, reset):
        return validate_rows(
            self,
            X,
            y=y,
            reset=reset,
            order="C",
            multi_output=True,
            y_numeric=self.__sklearn_tags__().estimator_type == "regressor",
        )

    @abstractmethod
    def _weigh(self, weight, codec, targets):
        """Row weights with what the targets contribute to them."""

    def _check_targets(self, y, X):
        """Targets that belong to X, as an array."""
        return check_targets(y, X)

    def _network_for(self, X, targets):
        hidden = hidden_layers(self)
        return Network(
            (X.shape[1], *hidden, targets.n_outputs),
            check_activations(self.activation, len(hidden)),
            targets.loss,
            targets.tasks,
        )

    def _starting_point(self, network, data, dtype, solver, going_on):
        """A theta to train that is nobody else's, and the progress so far."""
        if going_on:
            if network != self._network:
                raise ValueError(
                    "Training can't go on: parameters or data ask for another network "
                    f"than the fitted one.\nfitted: {self._network}\nasked for: "
                    f"{network}\nSet the parameters back, or fit anew with "
                    "warm_start=False."
                )
            progress = self._progress.copy()
            if not _goes_on(progress.optimizer, dtype, solver):
                progress.optimizer = None
            return memory.copied(self._theta, dtype), progress
        seed = check_random_state(self.random_state).randint(
            2**32, size=4, dtype=np.uint32
        )
        progress = Progress(np.random.default_rng(seed))
        theta = memory.empty(network.layout.n_parameters, dtype)
        how = self.weight_init, network.activations
        size = data.root_mean_square() if suits_inputs(*how) else 1.0
        initialize(network.layout, theta, *how, progress.rng, size)
        return theta, progress

    def _divide(self, data, given, codec, rng, partial):
        """The rows to train on, and what to validate on or None."""
        check_validation_arguments(self, given, partial)
        usable = data.weighing_something()
        if given.X_val is not None:
            return usable, self._own_validation_data(given, codec, data)
        if partial or not self.early_stopping:
            return usable, None
        rows = usable.row_numbers
        if isinstance(self.validation_fraction, Real):
            labels = data.targets.labels
            train, held_out = split_rows(rows, labels, self.validation_fraction, rng)
        else:
            train, held_out = split_by(
                self.validation_fraction, data.X, data.y, given.groups, rows
            )
        return data.using(train), data.using(held_out)

    def _own_validation_data(self, given, codec, data):
        with named_in_errors("X_val"):
            X = validate_rows(self, given.X_val, reset=False)
        with named_in_errors("y_val"):
            y = self._check_targets(given.y_val, X)
            dtype = data.targets.y.dtype if data.targets.y.ndim == 2 else data.X.dtype
            targets = codec.encode(y, self._loss_name(), dtype)
        with named_in_errors("sample_weight_val"):
            weight = check_sample_weight(given.sample_weight_val, X)
        with named_in_errors("y_val"):
            weight = self._weigh(weight, codec, targets)
        return Data(X, y, targets, weight)

    def _score_function(self, codec, network, theta, held_out):
        """``score(raw)`` on the validation data, while ``theta`` changes."""
        if self.scoring == "loss":
            return lambda raw: codec.score(raw, held_out)
        if held_out.n_rows < codec.least_to_score:
            raise ValueError(
                f"scoring={self.scoring!r} needs at least {codec.least_to_score} rows "
                f"to validate on; got {held_out.n_rows}. Raise validation_fraction."
            )
        scorer = check_scoring(self, scoring=self.scoring)
        # What a scorer wants is a fitted estimator: one that shares theta.
        view = copy.copy(self)
        vars(view).pop("feature_names_in_", None)
        view._network, view._theta = network, theta
        view._codec = codec
        return scored_by(scorer, self.scoring, view, codec, held_out)

    def _publish(self, codec, network, theta, progress, monitor, going_on, partial):
        self._codec = codec
        self._network, self._theta, self._progress = network, theta, progress
        if not going_on:
            self._history = new_history()
            self._batch_losses = GrowingArray()
        monitor.write_to(self._history)
        self._batch_losses.extend(monitor.batch_losses)
        self.n_iter_ = monitor.n_iter
        self.stop_reason_ = monitor.stop_reason
        if monitor.stop_reason is None and not partial:
            self.stop_reason_ = f"{monitor.limit[0]} reached"
        self.loss_ = monitor.loss
        best = monitor.best
        kept_best = best is not None and best.epoch is not None
        self.best_iter_ = best.epoch if kept_best else progress.n_iter
        self.best_validation_score_ = best.score if kept_best else None

    def _warn_unless_converged(self, monitor):
        if monitor.stop_reason is not None or monitor.planned:
            return
        steps = _solver_kind(self).uses_learning_rate
        fall = monitor.fall(self.n_iter_no_change)
        if fall > _STILL_FALLING or not steps:
            limit, value = monitor.limit
            last = f": by {fall:.0%} in the last {self.n_iter_no_change} iterations"
            faster = " or the learning rate (learning_rate_init)"
            warn(
                f"Training stopped at {limit}={value} while the loss was still "
                f"falling{last if steps else ''}. Raise {limit}"
                f"{faster if steps else ''}.",
                ConvergenceWarning,
                stacklevel=3,
            )

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags
