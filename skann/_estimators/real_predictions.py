"""What a regressor says of rows: predictions, their gradients, a score."""

from typing import Literal, overload

from sklearn.utils.metadata_routing import UNUSED
from sklearn.utils.validation import column_or_1d

from .._training.data import Data
from .._typing import Array, ArrayLike, Matrix
from .gaussian_transformer import GaussianTransformer
from .validation import check_sample_weight


class RealPredictions:
    """Predictions of a fitted regressor, by its transformer of targets."""

    # Metadata routing: it is nothing that comes with the rows.
    __metadata_request__predict = {"return_std": UNUSED}  # noqa: RUF012

    @overload
    def predict(self, X: Matrix, return_std: Literal[False] = False) -> Array: ...
    @overload
    def predict(self, X: Matrix, return_std: Literal[True]) -> tuple[Array, Array]: ...
    @overload
    def predict(self, X: Matrix, return_std: bool) -> Array | tuple[Array, Array]: ...
    def predict(
        self, X: Matrix, return_std: bool = False
    ) -> Array | tuple[Array, Array]:
        """Predict targets.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Data.
        return_std : bool, default=False
            Whether to return standard deviations of the targets around the predictions
            as well, which ``loss="gaussian"`` learns.

        Returns
        -------
        y : ndarray of shape (n_samples,) or (n_samples, n_outputs)
            Predictions, or a column for each of a list of quantiles, in the dtype that
            the network was trained in; a network in float32 gives float64 where that
            could not tell the targets apart, that is if their mean is more than 10,000
            standard deviations from zero, or they are too large or too small for
            float32.
        std : ndarray of the same shape
            Standard deviations; with `return_std` only.

        Raises
        ------
        ValueError
            If `return_std` is asked for, and the network was not trained with
            ``loss="gaussian"``.

        Examples
        --------
        >>> from skann import BPRegressor
        >>> X, y = [[0.0], [1.0], [2.0], [3.0]], [0.0, 1.0, 2.0, 3.0]
        >>> net = BPRegressor((), solver="lbfgs", random_state=0).fit(X, y)
        >>> net.predict([[4.0]]).round(2)
        array([4.])
        """
        raw = self._raw(X)
        y = self._transformer.inverse_transform(raw)
        if not return_std:
            return y
        if not isinstance(self._transformer, GaussianTransformer):
            raise ValueError(
                "return_std=True needs a network trained with loss='gaussian', which "
                f"learns deviations; this one's loss is {self._network.loss!r}."
            )
        return y, self._transformer.deviations(raw)

    def _decoded_gradients(self, raw, gradients):
        return self._transformer.decoded_gradients(raw, gradients)

    def score(
        self, X: Matrix, y: ArrayLike, sample_weight: ArrayLike | None = None
    ) -> float:
        """Coefficient of determination R², or D² of the loss, the mean over outputs.

        D² is the same share for another loss than the squared error. It is the score of
        the losses that scikit-learn has it for: "quantile" (``d2_pinball_score``),
        "absolute_error" (``d2_absolute_error_score``), and "poisson", "gamma" and
        "tweedie" (``d2_tweedie_score``, which ``PoissonRegressor`` has as well).
        ``sklearn.metrics.r2_score`` of predictions is R² for any loss.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Data.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            True targets. With ``missing_targets="ignore"`` they may have gaps: each
            output is then scored on the rows where it was observed.
        sample_weight : array-like of shape (n_samples,), default=None
            Row weights.

        Returns
        -------
        score : float
            1 - Σ s loss(y, f(x)) / Σ s loss(y, c), with the constant c of the lowest
            loss: the mean, or the quantile. NaN where an output has fewer than two
            observed targets.

        Examples
        --------
        >>> from skann import BPRegressor
        >>> X, y = [[0.0], [1.0], [2.0], [3.0]], [0.0, 1.0, 2.0, 3.0]
        >>> net = BPRegressor((), solver="lbfgs", random_state=0).fit(X, y)
        >>> round(net.score(X, y), 3)
        1.0
        """
        if self.missing_targets == "error" and not self._scores_by_d2():
            return super().score(X, self._real_targets(y), sample_weight)
        raw = self._raw(X)
        y = self._check_targets(y, raw)
        if y.ndim == 2 and y.shape[1] == 1:
            y = column_or_1d(y)
        targets = self._encode(self._transformer, y, raw.dtype)
        weight = check_sample_weight(sample_weight, raw)
        return self._transformer.score(raw, Data(raw, y, targets, weight))

    def _scores_by_d2(self):
        return "_network" in vars(self) and self._network.loss_function.has_d2
