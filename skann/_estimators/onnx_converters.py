"""Converters for skl2onnx, so that whole pipelines become ONNX."""

import dataclasses

import numpy as np

from .._export.onnx_graph import LEAST_OPSET, part_of_graph
from .._optional import imported
from .classifier import BPClassifier
from .exporting import describe
from .regressor import BPRegressor

# What skl2onnx takes for classifiers: a dict for each row, an array, or an output for
# each class; the labels as an output; raw outputs instead of probabilities.
_OPTIONS = {
    "zipmap": [True, False, "columns"],
    "nocl": [True, False],
    "output_class_labels": [False, True],
    "raw_scores": [False, True],
}


def register_onnx_converters() -> None:
    """Have skl2onnx convert the networks, also as steps of pipelines.

    Call it once, before ``skl2onnx.to_onnx`` or ``convert_sklearn``. The networks are
    written as by ``to_onnx``, and the options are those of scikit-learn's classifiers:
    ``zipmap``, ``output_class_labels`` and ``raw_scores``. Needs skl2onnx:
    ``pip install "skann[skl2onnx]"``.

    Raises
    ------
    ImportError
        If skl2onnx is not installed.

    See Also
    --------
    BPClassifier.to_onnx : An ONNX model of a network alone, by ``onnx`` alone.

    Examples
    --------
    >>> import skann
    >>> skann.register_onnx_converters()  # doctest: +SKIP
    >>> skl2onnx.to_onnx(pipeline, X[:1])  # doctest: +SKIP
    """
    skl2onnx = imported("skl2onnx", "register_onnx_converters", "skl2onnx")
    skl2onnx.update_registered_converter(
        BPClassifier, "SkannBPClassifier", _shapes, _convert, options=_OPTIONS
    )
    skl2onnx.update_registered_converter(
        BPRegressor, "SkannBPRegressor", _shapes, _convert
    )


def _description(operator):
    description = describe(operator.raw_operator)
    if description.several:
        raise ValueError(
            "skl2onnx has one output of labels for a classifier, and this one was "
            "trained on several columns of classes; its own to_onnx can write it."
        )
    if description.classes and description.classes[0].dtype == bool:
        # As skl2onnx has them everywhere.
        classes = [description.classes[0].astype(np.int64)]
        return dataclasses.replace(description, classes=classes)
    return description


def _dtype(operator):
    types = imported("skl2onnx.common.data_types", "the converter", "skl2onnx")
    double = isinstance(operator.inputs[0].type, types.DoubleTensorType)
    return np.dtype(np.float64 if double else np.float32)


def _shapes(operator):
    """Types and shapes of the outputs, of a size that skl2onnx calls None."""
    types = imported("skl2onnx.common.data_types", "the converter", "skl2onnx")
    description, dtype = _description(operator), _dtype(operator)
    n_rows, n_outputs = operator.inputs[0].get_first_dimension(), description.n_outputs
    real = {np.float32: types.FloatTensorType, np.float64: types.DoubleTensorType}
    if description.outputs == "real":
        kind = real[description.result_dtype(dtype).type]
        operator.outputs[0].type = kind([n_rows, n_outputs])
        return
    shape = [n_rows]
    if description.outputs == "labels":
        shape, n_classes = [n_rows, n_outputs], n_outputs
        label = types.Int64TensorType
    else:
        ((*_, classes),) = description.tasks
        n_classes = len(classes)
        kinds = {
            "i": types.Int64TensorType,
            "u": types.Int64TensorType,
            "f": types.DoubleTensorType,
        }
        label = kinds.get(classes.dtype.kind, types.StringTensorType)
    operator.outputs[0].type = label(shape)
    operator.outputs[1].type = real[dtype.type]([n_rows, n_classes])


def _convert(scope, operator, container):
    """Add the network to the graph that skl2onnx makes."""
    if container.target_opset < LEAST_OPSET:
        raise ValueError(
            f"target_opset must be at least {LEAST_OPSET}; got "
            f"{container.target_opset}."
        )
    model = operator.raw_operator
    is_classifier = isinstance(model, BPClassifier)
    options = scope.get_options(model, {"raw_scores": False}) if is_classifier else {}
    names = ("label", "probabilities") if is_classifier else ("variable",)
    outputs = [output.full_name for output in operator.outputs]
    known = dict(zip(names, outputs, strict=True))
    prefix = scope.get_unique_operator_name("network") + "_"
    nodes, constants = part_of_graph(
        _description(operator),
        _dtype(operator),
        operator.inputs[0].full_name,
        prefix,
        options.get("raw_scores", False),
    )
    helper = imported("onnx.helper", "the converter", "onnx")
    container.initializers.extend(constants)
    for node in nodes:
        attributes = {a.name: helper.get_attribute_value(a) for a in node.attribute}
        container.add_node(
            node.op_type,
            list(node.input),
            [known.get(name, name) for name in node.output],
            name=scope.get_unique_operator_name(node.name or node.op_type),
            **attributes,
        )
