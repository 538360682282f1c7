"""A network that predicts before any training."""

from collections.abc import Sequence
from typing import Any, Self

from .._training.data import Data
from .._training.monitor import Limits, Monitor
from .._typing import ArrayLike, Matrix
from .column_scale import ColumnScale
from .drafts import fitted_at_once
from .fitted import FittedNetwork
from .hints import known_arguments_only


class Untrained(FittedNetwork):
    """A network that may be made without training."""

    auto_params_: dict[str, Any]
    search_: dict[str, list[float]]

    @known_arguments_only
    def initialize(
        self,
        X: Matrix,
        y: ArrayLike,
        *,
        coef_init: Sequence[ArrayLike] | None = None,
        intercept_init: Sequence[ArrayLike] | None = None,
    ) -> Self:
        """Make the network and its starting weights, and train nothing.

        It predicts with weights set by hand, or with those that `fit` would start from
        for the same `random_state`. `partial_fit`, and `fit` with ``warm_start=True``,
        go on from there; another `fit` starts anew, with a warning where weights were
        given.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Data like those to come: their number of features and their dtype are the
            network's.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Targets like those to come, which have all the classes; with the regressor's
            `normalize_y` they give the unit of the outputs.
        coef_init : list of array-like of shape (n_in, n_out), default=None
            Weights, one array a layer; None draws them as `weight_init` says.
        intercept_init : list of array-like of shape (n_out,), default=None
            Biases, one array a layer; None for zeros.

        Returns
        -------
        self : object
            The estimator, whose `loss_` is None and whose curves are empty.

        Raises
        ------
        ValueError
            If a parameter, the data or the weights are not valid. The estimator is then
            left as it was.

        Examples
        --------
        The lecture's network for exclusive or, of three neurons that step:

        >>> from skann import BPClassifier
        >>> X, y = [[1, 1], [1, -1], [-1, 1], [-1, -1]], [1, 0, 0, 1]
        >>> net = BPClassifier((2,), "step", loss="perceptron")
        >>> W, b = [[[1, 1], [1, 1]], [[2], [-2]]], [[-1, 1], [1]]
        >>> net.initialize(X, y, coef_init=W, intercept_init=b).predict(X)
        array([1, 0, 0, 1])

        Rosenblatt's network: random neurons that stay, and one that learns.

        >>> net = BPClassifier((50,), solver="adam", trainable=[False, True])
        >>> net = net.set_params(learning_rate_init=0.1, random_state=0)
        >>> front = net.initialize(X, y).coefs_[0].copy()
        >>> net.fit(X, y).predict(X)
        array([1, 0, 0, 1])
        >>> bool((net.coefs_[0] == front).all())
        True
        """
        self._validate_params()
        with fitted_at_once(self) as draft:
            X, y = draft._validate_pair(X, y, reset=True)
            transformer = draft._new_transformer(y, None, None)
            targets = draft._encode(transformer, y, X.dtype)
            weight = draft._effective_weight(None, transformer, targets)
            data = Data(X, y, targets, weight).with_positive_weight()
            network = draft._make_network(X, targets)
            network.layout.mask(self.trainable)  # an error now, not in training
            theta, progress = draft._initial_state(network, data, X.dtype, None, False)
            network.layout.fill(theta, coef_init, intercept_init)
            progress.given = coef_init is not None or intercept_init is not None
            nothing_yet = Monitor(theta, Limits())
            draft._set_fitted_attributes(
                transformer, network, theta, progress, nothing_yet, False, True
            )
            draft.auto_params_, draft.search_ = {}, {}
            draft._column_scale = ColumnScale()
        return self
