"""A fit on a cluster, from collections to the fitted attributes of an estimator.

The way through is that of ``_estimators/base.py``, step by step and with its parts.
What is different is that rows are in shards on workers; the client has a sample of
them, in which the rules for parameters that are "auto" find all that they look at on
one machine.
"""

from numbers import Real

import numpy as np

from .._estimators.auto import (
    Cycle,
    auto_values,
    is_perceptron,
    uses_one_cycle,
    with_sklearn_defaults,
)
from .._estimators.callback_support import follower
from .._estimators.column_scale import ColumnScale, merged_scaler, unfit_columns
from .._estimators.parameters import solver_and_schedule
from .._estimators.validation import prefix_errors
from .._training.run import run
from . import _partitions as rows
from . import _tasks as tasks
from ._engine import Engine
from ._source import SampledData, sampled
from ._targets import transformer_of_all, with_balanced_weights
from ._validation import Validation, further_scores

# Parameters that targets and weights are made by: what tasks need of an estimator.
_OF_TARGETS = (
    "loss",
    "label_smoothing",
    "class_weight",
    "quantile",
    "huber_delta",
    "normalize_y",
    "missing_targets",
)


class Fit:
    """One fit of an estimator on the rows of a cluster.

    Parameters
    ----------
    estimator : BaseBP
        Has the parameters, and gets the attributes at the end.
    kind : type
        Its class on one machine, as workers know it.
    source : Source
    validation : Source or None
    rounds : RoundSettings
    """

    def __init__(self, estimator, kind, source, validation, rounds):
        self._estimator, self._source = estimator, source
        self._validation, self._rounds = validation, rounds
        given = estimator.get_params(deep=False)
        self._for_tasks = kind(**{n: given[n] for n in _OF_TARGETS if n in given})

    def run(self):
        """Train.

        Returns
        -------
        monitor : Monitor
        data : SampledData
            Stands for what was trained on.
        """
        estimator = self._estimator
        _check(estimator)
        settings = with_sklearn_defaults(estimator)
        solver, schedule = solver_and_schedule(estimator, settings)
        shards, validation, transformer, dtypes = self._shards(solver)
        targets = shards.measure()
        data = sampled(shards, estimator.n_features_in_)
        scale = column_scale(estimator, shards, data)
        if scale.changes:
            shards = shards.map(rows.standardized, scale)
            data = SampledData(scale.standardize(data), shards.n_rows)
        network = estimator._make_network(data.X, targets)
        theta, progress = estimator._initial_state(
            network, data, dtypes[1], solver, False
        )
        shards, validation = self._split(shards, validation, progress.rng)
        data = SampledData(data, shards.n_rows)
        if validation is not None:
            with prefix_errors("X_val, y_val"):
                validation.measure()
            validation = validation.map(rows.standardized, scale)
        about = estimator, transformer, network, theta
        training = Validation(shards, *about)
        validation = None if validation is None else Validation(validation, *about)
        alpha = None
        if uses_one_cycle(estimator):
            settings, alpha = Cycle(estimator, network, data).by_rule()
            solver, schedule = solver_and_schedule(estimator, settings)

        def publish(to, theta, progress, monitor):
            scale.to_given(network.layout, theta)
            to._column_scale = scale
            theta = theta.astype(dtypes[0], copy=False)
            outcome = network, theta, progress, monitor
            to._set_fitted_attributes(transformer, *outcome, False, False)
            about = settings, data.n_rows, alpha, scale.changes
            to.auto_params_, to.search_ = auto_values(to, *about), {}

        source = self._source
        given = None, source.X, source.y, source.sample_weight
        about = settings, given, progress, publish
        observer = follower(estimator, estimator, *about, False)
        monitor = run(
            settings,
            solver,
            schedule,
            network,
            theta,
            progress,
            data,
            None if validation is None else validation.loss_and_score,
            max_iter=settings.max_iter,
            observer=observer,
            further=further_scores(estimator, training, validation),
            engine=Engine(shards, progress, self._rounds),
        )
        publish(estimator, theta, progress, monitor)
        if observer is not None:
            observer.end()
        return monitor, data

    def _shards(self, solver):
        """Shards to train on and to validate on (or None), with what is known of them.

        Returns
        -------
        shards : Shards
        validation : Shards or None
        transformer : LabelTransformer or another of the targets' transformers
        dtypes : tuple of dtype
            Of X, and of what is computed.
        """
        source, for_tasks = self._source, self._for_tasks
        parts = source.checked(for_tasks)
        found = source.describe(for_tasks, *parts)
        self._set_features(found)
        kept = np.result_type(*(each.dtype for each in found))
        # SciPy's solvers compute in float64: see _training/fullbatch.py.
        dtype = kept if solver.uses_learning_rate else np.dtype(np.float64)
        transformer = transformer_of_all(self._estimator, found)
        made = transformer, (kept, dtype)
        for_tasks = with_balanced_weights(
            for_tasks, transformer, lambda plain: source.shards(plain, *made, *parts)
        )
        shards = source.shards(for_tasks, *made, *parts)
        validation = None
        if self._validation is not None:
            with prefix_errors("X_val, y_val"):
                parts = self._validation.checked(for_tasks)
                found = self._validation.describe(for_tasks, *parts)
                _check_same_features(self._estimator, found)
            validation = self._validation.shards(for_tasks, *made, *parts)
        return shards, validation, *made

    def _set_features(self, found):
        first = found[0]
        for other in found[1:]:
            if other.n_features != first.n_features or other.is_flat != first.is_flat:
                raise ValueError(
                    "X and y must have as many columns in every partition; some of X "
                    f"have {first.n_features} and {other.n_features}."
                )
        estimator = self._estimator
        estimator.n_features_in_ = first.n_features
        vars(estimator).pop("feature_names_in_", None)
        if first.names is not None:
            estimator.feature_names_in_ = first.names

    def _split(self, shards, validation, rng):
        """Shards to train on, and to validate on or None."""
        estimator = self._estimator
        if validation is not None or not estimator.early_stopping:
            return shards, validation
        fraction = estimator.validation_fraction
        own = [(int(rng.integers(2**31)),) for _ in range(len(shards))]
        shards, validation = shards.map(rows.held_out, fraction, own=own).parts(2)
        shards.measure()
        return shards, validation


# What one machine alone can do, and what leaves it out.
_OF_ONE_MACHINE = {
    "n_init": 1,
    "average": None,
    "divergence_retries": 0,
    "gradient_norms": False,
    "normalization": None,
    "trainable": None,
}
_LOOK_AT_DATA = ("lsuv", "nguyen_widrow")
_GAUSS_NEWTON = ("lm", "br")


def _check(estimator):
    """Whether the parameters make sense where rows are in several places."""
    for name, default in _OF_ONE_MACHINE.items():
        if getattr(estimator, name) != default:
            raise ValueError(
                f"{name}={getattr(estimator, name)!r} can't be used on a cluster; "
                f"leave {name}={default!r}, or train on one machine."
            )
    if estimator.weight_init in _LOOK_AT_DATA:
        raise ValueError(
            f"weight_init={estimator.weight_init!r} looks at all rows, which are in "
            "several places; choose another one."
        )
    solver = estimator.solver
    if solver in _GAUSS_NEWTON or getattr(solver, "uses_gauss_newton", False):
        raise ValueError(
            f"solver={solver!r} needs the derivatives of all rows in one place; choose "
            "another one, such as 'lbfgs'."
        )
    if estimator.warm_start:
        raise ValueError(
            "warm_start=True can't be used on a cluster: skann.callbacks.Checkpoint "
            "goes on with a fit that was interrupted."
        )
    fraction = estimator.validation_fraction
    if estimator.early_stopping and not isinstance(fraction, Real):
        raise ValueError(
            f"validation_fraction={fraction!r} can't split rows that are in several "
            "places; give a fraction, or X_val and y_val."
        )


def _check_same_features(estimator, found):
    names = getattr(estimator, "feature_names_in_", None)
    for each in found:
        if each.n_features != estimator.n_features_in_:
            raise ValueError(
                f"X has {each.n_features} features, and {estimator.n_features_in_} "
                "are trained on."
            )
        known = names is not None and each.names is not None
        if known and names.tolist() != each.names.tolist():
            raise ValueError("the names of the features are not those of X.")


def column_scale(estimator, shards, data):
    """The scale of the columns over all rows, where one is needed."""
    always = estimator.standardize is True
    if not always:
        wanted = estimator.standardize == "auto" and not is_perceptron(estimator)
        if not (wanted and len(unfit_columns(data))):
            return ColumnScale()
    if len(shards) == 1:
        return shards.each(tasks.column_scale, always=always)[0]
    parts = shards.each(tasks.column_statistics)
    return ColumnScale(merged_scaler(parts), sum(weight for weight, _ in parts))
