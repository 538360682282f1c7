"""Looking inside a fitted network: its hidden layers and its gradients."""

from numbers import Integral

from sklearn.utils.metadata_routing import UNUSED

from .._bases import ClassNamePrefixFeaturesOutMixin, Tags, TransformerMixin
from .._engine.choice import hidden_values, input_gradients, raw_outputs
from .._typing import Array, Matrix


class InsideNetwork(ClassNamePrefixFeaturesOutMixin, TransformerMixin):
    """The hidden layers as a transformer, and the gradients of predictions."""

    # Metadata routing: which layer is nothing that comes with the rows.
    __metadata_request__transform = {"layer": UNUSED}  # noqa: RUF012

    def transform(self, X: Matrix, layer: int = -1) -> Array:
        """Outputs of a hidden layer: what the network has learnt to see in the rows.

        In a ``Pipeline`` they are the features of the estimator that comes after.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Data.
        layer : int, default=-1
            Which hidden layer, 0 the first and -1 the last, which is closest to the
            predictions.

        Returns
        -------
        a : ndarray of shape (n_samples, n_units)
            Behind the activation. ``set_output`` gives a frame, of the last hidden
            layer only.

        Raises
        ------
        ValueError
            If there is no such hidden layer.

        Examples
        --------
        >>> from skann import BPClassifier
        >>> from skann.datasets import make_xor
        >>> X, y = make_xor(200, noise=0.2, random_state=0)
        >>> net = BPClassifier((8,), random_state=0).fit(X, y)
        >>> net.transform(X).shape
        (200, 8)
        """
        X = self._checked_rows(X)
        n_hidden = self.n_layers_ - 2
        valid = isinstance(layer, Integral) and not isinstance(layer, bool)
        if not (valid and -n_hidden <= layer < n_hidden):
            allowed = f"an integer from {-n_hidden} to {n_hidden - 1}"
            raise ValueError(
                f"layer must be {allowed if n_hidden else 'that of a hidden layer'}: "
                f"the network has {n_hidden} hidden layers. Got {layer!r}."
            )
        number = 1 + int(layer) % n_hidden
        found = hidden_values(self._network, self._theta, X, number)
        return self._checked(found, X)

    def input_gradients(self, X: Matrix) -> Array:
        """Derivatives of what is predicted by each feature, row by row.

        How much, and in which direction, an output changes with a feature where the
        others stay: what saliency maps show.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Data.

        Returns
        -------
        gradients : ndarray of shape (n_samples, n_features) or \
                (n_samples, n_outputs, n_features)
            Of a regressor's predictions in the unit of `y`, or of a classifier's
            `decision_function`, its columns of classes one after the other; one output
            has no axis of its own. Zero below an activation "step".

        Examples
        --------
        >>> from skann import BPClassifier
        >>> from skann.datasets import make_xor
        >>> X, y = make_xor(200, noise=0.2, random_state=0)
        >>> net = BPClassifier((8,), random_state=0).fit(X, y)
        >>> net.input_gradients([[1, 1]]).shape
        (1, 2)
        """
        X = self._checked_rows(X)
        raw, _ = raw_outputs(self._network, self._theta, X)
        self._checked(raw, X)
        gradients = input_gradients(self._network, self._theta, X)
        gradients = self._checked(self._decoded_gradients(raw, gradients), X)
        return gradients[:, 0] if gradients.shape[1] == 1 else gradients

    def _decoded_gradients(self, raw, gradients):
        """Of what is predicted, given those of raw outputs."""
        return gradients

    @property
    def _n_features_out(self):
        return self._network.layer_sizes[-2]

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags
