"""What both estimators of tables share: encode, train a network on each fold, average.

The way through a fit: the vectorizer makes one matrix of the table; each fold gives one
network of each kind, which is validated on that fold and trained on the rest; the kinds
are weighed by what they predict for rows that they have not trained on. All networks
read the same matrix, on threads, and each has a seed of its own, so that the result is
the same for every ``n_jobs`` and memory does not grow with the number of folds.
"""

from abc import ABCMeta, abstractmethod
from contextlib import nullcontext
from numbers import Integral
from time import perf_counter
from typing import Any, ClassVar, Self
from warnings import warn

import numpy as np
from joblib import effective_n_jobs
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import HasMethods, Interval, StrOptions
from sklearn.utils.validation import check_is_fitted

from .._bases import BaseEstimator
from .._decorators import fit_context
from .._engine.one_thread import one_thread
from .._estimators.drafts import fitted_at_once
from .._estimators.hints import known_arguments_only
from .._estimators.parameter_names import ExplainedNames
from .._estimators.validation import check_sample_weight
from .._threads import in_threads
from .._training.membership import Ensemble, member_of
from .._typing import Array, ArrayLike, Matrix
from . import recipe
from .blend import blend_weights, mean
from .encoding import AUTO, PASSTHROUGH, EncodesTables
from .folds import SingleSplit, splits
from .hints import ELSEWHERE
from .matrices import first_columns
from .report import network_line, table_line
from .saving import SaveTables
from .signal import no_better, no_signal, of_members


class BaseTabular(
    EncodesTables, SaveTables, ExplainedNames, BaseEstimator, metaclass=ABCMeta
):
    """Base of :class:`TabularClassifier` and :class:`TabularRegressor`."""

    # The groups of a cross-validation are not sent to fit unless it asks for them.
    __metadata_request__fit = {"groups": False}  # noqa: RUF012

    _parameter_constraints: dict = {  # noqa: RUF012 (scikit-learn's convention)
        "vectorizer": [
            StrOptions({AUTO, PASSTHROUGH}),
            HasMethods(["fit_transform", "transform"]),
        ],
        "cv": [
            StrOptions({AUTO}),
            Interval(Integral, 2, None, closed="left"),
            HasMethods(["split", "get_n_splits"]),
            "array-like",
        ],
        "n_jobs": [Integral, None],
        "random_state": ["random_state"],
        "verbose": ["verbose"],
    }

    _Network = None
    _elsewhere = ELSEWHERE
    _parts: ClassVar = {"vectorizer": "TableEncoder()"}

    estimators_: list[Any]
    estimator_weights_: Array
    vectorizer_: Any

    @abstractmethod
    def _targets(self, y, X):
        """Targets of the rows of X, and codes to stratify by or None.

        What the estimator has to know of them is set here.
        """

    @abstractmethod
    def _target_columns(self, y):
        """The targets as columns of numbers: see ``target_columns.py``."""

    @abstractmethod
    def _effective_weight(self, y, weight):
        """Row weights with what the targets contribute to them."""

    @abstractmethod
    def _outputs(self, network, X):
        """What is averaged: an array with a row for each of X."""

    @abstractmethod
    def _losses(self, y, rows, outputs):
        """Losses of averaged outputs of some rows, by which kinds are weighted."""

    @abstractmethod
    def _constant(self, y, rows, weight):
        """Outputs for some rows that are the best constant prediction."""

    @abstractmethod
    def _publish_out_of_fold(self, outputs, y, weight):
        """Set the attributes; ``outputs`` are NaN where there are none."""

    @known_arguments_only
    @fit_context(prefer_skip_nested_validation=False)
    def fit(
        self,
        X: Matrix,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        *,
        groups: ArrayLike | None = None,
    ) -> Self:
        """Encode the table and train the networks.

        Parameters
        ----------
        X : DataFrame or array-like of shape (n_samples, n_features)
            The table, as it is: see :class:`skann.preprocessing.TableEncoder`.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Targets.
        sample_weight : array-like of shape (n_samples,), default=None
            Non-negative row weights, in training, in the choice of the best epoch and
            in `oof_score_`. Rows of weight zero are left out of all of these. A
            `vectorizer` that is no ``TableEncoder`` is not given them.
        groups : array-like of shape (n_samples,), default=None
            Groups of rows that no fold divides; handed to `cv` where that is a
            splitter. Where metadata is routed they come here after
            ``set_fit_request(groups=True)`` only.

        Returns
        -------
        self : object
            The fitted estimator.

        Raises
        ------
        ValueError
            If a parameter or the data are not valid. The estimator is then left as it
            was.

        Examples
        --------
        >>> from skann import TabularRegressor
        >>> model = TabularRegressor(cv=2, random_state=0)
        >>> len(model.fit([[float(i)] for i in range(40)], range(40)).estimators_) > 1
        True
        """
        with fitted_at_once(self) as draft:
            message = draft._fit(X, y, sample_weight, groups)
        if message:
            warn(message, ConvergenceWarning, stacklevel=2)
        return self

    def _fit(self, X, y, sample_weight, groups):
        if y is None:
            raise ValueError(
                f"{type(self).__name__} requires y to be passed, but the target y is "
                "None."
            )
        self._check_member()
        X = self._checked(X, reset=True)
        y, codes = self._targets(y, X)
        row_weight = check_sample_weight(sample_weight, y)
        weight = self._effective_weight(y, row_weight)
        used = np.arange(len(y)) if weight is None else np.flatnonzero(weight)
        rng = check_random_state(self.random_state)
        parts = splits(self.cv, X, y, groups, used, codes, rng.randint(2**31))
        self._dtype = np.dtype(recipe.dtype(len(used)))
        Z, of_folds = self._vectorized(X, y, row_weight, parts, groups)
        kinds = (None,) if self.estimator is not None else recipe.kinds(len(used))
        if self.verbose:
            print(table_line(self, len(used), Z, len(parts) * len(kinds)))
        seeds = iter(rng.randint(2**31, size=len(kinds) * len(parts)).tolist())
        jobs = [
            (self._network(kind, len(used)), kind, fold, parts[fold], next(seeds))
            for kind in kinds
            for fold in range(len(parts))
        ]
        trained, messages = self._train_all(jobs, Z, of_folds, y, weight)
        self.estimators_ = [network for network, _ in trained]
        found = [of_fold for _, of_fold in trained]
        by_kind = np.split(np.arange(len(jobs)), len(kinds))
        first = self.estimators_[0]
        one = self._outputs(first, first_columns(Z[:1], first.n_features_in_))
        shape = (len(y), *one.shape[1:])
        outputs = np.stack(
            [_out_of_fold([found[i] for i in own], shape) for own in by_kind]
        )
        of_kind = self._blend_weights(outputs, y, weight)
        self.estimator_weights_ = np.repeat(of_kind / len(parts), len(parts))
        blended = np.tensordot(of_kind, outputs, axes=1)
        has_no_signal = self.estimator is None and self._has_no_signal(
            blended, y, weight
        )
        self._publish_out_of_fold(blended, y, weight)
        if self.verbose:
            if len(kinds) > 1:
                print(f"Shares of the kinds: {of_kind.round(2).tolist()}")
            print(f"Score out of fold: {self.oof_score_:.4f}")
        if self.estimator is not None:
            return of_members(messages, len(jobs))
        return no_signal(self) if has_no_signal else ""

    def _has_no_signal(self, outputs, y, weight):
        """Whether a constant predicts as well as the outputs out of fold."""
        seen = self._with_outputs(outputs, weight)
        if not seen.any():
            return False
        own = None if weight is None else weight[seen]
        losses = self._losses(y, seen, outputs[seen])
        constant = self._losses(y, seen, self._constant(y, seen, own))
        return no_better(losses, constant, own)

    def _with_outputs(self, outputs, weight):
        """The rows of positive weight that have outputs out of fold."""
        seen = np.isfinite(outputs).reshape(len(outputs), -1).all(axis=1)
        return seen if weight is None else seen & (weight > 0)

    def _blend_weights(self, outputs, y, weight):
        """What each kind counts for, by its outputs out of fold."""
        seen = self._with_outputs(np.moveaxis(outputs, 0, -1), weight)
        if len(outputs) == 1 or not seen.any():
            return np.full(len(outputs), 1 / len(outputs))
        own = None if weight is None else weight[seen]

        def loss(counts):
            mean = np.tensordot(counts / counts.sum(), outputs[:, seen], axes=1)
            return np.average(self._losses(y, seen, mean), weights=own)

        return blend_weights(loss, len(outputs))

    def _check_member(self):
        member = self.estimator
        if member is None:
            return
        default = self._Network().validation_fraction
        if member.validation_fraction != default:
            raise ValueError(
                f"estimator has validation_fraction={member.validation_fraction!r}, "
                "which would not be used: each network validates on its fold. Say by "
                "cv which rows that is."
            )

    def _train_all(self, jobs, Z, of_folds, y, weight):
        n_jobs = effective_n_jobs(self.n_jobs)
        # Networks of one fold follow each other, for they see the same target means.
        order = sorted(range(len(jobs)), key=lambda i: jobs[i][2])
        ensemble = Ensemble()
        data = ensemble, Z, of_folds, n_jobs > 1, y, weight
        calls = ((i, *jobs[i], *data) for i in order)
        try:
            with one_thread() if n_jobs > 1 else nullcontext():
                trained = list(in_threads(n_jobs, self._train, calls))
        except BaseException:
            ensemble.has_ended = True  # for the members in other threads
            raise
        places = {i: place for place, i in enumerate(order)}
        return [trained[places[i]] for i in range(len(jobs))], ensemble.messages

    def _network(self, kind, n_rows):
        if kind is None:
            return clone(self.estimator)
        return self._Network(**kind.parameters(n_rows))

    def _train(self, i, network, kind, fold, part, seed, ensemble, *data):
        """A network, trained, and its outputs for the rows of its fold."""
        Z, of_folds, is_shared, y, weight = data
        train, held_out = part
        start = perf_counter()
        network.set_params(random_state=seed)
        given = Z
        if kind is not None and not kind.sees_bins:
            Z = first_columns(Z, getattr(self.vectorizer_, "n_plain_", None))
        if of_folds is not None:
            Z = Z.copy() if is_shared and Z is given else Z
            of_folds.write(Z, fold)
        if network.early_stopping:
            network.set_params(validation_fraction=SingleSplit(train, held_out))
        else:
            # Rows of weight zero are left out.
            own = np.zeros(len(y))
            own[train] = 1 if weight is None else weight[train]
            weight = own
        with member_of(ensemble):
            network.fit(Z, y, sample_weight=weight)
        if network.early_stopping:
            # Fitted models are saved, and the rows would be with them.
            network.set_params(validation_fraction=self._Network().validation_fraction)
        if self.verbose:
            print(network_line(i, network, perf_counter() - start))
        # The rows a network has trained on tell nothing, even if they are of its fold.
        held_out = np.setdiff1d(held_out, train)
        outputs = self._outputs(network, Z[held_out]) if len(held_out) else None
        return network, (held_out, outputs)

    def _averaged(self, X, outputs_of=None, combine=mean):
        """What the networks make of a table, combined by their weights.

        ``outputs_of(network, Z)`` are the outputs of one network; ``combine(outputs,
        shares)`` puts those of all networks together.
        """
        check_is_fitted(self)
        outputs_of = outputs_of or self._outputs
        pairs = zip(self.estimators_, self.estimator_weights_, strict=True)
        used = [(network, share) for network, share in pairs if share]
        shares = [share for _, share in used]
        found = []
        for Z in self._encoded(X):
            widths = {network.n_features_in_ for network, _ in used}
            seen = {width: first_columns(Z, width) for width in widths}
            outputs = [outputs_of(net, seen[net.n_features_in_]) for net, _ in used]
            found.append(combine(outputs, shares))
        return found[0] if len(found) == 1 else np.concatenate(found)


def _out_of_fold(found, shape):
    """Mean outputs for each row by the networks that have not trained on it.

    NaN where there are none.
    """
    total, times = np.zeros(shape), np.zeros(shape[0])
    for held_out, outputs in found:
        if len(held_out):
            total[held_out] += outputs
            times[held_out] += 1
    times[times == 0] = np.nan
    return (total.T / times).T
