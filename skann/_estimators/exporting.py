"""The methods of estimators that export what they predict by."""

from numbers import Integral
from typing import Any

import numpy as np
from sklearn.utils.validation import check_is_fitted

from .._export import code_c, code_javascript, code_python, onnx_graph
from .._export.description import Description
from .._network.normalization import folded
from .._typing import DTypeLike
from .gaussian_transformer import GaussianTransformer
from .label_transformers import (
    IndicatorTransformer,
    LabelTransformer,
    MultioutputTransformer,
)
from .model_file import SaveNetwork
from .quantile_transformer import QuantileTransformer
from .real_transformer import RealTransformer

_LANGUAGES = {
    "python": code_python.source,
    "c": code_c.source,
    "javascript": code_javascript.source,
}


def describe(estimator):
    """The :class:`Description` of a fitted estimator."""
    check_is_fitted(estimator)
    transformer = estimator._transformer
    _refuse_what_has_no_code(estimator._network, transformer)
    weights, biases = _plain_layers(estimator)
    network = {
        "name": type(estimator).__name__,
        "weights": weights,
        "biases": biases,
        "activations": estimator.activations_,
    }
    if isinstance(transformer, GaussianTransformer):
        # Of mean and deviation the mean is written.
        for kind in ("weights", "biases"):
            network[kind][-1] = network[kind][-1][..., : transformer.n_outputs]
    if isinstance(transformer, IndicatorTransformer):
        return Description(**network, outputs="labels", classes=[transformer.classes])
    if isinstance(transformer, MultioutputTransformer):
        classes, outputs = transformer.classes, estimator.out_activation_
        return Description(**network, outputs=outputs, classes=classes, several=True)
    if isinstance(transformer, LabelTransformer):
        two = len(transformer.classes) == 2
        outputs = "two classes" if two else estimator.out_activation_
        return Description(**network, outputs=outputs, classes=[transformer.classes])
    return Description(
        **network,
        outputs="real",
        mean=transformer.mean,
        scale=transformer.scale,
        result_dtype=transformer.result_dtype,
    )


def _refuse_what_has_no_code(network, transformer):
    out_activation, kind = network.loss_function.out_activation, None
    if isinstance(transformer, QuantileTransformer):
        kind = "a list of quantiles"
    elif out_activation == "exp" or not (
        isinstance(transformer, RealTransformer) or out_activation != "identity"
    ):
        kind = f"loss={network.loss!r}"
    for activation in network.activations:
        if not isinstance(activation, str):
            kind = f"activation={activation!r}"
    if network.skip:
        kind = "skip_connection=True"
    elif network.normalization == "layer":
        kind = "normalization='layer'"
    if kind is not None:
        raise ValueError(
            f"to_onnx and to_code can't write networks of {kind}; save_model and "
            "pickle keep them."
        )


def _plain_layers(estimator):
    """Weights and biases of each layer, without normalisation by batches."""
    network, theta = estimator._network, estimator._theta
    if network.normalization == "batch":
        network, theta = folded(network, theta)
    views = network.layout.weights(theta), network.layout.biases(theta)
    return tuple([np.array(view) for view in kind] for kind in views)


class Export(SaveNetwork):
    """What estimators have that can be saved and exported."""

    def to_onnx(
        self,
        *,
        dtype: DTypeLike = np.float32,
        target_opset: int = 13,
        ir_version: int | None = None,
    ) -> Any:
        """Make an ONNX model that predicts the same.

        Its input is ``"X"``, of shape (N, n_features). A classifier's outputs are
        ``"label"`` and ``"probabilities"``, with several columns of classes
        ``"label_0"``, ``"probabilities_0"`` and so on; a regressor's is ``"variable"``,
        of shape (N, n_outputs), in the unit of ``y``. These are the names that skl2onnx
        gives. Needs ``onnx``: ``pip install "skann[onnx]"``.

        Parameters
        ----------
        dtype : {np.float32, np.float64}, default=np.float32
            Of the input and of all that is computed. Runtimes have float32 everywhere,
            float64 on processors. A regressor whose targets float32 could not tell
            apart gives them in float64, as `predict` does.
        target_opset : int, default=13
            Version of ONNX's operators, at least 11. The default is known to
            ONNX Runtime from 1.6 on.
        ir_version : int, default=None
            Version of the file format; None for the oldest one that has the
            operators, which most runtimes read.

        Returns
        -------
        model : onnx.ModelProto
            The model; ``onnx.save(model, path)`` writes it.

        Raises
        ------
        ImportError
            If ``onnx`` is not installed.
        ValueError
            If a parameter is not valid, or the labels are such as ONNX has not: of
            several types, or unsigned beyond 2⁶³; or for "perceptron", "quantile" with
            a list, losses with a log link, an activation of one's own, a direct path,
            and layers that are normalised by rows. Of "gaussian" the mean is written.

        Examples
        --------
        >>> from skann import BPClassifier
        >>> from skann.datasets import make_xor
        >>> X, y = make_xor(200, noise=0.2, random_state=0)
        >>> net = BPClassifier((8,), random_state=0).fit(X, y)
        >>> model = net.to_onnx()  # doctest: +SKIP
        """
        if dtype not in (np.float32, np.float64):
            raise ValueError(f"dtype must be np.float32 or np.float64; got {dtype!r}.")
        for name, value in (("target_opset", target_opset), ("ir_version", ir_version)):
            allowed = isinstance(value, Integral) and value > 0
            if not allowed and not (name == "ir_version" and value is None):
                raise ValueError(f"{name} must be a positive integer; got {value!r}.")
        return onnx_graph.build(
            describe(self), np.dtype(dtype), target_opset, ir_version
        )

    def to_code(self, language: str = "python") -> str:
        """Write source code that predicts the same, to 1e-6.

        One readable file that computes in float64 and depends on nothing: for
        microcontrollers, browsers, databases and whatever has no Python.

        Parameters
        ----------
        language : {"python", "c", "javascript"}, default="python"
            Python with NumPy: a module with `predict` and, for classes,
            `predict_proba`, which take rows. C99: functions of the same names for one
            row. JavaScript: `predict` and `predictProba` for one row, as a module of
            Node.js or, in a browser, in the object `model`.

        Returns
        -------
        source : str
            The text of the file.

        Raises
        ------
        ValueError
            If the language is not one of these, or a class label has no literal; or for
            what :meth:`to_onnx` can't write either.

        Examples
        --------
        >>> from skann import BPClassifier
        >>> from skann.datasets import make_xor
        >>> X, y = make_xor(200, noise=0.2, random_state=0)
        >>> net = BPClassifier((8,), random_state=0).fit(X, y)
        >>> "def " in net.to_code("python")
        True
        """
        if not isinstance(language, str) or language not in _LANGUAGES:
            raise ValueError(
                f"language must be one of {list(_LANGUAGES)}; got {language!r}."
            )
        return _LANGUAGES[language](describe(self))
