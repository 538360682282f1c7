"""Scores of predictions, computed where the rows are."""

from sklearn.utils.validation import check_is_fitted

from .._typing import DaskCollection
from ._cluster import Cluster
from ._collections import is_collection
from ._source import Source
from ._validation import Validation


class ClusterScore:
    """Has `score`; it stands before scikit-learn's mixins, which have one as well."""

    def score(
        self,
        X: DaskCollection,
        y: DaskCollection,
        sample_weight: DaskCollection | None = None,
    ) -> float:
        """Accuracy of a classifier; R² of a regressor, or D² of its loss.

        Parameters
        ----------
        X : dask array or dataframe of shape (n_samples, n_features)
            Data.
        y : dask array, series or dataframe of n_samples rows
            True targets.
        sample_weight : dask array or series of shape (n_samples,), default=None
            Row weights.

        Returns
        -------
        score : float
            As that of the estimator on one machine, computed where the rows are.

        Examples
        --------
        >>> from skann.dask import DaskBPRegressor
        >>> net = DaskBPRegressor().fit(X, y)  # doctest: +SKIP
        >>> net.score(X, y)  # doctest: +SKIP
        """
        check_is_fitted(self)
        plain = self.estimator_
        if not is_collection(X):
            return plain.score(X, y, sample_weight)
        params = plain.get_params(deep=False) | {"random_state": None}
        unweighted = {"class_weight": None} if "class_weight" in params else {}
        for_tasks = type(plain)(**params | unweighted)
        source = Source(X, y, sample_weight, Cluster(self.client), False)
        made = plain._transformer, (plain._theta.dtype,) * 2
        shards = source.shards(for_tasks, *made, *source.checked(for_tasks))
        about = plain, plain._transformer, plain._network, plain._theta
        return Validation(shards, *about).default()[1]
