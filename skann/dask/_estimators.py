"""Classifier and regressor for Dask collections."""

from .._decorators import available_if
from .._estimators.class_losses import has_probabilities
from .._estimators.classifier import BPClassifier
from .._estimators.kinds import ClassifierMixin, RegressorMixin
from .._estimators.regressor import BPRegressor
from .._typing import DaskCollection
from ._base import DaskBP, like
from ._score import ClusterScore


@like(BPClassifier)
class DaskBPClassifier(ClusterScore, ClassifierMixin, DaskBP):
    """Neural-network classifier that is trained on a Dask cluster.

    The network of ``skann.BPClassifier``, trained where the rows are. With a solver of
    mini-batches, which is the default, every worker trains on its own rows in rounds,
    after each of which all go on from the mean. With one that takes all rows at once,
    such as "lbfgs", "newton-cg" or "rprop", value and gradient are summed over the
    workers, so that the result is that of one machine, to rounding.

    Parameters
    ----------
    {parameters}
    {own}

    Attributes
    ----------
    estimator_ : BPClassifier
        The fitted network for one machine: to save, export or deploy. Its own fitted
        attributes, such as `classes_`, `coefs_` and `history_`, are attributes here
        as well.

    See Also
    --------
    skann.BPClassifier : The same on one machine, whose fitted attributes these are.
    DaskBPRegressor : For real-valued targets.

    Notes
    -----
    Results depend on `random_state`, on the rows of each worker and so on the number of
    workers, and on nothing else: not on which worker computes what, nor on failures. A
    worker that dies costs the time to compute its rows again; one that joins takes part
    from the next epoch on.

    Examples
    --------
    >>> import dask.array as da
    >>> from dask.distributed import Client
    >>> from skann.dask import DaskBPClassifier
    >>> from skann.datasets import make_xor
    >>> X, y = map(da.from_array, make_xor(200, noise=0.2, random_state=0))
    >>> with Client(processes=False, dashboard_address=None) as client:
    ...     clf = DaskBPClassifier((8,), learning_rate_init=0.05, random_state=0)
    ...     clf.fit(X, y).score(X, y)
    1.0
    """

    __module__ = "skann.dask"

    estimator_: BPClassifier

    def decision_function(self, X: DaskCollection) -> DaskCollection:
        """Raw outputs of the network, before the output activation.

        Parameters
        ----------
        X : dask array or dataframe of shape (n_samples, n_features)
            Data.

        Returns
        -------
        z : dask array of shape (n_samples,) or (n_samples, n_outputs)
            Not yet computed; flat for two classes.

        Examples
        --------
        >>> from skann.dask import DaskBPClassifier
        >>> clf = DaskBPClassifier().fit(X, y)  # doctest: +SKIP
        >>> clf.decision_function(X).compute()  # doctest: +SKIP
        """
        return self._over_partitions("decision_function", X)

    @available_if(has_probabilities)
    def predict_proba(self, X: DaskCollection) -> DaskCollection:
        """Probabilities of the classes.

        Parameters
        ----------
        X : dask array or dataframe of shape (n_samples, n_features)
            Data.

        Returns
        -------
        p : dask array of shape (n_samples, n_classes)
            Columns in the order of `classes_`, not yet computed.

        Examples
        --------
        >>> from skann.dask import DaskBPClassifier
        >>> clf = DaskBPClassifier().fit(X, y)  # doctest: +SKIP
        >>> clf.predict_proba(X).compute()  # doctest: +SKIP
        """
        return self._over_partitions("predict_proba", X)

    @available_if(has_probabilities)
    def predict_log_proba(self, X: DaskCollection) -> DaskCollection:
        """Logarithms of the probabilities.

        Parameters
        ----------
        X : dask array or dataframe of shape (n_samples, n_features)
            Data.

        Returns
        -------
        log_p : dask array of shape (n_samples, n_classes)
            Columns in the order of `classes_`, not yet computed.

        Examples
        --------
        >>> from skann.dask import DaskBPClassifier
        >>> clf = DaskBPClassifier().fit(X, y)  # doctest: +SKIP
        >>> clf.predict_log_proba(X).compute()  # doctest: +SKIP
        """
        return self._over_partitions("predict_log_proba", X)


@like(BPRegressor)
class DaskBPRegressor(ClusterScore, RegressorMixin, DaskBP):
    """Neural-network regressor that is trained on a Dask cluster.

    The network of ``skann.BPRegressor``, trained where the rows are; see
    :class:`DaskBPClassifier` for how.

    Parameters
    ----------
    {parameters}
    {own}

    Attributes
    ----------
    estimator_ : BPRegressor
        The fitted network for one machine: to save, export or deploy. Its own fitted
        attributes, such as `coefs_` and `history_`, are attributes here as well.

    See Also
    --------
    skann.BPRegressor : The same on one machine, whose fitted attributes these are.
    DaskBPClassifier : For classes.

    Examples
    --------
    >>> import dask.array as da
    >>> from dask.distributed import Client
    >>> from skann.dask import DaskBPRegressor
    >>> X = da.random.default_rng(0).normal(size=(200, 2), chunks=(50, 2))
    >>> with Client(processes=False, dashboard_address=None) as client:
    ...     net = DaskBPRegressor((8,), solver="lbfgs", max_iter=500, random_state=0)
    ...     round(net.fit(X, X.sum(axis=1)).score(X, X.sum(axis=1)), 2)
    1.0
    """

    __module__ = "skann.dask"

    estimator_: BPRegressor
