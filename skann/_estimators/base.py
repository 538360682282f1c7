"""What classifier and regressor share: parameters, the template of a fit, attributes.

The way through a fit: check parameters and data, encode the targets (the subclass's
part), lay out theta and fill it, hand everything to ``_training.run``, and set the
fitted attributes. All of that is done to a draft with a copy of theta (``drafts.py``),
so an error or an interrupt leaves the fitted model as it was.

What a later ``partial_fit`` or warm start needs is in ``_progress``: the random
generator always (or an int seed would repeat one permutation for ever), the optimiser's
state only where training is meant to go on, so that the pickle of a finished fit is no
larger than its parameters.
"""

from abc import ABCMeta, abstractmethod
from collections.abc import Sequence
from functools import partial as partial_function
from numbers import Real
from typing import Self

import numpy as np
from sklearn.utils import check_random_state

from .._bases import BaseEstimator, Tags
from .._decorators import fit_context
from .._network import memory
from .._network.network import Network
from .._training.data import Data
from .._training.dynamic_array import DynamicArray
from .._training.monitor import new_history
from .._training.progress import Progress
from .._typing import ArrayLike, Matrix
from .auto import (
    Cycle,
    auto_values,
    makes_trials,
    uses_one_cycle,
    warn_of_unused,
    with_sklearn_defaults,
)
from .callback_support import CallbackSupport, follower
from .column_scale import column_scale, vectors_of
from .convergence import warn_if_training_failed
from .drafts import fitted_at_once
from .exporting import Export
from .fit_inputs import FitInputs
from .hints import ExplainedParameters, known_arguments_only
from .notebook import Notebook
from .parameters import PARAMETER_CONSTRAINTS, solver_and_schedule
from .rows import validate_rows
from .starts import Training, check_starts, draw_weights, use_given_weights
from .trials import CycleSearch
from .untrained import Untrained
from .validation import (
    check_activations,
    check_sample_weight,
    check_targets,
    hidden_layers,
)
from .validation_data import train_and_validation_data


def _can_continue(optimizer, dtype, solver):
    """Whether an optimiser's state is of use to a solver that goes on from there."""
    return (
        optimizer is not None
        and optimizer.dtype == dtype
        and optimizer.same_settings(solver)
    )


def _apply(change, layout, theta, progress):
    """Carry what training goes on with over to new units, where there are any."""
    if change is not None:
        change.apply(layout, theta, progress)


class BaseBP(
    CallbackSupport,
    ExplainedParameters,
    Export,
    Untrained,
    Notebook,
    BaseEstimator,
    metaclass=ABCMeta,
):
    """Base of :class:`BPClassifier` and :class:`BPRegressor`."""

    n_iter_: int
    stop_reason_: str | None
    loss_: float | None
    best_iter_: int
    engine_: str | None
    start_losses_: list[float]
    best_validation_score_: float | None

    # Metadata routing: groups are nearly always those of cross-validation, which are
    # of no use to a fit that splits nothing. ``set_fit_request`` asks for them.
    # Validation data are of no use to anything else.
    __metadata_request__fit = {  # noqa: RUF012
        "groups": False,
        "X_val": True,
        "y_val": True,
        "sample_weight_val": True,
    }

    _parameter_constraints: dict = PARAMETER_CONSTRAINTS  # scikit-learn's convention

    @abstractmethod
    def _new_transformer(self, y, weight, classes):
        """The targets' transformer, at a first fit."""

    @abstractmethod
    def _encode(self, transformer, y, dtype):
        """``Targets`` for y, with the loss that the parameters ask for."""

    @known_arguments_only
    @fit_context(prefer_skip_nested_validation=True)
    def fit(
        self,
        X: Matrix,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        *,
        X_val: Matrix | None = None,
        y_val: ArrayLike | None = None,
        sample_weight_val: ArrayLike | None = None,
        groups: ArrayLike | None = None,
        coef_init: Sequence[ArrayLike] | None = None,
        intercept_init: Sequence[ArrayLike] | None = None,
    ) -> Self:
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
            ``transform_input=["X_val"]`` sends them through the steps before, after
            ``sklearn.set_config(enable_metadata_routing=True)``.
        y_val : array-like of shape (n_val,) or (n_val, n_outputs), default=None
            Targets of `X_val`.
        sample_weight_val : array-like of shape (n_val,), default=None
            Row weights of `X_val`.
        groups : array-like of shape (n_samples,), default=None
            Groups of rows, for a splitter given as `validation_fraction`, and for the
            trials of a cycle, which hold out whole groups. Where
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

        Examples
        --------
        >>> from skann import BPClassifier
        >>> from skann.datasets import make_xor
        >>> X, y = make_xor(200, noise=0.2, random_state=0)
        >>> BPClassifier(random_state=0).fit(X, y).stop_reason_
        'max_iter reached'
        """
        with fitted_at_once(self) as draft:
            resume = self.warm_start and hasattr(self, "_theta")
            inputs = FitInputs(
                sample_weight,
                X_val,
                y_val,
                sample_weight_val,
                coef_init,
                intercept_init,
                groups,
                estimator=self,
            )
            monitor, data = draft._train(X, y, inputs, resume)
            if not self.warm_start:
                draft._progress.forget()
        warn_if_training_failed(self, monitor, data)
        return self

    def _partial_fit(self, X, y, inputs):
        """What the subclasses' ``partial_fit`` do after their own checks."""
        # scikit-learn's decorator skips this for a model that is already fitted.
        self._validate_params()
        with fitted_at_once(self) as draft:
            draft._train(X, y, inputs, hasattr(self, "_theta"), partial=True)
        return self

    def _train(self, X, y, inputs, resume, partial=False):
        settings = with_sklearn_defaults(self)
        solver, schedule = solver_and_schedule(self, settings)
        as_given = X, y
        X, y = self._validate_pair(X, y, reset=not resume)
        weight = check_sample_weight(inputs.sample_weight, X)
        kept = self._theta.dtype if resume else X.dtype
        # SciPy's solvers compute in float64: see _training/fullbatch.py.
        dtype = kept if solver.uses_learning_rate else np.dtype(np.float64)
        transformer = self._transformer_for(y, weight, inputs, resume, partial)
        targets = self._encode(transformer, y, dtype)
        effective = self._effective_weight(weight, transformer, targets)
        given = Data(X, y, targets, effective).with_positive_weight()
        in_one_cycle = not partial and uses_one_cycle(self)
        scale = column_scale(self, given, resume, partial)
        data = scale.standardize(given)
        network = self._make_network(X, targets)
        draw = partial_function(draw_weights, self.weight_init, network, data, dtype)
        theta, progress = self._initial_state(network, data, dtype, solver, resume)
        progress.trainable = network.layout.mask(self.trainable)
        if resume:
            scale.to_standardized(network.layout, *vectors_of(theta, progress))
        else:
            check_starts(self, inputs)
        change = self._target_rescaling(transformer) if resume else None
        _apply(change, network.layout, theta, progress)
        use_given_weights(inputs, scale, network.layout, theta, progress, resume)
        about = self, data, inputs, transformer, scale, progress.rng, partial
        searches = in_one_cycle and not resume and makes_trials(self, data)
        data, held_out = train_and_validation_data(*about, searches)
        if change is not None:
            change.reevaluate_best(network, progress, held_out)
        alpha, search = None, {}
        if in_one_cycle:
            parts = Training(self, transformer, network, data, held_out)
            settings, alpha, search = self._cycle(parts, draw, progress, inputs, resume)
            solver, schedule = solver_and_schedule(self, settings)

        def publish(to, theta, progress, monitor):
            scale.to_given(network.layout, *vectors_of(theta, progress))
            theta = theta.astype(kept, copy=False)
            outcome = network, theta, progress, monitor
            to._set_fitted_attributes(transformer, *outcome, resume, partial)
            about = settings, data.n_rows, alpha, scale.changes
            to._column_scale, to.search_ = scale, search
            to.auto_params_ = auto_values(to, *about)

        rows = data.rows, *as_given, weight
        about = settings, rows, progress, publish, partial
        observer = follower(inputs.estimator, self, *about)
        parts = network, data, held_out, solver, schedule, observer, partial
        training = Training(self, transformer, *parts)
        if resume or partial:
            monitor = training.run(settings, theta, progress)
        else:
            *best, losses = training.best(settings, theta, progress, draw)
            (theta, progress, monitor), self.start_losses_ = best, losses
        publish(self, theta, progress, monitor)
        if observer is not None:
            observer.end()
        return monitor, given.using(data.rows)

    def _cycle(self, training, draw, progress, inputs, resume):
        """Settings of a cycle, its decay in multiples of the rule's, and the trials."""
        warn_of_unused(self)
        cycle = Cycle(self, training.network, training.data)
        if resume:
            return *cycle.again(), self.search_
        own_split = not isinstance(self.validation_fraction, Real)
        own_split = own_split or inputs.X_val is not None
        search = CycleSearch(
            cycle,
            training,
            draw,
            progress.trainable,
            inputs.groups,
            training.held_out if self.early_stopping and own_split else None,
        )
        return search.settings(progress.rng)

    def _transformer_for(self, y, weight, inputs, resume, partial):
        if resume:
            return self._known_transformer(y, weight, partial)
        return self._new_transformer(y, weight, inputs.classes)

    def _known_transformer(self, y, weight, partial):
        """The transformer to go on with, for a later call with these targets."""
        return self._transformer

    def _target_rescaling(self, transformer):
        """What the targets' new units do to the network; None if they are the same."""

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
    def _effective_weight(self, weight, transformer, targets):
        """Row weights with what the targets contribute to them."""

    def _check_targets(self, y, X):
        """Targets that belong to X, as an array."""
        return check_targets(y, X)

    def _make_network(self, X, targets):
        hidden = hidden_layers(self)
        return Network(
            (X.shape[1], *hidden, targets.n_outputs),
            check_activations(self.activation, len(hidden)),
            targets.loss,
            targets.tasks,
            targets.loss_options,
            self.skip_connection,
            self.normalization,
        )

    def _initial_state(self, network, data, dtype, solver, resume):
        """A copy of theta to train, and the progress so far."""
        if resume:
            if network != self._network:
                raise ValueError(
                    "Training can't go on: parameters or data ask for another network "
                    f"than the fitted one.\nfitted: {self._network}\nasked for: "
                    f"{network}\nSet the parameters back, or fit anew with "
                    "warm_start=False."
                )
            progress = self._progress.copy()
            if not _can_continue(progress.optimizer, dtype, solver):
                progress.optimizer = None
            return memory.copied(self._theta, dtype), progress
        seed = check_random_state(self.random_state).randint(
            2**32, size=4, dtype=np.uint32
        )
        progress = Progress(np.random.default_rng(seed))
        how = self.weight_init, network, data, dtype
        return draw_weights(*how, progress.rng), progress

    def _set_fitted_attributes(
        self, transformer, network, theta, progress, monitor, resume, partial
    ):
        self._transformer = transformer
        self._network, self._theta, self._progress = network, theta, progress
        if not resume:
            self._forget_record()
        self._history = monitor.appended_to(self._history)
        self._batch_losses = self._batch_losses.extended(monitor.batch_losses)
        self.n_iter_ = monitor.n_iter
        self.stop_reason_ = monitor.stop_reason
        if monitor.stop_reason is None and not partial:
            self.stop_reason_ = f"{monitor.limit[0]} reached"
        self.loss_ = monitor.loss
        self.engine_ = monitor.engine
        best = monitor.best
        kept_best = best is not None and best.epoch is not None
        self.best_iter_ = best.epoch if kept_best else progress.n_iter
        self.best_validation_score_ = best.score if kept_best else None

    def _forget_record(self):
        """Begin history and batch losses anew; what trains does not look at them."""
        self._history, self._batch_losses = new_history(), DynamicArray()

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags
