"""What classifier and regressor share: parameters, the template of a fit, attributes.

The way through a fit: check parameters and data, encode the targets (the subclass's
part), lay out theta and fill it, hand everything to ``_training.run``, and publish the
fitted attributes. Training works on a copy of theta and nothing is published before it
has succeeded, so an error leaves the fitted model as it was; attributes that
scikit-learn's validation sets early are put back by ``unchanged_on_error``.

All parameters are stored in one array, ``_theta``. ``coefs_`` and ``intercepts_`` are
properties that make views of it, so they survive pickling and copying. What a later
``partial_fit`` or warm start needs is in ``_progress``: the random generator always
(or an int seed would repeat one permutation for ever), the optimiser's state only
where training is meant to go on, so that the pickle of a finished fit is no larger than
its parameters.
"""

from abc import ABCMeta, abstractmethod
from numbers import Integral, Real
from warnings import warn

import numpy as np
from sklearn.base import BaseEstimator, _fit_context
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval, Options, StrOptions
from sklearn.utils.validation import check_is_fitted, validate_data

from . import _memory
from ._activations import ACTIVATIONS
from ._fullbatch import Minimizer
from ._growing import GrowingArray
from ._initializers import INITIALIZERS, initialize
from ._network import Network, raw_outputs
from ._optimizers import Optimizer
from ._schedules import SCHEDULES
from ._solvers import SOLVERS, solver_for
from ._training import Data, Progress, run
from ._validation import (
    check_activations,
    check_hidden_layer_sizes,
    check_sample_weight,
    split_rows,
    unchanged_on_error,
)


def _solver_kind(estimator):
    given = estimator.solver
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
    if estimator.learning_rate == "one_cycle":
        raise AttributeError(
            "partial_fit can't be used with learning_rate='one_cycle', which needs to "
            "know how long training will go on."
        )
    if estimator.early_stopping:
        raise AttributeError(
            "partial_fit needs early_stopping=False: one pass over the rows that it is "
            "given leaves nothing to stop."
        )
    return True


class BaseBP(BaseEstimator, metaclass=ABCMeta):
    """Base of :class:`BPClassifier` and :class:`BPRegressor`."""

    _parameter_constraints: dict = {  # noqa: RUF012 (scikit-learn's convention)
        "hidden_layer_sizes": [
            "array-like",
            Interval(Integral, 1, None, closed="left"),
        ],
        "activation": [StrOptions(set(ACTIVATIONS)), list, tuple],
        "solver": [StrOptions(set(SOLVERS)), Optimizer, Minimizer],
        "alpha": [Interval(Real, 0, None, closed="left")],
        "batch_size": [
            StrOptions({"auto"}),
            Interval(Integral, 1, None, closed="left"),
        ],
        "learning_rate": [StrOptions(set(SCHEDULES))],
        "learning_rate_init": [Interval(Real, 0, None, closed="neither")],
        "power_t": [Interval(Real, 0, None, closed="left")],
        "max_iter": [Interval(Integral, 1, None, closed="left")],
        "shuffle": ["boolean"],
        "random_state": ["random_state"],
        "tol": [Interval(Real, 0, None, closed="left")],
        "verbose": ["verbose"],
        "warm_start": ["boolean"],
        "momentum": [Interval(Real, 0, 1, closed="both")],
        "nesterovs_momentum": ["boolean"],
        "early_stopping": ["boolean"],
        "validation_fraction": [Interval(Real, 0, 1, closed="neither")],
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
    def _encode(self, y, dtype, known):
        """Targets for ``y``; if ``known``, in the classes settled before."""

    @abstractmethod
    def _score_raw(self, raw, targets, rows, weight):
        """The validation score, from raw outputs of those rows."""

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y, sample_weight=None, *, coef_init=None, intercept_init=None):
        """Train the network.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Training data. float32 trains in float32, all else in float64. Sparse
            data is used as csr and never made dense as a whole.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Targets: class labels, an indicator matrix, or real values.
        sample_weight : array-like of shape (n_samples,), default=None
            Non-negative row weights; None weighs all rows alike. Only their ratios
            matter. Rows of weight zero are left out altogether.
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
            monitor = self._train(
                X, y, sample_weight, coef_init, intercept_init, going_on
            )
            if not self.warm_start:
                self._progress.forget()
        self._warn_unless_converged(monitor)
        return self

    def _fit_once(self, X, y, sample_weight, coef_init, intercept_init):
        """What the subclasses' ``partial_fit`` do after their own checks."""
        # scikit-learn's decorator skips this for a model that is already fitted.
        self._validate_params()
        going_on = hasattr(self, "_theta")
        self._train(
            X, y, sample_weight, coef_init, intercept_init, going_on, partial=True
        )
        return self

    def _train(
        self,
        X,
        y,
        sample_weight,
        coef_init,
        intercept_init,
        going_on,
        partial=False,
    ):
        solver = solver_for(self)
        if not solver.uses_learning_rate and self.learning_rate != "constant":
            raise ValueError(
                f"learning_rate={self.learning_rate!r} has no meaning for "
                f"solver={self.solver!r}, which searches its own step lengths; use "
                "'constant'."
            )
        X, y = validate_data(
            self,
            X,
            y,
            reset=not going_on,
            accept_sparse="csr",
            dtype=(np.float64, np.float32),
            order="C",
            multi_output=True,
            y_numeric=self.__sklearn_tags__().estimator_type == "regressor",
        )
        weight = check_sample_weight(sample_weight, X)
        kept = self._theta.dtype if going_on else X.dtype
        # SciPy's solvers compute in float64: see _fullbatch.py.
        dtype = kept if solver.uses_learning_rate else np.dtype(np.float64)
        targets = self._encode(y, dtype, known=going_on or partial)
        network = self._network_for(X, targets)
        theta, progress = self._starting_point(network, dtype, solver, going_on)
        if coef_init is not None or intercept_init is not None:
            network.layout.fill(theta, coef_init, intercept_init)
            progress.forget()
        data = Data(X, targets, weight, *self._divide(X, targets, weight, progress.rng))
        monitor = run(
            self,
            solver,
            network,
            theta,
            progress,
            data,
            max_iter=1 if partial else self.max_iter,
            partial=partial,
            score=lambda raw, rows: self._score_raw(
                raw, targets, rows, None if weight is None else weight[rows]
            ),
        )
        self._publish(
            network, theta.astype(kept, copy=False), progress, monitor, going_on
        )
        return monitor

    def _network_for(self, X, targets):
        hidden = check_hidden_layer_sizes(self.hidden_layer_sizes)
        activations = check_activations(self.activation, len(hidden))
        return Network(
            (X.shape[1], *hidden, targets.n_outputs), activations, targets.loss
        )

    def _starting_point(self, network, dtype, solver, going_on):
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
            return _memory.copied(self._theta, dtype), progress
        seed = check_random_state(self.random_state).randint(
            2**32, size=4, dtype=np.uint32
        )
        progress = Progress(np.random.default_rng(seed))
        theta = _memory.empty(network.layout.n_parameters, dtype)
        initialize(
            network.layout, theta, self.weight_init, network.activations, progress.rng
        )
        return theta, progress

    def _divide(self, X, targets, weight, rng):
        """Rows to train on (None for all) and to validate on (None for none)."""
        rows = None if weight is None or weight.all() else np.flatnonzero(weight)
        if not self.early_stopping:
            return rows, None
        if rows is None:
            rows = np.arange(X.shape[0])
        return split_rows(rows, targets.labels, self.validation_fraction, rng)

    def _publish(self, network, theta, progress, monitor, going_on):
        self._network, self._theta, self._progress = network, theta, progress
        if not going_on:
            self.loss_curve_ = []
            self._batch_losses = GrowingArray()
            self.validation_loss_curve_ = self.validation_scores_ = None
        self.loss_curve_ += monitor.losses
        self._batch_losses.extend(monitor.batch_losses)
        self.n_iter_, self.t_ = progress.n_iter, progress.n_seen
        self.n_layers_ = len(network.layer_sizes)
        self.n_outputs_ = network.layer_sizes[-1]
        self.out_activation_ = network.loss_function.out_activation
        self.stop_reason_ = monitor.stop_reason or f"{monitor.limit} reached"
        self.loss_ = monitor.loss
        self.best_loss_ = min(self.loss_curve_, default=monitor.loss)
        if monitor.validation_losses:
            self.validation_loss_curve_ = (
                self.validation_loss_curve_ or []
            ) + monitor.validation_losses
            self.validation_scores_ = (
                self.validation_scores_ or []
            ) + monitor.validation_scores
            best = monitor.validation_scores[monitor.best_epoch]
            self.best_validation_score_ = best
        else:
            self.best_validation_score_ = None

    def _warn_unless_converged(self, monitor):
        # A budget of epochs too short to judge convergence by is taken as meant, and
        # so is a schedule that is made for it.
        judged = len(monitor.losses) > self.n_iter_no_change
        planned = SCHEDULES[self.learning_rate].runs_to_the_end
        faster = (
            " or learning_rate_init" if _solver_kind(self).uses_learning_rate else ""
        )
        if monitor.stop_reason is None and judged and not planned:
            warn(
                f"Training stopped at {monitor.limit}={getattr(self, monitor.limit)} "
                f"while the loss was still falling. Raise {monitor.limit}"
                f"{faster}.",
                ConvergenceWarning,
                stacklevel=3,
            )

    def _raw(self, X):
        """Raw outputs for user data, shape (n_samples, n_outputs)."""
        if "_theta" not in vars(self):
            check_is_fitted(self)
        if self._is_plain(X):
            raw = raw_outputs(self._network, self._theta, X, check_finite=True)
            if raw is not None:
                return self._checked(raw)
        X = validate_data(
            self, X, reset=False, accept_sparse="csr", dtype=(np.float64, np.float32)
        )
        return self._checked(raw_outputs(self._network, self._theta, X))

    def _checked(self, raw):
        if not np.isfinite(raw).all():
            raise ValueError(
                f"X has values so large that outputs overflow {raw.dtype}; scale it as "
                "the training data was."
            )
        return raw

    def _is_plain(self, X):
        # What needs no conversion skips scikit-learn's validation, several times as
        # slow as predicting one row; what it would refuse or warn of goes to it.
        return (
            type(X) is np.ndarray
            and X.ndim == 2
            and X.dtype in (np.float32, np.float64)
            and X.flags.c_contiguous
            and X.shape[0] > 0
            and X.shape[1] == self.n_features_in_
            and not hasattr(self, "feature_names_in_")
        )

    def _views(self, kind, name):
        if "_theta" not in vars(self):
            raise AttributeError(
                f"{type(self).__name__!r} object has no attribute {name!r}: it is not "
                "fitted yet."
            )
        return getattr(self._network.layout, kind)(self._theta)

    @property
    def coefs_(self):
        """Weights, a list of arrays of shape (n_in, n_out), one a layer."""
        return self._views("weights", "coefs_")

    @coefs_.setter
    def coefs_(self, coefs):
        self._views("weights", "coefs_")
        self._network.layout.fill(self._theta, coefs, None, ("coefs_", ""))

    @property
    def intercepts_(self):
        """Biases, a list of arrays of shape (n_out,), one a layer."""
        return self._views("biases", "intercepts_")

    @intercepts_.setter
    def intercepts_(self, intercepts):
        self._views("biases", "intercepts_")
        self._network.layout.fill(self._theta, None, intercepts, ("", "intercepts_"))

    @property
    def batch_loss_curve_(self):
        """Loss of every mini-batch before its update, over the life of the model."""
        if "_batch_losses" not in vars(self):
            raise AttributeError(
                f"{type(self).__name__!r} object has no attribute "
                "'batch_loss_curve_': it is not fitted yet."
            )
        return self._batch_losses.values

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags
