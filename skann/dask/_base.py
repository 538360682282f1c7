"""What classifier and regressor for Dask collections share.

They have the parameters of those on one machine and a few of their own, and hold a
fitted one of these, ``estimator_``, whose attributes are theirs as well.
"""

import inspect
import re
from collections.abc import Callable, Sequence
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any, Self, TypeVar

from sklearn.utils._param_validation import Interval, validate_parameter_constraints
from sklearn.utils.validation import check_is_fitted

from .._bases import BaseEstimator
from .._estimators.docstrings import document
from .._estimators.function_objects import Activation
from .._estimators.parameter_names import unknown
from .._typing import DaskCollection
from . import _on_cluster
from ._averaging import RoundSettings
from ._cluster import Cluster, default_client
from ._collections import is_collection, mapped
from ._source import Source

Class = TypeVar("Class", bound=type)

_OWN = {
    "local_steps": (
        int | None,
        None,
        [Interval(Integral, 1, None, closed="left"), None],
    ),
    "synchronous_steps": (int, 0, [Interval(Integral, 0, None, closed="left")]),
    "outer_learning_rate": (float, 1.0, [Interval(Real, 0, None, closed="neither")]),
    "outer_momentum": (float, 0.0, [Interval(Real, 0, 1, closed="left")]),
    "persist": (bool, True, ["boolean"]),
}

_OWN_TEXT = """\
local_steps : int, default=None
    Steps on mini-batches that every worker takes from the same parameters before the
    mean of all is taken; None for an epoch of its rows, which is also the most. Fewer
    keep workers closer together and cost more messages. A solver that takes all rows
    at once, such as "lbfgs", has no rounds.
synchronous_steps : int, default=0
    First steps of a fit with a mean after each of them.
outer_learning_rate : float, default=1.0
    How far to go from where a round began towards the mean of where it ended.
outer_momentum : float, default=0.0
    Nesterov's momentum of those moves from round to round; 0 with a rate of 1 takes
    the mean itself.
persist : bool, default=True
    Whether workers keep their rows in memory. Without, partitions are computed anew
    whenever they are used, and in every round each worker trains on one of them: for
    data larger than all memories together."""

_FIT_TEXT = """\
sample_weight : dask array or series of shape (n_samples,), default=None
    Non-negative row weights; None weighs all rows alike.
X_val : dask array or dataframe of shape (n_val, n_features), default=None
    Validation data, as on one machine.
y_val : dask array, series or dataframe of n_val rows, default=None
    Targets of `X_val`.
sample_weight_val : dask array or series of shape (n_val,), default=None
    Row weights of `X_val`."""


def like(kind: type) -> Callable[[Class], Class]:
    """Decorate a class so that it has the parameters of ``kind`` before its own."""

    def decorate(cls):
        plain = inspect.signature(kind.__init__).parameters.values()
        keyword = inspect.Parameter.KEYWORD_ONLY
        own = [
            inspect.Parameter(name, keyword, default=default, annotation=annotation)
            for name, (annotation, default, _) in _OWN.items()
        ]
        signature = inspect.Signature([*plain, *own])

        def __init__(self, *args, **kwargs):
            for name in kwargs:
                if name not in signature.parameters:
                    known = list(signature.parameters)
                    raise TypeError(unknown(type(self), name, known))
            given = signature.bind(self, *args, **kwargs)
            given.apply_defaults()
            for name, value in list(given.arguments.items())[1:]:
                setattr(self, name, value)

        __init__.__signature__ = signature
        cls.__init__, cls._kind = __init__, kind
        section = re.search(
            r"^Parameters\n-+\n(.*?)\n\n^Attributes$",
            inspect.cleandoc(kind.__doc__),
            re.DOTALL | re.MULTILINE,
        )
        texts = {"parameters": section[1], "own": _OWN_TEXT}
        return document(cls, texts)

    return decorate


class DaskBP(BaseEstimator):
    """Base of :class:`DaskBPClassifier` and :class:`DaskBPRegressor`."""

    _client: Any = None
    estimator_: Any

    if TYPE_CHECKING:  # what `like` makes has all parameters by their names

        def __init__(
            self,
            hidden_layer_sizes: int | Sequence[int] = ...,
            activation: str | Activation | Sequence[str | Activation] = ...,
            *,
            local_steps: int | None = ...,
            synchronous_steps: int = ...,
            outer_learning_rate: float = ...,
            outer_momentum: float = ...,
            persist: bool = ...,
            **parameters: Any,
        ) -> None: ...

    def fit(
        self,
        X: DaskCollection,
        y: DaskCollection,
        sample_weight: DaskCollection | None = None,
        *,
        X_val: DaskCollection | None = None,
        y_val: DaskCollection | None = None,
        sample_weight_val: DaskCollection | None = None,
    ) -> Self:
        """Train the network on the workers, where the rows are.

        Parameters
        ----------
        X : dask array of shape (n_samples, n_features) or dask dataframe
            Training data, dense or of scipy.sparse chunks. What is computed already
            stays on its worker, but for what it would have too much of.
        y : dask array, series or dataframe of n_samples rows
            Targets, in as many partitions where the sizes of these are not known.
        {fit}

        Returns
        -------
        self : object
            The fitted estimator.

        Raises
        ------
        TypeError
            If X or y is no Dask collection.
        ValueError
            If a parameter or the data are not valid, collections are not cut alike, or
            training diverges. The estimator is then left as it was.
        ConnectionError
            If the scheduler is gone.

        Examples
        --------
        >>> from skann.dask import DaskBPRegressor
        >>> net = DaskBPRegressor(early_stopping=True)  # doctest: +SKIP
        >>> net.fit(X, y, X_val=X_val, y_val=y_val)  # doctest: +SKIP
        """
        own = {name: getattr(self, name) for name in _OWN}
        allowed = {name: allowed for name, (_, _, allowed) in _OWN.items()}
        validate_parameter_constraints(allowed, own, type(self).__name__)
        if not self.persist and self.local_steps is not None:
            raise ValueError(
                f"local_steps={self.local_steps} can't be used with persist=False, "
                "where a round is a partition on every worker."
            )
        cluster = Cluster(self.client)
        source = Source(X, y, sample_weight, cluster, self.persist)
        validation = None
        if X_val is not None and y_val is not None:
            names = "X_val", "y_val", "sample_weight_val"
            given = X_val, y_val, sample_weight_val
            validation = Source(*given, cluster, self.persist, names)
        rounds = RoundSettings(
            self.local_steps,
            self.synchronous_steps,
            self.outer_learning_rate,
            self.outer_momentum,
            len(cluster.workers()),
        )
        trained = getattr(_on_cluster, self._kind.__name__)(**self._plain_params())
        trained.set_callbacks(*getattr(self, "_callbacks", ()))
        trained.train_from(source, validation, rounds)
        options = {"X_val": X_val, "y_val": y_val}
        trained.fit(X, y, sample_weight_val=sample_weight_val, **options)
        self.estimator_ = trained.plain()
        return self

    def _plain_params(self):
        names = self._kind._get_param_names()
        return {name: getattr(self, name) for name in names}

    def set_callbacks(self, *callbacks: Any) -> Self:
        """Set what follows the coming calls of `fit`, epoch by epoch.

        Parameters
        ----------
        *callbacks : callback
            As on one machine; they are called on the client, with the collections for
            X and y. None of them clears what was set.

        Returns
        -------
        self : object
            The estimator.

        Examples
        --------
        >>> from skann.callbacks import TrainingLog
        >>> from skann.dask import DaskBPRegressor
        >>> net = DaskBPRegressor().set_callbacks(TrainingLog("epochs.csv"))
        """
        self._callbacks = callbacks
        return self

    @property
    def client(self) -> Any:
        """The Dask client; the one in use as long as none has been set."""
        return default_client() if self._client is None else self._client

    @client.setter
    def client(self, client: Any) -> None:
        self._client = client

    def __getstate__(self) -> dict[str, Any]:
        state = super().__getstate__()
        return {name: value for name, value in state.items() if name != "_client"}

    def __getattr__(self, name: str) -> Any:
        # The fitted attributes of what is fitted; dunder names are asked for by copies.
        fitted = name.endswith("_") and not name.startswith("_")
        if fitted and name != "estimator_" and "estimator_" in vars(self):
            return getattr(self.estimator_, name)
        raise AttributeError(f"{type(self).__name__!r} has no attribute {name!r}.")

    def _over_partitions(self, method, X, **options):
        check_is_fitted(self)
        if is_collection(X):
            return mapped(self.estimator_, method, X, **options)
        return getattr(self.estimator_, method)(X, **options)

    def predict(self, X: DaskCollection) -> DaskCollection:
        """Predict class labels or targets.

        Parameters
        ----------
        X : dask array or dataframe of shape (n_samples, n_features)
            Data. Rows in one machine's memory are taken too.

        Returns
        -------
        y : dask array or series of shape (n_samples,) or (n_samples, n_outputs)
            Predictions, not yet computed: a series for one column of a dataframe. An
            ndarray for what is no collection.

        Examples
        --------
        >>> from skann.dask import DaskBPRegressor
        >>> net = DaskBPRegressor().fit(X, y)  # doctest: +SKIP
        >>> net.predict(X).compute()  # doctest: +SKIP
        """
        return self._over_partitions("predict", X)

    def transform(self, X: DaskCollection, layer: int = -1) -> DaskCollection:
        """Outputs of a hidden layer.

        Parameters
        ----------
        X : dask array or dataframe of shape (n_samples, n_features)
            Data.
        layer : int, default=-1
            Which hidden layer, 0 the first and -1 the last.

        Returns
        -------
        a : dask array of shape (n_samples, n_units)
            Behind the activation, not yet computed.

        Examples
        --------
        >>> from skann.dask import DaskBPRegressor
        >>> net = DaskBPRegressor().fit(X, y)  # doctest: +SKIP
        >>> net.transform(X, layer=0).compute()  # doctest: +SKIP
        """
        return self._over_partitions("transform", X, layer=layer)


document(DaskBP.fit, {"fit": _FIT_TEXT})
