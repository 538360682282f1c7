"""The methods of estimators that export what they predict by."""

import functools
from collections.abc import Callable
from numbers import Integral
from typing import Any, TypeVar, cast

import numpy as np
from sklearn.utils.validation import check_is_fitted

from .._export import code_c, code_javascript, code_python, onnx_graph
from .._export.description import Description
from .._network.normalization import folded
from .._typing import DTypeLike
from .gaussian_transformer import GaussianTransformer
from .label_transformers import IndicatorTransformer, MultioutputTransformer
from .log_transformer import LogTransformer
from .model_file import SaveNetwork
from .quantile_transformer import QuantileTransformer
from .real_transformer import RealTransformer

Method = TypeVar("Method", bound=Callable[..., Any])

_LANGUAGES = {
    "python": code_python.source,
    "c": code_c.source,
    "javascript": code_javascript.source,
}


def describe(estimator):
    """The :class:`Description` of a fitted estimator."""
    check_is_fitted(estimator)
    for activation in estimator._network.activations:
        if not isinstance(activation, str):
            raise ValueError(
                f"activation={activation!r} is code of one's own, which to_onnx and "
                "to_code can't translate. joblib and pickle keep the model, for where "
                "the class can be imported."
            )
    about = {"name": type(estimator).__name__, "activations": estimator.activations_}
    about |= _arrays(estimator)
    transformer = estimator._transformer
    if isinstance(transformer, RealTransformer):
        return Description(**about, **_units(transformer, len(about["biases"][-1])))
    about["classes"] = [transformer.classes]
    about["has_probabilities"] = estimator.out_activation_ != "identity"
    if isinstance(transformer, IndicatorTransformer):
        return Description(**about, outputs="labels")
    if isinstance(transformer, MultioutputTransformer):
        about["classes"], about["several"] = transformer.classes, True
    elif len(transformer.classes) == 2:
        return Description(**about, outputs="two classes")
    return Description(**about, outputs=estimator.out_activation_)


def _arrays(estimator):
    """The parameters of the network, without normalisation by batches."""
    network, theta = estimator._network, estimator._theta
    if network.normalization == "batch":
        network, theta = folded(network, theta)
    layout, theta = network.layout, theta.copy()
    return {
        "weights": layout.weights(theta),
        "biases": layout.biases(theta),
        "skip": layout.skip(theta),
        "norms": list(zip(*layout.normalizers(theta), strict=True)),
    }


def _units(transformer, n_outputs):
    """What becomes of the outputs of a regressor, and the units of its targets."""
    kinds = {
        LogTransformer: "exp",
        QuantileTransformer: "sorted",
        GaussianTransformer: "normal",
    }
    about = {"mean": transformer.mean, "scale": transformer.scale}
    if isinstance(transformer, QuantileTransformer):  # of one target
        about = {name: np.repeat(unit, n_outputs) for name, unit in about.items()}
    return {
        **about,
        "outputs": kinds.get(type(transformer), "linear"),
        "result_dtype": transformer.result_dtype,
    }


def _returns_a_model(method: Method) -> Method:
    """Decorate ``to_onnx`` so that a path is answered by what writes a file."""

    @functools.wraps(method)
    def checked(self, *args, **kwargs):
        if args or "path" in kwargs:
            raise TypeError(
                f"{type(self).__name__}.to_onnx() returns a model and writes no file; "
                f"onnx.save({type(self).__name__}.to_onnx(), path) does. Parameters "
                f"are given by name; got {args[0] if args else kwargs['path']!r}."
            )
        return method(self, **kwargs)

    return cast(Method, checked)


class Export(SaveNetwork):
    """What estimators have that can be saved and exported."""

    @_returns_a_model
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
        ``"label_0"``, ``"probabilities_0"`` and so on; where the loss makes no
        probabilities, ``"scores"``, the raw outputs, take their place. A regressor's is
        ``"variable"``, of shape (N, n_outputs), in the unit of ``y``; with
        ``loss="gaussian"`` there is ``"std"`` besides, the standard deviations. Needs
        ``onnx``: ``pip install "skann[onnx]"``.

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
        TypeError
            If a path is given.
        ValueError
            If a parameter is not valid, an activation is of a class of one's own, or
            labels are of a kind that ONNX lacks: of several types, or unsigned beyond
            2⁶³.

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
            Python with NumPy: a module with `predict`, for classes `predict_proba`, and
            with ``loss="gaussian"`` `predict_std`, which take rows. C99: functions of
            the same names for one row. JavaScript: `predict`, `predictProba` and
            `predictStd` for one row, as a module of Node.js or, in a browser, in the
            object `model`.

        Returns
        -------
        source : str
            The text of the file.

        Raises
        ------
        ValueError
            If the language is not one of these, a class label has no literal, or an
            activation is of a class of one's own.

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
